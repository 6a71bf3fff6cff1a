//! The vocabulary of the API: what a client may send ([`request`], [`betas`]) and the refusals for
//! what it may not ([`error`], [`error_codes`]), what each model can take and what it costs
//! ([`prices`], [`tokens`]), the names of headers ([`headers`]) and the credentials in them
//! ([`secrets`]), and the form of a stream ([`sse`]).

pub(crate) mod betas;
pub(crate) mod error;
mod error_codes;
mod generation;
pub(crate) mod headers;
pub mod prices;
pub mod request;
pub(crate) mod secrets;
pub(crate) mod sse;
pub mod tokens;
