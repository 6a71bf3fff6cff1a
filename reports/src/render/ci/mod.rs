//! What a CI system shows: a comment or summary, a test report, annotations.

pub(in crate::render) mod github;
mod junit;
pub(in crate::render) mod markdown;

pub(super) use github::Github;
pub(super) use junit::Junit;
pub(super) use markdown::{Markdown, plain};
