//! Every other route: the same identities, faults and journal as for a message; no limits, because
//! the API keeps separate ones for these routes.

use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::core::Core;
use super::pending::{Asking, Pending, check_headers};
use super::{Decision, Given, Outcome};
use crate::api::betas;
use crate::api::error::ApiError;
use crate::api::headers::ORGANIZATION;
use crate::api::request::Version;
#[cfg(feature = "proxy")]
use crate::fault::effect::Effect;

/// What a route's work may know of the request that it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The headers of the request.
    pub(crate) headers: &'a HeaderMap,
    /// The id that the response carries.
    pub(crate) request_id: &'a str,
    /// The version of the API that the client speaks.
    pub(crate) version: Version,
    /// When the request came, in microseconds since the mock was made.
    pub(crate) now_us: u64,
}

/// What a request is about: its method, its path and query, and a hash of its body.
pub(crate) fn subject(method: &str, path_and_query: &str, body: u64) -> u64 {
    let method = xxh3_64_with_seed(method.as_bytes(), body);
    xxh3_64_with_seed(path_and_query.as_bytes(), method)
}

impl Core {
    /// Decides a request about `subject`: refuses it, or does the work and gives its result.
    pub(crate) fn route(
        &self,
        asking: Asking<'_>,
        path: &str,
        subject: u64,
        work: impl FnOnce(Context<'_>) -> Result<Given, ApiError>,
    ) -> Decision {
        let mut pending = Pending::open(self, asking, subject);
        let given = check_headers(&asking.known).and_then(|version| {
            if !self.config.contract {
                betas::check(asking.headers)?;
            }
            pending.meet(path, "", is_streamed(path))?;
            let (now_us, request_id) =
                (pending.identity.arrival.at_us, &*pending.identity.request_id);
            work(Context { headers: asking.headers, request_id, version, now_us })
        });
        self.routed(pending, given.map(Outcome::Given))
    }

    /// Decides a request about `subject` that only a fault refuses: whether it is right is for
    /// somebody else to say, who answers as `outcome` says.
    #[cfg(feature = "proxy")]
    pub(crate) fn passed_on(
        &self,
        asking: Asking<'_>,
        path: &str,
        subject: u64,
        outcome: Outcome,
    ) -> Decision {
        let mut pending = Pending::open(self, asking, subject);
        // A request without credentials meets no fault, as it would not at the API.
        let _ =
            check_headers(&asking.known).and_then(|_| pending.meet(path, "", is_streamed(path)));
        let refusal = pending.effect().and_then(Effect::refusal).cloned();
        self.routed(pending, refusal.map_or(Ok(outcome), Err))
    }

    fn routed(&self, pending: Pending<'_>, result: Result<Outcome, ApiError>) -> Decision {
        let error = result.as_ref().err();
        pending.commit(pending.entry(error));
        let mut headers = HeaderMap::new();
        if error.is_none_or(|error| error.status != 401) {
            headers.insert(&ORGANIZATION, self.organization.clone());
        }
        pending.decided(headers, result.unwrap_or_else(Outcome::Refused))
    }
}

/// Results come line by line, as a stream does.
fn is_streamed(path: &str) -> bool {
    path.ends_with("/results")
}
