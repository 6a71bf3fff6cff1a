//! How fast large logs are read, in every format: one failure in a hundred, each with its block.

mod logs;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use self::logs::{FORMATS, Size};

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("testlog");
    group.sample_size(10);
    for format in FORMATS {
        let mut text = Vec::new();
        let size = Size { tests: 100_000, failing: 100 };
        logs::write(format, size, &mut text).expect("a vector");
        let runs = testlog::read(text.as_slice(), None).expect("a slice").runs;
        assert!(runs[0].completeness.is_complete(), "{format}: {:?}", runs[0].completeness);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format, |bencher| {
            bencher.iter(|| testlog::read(black_box(text.as_slice()), None));
        });
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
