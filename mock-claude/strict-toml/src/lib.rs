//! Reads the TOML files that users write: strictly, every problem at once, each with its place, its
//! key and, where one is near, the name that was meant.
//!
//! A file is parsed (`document`), checked against the schema of the type that it becomes
//! (`shape`), and what is wrong is reported in words (`problem`). What a section finds wrong
//! with itself is the same [`Problem`], so that one list holds everything. Nothing here knows what
//! a file is about: mocks, scenarios and pipelines are all read by it.
//!
//! ```
//! #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     workers: u8,
//! }
//!
//! let document = strict_toml::Document::parse("my.toml", "wokers = 4\n").unwrap();
//! let invalid = document.read::<Settings>().unwrap_err();
//! let slip = invalid.problems.iter().find(|problem| problem.key == "wokers").unwrap();
//! assert_eq!(slip.hint.as_deref(), Some("did you mean `workers`?"));
//! ```

mod document;
mod problem;
mod shape;

pub use self::document::Document;
pub use self::problem::{Invalid, Place, Problem, nearest, suggest};
