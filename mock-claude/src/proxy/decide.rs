//! What a proxy decides about a request before it passes it on: its identity, its place in the
//! journal, and the fault that it meets on the way.
//!
//! The decisions are the mock's own, by the same seed and the same attempts. The mock is in
//! contract mode here, so that a request which only the upstream understands meets its faults too.

use xxhash_rust::xxh3::xxh3_64;

use crate::exchange::core::Core;
use crate::exchange::pending::Asking;
use crate::exchange::{Decision, Elsewhere, Outcome, count_tokens, message, route};
use crate::fault::effect::Effect;
use crate::journal::trace::Handle;

/// Decides about one request and writes it into the journal. A status fault answers in the
/// upstream's place; everything else is for the upstream to answer.
pub(super) fn decide(
    core: &Core,
    trace: &Handle,
    head: &http::request::Parts,
    body: &[u8],
    upstream: Elsewhere,
) -> Decision {
    let asking = Asking::directly(&head.headers, Some(trace));
    let elsewhere = Outcome::Elsewhere(upstream);
    let decision = match (head.method.as_str(), head.uri.path()) {
        ("POST", message::PATH) => core.message(asking, Ok(body)),
        ("POST", count_tokens::PATH) => core.count(asking, Ok(body)),
        (method, path) => {
            let asked = head.uri.path_and_query().map_or("/", |path| path.as_str());
            let subject = route::subject(method, asked, xxh3_64(body));
            return core.passed_on(asking, path, subject, elsewhere);
        }
    };
    trace.open().trace.prompt = None;
    let refusal = decision.effect.as_ref().and_then(Effect::refusal).cloned();
    let outcome = refusal.map_or(elsewhere, Outcome::Refused);
    Decision { outcome, is_foreseen: false, ..decision }
}
