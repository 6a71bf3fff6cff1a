//! Frames of AWS's event stream, as `aws-smithy-eventstream` writes them.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::Value;

use super::super::common::EVENT_STREAM_OF_AWS;
use super::error::Exception;

/// The type of a stream of frames.
pub(super) const CONTENT_TYPE: http::HeaderValue =
    http::HeaderValue::from_static(EVENT_STREAM_OF_AWS);

/// An event, whose data is JSON or was meant to be.
pub(super) fn event(name: &str, data: impl Into<Bytes>) -> Bytes {
    let headers =
        [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    written(headers, data.into())
}

/// The end of a stream by an error: `throttlingException` and its words.
pub(super) fn exception(Exception { kind, message, .. }: &Exception) -> Bytes {
    let mut letters = kind.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let name: String = first.into_iter().chain(letters).collect();
    let headers = [
        (":exception-type", name.as_str()),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    let data = Value::from_iter([("message", message.as_str())]);
    written(headers, data.to_string().into())
}

fn written(headers: [(&str, &str); 3], payload: Bytes) -> Bytes {
    let headers = headers.map(|(name, value)| {
        Header::new(name.to_owned(), HeaderValue::String(value.to_owned().into()))
    });
    let message = Message::new_from_parts(headers.to_vec(), payload);
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame).expect("a frame within the format's bounds");
    frame.into()
}
