//! A row of values as a line of bars, the latest at the right.

/// The bars, from the least to the greatest value.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The bar of values that are all the same.
const LEVEL: char = '▄';

/// A run without a value.
const GAP: char = '·';

/// The most bars in a line.
const MOST: usize = 16;

/// The latest values as bars; dots before them stand for earlier ones.
pub(super) fn sparkline(values: &[Option<u64>]) -> String {
    let hidden = values.len().saturating_sub(MOST);
    let shown = &values[hidden..];
    let present = || shown.iter().flatten().copied();
    let (least, most) = (present().min().unwrap_or(0), present().max().unwrap_or(0));
    let bar = |value: &Option<u64>| match value {
        None => GAP,
        Some(_) if least == most => LEVEL,
        Some(value) => {
            // The least has the lowest bar and the greatest the highest; others never touch them
            // by rounding up.
            let (above, span) = (u128::from(value - least), u128::from(most - least));
            BARS[usize::try_from(above * 7 / span).unwrap_or(0)]
        }
    };
    let line: String = shown.iter().map(bar).collect();
    if hidden > 0 { format!("…{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_from_the_least_to_the_greatest_value() {
        let line =
            |values: &[u64]| sparkline(&values.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(line(&[0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
        assert_eq!(line(&[10, 10, 4]), "██▁");
        assert_eq!(line(&[7, 7]), "▄▄");
        assert_eq!(line(&[0, u64::MAX - 1, u64::MAX]), "▁▇█");
        assert_eq!(line(&[]), "");
        let long: Vec<u64> = (0..30).map(|n| n % 2).collect();
        assert_eq!(line(&long), "…▁█▁█▁█▁█▁█▁█▁█▁█");
    }

    #[test]
    fn a_run_without_a_value_is_a_gap() {
        assert_eq!(sparkline(&[Some(1), None, Some(2)]), "▁·█");
        assert_eq!(sparkline(&[None]), "·");
    }
}
