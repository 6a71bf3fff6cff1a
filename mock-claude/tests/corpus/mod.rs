//! The kept corpora of awkward bodies and requests: a file each,
//! whose lines are a name that begins with the status, and bytes.

/// Every entry of a kept corpus by its name: a line each of `tests/corpus`, its bytes escaped as
/// Rust escapes them.
pub(crate) fn read(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let text = std::fs::read_to_string(folder.join(format!("{name}.tsv"))).expect("a corpus");
    let entry = |line: &str| {
        let (name, escaped) = line.split_once('\t').expect("a name and bytes");
        (name.to_owned(), unescaped(escaped))
    };
    text.lines().map(entry).collect()
}

fn unescaped(escaped: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = escaped.chars();
    while let Some(found) = rest.next() {
        let escape = if found == '\\' { rest.next() } else { None };
        bytes.push(match escape {
            Some('t') => b'\t',
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).expect("two digits")
            }
            same => u8::try_from(same.unwrap_or(found)).expect("ASCII"),
        });
    }
    bytes
}
