//! The model that answers: what it finds in a prompt ([`definitions`]), what it says of it
//! ([`reply`]), when ([`latency`]), the forms in which that is sent ([`message`], [`by_name`],
//! [`stream`]), and what it remembers of prompts ([`prompt_cache`]).

pub(crate) mod by_name;
pub mod definitions;
pub mod latency;
pub(crate) mod message;
pub(crate) mod prompt_cache;
pub mod reply;
pub(crate) mod stream;
