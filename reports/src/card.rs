//! A report card: what a client of the API does in trouble, a grade for each kind of conduct.
//!
//! Invariants: a grade rests on evidence that is on the card; what no probe has shown has no grade,
//! and is not taken for good; the card depends on the records of the probes alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::Verdict;

/// The version of the card's format.
pub const FORMAT: u32 = 1;

/// A grade, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[expect(missing_docs, reason = "they are the letters of any school")]
pub enum Grade {
    A,
    B,
    C,
    D,
    F,
}

impl Grade {
    /// All of them, the best first.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::F];

    /// The letter.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        }
    }

    /// How a page colours it.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::A | Self::B => Verdict::Pass,
            Self::C | Self::D => Verdict::Inconclusive,
            Self::F => Verdict::Fail,
        }
    }
}

/// What is graded.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Whether lost work is reported as lost.
    Reporting,
    /// Whether trouble that passes is outlasted.
    Retries,
    /// Whether waits between attempts grow.
    Backoff,
    /// Whether waits differ, so that many clients do not come back together.
    Jitter,
    /// Whether it waits as long as the API asks.
    RetryAfter,
    /// Whether refusals that stay are taken for final.
    FinalErrors,
    /// Whether it hangs up on a dead answer, and only on that.
    Timeouts,
    /// Whether an answer that broke off is noticed.
    Streams,
    /// Whether an answer that says that it is not whole is noticed.
    Truncation,
    /// Whether unchanged input is paid for again.
    Cache,
    /// Whether equal questions at the same time are paid for each.
    Duplicates,
    /// Whether a large file is sent in parts.
    Chunking,
    /// Whether many files at once survive the API's limits.
    Concurrency,
    /// Whether it stops when the money is spent.
    Spend,
    /// Whether a run that was killed goes on where it was.
    Resume,
}

impl Criterion {
    /// Its name on a card.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reporting => "failures reported",
            Self::Retries => "retries",
            Self::Backoff => "backoff",
            Self::Jitter => "jitter",
            Self::RetryAfter => "retry-after",
            Self::FinalErrors => "final errors",
            Self::Timeouts => "timeouts",
            Self::Streams => "broken answers",
            Self::Truncation => "unfinished answers",
            Self::Cache => "cache",
            Self::Duplicates => "duplicates",
            Self::Chunking => "large files",
            Self::Concurrency => "concurrency",
            Self::Spend => "spend control",
            Self::Resume => "resume",
        }
    }
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Card {
    /// The version of the format: 1.
    pub format: u32,
    /// The version of `chaos`.
    pub tool: String,
    /// What was diagnosed: a command, a service or a pipeline.
    pub target: String,
    /// The SHA-256 of the probes and of the seed: cards with another one are not comparable.
    pub battery_sha256: String,
    /// How many times as fast time passed while all processes waited; absent in real or simulated
    /// time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<u32>,
    /// What monthly costs are worked out for.
    pub volume: Volume,
    /// The criteria, the worst grade first, those without a grade last.
    pub rows: Vec<Row>,
    /// The probes that were run, in their order.
    pub probes: Vec<ProbeLine>,
    /// The command that runs one probe by itself, PROBE in the place of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_one: Option<String>,
    /// What makes the card incomplete; empty where nothing does.
    pub gaps: Vec<String>,
    /// What the grades were held against.
    pub gate: Gate,
}

/// What monthly costs are worked out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Volume {
    /// Files a month.
    pub files: u64,
    /// How many of a million of them meet a given kind of trouble.
    pub troubled_ppm: u64,
}

/// One criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// What is graded.
    pub criterion: Criterion,
    /// The grade; absent where nothing was shown.
    pub grade: Option<Grade>,
    /// What was seen, in a sentence.
    pub says: String,
    /// Probe by probe, what was seen.
    pub evidence: Vec<Evidence>,
    /// What to do about it; absent where nothing has to be done.
    pub fix: Option<String>,
    /// What it costs in a month; absent where it costs no money.
    pub cost: Option<MonthlyCost>,
}

/// What one probe has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The probe.
    pub probe: String,
    /// What was seen.
    pub saw: String,
}

/// Money that buys nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MonthlyCost {
    /// Micro-dollars that one file costs for nothing where it happens.
    pub per_file_microusd: u64,
    /// How often it happens.
    pub basis: Basis,
}

/// How often something that costs money happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// To the share of files that meets the trouble.
    TroubledFiles,
    /// To every file that is sent once more, unchanged.
    RepeatedFiles,
}

/// One probe in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeLine {
    /// Its name.
    pub name: String,
    /// What is wrong in it.
    pub title: String,
    /// Files.
    pub jobs: u64,
    /// Those that were documented.
    pub documented: u64,
    /// Those that were lost, and reported as done.
    pub lost_silently: u64,
    /// Requests sent.
    pub calls: u64,
    /// What they cost, in micro-dollars.
    pub cost_microusd: u64,
    /// From the first arrival to the end, in microseconds of the program's own time.
    pub elapsed_us: u64,
}

/// What the grades were held against, and how they stood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// The verdict.
    pub verdict: Verdict,
    /// The rule in words.
    pub rule: String,
    /// The criteria that broke it.
    pub broken: Vec<Change>,
}

/// A criterion that is worse than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The criterion.
    pub criterion: Criterion,
    /// The worst grade that would do.
    pub wanted: Option<Grade>,
    /// The grade.
    pub grade: Option<Grade>,
}

impl MonthlyCost {
    /// Micro-dollars a month at a volume.
    pub fn microusd(self, volume: Volume) -> u64 {
        let files = match self.basis {
            Basis::TroubledFiles => {
                u128::from(volume.files) * u128::from(volume.troubled_ppm) / 1_000_000
            }
            Basis::RepeatedFiles => u128::from(volume.files),
        };
        u64::try_from(u128::from(self.per_file_microusd) * files).unwrap_or(u64::MAX)
    }
}

impl Card {
    /// Puts the worst grade first, and what was not shown last.
    pub fn sort(&mut self) {
        let rank = |row: &Row| (row.grade.is_none(), row.grade.map(std::cmp::Reverse));
        self.rows.sort_by_key(|row| (rank(row), row.criterion));
    }

    /// The grade of a criterion.
    pub fn grade(&self, criterion: Criterion) -> Option<Grade> {
        self.rows.iter().find(|row| row.criterion == criterion)?.grade
    }

    /// How many criteria have a grade.
    pub fn count(&self, grade: Option<Grade>) -> usize {
        self.rows.iter().filter(|row| row.grade == grade).count()
    }

    /// Holds every grade against the worst one that will do.
    #[must_use]
    pub fn held_against_grade(self, floor: Grade) -> Self {
        let too_bad = |row: &&Row| row.grade.is_some_and(|grade| grade > floor);
        let broken = self.rows.iter().filter(too_bad).map(|row| Change {
            criterion: row.criterion,
            wanted: Some(floor),
            grade: row.grade,
        });
        let broken = broken.collect();
        self.held(format!("grades have to be {} or better", floor.letter()), broken)
    }

    /// Holds every grade against the one that the criterion had. What was shown before and is not
    /// now has not passed.
    #[must_use]
    pub fn held_against(mut self, before: &Self) -> Self {
        if self.battery_sha256 != before.battery_sha256 || self.speed != before.speed {
            self.gaps.push(
                "the baseline is of other probes, another seed or another speed: its grades \
                 cannot be compared"
                    .to_owned(),
            );
        }
        let broken: Vec<Change> = before
            .rows
            .iter()
            .map(|row| Change {
                criterion: row.criterion,
                wanted: row.grade,
                grade: self.grade(row.criterion),
            })
            .filter(|change| match (change.wanted, change.grade) {
                (Some(wanted), Some(grade)) => grade > wanted,
                (Some(_), None) => true,
                (None, _) => false,
            })
            .collect();
        self.held("grades have to be no worse than the baseline's".to_owned(), broken)
    }

    fn held(mut self, rule: String, broken: Vec<Change>) -> Self {
        let is_worse = broken.iter().any(|change| change.grade.is_some());
        let is_empty = self.count(None) == self.rows.len();
        let verdict = if is_worse {
            Verdict::Fail
        } else if !broken.is_empty() || !self.gaps.is_empty() || is_empty {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        };
        self.gate = Gate { verdict, rule, broken };
        self
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A card with one criterion of each kind.
    pub(crate) fn example() -> Card {
        let row = |criterion, grade, says: &str| Row {
            criterion,
            grade,
            says: says.to_owned(),
            evidence: Vec::new(),
            fix: None,
            cost: None,
        };
        let streams = Row {
            evidence: vec![Evidence {
                probe: "cut".to_owned(),
                saw: "kept: exited with 0 after 1 attempt <b>".to_owned(),
            }],
            fix: Some(
                "Read until `message_stop`, and ask again where it does not come.".to_owned(),
            ),
            cost: Some(MonthlyCost { per_file_microusd: 12_000, basis: Basis::TroubledFiles }),
            ..row(Criterion::Streams, Some(Grade::F), "1 of 2 broken answers was kept as whole")
        };
        let mut card = Card {
            format: FORMAT,
            tool: "0.1.0".to_owned(),
            target: "naive.py".to_owned(),
            battery_sha256: "00".to_owned(),
            speed: Some(60),
            volume: Volume { files: 10_000, troubled_ppm: 10_000 },
            rows: vec![
                row(Criterion::Retries, Some(Grade::A), "10 of 10 passing troubles were outlasted"),
                row(Criterion::Resume, None, "each file is a run of its own"),
                row(Criterion::Jitter, Some(Grade::D), "every first wait took 1 s (n=9)"),
                streams,
            ],
            probes: vec![ProbeLine {
                name: "cut".to_owned(),
                title: "An answer whose connection ends in the middle".to_owned(),
                jobs: 1,
                documented: 0,
                lost_silently: 1,
                calls: 1,
                cost_microusd: 12_000,
                elapsed_us: 3_200_000,
            }],
            run_one: Some("chaos run PROBE --speed 60 -- python naive.py {file}".to_owned()),
            gaps: Vec::new(),
            gate: Gate { verdict: Verdict::Pass, rule: String::new(), broken: Vec::new() },
        };
        card.sort();
        card
    }

    #[test]
    fn the_worst_comes_first_and_what_was_not_shown_last() {
        let order: Vec<Criterion> = example().rows.iter().map(|row| row.criterion).collect();
        let expected =
            [Criterion::Streams, Criterion::Jitter, Criterion::Retries, Criterion::Resume];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_grade_below_the_floor_fails_and_one_that_is_missing_does_not() {
        let verdict = |floor| example().held_against_grade(floor).gate.verdict;
        assert_eq!(verdict(Grade::D), Verdict::Fail);
        assert_eq!(verdict(Grade::F), Verdict::Pass);
        let mut nothing = example();
        nothing.rows.iter_mut().for_each(|row| row.grade = None);
        assert_eq!(nothing.held_against_grade(Grade::F).gate.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn against_a_baseline_worse_fails_and_unseen_or_incomparable_is_inconclusive() {
        let against = |change: fn(&mut Card), card: Card| {
            let mut before = example();
            change(&mut before);
            card.held_against(&before).gate
        };
        assert_eq!(against(|_| {}, example()).verdict, Verdict::Pass);
        let worse = against(|before| before.rows[1].grade = Some(Grade::C), example());
        assert_eq!((worse.verdict, worse.broken.len()), (Verdict::Fail, 1));
        let better = against(|before| before.rows[0].grade = Some(Grade::F), example());
        assert_eq!(better.verdict, Verdict::Pass);
        let unseen = against(|before| before.rows[3].grade = Some(Grade::F), example());
        assert_eq!(unseen.verdict, Verdict::Inconclusive);
        let other = against(|before| before.speed = None, example());
        assert_eq!(other.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn monthly_costs_follow_their_basis() {
        let volume = Volume { files: 30_000, troubled_ppm: 10_000 };
        let cost = |basis| MonthlyCost { per_file_microusd: 2_000, basis }.microusd(volume);
        assert_eq!(cost(Basis::TroubledFiles), 600_000);
        assert_eq!(cost(Basis::RepeatedFiles), 60_000_000);
    }
}
