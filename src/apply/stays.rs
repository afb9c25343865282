//! A table that was to be deleted and stands: the protection that was taken off for that is given back, and what stays off is told.
//!
//! Rules: what is off is judged by a look, as every call is; a table that is not the one of the plan, or that somebody else moved, is not
//! touched. Key insight: such a table is in no file, so no later plan or drift would say that its guards are gone.
//! Called by [`super::worker`] where the work on a table ends with an error.

use super::Error;
use super::worker::Worker;
use crate::plan::simulate::{matches, simulate};
use crate::plan::{Goal, Planned, State, Step};
use crate::report::model::Done;

impl Worker<'_> {
    /// What to tell instead of `error`, which ended the work; a call that gives the protection back is added to `done`.
    pub(super) async fn protected_again(&self, error: Error, done: &mut Vec<Done>) -> Error {
        if !self.may_stand_bare(&error, done) {
            return error;
        }
        let Ok(seen) = self.look().await else { return self.bare(error, &self.made(done)) };
        if !self.stands(&seen) {
            return error;
        }
        let off = self.off(&seen);
        let protection = off.iter().find(|taken| matches!(taken.step, Step::Protect { .. })).filter(|_| !is_anothers(&error));
        let Some(protection) = protection else { return self.bare(error, &off) };
        let back = Planned { step: Step::Protect { on: true }, ..(*protection).clone() };
        if Box::pin(self.make(&back, &seen)).await.is_ok() {
            done.push(Done { address: self.address(), call: back.step.to_string(), seconds: 0.0 });
            let rest: Vec<&Planned> = off.iter().copied().filter(|taken| taken.step != protection.step).collect();
            return self.bare(error, &rest);
        }
        // The deletion itself may have been under way, unanswered.
        if self.look().await.is_ok_and(|seen| !self.stands(&seen)) { error } else { self.bare(error, &off) }
    }

    /// Whether it is a table that was to go, and whose deletion this run has not made. Before the first call, what moved is another's.
    fn may_stand_bare(&self, error: &Error, done: &[Done]) -> bool {
        let goes = matches!(self.work.goal, Goal::Gone { .. }) && self.work.before.table().is_some();
        let deleted = self.made(done).iter().any(|made| matches!(made.step, Step::DeleteTable { .. }));
        goes && !deleted && !(done.is_empty() && is_anothers(error))
    }

    fn made(&self, done: &[Done]) -> Vec<&Planned> {
        self.work.steps.iter().filter(|planned| done.iter().any(|made| made.call == planned.step.to_string())).collect()
    }

    /// The plan's steps whose effect is there.
    fn off(&self, seen: &State) -> Vec<&Planned> {
        let name = self.work.target.name();
        self.work.steps.iter().filter(|planned| matches(&simulate(seen, &planned.step, name), seen)).collect()
    }

    /// Whether the table of the plan is there, and not on its way out.
    fn stands(&self, seen: &State) -> bool {
        let going = seen.busy().iter().any(|line| line == "table is DELETING");
        let same = self.work.before.table().zip(seen.table()).is_some_and(|(was, is)| was.id == is.id && was.owner == is.owner);
        same && !going
    }

    fn bare(&self, error: Error, off: &[&Planned]) -> Error {
        if off.is_empty() {
            return error;
        }
        let off: Vec<String> = off.iter().map(|taken| taken.step.to_string()).collect();
        Error::Unguarded { address: self.address(), off: off.join(", "), source: Box::new(error) }
    }
}

/// Whether somebody else moved the table.
fn is_anothers(error: &Error) -> bool {
    matches!(error, Error::Stale { .. } | Error::Lease { .. })
}
