//! reqwest alone, driven by scripts/clients: the same protocol as `python_clients.py`.
//!
//! Usage: clients URL, rows as JSON on standard input.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use serde_json::{Value, json};

type Failed = Box<dyn Error + Send + Sync>;

/// Asks one question, and reads nothing of a stream but its text.
async fn ask(api: &reqwest::Client, url: &str, prompt: &str, stream: bool) -> Result<String, Failed> {
    let body = json!({
        "model": "claude-sonnet-4-6",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": prompt}],
        "stream": stream,
    });
    let request = api.post(format!("{url}/v1/messages")).json(&body);
    let request = request.header("x-api-key", "key").header("anthropic-version", "2023-06-01");
    let answer = request.send().await?.error_for_status()?;
    if !stream {
        let message: Value = answer.json().await?;
        return Ok(message["content"][0]["text"].as_str().unwrap_or_default().to_owned());
    }
    let text = answer.text().await?;
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = events.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    Ok(events.filter_map(|event| Some(event["delta"]["text"].as_str()?.to_owned())).collect())
}

async fn run(url: String, row: Value) -> Result<(), Failed> {
    let timeout = Duration::from_secs_f64(row["timeout_s"].as_f64().unwrap_or(30.0));
    let api = reqwest::Client::builder().timeout(timeout).build()?;
    let url = format!("{url}/job/{}", row["job"].as_str().unwrap_or_default());
    let (equal, stream) = (row["equal"] == true, row["stream"] == true);
    let questions: Vec<_> = (0..row["questions"].as_u64().unwrap_or(0))
        .map(|number| {
            let (api, url) = (api.clone(), url.clone());
            let prompt = format!("def f{}(): ...\n", if equal { 0 } else { number });
            tokio::spawn(async move { ask(&api, &url, &prompt, stream).await.is_ok() })
        })
        .collect();
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    for question in questions {
        let end = if question.await? { "answers" } else { "raises reqwest::Error" };
        *ends.entry(end).or_default() += 1;
    }
    println!("{}", json!({"job": row["job"], "ends": ends}));
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let url = std::env::args().nth(1).ok_or("the URL of a mock is missing")?;
    let rows: Vec<Value> = serde_json::from_reader(std::io::stdin())?;
    for row in rows {
        run(url.clone(), row).await?;
    }
    Ok(())
}
