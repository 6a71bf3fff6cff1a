//! Faults put together in Rust, for tests: what goes wrong is a function, and which requests it
//! hits is said after it.
//!
//! A fault that makes no sense cannot be made. What is wrong in a way that a type can rule out does
//! not compile, such as a sequence in a sequence; a number out of its range panics where it stands.
//! A section of a configuration becomes a fault by `try_from`, with its problems in the error.

use std::marker::PhantomData;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use strict_toml::Problem;

use super::config::FaultConfig;
use super::effect::semantic::SemanticEffect;
use super::effect::stream::StreamEffect;
use super::effect::wire::WireEffect;
use super::kinds::connection::RefusedConnectionFault;
use super::kinds::latency::{Extra, LatencyFault};
use super::kinds::none::{NO_FAULT, NoFault};
use super::kinds::semantic::SemanticFault;
use super::kinds::sequence::{SequenceFault, Then};
use super::kinds::status::StatusFault;
use super::kinds::stream::StreamFault;
use super::kinds::wire::WireFault;
use super::when::When;
use crate::basis::chance::Share;
use crate::basis::pattern::Pattern;
use crate::model::latency::Stall;

/// A fault that hits every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Always {}

/// A fault that hits some requests, or each attempt in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sometimes {}

/// A fault. `Hits` says whether it hits every request: only such a one can be an outcome of a
/// [`sequence`].
#[derive(Debug, Clone, PartialEq)]
pub struct Fault<Hits = Always> {
    config: FaultConfig,
    hits: PhantomData<Hits>,
}

impl<Hits> Fault<Hits> {
    const fn of(config: FaultConfig) -> Self {
        Self { config, hits: PhantomData }
    }

    fn when(self, change: impl FnOnce(&mut When)) -> Fault<Sometimes> {
        let mut config = self.config;
        change(config.when_mut());
        Fault::of(config)
    }

    /// Gives it a name in the journal, by which a client can ask for it.
    #[must_use]
    #[track_caller]
    pub fn named(mut self, name: &str) -> Self {
        assert_ne!(name, NO_FAULT, "by this name a client asks for no fault");
        *self.config.name_mut() = Some(name.to_owned());
        self
    }

    /// Hits the first attempts at each content; the ones after them succeed.
    #[track_caller]
    pub fn first_attempts(self, attempts: u32) -> Fault<Sometimes> {
        let attempts = NonZeroU32::new(attempts).expect("there is at least one first attempt");
        self.when(|when| when.first_attempts = Some(attempts))
    }

    /// Hits this share of the attempts, from 0 to 1, decided by the seed and the content.
    #[track_caller]
    pub fn share(self, share: f64) -> Fault<Sometimes> {
        let share = Share::try_from(share).expect("a share is a number from 0 to 1");
        self.when(|when| when.share = Some(share))
    }

    /// Hits every n-th request, counted over all since it was set: 5 hits the fifth and the tenth.
    #[track_caller]
    pub fn every(self, every: u64) -> Fault<Sometimes> {
        let every = NonZeroU64::new(every).expect("requests are counted from 1");
        self.when(|when| when.every = Some(every))
    }

    /// Hits the request with this number, counted over all from 1 since it was set.
    #[track_caller]
    pub fn nth(self, number: u64) -> Fault<Sometimes> {
        let number = NonZeroU64::new(number).expect("requests are counted from 1");
        self.when(|when| when.nth.get_or_insert_default().push(number))
    }

    /// Hits requests to this path; with a `*` at its end, to all that begin like it.
    pub fn path(self, path: &str) -> Fault<Sometimes> {
        self.when(|when| when.path = Some(Pattern::new(path)))
    }

    /// Hits requests to this model; with a `*` at its end, to all that begin like it.
    pub fn model(self, model: &str) -> Fault<Sometimes> {
        self.when(|when| when.model = Some(Pattern::new(model)))
    }

    /// Hits requests under `/job/NAME`, and counts these alone.
    pub fn job(self, name: &str) -> Fault<Sometimes> {
        self.when(|when| when.job = Some(name.to_owned()))
    }

    /// Hits only requests whose reply is streamed, or only those whose reply is not.
    pub fn streamed(self, streamed: bool) -> Fault<Sometimes> {
        self.when(|when| when.stream = Some(streamed))
    }
}

impl From<Fault> for Fault<Sometimes> {
    fn from(fault: Fault) -> Self {
        Self::of(fault.config)
    }
}

impl<Hits> From<Fault<Hits>> for FaultConfig {
    fn from(fault: Fault<Hits>) -> Self {
        fault.config
    }
}

impl TryFrom<FaultConfig> for Fault<Sometimes> {
    type Error = Vec<Problem>;

    fn try_from(config: FaultConfig) -> Result<Self, Vec<Problem>> {
        let problems = config.problems();
        if problems.is_empty() { Ok(Self::of(config)) } else { Err(problems) }
    }
}

/// Connections that are refused. There is no request yet, so only their number can be looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RefusedConnection(RefusedConnectionFault);

impl RefusedConnection {
    /// Refuses this share of the connections, from 0 to 1, decided by the seed and their number.
    #[must_use]
    #[track_caller]
    pub fn share(mut self, share: f64) -> Self {
        let share = Share::try_from(share).expect("a share is a number from 0 to 1");
        self.0.when.share = Some(share);
        self
    }

    /// Refuses the connection with this number, counted from 1.
    #[must_use]
    #[track_caller]
    pub fn nth(mut self, number: u64) -> Self {
        let number = NonZeroU64::new(number).expect("connections are counted from 1");
        self.0.when.nth.get_or_insert_default().push(number);
        self
    }
}

impl From<RefusedConnection> for Fault<Sometimes> {
    fn from(RefusedConnection(fault): RefusedConnection) -> Self {
        Self::of(FaultConfig::RefusedConnection(fault))
    }
}

/// Refuses connections.
pub fn refused_connection() -> RefusedConnection {
    RefusedConnection::default()
}

/// An HTTP error in place of the reply, from 400 to 599, with the API's own words.
#[track_caller]
pub fn status(status: u16) -> Fault {
    Fault::of(FaultConfig::Status(StatusFault { status: error(status), ..StatusFault::default() }))
}

/// A 429 that asks the client to wait.
pub fn rate_limited(retry_after_s: u32) -> Fault {
    let retry_after_s = Some(u64::from(retry_after_s));
    let fault = StatusFault { status: 429, retry_after_s, ..StatusFault::default() };
    Fault::of(FaultConfig::Status(fault))
}

/// A reply that begins later.
#[track_caller]
pub fn delay(by: Duration) -> Fault {
    let ms = u64::try_from(by.as_millis()).ok().filter(|ms| *ms <= LatencyFault::MAX_MS);
    let extra = Some(Extra::FixedMs(ms.expect("a reply is at most a year late")));
    Fault::of(FaultConfig::Latency(LatencyFault { extra, ..LatencyFault::default() }))
}

/// A reply that stops in the middle, after this many tokens, and never goes on.
pub fn stall(after_tokens: u64) -> Fault {
    let stall = Some(Stall { after_tokens, for_ms: None, ping_every_ms: None });
    Fault::of(FaultConfig::Latency(LatencyFault { stall, ..LatencyFault::default() }))
}

fn wire(what: WireEffect) -> Fault {
    Fault::of(FaultConfig::Wire(WireFault { name: None, what, when: When::default() }))
}

/// A connection that is reset before the reply.
pub fn reset() -> Fault {
    wire(WireEffect::Reset { after_body_bytes: None })
}

/// A connection that stays open, on which nothing comes.
pub fn hang() -> Fault {
    wire(WireEffect::Hang { after_body_bytes: None })
}

/// A body that ends after this many bytes, although its framing is right.
pub fn truncated_body(after_body_bytes: u64) -> Fault {
    wire(WireEffect::Truncate { after_body_bytes })
}

/// Bytes that are no HTTP.
pub fn garbage() -> Fault {
    wire(WireEffect::Garbage)
}

fn stream(what: StreamEffect) -> Fault {
    Fault::of(FaultConfig::Stream(StreamFault { name: None, what, when: When::default() }))
}

/// An error event in a streamed reply, after this many deltas.
#[track_caller]
pub fn error_event(after_deltas: u64, status: u16) -> Fault {
    stream(StreamEffect::ErrorEvent { after_deltas, status: error(status) })
}

/// A streamed reply that ends in order, in the middle, after this many deltas.
pub fn early_end(after_deltas: u64) -> Fault {
    stream(StreamEffect::EarlyEnd { after_deltas })
}

/// A reply without any content.
pub fn empty_content() -> Fault {
    stream(StreamEffect::EmptyContent)
}

fn semantic(what: SemanticEffect) -> Fault {
    Fault::of(FaultConfig::Semantic(SemanticFault { name: None, what, when: When::default() }))
}

/// A reply that stops with `max_tokens` after this many tokens, although more was allowed.
pub fn truncated_reply(after_tokens: u64) -> Fault {
    semantic(SemanticEffect::Truncated { after_tokens })
}

/// A reply that stops with `refusal`.
pub fn refusal() -> Fault {
    semantic(SemanticEffect::Refusal { after_tokens: 0, category: None, explanation: None })
}

/// An error's body under status 200.
#[track_caller]
pub fn error_body(status: u16) -> Fault {
    semantic(SemanticEffect::ErrorBody { status: error(status) })
}

/// A good reply: an outcome of a [`sequence`], or an exemption from the faults after it.
pub fn none() -> Fault {
    Fault::of(FaultConfig::None(NoFault::default()))
}

/// One outcome for each attempt at the same content, in order; further attempts succeed.
pub fn sequence<const N: usize>(outcomes: [Fault; N]) -> Fault<Sometimes> {
    const { assert!(N > 0, "a sequence has at least one outcome") };
    let outcomes = outcomes.into_iter().map(|outcome| outcome.config).collect();
    let then = Then::Succeed;
    Fault::of(FaultConfig::Sequence(SequenceFault { outcomes, then, ..SequenceFault::default() }))
}

#[track_caller]
fn error(status: u16) -> u16 {
    assert!((400..=599).contains(&status), "{status} is no status of an error: 400 to 599 are");
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_what_the_file_would_say() {
        let check = |built: FaultConfig, file: &str| {
            assert_eq!(built.problems(), []);
            assert_eq!(built, toml::from_str(file).unwrap());
        };
        check(
            status(529).first_attempts(1).named("brief").into(),
            "kind = \"status\"\nstatus = 529\nname = \"brief\"\nwhen = { first_attempts = 1 }",
        );
        check(
            sequence([rate_limited(2), none(), reset()]).path("/v1/*").into(),
            "kind = \"sequence\"\nwhen = { path = \"/v1/*\" }\noutcomes = [\
             { kind = \"status\", status = 429, retry_after_s = 2 }, { kind = \"none\" },\
             { kind = \"wire\", what = { reset = {} } }]",
        );
        check(
            Fault::from(refused_connection().nth(2)).into(),
            "kind = \"refused_connection\"\nwhen = { nth = [2] }",
        );
    }

    #[test]
    #[should_panic(expected = "200 is no status of an error")]
    fn a_status_that_is_no_error_is_refused_where_it_stands() {
        let _ = status(200);
    }

    #[test]
    fn a_section_becomes_a_fault_where_nothing_is_wrong_with_it() {
        let section = |text: &str| toml::from_str::<FaultConfig>(text).unwrap();
        assert!(Fault::try_from(section("kind = \"status\"\nstatus = 503")).is_ok());
        let problems = Fault::try_from(section("kind = \"status\"\nstatus = 200")).unwrap_err();
        assert_eq!(problems[0].key, "status");
    }
}
