//! What a target talks to, and what knows the price of it: a mock of the API.
//!
//! It is in this process, over a [`pipe`] or by a [`direct`] call in simulated time and over a
//! [`socket`] in real time, or it was started elsewhere and an [`admin_client`] asks it what it
//! charged. [`billing`] matches charges with requests.

pub mod admin_client;
pub mod billing;
pub mod calls;
pub mod direct;
pub mod pipe;
pub mod socket;

use std::fmt;
use std::sync::Arc;

use engine::client::Client;
use mock_claude::MockClaude;

use self::admin_client::{LedgerSum, RemoteMock};
use self::billing::Billing;
use self::calls::Calls;
use self::direct::Direct;
use self::pipe::Pipe;
use self::socket::Socket;
use crate::Failure;

/// How requests reach a mock in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As bytes of HTTP over a pipe.
    Pipe,
    /// By a call.
    Direct,
}

/// Says what was charged and counted until now, over all lives of the run.
type Ledger = Box<dyn Fn() -> Result<LedgerSum, Failure> + Send + Sync>;

/// What a target talks to.
pub struct Service {
    /// Sends requests to it.
    pub client: Client,
    /// Where it listens, where that is a real port.
    pub url: Option<String>,
    /// What each request was charged.
    pub billing: Arc<Billing>,
    /// The calls of a target that is not ours, where this process can see them.
    pub calls: Option<Arc<Calls>>,
    ledger: Ledger,
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Service").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Service {
    /// A mock in this process, without a port. `earlier` is what mocks of earlier lives charged,
    /// which are gone.
    pub fn in_process(
        mock: MockClaude,
        way: Way,
        billing: Arc<Billing>,
        earlier: LedgerSum,
    ) -> Self {
        let client = match way {
            Way::Pipe => Client::new(Pipe::new(mock.clone())),
            Way::Direct => Client::new(Direct::new(mock.clone())),
        };
        Self { client, url: None, billing, calls: None, ledger: ledger_of(mock, earlier) }
    }

    /// A mock in this process that listens at a URL.
    pub fn on_port(
        mock: MockClaude,
        url: String,
        billing: Arc<Billing>,
        calls: Option<Arc<Calls>>,
        earlier: LedgerSum,
    ) -> Result<Self, Failure> {
        let (client, ledger) = (client_of(&url)?, ledger_of(mock, earlier));
        Ok(Self { client, url: Some(url), billing, calls, ledger })
    }

    /// A mock that outlives the run, and what it had charged before the run began.
    pub fn remote(mock: RemoteMock, before: LedgerSum) -> Result<Self, Failure> {
        let (client, url) = (client_of(&mock.url)?, Some(mock.url.clone()));
        let billing = Arc::new(Billing::of_remote(mock.clone()));
        let ledger = Box::new(move || {
            let now = mock.ledger_now()?;
            Ok(LedgerSum {
                requests: now.requests.saturating_sub(before.requests),
                cost_microusd: now.cost_microusd.saturating_sub(before.cost_microusd),
            })
        });
        Ok(Self { client, url, billing, calls: None, ledger })
    }

    /// What was charged until now, and how many requests were charged for their own sake.
    pub fn ledger(&self) -> Result<LedgerSum, Failure> {
        let LedgerSum { requests, cost_microusd } = (self.ledger)()?;
        let requests = requests.saturating_sub(self.billing.extra_requests());
        Ok(LedgerSum { requests, cost_microusd })
    }
}

/// The ledger of a mock in this process, and of those that are gone with earlier lives.
fn ledger_of(mock: MockClaude, earlier: LedgerSum) -> Ledger {
    Box::new(move || {
        let ledger = mock.ledger();
        Ok(LedgerSum {
            requests: earlier.requests + ledger.requests,
            cost_microusd: earlier.cost_microusd + ledger.cost_microusd,
        })
    })
}

fn client_of(url: &str) -> Result<Client, Failure> {
    Socket::new(url).map(Client::new).map_err(|error| Failure::internal(error.to_string()))
}
