//! What was compared: a gate and two runs in every format, and a pipeline without each of its
//! stages.
//!
//! A gate and a comparison are one `page`, and each format lays that out.

pub mod ablation;
pub(super) mod amount;
mod page;
mod repeated;
mod sentence;

mod github;
mod html;
pub mod json;
mod junit;
mod markdown;
mod screen;

pub(super) use self::github::PageGithub;
pub(super) use self::html::PageHtml;
pub(super) use self::json::PageJson;
pub(super) use self::junit::PageJunit;
pub(super) use self::markdown::PageMarkdown;
pub(super) use self::screen::PageScreen;

#[cfg(test)]
mod tests;
