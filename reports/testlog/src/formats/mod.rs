//! Every format that is read, and which one an input is in.

// Text, by whichever runner speaks.
mod text;

// Formats for machines, one each.
mod go;
mod jest;
mod junit;
mod reportlog;

mod format;
mod read;

pub use format::Format;
pub use read::read;
