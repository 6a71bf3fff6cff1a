//! Two lists that tell of the same things in the same order, one with strangers among them.
//!
//! Pytest prints failures in one order everywhere: in its progress, as headers, as summary lines.
//! A forged header or line has no partner in the other list, or breaks the order, and the longest
//! common subsequence leaves it out.

/// Cells of the table that may be filled. Past it, partners are taken as they come: a log with
/// thousands of strangers is answered in linear time, and its counts tell when that went wrong.
const CELLS: usize = 1 << 20;

/// Pairs of places whose entries match, in rising order on both sides, as many as possible.
pub(super) fn align(
    left: usize,
    right: usize,
    matches: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let shorter = left.min(right);
    let start = (0..shorter).take_while(|at| matches(*at, *at)).count();
    let end =
        (0..shorter - start).take_while(|back| matches(left - 1 - back, right - 1 - back)).count();
    let (rows, columns) = (left - start - end, right - start - end);
    let inner = |row: usize, column: usize| matches(start + row, start + column);
    let middle = if rows.saturating_mul(columns) <= CELLS {
        longest(rows, columns, inner)
    } else {
        greedy(rows, columns, inner)
    };
    let mut pairs: Vec<(usize, usize)> = (0..start).map(|at| (at, at)).collect();
    pairs.extend(middle.into_iter().map(|(row, column)| (start + row, start + column)));
    pairs.extend((0..end).rev().map(|back| (left - 1 - back, right - 1 - back)));
    pairs
}

fn longest(
    rows: usize,
    columns: usize,
    matches: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    if rows == 0 || columns == 0 {
        return Vec::new();
    }
    // `best[row][column]`: the most pairs from there on.
    let width = columns + 1;
    let mut best = vec![0_u32; (rows + 1) * width];
    let mut same = vec![false; rows * columns];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let skipped = best[(row + 1) * width + column].max(best[row * width + column + 1]);
            let paired = matches(row, column);
            same[row * columns + column] = paired;
            let taken = best[(row + 1) * width + column + 1] + u32::from(paired);
            best[row * width + column] = skipped.max(taken);
        }
    }
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    while row < rows && column < columns {
        let here = best[row * width + column];
        let both = best[(row + 1) * width + column + 1];
        if same[row * columns + column] && here == both + 1 {
            pairs.push((row, column));
            row += 1;
            column += 1;
        } else if best[(row + 1) * width + column] == here {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

/// How far the greedy way looks for a partner.
const WINDOW: usize = 64;

fn greedy(
    rows: usize,
    columns: usize,
    matches: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut next = 0_usize;
    for row in 0..rows {
        let window = next..columns.min(next.saturating_add(WINDOW));
        if let Some(column) = window.into_iter().find(|column| matches(row, *column)) {
            pairs.push((row, column));
            next = column + 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn check(left: &str, right: &str, common: &str) {
        let (left, right) = (left.as_bytes(), right.as_bytes());
        let pairs = align(left.len(), right.len(), |l, r| left[l] == right[r]);
        let found: String = pairs.iter().map(|(l, _)| char::from(left[*l])).collect();
        assert_eq!(found, common);
        assert!(pairs.iter().all(|(l, r)| left[*l] == right[*r]));
        assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
    }

    #[test]
    fn strangers_are_left_out() {
        check("abcd", "abcd", "abcd");
        check("axbcyd", "abcd", "abcd");
        check("acbcd", "abcd", "abcd");
        check("abcd", "", "");
        check("xyz", "abc", "");
    }

    #[test]
    fn long_lists_of_strangers_take_linear_work() {
        let asked = Cell::new(0_u64);
        let count = 100_000;
        align(count, count, |_, _| {
            asked.set(asked.get() + 1);
            false
        });
        assert!(asked.get() < 100 * count as u64, "{} comparisons", asked.get());
    }
}
