//! The gateway in front of a function: a rate with a burst, a size, and how long it waits.

use std::io;

use engine::admission::bucket::Bucket;
use parking_lot::Mutex;
use reports::Cause;
use scenarios::platform::GatewayConfig;
use serde::Serialize;

use super::invocation::Refusal;
use crate::source::SourceFile;

/// One request in millionths: what a bucket refills in a microsecond is then the rate.
const REQUEST: i128 = 1_000_000;

/// A gateway with what is left of its burst.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) config: GatewayConfig,
    bucket: Mutex<Bucket>,
}

impl Gateway {
    /// A gateway that nobody has called yet.
    pub(super) fn new(config: GatewayConfig) -> Self {
        let capacity = i128::from(config.burst.get()) * REQUEST;
        let bucket = Bucket::full(capacity, i128::from(config.rate_per_second.get()));
        Self { config, bucket: Mutex::new(bucket) }
    }

    /// Lets a request of this many bytes through, or says why not.
    pub(super) fn admit(&self, now_us: u64, payload: u64) -> Result<(), Refusal> {
        let most = self.config.payload_bytes.get();
        if payload > most {
            let detail = format!("413 HTTP content length exceeded {most} bytes: {payload}");
            return Err(Refusal { cause: Cause::PayloadTooLarge, detail, status: 413 });
        }
        let mut bucket = self.bucket.lock();
        if bucket.level(now_us) < REQUEST {
            return Err(Refusal {
                cause: Cause::GatewayThrottled,
                detail: "429 Too Many Requests".to_owned(),
                status: 429,
            });
        }
        bucket.take(now_us, REQUEST);
        Ok(())
    }
}

/// The bytes of the request that hands a file over, as the documented pipelines are called: its
/// text as a JSON string. None where there is no text to hand over.
pub(super) fn payload(file: &SourceFile) -> Option<u64> {
    #[derive(Serialize)]
    struct Body<'a> {
        file_path: &'a str,
        file_content: &'a str,
    }
    let text = file.text().ok()?;
    let mut bytes = Counter(0);
    let body = Body { file_path: &file.path, file_content: &text };
    serde_json::to_writer(&mut bytes, &body).ok()?;
    Some(bytes.0)
}

/// Counts what is written to it.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    fn gateway() -> Gateway {
        let number = |number| NonZeroU64::new(number).unwrap();
        Gateway::new(GatewayConfig {
            timeout_ms: number(29_000),
            payload_bytes: number(1_000),
            rate_per_second: number(50),
            burst: number(100),
        })
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let gateway = gateway();
        let admitted = |now_us| (0..200).filter(|_| gateway.admit(now_us, 1).is_ok()).count();
        assert_eq!(admitted(0), 100);
        assert_eq!(admitted(1_000_000), 50);
        assert_eq!(admitted(1_020_000), 1);
        assert_eq!(gateway.admit(1_020_000, 1).unwrap_err().cause, Cause::GatewayThrottled);
    }

    #[test]
    fn a_request_that_is_too_large_takes_nothing() {
        let gateway = gateway();
        assert_eq!(gateway.admit(0, 1_001).unwrap_err().status, 413);
        assert_eq!((0..200).filter(|_| gateway.admit(0, 1_000).is_ok()).count(), 100);
    }
}
