//! What cutting costs next to the parse that it cannot do without, and next to another splitter.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::chunk::{ChunkPolicy, chunks, grammar};
use engine::source::{self, Language};
use generators::Input;
use std::num::NonZeroUsize;
use text_splitter::{ChunkConfig, CodeSplitter};

const LINES: u64 = 10_000;

fn chunk(criterion: &mut Criterion) {
    let text = Input::File { lines: LINES }.files(7, 0).next().expect("a file").text();
    let facts = source::read(Language::Python, &text);
    let size = |lines| NonZeroUsize::new(lines).expect("a size");
    let policy =
        ChunkPolicy::Stable { min_lines: size(500), max_lines: size(1500), overlap_lines: 50 };
    let grammar = grammar::of(Language::Python);
    let characters = text.len() / chunks(&policy, Language::Python, &text, &facts).len();
    let splitter = CodeSplitter::new(grammar.clone(), ChunkConfig::new(characters));
    let splitter = splitter.expect("a grammar of this version");

    let mut group = criterion.benchmark_group("chunk");
    group.throughput(Throughput::Elements(LINES));
    group.bench_function("tree-sitter alone", |bencher| {
        bencher.iter(|| {
            let mut parser = tree_sitter::Parser::new();
            parser.set_language(&grammar).expect("a grammar of this version");
            parser.parse(&text, None)
        });
    });
    group.bench_function("stable", |bencher| {
        bencher.iter(|| chunks(&policy, Language::Python, &text, &facts));
    });
    group.bench_function("text-splitter", |bencher| {
        bencher.iter(|| splitter.chunks(&text).count());
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = chunk
}
criterion_main!(benches);
