//! Phase 3's chunker against the figures that running the original gave.

use std::collections::BTreeSet;
use std::fmt::Write;

use engine::source::Language;

use super::{cut, documented, texts};

/// First and last line of each part, counted from 1.
fn ranges(text: &str) -> Vec<(usize, usize)> {
    let chunks = cut(&documented(), Language::Python, text);
    chunks.iter().map(|chunk| (chunk.sent.start + 1, chunk.sent.end)).collect()
}

/// A function of `lines` lines.
fn function(name: &str, lines: usize) -> String {
    let body = (2..lines).map(|n| format!("    x = {n}\n")).collect::<Vec<_>>().concat();
    format!("def {name}():\n{body}    return x\n")
}

/// A file of functions of four lines and a blank one each.
fn file_of(lines: usize) -> String {
    (0..lines / 5).map(|n| function(&format!("f_{n}"), 4) + "\n").collect()
}

#[test]
fn a_file_of_2859_lines_is_two_parts_of_104_and_46_functions() {
    let functions: Vec<String> = (0..150).map(|n| function(&format!("f_{n}"), 17)).collect();
    let text = "import x\n".repeat(8) + "\n\n" + &functions.join("\n\n");
    assert_eq!(text.split('\n').count(), 2859);
    assert_eq!(ranges(&text), [(1, 1984), (1987, 2858)]);
    let named: Vec<usize> = texts(&documented(), Language::Python, &text)
        .iter()
        .map(|part| part.matches("def ").count())
        .collect();
    assert_eq!(named, [104, 46]);
}

#[test]
fn ten_thousand_lines_are_5_parts_and_fifty_thousand_are_25() {
    let parts = ranges(&file_of(10_000));
    assert_eq!(parts.len(), 5);
    assert!(parts.iter().all(|(first, last)| last - first + 1 == 1999), "{parts:?}");
    assert_eq!(ranges(&file_of(50_000)).len(), 25);
}

#[test]
fn a_class_of_6001_lines_is_one_part() {
    let text = format!("class Long:\n{}", "    x = 1\n".repeat(6000));
    assert_eq!(ranges(&text), [(1, 6001)]);
}

#[test]
fn a_file_after_a_syntax_error_is_cut_by_lines_with_overlap() {
    let text = "x = 1\n".repeat(5000) + "def broken(:\n    return )\n";
    assert_eq!(ranges(&text), [(1, 2000), (1951, 3950), (3901, 5002)]);
    let text = "x = 1\n".repeat(5002);
    assert_eq!(ranges(&text), [(1, 2000), (1951, 3950), (3901, 5002)], "no definition");
}

#[test]
fn six_lines_of_a_decorated_file_are_in_no_part() {
    let mut text = "import app\n\n".to_owned();
    for n in 0..600 {
        let route = "@app.route('/')\n@cache\n";
        write!(text, "{route}def f_{n}():\n    return {n}\nREG_{n} = f_{n}\n\n").unwrap();
    }
    text.push_str("if __name__ == '__main__':\n    f_0()\n");
    assert_eq!(text.lines().count(), 3604);
    let chunks = cut(&documented(), Language::Python, &text);
    let lost: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(at, line)| !line.is_empty() && !chunks.iter().any(|chunk| chunk.own.contains(at)))
        .map(|(_, line)| line)
        .collect();
    assert_eq!(chunks.len(), 2);
    assert_eq!(
        lost,
        [
            "REG_332 = f_332",
            "@app.route('/')",
            "@cache",
            "REG_599 = f_599",
            "if __name__ == '__main__':",
            "    f_0()"
        ]
    );
}

#[test]
fn a_comment_after_a_function_is_not_part_of_it() {
    let first = function("f", 1500) + "    # the end of f\n# between\n";
    let text = first + &function("g", 1500);
    assert_eq!(ranges(&text), [(1, 1500), (1503, 3002)]);
}

#[test]
fn two_thousand_lines_with_a_line_end_are_already_cut() {
    let text = file_of(1990) + "\n\n\n\n\n\n\n\n# the end\n\n";
    assert_eq!(text.lines().count(), 2000);
    assert_eq!(ranges(&text), [(1, 1989)], "2,001 by what `split` gives");
    assert_eq!(ranges(text.trim_end()).last(), Some(&(1, 1999)));
}

#[test]
fn another_language_is_a_syntax_error() {
    let text = "fn a() {\n}\n".repeat(1500);
    let chunks = cut(&documented(), Language::Rust, &text);
    assert_eq!(chunks[1].sent, 1950..3000);
}

/// The documented key of each part.
fn keys(path: &str, text: &str) -> Vec<String> {
    let parts = texts(&documented(), Language::Python, text);
    (1..).zip(parts).map(|(number, part)| format!("{path}::{number}::{part}")).collect()
}

#[test]
fn after_an_edit_a_cache_hits_as_often_as_measured() {
    let before = file_of(50_000);
    let new = function("new", 4) + "\n";
    let at = |line: usize| before.match_indices('\n').nth(line - 1).unwrap().0 + 1;
    let insert = |line: usize| format!("{}{new}{}", &before[..at(line)], &before[at(line)..]);
    let edits = [
        ("edit", "a.py", before.replacen("x = 2", "x = 9", 1), (24, 25)),
        ("append", "a.py", format!("{before}{new}"), (25, 26)),
        ("comment on line 1", "a.py", format!("# new\n{before}"), (24, 25)),
        ("insert at the top", "a.py", format!("{new}{before}"), (0, 26)),
        ("insert in the middle", "a.py", insert(25_000), (12, 26)),
        ("rename", "b.py", before.clone(), (0, 25)),
    ];
    let known: BTreeSet<String> = keys("a.py", &before).into_iter().collect();
    for (edit, path, after, expected) in edits {
        let keys = keys(path, &after);
        let hits = keys.iter().filter(|key| known.contains(*key)).count();
        assert_eq!((hits, keys.len()), expected, "{edit}");
    }
}
