//! What a wire fault does: the reply is made and charged, and its bytes do not arrive as they
//! should.
//!
//! Where HTTP is enough the response is changed; where it is not, an order goes to the connection,
//! which takes hold below HTTP. Where the router runs behind somebody else's server, which takes no
//! orders, the response breaks off in its place.

use std::num::{NonZeroI64, NonZeroU64};

use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::response::{is_stream, with_header};
use crate::basis::chance::{Chance, RequestKey};
use crate::server::wire::{Control, Ending, Order};

/// Bytes of garbage in place of a response.
const GARBAGE_BYTES: usize = 64;

/// What happens to the bytes of a response. Counts of body bytes include the framing of chunks; a
/// body that is shorter arrives whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "WireTrouble")]
pub enum WireEffect {
    /// The connection is reset.
    Reset {
        /// After this many bytes of the body; without it, before the head.
        #[serde(default)]
        after_body_bytes: Option<u64>,
    },
    /// The connection is closed in order, although the response is not over.
    Close {
        /// After this many bytes of the body; without it, before the head.
        #[serde(default)]
        after_body_bytes: Option<u64>,
    },
    /// Nothing comes any more, and the connection stays open.
    Hang {
        /// After this many bytes of the body; without it, before the head.
        #[serde(default)]
        after_body_bytes: Option<u64>,
    },
    /// The body ends early, although its framing is right: half a JSON document.
    Truncate {
        /// After this many bytes of what HTTP carries.
        after_body_bytes: u64,
    },
    /// The `content-length` header is wrong; a streamed reply is sent whole, at its end.
    ContentLength {
        /// How many bytes it promises too many, or, below nought, too few.
        off_by: NonZeroI64,
    },
    /// The `content-type` header is wrong.
    ContentType {
        /// What it says.
        value: String,
    },
    /// Bytes that are no HTTP come in place of the response, as from a port that speaks TLS.
    Garbage,
    /// The response comes a few bytes at a time.
    SlowLoris {
        /// The pace.
        bytes_per_second: NonZeroU64,
    },
}

impl WireEffect {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Reset { .. } => "wire_reset",
            Self::Close { .. } => "wire_close",
            Self::Hang { .. } => "wire_hang",
            Self::Truncate { .. } => "wire_truncate",
            Self::ContentLength { .. } => "wire_content_length",
            Self::ContentType { .. } => "wire_content_type",
            Self::Garbage => "wire_garbage",
            Self::SlowLoris { .. } => "wire_slow_loris",
        }
    }
}

/// Marks a response that the connection does not carry as it is.
#[derive(Debug, Clone)]
pub(crate) struct OnTheWire(pub(crate) WireEffect);

/// What is known of the connection and the request whose bytes are changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) key: RequestKey,
    pub(super) chance: Chance,
    pub(super) control: Option<&'a Control>,
}

/// The response with its bytes changed.
pub(super) async fn apply(response: Response, effect: &WireEffect, sent: Sent<'_>) -> Response {
    let cut = |after_body_bytes, ending| Order::Cut { after_body_bytes, ending };
    let order = match effect {
        WireEffect::Truncate { after_body_bytes } => {
            return truncated(response, *after_body_bytes).await;
        }
        WireEffect::ContentType { value } => {
            return match HeaderValue::try_from(value) {
                Ok(value) => with_header(response, header::CONTENT_TYPE, value),
                Err(_) => response,
            };
        }
        WireEffect::Reset { after_body_bytes } => cut(*after_body_bytes, Ending::Reset),
        WireEffect::Close { after_body_bytes } => cut(*after_body_bytes, Ending::Close),
        WireEffect::Hang { after_body_bytes } => cut(*after_body_bytes, Ending::Hang),
        WireEffect::SlowLoris { bytes_per_second } => {
            Order::Slow { bytes_per_second: *bytes_per_second }
        }
        WireEffect::Garbage => Order::Instead { bytes: garbage(sent.chance, sent.key) },
        WireEffect::ContentLength { off_by } => {
            let (head, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let bytes = lying(head.status, &head.headers, &body, off_by.get());
            let response = Response::from_parts(head, Body::from(body));
            return ordered(response, effect, sent, Order::Instead { bytes });
        }
    };
    ordered(response, effect, sent, order)
}

/// Gives the order for this response, which is the last of its connection.
fn ordered(response: Response, effect: &WireEffect, sent: Sent<'_>, order: Order) -> Response {
    let Some(control) = sent.control else {
        let broken = std::io::Error::other("a wire fault breaks this response off");
        return response.map(|_| Body::from_stream(stream::iter([Err::<Bytes, _>(broken)])));
    };
    control.order(order);
    let mut response = response;
    response.extensions_mut().insert(OnTheWire(effect.clone()));
    with_header(response, header::CONNECTION, HeaderValue::from_static("close"))
}

/// A whole response in HTTP/1.1 whose `content-length` is wrong.
fn lying(status: StatusCode, headers: &HeaderMap, body: &[u8], off_by: i64) -> Bytes {
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
