//! A router behind a listener: what the admin API, the proxy and the replay stand on.
//!
//! The mock's own loop is in `server`, where faults of the wire reach into it; nothing here can
//! break a connection on purpose.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// How long connections may go on after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// Bytes in flight each way between the ends of an in-process connection.
const PIPE_BYTES: usize = 64 * 1024;

/// Serves at most `connections` at a time until `shutdown` is ready, then lets them end.
pub(crate) async fn serve(
    router: Router,
    listener: TcpListener,
    connections: usize,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(connections));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepting = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accepting => accepted,
        };
        let Ok((socket, _)) = accepted else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = socket.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http1().serve_connection(TokioIo::new(socket), service));
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
        () = sleep(DRAIN) => {}
    }
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

fn http1() -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).auto_date_header(false);
    builder
}
