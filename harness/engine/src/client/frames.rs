//! A stream of AWS's frames as the events of the API that it carries, so that there is one reader
//! of events.

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;
use bytes::BytesMut;
use serde::Deserialize;
use serde_json::json;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The type of such a stream.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// What has come of a stream and is not read yet.
#[derive(Default)]
pub(super) struct Frames {
    decoder: MessageFrameDecoder,
    waiting: BytesMut,
}

#[derive(Deserialize)]
struct Chunk {
    bytes: String,
}

impl Frames {
    /// The events that are whole with these bytes, as lines of the API; why there can be no more
    /// where a frame is damaged.
    pub(super) fn events(&mut self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        self.waiting.extend_from_slice(bytes);
        let mut events = Vec::new();
        loop {
            match self.decoder.decode_frame(&mut self.waiting) {
                Ok(DecodedFrame::Complete(message)) => {
                    events.extend_from_slice(b"event: ");
                    events.extend(event(&message)?);
                    events.extend_from_slice(b"\n\n");
                }
                Ok(DecodedFrame::Incomplete) => return Ok(events),
                Err(error) => return Err(format!("a frame of the stream is damaged: {error}")),
            }
        }
    }
}

/// One event as the API writes it: its name, and its data on the next line.
fn event(message: &Message) -> Result<Vec<u8>, String> {
    let header = |wanted: &str| {
        let found = message.headers().iter().find(|header| header.name().as_str() == wanted)?;
        found.value().as_string().ok().map(|value| value.as_str().to_owned())
    };
    let payload = message.payload();
    if let Some(kind) = header(":exception-type") {
        let words: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
        let error = json!({"type": kind, "message": words["message"].as_str().unwrap_or_default()});
        let data = json!({"type": "error", "error": error});
        return Ok(format!("error\ndata: {data}").into_bytes());
    }
    let chunk: Chunk = serde_json::from_slice(payload)
        .map_err(|error| format!("a frame of the stream holds no chunk: {error}"))?;
    let data = BASE64
        .decode(chunk.bytes)
        .map_err(|error| format!("a chunk of the stream is no base64: {error}"))?;
    let named: serde_json::Value = serde_json::from_slice(&data).unwrap_or_default();
    let name = named["type"].as_str().unwrap_or("unknown");
    Ok([name.as_bytes(), b"\ndata: ", &data].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue};
    use proptest::prelude::*;

    fn frame(header: &str, name: &str, payload: String) -> Vec<u8> {
        let value = HeaderValue::String(name.to_owned().into());
        let message = Message::new(payload).add_header(Header::new(header.to_owned(), value));
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).unwrap();
        bytes
    }

    fn stream() -> Vec<u8> {
        let data = BASE64.encode(r#"{"type":"message_stop"}"#);
        let chunk = frame(":event-type", "chunk", json!({"bytes": data}).to_string());
        let words = json!({"message": "Slow"}).to_string();
        [chunk, frame(":exception-type", "throttlingException", words)].concat()
    }

    #[test]
    fn a_stream_reads_the_same_wherever_it_is_cut() {
        let whole = stream();
        for at in 0..=whole.len() {
            let mut frames = Frames::default();
            let mut events = frames.events(&whole[..at]).unwrap();
            events.extend(frames.events(&whole[at..]).unwrap());
            insta::allow_duplicates! {
                insta::assert_snapshot!(String::from_utf8(events).unwrap().trim_end(), @r#"
                event: message_stop
                data: {"type":"message_stop"}

                event: error
                data: {"error":{"message":"Slow","type":"throttlingException"},"type":"error"}
                "#);
            }
        }
    }

    #[test]
    fn a_frame_with_any_bit_wrong_is_damaged_or_waits_for_more() {
        let whole = frame(":event-type", "chunk", r#"{"bytes":"e30="}"#.to_owned());
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let read = Frames::default().events(&damaged);
            assert!(read.is_err() || read == Ok(Vec::new()), "bit {bit}: {read:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frames::default().events(&bytes);
        }
    }
}
