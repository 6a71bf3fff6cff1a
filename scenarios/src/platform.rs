//! The `[platform]` section: where the pipeline runs, and what that place allows.
//!
//! A platform is named, or spelled out with every key: a limit that nobody wrote down is one that
//! nobody knows of. Named ones are the rows of `platforms.toml` next to this file. What
//! a platform allows takes the place of what the pipeline's own file says about time and memory.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::LazyLock;

use mock_claude::internals::chance::Share;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::{Invalid, Problem};

/// The `[platform]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PlatformConfig {
    /// One that ships; `chaos show NAME` prints it in full.
    Shipped {
        /// Its name.
        name: PlatformName,
    },
    /// A process on a machine of one's own.
    Process {
        /// The process is killed above this.
        memory_mb: NonZeroU64,
    },
    /// One function invocation for each job, called synchronously.
    Lambda {
        /// Seconds after which an invocation is stopped; a cold start does not count.
        #[schemars(range(min = 1, max = 900))]
        timeout_s: NonZeroU64,
        /// An invocation is killed above this.
        memory_mb: NonZeroU64,
        /// The largest request, in bytes.
        payload_bytes: NonZeroU64,
        /// Invocations at the same time; one more is turned away.
        concurrency: NonZeroU64,
        /// Milliseconds before a new environment can work.
        #[schemars(range(max = 10_000))]
        cold_start_ms: u64,
        /// Seconds after which an idle environment is gone.
        idle_recycle_s: u64,
        /// The gateway in front of it; callers call the function directly without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<GatewayConfig>,
    },
    /// Workers that take jobs from a queue, one at a time in each slot.
    Ecs {
        /// A job is killed above this.
        memory_mb: NonZeroU64,
        /// Jobs at the same time in one task.
        slots_per_task: NonZeroU64,
        /// Tasks that always run.
        min_tasks: u64,
        /// The most tasks.
        max_tasks: NonZeroU64,
        /// Milliseconds before a new task takes its first job.
        #[schemars(range(max = 3_600_000))]
        start_up_ms: u64,
        /// Waiting jobs for each task that the scaling aims at.
        backlog_per_task: NonZeroU64,
        /// Seconds between two looks at the queue.
        #[schemars(range(min = 1, max = 86_400))]
        scale_every_s: NonZeroU64,
        /// Share of the jobs that the queue delivers a second time, from 0 to 1.
        duplicate_share: Share,
    },
    /// Consumers of a queue that delivers a message again until it is deleted: when it is visible
    /// again, whether or not its first consumer is still at work.
    Queue {
        /// A job is killed above this.
        memory_mb: NonZeroU64,
        /// Messages worked off at the same time.
        consumers: NonZeroU64,
        /// Seconds after its receipt in which nobody else gets a message.
        #[schemars(range(min = 1, max = 43_200))]
        visibility_timeout_s: NonZeroU64,
        /// Receipts after which a message goes to the dead-letter queue.
        #[schemars(range(min = 1, max = 1_000))]
        max_receives: NonZeroU64,
        /// Seconds after which a consumer is stopped; it works on without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1, max = 43_200))]
        timeout_s: Option<NonZeroU64>,
    },
    /// One function invocation for each job, called asynchronously: events wait for a place, and
    /// one that failed is tried again.
    AsyncFunction {
        /// Seconds after which an invocation is stopped.
        #[schemars(range(min = 1, max = 900))]
        timeout_s: NonZeroU64,
        /// An invocation is killed above this.
        memory_mb: NonZeroU64,
        /// Invocations at the same time.
        concurrency: NonZeroU64,
        /// Seconds to wait before each retry of an invocation that failed: as many retries as
        /// waits.
        #[schemars(length(max = 10))]
        retry_waits_s: Vec<u64>,
    },
}

/// The `gateway` of a Lambda platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Milliseconds after which the caller is answered with 504, while the work goes on.
    #[schemars(range(min = 50, max = 300_000))]
    pub timeout_ms: NonZeroU64,
    /// The largest request, in bytes.
    pub payload_bytes: NonZeroU64,
    /// Requests a second, on average.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rate_per_second: NonZeroU64,
    /// Requests that may come at once.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: NonZeroU64,
}

/// The platforms that ship.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum PlatformName {
    /// A function of 300 s, called directly.
    #[serde(rename = "lambda-300")]
    Lambda300,
    /// A function of 900 s, called directly.
    #[serde(rename = "lambda-900")]
    Lambda900,
    /// A function of 300 s behind a gateway of 29 s.
    #[serde(rename = "lambda-apigw")]
    LambdaApigw,
    /// A process with a memory limit.
    #[serde(rename = "process")]
    Process,
    /// Workers behind a queue.
    #[serde(rename = "ecs")]
    Ecs,
    /// Consumers of a queue with a visibility timeout and a dead-letter queue.
    #[serde(rename = "sqs")]
    Sqs,
    /// A function of 300 s, called asynchronously and tried again twice.
    #[serde(rename = "lambda-async")]
    LambdaAsync,
}

/// The file of the shipped platforms, comments included.
pub const FILE: &str = include_str!("platforms.toml");

static SHIPPED: LazyLock<BTreeMap<PlatformName, PlatformConfig>> =
    LazyLock::new(|| toml::from_str(FILE).expect("the shipped platforms parse"));

impl PlatformName {
    /// Every name, in the order of the file.
    pub const ALL: [Self; 7] = [
        Self::Lambda300,
        Self::Lambda900,
        Self::LambdaApigw,
        Self::Process,
        Self::Ecs,
        Self::Sqs,
        Self::LambdaAsync,
    ];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lambda300 => "lambda-300",
            Self::Lambda900 => "lambda-900",
            Self::LambdaApigw => "lambda-apigw",
            Self::Process => "process",
            Self::Ecs => "ecs",
            Self::Sqs => "sqs",
            Self::LambdaAsync => "lambda-async",
        }
    }

    /// The `[platform]` section that says the same in full; none where no such platform ships.
    pub fn shown(name: &str) -> Option<String> {
        let (_, after) = FILE.split_once(&format!("\n[{name}]\n"))?;
        let keys = after.lines().take_while(|line| !line.is_empty());
        Some(keys.fold("[platform]\n".to_owned(), |text, line| text + line + "\n"))
    }
}

impl PlatformConfig {
    /// The platform spelled out.
    pub fn resolved(&self) -> &Self {
        match self {
            Self::Shipped { name } => SHIPPED.get(name).expect("every name has its row"),
            other => other,
        }
    }

    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Ecs { min_tasks, max_tasks, .. } if *min_tasks > max_tasks.get() => {
                vec![Problem::new("min_tasks", "must not be more than `max_tasks`")]
            }
            Self::Queue { visibility_timeout_s, timeout_s: Some(timeout_s), .. }
                if visibility_timeout_s < timeout_s =>
            {
                let message = "must not be less than `timeout_s`: no queue takes such a consumer";
                vec![Problem::new("visibility_timeout_s", message)]
            }
            _ => Vec::new(),
        }
    }
}

/// Says of a shipped platform that was written as a `kind` where its name belongs.
pub(crate) fn named_by_kind(mut invalid: Invalid) -> Invalid {
    for problem in invalid.problems.iter_mut().filter(|problem| problem.key == "platform.kind") {
        let is_meant =
            |name: &PlatformName| problem.message == format!("unknown value `{}`", name.name());
        if let Some(name) = PlatformName::ALL.into_iter().find(is_meant) {
            let name = name.name();
            problem.message = format!("`{name}` is the name of a platform, not a kind");
            problem.hint = Some(format!("`kind = \"shipped\"` and below it `name = \"{name}\"`"));
        }
    }
    invalid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scenario, library};

    #[test]
    fn every_named_platform_is_in_the_file_and_shown_as_a_section_that_says_the_same() {
        #[derive(Deserialize)]
        struct Section {
            platform: PlatformConfig,
        }
        assert_eq!(SHIPPED.len(), PlatformName::ALL.len());
        for name in PlatformName::ALL {
            let resolved = PlatformConfig::Shipped { name };
            let shown = PlatformName::shown(name.name()).unwrap();
            let section: Section = toml::from_str(&shown).unwrap();
            assert_eq!(&section.platform, resolved.resolved(), "{shown}");
            assert_eq!(section.platform.problems(), []);
        }
        assert_eq!(PlatformName::shown("mainframe"), None);
    }

    #[test]
    fn a_platform_that_is_named_as_a_kind_is_refused_with_the_form_that_loads() {
        let text = library::find("timeout").unwrap().text;
        let mistaken = text.replace("kind = \"shipped\"\nname", "kind");
        assert_ne!(text, mistaken);
        let invalid = Scenario::parse("mine.toml", &mistaken).unwrap_err();
        insta::assert_snapshot!(invalid, @r#"
        `mine.toml` has 1 problem
          mine.toml:19:8: `platform.kind`: `lambda-300` is the name of a platform, not a kind
            hint: `kind = "shipped"` and below it `name = "lambda-300"`
        "#);
    }

    #[test]
    fn more_workers_at_least_than_at_most_are_refused() {
        let text = FILE.replace("min_tasks = 1\n", "min_tasks = 11\n");
        let platforms: BTreeMap<PlatformName, PlatformConfig> = toml::from_str(&text).unwrap();
        assert_eq!(platforms[&PlatformName::Ecs].problems()[0].key, "min_tasks");
    }
}
