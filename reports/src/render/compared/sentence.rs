//! What a person would say of two runs of one pipeline: whether it loses more, costs more for what
//! it delivers, and takes longer.
//!
//! Invariant: cost is compared for each documented file, because a pipeline that fails early is
//! always cheap; a number that one side lacks is left out.

use crate::compare::{ComparedNumber, PipelineComparison};
use crate::text::{counted, thousands};

/// The sentence; none where the pipeline is in one run only.
pub(super) fn sentence(of: &PipelineComparison) -> Option<String> {
    let find = |name: &str| of.numbers.iter().find(|number| number.metric == name);
    let both = |number: &ComparedNumber| Some((number.base?, number.head?));
    let (before, after) = find("documented").and_then(both)?;
    if of.numbers.iter().all(|number| number.base == number.head) {
        return Some(format!("{}: nothing moved", of.pipeline));
    }
    let files = if after == before {
        format!("documents as many files ({})", thousands(after))
    } else {
        format!("documents {} instead of {}", counted(after, "file"), thousands(before))
    };
    let cost = find("cost_per_success_microusd").and_then(both);
    let cost = cost.and_then(|(base, head)| {
        ratio(base, head, "cheaper per documented file", "dearer per documented file")
    });
    let time = find("elapsed_us").and_then(both);
    let time = time.and_then(|(base, head)| {
        if after >= before {
            return ratio(base, head, "faster", "slower");
        }
        // Who gives up is done early, and no faster for it.
        let percent = (u128::from(head) * 100).checked_div(u128::from(base))?;
        (base != head).then(|| format!("in {percent} % of the time"))
    });
    let parts: Vec<String> = [Some(files), cost, time].into_iter().flatten().collect();
    Some(format!("{}: {}", of.pipeline, parts.join(", ")))
}

/// `3.20 times cheaper`; none where one is nothing, or the two are within half a percent.
fn ratio(base: u64, head: u64, less: &str, more: &str) -> Option<String> {
    let (small, large, word) = if head < base { (head, base, less) } else { (base, head, more) };
    let hundredths = (u128::from(large) * 100).checked_div(u128::from(small))?;
    if hundredths < 101 {
        return None;
    }
    Some(format!("{}.{:02} times {word}", hundredths / 100, hundredths % 100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::compare;
    use crate::fixture;
    use crate::judge::judge;
    use crate::record::Outcome;
    use crate::run::Run;

    fn said(change: impl FnOnce(&mut Run)) -> Vec<String> {
        let mut head = fixture::concurrent();
        change(&mut head);
        let comparison = compare(&fixture::judged(|_| ()), &judge(head));
        comparison.pipelines.iter().filter_map(sentence).collect()
    }

    #[test]
    fn a_run_is_held_against_another_in_words() {
        assert_eq!(said(|_| ()), ["phase1: nothing moved", "phase3: nothing moved"]);
        let slower = said(|run| run.pipelines[1].end.as_mut().unwrap().elapsed_us *= 2);
        assert_eq!(slower[1], "phase3: documents as many files (10), 2.00 times slower");
        let lost = said(|run| {
            let job = &mut run.pipelines[1].jobs[9];
            (job.outcome, job.cause) = (Outcome::Failed, Some(crate::Cause::RateLimited));
        });
        let expected = "phase3: documents 9 files instead of 10, 1.11 times dearer per documented \
                        file";
        assert_eq!(lost[1], expected);
        let gave_up = said(|run| {
            let job = &mut run.pipelines[1].jobs[9];
            (job.outcome, job.cause) = (Outcome::Failed, Some(crate::Cause::RateLimited));
            run.pipelines[1].end.as_mut().unwrap().elapsed_us /= 2;
        });
        assert_eq!(gave_up[1], format!("{expected}, in 50 % of the time"));
    }
}
