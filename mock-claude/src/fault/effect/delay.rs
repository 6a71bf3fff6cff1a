//! Latency faults on an answer that is already made: a count, a file, the state of a batch, or
//! what an upstream sends.
//!
//! The model's own replies are late by their schedule, in which every token has its moment. Other
//! answers have no schedule, so their time is stretched as it passes: a plain one comes whole, as
//! late as its bytes would take if they were tokens, and a streamed one event by event.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Body as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::events::{Passed, by_event};
use super::response::is_stream;
use crate::api::sse::{self, Frame};
use crate::api::tokens;
use crate::basis::clock::wait_until;
use crate::model::latency::Delay;

/// Events that may have come and still wait for their moment; more are left with the sender.
const MAX_WAITING: usize = 4_096;

/// The answer to a request that came at `started`, as late as the fault makes it.
pub(super) async fn paced(response: Response, delay: Delay, started: Instant) -> Response {
    if is_stream(&response) {
        return by_moment(by_event(response, |frame| Passed::Many(vec![frame.text])), delay).await;
    }
    let (response, bytes) = measured(response, delay).await;
    let usual_ms = stretched_ms(started.elapsed(), delay.decode_times);
    let late_ms = delay.before_ms(tokens::of_bytes(bytes));
    wait_until(started, usual_ms.saturating_add(late_ms)).await;
    response
}

/// The response with the length of its body, as far as the fault asks for it.
async fn measured(response: Response, delay: Delay) -> (Response, u64) {
    match response.body().size_hint().exact() {
        Some(bytes) => (response, bytes),
        None if delay.stall.is_none() => (response, 0),
        None => {
            let (head, body) = response.into_parts();
            let frames: Vec<Result<Bytes, axum::Error>> = body.into_data_stream().collect().await;
            let bytes = frames.iter().flatten().map(|frame| frame.len() as u64).sum();
            (Response::from_parts(head, Body::from_stream(stream::iter(frames))), bytes)
        }
    }
}

/// A stream whose events come at stretched moments, counted from its head.
async fn by_moment(response: Response, delay: Delay) -> Response {
    let opened = Instant::now();
    wait_until(opened, delay.before_ms(0)).await;
    response.map(|body| {
        let arriving = arriving(body.into_data_stream());
        let sent =
            stream::unfold((arriving, 0_u64), move |(mut arriving, text_bytes)| async move {
                let (at, piece) = arriving.recv().await?;
                let text_bytes = text_bytes + piece.as_deref().map_or(0, delta_bytes);
                let usual_ms = stretched_ms(at.duration_since(opened), delay.decode_times);
                let late_ms = delay.before_ms(tokens::of_bytes(text_bytes));
                wait_until(opened, usual_ms.saturating_add(late_ms)).await;
                Some((piece, (arriving, text_bytes)))
            });
        Body::from_stream(sent)
    })
}

/// The pieces of a body with the moments when they came: they go on coming while earlier ones
/// wait, because their sender is not the one who is slow.
fn arriving(mut body: BodyDataStream) -> mpsc::Receiver<(Instant, Result<Bytes, axum::Error>)> {
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    tokio::spawn(async move {
        loop {
            let piece = tokio::select! {
                biased;
                () = sender.closed() => return,
                piece = body.next() => piece,
            };
            let Some(piece) = piece else { return };
            if sender.send((Instant::now(), piece)).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// The bytes that the model wrote in one event.
fn delta_bytes(event: &[u8]) -> u64 {
    let frame = Frame { text: String::from_utf8_lossy(event).into_owned() };
    let data = frame.data();
    data.as_ref().and_then(sse::delta_text).map_or(0, |text| text.len() as u64)
}

/// This many times the duration, in whole milliseconds.
fn stretched_ms(duration: Duration, times: NonZeroU32) -> u64 {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    ms.saturating_mul(u64::from(times.get()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::latency::Stall;
    use http::header;
    use tokio::time::sleep_until;

    fn delay(extra_ms: u64, times: u32, stall: Option<Stall>) -> Delay {
        let decode_times = NonZeroU32::new(times).unwrap();
        Delay { extra_ms, decode_times, stall }
    }

    /// A stream of deltas of seven bytes, two tokens each, a second apart from the first second on.
    fn deltas(count: u64) -> Response {
        let begun = Instant::now();
        let events = stream::iter(1..=count).then(move |number| async move {
            sleep_until(begun + Duration::from_secs(number)).await;
            let data = "{\"delta\":{\"text\":\"1234567\"}}";
            Ok::<_, axum::Error>(Bytes::from(format!("event: x\ndata: {data}\n\n")))
        });
        let mut response = Response::new(Body::from_stream(events));
        let kind = http::HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }

    /// The milliseconds after the request at which each event comes.
    async fn moments(delay: Delay) -> Vec<u128> {
        let started = Instant::now();
        let response = paced(deltas(3), delay, started).await;
        let mut body = response.into_body().into_data_stream();
        let mut moments = Vec::new();
        while body.next().await.is_some() {
            moments.push(started.elapsed().as_millis());
        }
        moments
    }

    #[tokio::test(start_paused = true)]
    async fn every_event_has_its_moment_whatever_came_before() {
        assert_eq!(moments(delay(0, 1, None)).await, [1_000, 2_000, 3_000]);
        assert_eq!(moments(delay(500, 1, None)).await, [1_500, 2_500, 3_500]);
        assert_eq!(moments(delay(0, 5, None)).await, [5_000, 10_000, 15_000]);
        let stall = Stall { after_tokens: 3, for_ms: Some(60_000), ping_every_ms: None };
        assert_eq!(moments(delay(0, 1, Some(stall))).await, [1_000, 62_000, 63_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_plain_answer_comes_whole_and_late() {
        let took = async |delay| {
            let started = Instant::now();
            sleep_until(started + Duration::from_millis(50)).await;
            let answer = Response::new(Body::from("{\"input_tokens\":9}"));
            paced(answer, delay, started).await;
            started.elapsed().as_millis()
        };
        assert_eq!(took(delay(0, 1, None)).await, 50);
        assert_eq!(took(delay(700, 1, None)).await, 750);
        assert_eq!(took(delay(0, 4, None)).await, 200);
        let stall =
            |after_tokens| Some(Stall { after_tokens, for_ms: Some(9_000), ping_every_ms: None });
        assert_eq!(took(delay(0, 1, stall(3))).await, 9_050);
        assert_eq!(took(delay(0, 1, stall(30))).await, 50, "the answer is shorter");
    }
}
