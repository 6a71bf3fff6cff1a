//! `run.jsonl`, `measured.json` and a baseline, as somebody else may have written them; what can be
//! read is judged, compared and written in every format there is.

use reports::render::{COMPARISON, GATE, RUNS};
use reports::{Baseline, Measured, RunReader, Style, ablation, compare, gate, judge};

use super::choices::Choices;

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = choices.byte() % 4;
    let text = String::from_utf8_lossy(choices.0);
    if kind == 1 {
        let _ = Measured::read(&text).map(|measured| measured.to_json());
        return;
    }
    if kind == 2 {
        let _ = Baseline::read(&text).map(|baseline| baseline.to_json());
        return;
    }
    let mut reader = RunReader::default();
    for line in text.lines() {
        if reader.push(line).is_err() {
            return;
        }
    }
    let Ok(run) = reader.finish() else { return };
    let judged = judge(run);
    let runs = std::slice::from_ref(&judged);
    for format in RUNS {
        for file in format.files(runs, Style::PLAIN) {
            assert!(!file.name.contains('/'), "a report stays in its folder: {}", file.name);
        }
    }
    for format in COMPARISON {
        let _ = format.text(&compare(&judged, &judged), Style::PLAIN);
    }
    let mut baseline = Baseline::empty("0.1.0");
    let _ = baseline.accept(&judged, None);
    for format in GATE {
        let _ = format.text(&gate(&baseline, runs), Style::PLAIN);
    }
    let _ = ablation::Ablation::of(&judged);
}
