//! Generated files are Python: tree-sitter parses them and CPython compiles and executes them.
//!
//! Goal: whatever fails later in a pipeline fails for the reason under test, never because the
//! input was broken. Method: files of many sizes, seeds and shapes are given to both parsers; the
//! nested shapes are also taken one step past what CPython bears, where it must refuse them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use generators::{GeneratedFile, Input, Nesting, Spread};

/// Compiles every source on standard input, executes it under another name than `__main__`, and
/// prints one line for each: `ok`, or the error.
const COMPILE_AND_EXECUTE: &str = r#"
import sys
sys.stdin.reconfigure(encoding="utf-8")
for source in sys.stdin.read().split("\0"):
    try:
        exec(compile(source, "generated.py", "exec"), {"__name__": "generated"})
        print("ok")
    except SyntaxError as error:
        print(f"{type(error).__name__}: {error.msg}")
"#;

/// Fails when a function or the module uses a name that nothing defines.
const FIND_UNDEFINED: &str = r#"
import builtins, symtable, sys
sys.stdin.reconfigure(encoding="utf-8")
def globals_of(table):
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module"):
            yield symbol.get_name()
    for child in table.get_children():
        yield from globals_of(child)
for source in sys.stdin.read().split("\0"):
    top = symtable.symtable(source, "generated.py", "exec")
    makes = lambda s: s.is_assigned() or s.is_imported() or s.is_namespace()
    defined = {symbol.get_name() for symbol in top.get_symbols() if makes(symbol)}
    missing = set(globals_of(top)) - defined - set(dir(builtins)) - {"__name__"}
    print(", ".join(sorted(missing)) or "ok")
"#;

fn python(program: &str, sources: &[String]) -> Vec<String> {
    let mut child = Command::new("python3")
        .args(["-X", "utf8", "-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`python3` must be installed: run `scripts/setup`");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let all = sources.join("\0");
    // Python reads everything before it prints, so writing first cannot block both sides.
    stdin.write_all(all.as_bytes()).expect("python3 reads its standard input");
    drop(stdin);
    let output = child.wait_with_output().expect("python3 ends");
    assert!(output.status.success(), "python3 failed: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("python3 prints text");
    text.lines().map(str::to_owned).collect()
}

fn file(input: &Input, seed: u64) -> GeneratedFile {
    input.files(seed, 0).next().expect("an input has a file")
}

/// Small sizes are where the layout changes, so all of them; then some of every magnitude.
fn many_files() -> Vec<GeneratedFile> {
    let sizes = (1..=200).chain([250, 500, 999, 1_000, 2_000, 2_001, 5_000, 20_000]);
    let alone = sizes.map(|lines| file(&Input::File { lines }, lines));
    let tree =
        Input::Repository { files: 60, lines: 9_000, spread: Spread::Skewed, duplicates: 0.2 };
    alone.chain(tree.files(7, 1)).collect()
}

#[test]
fn tree_sitter_finds_no_error_in_any_file() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).expect("the grammar fits");
    let nested = [(Nesting::Blocks, 500), (Nesting::Brackets, 5_000), (Nesting::Expression, 5_000)]
        .map(|(shape, depth)| file(&Input::Nested { shape, depth }, 7));
    for file in many_files().into_iter().chain(nested) {
        let tree = parser.parse(file.text(), None).expect("parsing has no time limit");
        assert!(!tree.root_node().has_error(), "{} with {} lines", file.path, file.lines);
    }
}

#[test]
fn cpython_compiles_and_executes_every_file() {
    let files = many_files();
    let sources: Vec<_> = files.iter().map(GeneratedFile::text).collect();
    let verdicts = python(COMPILE_AND_EXECUTE, &sources);
    assert_eq!(verdicts.len(), files.len());
    for (file, verdict) in files.iter().zip(verdicts) {
        assert_eq!(verdict, "ok", "{} with {} lines", file.path, file.lines);
    }
}

/// Executing a module does not run its functions, so their names are checked by themselves.
#[test]
fn every_name_that_is_used_is_defined() {
    let files = many_files();
    let sources: Vec<_> = files.iter().map(GeneratedFile::text).collect();
    let verdicts = python(FIND_UNDEFINED, &sources);
    for (file, verdict) in files.iter().zip(verdicts) {
        assert_eq!(verdict, "ok", "{} with {} lines", file.path, file.lines);
    }
}

/// The last depth that works and the first that does not show that the depth is counted exactly.
#[test]
fn cpython_refuses_nested_files_exactly_past_its_limits() {
    let cases = [
        (Nesting::Blocks, 98),
        (Nesting::Blocks, 99),
        (Nesting::Brackets, 200),
        (Nesting::Brackets, 201),
        (Nesting::Expression, 1_000),
    ];
    let sources =
        cases.map(|(shape, depth)| file(&Input::Nested { shape, depth }, 7).text()).to_vec();
    assert_eq!(
        python(COMPILE_AND_EXECUTE, &sources),
        [
            "ok",
            "IndentationError: too many levels of indentation",
            "ok",
            "SyntaxError: too many nested parentheses",
            "ok",
        ]
    );
}
