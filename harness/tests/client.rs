//! Goal: the client names what a server did, whatever the server is. Method: wiremock answers over
//! a real socket with what no mock of ours would say.

use std::time::Duration;

use engine::client::answer::Failure;
use engine::client::{Client, Outcome, Request};
use harness::service::socket::Socket;
use reports::Cause;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const REQUEST: Request<'_> = Request {
    model: "claude-sonnet-4-5",
    max_tokens: 64,
    stream: false,
    cached: None,
    prompt: "hello",
    bedrock: false,
    tag: "1/1/1",
};

async fn outcome(response: ResponseTemplate) -> Outcome {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .and(header("anthropic-version", "2023-06-01"))
        .respond_with(response)
        .expect(1)
        .mount(&server)
        .await;
    Client::new(Socket::new(server.uri()).expect("an address")).send(&REQUEST).await
}

async fn cause(response: ResponseTemplate) -> Option<Cause> {
    outcome(response).await.result.err().map(|failure| failure.cause)
}

#[tokio::test]
async fn a_whole_message_is_an_answer_with_its_headers() {
    let body = r#"{"content":[{"type":"text","text":"hi"}],"stop_reason":"max_tokens"}"#;
    let response = ResponseTemplate::new(200)
        .set_body_raw(body, "application/json")
        .insert_header("request-id", "req_1");
    let outcome = outcome(response).await;
    assert_eq!(outcome.request_id.as_deref(), Some("req_1"));
    let answer = outcome.result.unwrap();
    assert_eq!((answer.text.as_str(), answer.truncated), ("hi", true));
}

#[tokio::test]
async fn a_200_that_is_no_message_is_a_malformed_reply() {
    let html = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    assert_eq!(cause(html).await, Some(Cause::MalformedReply));
    assert_eq!(cause(ResponseTemplate::new(200)).await, Some(Cause::MalformedReply));
    let stream = ResponseTemplate::new(200)
        .set_body_raw("event: ping\ndata: {\"type\":\"ping\"}\n\n", "text/event-stream");
    assert_eq!(cause(stream).await, Some(Cause::MalformedReply), "no message_stop");
}

#[tokio::test]
async fn a_gateway_in_between_is_named_by_its_status() {
    let gateway = ResponseTemplate::new(502).set_body_raw("<h1>Bad Gateway</h1>", "text/html");
    let outcome = outcome(gateway).await;
    assert_eq!(outcome.status, Some(502));
    let expected = Failure::new(Cause::ServerError, "<h1>Bad Gateway</h1>");
    assert_eq!(outcome.result.unwrap_err(), expected);
}

#[tokio::test]
async fn retry_after_is_on_record_where_it_is_a_number_of_seconds() {
    let limited = |value: &str| ResponseTemplate::new(429).insert_header("retry-after", value);
    assert_eq!(outcome(limited("7")).await.retry_after_s(), Some(7));
    assert_eq!(outcome(limited("Wed, 21 Oct 2026 07:28:00 GMT")).await.retry_after_s(), None);
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_a_connection_failure_that_shows_no_address() {
    // A port that was free a moment ago may be somebody else's by now; port 1 is nobody's.
    let client = Client::new(Socket::new("http://127.0.0.1:1").unwrap());
    let outcome = client.send(&REQUEST).await;
    let Failure { cause, detail } = outcome.result.unwrap_err();
    assert_eq!((outcome.status, cause), (None, Cause::Connection));
    assert!(!detail.contains("127.0.0.1"), "ports differ from run to run: {detail}");
}

#[tokio::test]
async fn a_batch_with_an_id_that_is_no_part_of_a_path_is_a_malformed_reply() {
    for id in ["a b", "`", "../files", "é", &"x".repeat(70_000), ""] {
        let server = MockServer::start().await;
        let body = serde_json::json!({"id": id, "processing_status": "ended"});
        let batch = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(method("POST")).respond_with(batch).expect(1).mount(&server).await;
        let client = Client::new(Socket::new(server.uri()).expect("an address"));
        let outcome = client.send_batched(&REQUEST, Duration::from_millis(1), |_| {}).await;
        let Failure { cause, detail } = outcome.result.unwrap_err();
        assert_eq!(cause, Cause::MalformedReply, "{id}");
        assert!(detail.starts_with("not a batch: its id is"), "{detail}");
    }
}

/// The outcome of a request by way of Bedrock that meets this fault of the mock's.
async fn by_bedrock(stream: bool, fault: &str) -> Outcome {
    let config = if fault.is_empty() { String::new() } else { format!("[[fault]]\n{fault}\n") };
    let config: mock_claude::Config = toml::from_str(&config).expect("a fault");
    let mock = mock_claude::MockClaude::new(config).start().await.expect("a port is free");
    let client = Client::new(Socket::new(mock.url()).expect("an address"));
    client.send(&Request { bedrock: true, model: "claude-sonnet-4-6", stream, ..REQUEST }).await
}

#[tokio::test]
async fn an_answer_by_way_of_bedrock_is_the_same_streamed_or_not() {
    let (plain, streamed) = (by_bedrock(false, "").await, by_bedrock(true, "").await);
    assert_eq!(plain.status, Some(200));
    assert!(plain.request_id.is_some_and(|id| id.len() == 36), "an id of AWS's");
    let answer = plain.result.unwrap();
    assert!(!answer.text.is_empty() && answer.truncated);
    assert_eq!(streamed.result.unwrap(), answer);
}

#[tokio::test]
async fn what_goes_wrong_on_bedrock_is_named_by_what_bedrock_says() {
    let check = async |stream: bool, fault: &str, cause: Cause, detail: &str| {
        let failure = by_bedrock(stream, fault).await.result.unwrap_err();
        assert_eq!((failure.cause, failure.detail.as_str()), (cause, detail), "{fault}");
    };
    let throttled = "Too many requests, please wait before trying again.";
    check(false, "kind = \"status\"\nstatus = 429", Cause::RateLimited, throttled).await;
    let unable = "Bedrock is unable to process your request.";
    let error_event =
        "kind = \"stream\"\nwhat = { error_event = { after_deltas = 1, status = 529 } }";
    check(true, error_event, Cause::Overloaded, unable).await;
    let early = "kind = \"stream\"\nwhat = { early_end = { after_deltas = 1 } }";
    let ended = "the stream ended without message_stop";
    check(true, early, Cause::MalformedReply, ended).await;
    let cut = "kind = \"wire\"\nwhat = { reset = { after_body_bytes = 900 } }";
    let failure = by_bedrock(true, cut).await.result.unwrap_err();
    assert_eq!(failure.cause, Cause::Connection, "{}", failure.detail);
}
