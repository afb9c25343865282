//! Looking at a resource: what it is now, and waiting until it is what was predicted and quiet.

use super::Error;
use super::worker::Worker;
use crate::live::FailedInsights;
use crate::live::normal::is_filling;
use crate::live::refresh::{self, BucketWish};
use crate::plan::simulate::{matches, simulate};
use crate::plan::{State, Step, Target, diff};
use crate::resource::Insights;
use std::time::Duration;

/// The longest wait without a look whether to go on.
const SLICE: Duration = Duration::from_secs(30);

/// The longest pause between two tries of what cools down for half an hour.
const COOLEST: Duration = Duration::from_mins(1);

/// The end of a wait is noticed late by no more than one part in so many of what it took.
const LATE_BY: u64 = 20;

/// How often a wait that goes on is told again.
const TOLD_EVERY_MIN: u64 = 10;

impl Worker<'_> {
    /// The resource as it is now. Of one that nobody can use, the other reads say what was before.
    pub(super) async fn look(&self) -> Result<State, Error> {
        let (aws, deadline) = (self.shared.aws, self.shared.deadline_ms);
        let seen = match &self.work.target {
            Target::Table(name) => refresh::table(aws, name, self.work.goal.table(), deadline).await.map(|t| State::Table(t.map(Box::new))),
            Target::Bucket(name) => {
                let want = self.work.goal.bucket().map_or(BucketWish::Gone, BucketWish::Managed);
                refresh::bucket(aws, name, want, deadline).await.map(|b| State::Bucket(b.map(Box::new)))
            }
        };
        let seen = seen.map_err(|source| self.unread(source))?;
        let trouble = seen.table().and_then(|table| table.trouble.status.clone());
        trouble.map_or(Ok(seen), |status| Err(Error::Unusable { address: self.address(), status }))
    }

    /// A look after our own change towards `after`. A table that we deleted is denied by some reads while others still show it: that is
    /// waited for, as long as reads may lag; of a table that stays, a denial is one.
    pub(super) async fn look_after(&self, after: &State, pace: &mut Pace<'_, '_>) -> Result<State, Error> {
        let mut since = None;
        loop {
            match self.look().await {
                Err(Error::Read { source, .. }) if forgets(after, &source) && !self.outlasted(&mut since) => {
                    pace.wait("AWS's reads to forget the table").await?;
                }
                answer => return answer,
            }
        }
    }

    /// Waits until the resource is as `predicted` after our own change and quiescent, and returns it as observed. Reads may lag behind the
    /// change for a while; after that, any difference is somebody else's, unless AWS says that it failed itself.
    pub(super) async fn settled(&self, predicted: &State) -> Result<State, Error> {
        let mut pace = Pace::new(self);
        let mut lagging: Option<u64> = None;
        loop {
            let asked = self.shared.now_ms();
            let seen = self.look_after(predicted, &mut pace).await?;
            let moving = !seen.busy().is_empty();
            if !moving && matches(predicted, &seen) {
                return Ok(seen);
            }
            if !moving && self.outlasted_at(asked, &mut lagging) {
                let failed = failed(predicted, &seen).map(|what| Error::Insights { address: self.address(), what });
                return Err(failed.unwrap_or_else(|| self.stale(predicted, &seen)));
            }
            if moving {
                self.sit_out(&mut pace, &seen).await?;
            } else {
                pace.wait("AWS's reads to show the change").await?;
            }
        }
    }

    /// Waits while `seen` is in motion, with the least calls: as long as `DescribeTable` shows motion, the other reads are not asked.
    pub(super) async fn sit_out(&self, pace: &mut Pace<'_, '_>, seen: &State) -> Result<(), Error> {
        let mut moving = seen.busy().to_vec();
        while !moving.is_empty() {
            self.stay(&moving)?;
            pace.wait(&moving.join(", ")).await?;
            let motion = refresh::motion(self.shared.aws, self.work.target.name(), self.shared.deadline_ms).await;
            moving = motion.map_err(|source| self.unread(source))?;
        }
        Ok(())
    }

    /// Where the run was told to detach, it waits for no index that is being filled.
    fn stay(&self, moving: &[String]) -> Result<(), Error> {
        if self.shared.options.detach && is_filling(moving) {
            Err(Error::Detached { address: self.address(), waiting: moving.join(", ") })
        } else {
            Ok(())
        }
    }

    fn unread(&self, source: refresh::Error) -> Error {
        self.halt_if_credentials(source.aws());
        Error::Read { address: self.address(), source: Box::new(source) }
    }

    /// Whether what began with the first asking has lasted longer than AWS's reads may lag.
    pub(super) fn outlasted(&self, since: &mut Option<u64>) -> bool {
        self.outlasted_at(self.shared.now_ms(), since)
    }

    /// The same of a look that was begun at `asked`: one whose answers took long says nothing of the time since.
    pub(super) fn outlasted_at(&self, asked: u64, since: &mut Option<u64>) -> bool {
        asked.saturating_sub(*since.get_or_insert(asked)) > super::millis(self.shared.options.lag)
    }

    /// What differs, in the plan's words.
    pub(super) fn stale(&self, predicted: &State, seen: &State) -> Error {
        Error::Stale { address: self.address(), difference: difference(predicted, seen) }
    }
}

/// Whether a read fails as it may after a deletion: AWS denies the tags of a table that is not there.
fn forgets(after: &State, source: &refresh::Error) -> bool {
    after.is_absent() && source.aws().is_some_and(crate::aws::Error::is_denied)
}

/// What AWS could not do, in its words, where nothing else is between `seen` and `predicted`, which differ.
fn failed(predicted: &State, seen: &State) -> Option<String> {
    let failed = &seen.table()?.trouble.insights;
    let without =
        |state, failed: &FailedInsights| simulate(&state, &Step::SetInsights { index: failed.index.clone(), insights: Insights::Off }, "");
    let told = || failed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    matches(&failed.iter().fold(predicted.clone(), without), seen).then(told)
}

/// One line: which fields of `seen` are not as predicted.
pub(super) fn difference(predicted: &State, seen: &State) -> String {
    let paths: Vec<String> = diff::between(predicted, seen).into_iter().map(|f| f.path).collect();
    match (predicted.is_absent(), seen.is_absent()) {
        (true, false) => "it exists now".to_owned(),
        (false, true) => "it is gone".to_owned(),
        _ if paths.is_empty() && predicted.table().is_none() => "something reads from it or writes into it".to_owned(),
        _ if paths.is_empty() => "it was recreated under the same name".to_owned(),
        _ => paths.join(", "),
    }
}

/// Polling of one wait: from `first_poll`, growing, to `last_poll` or a share of how long the wait has lasted, under the run's deadline;
/// each new reason is told once, and again every ten minutes, so that a long wait does not look like a dead run.
pub(super) struct Pace<'w, 'a> {
    worker: &'w Worker<'a>,
    next: Duration,
    cooler: Duration,
    began_ms: u64,
    told: String,
}

impl<'w, 'a> Pace<'w, 'a> {
    pub(super) fn new(worker: &'w Worker<'a>) -> Self {
        let first = worker.shared.options.first_poll;
        Self { worker, next: first, cooler: first, began_ms: worker.shared.now_ms(), told: String::new() }
    }

    /// The pause before the next try of what cools down. It begins short: the cooldown may be nearly over, or AWS a fast stand-in.
    pub(super) fn cooler(&mut self) -> Duration {
        let longer = self.cooler.mul_f64(1.5).min(COOLEST);
        std::mem::replace(&mut self.cooler, longer)
    }

    /// Waits once, for `waiting`.
    pub(super) async fn wait(&mut self, waiting: &str) -> Result<(), Error> {
        let shared = self.worker.shared;
        if shared.now_ms().saturating_add(super::millis(self.next)) >= shared.deadline_ms {
            return Err(Error::Timeout { address: self.worker.address(), waiting: waiting.to_owned() });
        }
        self.tell(waiting);
        shared.stop.sleep(shared.aws.clock(), self.next).await;
        self.worker.not_stopped()?;
        let lasted_ms = shared.now_ms().saturating_sub(self.began_ms);
        self.next = self.next.mul_f64(1.5).min(longest(shared.options.last_poll, lasted_ms));
        Ok(())
    }

    fn tell(&mut self, waiting: &str) {
        let told = so_far(waiting, self.worker.shared.now_ms().saturating_sub(self.began_ms));
        if self.told != told {
            self.worker.shared.events.note(format!("{}: waiting: {told}", self.worker.address()));
            self.told = told;
        }
    }

    /// Waits until `at_ms`, in slices between which it can be stopped; `false`, at once: the run's time is up before.
    pub(super) async fn until(&mut self, at_ms: u64, waiting: &str) -> Result<bool, Error> {
        let shared = self.worker.shared;
        if at_ms >= shared.deadline_ms {
            return Ok(false);
        }
        self.tell(waiting);
        while let Some(left) = at_ms.checked_sub(shared.now_ms()).filter(|left| *left > 0) {
            shared.stop.sleep(shared.aws.clock(), Duration::from_millis(left).min(SLICE)).await;
            self.worker.not_stopped()?;
        }
        Ok(true)
    }
}

/// The longest pause in a wait that has lasted so long: what takes an hour is not asked for every few seconds.
fn longest(last_poll: Duration, lasted_ms: u64) -> Duration {
    last_poll.max(Duration::from_millis(lasted_ms / LATE_BY))
}

/// `waiting`, with how long it has lasted once that is long.
fn so_far(waiting: &str, lasted_ms: u64) -> String {
    match lasted_ms / 60_000 / TOLD_EVERY_MIN * TOLD_EVERY_MIN {
        0 => waiting.to_owned(),
        minutes => format!("{waiting} ({minutes} min so far)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_is_named_and_a_table_made_anew_is_told_from_one_that_changed() {
        use crate::plan::samples::{live, table};
        let state = |id: &str, protect: bool| {
            let table = crate::resource::Table { protect, ..table() };
            State::Table(Some(Box::new(crate::live::LiveTable { id: id.into(), ..live(table) })))
        };
        let was = state("a", false);
        assert_eq!(difference(&was, &state("b", false)), "it was recreated under the same name");
        assert_ne!(difference(&was, &state("a", true)), "it was recreated under the same name");
        assert_eq!(difference(&was, &State::Table(None)), "it is gone");
        assert_eq!(difference(&State::Table(None), &was), "it exists now");
        let bucket = |imports: &[&str]| {
            let mut bucket = crate::plan::samples::leaving_bucket(0, 0);
            bucket.contents.as_mut().expect("looked at").imports = imports.iter().map(|table| (*table).to_owned()).collect();
            State::Bucket(Some(Box::new(bucket)))
        };
        assert_eq!(difference(&bucket(&[]), &bucket(&["T"])), "something reads from it or writes into it");
        let filled = State::Bucket(Some(Box::new(crate::plan::samples::leaving_bucket(1, 0))));
        assert_eq!(difference(&bucket(&[]), &filled), "objects");
    }

    #[test]
    fn what_aws_could_not_do_is_told_from_what_somebody_else_did() {
        use crate::plan::samples::{live, table};
        let state = |insights, protect, why: Option<&str>| {
            let mut live = live(crate::resource::Table { insights: Some(insights), protect, ..table() });
            live.trouble.insights.extend(why.map(|why| FailedInsights { index: None, why: why.into() }));
            State::Table(Some(Box::new(live)))
        };
        let predicted = state(Insights::All, false, None);
        let cause = Some("contributor insights failed: a quota".to_owned());
        assert_eq!(failed(&predicted, &state(Insights::Off, false, Some("a quota"))), cause);
        assert_eq!(failed(&predicted, &state(Insights::Off, true, Some("a quota"))), None, "something else differs too");
        assert_eq!(failed(&predicted, &state(Insights::Off, false, None)), None, "somebody turned them off");
        assert_eq!(failed(&predicted, &State::Table(None)), None);
    }

    #[test]
    fn a_pause_grows_with_the_wait_and_stays_a_small_part_of_it() {
        let at = |minutes: u64| longest(Duration::from_secs(5), minutes * 60_000).as_secs();
        assert_eq!((at(0), at(1), at(2), at(60)), (5, 5, 6, 180));
    }

    #[test]
    fn a_long_wait_is_told_again_every_ten_minutes() {
        let at = |minutes: u64| so_far("w", minutes * 60_000);
        assert_eq!((at(0), at(9)), ("w".to_owned(), "w".to_owned()));
        assert_eq!((at(10), at(19)), ("w (10 min so far)".to_owned(), "w (10 min so far)".to_owned()));
        assert_eq!(at(61), "w (60 min so far)");
    }
}
