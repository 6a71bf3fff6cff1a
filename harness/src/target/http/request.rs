//! What a service is asked for one file, and what it answers.

use std::str::FromStr as _;

use futures_util::StreamExt as _;
use http::Method;
use http::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde_json::Value;

use super::config::HttpConfig;
use crate::process::exhausted;
use crate::target::process::Tail;

/// What a body's placeholders stand for.
#[derive(Debug)]
pub(super) struct Filling<'a> {
    pub(super) job: u64,
    pub(super) path: &'a str,
    pub(super) content: &'a str,
}

/// What a service answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Tail,
}

/// Asks the service for one job.
pub(super) async fn ask(
    client: &Client,
    url: &Url,
    config: &HttpConfig,
    filling: &Filling<'_>,
    kept: Tail,
) -> Result<Answer, String> {
    // It was checked when the file was read.
    let method = Method::from_str(&config.method).unwrap_or(Method::POST);
    let mut request = client.request(method, url.clone());
    let given = config.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let is_json = given.is_none_or(|(_, value)| value.contains("json"));
    if given.is_none() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    for (name, value) in &config.headers {
        request = request.header(name, value);
    }
    let request = request.body(fill(&config.body, filling, is_json));
    let answer = request.send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let mut body = kept;
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.push(&piece.map_err(failed)?);
    }
    Ok(Answer { status, body })
}

/// A body with its placeholders filled: as JSON strings, or as they are.
fn fill(body: &str, filling: &Filling<'_>, is_json: bool) -> String {
    let job = filling.job.to_string();
    let known = [("{path}", filling.path), ("{content}", filling.content), ("{job}", &*job)];
    let mut filled = String::with_capacity(body.len() + filling.content.len());
    let mut rest = body;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        match known.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, value)) if is_json => {
                filled.push_str(&Value::from(*value).to_string());
                rest = &rest[name.len()..];
            }
            Some((name, value)) => {
                filled.push_str(value);
                rest = &rest[name.len()..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

fn failed(error: reqwest::Error) -> String {
    let error = error.without_url();
    exhausted::note(&error);
    words(&error)
}

/// An error with what is behind it.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(behind) = source {
        words = format!("{words}: {behind}");
        source = behind.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_filled_as_json_or_as_plain_text() {
        let filling = Filling { job: 7, path: "a.py", content: "x = \"{path}\"\n" };
        let body = r#"{"file_path": {path}, "file_content": {content}, "n": {job}}"#;
        assert_eq!(
            fill(body, &filling, true),
            r#"{"file_path": "a.py", "file_content": "x = \"{path}\"\n", "n": "7"}"#
        );
        assert_eq!(fill("{content}{other}", &filling, false), "x = \"{path}\"\n{other}");
    }
}
