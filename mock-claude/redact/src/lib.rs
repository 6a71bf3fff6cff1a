//! Takes credentials out of texts and bytes before they leave a program: recordings, journals,
//! logs, errors, reports.
//!
//! Two things are masked: what looks like a credential wherever it stands (`shapes`), and the
//! credentials that are known, such as those of one request (`known`), in whatever form they are
//! repeated (`forms`). Both are looked for in the bytes as they are and as they read once escapes
//! are undone (`view`, `look`), over the joints of a body that comes in pieces (`cuts`), and over
//! the joints of the text that a stream of events puts together (`events`).
//!
//! Invariants: a mask holds no character that JSON, XML or a terminal would have to escape, and
//! stands inside the string that held the credential, so a document stays one; what is masked once
//! is not changed by being masked again.
//!
//! ```
//! let told = redact::text("connect to redis://:pa55word@cache:6379 failed");
//! assert_eq!(told, "connect to redis://[masked]@cache:6379 failed");
//! ```

mod names;
mod opaque;

mod forms;
mod shapes;
mod view;

mod cuts;
mod events;
mod known;
mod look;

mod collect;
mod secrets;
mod words;
mod writer;

pub use self::collect::Collector;
pub use self::cuts::MASK;
pub use self::known::MIN_KEY;
pub use self::names::is_secret;
pub use self::secrets::{Body, Secrets, text};
pub use self::words::{url, words};
pub use self::writer::Masking;
