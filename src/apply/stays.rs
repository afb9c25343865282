//! A table that was to be deleted and stays: the protection that was taken off for that is given back, and what stays off is told.
//!
//! Key insight: such a table is in no file, so no later plan or drift would say that its guards are gone.
//! Called by [`super::worker`] where the work on a table ends with an error.

use super::Error;
use super::worker::Worker;
use crate::plan::{Goal, Planned, State, Step};
use crate::report::model::Done;

impl Worker<'_> {
    /// What to tell instead of `error`, which ended the work; a call that gives the protection back is added to `done`.
    pub(super) async fn protected_again(&self, error: Error, done: &mut Vec<Done>) -> Error {
        let mut off = self.taken_off(done);
        if off.is_empty() {
            return error;
        }
        let seen = self.look().await;
        if seen.as_ref().is_ok_and(goes) {
            return error;
        }
        let guard = off.iter().position(|taken| matches!(taken.step, Step::Protect { .. }));
        if let (Ok(seen), Some(at)) = (seen, guard) {
            let back = Planned { step: Step::Protect { on: true }, ..off[at].clone() };
            if Box::pin(self.make(&back, &seen)).await.is_ok() {
                off.remove(at);
                done.push(Done { address: self.address(), call: back.step.to_string(), seconds: 0.0 });
            }
        }
        let off: Vec<String> = off.into_iter().map(|taken| taken.step.to_string()).collect();
        if off.is_empty() { error } else { Error::Unguarded { address: self.address(), off: off.join(", "), source: Box::new(error) } }
    }

    /// The table's guards that this run has taken off before a deletion that it has not made.
    fn taken_off(&self, done: &[Done]) -> Vec<&Planned> {
        let made = |planned: &Planned| done.iter().any(|made| made.call == planned.step.to_string());
        let deleted = |planned: &Planned| matches!(planned.step, Step::DeleteTable { .. }) && made(planned);
        if !matches!(self.work.goal, Goal::Gone { .. }) || self.work.steps.iter().any(deleted) {
            return Vec::new();
        }
        let guard = |planned: &&Planned| matches!(planned.step, Step::Protect { on: false } | Step::Unscale { .. });
        self.work.steps.iter().filter(guard).filter(|planned| made(planned)).collect()
    }
}

/// Gone, or on its way: by an earlier try whose answer was lost.
fn goes(seen: &State) -> bool {
    seen.is_absent() || seen.busy().iter().any(|line| line == "table is DELETING")
}
