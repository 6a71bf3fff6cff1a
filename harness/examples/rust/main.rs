//! A pipeline in Rust, over reqwest: documents one file, and tries again while it is refused.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::error::Error;
use std::time::Duration;
use std::{env, fs};

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};

/// Attempts in all.
const ATTEMPTS: u32 = 12;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: rust FILE")?;
    let code = fs::read_to_string(&path)?;
    let prompt = format!("Document {path} in Markdown.\n\n```python\n{code}\n```\n");
    println!("{}", ask(&prompt).await?);
    Ok(())
}

/// Asks until there is an answer that was not cut.
async fn ask(prompt: &str) -> Result<String, Box<dyn Error>> {
    let base = env::var("ANTHROPIC_BASE_URL")?;
    let body = json!({
        "model": "claude-sonnet-4-6",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": prompt}],
    });
    let client = Client::builder().timeout(Duration::from_mins(5)).build()?;
    for attempt in 1..=ATTEMPTS {
        let request = client
            .post(format!("{base}/v1/messages"))
            .header("x-api-key", env::var("ANTHROPIC_API_KEY")?)
            .header("anthropic-version", "2023-06-01")
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        let answer = request.send().await?;
        let status = answer.status();
        if status.is_success() {
            let answer: Value = serde_json::from_str(&answer.text().await?)?;
            if answer["stop_reason"] == "max_tokens" {
                return Err("the answer was cut".into());
            }
            return Ok(answer["content"][0]["text"].as_str().unwrap_or_default().to_owned());
        }
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wait_s = after.and_then(|value| value.parse().ok()).unwrap_or(1 << attempt);
        if attempt == ATTEMPTS || (status.as_u16() != 429 && !status.is_server_error()) {
            return Err(format!("{status}: {}", answer.text().await?).into());
        }
        tokio::time::sleep(Duration::from_secs(wait_s)).await;
    }
    Err("no attempt was made".into())
}
