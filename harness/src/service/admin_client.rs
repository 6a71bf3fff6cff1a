//! A mock that was started elsewhere: where it is, and what its admin API says it charged.
//!
//! It is asked at once, on the thread that wants to know. The guard of an attempt that is given up
//! cannot wait for a future, and the admin API is on this machine or near it. HTTP/1.0 by hand is
//! all that this takes: one request a connection, and the body ends where the connection does.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use engine::outside::Bill;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Failure;

/// How long the admin API may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer of the admin API that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// A mock that outlives the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteMock {
    /// The URL of its API.
    pub url: String,
    admin: SocketAddr,
}

/// The sum of everything that a mock has charged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct LedgerSum {
    /// Requests decided.
    pub requests: u64,
    /// Micro-dollars charged.
    pub cost_microusd: u64,
}

#[derive(Deserialize)]
struct Page {
    records: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    entry: Charged,
    visit: Visit,
}

#[derive(Deserialize)]
struct Visit {
    limit: Option<String>,
}

#[derive(Deserialize)]
struct Charged {
    fault: Option<String>,
    tokens_in: u64,
    tokens_out: u64,
    cost_microusd: u64,
}

impl RemoteMock {
    /// The mock at these URLs, if its admin API answers: without a ledger no cost is known.
    pub fn check(url: &str, admin: &str) -> Result<Self, Failure> {
        let unusable = |error: &dyn std::fmt::Display| {
            Failure::usage(format!(
                "cannot use the admin API `{}`: {error}\n\
                 hint: start a mock with `mock-claude --port 8080 --admin-port 8081`",
                redact::url(admin)
            ))
        };
        let address = admin.trim_start_matches("http://").trim_end_matches('/');
        let mut addresses = address.to_socket_addrs().map_err(|error| unusable(&error))?;
        let admin = addresses.next().ok_or_else(|| unusable(&"it has no address"))?;
        let mock = Self { url: url.trim_end_matches('/').to_owned(), admin };
        mock.ledger().map_err(|error| unusable(&error))?;
        Ok(mock)
    }

    /// What the mock has charged since it was started.
    pub fn ledger(&self) -> io::Result<LedgerSum> {
        self.get("/ledger")
    }

    /// The same in the middle of a run, where it has answered before.
    pub fn ledger_now(&self) -> Result<LedgerSum, Failure> {
        self.ledger().map_err(|error| {
            Failure::internal(format!("the mock's admin API does not answer any more: {error}"))
        })
    }

    /// What the mock charged for the request with this tag; nothing where it has seen none.
    pub fn bill(&self, tag: &str) -> io::Result<Bill> {
        let page: Page = self.get(&format!("/journal?tag={tag}"))?;
        let mut bill = Bill::default();
        for Row { entry, visit } in page.records {
            bill.tokens_in += entry.tokens_in;
            bill.tokens_out += entry.tokens_out;
            bill.cost_microusd += entry.cost_microusd;
            bill.faulty |= entry.fault.is_some();
            bill.over_limit |= visit.limit.as_deref() == Some("request");
        }
        Ok(bill)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> io::Result<T> {
        let mut stream = TcpStream::connect_timeout(&self.admin, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: {}\r\n\r\n", self.admin)?;
        let mut text = String::new();
        stream.take(MAX_BYTES).read_to_string(&mut text)?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).unwrap_or_default();
        if status != "200" {
            return Err(io::Error::other(format!("`{path}` is answered with status `{status}`")));
        }
        serde_json::from_str(body).map_err(io::Error::other)
    }
}
