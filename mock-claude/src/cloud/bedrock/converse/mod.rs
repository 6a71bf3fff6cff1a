//! `Converse`: one shape for all of Bedrock's models, with names of its own for everything.

mod answer;
mod request;
mod stream;

pub(super) use self::answer::answer;
pub(super) use self::request::message;
pub(super) use self::stream::Stream;
