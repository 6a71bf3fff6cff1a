//! A job in line for a place to run. One whose turn never comes, because the run had to give up on
//! what was before it, is on record as such.

use std::num::NonZeroU64;

use super::attend::never_begun;
use super::invocation::{Invocation, Status};
use crate::run::subject::Subject;
use crate::target::Job;

/// A job in line, until it leaves it for a place or is dropped in it.
pub(super) struct InLine<'a> {
    subject: &'a Subject,
    job: &'a Job,
    memory_mb: NonZeroU64,
    joined_us: u64,
    has_left: bool,
}

impl<'a> InLine<'a> {
    /// At the end of the line.
    pub(super) fn join(subject: &'a Subject, job: &'a Job, memory_mb: NonZeroU64) -> Self {
        Self { subject, job, memory_mb, joined_us: subject.clock.now_us(), has_left: false }
    }

    /// Its turn has come; gives the microseconds that it waited.
    pub(super) fn leave(mut self) -> u64 {
        self.has_left = true;
        self.waited_us()
    }

    fn waited_us(&self) -> u64 {
        self.subject.clock.now_us() - self.joined_us
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        if !self.has_left && self.subject.recorder.is_stuck() {
            let clock = self.subject.clock;
            let mut invocation = Invocation::new(clock, self.memory_mb, Status::None);
            invocation.queued_us = self.waited_us();
            never_begun(self.subject, self.job, &invocation);
        }
    }
}
