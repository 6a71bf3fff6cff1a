//! A writer that takes credentials out of what passes: for logs, which are written line by line.

use std::io::{self, Write};

use crate::secrets::text;

/// Passes on what it is given without what looks like a credential. What is given at once has to be
/// whole lines.
#[derive(Debug)]
pub struct Masking<W>(pub W);

impl<W: Write> Write for Masking<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(text(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_log_holds_no_credential() {
        let mut log = Masking(Vec::new());
        writeln!(log, "WARN url=\"http://u:p@h\" key=\u{1b}[3msk-ant-abc\u{1b}[0m").unwrap();
        let line = String::from_utf8(log.0).unwrap();
        assert_eq!(line, "WARN url=\"http://[masked]@h\" key=\u{1b}[3m[masked]\u{1b}[0m\n");
    }
}
