//! Writes one generated file to standard output, for the eye and for measuring from outside:
//!
//! `cargo run --release -p generators --example stream -- 1000000 > /dev/null`

use std::io::{self, Write as _};

use generators::Input;

fn main() -> io::Result<()> {
    let lines = std::env::args().nth(1).and_then(|lines| lines.parse().ok());
    let lines = lines.ok_or_else(|| io::Error::other("give the number of lines"))?;
    let mut out = io::stdout().lock();
    let files = Input::File { lines }.files(7, 0);
    for piece in files.flat_map(|file| file.pieces()) {
        out.write_all(piece.as_bytes())?;
    }
    Ok(())
}
