//! What a status fault does to an error besides choosing it: headers, machine code, another body.

use axum::response::Response;
use http::{HeaderMap, HeaderName, header};

use super::response::{with_body, with_header};
use crate::basis::clock::Clock;

/// Marks a response whose date was taken away on purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Undated;

/// What is changed about the response to an error besides the error itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Touch {
    /// Headers that take the place of the usual ones.
    pub(crate) headers: HeaderMap,
    /// Headers that are taken away.
    pub(crate) removed: Vec<HeaderName>,
    /// Seconds from now for a date in `retry-after`.
    pub(crate) retry_after_date_s: Option<u64>,
    /// The body, where it is not the API's.
    pub(crate) page: Option<String>,
}

/// The response to an error as the fault wants it.
pub(super) fn apply(response: Response, touch: &Touch, clock: Clock) -> Response {
    let mut response = response;
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
    for name in &touch.removed {
        response.headers_mut().remove(name);
        if *name == header::DATE {
            response.extensions_mut().insert(Undated);
        }
    }
    response
}
