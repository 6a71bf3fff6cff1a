//! The last words of a process: what it printed at the end, in bounded memory.

use std::collections::VecDeque;

use redact::Secrets;
use reports::text::escape;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are kept of each stream.
const KEPT_BYTES: usize = 4096;

/// The longest line that is quoted, in characters.
const MAX_QUOTED: usize = 300;

/// The end of what was printed.
#[derive(Debug)]
pub(in crate::target) struct Tail {
    bytes: VecDeque<u8>,
    kept_bytes: usize,
    /// Whether something was printed before it.
    is_cut: bool,
    /// What must not be shown of it.
    secrets: Secrets,
}

impl Default for Tail {
    fn default() -> Self {
        Self::keeping(KEPT_BYTES, Secrets::default())
    }
}

impl Tail {
    /// Keeps this many bytes, and never fewer than a few lines take.
    pub(in crate::target) fn keeping(bytes: usize, secrets: Secrets) -> Self {
        Self { bytes: VecDeque::new(), kept_bytes: bytes.max(KEPT_BYTES), is_cut: false, secrets }
    }

    /// Everything that was printed; nothing where that was too much to be kept.
    pub(in crate::target) fn whole(&self) -> Option<Vec<u8>> {
        (!self.is_cut).then(|| self.bytes.iter().copied().collect())
    }

    /// The last of it as text that is safe to be shown; keys are masked.
    pub(in crate::target) fn text(&self) -> String {
        self.end().lines().map(|line| escape(line) + "\n").collect()
    }

    /// The last of it without credentials, nor the rest of a word that was cut: it may be half a
    /// key, which does not look like one.
    fn end(&self) -> String {
        let skipped = self.bytes.len().saturating_sub(KEPT_BYTES);
        let bytes: Vec<u8> = self.bytes.iter().skip(skipped).copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let is_cut = self.is_cut || skipped > 0;
        let whole = if is_cut { text.trim_start_matches(of_a_key) } else { &text };
        self.secrets.text(whole).into_owned()
    }

    /// Reads a stream, where there is one, to its end and keeps the last of it.
    pub(super) async fn follow(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut buffer = vec![0; 8192];
        // A stream that cannot be read any more has ended.
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            self.push(&buffer[..read]);
        }
    }

    /// Takes what was printed next.
    pub(in crate::target) fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(self.kept_bytes)..];
        let excess = (self.bytes.len() + kept.len()).saturating_sub(self.kept_bytes);
        self.is_cut |= excess > 0 || kept.len() < bytes.len();
        self.bytes.drain(..excess);
        self.bytes.extend(kept);
    }

    /// The last line that says something, safe to be shown; keys are masked.
    pub(in crate::target) fn last_line(&self) -> Option<String> {
        let text = self.end();
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
        let short: String = line.chars().take(MAX_QUOTED).collect();
        Some(escape(&short))
    }
}

/// Whether a character can stand in a key.
const fn of_a_key(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '-' | '_' | '+' | '/' | '=' | '~' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_end_of_a_flood_is_kept() {
        let flood = [&b"x\n".repeat(100_000)[..], b"Error: sk-ant-api03-secret_key is wrong\n\n"];
        let mut tail = Tail::default();
        tail.follow(Some(&flood.concat()[..])).await;
        assert!(tail.bytes.len() <= KEPT_BYTES);
        assert_eq!(tail.last_line().as_deref(), Some("Error: [masked] is wrong"));
    }

    #[tokio::test]
    async fn half_a_key_at_the_cut_is_not_shown() {
        let line = [b"sk-ant-api03-secret", &b"k".repeat(KEPT_BYTES - 8)[..], b" failed\n"];
        let mut tail = Tail::default();
        tail.follow(Some(&line.concat()[..])).await;
        assert_eq!(tail.last_line().as_deref(), Some("failed"));
        assert_eq!(tail.text(), " failed\n");
    }

    #[test]
    fn a_known_credential_is_masked_before_a_line_is_cut() {
        let mut collector = redact::Collector::default();
        collector.value(b"opaque-key-1");
        let mut tail = Tail::keeping(0, collector.secrets());
        tail.push(format!("{} opaque-key-1\n", "x".repeat(MAX_QUOTED - 8)).as_bytes());
        assert!(tail.last_line().unwrap().ends_with("x [masked"), "{:?}", tail.last_line());
        assert!(!tail.text().contains("opaque"), "{}", tail.text());
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_and_control_characters_are_harmless() {
        let mut tail = Tail::default();
        tail.follow(Some(&b"\xff\x1b[31mred"[..])).await;
        let line = tail.last_line().unwrap();
        assert!(!line.contains('\u{1b}'), "{line}");
        assert_eq!(Tail::default().last_line(), None);
    }
}
