//! Goal: every fault does to a client exactly what was asked for, over a pipe and on a real port
//! alike. Method: one claim, two transports; every check is on what the client sees, and no check
//! on a port looks at a clock.

#[path = "../support/sse.rs"]
mod sse;

mod client;
mod example;
mod losing;
mod routes;
mod selecting;
mod speaking;
mod waiting;
mod wire;
