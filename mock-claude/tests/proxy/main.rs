//! Goal: a proxy changes nothing but what it was asked to break, and a replay answers as the
//! upstream did; no key gets into the file. Method: a mock as the upstream, the proxy and a client
//! over real ports, with tiny latencies.

#[path = "../support/sse.rs"]
mod sse;

mod ends;
mod every_fault;
mod faults;
mod recording;
mod secrets;
mod tls;
