//! Paths of clouds, read as what they ask for.

use super::*;

#[test]
fn a_path_says_what_is_asked_of_which_model() {
    let check = |path: &str, expected: Option<(&str, &str)>| {
        let call = Call::of(path);
        let found = call.as_ref().map(|call| (format!("{:?}", call.operation), &*call.model));
        let found = found.as_ref().map(|(operation, model)| (operation.as_str(), *model));
        assert_eq!(found, expected, "{path}");
    };
    let id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    check(&format!("/model/{id}/invoke"), Some(("Bedrock(Invoke)", id)));
    let encoded = "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0";
    check(&format!("/model/{encoded}/converse-stream"), Some(("Bedrock(ConverseStream)", id)));
    let arn = format!("arn:aws:bedrock:us-east-1:1:inference-profile/{id}");
    check(&format!("/model/{arn}/converse"), Some(("Bedrock(Converse)", &arn)));
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    check(&format!("/model/{encoded}/count-tokens"), Some(("Bedrock(CountTokens)", &arn)));
    check("/model/x/apply", Some(("Bedrock(Unknown)", "x")));
    check("/model/100%/invoke", Some(("Bedrock(Invoke)", "100%")));
    let vertex = "/projects/p/locations/l/publishers/anthropic/models";
    check(
        &format!("/v1{vertex}/claude-opus-5:rawPredict"),
        Some(("Vertex(Predict)", "claude-opus-5")),
    );
    check(
        &format!("{vertex}/claude-haiku-4-5@20251001:streamRawPredict"),
        Some(("Vertex(StreamPredict)", "claude-haiku-4-5@20251001")),
    );
    check(
        &format!("{vertex}/count-tokens:rawPredict"),
        Some(("Vertex(CountTokens)", "count-tokens")),
    );
    for other in ["/v1/messages", "/model/x", "/model/", "/v1/projects/p", "/"] {
        check(other, None);
    }
}
