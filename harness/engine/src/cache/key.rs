//! What identifies an answer.
//!
//! The documented keys forget what an answer depends on (model and prompt) and hold what it does
//! not (the number of a part), so a changed prompt is answered from before the change, and an
//! insertion at the top of a file loses every part below it. The full key is the other way round.

use sha2::{Digest, Sha256};

use crate::preset::request::RequestConfig;

/// What identifies an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    bytes: [u8; 32],
    subject: u64,
}

impl Key {
    /// The key itself.
    pub const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the answer is about, whatever the policy: the same content has the same chance of
    /// faults in every pipeline.
    pub const fn subject(&self) -> u64 {
        self.subject
    }

    /// The key in hexadecimal digits.
    pub fn hex(&self) -> String {
        const_hex::encode(self.bytes)
    }
}

/// A whole file, or one part of it.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The path of the file.
    pub path: &'a str,
    /// The number of the part, counted from 1; none for a whole file.
    pub number: Option<u64>,
    /// The code that is sent.
    pub code: &'a str,
}

/// What is in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRule {
    /// As phase 3 is documented.
    Documented,
    /// Everything that decides the answer.
    Full {
        /// Whether the path does.
        path: bool,
    },
}

impl KeyRule {
    /// The key of a piece of code.
    pub fn of(self, request: &RequestConfig, piece: &Piece<'_>) -> Key {
        let content = Sha256::digest(piece.code);
        let Piece { path, number, code } = piece;
        let bytes = match (self, number) {
            (Self::Documented, None) => content.into(),
            (Self::Documented, Some(number)) => {
                Sha256::digest(format!("{path}::{number}::{code}")).into()
            }
            (Self::Full { path: with_path }, _) => {
                let mut hash = Sha256::new_with_prefix("full key, format 1\n");
                let max_tokens = request.max_tokens.to_string();
                let path = if with_path { path } else { "" };
                // Each field is hashed on its own first, so that none can run into the next.
                for field in [&request.model, &max_tokens, &request.prompt, path] {
                    hash.update(Sha256::digest(field));
                }
                hash.update(content);
                hash.finalize().into()
            }
        };
        let subject = content.first_chunk().map_or(0, |head| u64::from_le_bytes(*head));
        Key { bytes, subject }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Preset, shipped};

    const FULL: KeyRule = KeyRule::Full { path: false };

    fn request() -> RequestConfig {
        Preset::parse("phase3", shipped("phase3").unwrap()).unwrap().request
    }

    fn key(rule: KeyRule, path: &str, number: Option<u64>) -> Key {
        rule.of(&request(), &Piece { path, number, code: "x = 1" })
    }

    #[test]
    fn the_documented_key_of_a_file_is_its_content_and_nothing_else() {
        let rule = KeyRule::Documented;
        assert_eq!(key(rule, "a.py", None).bytes(), Sha256::digest("x = 1").as_slice());
        assert_eq!(key(rule, "a.py", None), key(rule, "b.py", None));
        let other = RequestConfig { model: "claude-haiku-4-5".into(), ..request() };
        let piece = Piece { path: "a.py", number: None, code: "x = 1" };
        assert_eq!(rule.of(&other, &piece), rule.of(&request(), &piece));
    }

    #[test]
    fn the_documented_key_of_a_part_is_lost_when_the_part_moves() {
        let part = key(KeyRule::Documented, "a.py", Some(2));
        assert_eq!(part.bytes(), Sha256::digest("a.py::2::x = 1").as_slice());
        assert_ne!(part, key(KeyRule::Documented, "a.py", Some(3)));
        assert_eq!(key(FULL, "a.py", Some(2)), key(FULL, "a.py", Some(3)));
    }

    #[test]
    fn everything_that_decides_the_answer_is_in_the_full_key() {
        let piece = Piece { path: "a.py", number: None, code: "x = 1" };
        let base = FULL.of(&request(), &piece);
        for other in [
            RequestConfig { model: "claude-haiku-4-5".into(), ..request() },
            RequestConfig { max_tokens: 1.try_into().unwrap(), ..request() },
            RequestConfig { prompt: "{path} {code}".into(), ..request() },
        ] {
            assert_ne!(FULL.of(&other, &piece), base, "{other:?}");
        }
        assert_ne!(FULL.of(&request(), &Piece { code: "x = 2", ..piece }), base);
    }

    #[test]
    fn the_path_is_in_the_full_key_where_that_is_asked_for() {
        assert_eq!(key(FULL, "a.py", None), key(FULL, "b.py", None));
        let with_path = KeyRule::Full { path: true };
        assert_ne!(key(with_path, "a.py", None), key(with_path, "b.py", None));
    }
}
