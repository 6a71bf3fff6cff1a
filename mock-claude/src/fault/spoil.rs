//! Does to a finished response what a fault demands, in HTTP where that is enough and by an order
//! to the connection where it is not.
//!
//! A response is changed as it goes by, whatever made it: a plain one as a JSON document, a
//! streamed one event by event and at its events' own moments.

use std::collections::VecDeque;

use axum::body::{Body, BodyDataStream, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::shorten::{self, Shortened};
use super::status::Touch;
use super::stream::Stream;
use super::{Effect, StreamTrouble, WireTrouble, lines, pace};
use crate::chance::{Chance, RequestKey};
use crate::clock::Clock;
use crate::wire::{Control, Ending, Order};

/// Bytes of garbage in place of a response.
const GARBAGE_BYTES: usize = 64;

/// What is known of the request whose response is spoiled.
#[derive(Debug)]
pub(crate) struct Spoiled<'a> {
    pub(crate) effect: Effect,
    pub(crate) request_id: &'a str,
    pub(crate) key: RequestKey,
    pub(crate) chance: Chance,
    pub(crate) clock: Clock,
    pub(crate) control: Option<Control>,
}

/// The response as the fault leaves it.
pub(crate) async fn spoil(response: Response, spoiled: Spoiled<'_>) -> Response {
    match &spoiled.effect {
        Effect::Refuse { touch, .. } => touched(response, touch, spoiled.clock).await,
        Effect::Wire(trouble) => wire(response, trouble, &spoiled).await,
        Effect::Stream(trouble) if is_stream(&response) => {
            let mut stream = Stream::new(trouble.clone());
            by_event(response, move |frame| stream.pass(&frame))
        }
        Effect::Stream(trouble) if is_lines(&response) => {
            let (head, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let spoilt = lines::spoilt(&bytes, trouble);
            with_body(Response::from_parts(head, Body::empty()), spoilt)
        }
        Effect::Stream(StreamTrouble::EmptyContent) => {
            let empty = |message: &mut Value| {
                if let Some(content) = message.get_mut("content") {
                    *content = json!([]);
                }
            };
            edited(response, empty).await
        }
        Effect::Semantic(trouble) => {
            if let Some(error) = trouble.error() {
                let body = error.body(spoiled.request_id);
                let json = HeaderValue::from_static("application/json");
                return with_body(with_header(response, header::CONTENT_TYPE, json), body);
            }
            let trouble = trouble.clone();
            if is_stream(&response) {
                by_event(response, move |frame| {
                    Passed::Many(vec![frame.edited(|data| trouble.edit(data))])
                })
            } else {
                edited(response, |message| trouble.edit(message)).await
            }
        }
        Effect::Delay(_) | Effect::Stream(_) | Effect::RefuseConnection | Effect::Nothing => {
            response
        }
    }
}

/// The response as the fault leaves it, where no schedule and no model knew of the fault: what the
/// routes beside messages give, and what an upstream sent to a request that came at `started`.
pub(crate) async fn spoil_made(
    response: Response,
    spoiled: Spoiled<'_>,
    started: Instant,
) -> Response {
    let response = match &spoiled.effect {
        Effect::Delay(delay) => return pace::paced(response, *delay, started).await,
        Effect::Semantic(trouble) => match trouble.most_tokens() {
            Some(most) if is_stream(&response) => {
                let mut shortened = Shortened::new(most);
                by_event(response, move |frame| shortened.pass(&frame))
            }
            Some(most) => edited(response, |value| shorten::message(value, most)).await,
            None => response,
        },
        _ => response,
    };
    spoil(response, spoiled).await
}

async fn touched(response: Response, touch: &Touch, clock: Clock) -> Response {
    let mut response = response;
    if let Some(code) = &touch.error_code {
        let details = json!({ "error_code": code });
        response = edited(response, |body| body["error"]["details"] = details).await;
    }
    if let Some(page) = &touch.page {
        response = with_body(response, page.clone());
        *response.headers_mut() = HeaderMap::new();
    }
    if let Some(seconds) = touch.retry_after_date_s {
        let date = clock.http_date(seconds);
        response = with_header(response, header::RETRY_AFTER, date);
    }
    for (name, value) in &touch.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

async fn wire(response: Response, trouble: &WireTrouble, spoiled: &Spoiled<'_>) -> Response {
    let cut = |after_body_bytes, ending| Order::Cut { after_body_bytes, ending };
    let order = match trouble {
        WireTrouble::Truncate { after_body_bytes } => {
            return truncated(response, *after_body_bytes).await;
        }
        WireTrouble::ContentType { value } => {
            return match HeaderValue::try_from(value) {
                Ok(value) => with_header(response, header::CONTENT_TYPE, value),
                Err(_) => response,
            };
        }
        WireTrouble::Reset { after_body_bytes } => cut(*after_body_bytes, Ending::Reset),
        WireTrouble::Close { after_body_bytes } => cut(*after_body_bytes, Ending::Close),
        WireTrouble::Hang { after_body_bytes } => cut(*after_body_bytes, Ending::Hang),
        WireTrouble::SlowLoris { bytes_per_second } => {
            Order::Slow { bytes_per_second: *bytes_per_second }
        }
        WireTrouble::Garbage => Order::Instead { bytes: garbage(spoiled.chance, spoiled.key) },
        WireTrouble::ContentLength { off_by } => {
            let (head, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let bytes = lying(head.status, &head.headers, &body, off_by.get());
            return ordered(Response::new(Body::empty()), spoiled, Order::Instead { bytes });
        }
    };
    ordered(response, spoiled, order)
}

/// Gives the order for this response, which is the last of its connection.
fn ordered(response: Response, spoiled: &Spoiled<'_>, order: Order) -> Response {
    let Some(control) = &spoiled.control else {
        let broken = std::io::Error::other("a wire fault breaks this response off");
        return response.map(|_| Body::from_stream(stream::iter([Err::<Bytes, _>(broken)])));
    };
    control.order(order);
    with_header(response, header::CONNECTION, HeaderValue::from_static("close"))
}

/// A whole response in HTTP/1.1 whose `content-length` is wrong.
fn lying(status: http::StatusCode, headers: &HeaderMap, body: &[u8], off_by: i64) -> Bytes {
    let length = (body.len() as u64).saturating_add_signed(off_by);
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in headers {
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
    bytes.extend_from_slice(body);
    bytes.into()
}

/// Bytes that begin as a TLS record does and go on at random, the same for one seed and request.
fn garbage(chance: Chance, key: RequestKey) -> Bytes {
    let mut bytes = vec![0x16, 0x03, 0x03];
    let mut number = 0;
    while bytes.len() < GARBAGE_BYTES {
        let drawn = chance.bits(&format!("garbage {number}"), key);
        bytes.extend_from_slice(&drawn.to_le_bytes());
        number += 1;
    }
    bytes.into()
}

async fn truncated(response: Response, most: u64) -> Response {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let response = Response::from_parts(head, Body::empty());
    if is_stream(&response) {
        let cut = stream::unfold((body.into_data_stream(), most), async |(mut body, left)| {
            if left == 0 {
                return None;
            }
            let piece = body.next().await?.map(|bytes| bytes.slice(..bytes.len().min(left)));
            let left = left - piece.as_ref().map_or(left, Bytes::len);
            Some((piece, (body, left)))
        });
        return response.map(|_| Body::from_stream(cut));
    }
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let most = most.min(bytes.len());
    response.map(|_| Body::from(bytes.slice(..most)))
}

/// Whether an answer is a stream of events.
pub(super) fn is_stream(response: &Response) -> bool {
    is_of(response, b"text/event-stream")
}

/// Whether an answer is a list of JSON documents, one a line.
fn is_lines(response: &Response) -> bool {
    is_of(response, b"application/x-jsonl")
}

fn is_of(response: &Response, kind: &[u8]) -> bool {
    let found = response.headers().get(header::CONTENT_TYPE);
    found.is_some_and(|found| found.as_bytes().starts_with(kind))
}

fn with_header(mut response: Response, name: header::HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}

fn with_body(mut response: Response, body: impl Into<Body>) -> Response {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|_| body.into())
}

/// The response with its JSON document changed; one that is none stays as it is.
async fn edited(response: Response, edit: impl FnOnce(&mut Value)) -> Response {
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let response = Response::from_parts(head, Body::empty());
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut value) if value.is_object() => {
            edit(&mut value);
            with_body(response, value.to_string())
        }
        _ => with_body(response, bytes),
    }
}

/// One server-sent event.
#[derive(Debug)]
pub(super) struct Frame {
    /// Its lines, the empty one at its end included.
    pub(super) text: String,
}

impl Frame {
    /// The event's name.
    pub(super) fn kind(&self) -> &str {
        self.text.lines().find_map(|line| line.strip_prefix("event: ")).unwrap_or_default()
    }

    /// The event's data, where it is JSON.
    pub(super) fn data(&self) -> Option<Value> {
        let data = self.text.lines().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(data?).ok()
    }

    /// The event with its data changed; one without an object stays as it is.
    pub(super) fn edited(&self, edit: impl FnOnce(&mut Value)) -> String {
        match self.data() {
            Some(mut value) if value.is_object() => {
                edit(&mut value);
                format!("event: {}\ndata: {value}\n\n", self.kind())
            }
            _ => self.text.clone(),
        }
    }
}

/// What comes in place of one event.
#[derive(Debug)]
pub(super) enum Passed {
    /// These, and the stream goes on.
    Many(Vec<String>),
    /// These, and the stream is over.
    End(Vec<String>),
}

impl Passed {
    /// The same with the event itself after it, where the stream goes on.
    pub(super) fn then(self, frame: &Frame) -> Self {
        match self {
            Self::Many(mut texts) => {
                texts.push(frame.text.clone());
                Self::Many(texts)
            }
            Self::End(texts) => Self::End(texts),
        }
    }
}

/// A stream on its way through a fault.
struct Passing<P> {
    source: BodyDataStream,
    buffer: Vec<u8>,
    ready: VecDeque<String>,
    over: bool,
    failure: Option<axum::Error>,
    pass: P,
}

/// The stream with something else in place of each of its events.
pub(super) fn by_event(
    response: Response,
    pass: impl FnMut(Frame) -> Passed + Send + 'static,
) -> Response {
    let mut response = response;
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|body| {
        let passing = Passing {
            source: body.into_data_stream(),
            buffer: Vec::new(),
            ready: VecDeque::new(),
            over: false,
            failure: None,
            pass,
        };
        Body::from_stream(stream::unfold(passing, async |mut passing| {
            let next = passing.next().await?;
            Some((next, passing))
        }))
    })
}

impl<P: FnMut(Frame) -> Passed> Passing<P> {
    async fn next(&mut self) -> Option<Result<Bytes, axum::Error>> {
        loop {
            if let Some(text) = self.ready.pop_front() {
                return Some(Ok(text.into()));
            }
            if self.over {
                return self.failure.take().map(Err);
            }
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let rest = self.buffer.split_off(end + 2);
                let whole = std::mem::replace(&mut self.buffer, rest);
                let text = String::from_utf8_lossy(&whole).into_owned();
                let (texts, over) = match (self.pass)(Frame { text }) {
                    Passed::Many(texts) => (texts, false),
                    Passed::End(texts) => (texts, true),
                };
                self.ready.extend(texts.into_iter().filter(|text| !text.is_empty()));
                self.over = over;
                continue;
            }
            match self.source.next().await {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                // What came of an event before the stream broke off is passed on as it came.
                rest => {
                    self.over = true;
                    self.failure = rest.and_then(Result::err);
                    let rest = String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into();
                    self.ready.extend(Some(rest).filter(|rest: &String| !rest.is_empty()));
                }
            }
        }
    }
}
