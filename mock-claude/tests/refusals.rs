//! Goal: what the API refuses is refused in its words, and what it takes is taken. Method: two
//! tables in `tests/corpus`. A line of `refused.tsv` has the public source, the status with the
//! beginning of the message, and what the request has that a good one has not; a line of
//! `accepted.tsv` says what is odd about it. What is too large for a line has a test of its own.

#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use mock_claude::MockClaude;
use serde_json::{Value, json};
use support::{Answer, mock, send, send_raw};

/// A good request with the fields of `change` in place of its own; `null` takes one away, `#beta`
/// and `#version` are headers.
async fn ask(mock: &MockClaude, path: &str, change: &Value) -> Answer {
    let mut body = json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    });
    let mut request = Request::post(path).header("x-api-key", "key");
    let mut version = Some("2023-06-01");
    let fields = body.as_object_mut().expect("an object");
    for (name, value) in change.as_object().expect("a change is an object") {
        match name.as_str() {
            "#beta" => request = request.header("anthropic-beta", value.as_str().expect("betas")),
            "#version" => version = value.as_str().filter(|version| !version.is_empty()),
            _ if value.is_null() => drop(fields.remove(name)),
            _ => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    if let Some(version) = version {
        request = request.header("anthropic-version", version);
    }
    send_raw(mock, request.body(body.to_string()).expect("the request is valid")).await
}

fn said(answer: &Answer) -> String {
    let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    format!("{} {message}", answer.status)
}

fn table(name: &str) -> Vec<Vec<String>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let text = std::fs::read_to_string(folder.join(name)).expect("a table");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_public_reports_show_refused_is_refused_in_the_same_words() {
    let mock = mock("");
    let (mut wrong, mut count) = (String::new(), 0);
    for line in table("refused.tsv") {
        let [source, beginning, patch] = &line[..] else { panic!("three columns: {line:?}") };
        let patch = serde_json::from_str(patch).expect("a patch");
        let said = said(&ask(&mock, "/v1/messages", &patch).await);
        if !said.starts_with(beginning) {
            writeln!(wrong, "{source}: {patch}\n  expected {beginning}\n  said     {said}")
                .unwrap();
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 60, "{count} requests");
}

#[tokio::test(start_paused = true)]
async fn what_is_odd_but_legal_is_taken() {
    let mock = mock("");
    let (mut wrong, mut count) = (String::new(), 0);
    for line in table("accepted.tsv") {
        let [why, patch] = &line[..] else { panic!("two columns: {line:?}") };
        let patch = serde_json::from_str(patch).expect("a patch");
        let answer = ask(&mock, "/v1/messages", &patch).await;
        if answer.status != 200 {
            writeln!(wrong, "{why}: {patch}\n  said {}", said(&answer)).unwrap();
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 30, "{count} requests");
}

#[tokio::test(start_paused = true)]
async fn counting_tokens_refuses_what_a_message_is_refused_for() {
    let beta = json!({"#beta": "no-such-2026-01-01", "max_tokens": null});
    let answer = ask(&mock(""), "/v1/messages/count_tokens", &beta).await;
    assert!(said(&answer).starts_with("400 Unexpected value(s) `no-such-2026-01-01`"));
}

#[tokio::test(start_paused = true)]
async fn made_up_values_pass_where_the_contract_is_tested() {
    let mock = mock("contract = true");
    for patch in [
        json!({"#beta": "string"}),
        json!({"temperature": 0.2, "top_p": 0.2, "model": "claude-opus-5-5"}),
        json!({"tools": [{"type": "function", "name": "x"}]}),
        json!({"messages": [{"role": "user", "content": " ", "name": "x"}]}),
    ] {
        assert_eq!(ask(&mock, "/v1/messages", &patch).await.status, 200, "{patch}");
    }
}

/// A document block with a PDF of this many pages.
fn pdf(pages: u32) -> Value {
    let file = format!("%PDF-1.4\n2 0 obj <</Type /Pages /Count {pages} /Kids [3 0 R]>> endobj\n");
    let data = STANDARD.encode(file);
    let source = json!({"type": "base64", "media_type": "application/pdf", "data": data});
    json!({"type": "document", "source": source})
}

fn shown(model: &str, blocks: &[Value]) -> Value {
    let message = json!({"role": "user", "content": blocks});
    json!({"model": model, "max_tokens": 16, "messages": [message]})
}

/// anthropics/claude-code#6231; LionSR/TeXRA#2866 has the 600 pages of the larger windows.
#[tokio::test(start_paused = true)]
async fn a_pdf_counts_its_pages_and_has_a_hundred_at_most_or_six() {
    let mock = mock("");
    let tokens = async |pages: u32| {
        let answer = send(&mock, &shown("claude-sonnet-4-5", &[pdf(pages)])).await;
        answer.json()["usage"]["input_tokens"].as_u64()
    };
    assert_eq!((tokens(1).await, tokens(100).await), (Some(1_500), Some(150_000)));
    let refused =
        async |model: &str, blocks: &[Value]| said(&send(&mock, &shown(model, blocks)).await);
    assert_eq!(
        refused("claude-sonnet-4-5", &[pdf(101)]).await,
        "400 messages.0.content.0.pdf.source.base64.data: A maximum of 100 PDF pages may be \
         provided."
    );
    assert_eq!(
        refused("claude-sonnet-4-5", &[pdf(60), pdf(60)]).await,
        "400 messages.0.content.1.pdf.source.base64.data: A maximum of 100 PDF pages may be \
         provided."
    );
    assert_eq!(refused("claude-opus-5", &[pdf(600)]).await, "200 ");
    assert!(refused("claude-opus-5", &[pdf(601)]).await.contains("A maximum of 600 PDF pages"));
}

/// 1jehuang/jcode#381, anthropics/claude-code#49537.
#[tokio::test(start_paused = true)]
async fn of_more_than_twenty_images_none_may_be_longer_than_2000_pixels() {
    let image = |width: u32| {
        let sides = [width.to_be_bytes(), 10_u32.to_be_bytes()].concat();
        let file = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &sides].concat();
        let data = STANDARD.encode(file);
        let source = json!({"type": "base64", "media_type": "image/png", "data": data});
        json!({"type": "image", "source": source})
    };
    let images = |count: usize| {
        let mut images = vec![image(2_000); count - 1];
        images.push(image(2_100));
        images
    };
    let mock = mock("");
    assert_eq!(send(&mock, &shown("claude-sonnet-4-5", &images(20))).await.status, 200);
    let refused = send(&mock, &shown("claude-sonnet-4-5", &images(21))).await;
    assert_eq!(
        said(&refused),
        "400 messages.0.content.20.image.source.base64.data: At least one of the image dimensions \
         exceed max allowed size for many-image requests: 2000 pixels"
    );
    assert_eq!(refused.json()["error"]["details"]["error_code"], "image_dimensions_too_large");
}

/// anthropics/claude-code#10314.
#[tokio::test(start_paused = true)]
async fn a_body_over_32_megabytes_is_refused_by_the_server_in_front() {
    let body = "x".repeat(mock_claude::internals::MAX_BODY_BYTES + 1);
    let request = Request::post("/v1/messages").header("x-api-key", "key").body(body).unwrap();
    let answer = send_raw(&mock(""), request).await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        answer.body,
        r#"{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#
    );
    assert_eq!((answer.header("request-id"), answer.header("x-should-retry")), (None, None));
}

/// anthropics/anthropic-sdk-python, `beta_request_tool_removal_block_param.py` in 2.14.0.
#[tokio::test(start_paused = true)]
async fn a_tool_that_the_conversation_withdraws_is_not_called() {
    let mock = mock("");
    let tool = json!({"name": "look", "input_schema": {"type": "object"}});
    let stop = async |system: Value| {
        let messages = json!([{"role": "user", "content": "use look or late"},
            {"role": "system", "content": [system]}]);
        let patch = json!({"model": "claude-opus-5", "tools": [tool], "messages": messages});
        let answer = ask(&mock, "/v1/messages", &patch).await.json();
        let blocks = answer["content"].as_array().unwrap().clone();
        let names = blocks.iter().filter_map(|block| block["name"].as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    let reference = json!({"type": "tool_reference", "name": "look"});
    assert_eq!(stop(json!({"type": "text", "text": "ok"})).await, "look");
    assert_eq!(stop(json!({"type": "tool_removal", "tool": reference})).await, "");
    let late = json!({"name": "late", "input_schema": {"type": "object"}});
    let definition = json!({"type": "tool_definition", "definition": late});
    assert_eq!(stop(json!({"type": "tool_addition", "tool": definition})).await, "look late");
}
