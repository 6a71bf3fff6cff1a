//! The prompt cache: which prefixes are kept, for whom, from when and until when.
//!
//! A prefix is written at a breakpoint and found again at one of the twenty positions before a
//! breakpoint. It can be read once the response that wrote it has begun, each use makes it last
//! its whole time again, and nobody reads what another workspace wrote. The number of prefixes is
//! bounded: the next one to expire makes room. What a prefix is named by is in
//! `request/caching.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::prices::InputTokens;
use crate::api::request::{Breakpoint, MessagesRequest, Position, Ttl};
use crate::basis::clock::SECOND_US;

/// Prefixes kept at once, at most.
pub(crate) const MAX_PREFIXES: usize = 100_000;

/// Whose prefix it is, and its name.
type Key = (u64, u128);

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "the unit comes last in every name")]
struct Prefix {
    usable_from_us: u64,
    expires_us: u64,
    life_us: u64,
}

/// The prefixes of all workspaces.
#[derive(Debug, Default)]
pub(crate) struct PromptCache {
    entries: BTreeMap<Key, Prefix>,
    by_expiry: BTreeSet<(u64, Key)>,
}

impl PromptCache {
    /// Divides a request's input into read, written and uncached tokens, and lasts what it uses.
    pub(crate) fn read(
        &mut self,
        scope: u64,
        request: &MessagesRequest,
        now_us: u64,
    ) -> InputTokens {
        self.forget_until(now_us);
        let kept = cacheable(request);
        let mut hit = 0;
        for breakpoint in &kept {
            let found = breakpoint.positions.iter().find(|position| {
                let entry = self.entries.get(&(scope, position.prefix));
                entry.is_some_and(|entry| entry.usable_from_us <= now_us)
            });
            if let Some(position) = found {
                hit = hit.max(position.tokens);
                self.refresh((scope, position.prefix), now_us);
            }
        }
        divided(request, &kept, hit)
    }

    /// The same where nothing is found.
    pub(crate) fn missed(request: &MessagesRequest) -> InputTokens {
        divided(request, &cacheable(request), 0)
    }

    /// Forgets everything that is cached for one workspace.
    pub(crate) fn forget(&mut self, scope: u64) {
        self.entries.retain(|(owner, _), _| *owner != scope);
        self.by_expiry.retain(|(_, (owner, _))| *owner != scope);
    }

    /// Keeps the prefixes of an admitted request, readable from the moment its response begins.
    pub(crate) fn write(
        &mut self,
        scope: u64,
        request: &MessagesRequest,
        now_us: u64,
        begins_us: u64,
    ) {
        for breakpoint in cacheable(request) {
            let Some(Position { prefix, .. }) = breakpoint.positions.first() else {
                continue;
            };
            let life_us = life_us(breakpoint.ttl);
            let key = (scope, *prefix);
            let earlier = self.entries.get(&key).copied();
            let entry = Prefix {
                usable_from_us: earlier.map_or(begins_us, |e| e.usable_from_us.min(begins_us)),
                life_us: earlier.map_or(life_us, |e| e.life_us.max(life_us)),
                expires_us: earlier.map_or(0, |e| e.expires_us).max(begins_us + life_us),
            };
            self.put(key, entry);
        }
        self.forget_until(now_us);
    }

    fn refresh(&mut self, key: Key, now_us: u64) {
        if let Some(entry) = self.entries.get(&key).copied() {
            self.put(key, Prefix { expires_us: now_us + entry.life_us, ..entry });
        }
    }

    fn put(&mut self, key: Key, entry: Prefix) {
        if let Some(earlier) = self.entries.insert(key, entry) {
            self.by_expiry.remove(&(earlier.expires_us, key));
        }
        self.by_expiry.insert((entry.expires_us, key));
        if self.entries.len() > MAX_PREFIXES
            && let Some((_, key)) = self.by_expiry.pop_first()
        {
            self.entries.remove(&key);
        }
    }

    fn forget_until(&mut self, now_us: u64) {
        while let Some((expires_us, key)) = self.by_expiry.first().copied() {
            if expires_us > now_us {
                break;
            }
            self.by_expiry.pop_first();
            self.entries.remove(&key);
        }
    }
}

/// The tokens of a request of whose prefixes `read` tokens were found.
fn divided(request: &MessagesRequest, kept: &[&Breakpoint], read: u64) -> InputTokens {
    let mut input = InputTokens { read, ..InputTokens::default() };
    let mut end = read;
    for breakpoint in kept {
        let tokens = breakpoint.positions.first().map_or(0, |position| position.tokens);
        let written = tokens.saturating_sub(end);
        match breakpoint.ttl {
            Ttl::FiveMinutes => input.written_5m += written,
            Ttl::Hour => input.written_1h += written,
        }
        end = end.max(tokens);
    }
    input.uncached = request.tokens_in.saturating_sub(end);
    input
}

/// The breakpoints whose prefix is long enough for the model; the others are silently ignored.
fn cacheable(request: &MessagesRequest) -> Vec<&Breakpoint> {
    let least = request.model.shortest_cached();
    let long_enough = |breakpoint: &&Breakpoint| {
        breakpoint.positions.first().is_some_and(|position| position.tokens >= least)
    };
    request.breakpoints.iter().filter(long_enough).collect()
}

const fn life_us(ttl: Ttl) -> u64 {
    match ttl {
        Ttl::FiveMinutes => 300 * SECOND_US,
        Ttl::Hour => 3_600 * SECOND_US,
    }
}
