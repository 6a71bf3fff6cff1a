//! A proxy in front of a real API or another mock, what it records, and its replay.
//!
//! The recording is a file that anybody may be shown: what a client or the upstream's address
//! authenticates with goes to the upstream and nowhere else.

mod decide;
mod forward;
mod hop;
mod nearest;
mod noting;
mod record;
mod relay;
mod replay;
mod tape;
mod upstream;

pub use self::forward::{Proxy, ProxyConfig};
pub use self::record::{Chunk, FORMAT, Header, Piece, Recorded, Recorder};
pub use self::replay::{Replay, ReplayError};
pub use self::upstream::ProxyError;
