//! How fast a large log is read: `pytest -v`, one failure in a hundred, each with its block.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reports::testlog;

/// A log of a run of so many tests.
fn log(tests: u64) -> String {
    let mut text = format!("=== test session starts ===\ncollected {tests} items\n\n");
    let (mut blocks, mut summary) = (String::new(), String::new());
    let mut failed = 0;
    for test in 0..tests {
        let id = format!("tests/unit/test_module_{:04}.py::TestCase::test_{test}", test / 50);
        let word = if test % 100 == 7 { "FAILED" } else { "PASSED" };
        let percent = (test + 1) * 100 / tests;
        let _ = writeln!(text, "{id} {word:<20} [{percent:>3}%]");
        if word == "FAILED" {
            failed += 1;
            let _ = write!(
                blocks,
                "______ TestCase.test_{test} ______\ntests/unit/test_module.py:12: in test\n    \
                 assert value == 3\nE   AssertionError: assert 2 == 3\n\
                 ------ Captured stdout call ------\nsome output of the test\n"
            );
            let _ = writeln!(summary, "FAILED {id} - AssertionError: assert 2 == 3");
        }
    }
    let passed = tests - failed;
    let _ = writeln!(text, "=== FAILURES ===\n{blocks}=== short test summary info ===\n{summary}");
    let _ = writeln!(text, "=== {failed} failed, {passed} passed in 312.40s (0:05:12) ===");
    text
}

fn reading(criterion: &mut Criterion) {
    let text = log(400_000);
    let runs = testlog::read(text.as_bytes(), None).expect("a slice").runs;
    assert!(runs[0].completeness.is_complete(), "{:?}", runs[0].completeness);
    let mut group = criterion.benchmark_group("testlog");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("pytest_verbose", |bencher| {
        bencher.iter(|| testlog::read(black_box(text.as_bytes()), None));
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
