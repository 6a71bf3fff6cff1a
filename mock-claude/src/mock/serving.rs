//! A mock on a port of this machine, for as long as somebody holds it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::MockClaude;
use crate::journal::conduct::Conduct;
use crate::server;

/// A mock that serves until this is dropped. It is the guard of a [`MockClaude`], to which it
/// dereferences.
#[derive(Debug)]
pub struct MockServer {
    mock: MockClaude,
    url: String,
    /// Asks the server to stop when it is dropped.
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl MockServer {
    #[expect(clippy::unused_async, reason = "it needs a runtime, which only its caller can have")]
    pub(super) async fn start(mock: MockClaude) -> io::Result<Self> {
        let listener = server::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = mock.clone().serve(listener, async move {
            let _ = stopped.await;
        });
        Ok(Self { mock, url, stop, serving: tokio::spawn(serving) })
    }

    /// Where clients find it: `http://127.0.0.1` and a port.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops at once, waits until every connection has ended, and says what the clients did wrong.
    pub async fn stop(self) -> Conduct {
        let Self { mock, stop, serving, .. } = self;
        drop(stop);
        // It fails only where the runtime is going down, which ends the connections too.
        let _ = serving.await;
        mock.conduct()
    }
}

impl Deref for MockServer {
    type Target = MockClaude;

    fn deref(&self) -> &MockClaude {
        &self.mock
    }
}
