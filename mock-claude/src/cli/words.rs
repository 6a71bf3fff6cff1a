//! How the line and the screen say when a request came, and with which key.

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The beginning of a key's hash: the journal holds no key.
pub(super) fn key(hash: &str) -> String {
    format!("key {}", hash.chars().take(6).collect::<String>())
}

/// The time of day in UTC, to the millisecond.
pub(super) fn time_of_day(unix_ms: i64) -> String {
    let ms = unix_ms.rem_euclid(DAY_MS);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000)
}
