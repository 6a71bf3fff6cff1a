//! What the lines of pytest's text say, each by itself: progress, rules, headers, the summary.

pub(super) mod id;
mod letters;
pub(super) mod progress;
pub(super) mod tail;
pub(super) mod word;

pub(super) mod body;
pub(super) mod echo;
pub(super) mod rule;
pub(super) mod summary;

pub(super) use letters::has_banner;
