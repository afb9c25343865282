//! What follows an import: the tags, TTL, recovery, streams and protection that `ImportTable` cannot set.
//!
//! Rules: there is one way of finishing, for a table that this load imported, for one that an import of an earlier run had made by the
//! time of the load, and for one that `load` found without its tag. Only what this very load imported is taken over unasked: of any other
//! table AWS's record of imports is the proof ([`super::imported`]). Nothing else is changed, and nothing else is waited for: what differs
//! elsewhere was in no plan that a person saw, and is told. Called by [`super::transfer`].

use super::Draft;
use super::failure::Failure;
use super::provision::{Waits, carry_out, make, refused};
use super::session::Session;
use crate::exit::Exit;
use crate::plan::{Approvals, Desired, Goal, Plan, Target, Work};
use crate::report::model::{LoadPath, LoadReport, Problem, TableLoad};
use crate::stack::Stack;
use std::collections::{BTreeMap, BTreeSet};

/// What a plan leaves to the load and to what follows it.
#[derive(Debug)]
pub(super) struct Due {
    /// Tables with rows that the plan did not see, or knew by AWS's record of imports alone.
    tables: BTreeSet<String>,
    /// The stack's tables.
    all: BTreeSet<String>,
    /// What a person allowed, without what the plan found out itself: that is proved again.
    given: Approvals,
}

impl Due {
    pub(super) fn of(plan: &Plan, given: Approvals, stack: &Stack) -> Self {
        let filled = |name: &str| stack.tables.get(name).is_some_and(|spec| !spec.rows.is_empty());
        let proved = |name: &str| plan.approvals.adopt.contains(name) && !given.adopt.contains(name);
        let due = |work: &&Work| matches!(work.goal, Goal::Import(_)) || proved(work.target.name());
        let tables = plan.works.iter().filter(due).map(|work| work.target.name()).filter(|name| filled(name));
        let tables = tables.map(str::to_owned).collect();
        Self { tables, all: stack.tables.keys().cloned().collect(), given }
    }

    pub(super) fn has(&self, target: &Target) -> bool {
        matches!(target, Target::Table(name) if self.tables.contains(name))
    }

    /// Those into which nothing is written before it is known that they are this stack's: a table that the plan has seen may be another by
    /// the time of the load.
    pub(super) fn to_vouch(&self) -> BTreeSet<String> {
        self.all.difference(&self.given.adopt).cloned().collect()
    }
}

/// Whether a load came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Whole,
    Broken,
}

/// Tables to finish, and how their rows came.
type Loaded = BTreeMap<String, LoadPath>;

/// Finishes what is due after a load, into the report. `timeout`: seconds.
pub(super) async fn finish(draft: &mut Draft, session: &Session, due: &Due, ended: Ended, timeout: u64) -> Result<(), Failure> {
    let loaded = draft.report.load.as_ref().map(|report| loaded(report, due, ended)).unwrap_or_default();
    if loaded.is_empty() {
        return Ok(());
    }
    let (plan, left_alone) = plan(draft, session, due, &loaded).await?;
    let done = carry_out(draft, session.hands(), &plan, Waits::whole(timeout)).await;
    let report = draft.report.apply.get_or_insert_with(Default::default);
    report.done.extend(done.done);
    report.unfinished.extend(done.unfinished);
    report.creating = done.creating;
    report.left_alone = left_alone;
    report.converged = done.converged;
    draft.asked.apply = true;
    Ok(())
}

/// In a load that broke off, the tables of which a count is known; in a whole one, all that it was to fill, the one without a row too.
fn loaded(report: &LoadReport, due: &Due, ended: Ended) -> Loaded {
    let arrived = |t: &&TableLoad| t.attempted && (ended == Ended::Whole || t.acknowledged > 0);
    let followed = |t: &&TableLoad| t.path == LoadPath::Stage || due.tables.contains(&t.table);
    report.tables.iter().filter(arrived).filter(followed).map(|t| (t.table.clone(), t.path)).collect()
}

/// A plan as any other, of these tables alone; and what else it would have changed.
async fn plan(draft: &Draft, session: &Session, due: &Due, loaded: &Loaded) -> Result<(Plan, Vec<String>), Failure> {
    let mut approvals = due.given.clone();
    let imported: Vec<String> = loaded.iter().filter(|(_, path)| **path == LoadPath::Stage).map(|(name, _)| name.clone()).collect();
    approvals.imported.extend(imported.iter().cloned());
    approvals.adopt.extend(imported);
    // A table that is gone again is not to be made without its rows.
    let desired = Desired { defer: loaded.keys().cloned().collect(), ..Desired::from(&session.stack) };
    let mut plan = make(session, desired, approvals).await?;
    let told = draft.report.plan.as_ref().map(|first| first.notes.as_slice()).unwrap_or_default();
    plan.notes.iter().filter(|note| !told.contains(note)).for_each(|note| session.events.note(note.clone()));
    let left_alone = leave_others(session, due, loaded, &mut plan);
    if refused(&plan) {
        let refusals: Vec<String> = plan.refusals.iter().map(|r| format!("{}: {}", r.target, r.reason)).collect();
        return Err(Failure::Refused(format!("after the import: {}", refusals.join("; ")), "run `landfall plan` to see the recipe".into()));
    }
    plan.works.iter().find(|work| work.before.is_absent()).map_or(Ok(()), |work| Err(gone(work)))?;
    Ok((plan, left_alone))
}

/// Takes everything out of the plan but the loaded tables; what differed of it. Of that, what a load that broke off has yet to fill is no news.
fn leave_others(session: &Session, due: &Due, loaded: &Loaded, plan: &mut Plan) -> Vec<String> {
    let ours = |target: &Target| matches!(target, Target::Table(name) if loaded.contains_key(name));
    let changed = plan.works.iter().filter(|work| work.change.is_some()).map(|work| &work.target);
    let differing = changed.chain(plan.refusals.iter().map(|refusal| &refusal.target));
    let others: BTreeSet<Target> = differing.filter(|target| !ours(target)).cloned().collect();
    for other in others.iter().filter(|target| !due.has(target)) {
        session.events.warn(format!("{other} is not as the stack says, and was left alone after the import; `landfall plan` shows why"));
    }
    plan.works.retain(|work| ours(&work.target));
    plan.refusals.retain(|refusal| ours(&refusal.target));
    others.iter().map(ToString::to_string).collect()
}

fn gone(work: &Work) -> Failure {
    Failure::Other(Problem {
        message: format!("{} was loaded and is not there any more", work.target),
        help: Some("find out who deleted it, then run the same command again: it loads the table anew".into()),
        exit: Exit::Failed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(path: LoadPath, attempted: bool, acknowledged: u64) -> LoadReport {
        let table = TableLoad { attempted, acknowledged, ..TableLoad::to_come("T", path) };
        LoadReport { tables: vec![table], quarantine: None, max_quarantined: 0 }
    }

    fn due(tables: &[&str]) -> Due {
        let tables: BTreeSet<String> = tables.iter().map(|name| (*name).to_owned()).collect();
        Due { all: tables.clone(), tables, given: Approvals::default() }
    }

    #[test]
    fn what_was_imported_or_was_to_be_is_finished_also_without_rows_unless_its_load_broke_off() {
        for (load, tables, whole, broken) in [
            (report(LoadPath::Stage, true, 3), &[][..], true, true),
            (report(LoadPath::Stage, true, 0), &[], true, false),
            (report(LoadPath::Stage, false, 3), &[], false, false),
            (report(LoadPath::Write, true, 3), &[], false, false),
            (report(LoadPath::Write, true, 3), &["T"], true, true),
            (report(LoadPath::Write, true, 0), &["T"], true, false),
            (report(LoadPath::Write, false, 0), &["T"], false, false),
        ] {
            let finished = |ended| !loaded(&load, &due(tables), ended).is_empty();
            assert_eq!([Ended::Whole, Ended::Broken].map(finished), [whole, broken], "{load:?}");
        }
    }

    #[test]
    fn a_table_that_a_person_takes_over_by_name_needs_no_other_word() {
        let given = Approvals { adopt: ["T".to_owned()].into(), ..Approvals::default() };
        assert_eq!(due(&["T", "U"]).to_vouch().len(), 2);
        assert_eq!(Due { given, ..due(&["T", "U"]) }.to_vouch(), ["U".to_owned()].into());
    }
}
