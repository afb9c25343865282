//! Makes a plan real: call by call, each after a fresh look, and at the end a proof.
//!
//! Rules: nothing is decided here, the plan has it all. Before every mutation the resource is read again and must be what
//! the plan predicts at that point; otherwise the run is stale and that mutation is not made. Before the first mutation of
//! all, every resource is looked at. A failed wait, token or throttle ends in "run it again", never in a destructive step.
//! Key insight: the expected state is `simulate` over the plan's own steps, so other people's changes are told from ours.
//! Called by the verbs `apply`, `load` and `run`.

mod budget;
mod calls;
mod emptying;
mod error;
mod fault;
mod options;
mod preflight;
mod stays;
mod watch;
mod worker;

pub use error::Error;
pub use options::{Options, Stop, Stopper};

use crate::aws::Aws;
use crate::event::Events;
use crate::exit::Exit;
use crate::plan::{Goal, Plan, Work};
use crate::report::model::{ApplyReport, Problem};
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;
use worker::{Finished, Worker};

/// What a run of apply did, and what went wrong in it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub report: ApplyReport,
    /// Each with the exit code that it alone would leave with.
    pub problems: Vec<Problem>,
}

impl Outcome {
    /// The run's exit: pass only if a last read showed live equal to desired.
    pub fn exit(&self) -> Exit {
        let unproved = if self.report.converged { Exit::Pass } else { Exit::Failed };
        let unproved = if self.problems.is_empty() { unproved } else { Exit::Pass };
        self.problems.iter().fold(unproved, |exit, problem| exit.and(problem.exit))
    }

    fn refused(error: &Error) -> Self {
        Self { report: ApplyReport::default(), problems: vec![error.problem(false)] }
    }
}

/// What all workers of one run share.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) plan: &'a Plan,
    pub(crate) events: &'a Events,
    pub(crate) options: &'a Options,
    pub(crate) stop: &'a Stop,
    /// Epoch milliseconds on the run's clock.
    pub(crate) deadline_ms: u64,
    /// Set when the credentials were refused: nobody else needs to find out.
    pub(crate) halted: AtomicBool,
    pub(crate) calls_made: AtomicU64,
    /// By the bucket's address: what was deleted of it in the step under way.
    pub(crate) emptied: Mutex<BTreeMap<String, u64>>,
}

/// What is refused of `plan` without asking AWS anything: asked before a lease is taken, and again by [`run`].
pub fn refused(aws: &Aws, plan: &Plan) -> Option<Outcome> {
    preflight::check(plan, aws.identity(), aws.clock().now_ms()).err().map(|error| Outcome::refused(&error))
}

/// Applies `plan`. Never fails as a whole: what went wrong is in the outcome.
pub async fn run(aws: &Aws, plan: &Plan, events: &Events, options: &Options, stop: &Stop) -> Outcome {
    if let Some(refused) = refused(aws, plan) {
        return refused;
    }
    let shared = Shared {
        aws,
        plan,
        events,
        options,
        stop,
        deadline_ms: aws.clock().now_ms().saturating_add(millis(options.timeout)),
        halted: AtomicBool::new(false),
        calls_made: AtomicU64::new(0),
        emptied: Mutex::default(),
    };
    let surprises = survey(&shared).await;
    if !surprises.is_empty() {
        return Outcome { report: ApplyReport::default(), problems: surprises.iter().map(|e| e.problem(false)).collect() };
    }
    let finished = work(&shared).await;
    events.finished("apply");
    conclude(&shared, finished).await
}

impl Shared<'_> {
    /// Epoch milliseconds on the run's clock.
    pub(crate) fn now_ms(&self) -> u64 {
        self.aws.clock().now_ms()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Looks at every resource before anything is changed.
async fn survey(shared: &Shared<'_>) -> Vec<Error> {
    let looks = shared.plan.works.iter().map(|work| async move { Worker::new(shared, work).survey().await });
    stream::iter(looks).buffered(shared.options.parallel).filter_map(|answer| async move { answer.err() }).collect().await
}

/// Buckets in a row (a load needs them first), then tables in parallel; one that fails does not stop the others.
async fn work(shared: &Shared<'_>) -> Vec<Finished> {
    let (buckets, tables): (Vec<&Work>, Vec<&Work>) = shared.plan.works.iter().partition(|w| matches!(w.goal, Goal::Bucket(_)));
    let mut finished = Vec::new();
    for work in buckets {
        finished.push(Worker::new(shared, work).run().await);
    }
    let tables = tables.into_iter().enumerate().map(|(at, work)| async move { (at, Worker::new(shared, work).run().await) });
    // Whoever is done makes room at once: one backfill of hours keeps no other table waiting.
    let mut ended: Vec<_> = stream::iter(tables).buffer_unordered(shared.options.parallel).collect().await;
    ended.sort_by_key(|(at, _)| *at);
    finished.extend(ended.into_iter().map(|(_, one)| one));
    finished
}

/// The report, with the last read as its proof.
async fn conclude(shared: &Shared<'_>, finished: Vec<Finished>) -> Outcome {
    let mut outcome = Outcome::default();
    let anything_done = finished.iter().any(|f| !f.done.is_empty());
    for one in finished {
        outcome.report.done.extend(one.done);
        if let Some(error) = one.error {
            outcome.report.unfinished.push(error.to_string());
            outcome.problems.push(error.problem(anything_done));
        }
    }
    if outcome.problems.is_empty() {
        let proofs = shared.plan.works.iter().map(|work| async move { Worker::new(shared, work).prove().await });
        let failed: Vec<Error> =
            stream::iter(proofs).buffered(shared.options.parallel).filter_map(|answer| async move { answer.err() }).collect().await;
        outcome.report.converged = failed.is_empty();
        let (creating, unfinished): (Vec<&Error>, Vec<&Error>) = failed.iter().partition(|e| matches!(e, Error::Creating { .. }));
        outcome.report.creating.extend(creating.iter().map(ToString::to_string));
        outcome.report.unfinished.extend(unfinished.iter().map(ToString::to_string));
        outcome.problems.extend(failed.iter().map(|e| e.problem(anything_done)));
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_last_read_is_no_pass() {
        assert_eq!(Outcome::default().exit(), Exit::Failed);
        let proved = Outcome { report: ApplyReport { converged: true, ..ApplyReport::default() }, problems: Vec::new() };
        assert_eq!(proved.exit(), Exit::Pass);
    }
}
