//! The tiny template language that statements are written in.
//!
//! `$` and one letter is a hole; all holes of one letter in one statement get the same word.
//! Templates are ours, so a letter without a meaning is a bug and panics.

use crate::random::Stream;
use crate::words::{ADJECTIVES, KEYS, LOCALS, NOUNS, NUMBERS};

/// The names that the surrounding function gives to its statements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// `$s`: what the function was given.
    pub(super) subject: &'a str,
    /// `$r`: what it will return.
    pub(super) result: &'a str,
    /// `$f`: functions of the same kind that exist already.
    pub(super) callees: &'a [String],
    /// `$f` while there are none.
    pub(super) builtin: &'a str,
    /// `$c`: constants of the module.
    pub(super) constants: &'a [String],
}

/// Appends `template`, every line of it indented by `indent` spaces, with its holes filled.
pub(super) fn expand(
    out: &mut String,
    template: &str,
    indent: usize,
    scope: Scope<'_>,
    stream: &mut Stream,
) {
    let (key, other_key) = (*stream.pick(KEYS), *stream.pick(KEYS));
    let (number, local) = (*stream.pick(NUMBERS), *stream.pick(LOCALS));
    let (adjective, noun) = (*stream.pick(ADJECTIVES), *stream.pick(NOUNS));
    let callee = choose(scope.callees, scope.builtin, stream);
    let constant = choose(scope.constants, number, stream);
    for line in template.split('\n') {
        if !line.is_empty() {
            push_spaces(out, indent);
        }
        let (bytes, mut start) = (line.as_bytes(), 0);
        // Lines are short: byte by byte is quicker than a search that has to be begun each time.
        while let Some(at) = bytes[start..].iter().position(|byte| *byte == b'$') {
            out.push_str(&line[start..start + at]);
            out.push_str(match bytes.get(start + at + 1) {
                Some(b'a') => adjective,
                Some(b'c') => constant,
                Some(b'f') => callee,
                Some(b'k') => key,
                Some(b'o') => other_key,
                Some(b'n') => number,
                Some(b'r') => scope.result,
                Some(b's') => scope.subject,
                Some(b'w') => noun,
                Some(b'x') => local,
                _ => unreachable!("a hole of the template {template:?} has no meaning"),
            });
            start += at + 2;
        }
        out.push_str(&line[start..]);
        out.push('\n');
    }
}

fn choose<'a>(names: &'a [String], otherwise: &'a str, stream: &mut Stream) -> &'a str {
    if names.is_empty() { otherwise } else { stream.pick::<String>(names) }
}

/// The lines that a template becomes.
pub(super) fn lines_of(template: &str) -> u64 {
    template.bytes().fold(1, |lines, byte| lines + u64::from(byte == b'\n'))
}

/// Appends an indent.
pub(super) fn push_spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}
