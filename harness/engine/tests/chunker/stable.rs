//! The stable chunker after edits, and on anything.

use std::collections::BTreeSet;

use engine::source::Language;
use generators::Input;
use proptest::prelude::*;

use super::{assert_partition, cut, stable, texts};

fn generated(seed: u64) -> String {
    Input::File { lines: 22_000 }.files(seed, 0).next().expect("a file").text()
}

/// Parts of the file as it was that are sent no more after an edit, and all parts it had.
fn lost(before: &str, after: &str, overlap: usize) -> (usize, usize) {
    let policy = stable(500, 1500, overlap);
    let known = texts(&policy, Language::Python, before);
    let now: BTreeSet<&str> = texts(&policy, Language::Python, after).into_iter().collect();
    (known.iter().filter(|part| !now.contains(*part)).count(), known.len())
}

#[test]
fn an_insertion_costs_no_more_than_two_parts_of_25_wherever_it_is() {
    let function = "def new(x):\n    y = x\n    return y\n\n\n";
    let block = format!("def long():\n{}\n\n", "    x = 1\n".repeat(60));
    for seed in 1..=4 {
        let before = generated(seed);
        let middle = before.match_indices("\ndef ").nth(300).expect("a function").0 + 1;
        for (what, at, new) in [
            ("a comment at the top", 0, "# new\n"),
            ("a function at the top", 0, function),
            ("a long function at the top", 0, &block),
            ("a function in the middle", middle, function),
            ("a function at the end", before.len(), function),
        ] {
            let after = format!("{}{new}{}", &before[..at], &before[at..]);
            let (lost, of) = lost(&before, &after, 50);
            assert!((22..=28).contains(&of), "{of} parts");
            assert!(lost <= 2, "seed {seed}, {what}: {lost} of {of} parts are lost");
        }
    }
}

#[test]
fn a_part_is_within_its_bounds_and_overlap_is_only_sent() {
    let text = generated(3);
    for overlap in [0, 50, 100] {
        let chunks = cut(&stable(500, 1500, overlap), Language::Python, &text);
        assert_partition(&text, &chunks);
        for chunk in &chunks[..chunks.len() - 1] {
            assert!((500..=1500).contains(&chunk.own.len()), "{chunk:?}");
        }
        assert!(chunks[1..].iter().all(|chunk| chunk.own.start - chunk.sent.start == overlap));
        assert!(chunks.iter().all(|chunk| chunk.own.end == chunk.sent.end));
    }
}

proptest! {
    #[test]
    fn the_parts_are_the_file_whatever_it_holds(
        lines in proptest::collection::vec(
            prop_oneof![
                Just("def f():"), Just("    pass"), Just(""), Just("@x"), Just("# c"), Just("}"),
                Just("class C {"), Just("x = ("), Just(")"), Just("'''"), Just("fn a() {"),
                Just("  /* "), Just("\u{feff}"), Just("é"), Just("`"), Just("#[x]"), Just("\r"),
            ],
            0..120,
        ),
        ended in any::<bool>(),
        language in proptest::sample::select(Language::ALL.to_vec()),
        min in 1_usize..20,
        more in 0_usize..40,
        overlap in 0_usize..20,
    ) {
        let text = lines.join("\n") + if ended { "\n" } else { "" };
        let chunks = cut(&stable(min, 2 * min + more, overlap.min(min)), language, &text);
        assert_partition(&text, &chunks);
        for chunk in &chunks {
            prop_assert!(chunk.own.len() <= 2 * min + more);
            prop_assert!(chunk.sent.start <= chunk.own.start);
            prop_assert_eq!(chunk.sent.end, chunk.own.end);
        }
    }
}
