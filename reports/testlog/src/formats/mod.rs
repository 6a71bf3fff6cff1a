//! Every format that is read, and which one an input is in.

// Text, by whichever runner speaks.
pub(crate) mod rust;
mod text;

// Formats for machines, one each.
mod go;
mod jest;
mod junit;
mod reportlog;

// What several of them need.
mod json;
mod output;

mod format;
mod read;

pub use format::Format;
pub use read::read;
