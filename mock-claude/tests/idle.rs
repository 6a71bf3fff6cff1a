//! Goal: a connection that idles ends as the configuration says, and one in use does not. Method:
//! two requests over one connection inside the process, in paused time.

#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use support::{asking, mock};
use tokio::time::{Instant, sleep};

/// How a second request fares over the same connection after this pause.
async fn second(connection: &str, pause_s: u64) -> Result<u16, &'static str> {
    let slow = "[latency]\nfirst_token_ms = 45_000\n";
    let mock = mock(&format!("{slow}{connection}"));
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(mock.connect()))
        .await
        .expect("a pipe connects");
    tokio::spawn(driver);
    let request = || {
        let body = Full::new(Bytes::from(asking("def f(): pass\n").to_string()));
        Request::post("/v1/messages")
            .header("host", "mock")
            .header("x-api-key", "key")
            .header("anthropic-version", "2023-06-01")
            .body(body)
            .expect("the request is valid")
    };
    let first = sender.send_request(request()).await.expect("an answer takes what it takes");
    first.into_body().collect().await.expect("it is whole");
    sleep(Duration::from_secs(pause_s)).await;
    if sender.is_closed() {
        return Err("closed");
    }
    let answer = sender.send_request(request()).await.map_err(|_| "reset")?;
    Ok(answer.status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_idles_is_closed_after_half_a_minute_or_as_it_is_set() {
    assert_eq!(second("", 29).await, Ok(200));
    assert_eq!(second("", 31).await, Err("closed"));
    let set = "[connection]\nidle_ms = 5_000\n";
    assert_eq!((second(set, 4).await, second(set, 6).await), (Ok(200), Err("closed")));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_died_idling_looks_alive_until_it_is_used() {
    let dying = "[connection]\nidle_ms = 30_000\nidle_end = \"reset\"\n";
    let begun = Instant::now();
    assert_eq!((second(dying, 29).await, second(dying, 31).await), (Ok(200), Err("reset")));
    assert!(begun.elapsed() > Duration::from_secs(100), "answers of 45 s are no idling");
}
