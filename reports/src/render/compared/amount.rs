//! Amounts with every digit that they have: the smallest move of a number must be visible.

use crate::compare::Unit;
use crate::text::{decimal, thousands, usd_exact};

/// A value, exactly.
pub(in crate::render) fn exact(unit: Unit, value: u64) -> String {
    match unit {
        Unit::Count => thousands(value),
        Unit::Microusd => format!("${}", usd_exact(value)),
        Unit::Microseconds => format!("{} s", decimal(u128::from(value), 1)),
    }
}

/// A value, or `—` where there is none.
pub(super) fn exact_or_dash(unit: Unit, value: Option<u64>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| exact(unit, value))
}

/// A difference with its sign; `—` where one side is missing, `0` where there is none.
pub(super) fn delta(unit: Unit, base: Option<u64>, head: Option<u64>) -> String {
    match base.zip(head) {
        None => "—".to_owned(),
        Some((base, head)) if base == head => "0".to_owned(),
        Some((base, head)) if head > base => format!("+{}", exact(unit, head - base)),
        Some((base, head)) => format!("−{}", exact(unit, base - head)),
    }
}
