//! Goal: with secret keys in its configuration, the mock takes the signatures that Bedrock takes,
//! and refuses the others in AWS's words.
//! Method: requests that botocore 1.44.8 has signed, by value, sent as they were and changed. Their
//! date is the first moment of simulated time. `scripts/clouds` has real clients.

#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt;
use mock_claude::MockClaude;
use mock_claude::admin::{self, Access};
use mock_claude::internals::clock::SIMULATED_EPOCH_MS;
use mock_claude::journal::Journal;
use proptest::prelude::*;
use serde_json::Value;
use support::send_over;

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const PATH: &str = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke";
const PROFILE: &str = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A\
                       application-inference-profile%2Fabcd1234/invoke";
const BODY: &str = "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":100,\
                    \"messages\":[{\"role\":\"user\",\"content\":\"Hi.\"}]}";

/// A request as it is sent.
#[derive(Clone)]
struct Sent {
    target: String,
    headers: HeaderMap,
    body: String,
}

impl Sent {
    /// A request with this signature over the headers that botocore signs.
    fn signed(target: &str, signature: &str) -> Self {
        Self::with("bedrock", "content-type;host;x-amz-date", signature).to(target)
    }

    fn with(service: &str, signed_headers: &str, signature: &str) -> Self {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        );
        let sent = Self { target: PATH.into(), headers: HeaderMap::new(), body: BODY.into() };
        sent.header("host", "mock")
            .header("content-type", "application/json")
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", &authorization)
    }

    fn plain() -> Self {
        let signature = "207d43f4b2d139b41d1ef9d30d79187a6217574fbcd1e785aa1f0ffd1de280b5";
        Self::signed(PATH, signature)
    }

    fn to(self, target: &str) -> Self {
        Self { target: target.to_owned(), ..self }
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::try_from(value).expect("a header's value"));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// With another text in the signature, or in another header.
    fn replaced(self, name: &'static str, from: &str, to: &str) -> Self {
        let value = self.headers[name].to_str().expect("ASCII").to_owned();
        assert!(value.contains(from), "{value}");
        self.header(name, &value.replace(from, to))
    }

    /// What the mock says to it: nothing, or status, type and words of its error.
    async fn to_mock(&self, mock: &MockClaude) -> String {
        let mut request = Request::post(&self.target);
        *request.headers_mut().expect("a good path") = self.headers.clone();
        let request = request.body(Bytes::from(self.body.clone())).expect("a request");
        let (head, body) = mock.ask(request).await.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        if head.status.is_success() {
            return String::new();
        }
        let body: Value = serde_json::from_slice(&body).expect("the body is JSON");
        let kind = head.headers["x-amzn-errortype"].to_str().expect("ASCII");
        let (kind, _) = kind.split_once(':').expect("a namespace");
        let message = body["message"].as_str().expect("a message");
        format!("{} {kind}: {message}", head.status.as_u16())
    }
}

/// A mock that verifies.
fn verifying() -> MockClaude {
    MockClaude::builder().bedrock_key(KEY, SECRET).build()
}

const MISMATCH: &str = "403 InvalidSignatureException: The request signature we calculated does \
                        not match the signature you provided. Check your AWS Secret Access Key and \
                        signing method. Consult the service documentation for details.\n\n";

#[tokio::test(start_paused = true)]
async fn what_botocore_has_signed_is_accepted_whatever_is_in_its_path() {
    let mock = verifying();
    let check = async |sent: Sent| assert_eq!(sent.to_mock(&mock).await, "", "{}", sent.target);
    check(Sent::plain()).await;
    let query = "b39f63c753e3fae3943121fd93020dcb3a49a41b5b8c5bb7451c96b7694b088f";
    let query = Sent::signed(&format!("{PATH}?b=2&a=1&a=0"), query);
    check(query.clone()).await;
    check(query.to(&format!("{PATH}?a=0&b=2&a=1"))).await;
    let job = "9793e052082883c60e8ed3c45bfb6a838a72fcea334d135ae71fa9c998c908fa";
    check(Sent::signed(&format!("/job/a%20b{PATH}"), job)).await;
    // Something in between may add the prefix of the job.
    check(Sent::plain().to(&format!("/job/a%20b{PATH}"))).await;
    let token = "10a18c629498ff83f94650adb7ef95878157af59deea33333867c740e13735d8";
    let names = "content-type;host;x-amz-date;x-amz-security-token";
    let token = Sent::with("bedrock", names, token);
    check(token.header("x-amz-security-token", "a-session-token-of-sts")).await;
    let date = "36aef5272904b395aae61f2335485c24843d4e9898b8453c3e4acfed3a66fd54";
    let date = Sent::with("bedrock", "content-type;date;host", date).without("x-amz-date");
    check(date.header("date", "Thu, 01 Jan 2026 00:00:00 -0000")).await;
    assert_eq!(mock.records_of("a b").len(), 2, "the prefix names the job all the same");
}

#[tokio::test(start_paused = true)]
async fn what_was_changed_after_it_was_signed_is_refused() {
    let mock = verifying();
    let check = async |what: &str, sent: Sent| {
        let said = sent.to_mock(&mock).await;
        assert!(said.starts_with(MISMATCH), "{what}: {said}");
    };
    let body = Sent { body: BODY.replace("Hi.", "Ho."), ..Sent::plain() };
    check("body", body).await;
    // A hash that the client gives is not the body's.
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let body = Sent { body: BODY.replace("Hi.", "Ho."), ..Sent::plain() };
    check("body", body.header("x-amz-content-sha256", hash)).await;
    check("header", Sent::plain().header("content-type", "text/plain")).await;
    check("signed header", Sent::plain().without("content-type")).await;
    check("host", Sent::plain().header("host", "mock:80")).await;
    check("date", Sent::plain().header("x-amz-date", "20260101T000001Z")).await;
    check("path", Sent::plain().to(&PATH.replace("us.", "eu."))).await;
    check("query", Sent::plain().to(&format!("{PATH}?a=1"))).await;
    let region = Sent::plain().replaced("authorization", "us-east-1", "us-west-2");
    check("region", region).await;
    check("signature", Sent::plain().replaced("authorization", "207d", "307d")).await;
    check("signature", Sent::plain().replaced("authorization", "207d", "no hex")).await;
    assert_eq!(Sent::plain().header("user-agent", "x").to_mock(&mock).await, "", "not signed");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_signature_is_refused_with_what_it_should_have_been_made_of() {
    let mock = MockClaude::builder().bedrock_key(KEY, "another secret").build();
    let names = "content-type;host;x-amz-date;x-amz-security-token";
    let token = "a-session-token-of-sts";
    let sent = Sent::with("bedrock", names, "00").header("x-amz-security-token", token);
    let made_of = "The Canonical String for this request should have been\n'POST\n\
        /model/us.anthropic.claude-sonnet-4-5-20250929-v1%253A0/invoke\n\n\
        content-type:application/json\nhost:mock\nx-amz-date:20260101T000000Z\n\
        x-amz-security-token:[masked]\n\ncontent-type;host;x-amz-date;x-amz-security-token\n\
        5be3ec070eafd3904527886ce802486116f64cc7fa0761e0f76750857c35a4b2'\n\n\
        The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260101T000000Z\n\
        20260101/us-east-1/bedrock/aws4_request\n\
        f206c448a90ede5ff5c85a672e6355f8bcc6b520c895ed47b1af6baa7e699e87'\n";
    assert_eq!(sent.to_mock(&mock).await, [MISMATCH, made_of].concat());
    let records = mock.records();
    assert_eq!((records[0].entry.status, records[0].entry.cost_microusd), (403, 0));
}

#[tokio::test(start_paused = true)]
async fn each_reason_to_refuse_a_signature_has_its_own_words() {
    let mock = verifying();
    let check = async |sent: Sent, expected: &str| {
        assert_eq!(sent.to_mock(&mock).await, format!("403 {expected}"));
    };
    let changed = |from, to| Sent::plain().replaced("authorization", from, to);
    let missing = "MissingAuthenticationTokenException: Missing Authentication Token";
    check(Sent::plain().without("authorization"), missing).await;
    let algorithm = "IncompleteSignatureException: Unsupported AWS 'algorithm'.";
    check(changed("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), algorithm).await;
    let part = "IncompleteSignatureException: Authorization header requires 'Signature' parameter.";
    check(changed("Signature", "Sign"), part).await;
    let parts = "IncompleteSignatureException: Credential must have exactly 5 slash-delimited \
                 elements, e.g. keyid/date/region/service/term, got 4.";
    check(changed(KEY, ""), parts).await;
    let date = "IncompleteSignatureException: Authorization header requires existence of either a \
                'X-Amz-Date' or a 'Date' header.";
    check(Sent::plain().without("x-amz-date"), date).await;
    let date = "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got \
                '2026-01-01T00:00:00Z'. See http://en.wikipedia.org/wiki/ISO_8601";
    check(Sent::plain().header("x-amz-date", "2026-01-01T00:00:00Z"), date).await;
    let unknown = "UnrecognizedClientException: The security token included in the request is \
                   invalid.";
    check(changed(KEY, "AKIAOTHER"), unknown).await;
    let day = "InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from \
               ISO-8601 version of date from HTTP: '20251231' != '20260101', from \
               '20260101T000000Z'.";
    check(changed("20260101", "20251231"), day).await;
    let signature = "4e5d51ca30f5a079971c87fcad6b9b36ead895d3971399674e99968ca6eb47a7";
    let of_another = Sent::with("s3", "content-type;host;x-amz-date", signature);
    let service = "InvalidSignatureException: Credential should be scoped to correct service: \
                   'bedrock'. ";
    check(of_another, service).await;
    let end = "InvalidSignatureException: Credential should be scoped with a valid terminator: \
               'aws4_request', not 'aws5_request'.";
    check(changed("aws4_request", "aws5_request"), end).await;
    let host = "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the \
                AWS Authorization.";
    check(changed("host;", ""), host).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_may_be_five_minutes_off_and_simulated_time_is_no_clock() {
    let at = async |seconds: i64| {
        let config = mock_claude::Config {
            bedrock: toml::from_str(&format!("keys = {{ {KEY} = \"{SECRET}\" }}")).unwrap(),
            ..mock_claude::Config::default()
        };
        let epoch_ms = SIMULATED_EPOCH_MS + seconds * 1000;
        let mock = MockClaude::with(config, epoch_ms, Journal::default());
        Sent::plain().to_mock(&mock).await
    };
    assert_eq!((at(300).await, at(-300).await), (String::new(), String::new()));
    let late = "403 InvalidSignatureException: Signature expired: 20260101T000000Z is now earlier \
                than 20260101T000001Z (20260101T000501Z - 5 min.)";
    assert_eq!(at(301).await, late);
    let early = "403 InvalidSignatureException: Signature not yet current: 20260101T000000Z is \
                 still later than 20251231T235959Z (20251231T235459Z + 5 min.)";
    assert_eq!(at(-301).await, early);
    let mock = verifying();
    tokio::time::advance(std::time::Duration::from_hours(1)).await;
    assert_eq!(Sent::plain().to_mock(&mock).await, "");
}

#[tokio::test(start_paused = true)]
async fn without_secret_keys_nothing_is_verified_and_a_bearer_key_never_is() {
    let wrong = Sent::plain().replaced("authorization", "207d", "307d");
    assert_eq!(wrong.to_mock(&MockClaude::builder().build()).await, "");
    let bearer = Sent::plain().header("authorization", "Bearer bedrock-api-key-abc");
    assert_eq!(bearer.to_mock(&verifying()).await, "");
}

#[tokio::test(start_paused = true)]
async fn an_application_inference_profile_stands_for_the_model_that_it_is_given() {
    let signature = "7952ab26d20c0ac08f4cc6d637334e8523b31c6b52b83355aac5bc6e4a0fad1f";
    let sent = Sent::signed(PROFILE, signature);
    let invalid = "400 ValidationException: The provided model identifier is invalid.";
    assert_eq!(sent.to_mock(&verifying()).await, invalid, "no profile is configured");
    let builder = MockClaude::builder().bedrock_key(KEY, SECRET);
    let mock = builder.bedrock_profile("abcd1234", "claude-sonnet-4-6").build();
    assert_eq!(sent.to_mock(&mock).await, "");
    assert_eq!(mock.records()[0].trace.model.as_deref(), Some("claude-sonnet-4-6"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_key_that_a_client_repeats_is_shown_nowhere() {
    let mock = MockClaude::builder().bedrock_key(KEY, SECRET).keep_prompts().build();
    let seen = async |path: &str| {
        let request = Request::get(path).header("host", "localhost").body(String::new()).unwrap();
        let answer = send_over(admin::connect(mock.clone(), Access::default()), request).await;
        assert!(answer.status == 200 && !answer.body.contains(SECRET), "{}", answer.body);
        answer.body
    };
    seen("/live?bodies=true").await;
    let body = BODY.replace("Hi.", &format!("{SECRET} is what I sign with."));
    let leaking = Sent { body, ..Sent::plain() };
    assert!(!leaking.to_mock(&mock).await.contains(SECRET), "refused");
    let leaking = leaking.header("authorization", "Bearer bedrock-api-key-abc");
    assert_eq!(leaking.to_mock(&mock).await, "", "nothing to verify");
    let shown = seen("/journal/1").await;
    assert!(shown.matches("[masked] is what I sign with.").count() >= 2, "{shown}");
    assert!(seen("/journal").await.contains("[masked] is what I sign with."));
    assert!(seen("/config").await.contains("\"keys\":\"[masked]\""));
    let records = mock.records();
    let prompt = records[1].trace.prompt.as_deref().unwrap();
    assert!(prompt.ends_with("[masked] is what I sign with."), "{prompt}");
    assert!(!format!("{mock:?}{records:?}").contains(SECRET));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_signed_how_is_answered(
        target in "/(job/[a-z%]{1,3}/)?model/[a-z.:%/0-9=&+-]{1,30}/invoke([?][a-z%=&+]{0,9})?",
        date in "([0-9]{8}T[0-9]{6}Z|[ -~]{0,30})",
        signed_headers in "(host;)?[a-zA-Z;-]{1,30}",
        signature in "[0-9a-f]{0,66}",
        epoch_ms in any::<i64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let bedrock = toml::from_str(&format!("keys = {{ {KEY} = \"{SECRET}\" }}")).unwrap();
            let config = mock_claude::Config { bedrock, ..mock_claude::Config::default() };
            let mock = MockClaude::with(config, epoch_ms, Journal::default());
            let day = date.get(..8).unwrap_or_default();
            let sent = Sent::with("bedrock", &signed_headers, &format!("00{signature}"))
                .to(&target)
                .replaced("authorization", "20260101", day)
                .header("x-amz-date", &date);
            prop_assert!(sent.to_mock(&mock).await.starts_with("403 "));
            Ok(())
        })?;
    }
}
