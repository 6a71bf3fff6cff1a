//! A connection whose bytes can be corrupted: what a fault orders for one response is done to what
//! the HTTP library writes, below it, so that a client sees a real reset or real bad framing.
//!
//! One [`Control`] is shared by the connection and the handlers of its requests. A handler gives
//! an order before it hands its response over; the order takes hold at the response's first byte,
//! and no connection outlives an order. Which request is hit is not decided here.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice};
use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::head::{HeadEnd, Quiet};

/// What becomes of one response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Goes on until this many bytes of the body are written, framing included; without a number,
    /// not even the head is.
    Cut { after_body_bytes: Option<u64>, ending: Ending },
    /// Is written at this pace.
    Slow { bytes_per_second: NonZeroU64 },
    /// Gives way to these bytes, after which the connection closes.
    Instead { bytes: Bytes },
}

/// How a connection ends that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As by a process that was killed.
    Reset,
    /// In order, as if all had been said.
    Close,
    /// Not at all: nothing comes any more.
    Hang,
}

/// The handler's end of a connection: takes the order for the response to come, and knows what
/// became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Control {
    /// The connection, counted from 1; 0 where it is not counted.
    number: u64,
    orders: Arc<Mutex<Orders>>,
}

#[derive(Default)]
struct Orders {
    next: Option<Order>,
    /// Whether there was one: it is the connection's last.
    given: bool,
    /// What it has cost the client.
    loss: Loss,
    /// Whether it can cost no more.
    over: bool,
    /// Who wants to know what it did, once that is certain.
    waiting: Option<Told>,
}

/// What a client did not get of a response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    /// A part of it, or all of it.
    pub(crate) cut: bool,
    /// All of it: not even its head came.
    pub(crate) unheard: bool,
    /// It was cut by silence, so it was the client who ended the connection.
    pub(crate) hung: bool,
}

/// Is told what was lost of a response.
pub(crate) type Told = Box<dyn FnOnce(Loss) + Send>;

impl Control {
    /// The control of a connection.
    pub(crate) fn of_connection(number: u64) -> Self {
        Self { number, orders: Arc::default() }
    }

    /// The connection's number.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Orders what becomes of the next response.
    pub(crate) fn order(&self, order: Order) {
        let mut orders = self.orders.lock();
        orders.given = true;
        orders.next = Some(order);
    }

    /// Whether there was an order for a response.
    pub(crate) fn is_ordered(&self) -> bool {
        self.orders.lock().given
    }

    /// Tells what was lost of the response, at once or when the connection has ended.
    pub(crate) fn tell(&self, told: Told) {
        let mut orders = self.orders.lock();
        if orders.given && !orders.over {
            orders.waiting = Some(told);
        } else {
            let loss = orders.loss;
            drop(orders);
            told(loss);
        }
    }

    fn take(&self) -> Option<Order> {
        self.orders.lock().next.take()
    }

    fn lost(&self, loss: Loss) {
        self.orders.lock().loss = loss;
    }

    fn ended(&self) {
        let mut orders = self.orders.lock();
        orders.over = true;
        let (told, loss) = (orders.waiting.take(), orders.loss);
        drop(orders);
        if let Some(told) = told {
            told(loss);
        }
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Orders").field("next", &self.next).finish_non_exhaustive()
    }
}

/// What carries a connection.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send {
    /// From now on the connection ends with a reset when it is dropped.
    fn abort(&mut self);
}

impl Carrier for TcpStream {
    fn abort(&mut self) {
        // Closing without lingering sends a reset in place of an orderly end.
        let _ = self.set_zero_linger();
    }
}

/// A connection that follows orders.
#[derive(Debug)]
pub(crate) struct Wire<C> {
    carrier: C,
    control: Control,
    state: State,
    /// How long it may idle before it is dead, and when something last went over it.
    dies: Option<(Duration, Instant)>,
}

impl<C> Drop for Wire<C> {
    fn drop(&mut self) {
        self.control.ended();
    }
}

#[derive(Debug)]
enum State {
    Faithful,
    Cutting { head: HeadEnd, quiet: Option<Quiet>, left: Option<u64>, ending: Ending },
    Slow { pace: Pace, sleep: Option<Pin<Box<Sleep>>> },
    Instead { spoken: Spoken },
    Over { ending: Ending },
}

impl State {
    /// Whether not even the head of the response was written; nothing once it is over.
    fn is_unheard(&self) -> Option<bool> {
        match self {
            Self::Over { .. } => None,
            Self::Cutting { left, .. } => Some(left.is_none()),
            Self::Instead { spoken } => Some(!spoken.is_http),
            Self::Faithful | Self::Slow { .. } => Some(false),
        }
    }
}

impl<C: Carrier> Wire<C> {
    pub(crate) fn new(carrier: C, control: Control) -> Self {
        Self { carrier, control, state: State::Faithful, dies: None }
    }

    /// The same connection, which is dead once it has idled for so long after an answer.
    pub(crate) fn dying(mut self, after: Option<Duration>) -> Self {
        self.dies = after.map(|after| (after, Instant::now()));
        self
    }

    /// Notes that something goes over it; whether it was dead by then.
    fn is_dead(&mut self) -> bool {
        let Some((after, last)) = &mut self.dies else { return false };
        std::mem::replace(last, Instant::now()).elapsed() >= *after
    }

    fn obey(&mut self) {
        if let Some(order) = self.control.take() {
            self.state = match order {
                Order::Cut { after_body_bytes, ending } => {
                    let head = HeadEnd::default();
                    State::Cutting { head, quiet: None, left: after_body_bytes, ending }
                }
                Order::Slow { bytes_per_second } => {
                    State::Slow { pace: Pace::of(bytes_per_second), sleep: None }
                }
                Order::Instead { bytes } => State::Instead { spoken: Spoken::of(bytes) },
            };
        }
    }

    fn end(&mut self, ending: Ending) -> Poll<io::Result<usize>> {
        if let Some(unheard) = self.state.is_unheard() {
            self.control.lost(Loss { cut: true, unheard, hung: ending == Ending::Hang });
        }
        self.state = State::Over { ending };
        // A client that waits for the rest ends the connection when it has waited enough.
        if ending != Ending::Hang {
            self.control.ended();
        }
        match ending {
            Ending::Reset => {
                self.carrier.abort();
                Poll::Ready(Err(ErrorKind::ConnectionReset.into()))
            }
            // The server drops a connection that fails, which ends it in order.
            Ending::Close => Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            // Reading goes on, so a client that leaves is still noticed.
            Ending::Hang => Poll::Pending,
        }
    }
}

impl<C: Carrier> AsyncWrite for Wire<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = &mut *self;
        // An answer may take as long as it likes.
        wire.is_dead();
        wire.obey();
        let mut carrier = Pin::new(&mut wire.carrier);
        match &mut wire.state {
            State::Faithful => carrier.poll_write(context, bytes),
            State::Cutting { head, quiet, left, ending } => {
                if quiet.is_none() && head.matched == 0 && left.is_some() {
                    *quiet = Quiet::of(bytes);
                }
                if let Some(said) = quiet.as_mut().filter(|said| !said.bytes.is_empty()) {
                    while !said.bytes.is_empty() {
                        let written = ready!(carrier.as_mut().poll_write(context, &said.bytes))?;
                        said.bytes.advance(written);
                    }
                    head.matched = HeadEnd::MARK.len();
                    return Poll::Ready(Ok(said.stands_for));
                }
                let allowed = left.map_or(0, |left| head.allowed(bytes, left));
                if allowed == 0 {
                    let ending = *ending;
                    return wire.end(ending);
                }
                let written = ready!(carrier.poll_write(context, &bytes[..allowed]))?;
                let of_head = head.advance(&bytes[..written]);
                if let Some(left) = left {
                    *left -= (written - of_head) as u64;
                }
                Poll::Ready(Ok(written))
            }
            State::Slow { pace, sleep } => {
                if let Some(sleep) = sleep {
                    ready!(sleep.as_mut().poll(context));
                }
                let piece = &bytes[..bytes.len().min(pace.bytes)];
                let written = ready!(carrier.poll_write(context, piece))?;
                *sleep = Some(Box::pin(sleep_until(Instant::now() + pace.every)));
                Poll::Ready(Ok(written))
            }
            State::Instead { spoken: Spoken { bytes, .. } } => {
                while !bytes.is_empty() {
                    let written = ready!(Pin::new(&mut wire.carrier).poll_write(context, bytes))?;
                    bytes.advance(written);
                }
                wire.end(Ending::Close)
            }
            State::Over { ending } => {
                let ending = *ending;
                wire.end(ending)
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_dead();
        self.obey();
        if matches!(self.state, State::Faithful) {
            return Pin::new(&mut self.carrier).poll_write_vectored(context, pieces);
        }
        let piece = pieces.iter().find(|piece| !piece.is_empty());
        piece.map_or(Poll::Ready(Ok(0)), |piece| self.poll_write(context, piece))
    }

    fn is_write_vectored(&self) -> bool {
        self.carrier.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.carrier).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let State::Over { .. } = self.state {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.carrier).poll_shutdown(context)
    }
}

impl<C: Carrier> AsyncRead for Wire<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.carrier).poll_read(context, buffer))?;
        if buffer.filled().len() > before && self.is_dead() {
            self.carrier.abort();
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

/// Bytes in place of a response, and whether they are one.
#[derive(Debug)]
struct Spoken {
    bytes: Bytes,
    is_http: bool,
}

impl Spoken {
    fn of(bytes: Bytes) -> Self {
        Self { is_http: bytes.starts_with(b"HTTP/"), bytes }
    }
}

/// So many bytes every so often, in whole milliseconds because simulated time moves in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    bytes: usize,
    every: Duration,
}

impl Pace {
    fn of(bytes_per_second: NonZeroU64) -> Self {
        let every_ms = (1000 / bytes_per_second).max(1);
        let bytes = (bytes_per_second.get().saturating_mul(every_ms) / 1000).max(1);
        Self {
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            every: Duration::from_millis(every_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_whole_bytes_in_whole_milliseconds() {
        let check = |per_second: u64, bytes: usize, every_ms: u64| {
            let pace = Pace::of(NonZeroU64::new(per_second).unwrap());
            assert_eq!(pace, Pace { bytes, every: Duration::from_millis(every_ms) });
        };
        check(1, 1, 1000);
        check(10, 1, 100);
        check(1000, 1, 1);
        check(64_000, 64, 1);
    }
}
