//! Reading an upload part by part, without ever holding the whole of it.
//!
//! The multipart reader takes everything that its source offers before it gives anything back, so
//! [`Paced`] offers it one frame at a time and stops a sender who never comes to an end of a
//! part's header. Held are one frame, and the beginning of the file while it may still be kept.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{self, Poll};

use axum::body::{Body, BodyDataStream};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream::Stream;
use http::{HeaderMap, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use super::store::{File, KEPT_CONTENT_BYTES, MAX_FILE_BYTES};
use crate::api::error::ApiError;
use crate::api::headers::Known;
use crate::basis::clock::SECOND_US;
use crate::exchange::Given;
use crate::exchange::pending::check_headers;
use crate::exchange::route::{Context, subject};
use crate::routes::caller::Caller;

/// Bytes of a body beyond its file: boundaries, part headers, other fields.
const FRAMING_BYTES: u64 = 1024 * 1024;

/// Bytes that the reader may take without giving anything back.
const MAX_UNREAD_BYTES: u64 = 2 * 1024 * 1024;

/// The longest file name, as documented.
const MAX_NAME_CHARS: usize = 255;

/// The longest text of a field that is not a file.
const MAX_TEXT_BYTES: usize = 64;

/// What an upload brought.
#[derive(Debug, Default)]
struct Uploaded {
    file: Option<Part>,
    expires_in_s: Option<u64>,
}

/// The file of an upload: what is said of it, and its content if that is small.
#[derive(Debug)]
struct Part {
    filename: String,
    mime_type: String,
    size_bytes: u64,
    content: Option<Bytes>,
}

pub(super) async fn upload(caller: Caller, body: Body) -> Response {
    let mut hash = Xxh3::new();
    // A sender without credentials is refused before anything is read.
    let stored = Arc::clone(&caller.stored);
    let contract = stored.core.config.contract;
    let uploaded = match check_headers(&Known::of(&caller.headers)) {
        Ok(_) => read(&caller.headers, body, &mut hash, contract).await,
        Err(error) => Err(error),
    };
    let about = subject("POST", "/v1/files", hash.digest());
    let work = |context: Context<'_>| {
        let Uploaded { file, expires_in_s } = uploaded?;
        let part = file.ok_or_else(|| invalid("file: Field required"))?;
        let file = File {
            id: context.request_id.replacen("req_", "file_", 1),
            filename: part.filename,
            mime_type: part.mime_type,
            size_bytes: part.size_bytes,
            created_us: context.now_us,
            expires_us: expires_in_s.map(|seconds| context.now_us + seconds * SECOND_US),
            content: part.content,
        };
        let object: Value = super::object(&stored.core.clock, &file);
        stored.files.put(file)?;
        Ok(Given::json(&object))
    };
    caller.ask_about(about, work).await
}

async fn read(
    headers: &HeaderMap,
    body: Body,
    hash: &mut Xxh3,
    contract: bool,
) -> Result<Uploaded, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let boundary = text(header::CONTENT_TYPE)
        .and_then(|kind| multer::parse_boundary(kind).ok())
        .ok_or_else(|| invalid("Expected a multipart/form-data body with a boundary"))?;
    let whole = MAX_FILE_BYTES + FRAMING_BYTES;
    let announced = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > whole) {
        return Err(ApiError::too_large());
    }
    let unread = Arc::new(AtomicU64::new(0));
    let paced =
        Paced { body: body.into_data_stream(), unread: Arc::clone(&unread), resting: false };
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole));
    let mut parts = Multipart::with_constraints(paced, boundary, limits);
    let mut uploaded = Uploaded::default();
    while let Some(mut field) = parts.next_field().await.map_err(|error| refusal(&error))? {
        unread.store(0, Ordering::Relaxed);
        match field.name() {
            Some("file") => uploaded.file = Some(read_file(&mut field, &unread, hash).await?),
            Some("expires_in_seconds") => {
                let text = read_text(&mut field, &unread).await?;
                hash.update(text.as_bytes());
                uploaded.expires_in_s = Some(lifetime(&text)?);
            }
            name if !contract => {
                let name = name.unwrap_or_default();
                return Err(invalid(format!("{name}: Extra inputs are not permitted")));
            }
            _ => {}
        }
    }
    Ok(uploaded)
}

async fn read_file(
    field: &mut Field<'_>,
    unread: &AtomicU64,
    hash: &mut Xxh3,
) -> Result<Part, ApiError> {
    let mime_type = field.content_type().map(ToString::to_string);
    let mime_type = mime_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let filename = name(field.file_name(), &mime_type)?;
    hash.update(filename.as_bytes());
    let mut size_bytes: u64 = 0;
    let mut kept = Some(BytesMut::new());
    while let Some(chunk) = field.chunk().await.map_err(|error| refusal(&error))? {
        unread.store(0, Ordering::Relaxed);
        hash.update(&chunk);
        size_bytes += chunk.len() as u64;
        if size_bytes > MAX_FILE_BYTES {
            return Err(ApiError::too_large());
        }
        kept = kept.filter(|kept| kept.len() + chunk.len() <= KEPT_CONTENT_BYTES);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&chunk);
        }
    }
    Ok(Part { filename, mime_type, size_bytes, content: kept.map(BytesMut::freeze) })
}

async fn read_text(field: &mut Field<'_>, unread: &AtomicU64) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| refusal(&error))? {
        unread.store(0, Ordering::Relaxed);
        if text.len() + chunk.len() > MAX_TEXT_BYTES {
            return Err(invalid(format!("a field is longer than {MAX_TEXT_BYTES} bytes")));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| invalid("a field is not valid UTF-8"))
}

/// The last component of the name that was given, or one made of the type.
fn name(given: Option<&str>, mime_type: &str) -> Result<String, ApiError> {
    let given = given.unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    if last.chars().count() > MAX_NAME_CHARS || last.chars().any(char::is_control) {
        return Err(invalid("file: Invalid filename"));
    }
    let ending = match mime_type.split(';').next().unwrap_or_default() {
        "application/pdf" => ".pdf",
        "application/json" => ".json",
        "text/plain" => ".txt",
        "text/csv" => ".csv",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        _ => "",
    };
    Ok(if last.is_empty() { format!("unnamed{ending}") } else { last.to_owned() })
}

/// One hour to ninety days.
fn lifetime(text: &str) -> Result<u64, ApiError> {
    let wrong = |rule: &str| invalid(format!("expires_in_seconds: Input should be {rule}"));
    match text.trim().parse::<u64>() {
        Err(_) => Err(wrong("a valid integer")),
        Ok(..3_600) => Err(wrong("greater than or equal to 3600")),
        Ok(7_776_001..) => Err(wrong("less than or equal to 7776000")),
        Ok(seconds) => Ok(seconds),
    }
}

fn refusal(error: &multer::Error) -> ApiError {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            ApiError::too_large()
        }
        multer::Error::StreamReadFailed(cause) => {
            invalid(format!("The multipart body cannot be read: {cause}"))
        }
        error => invalid(format!("The multipart body is not valid: {error}")),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::invalid_request(message)
}

/// A body that gives one frame at a time.
struct Paced {
    body: BodyDataStream,
    /// Bytes given since the reader last gave something back.
    unread: Arc<AtomicU64>,
    resting: bool,
}

impl Stream for Paced {
    type Item = Result<Bytes, String>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        if self.resting {
            self.resting = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.body).poll_next(context);
        Poll::Ready(match std::task::ready!(polled) {
            None => None,
            Some(Err(error)) => Some(Err(error.to_string())),
            Some(Ok(frame)) => {
                self.resting = true;
                let given = frame.len() as u64;
                let unread = self.unread.fetch_add(given, Ordering::Relaxed) + given;
                let over = unread > MAX_UNREAD_BYTES;
                Some(if over { Err("a part's header is too large".to_owned()) } else { Ok(frame) })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_component_of_a_name_is_kept_and_a_missing_one_is_made_of_the_type() {
        let check = |given: Option<&str>, kind: &str, expected: &str| {
            assert_eq!(name(given, kind).unwrap(), expected);
        };
        check(Some("../../etc/passwd"), "text/plain", "passwd");
        check(Some("C:\\tmp\\a.csv"), "text/csv", "a.csv");
        check(None, "text/plain; charset=utf-8", "unnamed.txt");
        check(Some(""), "application/x-unknown", "unnamed");
        assert!(name(Some(&"a".repeat(256)), "text/plain").is_err());
        assert!(name(Some("a\u{1}"), "text/plain").is_err());
    }

    #[test]
    fn a_file_lives_from_an_hour_to_ninety_days() {
        assert_eq!(lifetime("3600"), Ok(3_600));
        for wrong in ["3599", "7776001", "-1", "soon", ""] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
