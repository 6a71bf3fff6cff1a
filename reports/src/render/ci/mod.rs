//! What a CI system shows: a comment or summary, a test report, annotations.

mod github;
mod junit;
mod markdown;

pub(super) use github::Github;
pub(super) use junit::Junit;
pub(super) use markdown::{Markdown, plain};
