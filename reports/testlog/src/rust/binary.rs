//! The name of what `cargo test` runs, from the line that it prints before.
//!
//! Two binaries may have tests of one name, so a test is known by both. The name must be the same
//! from build to build: the hash behind a file's name is not, nor is the folder before it.

use crate::bytes;

/// The name in `     Running unittests src/lib.rs (target/debug/deps/strsim-b260d88d2f51b3ef)` or
/// `   Doc-tests strsim`.
pub(crate) fn name(line: &[u8]) -> Option<String> {
    if let Some(package) = line.strip_prefix(b"   Doc-tests ") {
        return Some(format!("{} doc-tests", bytes::lossy(package)));
    }
    let text = bytes::lossy(line.strip_prefix(b"     Running ")?);
    let (what, file) = match text.split_once(" (") {
        Some((what, file)) => (what, file.trim_end_matches(')')),
        None => ("", text.as_str()),
    };
    let binary = stem(file);
    Some(if what.is_empty() { binary } else { format!("{binary} {what}") })
}

/// A file's name without folder, hash and ending. With `-v` it stands in a whole command.
fn stem(command: &str) -> String {
    let words = command.trim_matches('`').split(' ');
    let file = words.clone().find(|word| word.contains("deps")).or_else(|| words.clone().next());
    let name = file.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.trim_end_matches('`');
    let name = name.strip_suffix(".exe").unwrap_or(name);
    match name.rsplit_once('-') {
        Some((stem, hash)) if hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => stem.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_named_without_what_differs_from_build_to_build() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(name(line.as_bytes()).as_deref(), expected, "{line}");
        };
        check(
            "     Running unittests src/lib.rs (target/debug/deps/strsim-b260d88d2f51b3ef)",
            Some("strsim unittests src/lib.rs"),
        );
        check(
            "     Running tests\\lib.rs (target\\debug\\deps\\lib-0a1b2c3d4e5f6071.exe)",
            Some("lib tests\\lib.rs"),
        );
        check("     Running target/debug/deps/amethyst-5112309b44bf399c", Some("amethyst"));
        check(
            "     Running `/t/debug/deps/data_encoding-a2dabd8f424402a6 --quiet`",
            Some("data_encoding"),
        );
        check("   Doc-tests strsim", Some("strsim doc-tests"));
        check("running 3 tests", None);
    }
}
