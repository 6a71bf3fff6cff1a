//! Goal: files go up, are found, come down again if they are small, and are never held whole.
//! Method: real HTTP over a pipe in paused time, with multipart bodies written by hand.

use std::convert::Infallible;
use std::time::Duration;

use crate::client::{call, request};
use crate::support::{Answer, mock, send_raw};
use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use mock_claude::MockClaude;
use mock_claude::internals::files::{KEPT_CONTENT_BYTES, MAX_FILE_BYTES};
use serde_json::{Value, json};

const BOUNDARY: &str = "multipart/form-data; boundary=edge";

fn part(name: &str, filename: &str, content: &str) -> String {
    format!(
        "--edge\r\ncontent-disposition: form-data; name=\"{name}\"{filename}\r\n\
         content-type: text/plain\r\n\r\n{content}\r\n"
    )
}

async fn post(mock: &MockClaude, parts: &str) -> Answer {
    let mut request = request("POST", "/v1/files?beta=true", format!("{parts}--edge--\r\n"));
    request.headers_mut().insert("content-type", http::HeaderValue::from_static(BOUNDARY));
    send_raw(mock, request).await
}

async fn upload(mock: &MockClaude, name: &str, content: &str) -> Value {
    let answer = post(mock, &part("file", &format!("; filename=\"{name}\""), content)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Sends a file of this many megabytes in pieces, without ever having it whole.
async fn upload_megabytes(mock: &MockClaude, megabytes: u64) -> (u16, Value) {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(mock.connect()))
            .await
            .expect("the mock answers as it should");
    tokio::spawn(connection);
    let piece = Bytes::from(vec![b'x'; 1024 * 1024]);
    let head = "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    let pieces = std::iter::once(Bytes::from(head))
        .chain((0..megabytes).map(move |_| piece.clone()))
        .chain([Bytes::from("\r\n--edge--\r\n")])
        .map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let request = Request::post("/v1/files")
        .header("host", "mock")
        .header("x-api-key", "key")
        .header("anthropic-version", "2026-10-21")
        .header("content-type", BOUNDARY)
        .body(StreamBody::new(stream::iter(pieces)))
        .expect("the mock answers as it should");
    let response = sender.send_request(request).await.expect("the mock answers as it should");
    let status = response.status().as_u16();
    let body =
        response.into_body().collect().await.expect("the mock answers as it should").to_bytes();
    (status, serde_json::from_slice(&body).expect("the mock answers as it should"))
}

#[tokio::test(start_paused = true)]
async fn a_file_goes_up_is_found_comes_down_and_is_deleted() {
    let mock = mock("");
    let file = upload(&mock, "notes/a.txt", "some text\r\n--ed").await;
    let id = file["id"].as_str().unwrap();
    assert!(id.starts_with("file_011C"), "{id}");
    assert_eq!((&file["filename"], &file["mime_type"]), (&json!("a.txt"), &json!("text/plain")));
    assert_eq!((&file["size_bytes"], &file["type"]), (&json!(15), &json!("file")));
    assert_eq!(file["created_at"], "2026-01-01T00:00:00Z");
    let path = format!("/v1/files/{id}");
    assert_eq!(call(&mock, "GET", &path).await.json(), file);
    let content = call(&mock, "GET", &format!("{path}/content")).await;
    assert_eq!(content.body, "some text\r\n--ed");
    assert_eq!(content.header("content-type"), Some("text/plain"));
    assert!(content.header("request-id").is_some());
    let deleted = call(&mock, "DELETE", &path).await.json();
    assert_eq!(deleted, json!({"id": id, "type": "file_deleted"}));
    assert_eq!(call(&mock, "GET", &path).await.status, 404);
    assert_eq!(call(&mock, "DELETE", &path).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn pages_of_files_follow_each_other_the_newest_first() {
    let mock = mock("");
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        ids.insert(0, upload(&mock, name, name).await["id"].clone());
    }
    let (mut seen, mut page) = (Vec::new(), String::new());
    loop {
        let list = call(&mock, "GET", &format!("/v1/files?limit=2&page={page}")).await.json();
        seen.extend(list["data"].as_array().unwrap().iter().map(|file| file["id"].clone()));
        match list["next_page"].as_str() {
            Some(next) => page = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let two = format!("/v1/files?ids[]={}&ids[]=file_nobody", ids[3].as_str().unwrap());
    let two = call(&mock, "GET", &two).await.json();
    assert_eq!(two["data"].as_array().unwrap().len(), 1);
    assert_eq!(call(&mock, "GET", "/v1/files?page=nonsense").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn only_small_files_come_down_again() {
    let mock = mock("");
    let kept = upload(&mock, "a", &"x".repeat(KEPT_CONTENT_BYTES)).await;
    let large = upload(&mock, "b", &"x".repeat(KEPT_CONTENT_BYTES + 1)).await;
    assert_eq!((&kept["downloadable"], &large["downloadable"]), (&json!(true), &json!(false)));
    let path = format!("/v1/files/{}/content", large["id"].as_str().unwrap());
    assert_eq!(call(&mock, "GET", &path).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_500_megabytes_is_kept_to_the_byte_without_holding_the_file() {
    let mock = mock("");
    let megabytes = MAX_FILE_BYTES / (1024 * 1024);
    let (status, file) = upload_megabytes(&mock, megabytes).await;
    assert_eq!((status, &file["size_bytes"]), (200, &json!(MAX_FILE_BYTES)));
    let (status, error) = upload_megabytes(&mock, megabytes + 1).await;
    assert_eq!((status, &error["error"]["type"]), (413, &json!("request_too_large")));
}

#[tokio::test(start_paused = true)]
async fn a_file_with_a_lifetime_is_gone_when_it_is_over() {
    let mock = mock("");
    let parts = format!("{}{}", part("file", "", "x"), part("expires_in_seconds", "", "3600"));
    let file = post(&mock, &parts).await.json();
    assert_eq!(
        (&file["expires_at"], &file["filename"]),
        (&json!("2026-01-01T01:00:00Z"), &json!("unnamed.txt"))
    );
    let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
    tokio::time::sleep(Duration::from_secs(3_590)).await;
    assert_eq!(call(&mock, "GET", &path).await.status, 200);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(call(&mock, "GET", &path).await.status, 404);
    let short = format!("{}{}", part("file", "", "x"), part("expires_in_seconds", "", "10"));
    assert_eq!(post(&mock, &short).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_not_an_upload_are_refused_in_the_shape_of_the_api() {
    let mock = mock("");
    let check = |answer: Answer, words: &str| {
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
        assert!(answer.body.contains(words), "{words} is missing in {}", answer.body);
    };
    check(send_raw(&mock, request("POST", "/v1/files", "{}")).await, "multipart/form-data");
    check(post(&mock, "").await, "file: Field required");
    check(post(&mock, &part("colour", "", "x")).await, "colour: Extra inputs");
    check(post(&mock, "--edge\r\nnonsense\r\n\r\n").await, "multipart body is not valid");
    let endless = format!("--edge\r\nx-header: {}", "x".repeat(8 << 20));
    check(post(&mock, &endless).await, "header is too large");
    let bare = Request::post("/v1/files").header("content-type", BOUNDARY);
    let bare = bare.body(part("file", "", "x")).unwrap();
    assert_eq!(send_raw(&mock, bare).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn in_contract_mode_every_id_is_a_file() {
    let mock = mock("contract = true");
    assert_eq!(call(&mock, "GET", "/v1/files/file_id").await.json()["id"], "file_id");
    assert_eq!(call(&mock, "GET", "/v1/files/file_id/content").await.status, 200);
    assert_eq!(call(&mock, "DELETE", "/v1/files/file_id").await.json()["type"], "file_deleted");
    assert_eq!(call(&mock, "GET", "/v1/files?page=page&limit=1").await.status, 200);
}
