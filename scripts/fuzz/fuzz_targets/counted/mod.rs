//! Counts what the fuzzer feeds, which it does not say itself: inputs, their bytes, and how long
//! the slowest took. The figures are in the file that `FUZZ_COUNTS` names.

use std::cell::Cell;
use std::time::Instant;

/// Inputs between two writings of the figures.
const BETWEEN: u64 = 64;

thread_local! {
    static FED: Cell<(u64, u64, u128)> = const { Cell::new((0, 0, 0)) };
}

/// Feeds a target.
pub fn feed(name: &str, data: &[u8]) {
    let began = Instant::now();
    fuzz::feed(name, data);
    let took_ms = began.elapsed().as_millis();
    let (inputs, bytes, slowest_ms) = FED.get();
    let fed = (inputs + 1, bytes + data.len() as u64, slowest_ms.max(took_ms));
    FED.set(fed);
    if (fed.0.is_multiple_of(BETWEEN) || fed.2 > slowest_ms)
        && let Some(file) = std::env::var_os("FUZZ_COUNTS")
    {
        // Figures that cannot be written are no finding.
        let _ = std::fs::write(file, format!("{} {} {}\n", fed.0, fed.1, fed.2));
    }
}
