//! How many lines a second are generated: a harness that is slower than its target measures itself.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use generators::{Input, Nesting, Spread};

fn total_bytes(input: &Input) -> usize {
    let files = input.files(7, 0);
    files.map(|file| file.pieces().map(|piece| piece.len()).sum::<usize>()).sum()
}

fn generate(criterion: &mut Criterion) {
    let inputs = [
        ("file of 10,000 lines", Input::File { lines: 10_000 }),
        (
            "repository of 100 files",
            Input::Repository {
                files: 100,
                lines: 10_000,
                spread: Spread::Skewed,
                duplicates: 0.1,
            },
        ),
        ("blocks 1,000 deep", Input::Nested { shape: Nesting::Blocks, depth: 1_000 }),
    ];
    let mut group = criterion.benchmark_group("generate");
    for (name, input) in inputs {
        let lines = input.files(7, 0).map(|file| file.lines).sum();
        group.throughput(Throughput::Elements(lines));
        group.bench_function(name, |bencher| bencher.iter(|| total_bytes(&input)));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = generate
}
criterion_main!(benches);
