//! The original analyser of the failure analysis, to the letter, quirks included.
//!
//! It guesses from a test's bare name by parts of words, forgets tests with parameters, and counts
//! some twice. Reports that were made with it can be made again here, and nothing else should be.
//!
//! Deliberately kept: `graceful` is a race, `upload` is load, a class belongs to the file, a line
//! break between an id and a word is space like any other, and cells of the CSV are not quoted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regex::Regex;

use reports::{Category, Priority};

/// What the analyser writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compat {
    /// `failure_report.txt`.
    pub report: String,
    /// `failure_inventory.csv`.
    pub inventory: String,
    /// How many tests it saw fail.
    pub failed: usize,
}

/// Without a test that it knows, the original divides by nothing and dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTests;

type Decision = (Category, Priority, Option<&'static str>);

struct SeenTest<'a> {
    file: &'a str,
    name: &'a str,
    decision: Decision,
}

/// Reads pytest's text as the original does.
pub fn analyse(text: &str) -> Result<Compat, NoTests> {
    // `\s` and `\w` of Python: four separators are space there as well, `²` and `½` are of a word,
    // and accents that stand alone are not.
    let pattern = r"(tests/chaos/[^\s\x1c-\x1f]+)::([\p{L}\p{N}_:]+)[\s\x1c-\x1f]+(PASSED|FAILED)";
    let pattern = Regex::new(pattern).expect("the expression is tested");
    let mut passed = 0_usize;
    let mut failures = Vec::new();
    let mut files: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for found in pattern.captures_iter(text) {
        let (_, [file, name, status]) = found.extract();
        let key = file.rsplit('/').next().unwrap_or(file);
        let counts = files.entry(key).or_default();
        if status == "PASSED" {
            passed += 1;
            counts.0 += 1;
        } else {
            counts.1 += 1;
            failures.push(SeenTest { file, name, decision: decide(&name.to_lowercase()) });
        }
    }
    if passed + failures.len() == 0 {
        return Err(NoTests);
    }
    let report = report(passed, &failures, &files);
    Ok(Compat { report, inventory: inventory(&failures), failed: failures.len() })
}

fn decide(name: &str) -> Decision {
    use Category::{Bug, Configuration, Environment, TestDesign, Unknown};
    use Priority::{High, Low, Medium};
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let unknown = (Unknown, Medium, None);
    if has(&["auth", "jwt", "rbac"]) {
        if has(&["concurrent", "load"]) {
            (Environment, Low, Some("Contention not detected - system too fast"))
        } else if has(&["service_outage"]) {
            (Bug, High, Some("Auth service failure not handled correctly"))
        } else if has(&["expiration", "validation"]) {
            (Bug, High, Some("JWT validation logic may have issues"))
        } else {
            unknown
        }
    } else if has(&["cache"]) {
        if has(&["memory_pressure", "stampede"]) {
            let reason = "Cache pool size or eviction policy needs tuning";
            (Configuration, Medium, Some(reason))
        } else {
            unknown
        }
    } else if has(&["concurrency", "race", "deadlock"]) {
        if has(&["concurrent"]) {
            (Environment, Low, Some("Hardware too fast to trigger race condition"))
        } else {
            (Bug, High, Some("Potential concurrency bug"))
        }
    } else if has(&["database", "consistency", "transaction"]) {
        if has(&["load", "concurrent"]) {
            let reason = "Pool size or connection limits need adjustment";
            (Configuration, Medium, Some(reason))
        } else {
            (Bug, High, Some("Data consistency issue - needs investigation"))
        }
    } else if has(&["network", "connection", "latency"]) {
        (TestDesign, Low, Some("Network simulation not available in environment"))
    } else {
        unknown
    }
}

/// What the original says of a category; one of them it calls otherwise than this crate.
const fn description(category: Category) -> &'static str {
    match category {
        Category::Bug => "Potential bug (requires investigation)",
        Category::Configuration => "Configuration issues (pools, timeouts)",
        Category::Environment => "Environment-specific (hardware, timing)",
        Category::TestDesign => "Test design issue (unrealistic expectations)",
        Category::Unknown => "Needs analysis",
    }
}

#[expect(clippy::cast_precision_loss, reason = "the original divides floating point numbers")]
fn percent(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64 * 100.0
}

fn report(
    passed: usize,
    failures: &[SeenTest<'_>],
    files: &BTreeMap<&str, (usize, usize)>,
) -> String {
    let (thick, thin) = ("=".repeat(80), "-".repeat(80));
    let total = passed + failures.len();
    let mut page =
        format!("{thick}\nCHAOS TEST FAILURE ANALYSIS REPORT\n{thick}\n\nSUMMARY\n{thin}\n");
    let _ = writeln!(page, "Total Tests:    {total}");
    let _ = writeln!(page, "Passed:         {passed} ({:.1}%)", percent(passed, total));
    let failed = failures.len();
    let _ = writeln!(page, "Failed:         {failed} ({:.1}%)", percent(failed, total));
    let _ = writeln!(page, "\nFAILURES BY CATEGORY\n{thin}");
    let of = |category: Category| failures.iter().filter(move |seen| seen.decision.0 == category);
    for category in Category::ALL {
        let count = of(category).count();
        if count > 0 {
            let _ = writeln!(page, "{:15} {count:3} tests", category.name());
            let _ = writeln!(page, "  Description: {}\n", description(category));
        }
    }
    let _ = writeln!(page, "FAILURES BY TEST FILE\n{thin}");
    for (file, (passed, failed)) in files {
        if *failed > 0 {
            let rate = percent(*passed, passed + failed);
            let _ = writeln!(page, "{file:40} {failed:2} failures  ({rate:.0}% pass rate)");
        }
    }
    let _ = write!(page, "\nDETAILED FAILURE ANALYSIS\n{thick}");
    for category in Category::ALL {
        let count = of(category).count();
        if count == 0 {
            continue;
        }
        let _ = write!(page, "\n\nCATEGORY: {} ({count} failures)\n{thin}", category.name());
        for (number, seen) in (1..).zip(of(category)) {
            let _ = write!(page, "\n\n{number}. {}\n   File:     {}", seen.name, seen.file);
            let _ = write!(page, "\n   Priority: {}", seen.decision.1.name());
            if let Some(reason) = seen.decision.2 {
                let _ = write!(page, "\n   Reason:   {reason}");
            }
        }
    }
    page
}

fn inventory(failures: &[SeenTest<'_>]) -> String {
    let mut text = "File,Test Name,Status,Category,Priority,Reason".to_owned();
    for SeenTest { file, name, decision: (category, priority, reason) } in failures {
        let (category, priority) = (category.name(), priority.name());
        let reason = reason.unwrap_or_default().replace(',', ";");
        let _ = write!(text, "\n{file},{name},FAILED,{category},{priority},{reason}");
    }
    text
}

#[cfg(test)]
mod tests;
