//! A listener and its connections: accepts them, serves each, and lets them end when it is asked to
//! stop. The mock, its admin API, the proxy and the replay all stand on this loop.
//!
//! Accepting is a loop of our own, because a simulated run must not pick between branches at
//! random. What a connection carries, and what can break it on purpose, is not decided here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Bytes in flight each way between the ends of an in-process connection.
const PIPE_BYTES: usize = 64 * 1024;

/// How many connections there may be, and how long they may go on after the stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Connections served at once; more wait to be accepted.
    pub(crate) connections: usize,
    pub(crate) drain: Duration,
}

/// Serves what `open` makes of each socket until `shutdown` is ready, then lets it end. A socket
/// that `open` keeps to itself is not served.
pub(crate) async fn run<C>(
    listener: TcpListener,
    bounds: Bounds,
    shutdown: impl Future<Output = ()>,
    open: impl Fn(TcpStream) -> Option<C>,
) where
    C: GracefulConnection<Error: fmt::Display> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut shutdown = std::pin::pin!(shutdown);
    let (mut refused, mut full) = (Refused::default(), false);
    loop {
        // Once: where all places are taken, one is free and taken again with every answer.
        if places.available_permits() == 0 && !std::mem::replace(&mut full, true) {
            tracing::error!(
                "{} connections are open, new ones wait for one to end",
                bounds.connections
            );
        }
        let accepting = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accepting => accepted,
        };
        let socket = match accepted {
            Ok((socket, _)) => {
                refused.is_over();
                socket
            }
            Err(error) => {
                refused.say(&error);
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without this, a stream of small events waits for acknowledgements.
        let _ = socket.set_nodelay(true);
        let Some(connection) = open(socket) else { continue };
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::select! {
        biased;
        () = graceful.shutdown() => {}
        () = sleep(bounds.drain) => {
            tracing::warn!("connections were still open after {:?}", bounds.drain);
        }
    }
}

/// Whether no connection can be accepted, which is said once each time that it begins.
#[derive(Default)]
struct Refused(bool);

impl Refused {
    fn say(&mut self, why: &dyn fmt::Display) {
        if !std::mem::replace(&mut self.0, true) {
            tracing::error!("no connection is accepted any more, new ones wait: {why}");
        }
    }

    fn is_over(&mut self) {
        if std::mem::take(&mut self.0) {
            tracing::error!("connections are accepted again");
        }
    }
}

/// Serves a router to at most `connections` at a time until `shutdown` is ready.
pub(crate) async fn serve(
    router: Router,
    listener: TcpListener,
    connections: usize,
    shutdown: impl Future<Output = ()>,
) {
    let bounds = Bounds { connections, drain: Duration::from_secs(2) };
    run(listener, bounds, shutdown, |socket| {
        let service = TowerToHyperService::new(router.clone());
        Some(http1().serve_connection(TokioIo::new(socket), service))
    })
    .await;
}

/// One connection inside the process.
pub(crate) fn pipe(router: Router) -> DuplexStream {
    let (client, server) = tokio::io::duplex(PIPE_BYTES);
    let service = TowerToHyperService::new(router);
    tokio::spawn(async move {
        let _ = http1().serve_connection(TokioIo::new(server), service).await;
    });
    client
}

/// HTTP/1.1 as every listener here speaks it.
pub(crate) fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    // The date would come from the machine's clock, whatever the mock's time is.
    builder.timer(TokioTimer::new()).auto_date_header(false);
    builder
}
