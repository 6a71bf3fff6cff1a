//! The `date` of every answer, as an origin server with a clock sends it (RFC 9110, 6.6.1). In
//! simulated time it is the simulated one.

use axum::response::Response;
use http::header;

use crate::basis::clock::Clock;
use crate::fault::effect::touch::Undated;

/// The answer with the time of day, unless it has one, or a fault has taken it away.
pub(super) fn dated(mut response: Response, clock: Clock, now_us: u64) -> Response {
    if response.extensions().get::<Undated>().is_none() {
        response.headers_mut().entry(header::DATE).or_insert_with(|| clock.date(now_us));
    }
    response
}
