//! The distribution of latency: every percentile of every pipeline, with room for the nines.
//!
//! Invariants: the axis is logarithmic in what lies above a percentile, as HDR plots have it; a
//! curve ends at the last percentile that its jobs carry. In real time that is three jobs before
//! the end (95 % of samples of this size have one above it); in simulated time every job is exact.

use maud::Markup;

use super::chart::{BELOW, FOOT, LEFT, RIGHT, figure, frame, legend, line, look, mark, value_axis};
use super::scale::{Axis, Kind, Tenths};
use crate::judge::{Latency, Summary};
use crate::record::Clock;
use crate::run::Run;
use crate::text::{escape, thousands};

/// A nine on the axis, in millionths.
const NINE: u64 = 1_000_000;

/// How many samples of real time lie above the last percentile that is drawn.
const REAL_TIME_MARGIN: u64 = 3;

/// The chart of all pipelines.
pub(super) fn chart(run: &Run, summaries: &[Summary]) -> Markup {
    let most = summaries.iter().map(|s| s.latency.count()).max().unwrap_or(0);
    let margin = if run.header.clock == Clock::Wall { REAL_TIME_MARGIN } else { 1 };
    let x = axis(most);
    let slowest = summaries.iter().filter_map(|s| s.latency.max_us()).max().unwrap_or(0);
    let y = value_axis(Kind::Time, slowest);
    let curves: Vec<Vec<(Tenths, Tenths)>> =
        summaries.iter().map(|s| curve(&s.latency, margin, &x, &y)).collect();
    let drawing = maud::html! {
        (frame(&x, &y, "percentile", "latency of a job"))
        @for (index, curve) in curves.iter().enumerate() {
            (line(&look(index), curve.iter().copied()))
            @if let Some((x, y)) = curve.last() { (mark(index, *x, *y)) }
        }
    };
    let entries = summaries.iter().enumerate().map(|(index, summary)| {
        let n = thousands(summary.latency.count());
        (index, format!("{} (n={n})", escape(&summary.pipeline)))
    });
    let entries: Vec<(usize, String)> = entries.collect();
    let caption = if margin == 1 {
        "Documented jobs, from arrival to end. Each curve ends at its slowest job."
    } else {
        "Documented jobs, from arrival to end. Each curve ends where fewer than three jobs are \
         above: beyond that, a sample of real time says nothing."
    };
    figure("Latency by percentile", &legend(&entries), FOOT + BELOW, &drawing, caption)
}

/// The axis of nines: half of the jobs, nine of ten, ninety-nine of a hundred …
fn axis(most: u64) -> Axis {
    let max = nines(most.max(10), 1);
    let named: [(u64, u64, &str); 7] = [
        (1, 1, "0 %"),
        (2, 1, "50 %"),
        (10, 1, "90 %"),
        (100, 1, "99 %"),
        (1_000, 1, "99.9 %"),
        (10_000, 1, "99.99 %"),
        (100_000, 1, "99.999 %"),
    ];
    // The names of nothing and of the half would meet where there are many nines.
    let crowded = max > 5 * NINE / 2;
    let ticks = named
        .into_iter()
        .filter(|(of, _, _)| !(crowded && *of == 2))
        .map(|(of, above, name)| (nines(of, above), name.to_owned()))
        .filter(|(at, _)| *at <= max)
        .collect();
    Axis { max, from: Tenths(LEFT * 10), to: Tenths((RIGHT - 8) * 10), ticks }
}

/// How many nines a percentile has with this many of all above it, in millionths of a nine.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place on a drawing: far fewer digits are needed than a float has"
)]
fn nines(of: u64, above: u64) -> u64 {
    let share = of as f64 / above.max(1) as f64;
    (libm::log10(share.max(1.0)) * NINE as f64) as u64
}

/// The steps of one distribution, thinned to what a drawing can show.
fn curve(latency: &Latency, margin: u64, x: &Axis, y: &Axis) -> Vec<(Tenths, Tenths)> {
    let count = latency.count();
    let mut points: Vec<(Tenths, Tenths)> = Vec::new();
    for (below, up_to, value) in latency.steps() {
        if count - below < margin {
            break;
        }
        let last = (count - up_to).max(margin);
        for above in [count - below, last] {
            let point = (x.at(nines(count, above)), y.at(value));
            // The nearest tenth is drawn once, and half a unit is not seen.
            let near = |(px, py): &(Tenths, Tenths)| {
                (point.0.0 - px.0).abs() < 5 && (point.1.0 - py.0).abs() < 5
            };
            if !points.last().is_some_and(near) || up_to == count {
                points.push(point);
            }
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn of(values: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        values.into_iter().for_each(|value| latency.record(value));
        latency
    }

    #[test]
    fn a_tenth_as_many_above_is_one_nine_more() {
        assert_eq!([nines(10, 10), nines(10, 1), nines(1_000, 1)], [0, NINE, 3 * NINE]);
    }

    #[test]
    fn ten_thousand_jobs_make_a_curve_of_a_few_hundred_points_up_to_the_slowest() {
        let latency = of((1..=10_000).map(|n| n * n));
        let (x, y) = (axis(10_000), value_axis(Kind::Time, 100_000_000));
        let points = curve(&latency, 1, &x, &y);
        assert!(points.len() < 1_000, "{}", points.len());
        assert_eq!(*points.last().unwrap(), (x.at(4 * NINE), y.at(100_000_000)));
        assert!(points.is_sorted_by_key(|(x, _)| x.0));
    }

    #[test]
    fn a_curve_of_real_time_ends_three_jobs_before_the_end() {
        let latency = of(1_000..2_000);
        let (x, y) = (axis(1_000), value_axis(Kind::Time, 2_000));
        let ends = |margin| curve(&latency, margin, &x, &y).last().unwrap().0;
        assert_eq!(ends(1), x.at(nines(1_000, 1)));
        assert_eq!(ends(3), x.at(nines(1_000, 3)));
    }

    #[test]
    fn nothing_documented_is_an_empty_chart_and_no_error() {
        let judged = fixture::judged(|run| run.pipelines[0].jobs.clear());
        let page = chart(judged.run(), &judged.summaries()[..1]).into_string();
        assert!(page.contains("(n=0)"), "{page}");
    }
}
