//! One resource's part of a run: look, call, predict, look again.
//!
//! Rules: one worker per resource, so its calls are in a row; no mutation without a look directly before it, also when a
//! call is repeated. A call whose answer was lost is judged by what can be seen, not by what was said.

use super::calls::Refused;
use super::fault::{Fault, judge};
use super::watch::Pace;
use super::{Error, Shared, budget};
use crate::aws;
use crate::lease;
use crate::live::normal::{is_unproved, soon_done};
use crate::plan::order::left;
use crate::plan::simulate::{matches, simulate, unrisen};
use crate::plan::{Goal, Next, Planned, State, Step, Wish, Work, diff, next_step};
use crate::report::model::Done;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Looks and repeats after a call whose outcome is unknown.
const DOUBTS: u32 = 4;

/// One resource being worked on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) work: &'a Work,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) done: Vec<Done>,
    pub(super) error: Option<Error>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, work: &'a Work) -> Self {
        Self { shared, work }
    }

    pub(super) fn address(&self) -> String {
        crate::safe::text(&self.work.target.to_string())
    }

    /// Whether the resource is exactly what the plan saw.
    pub(super) async fn survey(&self) -> Result<(), Error> {
        let seen = self.look().await?;
        if diff::digest(&unrisen(&seen, &self.work.before)) == self.work.basis || self.begun(&seen).is_some() {
            return self.look_into(&seen).await;
        }
        Err(self.explained(self.stale(&self.work.before, &seen)).await)
    }

    /// All steps, in order.
    pub(super) async fn run(&self) -> Finished {
        let mut done = Vec::new();
        let error = match self.steps(&mut done).await {
            Ok(()) => None,
            Err(error) => Some(self.protected_again(self.explained(error).await, &mut done).await),
        };
        Finished { done, error }
    }

    async fn steps(&self, done: &mut Vec<Done>) -> Result<(), Error> {
        if self.work.steps.is_empty() {
            return Ok(());
        }
        self.may_go_on()?;
        let (begun, mut state) = self.begin().await?;
        self.look_into(&state).await?;
        for (at, planned) in self.work.steps.iter().enumerate().skip(begun) {
            let Some(step) = left(&planned.step, &state) else { continue };
            let planned = &Planned { step, ..planned.clone() };
            let call = planned.step.to_string();
            self.shared.events.note(format!("{}: {}/{} {call}", self.address(), at + 1, self.work.steps.len()));
            let started = self.shared.now_ms();
            self.nothing_emptied();
            let made = self.make(planned, &state).await;
            let partly = made.is_err().then(|| self.emptied()).filter(|deleted| *deleted > 0);
            if made.is_ok() || partly.is_some() {
                self.count();
                let call = partly.map_or_else(|| call.clone(), |deleted| format!("{call} ({deleted} so far, and there is more)"));
                done.push(Done { address: self.address(), call, seconds: 0.0 });
            }
            made?;
            // The look that ends this step is the look before the next.
            state = self.settled(&simulate(&state, &planned.step, self.work.target.name())).await?;
            if let Some(last) = done.last_mut() {
                last.seconds = Duration::from_millis(self.shared.now_ms().saturating_sub(started)).as_secs_f64();
            }
        }
        Ok(())
    }

    /// Waits until the resource is quiet. How many of the plan's steps it shows already (see [`Self::begun`]), and as what it is seen.
    async fn begin(&self) -> Result<(usize, State), Error> {
        let mut pace = Pace::new(self);
        loop {
            let seen = self.look().await?;
            if seen.busy().is_empty() {
                let begun = if matches(&self.work.before, &seen) { Some(0) } else { self.begun(&seen) };
                return begun.map(|steps| (steps, seen.clone())).ok_or_else(|| self.stale(&self.work.before, &seen));
            }
            self.sit_out(&mut pace, &seen).await?;
        }
    }

    /// After how many of the plan's steps the resource is as `seen`. Asked only of one that was in motion when the plan was made: a run
    /// that was killed leaves AWS at work, and what it began then comes true by itself.
    fn begun(&self, seen: &State) -> Option<usize> {
        if self.work.before.busy().is_empty() {
            return None;
        }
        let mut state = self.work.before.clone();
        let after = self.work.steps.iter().map(|planned| {
            state = simulate(&state, &planned.step, self.work.target.name());
            state.clone()
        });
        after.enumerate().find(|(_, state)| matches(state, seen)).map(|(at, _)| at + 1)
    }

    fn count(&self) {
        let made = self.shared.calls_made.fetch_add(1, Ordering::Relaxed) + 1;
        self.shared.events.progress("apply", made, self.shared.plan.calls() as u64, "calls");
    }

    /// The gate before every mutation: not stopped, not hopeless, and the stack's lease is ours. Before a destructive one the lease is
    /// renewed in any case: also a machine that was paused together with its clocks finds out.
    pub(super) async fn permit(&self, destructive: bool) -> Result<(), Error> {
        self.may_go_on()?;
        let Some(lease) = &self.shared.options.lease else { return Ok(()) };
        lease.permit(destructive).await.map_err(|error| self.unleased(error))
    }

    fn may_go_on(&self) -> Result<(), Error> {
        self.not_stopped()?;
        if self.shared.now_ms() >= self.shared.deadline_ms {
            return Err(Error::Timeout { address: self.address(), waiting: "its turn".to_owned() });
        }
        if self.shared.halted.load(Ordering::Relaxed) { Err(Error::Halted { address: self.address() }) } else { Ok(()) }
    }

    /// What another run changed looks like a stale plan; that it took the lease over is the reason to tell.
    async fn explained(&self, error: Error) -> Error {
        match &self.shared.options.lease {
            Some(lease) if matches!(error, Error::Stale { .. }) => {
                lease.permit(true).await.map_or_else(|lost| self.unleased(lost), |()| error)
            }
            _ => error,
        }
    }

    fn unleased(&self, error: lease::Error) -> Error {
        Error::Lease { address: self.address(), source: Box::new(error) }
    }

    /// Neither told to stop nor overtaken by another run.
    pub(super) fn not_stopped(&self) -> Result<(), Error> {
        if self.shared.stop.is_said() {
            return Err(Error::Interrupted { address: self.address() });
        }
        let lost = self.shared.options.lease.as_ref().and_then(lease::Lease::lost);
        lost.map_or(Ok(()), |error| Err(self.unleased(error)))
    }

    pub(super) fn halt_if_credentials(&self, error: Option<&aws::Error>) {
        if error.is_some_and(aws::Error::is_credentials) {
            self.shared.halted.store(true, Ordering::Relaxed);
        }
    }

    /// Makes `step` happen once, from `state`: calls, and after a failure looks before it calls again.
    pub(super) async fn make(&self, planned: &Planned, state: &State) -> Result<(), Error> {
        let step = &planned.step;
        let after = simulate(state, step, self.work.target.name());
        let mut pace = Pace::new(self);
        let (mut doubts, mut deleted) = (0, 0);
        let mut busy_since = None;
        loop {
            self.permit(planned.destructive).await?;
            let error = match Box::pin(self.call(step, state)).await {
                Ok(()) => return Ok(()),
                Err(Refused::Guard(error)) => return Err(error),
                Err(Refused::Aws(error)) => error,
            };
            self.halt_if_credentials(Some(&error));
            // What goes on may fail as often as it likes.
            if std::mem::replace(&mut deleted, self.emptied()) < self.emptied() {
                doubts = 0;
            }
            match judge(&error, step) {
                Fault::Wait(reason) => pace.wait(reason).await?,
                Fault::Cooldown(reason) => self.cool_down(&mut pace, reason).await?,
                Fault::Spent(again) => self.refill(&mut pace, planned, again, error).await?,
                Fault::Busy if !self.outlasted(&mut busy_since) => pace.wait("AWS says that it is busy").await?,
                Fault::Doubt if doubts < DOUBTS => {
                    doubts += 1;
                    pace.wait("another look after a failed call").await?;
                }
                Fault::Busy | Fault::Doubt | Fault::Final => return self.final_word(step, &after, error).await,
            }
            if self.landed(state, &after, &mut pace).await? {
                return Ok(());
            }
        }
    }

    /// Asks again soon, then ever later, or a little before the run's time is up.
    async fn cool_down(&self, pace: &mut Pace<'_, 'a>, reason: &'static str) -> Result<(), Error> {
        let soon = self.shared.now_ms().saturating_add(super::millis(pace.cooler()));
        if pace.until(soon, reason).await? {
            return Ok(());
        }
        pace.wait(reason).await
    }

    /// Waits for a budget that AWS gives again in time, and ends the run's part here otherwise.
    async fn refill(&self, pace: &mut Pace<'_, 'a>, planned: &Planned, again: Option<u64>, error: aws::Error) -> Result<(), Error> {
        if let Some(at_ms) = again {
            // A second more, because AWS names whole seconds. A moment that is over already asks for an ordinary pause.
            let at_ms = at_ms.max(self.shared.now_ms()).saturating_add(1_000);
            if pace.until(at_ms, &format!("AWS allows this change again at {}", budget::spoken(at_ms))).await? {
                return Ok(());
            }
        }
        let again = again.map_or_else(|| "later: AWS does not say when".to_owned(), |at| format!("at {}", budget::spoken(at)));
        Err(Error::Spent { address: self.address(), call: planned.step.to_string(), again, source: Box::new(error) })
    }

    /// A refusal stands, unless the step's effect is there: an earlier try whose answer was lost makes AWS say "already done".
    async fn final_word(&self, step: &Step, after: &State, error: aws::Error) -> Result<(), Error> {
        let can_look = !error.is_credentials() && !error.is_denied();
        if can_look && self.look().await.is_ok_and(|seen| matches(after, &seen)) {
            return Ok(());
        }
        Err(Error::Call { address: self.address(), call: step.to_string(), source: Box::new(error) })
    }

    /// After a failed call: whether it took effect all the same (true) or the resource is still `before` and quiet (false).
    async fn landed(&self, before: &State, after: &State, pace: &mut Pace<'_, 'a>) -> Result<bool, Error> {
        let mut lagging = None;
        loop {
            let asked = self.shared.now_ms();
            let seen = self.look_after(after, pace).await?;
            if matches(after, &seen) {
                return Ok(true);
            }
            if !seen.busy().is_empty() {
                self.sit_out(pace, &seen).await?;
            } else if matches(before, &seen) {
                return Ok(false);
            } else if self.outlasted_at(asked, &mut lagging) {
                return Err(self.stale(before, &seen));
            } else {
                pace.wait("AWS's reads to agree").await?;
            }
        }
    }

    /// A look at what AWS is not changing, or is changing for longer than its reads may lag.
    async fn unchanging(&self) -> Result<State, Error> {
        let (mut pace, mut since) = (Pace::new(self), None);
        loop {
            let asked = self.shared.now_ms();
            let seen = self.look().await?;
            match soon_done(seen.busy()) {
                Some(what) if !self.outlasted_at(asked, &mut since) => pace.wait(what).await?,
                _ => return Ok(seen),
            }
        }
    }

    /// The last read: live must be what was wanted. What the import will make is not there yet, and that is as planned. What the plan
    /// left alone was not waited for: while AWS still creates it, or does not show it whole, it proves nothing. What AWS changes is soon
    /// done, and shows as it was until then.
    pub(super) async fn prove(&self) -> Result<(), Error> {
        if matches!(self.work.goal, Goal::Import(_)) {
            return Ok(());
        }
        let seen = self.unchanging().await?;
        let plan = self.shared.plan;
        let wish = Wish { target: &self.work.target, goal: &self.work.goal, stack: &plan.stack, approvals: &plan.approvals };
        match next_step(&wish, &seen) {
            Next::Done => match seen.busy().iter().find(|what| is_unproved(what)) {
                Some(what) => Err(Error::Creating { address: self.address(), what: what.clone() }),
                None => Ok(()),
            },
            Next::Do(step) => Err(Error::Unproved { address: self.address(), difference: format!("{step} is needed again") }),
            Next::Refused(refusals) => {
                let reasons: Vec<_> = refusals.into_iter().map(|r| r.reason).collect();
                Err(Error::Unproved { address: self.address(), difference: reasons.join("; ") })
            }
        }
    }
}
