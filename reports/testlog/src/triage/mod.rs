//! Why tests failed: a rule for each failure, groups of the same cause, and what flips.
//!
//! Invariants: what an error says comes before what a test is called; what nobody knows stays
//! UNKNOWN and says so; a group does not depend on the order of what was read. Nothing here
//! changes which tests failed: that is what was read, to the letter.

// What decides.
mod candidates;
pub mod compat;
mod difference;
mod expression;
mod rule_file;
mod rules;
mod words;

// What is said of one failure.
mod case_ref;

// What several failures say together, and what was said of them before.
mod flaky;
mod history;
mod session;
mod shared;
mod signature;

pub use case_ref::CaseRef;
pub use difference::Difference;
pub use flaky::{Flakiness, TestHistory};
pub use rule_file::{FORMAT, Rule, RuleFile, SHIPPED, Tier};
pub use rules::{RuleProblem, Rules};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::{Log, TestRun};
use reports::Confidence;
use reports::history::Past;
use reports::{Category, Priority};

/// One input by its name.
#[derive(Debug)]
pub struct Input {
    /// The name, as it was typed.
    pub name: String,
    /// What it held.
    pub log: Log,
}

/// One failure, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding<'a> {
    /// The failure.
    pub case: CaseRef<'a>,
    /// The run that it is of, from 0, over all inputs.
    pub run: usize,
    /// The rule that decided; none where nothing is known.
    pub rule: Option<Cow<'a, str>>,
    /// Where the mending is.
    pub category: Category,
    /// How soon it deserves a look.
    pub priority: Priority,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether the code under test may be at fault.
    pub tier: Tier,
    /// What happened.
    pub reason: Cow<'a, str>,
    /// What mends it.
    pub remedy: Cow<'a, str>,
    /// What in the failure, and in the others, decided.
    pub evidence: String,
    /// The group, by its place in [`Triage::groups`].
    pub group: usize,
}

/// Failures with one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The same for the same signature on every machine.
    pub id: String,
    /// What they have in common.
    pub signature: String,
    /// The name of the signature in a history, which does not depend on the rules; none of failures
    /// that say nothing by which they could be known again.
    pub history_id: Option<String>,
    /// What a history says of it, where one was asked.
    pub past: Option<Past>,
    /// The failures, by their place in [`Triage::findings`], in the order of the input.
    pub members: Vec<usize>,
    /// How many tests they are of.
    pub tests: usize,
}

impl Group {
    /// The first and the last of its failures, in the order of the input.
    pub fn ends(&self) -> (usize, usize) {
        let first = self.members.first().copied().unwrap_or_default();
        (first, self.members.last().copied().unwrap_or(first))
    }
}

/// Everything that can be said about the failures of some inputs.
#[derive(Debug)]
pub struct Triage<'a> {
    /// The inputs.
    pub inputs: &'a [Input],
    /// The runs of all inputs, in order, each with its input.
    pub runs: Vec<(&'a Input, &'a TestRun)>,
    /// Every failure, in the order of the input.
    pub findings: Vec<Finding<'a>>,
    /// What deserves a look first comes first, then the largest group, then by signature.
    pub groups: Vec<Group>,
    /// What holds of a whole run, in words.
    pub notes: Vec<String>,
    /// What flips; only where there are several runs.
    pub flakiness: Option<Flakiness>,
}

impl<'a> Triage<'a> {
    /// Judges every failure. Flakiness is looked for in several runs, and in one when `flaky`.
    pub fn new(inputs: &'a [Input], rules: &'a Rules, flaky: bool) -> Self {
        let runs: Vec<(&Input, &TestRun)> = inputs
            .iter()
            .flat_map(|input| input.log.runs.iter().map(move |run| (input, run)))
            .collect();
        // To the letter: a list of very many that grows by doubling is twice as large for a while.
        let failures = runs.iter().map(|(_, run)| run.failures().count().max(1)).sum();
        let mut findings: Vec<Finding<'_>> = Vec::with_capacity(failures);
        for (number, (_, run)) in runs.iter().enumerate() {
            let cases = run.failures().map(CaseRef::Borrowed);
            let own = session::failure(run).map(|case| CaseRef::Owned(Box::new(case)));
            let cases = cases.chain(own);
            findings.extend(cases.map(|case| judged(case, number, rules)));
        }
        let mut groups = grouped(&mut findings);
        let notes = shared::weigh(&runs, &mut findings, &groups);
        findings.iter_mut().for_each(mask);
        for group in &mut groups {
            // Before it gets a name: a key that changes with every run would be a new failure.
            group.signature = redact::text(&group.signature).into_owned();
            let is_mute = signature::is_mute(&group.signature);
            group.history_id = (!is_mute).then(|| signature::name(&group.signature));
        }
        let flakiness = (flaky || inputs.len() > 1).then(|| Flakiness::of(&runs));
        Self { inputs, runs, findings, groups, notes, flakiness }
    }

    /// The failures of one run.
    pub fn findings_of(&self, run: usize) -> &[Finding<'a>] {
        &self.findings[of_run(&self.findings, run)]
    }

    /// How many failures are of a category.
    pub fn in_category(&self, category: Category) -> usize {
        self.findings.iter().filter(|finding| finding.category == category).count()
    }
}

/// Takes what looks like a credential out of everything that is shown of a finding but its id. What
/// it was judged by, and its group, are settled by then.
fn mask(finding: &mut Finding<'_>) {
    let masked = |text: &str| match redact::text(text) {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    };
    if let Some(evidence) = masked(&finding.evidence) {
        finding.evidence = evidence;
    }
    if let Some(message) = masked(&finding.case.message) {
        finding.case.to_mut().message = message;
    }
    if let Some(exception) = finding.case.exception.as_deref().and_then(masked) {
        finding.case.to_mut().exception = Some(exception);
    }
    if let Some(subtest) = finding.case.subtest.as_deref().and_then(masked) {
        finding.case.to_mut().subtest = Some(subtest);
    }
}

/// Where the findings of one run are: they stand in the order of the runs.
fn of_run(findings: &[Finding<'_>], run: usize) -> Range<usize> {
    let start = findings.partition_point(|finding| finding.run < run);
    start..findings.partition_point(|finding| finding.run <= run)
}

fn judged<'a>(case: CaseRef<'a>, run: usize, rules: &'a Rules) -> Finding<'a> {
    let Some((rule, evidence)) = rules.decide(&case) else {
        let (reason, remedy) = if case.message.is_empty() {
            ("The log does not say why", "run it again so that it prints failures in full")
        } else {
            ("No rule knows this error", "read the message, and add a rule with `--rules`")
        };
        return Finding {
            case,
            run,
            rule: None,
            category: Category::Unknown,
            priority: Priority::Medium,
            confidence: Confidence::Guess,
            tier: Tier::Ambiguous,
            reason: reason.into(),
            remedy: remedy.into(),
            evidence: String::new(),
            group: 0,
        };
    };
    Finding {
        case,
        run,
        rule: Some(rule.name.as_str().into()),
        category: rule.category,
        priority: rule.priority,
        confidence: rule.confidence,
        tier: rule.tier,
        reason: rule.reason.as_str().into(),
        remedy: rule.remedy.as_str().into(),
        evidence,
        group: 0,
    }
}

fn grouped(findings: &mut [Finding<'_>]) -> Vec<Group> {
    // What two rules have decided has two causes, however alike it looks.
    let mut members: BTreeMap<(String, Option<Cow<'_, str>>), Vec<usize>> = BTreeMap::new();
    for (place, finding) in findings.iter().enumerate() {
        let signature = signature::of(&finding.case);
        members.entry((signature, finding.rule.clone())).or_default().push(place);
    }
    let mut groups: Vec<Group> = members
        .into_iter()
        .map(|((signature, rule), members)| {
            let ids = members.iter().map(|place| findings[*place].case.id.full.as_str());
            let tests = ids.collect::<BTreeSet<_>>().len();
            let id = signature::name(&format!("{} | {signature}", rule.unwrap_or_default()));
            Group { id, signature, history_id: None, past: None, members, tests }
        })
        .collect();
    groups.sort_by_key(|group| {
        let priorities = group.members.iter().map(|member| findings[*member].priority);
        (priorities.min(), std::cmp::Reverse(group.members.len()))
    });
    for (place, group) in groups.iter().enumerate() {
        for member in &group.members {
            findings[*member].group = place;
        }
    }
    groups
}

#[cfg(test)]
pub(crate) mod tests;
