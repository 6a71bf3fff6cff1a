//! The closing sentence of the main screen: what the second pipeline is worth against the first.
//!
//! Invariants: cost alone is compared only where the same number of files was documented, because
//! a pipeline that fails early is always cheap; elsewhere it is the cost of each documented file.
//! Nothing is said where records do not agree.

use std::cmp::Ordering;

use crate::judge::Summary;
use crate::record::Currency;
use crate::text::{counted, escape, money, percent, ratio, thousands, usd};

/// The sentence; `None` where there is nothing to compare.
pub(super) fn sentence(first: &Summary, second: &Summary, currency: &Currency) -> Option<String> {
    let whole = |s: &Summary| s.unreconciled.is_empty() && s.tried() > 0;
    if !whole(first) || !whole(second) {
        return None;
    }
    let (a, b) = (escape(&first.pipeline), escape(&second.pipeline));
    if first.tried() != second.tried() {
        let share =
            |s: &Summary| format!("{} of {}", thousands(s.documented), counted(s.tried(), "file"));
        let (one, other) = (share(second), share(first));
        return Some(format!("{b} documented {one}, {a} {other}."));
    }
    if first.documented == second.documented {
        return Some(match first.documented {
            0 => format!("Neither {a} nor {b} documented a file."),
            _ => cost(first, second, currency),
        });
    }
    let more = if second.documented > first.documented { "more" } else { "fewer" };
    let difference = thousands(second.documented.abs_diff(first.documented));
    let files = counted(first.tried(), "file");
    let price = price(first, second);
    Some(format!("{b} documented {difference} {more} of {files} than {a}{price}."))
}

/// `: 1.01× its cost per success, 1.77× its time`, or as much of it as is defined. A
/// pipeline that documented nothing has no price per file, and nothing was bought in its time.
fn price(first: &Summary, second: &Summary) -> String {
    let each = (second.cost_per_success_microusd(), first.cost_per_success_microusd());
    let (Some(each), Some(of_each)) = each else { return String::new() };
    let cost = (Some(each), Some(of_each), "cost per success");
    let time = (second.elapsed_us, first.elapsed_us, "time");
    let parts = [cost, time].into_iter().filter_map(|(value, of, what)| {
        let (value, of) = (value?, of.filter(|of| *of > 0)?);
        Some(match value {
            0 => format!("no {what}"),
            _ => format!("{} its {what}", ratio(Some(value), Some(of))),
        })
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

fn cost(first: &Summary, second: &Summary, currency: &Currency) -> String {
    let (a, b) = (escape(&first.pipeline), escape(&second.pipeline));
    let (before, after) = (first.cost_microusd, second.cost_microusd);
    let difference = before.abs_diff(after);
    let mut amount = usd(difference);
    if !currency.is_dollar() {
        amount = format!("{amount}, {}", money(&currency.symbol, currency.micros(difference)));
    }
    let Some(ppm) = (u128::from(difference) * 1_000_000).checked_div(u128::from(before)) else {
        return match after {
            0 => format!("{b} and {a} cost nothing."),
            _ => format!("{b} costs {amount}, and {a} nothing."),
        };
    };
    let share = percent(u64::try_from(ppm).unwrap_or(u64::MAX));
    match after.cmp(&before) {
        Ordering::Less => format!("{b} costs {share} less than {a} (saves {amount})."),
        Ordering::Equal => format!("{b} costs the same as {a}."),
        Ordering::Greater => format!("{b} costs {share} more than {a} ({amount} more)."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    /// The sentence of a second pipeline with these numbers, against 10 of 10 for $0.5341.
    fn against(documented: u64, failed: u64, cost_microusd: u64) -> Option<String> {
        let first = Summary {
            pipeline: "phase1".to_owned(),
            documented: 10,
            cost_microusd: 534_100,
            elapsed_us: Some(10_000_000),
            ..Summary::default()
        };
        let second = Summary {
            pipeline: "phase3".to_owned(),
            documented,
            failed,
            cost_microusd,
            elapsed_us: Some(17_700_000),
            ..Summary::default()
        };
        sentence(&first, &second, &fixture::concurrent().header.currency)
    }

    #[test]
    fn savings_are_told_where_the_same_number_was_documented() {
        let expected = "phase3 costs 90.0 % less than phase1 (saves $0.4807, ₹39.90).";
        assert_eq!(against(10, 0, 53_410).as_deref(), Some(expected));
        let expected = "phase3 costs 100.0 % more than phase1 ($0.5341, ₹44.33 more).";
        assert_eq!(against(10, 0, 1_068_200).as_deref(), Some(expected));
        assert_eq!(against(10, 0, 534_100).as_deref(), Some("phase3 costs the same as phase1."));
    }

    #[test]
    fn a_pipeline_that_documents_less_is_never_praised_for_its_cost() {
        let expected = "phase3 documented 9 fewer of 10 files than phase1: \
                        1.00× its cost per success, 1.77× its time.";
        assert_eq!(against(1, 9, 53_410).as_deref(), Some(expected));
    }

    #[test]
    fn what_cost_nothing_or_bought_nothing_has_no_ratio() {
        let expected = "phase3 documented 9 fewer of 10 files than phase1: \
                        no cost per success, 1.77× its time.";
        assert_eq!(against(1, 9, 0).as_deref(), Some(expected));
        let expected = "phase3 documented 9 fewer of 10 files than phase1: \
                        <0.01× its cost per success, 1.77× its time.";
        assert_eq!(against(1, 9, 1).as_deref(), Some(expected));
        let expected = "phase3 documented 10 fewer of 10 files than phase1.";
        assert_eq!(against(0, 10, 53_410).as_deref(), Some(expected));
    }

    #[test]
    fn no_price_is_named_against_a_pipeline_that_documented_nothing() {
        let first = Summary {
            pipeline: "phase1".to_owned(),
            failed: 1,
            cost_microusd: 10,
            elapsed_us: Some(50_000),
            ..Summary::default()
        };
        let second =
            Summary { pipeline: "phase3".to_owned(), documented: 1, failed: 0, ..first.clone() };
        let expected = "phase3 documented 1 more of 1 file than phase1.";
        let currency = &fixture::concurrent().header.currency;
        assert_eq!(sentence(&first, &second, currency).as_deref(), Some(expected));
    }

    #[test]
    fn other_numbers_of_files_are_told_side_by_side() {
        let expected = "phase3 documented 4 of 8 files, phase1 10 of 10 files.";
        assert_eq!(against(4, 4, 1).as_deref(), Some(expected));
    }

    #[test]
    fn nothing_is_said_where_nothing_was_tried() {
        assert_eq!(against(0, 0, 0), None);
    }
}
