//! How fast tokens are counted: the count alone, and within the reading of a whole body.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mock_claude::internals::prices;
use mock_claude::internals::request::{MessagesRequest, Version};
use mock_claude::internals::tokens::{Counting, Tokenizer};
use serde_json::json;

fn counting(criterion: &mut Criterion) {
    let code = "def add(a, b):\n    return a + b\n\n".repeat(15_000);
    let body = json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": code}],
    })
    .to_string();
    let model = prices::model("claude-sonnet-4-5").expect("a model of the price list");
    let tokenizer = Tokenizer::of(Counting::Classes, model);
    let mut group = criterion.benchmark_group("tokens");
    group.throughput(Throughput::Bytes(code.len() as u64));
    group.bench_function("count", |bencher| bencher.iter(|| tokenizer.count(black_box(&code))));
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("read_a_body", |bencher| {
        bencher.iter(|| MessagesRequest::parse(black_box(body.as_bytes()), Version::V2023));
    });
    group.finish();
}

criterion_group!(benches, counting);
criterion_main!(benches);
