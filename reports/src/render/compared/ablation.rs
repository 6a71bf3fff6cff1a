//! The stages of a pipeline, each with what it keeps away and what it costs, in one table.

use std::fmt::Write as _;

use crate::compare::ablation::{Ablation, Without};
use crate::judge::{Summary, Verdict};
use crate::render::style::Style;
use crate::render::table::table;
use crate::text::{counted, duration, escape, ratio, thousands, usd, wrap};

const HEADER: [&str; 6] = ["without", "documented", "cost", "calls", "time", "what returns"];

/// Renders an ablation.
pub fn render(ablation: &Ablation, style: Style) -> String {
    let whole = &ablation.whole;
    let word = if whole.failed == 0 { Verdict::Pass } else { Verdict::Fail };
    let mut page = format!(
        "{}  {}: {} documents {} of {} · seed {}\n\n",
        style.paint(word, "ABLATION"),
        escape(&ablation.scenario),
        escape(&whole.pipeline),
        thousands(whole.documented),
        counted(whole.tried(), "file"),
        ablation.seed,
    );
    let mut rows = vec![row("(nothing)", whole, whole, String::from("—"))];
    let busy = ablation.without.iter().filter(|without| !without.idle(whole));
    rows.extend(busy.map(|without| row(&without.stage, &without.summary, whole, returns(without))));
    page.push_str(&table(HEADER.map(str::to_owned).to_vec(), rows, HEADER.len(), style));
    page.push('\n');
    page.push_str(&closing(ablation, style));
    page
}

fn row(stage: &str, summary: &Summary, whole: &Summary, returns: String) -> Vec<String> {
    let with_ratio = |value: String, head: Option<u64>, base: Option<u64>| {
        if head == base { value } else { format!("{value} ({})", ratio(head, base)) }
    };
    let time = summary.elapsed_us.map_or_else(|| "—".to_owned(), duration);
    vec![
        escape(stage),
        format!("{}/{}", thousands(summary.documented), thousands(summary.tried())),
        with_ratio(
            usd(summary.cost_microusd),
            Some(summary.cost_microusd),
            Some(whole.cost_microusd),
        ),
        with_ratio(thousands(summary.calls), Some(summary.calls), Some(whole.calls)),
        with_ratio(time, summary.elapsed_us, whole.elapsed_us),
        returns,
    ]
}

/// The failures that come back.
fn returns(without: &Without) -> String {
    let failures: Vec<String> = without
        .returned
        .iter()
        .map(|(cause, count)| format!("{} ({})", cause.words(), thousands(*count)))
        .collect();
    if failures.is_empty() { "no failure".to_owned() } else { failures.join(", ") }
}

/// What each stage is good for, in sentences: failures first, then money and time.
fn closing(ablation: &Ablation, style: Style) -> String {
    let whole = &ablation.whole;
    let mut text = String::new();
    for without in &ablation.without {
        let losses = losses(without, whole);
        if !losses.is_empty() {
            let _ = writeln!(text, "Without {} it {losses}.", escape(&without.stage));
        }
    }
    if !ablation.without.iter().any(Without::carries) {
        text.push_str("No single stage keeps a failure away in this scenario.\n");
    }
    let idle: Vec<String> = ablation
        .without
        .iter()
        .filter(|without| without.idle(whole))
        .map(|without| escape(&without.stage))
        .collect();
    if !idle.is_empty() {
        let line = format!("{}.", idle.join(", "));
        text.push_str(&wrap("Nothing changes without: ", &line, style.width, 2));
        text.push('\n');
    }
    text
}

fn losses(without: &Without, whole: &Summary) -> String {
    let Without { summary, .. } = without;
    let mut losses = Vec::new();
    if without.carries() {
        let lost = whole.documented.saturating_sub(summary.documented);
        let (lost, all) = (thousands(lost), counted(whole.tried(), "file"));
        losses.push(format!("loses {lost} of {all}"));
    }
    let half_more = |head: u64, base: u64| u128::from(head) * 2 >= u128::from(base) * 3 && base > 0;
    let (cost, before) = (summary.cost_microusd, whole.cost_microusd);
    if half_more(cost, before) {
        losses.push(format!("costs {} as much", ratio(Some(cost), Some(before))));
    }
    if let (Some(time), Some(before)) = (summary.elapsed_us, whole.elapsed_us)
        && half_more(time, before)
    {
        losses.push(format!("takes {} as long", ratio(Some(time), Some(before))));
    }
    losses.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_stage_is_shown_with_what_returns_without_it() {
        let judged = fixture::judged(|run| {
            run.pipelines.reverse();
            run.pipelines[1].header.name = "phase3 without retry".into();
        });
        let ablation = Ablation::of(&judged).unwrap();
        insta::assert_snapshot!(render(&ablation, Style::PLAIN), @r"
        ABLATION  concurrent: phase3 documents 10 of 10 files · seed 7

         without     documented   cost      calls        time      what returns
        ────────────────────────────────────────────────────────────────────────────────
         (nothing)   10/10        $0.1922   16           31.2 s    —
         retry       4/10         $0.0734   10 (0.63×)   22.1 s    429 rate limit (6)
                                  (0.38×)                (0.71×)

        Without retry it loses 6 of 10 files.
        ");
    }
}
