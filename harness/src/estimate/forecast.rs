//! One case played through: files in order, parts in line for the workers, attempts against limits
//! and deadlines. A small simulation of its own, which shares no code with the one that runs.
//!
//! Invariant: as in a run, a worker holds its place through all attempts and waits of one part, and
//! a call that is given up is paid for all the same.

use std::collections::{BTreeMap, VecDeque};

use engine::Preset;
use engine::admission::pacing::PacingPolicy;
use engine::cache::Key;
use engine::cache::policy::Rules;
use engine::call::retry::Failed;
use engine::client::Outcome;
use engine::client::server_hints::{RetryAfter, ServerHints};
use mock_claude::config::LatencyConfig;
use mock_claude::internals::chance::{Chance, RequestKey};
use mock_claude::internals::prices::Model;
use mock_claude::limits::{Ask, Limiter, LimitsConfig, Tier};
use reports::Cause;

use super::case::Case;
use super::queue::Queue;
use super::survey::{FilePlan, PartPlan};

/// What one case comes to.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    pub(super) documented: u64,
    pub(super) calls: u64,
    pub(super) refused: u64,
    pub(super) cache_hits: u64,
    pub(super) tokens_in: u64,
    pub(super) tokens_out: u64,
    pub(super) cost_microusd: u64,
    pub(super) elapsed_us: u64,
    /// The files that fail, by cause, in their order.
    pub(super) failures: BTreeMap<Cause, Vec<usize>>,
}

/// A part of a file, by the positions of both.
type PartId = (usize, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A part is asked for, for the n-th time.
    Try(PartId, u64),
    /// The head of an answer has come; of one that is not streamed, the answer itself.
    Head,
    /// An answer of this many tokens has been written.
    Wrote(u64),
    /// A part has come to its end.
    End(PartId, Option<Cause>),
    /// A file has had all the time there is.
    Deadline(usize),
}

/// A file under way.
#[derive(Debug, Default, Clone, Copy)]
struct OpenFile {
    left: usize,
    /// Parts that hold a worker.
    held: usize,
    failure: Option<Cause>,
    over: bool,
}

struct Play<'a> {
    preset: &'a Preset,
    model: &'a Model,
    plans: &'a [FilePlan],
    case: Case,
    limiter: Option<Limiter>,
    queue: Queue<Event>,
    open: Vec<OpenFile>,
    running: usize,
    next_file: usize,
    free_workers: usize,
    answers: usize,
    /// Calls sent whose answers have not begun.
    unanswered: usize,
    line: VecDeque<PartId>,
    /// When the answer to each question is there.
    known: BTreeMap<Key, u64>,
    rules: Option<Rules>,
    forecast: Forecast,
}

impl Forecast {
    /// Plays one case through.
    pub(super) fn of(
        preset: &Preset,
        model: &Model,
        plans: &[FilePlan],
        case: Case,
        limits: Option<Tier>,
    ) -> Self {
        let limiter = limits
            .map(|tier| Limiter::new(&LimitsConfig::default(), &tier.limits().rates(&model.class)));
        let mut play = Play {
            preset,
            model,
            plans,
            case,
            limiter,
            queue: Queue::new(),
            open: vec![OpenFile::default(); plans.len()],
            running: 0,
            next_file: 0,
            free_workers: preset.schedule.at_once().get(),
            answers: 0,
            unanswered: 0,
            line: VecDeque::new(),
            known: BTreeMap::new(),
            rules: preset.cache.rules(),
            forecast: Self::default(),
        };
        play.fill(0);
        while let Some((now_us, event)) = play.queue.next() {
            play.happens(now_us, event);
            play.fill(now_us);
        }
        play.forecast
    }
}

impl Play<'_> {
    fn happens(&mut self, now_us: u64, event: Event) {
        match event {
            Event::Try(part_id, attempt) if !self.open[part_id.0].over => {
                self.attempt(now_us, part_id, attempt);
            }
            Event::End(part_id, failure) if !self.open[part_id.0].over => {
                self.part_ends(now_us, part_id, failure);
            }
            Event::Head => {
                self.answers += 1;
                self.unanswered = self.unanswered.saturating_sub(1);
            }
            Event::Wrote(tokens) => {
                if let Some(limiter) = &mut self.limiter {
                    limiter.wrote(now_us, tokens);
                }
            }
            Event::Deadline(file) if !self.open[file].over => {
                self.free_workers += self.open[file].held;
                self.file_ends(now_us, file, Some(Cause::JobTimeout));
            }
            // What belongs to a file that is over happens to nobody.
            Event::Try(..) | Event::End(..) | Event::Deadline(_) => {}
        }
    }

    /// Begins files and parts while there is room.
    fn fill(&mut self, now_us: u64) {
        while self.running < self.preset.schedule.at_once().get()
            && self.next_file < self.open.len()
        {
            let file = self.next_file;
            self.next_file += 1;
            let plan = &self.plans[file];
            if plan.died.is_some() {
                self.forecast.fails(file, plan.died);
                continue;
            }
            self.running += 1;
            self.open[file].left = plan.parts.len();
            self.line.extend((0..plan.parts.len()).map(|part| (file, part)));
            if let Some(limit) = self.preset.deadline.job_ms {
                let limit_us = limit.get().saturating_mul(1_000);
                self.queue.add(now_us.saturating_add(limit_us), Event::Deadline(file));
            }
        }
        while self.free_workers > 0
            && self.may_send()
            && let Some(part_id) = self.line.pop_front()
        {
            if !self.open[part_id.0].over {
                self.free_workers -= 1;
                self.unanswered += 1;
                self.open[part_id.0].held += 1;
                self.queue.add(now_us, Event::Try(part_id, 1));
            }
        }
    }

    /// A pipeline that paces itself lets one call go unanswered and one more for each answer that
    /// it has had, until the API has announced its limits.
    fn may_send(&self) -> bool {
        let announced = self.limiter.is_some() && self.answers > 0;
        !self.is_paced() || announced || self.unanswered <= self.answers
    }

    fn is_paced(&self) -> bool {
        self.preset.schedule.pacing != PacingPolicy::Off
    }

    fn part(&self, (file, part): PartId) -> &PartPlan {
        &self.plans[file].parts[part]
    }

    fn attempt(&mut self, now_us: u64, part_id: PartId, attempt: u64) {
        let part = self.part(part_id);
        let (key, prompt_bytes) = (part.key, part.prompt_bytes);
        let tokens_in = self.case.tokens(part.prompt_tokens);
        let answer = self.case.answer(part.code_tokens, part.definitions);
        if let Some(there_us) = key.and_then(|key| self.known.get(&key)) {
            self.forecast.cache_hits += 1;
            self.unanswered = self.unanswered.saturating_sub(1);
            return self.queue.add(now_us.max(*there_us), Event::End(part_id, None));
        }
        let latency = LatencyConfig::default();
        let refused_us = now_us + latency.refusal_ms * 1_000;
        if tokens_in > self.model.context_tokens {
            self.forecast.calls += 1;
            return self.queue.add(refused_us, Event::End(part_id, Some(Cause::PromptTooLong)));
        }
        let is_paced = self.is_paced();
        if let Some(limiter) = &mut self.limiter {
            let ask = Ask { tokens_in, prompt_bytes };
            if let Err(exceeded) = limiter.check(now_us, ask) {
                if is_paced && let Some(wait_us) = exceeded.wait_us {
                    let room_us = now_us + wait_us.max(1);
                    return self.queue.add(room_us, Event::Try(part_id, attempt));
                }
                self.forecast.calls += 1;
                self.forecast.refused += 1;
                let refusal = refusal(exceeded.wait_us);
                let cause = match exceeded.wait_us {
                    Some(_) => Cause::RateLimited,
                    None => Cause::RequestOverLimit,
                };
                return self.again(refused_us, part_id, attempt, &refusal, cause);
            }
            limiter.take(now_us, ask);
        }
        self.forecast.calls += 1;
        let most = u64::from(self.preset.request.max_tokens.get());
        let tokens_out = answer.min(most).min(self.model.context_tokens - tokens_in);
        self.forecast.tokens_in += tokens_in;
        self.forecast.tokens_out += tokens_out;
        self.forecast.cost_microusd += self.model.cost_microusd(tokens_in, tokens_out);
        let nobody = RequestKey { subject: 0, attempt: 0 };
        let schedule = latency.plan(tokens_in, Chance::new(0), nobody);
        let takes_ms = schedule.at_ms(tokens_out);
        let head_ms = if self.preset.request.stream { schedule.at_ms(0) } else { takes_ms };
        self.queue.add(now_us + head_ms * 1_000, Event::Head);
        self.queue.add(now_us + takes_ms * 1_000, Event::Wrote(tokens_out));
        let limit = self.preset.deadline.call_ms.filter(|limit| limit.get() < takes_ms);
        if let Some(limit) = limit {
            let given_up_us = now_us + limit.get() * 1_000;
            let outcome = Outcome::without_response(Cause::CallTimeout, "");
            self.again(given_up_us, part_id, attempt, &outcome, Cause::CallTimeout);
        } else {
            let cut = (answer > tokens_out).then_some(Cause::Truncated);
            let ends_us = now_us + takes_ms * 1_000;
            if cut.is_none() && self.rules.as_ref().is_some_and(Rules::single_flight) {
                // Who asks for the same until then waits for this answer.
                self.known.extend(key.map(|key| (key, ends_us)));
            }
            self.queue.add(ends_us, Event::End(part_id, cut));
        }
    }

    /// The next attempt after a failed one, or the end.
    fn again(
        &mut self,
        now_us: u64,
        part_id: PartId,
        attempt: u64,
        outcome: &Outcome,
        cause: Cause,
    ) {
        let streamed = self.preset.request.stream;
        let failed = Failed { attempt, cause, outcome, streamed, now_epoch_ms: 0 };
        // Half-way, where a run would draw by chance.
        match self.preset.retry.wait_ms(&failed, u64::midpoint) {
            Some(wait_ms) => {
                let at_us = now_us.saturating_add(wait_ms.saturating_mul(1_000));
                self.queue.add(at_us, Event::Try(part_id, attempt + 1));
            }
            None => self.queue.add(now_us, Event::End(part_id, Some(cause))),
        }
    }

    fn part_ends(&mut self, now_us: u64, part_id: PartId, failure: Option<Cause>) {
        let keeps_cut = self.rules.as_ref().is_some_and(Rules::keeps_cut);
        if failure.is_none() || (keeps_cut && failure == Some(Cause::Truncated)) {
            let key = self.part(part_id).key;
            self.known.extend(key.map(|key| (key, now_us)));
        }
        self.free_workers += 1;
        let open = &mut self.open[part_id.0];
        open.held -= 1;
        open.left -= 1;
        open.failure = open.failure.or(failure);
        if open.left == 0 {
            let failure = open.failure;
            self.file_ends(now_us, part_id.0, failure);
        }
    }

    fn file_ends(&mut self, now_us: u64, file: usize, failure: Option<Cause>) {
        self.open[file].over = true;
        self.running -= 1;
        self.forecast.elapsed_us = now_us;
        self.forecast.fails(file, failure.or(self.plans[file].flaw));
    }
}

/// A 429 that says how long to wait, in whole seconds as the API does, where a wait helps.
fn refusal(wait_us: Option<u64>) -> Outcome {
    let wait = wait_us.map(|wait_us| RetryAfter::InMs(wait_us.div_ceil(1_000_000) * 1_000));
    Outcome {
        status: Some(429),
        hints: ServerHints { retry_after: wait, ..ServerHints::default() },
        ..Outcome::without_response(Cause::RateLimited, "")
    }
}

impl Forecast {
    fn fails(&mut self, file: usize, failure: Option<Cause>) {
        match failure {
            None => self.documented += 1,
            Some(cause) => self.failures.entry(cause).or_default().push(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::CASES;
    use super::*;
    use engine::preset::shipped;
    use mock_claude::internals::prices;

    /// Files of one part each, with this many definitions in 1,000 tokens of prompt.
    fn check(pipeline: &str, definitions: &[u64]) -> Forecast {
        let preset = Preset::parse(pipeline, shipped(pipeline).unwrap()).unwrap();
        let model = prices::model(&preset.request.model).unwrap();
        let plans: Vec<FilePlan> = definitions
            .iter()
            .map(|definitions| FilePlan {
                path: "x.py".to_owned(),
                died: None,
                flaw: None,
                parts: vec![PartPlan {
                    prompt_bytes: 3_500,
                    prompt_tokens: 1_000,
                    code_tokens: 860,
                    definitions: *definitions,
                    key: None,
                }],
            })
            .collect();
        Forecast::of(&preset, model, &plans, CASES[1], None)
    }

    #[test]
    fn one_worker_takes_files_one_by_one_and_five_in_waves() {
        // 1 s, 1,000 tokens at 10,000 a second, and 340 tokens at 48 a second.
        let one_us = 1_000_000 + 100_000 + 7_083_000;
        assert_eq!(check("phase1", &[10; 3]).elapsed_us, 3 * one_us);
        let phase3 = check("phase3", &[10; 6]);
        assert_eq!((phase3.elapsed_us, phase3.documented, phase3.calls), (2 * one_us, 6, 6));
    }

    #[test]
    fn a_call_that_outlasts_its_limit_is_paid_for_five_times_and_ends_with_the_job() {
        let phase3 = check("phase3", &[200]);
        assert_eq!((phase3.calls, phase3.tokens_out), (5, 5 * 4_096));
        // Five times 60 s with 15 s between them are more than the 300 s of the job.
        assert_eq!(phase3.elapsed_us, 300_000_000);
        assert_eq!(phase3.failures, BTreeMap::from([(Cause::JobTimeout, vec![0])]));
        let phase1 = check("phase1", &[200]);
        assert_eq!((phase1.calls, phase1.tokens_out), (1, 4_096));
        assert_eq!(phase1.failures, BTreeMap::from([(Cause::Truncated, vec![0])]));
    }
}
