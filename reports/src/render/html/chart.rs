//! What every chart is made of: the frame with its axes, lines, marks and the legend.
//!
//! Invariants: a pipeline has one number in all charts of a page, and with it a colour, a dash and
//! a shape, so that no difference is shown by colour alone; elements of a drawing are closed one by
//! one, because HTML closes none of them.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::scale::{Axis, Kind, Tenths};

/// The width of every drawing; narrow, so that its text stays readable on a telephone.
pub(super) const WIDTH: i64 = 480;
/// Where the plot begins and ends.
pub(super) const LEFT: i64 = 82;
/// The end of the plot.
pub(super) const RIGHT: i64 = WIDTH - 14;
/// The top of the plot.
pub(super) const TOP: i64 = 14;
/// The foot of the plot.
pub(super) const FOOT: i64 = 214;
/// What the axis of time needs below the plot.
pub(super) const BELOW: i64 = 48;

/// What a character of a label takes on a telephone, where text is larger, in tenths.
const CHARACTER: i64 = 95;

/// The pipelines that have a look of their own; a later one shares that of an earlier one.
const LOOKS: usize = 6;

/// The class of a pipeline's colour and dash.
pub(super) fn look(pipeline: usize) -> String {
    format!("s{}", pipeline % LOOKS)
}

/// The axis of time that all charts of a run share.
pub(super) fn time_axis(end_us: u64) -> Axis {
    Axis::new(Kind::Time, end_us, LEFT, RIGHT, false)
}

/// An axis of values, from the foot of the plot upwards.
pub(super) fn value_axis(kind: Kind, max: u64) -> Axis {
    Axis::new(kind, max, FOOT, TOP, true)
}

/// Grid lines, labels and the names of both axes.
pub(super) fn frame(x: &Axis, y: &Axis, x_name: &str, y_name: &str) -> Markup {
    let (foot, right) = (FOOT, RIGHT);
    html! {
        @for (value, label) in &y.ticks {
            @let at = y.at(*value);
            line class="grid" x1=(LEFT) y1=(at) x2=(right) y2=(at) {}
            text x=(LEFT - 6) y=(Tenths(at.0 + 40)) text-anchor="end" { (label) }
        }
        @for (at, label, anchor) in labels(x) {
            line class="axis" x1=(at) y1=(foot) x2=(at) y2=(foot + 4) {}
            @if let Some(anchor) = anchor {
                text x=(at) y=(foot + 20) text-anchor=(anchor) { (label) }
            }
        }
        line class="axis" x1=(LEFT) y1=(foot) x2=(right) y2=(foot) {}
        text x=(right) y=(foot + 41) text-anchor="end" { (x_name) }
        text x=(LEFT) y=(foot + 41) text-anchor="start" { "↑ " (y_name) }
    }
}

/// The places of an axis of time with their labels, and how each is anchored; not at all where it
/// would touch the one before.
fn labels(x: &Axis) -> impl Iterator<Item = (Tenths, &str, Option<&'static str>)> {
    let mut free = 0;
    x.ticks.iter().map(move |(value, label)| {
        let at = x.at(*value);
        let width = width(label);
        // A label in the middle of the last tick would leave the drawing.
        let (anchor, start) = if at.0 + width / 2 <= (RIGHT + 6) * 10 {
            ("middle", at.0 - width / 2)
        } else {
            ("end", at.0 - width)
        };
        let fits = start >= free;
        if fits {
            free = start + width + CHARACTER;
        }
        (at, label.as_str(), fits.then_some(anchor))
    })
}

/// The width of a label, in tenths.
fn width(label: &str) -> i64 {
    label.chars().map(|_| CHARACTER).sum()
}

/// A line through points.
pub(super) fn line(class: &str, points: impl IntoIterator<Item = (Tenths, Tenths)>) -> Markup {
    let path = path(points);
    html! { @if !path.is_empty() { path class={ "line " (class) } d=(path) {} } }
}

/// The path through points; empty where there are none.
pub(super) fn path(points: impl IntoIterator<Item = (Tenths, Tenths)>) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.into_iter().enumerate() {
        let command = if index == 0 { "M" } else { "L" };
        let _ = write!(path, "{command}{x} {y}");
    }
    path
}

/// The mark of a pipeline at a point, in the pipeline's own shape.
pub(super) fn mark(pipeline: usize, x: Tenths, y: Tenths) -> Markup {
    let class = format!("mark {}", look(pipeline));
    html! { path class=(class) d=(shape(pipeline, x, y)) {} }
}

fn shape(pipeline: usize, x: Tenths, y: Tenths) -> String {
    let at = |dx: i64, dy: i64| format!("{} {}", Tenths(x.0 + dx), Tenths(y.0 + dy));
    match pipeline % LOOKS {
        // A disc out of two half circles, a square, triangles, a diamond, a bar.
        0 => format!("M{}a3.6 3.6 0 1 1 7.2 0a3.6 3.6 0 1 1 -7.2 0z", at(-36, 0)),
        1 => format!("M{}h6.4v6.4h-6.4z", at(-32, -32)),
        2 => format!("M{}L{}L{}z", at(0, -42), at(40, 30), at(-40, 30)),
        3 => format!("M{}L{}L{}L{}z", at(0, -46), at(46, 0), at(0, 46), at(-46, 0)),
        4 => format!("M{}L{}L{}z", at(0, 42), at(40, -30), at(-40, -30)),
        _ => format!("M{}h10v3.4h-10z", at(-50, -17)),
    }
}

/// The mark of a job that was lost, the same for every pipeline.
pub(super) fn lost(x: Tenths, y: Tenths) -> Markup {
    let at = |dx: i64, dy: i64| format!("{} {}", Tenths(x.0 + dx), Tenths(y.0 + dy));
    let cross = format!("M{}L{}M{}L{}", at(-35, -35), at(35, 35), at(-35, 35), at(35, -35));
    html! { path class="lost" d=(cross) {} }
}

/// The sample of a line in the legend.
fn sample(pipeline: usize) -> Markup {
    let (from, middle, to) = (Tenths(0), Tenths(170), Tenths(340));
    let y = Tenths(70);
    html! {
        svg viewBox="0 0 34 14" aria-hidden="true" {
            (line(&look(pipeline), [(from, y), (to, y)]))
            (mark(pipeline, middle, y))
        }
    }
}

/// The legend: for each pipeline its line and mark, its name, and a number next to it.
pub(super) fn legend(entries: &[(usize, String)]) -> Markup {
    html! {
        ul class="legend" {
            @for (pipeline, words) in entries {
                li {
                    (sample(*pipeline))
                    (words)
                }
            }
        }
    }
}

/// A chart with its heading, its legend and what there is to know about it.
pub(super) fn figure(
    heading: &str,
    legend: &Markup,
    height: i64,
    drawing: &Markup,
    caption: &str,
) -> Markup {
    html! {
        figure {
            h3 { (heading) }
            (legend)
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label=(heading) {
                (drawing)
            }
            figcaption { (caption) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_differ_by_more_than_their_colour() {
        let shapes: std::collections::BTreeSet<_> =
            (0..LOOKS).map(|pipeline| shape(pipeline, Tenths(0), Tenths(0))).collect();
        assert_eq!(shapes.len(), LOOKS);
    }

    /// `0`, `1 m 30 s` and so on are as far apart as they are wide, and the last one is anchored at
    /// the edge.
    #[test]
    fn no_label_of_time_touches_another_one_on_a_telephone() {
        for minutes in 1..=600 {
            let axis = time_axis(minutes * 60_000_000);
            let mut edge = 0;
            for (at, label, anchor) in labels(&axis) {
                let width = width(label);
                let Some(anchor) = anchor else { continue };
                let start = at.0 - if anchor == "end" { width } else { width / 2 };
                assert!(start >= edge, "{minutes} minutes: {label}");
                edge = start + width;
                assert!(edge <= WIDTH * 10, "{minutes} minutes: {label}");
            }
        }
    }

    #[test]
    fn every_element_of_a_drawing_is_closed() {
        let axis = time_axis(50_000_000);
        let values = value_axis(Kind::Time, 40_000_000);
        let drawing = frame(&axis, &values, "time", "latency").into_string();
        for element in ["line", "text"] {
            let opened = drawing.matches(&format!("<{element} ")).count();
            assert_eq!(opened, drawing.matches(&format!("</{element}>")).count(), "{drawing}");
        }
    }
}
