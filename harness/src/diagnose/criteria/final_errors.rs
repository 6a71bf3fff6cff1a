//! Whether refusals that stay are taken for final.

use reports::card::{Criterion, Grade, Row};

use super::sheet::Sheet;
use crate::diagnose::seen::{Seen, attempts};

/// Refusals that no later attempt changes.
const FINAL: [&str; 4] = ["invalid", "unauthorized", "not-found", "too-large"];

/// Refusals that look as if they passed, and say that they do not.
const SAY_SO: [&str; 2] = ["do-not-retry", "spend-limit"];

const FIX: &str = "Do not try again after 400, 401, 403, 404 and 413, nor where the response says \
                   `x-should-retry: false`: the answer stays the same. Around the SDK, retry only \
                   `APIConnectionError`, `RateLimitError` and `InternalServerError`.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::FinalErrors);
    let mut retried = |names: &[&str]| {
        let (mut met, mut again) = (0, 0);
        for probe in seen.hit(names) {
            met += 1;
            let most = probe.most_attempts();
            again += usize::from(most > 1);
            let status = probe.first_failure().and_then(|attempt| attempt.status);
            let status = status.map(|status| format!("{status}: ")).unwrap_or_default();
            sheet.saw(probe, format!("{status}{}", attempts(most)));
        }
        (met, again)
    };
    let (met, again) = retried(&FINAL);
    let (met_too, again_too) = retried(&SAY_SO);
    if met + met_too == 0 {
        return sheet.not_shown("no request met a refusal that stays");
    }
    let told = seen.met("do-retry").map(|told| {
        sheet.saw(told, format!("400 with `x-should-retry: true`: {}", told.ending()));
        let was = if told.most_attempts() > 1 { "was" } else { "was not" };
        format!("; a 400 that asks for a retry {was}")
    });
    let grade = match (again, again_too) {
        (0, 0) => Grade::A,
        (0, 1) => Grade::B,
        (0, _) | (1, 0) => Grade::C,
        (again, _) if again == met => Grade::F,
        _ => Grade::D,
    };
    let (again, met) = (again + again_too, met + met_too);
    let told = told.unwrap_or_default();
    sheet.graded(grade, format!("{again} of {met} permanent errors were retried{told}"), FIX)
}
