//! A connection inside the process whose client sees resets and refusals as over a socket.
//!
//! A plain pipe can only end; here the server's end leaves word how it ended, and the client's end
//! reads that word where it would have read the end. What was written before arrives first.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use super::wire::Carrier;

/// Bytes in flight each way.
const PIPE_BYTES: usize = 64 * 1024;

/// The client's end of a connection inside the process.
#[derive(Debug)]
pub struct ClientEnd(End);

#[derive(Debug)]
enum End {
    Open { stream: DuplexStream, reset: Arc<AtomicBool> },
    Refused,
    Hanging,
}

/// The server's end.
#[derive(Debug)]
pub(crate) struct ServerEnd {
    stream: DuplexStream,
    reset: Arc<AtomicBool>,
}

/// Both ends of a new connection.
pub(crate) fn pair() -> (ClientEnd, ServerEnd) {
    let (client, server) = tokio::io::duplex(PIPE_BYTES);
    let reset = Arc::new(AtomicBool::new(false));
    let client = ClientEnd(End::Open { stream: client, reset: Arc::clone(&reset) });
    (client, ServerEnd { stream: server, reset })
}

/// The client's end of a connection that nobody accepted.
pub(crate) const fn refused() -> ClientEnd {
    ClientEnd(End::Refused)
}

/// The client's end of a connection that never comes to be.
pub(crate) const fn hanging() -> ClientEnd {
    ClientEnd(End::Hanging)
}

impl Carrier for ServerEnd {
    fn abort(&mut self) {
        self.reset.store(true, Ordering::Release);
    }
}

fn or_reset(error: io::Error, reset: &AtomicBool) -> io::Error {
    if reset.load(Ordering::Acquire) { ErrorKind::ConnectionReset.into() } else { error }
}

impl AsyncRead for ClientEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            End::Open { stream, reset } => {
                let (before, wanted) = (buffer.filled().len(), buffer.remaining());
                ready!(Pin::new(stream).poll_read(context, buffer))?;
                let ended = wanted > 0 && buffer.filled().len() == before;
                if ended && reset.load(Ordering::Acquire) {
                    return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
                }
                Poll::Ready(Ok(()))
            }
            // The refusal is reported to whoever writes: a client that only waits, before it has a
            // request to blame it on, would lose the reason.
            End::Refused | End::Hanging => Poll::Pending,
        }
    }
}

impl AsyncWrite for ClientEnd {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            End::Open { stream, reset } => {
                Pin::new(stream).poll_write(context, bytes).map_err(|error| or_reset(error, reset))
            }
            End::Refused => Poll::Ready(Err(ErrorKind::ConnectionRefused.into())),
            End::Hanging => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            End::Open { stream, .. } => Pin::new(stream).poll_flush(context),
            End::Refused | End::Hanging => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            End::Open { stream, .. } => Pin::new(stream).poll_shutdown(context),
            End::Refused | End::Hanging => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for ServerEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ServerEnd {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn what_was_written_before_a_reset_still_arrives_and_then_the_reset_does() {
        let (mut client, mut server) = pair();
        server.write_all(b"half").await.unwrap();
        server.abort();
        drop(server);
        let mut read = [0; 4];
        client.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"half");
        let error = client.read(&mut read).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let error = client.write_all(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    #[tokio::test(start_paused = true)]
    async fn an_orderly_end_is_no_error() {
        let (mut client, server) = pair();
        drop(server);
        assert_eq!(client.read(&mut [0; 4]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_connection_says_so_to_whoever_writes() {
        let error = refused().write_all(b"GET").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}
