//! Faults on the way: what they leave of the answer that the upstream gave. What the answer would
//! have been is known from a twin of the upstream, which answers the same request the same.

use std::time::Duration;

use mock_claude::{MockServer, admin};
use serde_json::{Value, json};

use crate::ends::{Seen, ask, body, listener, proxy, upstream};
use crate::sse::{names as events, text};

/// What a client gets of an answer that may break off: its bytes, and whether they were all.
async fn read(url: &str, path: &str, body: Option<String>) -> Option<(u16, String, bool)> {
    let client = reqwest::Client::new();
    let request = match body {
        Some(body) => client.post(format!("{url}{path}")).body(body),
        None => client.get(format!("{url}{path}")),
    };
    let request = request.header("x-api-key", "key").header("anthropic-version", "2023-06-01");
    let mut response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let mut text = String::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => text.push_str(&String::from_utf8_lossy(&chunk)),
            Ok(None) => return Some((status, text, true)),
            Err(_) => return Some((status, text, false)),
        }
    }
}

/// An upstream, a proxy in front of it that injects `fault`, and what the upstream's twin says.
async fn through(fault: &str, stream: bool) -> (MockServer, String, Seen) {
    let (behind, twin) = (upstream().await, upstream().await);
    let (_behind, proxied) = proxy(behind.url(), &format!("[[fault]]\n{fault}\n"), None);
    (behind, proxied, ask(twin.url(), body("hello", stream)).await)
}

#[tokio::test]
async fn a_truncated_answer_is_the_beginning_of_the_upstreams_and_was_charged_there() {
    let fault = "kind = \"wire\"\nwhat = { truncate = { after_body_bytes = 60 } }";
    for stream in [false, true] {
        let (behind, proxied, whole) = through(fault, stream).await;
        let seen = ask(&proxied, body("hello", stream)).await;
        assert_eq!((seen.status, seen.body.as_str()), (200, &whole.body[..60]));
        assert_eq!(behind.ledger().requests, 1);
        assert!(behind.ledger().cost_microusd > 0);
    }
}

#[tokio::test]
async fn a_connection_is_cut_in_the_middle_of_the_upstreams_body() {
    let fault = "kind = \"wire\"\nwhat = { close = { after_body_bytes = 60 } }";
    let (_behind, proxied, whole) = through(fault, false).await;
    let seen = read(&proxied, "/v1/messages", Some(body("hello", false))).await;
    assert_eq!(seen, Some((200, whole.body[..60].to_owned(), false)));
    let fault = "kind = \"wire\"\nwhat = { reset = { after_body_bytes = 900 } }";
    let (_behind, proxied, _) = through(fault, true).await;
    // A socket may drop the bytes that the client has not read yet, the head among them.
    let seen = read(&proxied, "/v1/messages", Some(body("hello", true))).await;
    assert!(seen.is_none_or(|(_, text, whole)| !whole && !text.contains("message_stop")));
}

#[tokio::test]
async fn a_reset_before_the_head_hides_an_answer_that_was_given_and_charged() {
    let fault = "kind = \"wire\"\nwhat = { reset = {} }\nwhen = { first_attempts = 1 }";
    let (behind, proxied, _) = through(fault, false).await;
    assert_eq!(read(&proxied, "/v1/messages", Some(body("hello", false))).await, None);
    assert_eq!(behind.ledger().requests, 1, "the upstream worked for nothing");
    let (status, _, whole) =
        read(&proxied, "/v1/messages", Some(body("hello", false))).await.expect("an answer");
    assert_eq!((status, whole), (200, true), "the second attempt is spared");
}

#[tokio::test]
async fn events_are_lost_doubled_and_inserted_in_the_upstreams_stream() {
    let unended = "kind = \"stream\"\nwhat = \"no_message_stop\"";
    let (_behind, proxied, whole) = through(unended, true).await;
    let seen = ask(&proxied, body("hello", true)).await;
    let (all, left) = (events(&whole.body), events(&seen.body));
    assert_eq!(left[..], all[..all.len() - 1]);
    assert!(whole.body.starts_with(&seen.body), "what came is what was sent");
    let fault = "kind = \"stream\"\nwhat = { error_event = { after_deltas = 1 } }";
    let (_behind, proxied, whole) = through(fault, true).await;
    let seen = ask(&proxied, body("hello", true)).await;
    assert_eq!(events(&seen.body).last(), Some(&"error"));
    assert!(whole.body.starts_with(seen.body.split("event: error").next().expect("a part")));
}

#[tokio::test]
async fn a_truncation_cuts_what_the_upstream_wrote_and_counts_what_is_left() {
    let fault = "kind = \"semantic\"\nwhat = { truncated = { after_tokens = 9 } }";
    let (_behind, proxied, whole) = through(fault, false).await;
    let cut: Value = serde_json::from_str(&ask(&proxied, body("hello", false)).await.body).unwrap();
    let whole: Value = serde_json::from_str(&whole.body).unwrap();
    let (said, wrote) = (&cut["content"][0]["text"], &whole["content"][0]["text"]);
    let (said, wrote) = (said.as_str().unwrap(), wrote.as_str().unwrap());
    assert!(said.len() < wrote.len() && wrote.starts_with(said), "{said} of {wrote}");
    assert_eq!(cut["stop_reason"], "max_tokens");
    assert_eq!(cut["usage"]["output_tokens"], 9);
    assert_eq!(cut["id"], whole["id"], "all else is the upstream's");
    let (_behind, proxied, whole) = through(fault, true).await;
    let seen = ask(&proxied, body("hello", true)).await.body;
    assert_eq!(text(&seen), said);
    assert!(text(&whole.body).starts_with(said));
    assert!(seen.contains("\"stop_reason\":\"max_tokens\"") && seen.contains("message_stop"));
}

#[tokio::test]
async fn what_the_upstream_says_is_changed_where_the_fault_says_so() {
    let fault = "kind = \"semantic\"\nwhat = { wrong_model = { model = \"claude-other\" } }";
    let (_behind, proxied, whole) = through(fault, false).await;
    let seen = ask(&proxied, body("hello", false)).await;
    let mut expected: Value = serde_json::from_str(&whole.body).unwrap();
    expected["model"] = json!("claude-other");
    assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap(), expected);
    let (behind, proxied, _) =
        through("kind = \"semantic\"\nwhat = { error_body = {} }", true).await;
    let seen = ask(&proxied, body("hello", true)).await;
    assert!(seen.status == 200 && seen.body.contains("overloaded_error"), "{}", seen.body);
    assert_eq!(behind.ledger().requests, 1, "the upstream was asked");
}

#[tokio::test]
async fn a_stall_holds_the_upstreams_stream_in_the_middle_and_a_delay_loses_nothing() {
    let stalled = "kind = \"latency\"\nstall = { after_tokens = 20 }";
    let (_behind, proxied, whole) = through(stalled, true).await;
    let mut response = reqwest::Client::new()
        .post(format!("{proxied}/v1/messages"))
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(body("hello", true))
        .send()
        .await
        .expect("the head comes");
    let mut seen = String::new();
    // The pause has no end, so that waiting longer would change nothing.
    while let Ok(Ok(Some(chunk))) =
        tokio::time::timeout(Duration::from_millis(300), response.chunk()).await
    {
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(seen.contains("content_block_delta") && !seen.contains("message_stop"), "{seen}");
    assert!(whole.body.starts_with(&seen));
    let late = "kind = \"latency\"\nextra = { fixed_ms = 1 }\ndecode_times = 2";
    for stream in [false, true] {
        let (_behind, proxied, whole) = through(late, stream).await;
        assert_eq!(ask(&proxied, body("hello", stream)).await, whole);
    }
}

#[tokio::test]
async fn faults_meet_the_other_routes_and_connections_on_the_way_too() {
    let fault = "kind = \"wire\"\nwhat = { close = { after_body_bytes = 9 } }\n\
                 when = { path = \"/v1/models*\" }";
    let (_behind, proxied, _) = through(fault, false).await;
    let (status, text, whole) = read(&proxied, "/v1/models", None).await.expect("the head comes");
    assert_eq!((status, text.len(), whole), (200, 9, false));
    let counted = body("hello", false).replace("\"max_tokens\":64,", "");
    let counted = counted.replace("\"stream\":false,", "").replace(",\"stream\":false", "");
    let fault = "kind = \"wire\"\nwhat = { truncate = { after_body_bytes = 9 } }\n\
                 when = { path = \"/v1/messages/count_tokens\" }";
    let (_behind, proxied, _) = through(fault, false).await;
    let seen = read(&proxied, "/v1/messages/count_tokens", Some(counted)).await;
    assert_eq!(seen, Some((200, "{\"input_to".to_owned()[..9].to_owned(), true)));
    let (behind, proxied, _) =
        through("kind = \"refused_connection\"\nwhen = { nth = [1] }", false).await;
    assert_eq!(read(&proxied, "/v1/models", None).await, None);
    assert_eq!(behind.ledger().requests, 0);
    assert!(read(&proxied, "/v1/models", None).await.is_some());
}

#[tokio::test]
async fn a_model_that_only_the_upstream_knows_meets_its_faults_too() {
    let fault = "kind = \"status\"\nstatus = 529\nretry_after_s = 7";
    let (behind, proxied, _) = through(fault, false).await;
    let unknown = body("hello", false).replace("claude-sonnet-4-5", "claude-of-tomorrow");
    let seen = ask(&proxied, unknown).await;
    assert_eq!(seen.status, 529);
    assert!(seen.headers.contains(&("retry-after".to_owned(), "7".to_owned())));
    assert_eq!(behind.ledger().requests, 0, "a status stands in front of the upstream");
}

#[tokio::test]
async fn the_admin_api_of_a_proxy_changes_faults_and_refuses_what_is_the_upstreams() {
    let behind = upstream().await;
    let (proxy, proxied) = proxy(behind.url(), "", None);
    let (listener, url) = listener();
    tokio::spawn(admin::serve(proxy.mock().clone(), None, listener, std::future::pending()));
    let send = async |method: &str, path: &str, body: &'static str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = reqwest::Client::new().request(method, format!("{url}{path}"));
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert!(send("GET", "/live", "").await.1.contains("\"is_proxy\":true"));
    for (method, path, body) in
        [("PUT", "/limits", "null"), ("POST", "/presets", "{\"name\": \"stress\"}")]
    {
        let (status, why) = send(method, path, body).await;
        assert!(status == 409 && why.contains("a proxy has no limits"), "{path}: {status} {why}");
    }
    assert_eq!(ask(&proxied, body("hello", false)).await.status, 200);
    let down = "{\"kind\": \"status\", \"status\": 529}";
    assert_eq!(send("POST", "/faults", down).await.0, 200);
    assert_eq!(ask(&proxied, body("hello", false)).await.status, 529);
}
