//! Writes a log of any length, or reads one from standard input and says what was read: for
//! measuring the memory of a log that a bench has no room for.
//!
//! ```console
//! $ testlog write junit 8000000 | /usr/bin/time -v testlog read
//! ```

#[path = "../benches/logs/mod.rs"]
mod logs;

use std::io::{self, BufReader, BufWriter, Write};

use self::logs::Size;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    match words.as_slice() {
        ["write", format, tests] => {
            let tests = tests.parse().map_err(io::Error::other)?;
            logs::write(format, Size { tests, failing: 100 }, &mut out)
        }
        ["read"] => {
            let input = BufReader::with_capacity(256 << 10, io::stdin().lock());
            let log = testlog::read(input, None)?;
            out.write_all(testlog::render::runs::render(&log).as_bytes())
        }
        _ => Err(io::Error::other("testlog write FORMAT TESTS | testlog read")),
    }
}
