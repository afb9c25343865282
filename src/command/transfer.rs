//! `load`: rows to items, and what an import cannot set afterwards.

use super::consent::Approval;
use super::failure::Failure;
use super::provision::{self, approvals, make, refused};
use super::session::Session;
use super::{Draft, failure};
use crate::cli::{Load, LoadLimits};
use crate::exit::Exit;
use crate::load;
use crate::plan::{Approvals, Desired, Plan};
use crate::report::model::{LoadPath, LoadReport, Problem, TableLoad};
use crate::report::outcome::Asked;
use crate::safe::Masker;
use crate::source::Snapshot;
use std::collections::BTreeSet;

/// How long `load`, which has no `--timeout`, waits for what follows an import.
const FINISH_SECS: u64 = 3600;

/// `load`.
pub(super) async fn run(args: &Load) -> Exit {
    let mut draft = Draft::new("load", Asked { plan: true, load: true, ..Asked::NOTHING });
    if let Err(failure) = run_into(&mut draft, args).await {
        draft.failed(failure);
    }
    draft.finish(&args.common.output, &[])
}

async fn run_into(draft: &mut Draft, args: &Load) -> Result<(), Failure> {
    let mut session = Session::open(&args.common).await?;
    let source = session.source(&args.common).await?;
    draft.of(&session, Some(&source));
    let mut snapshot = source.snapshot().await?;
    preflight(&mut snapshot, &session).await?;
    let done = run_open(draft, args, &mut session, &mut snapshot).await;
    session.close(&args.common).await;
    done
}

async fn run_open(draft: &mut Draft, args: &Load, session: &mut Session, snapshot: &mut Snapshot) -> Result<(), Failure> {
    let approval = Approval::of(args.consent, &args.common);
    if approval == Approval::Impossible {
        // Every load needs approval: without one nothing is changed, the lease included.
        return approved(draft, args, approval, session).await.map(drop);
    }
    session.lock("load", args.lock).await?;
    let done = run_locked(draft, args, approval, session, snapshot).await;
    session.unlock().await;
    done
}

async fn run_locked(draft: &mut Draft, args: &Load, approval: Approval, session: &Session, snapshot: &mut Snapshot) -> Result<(), Failure> {
    let Some(plan) = approved(draft, args, approval, session).await? else { return Ok(()) };
    let masker = super::prove::masker(&args.common.output);
    load(draft, session, snapshot, &args.limits, masker, &plan.approvals, FINISH_SECS).await
}

/// The plan, shown and approved; `None`: it is refused.
async fn approved(draft: &mut Draft, args: &Load, approval: Approval, session: &Session) -> Result<Option<Plan>, Failure> {
    let plan = make(session, desired(session, &args.limits), approvals(&args.approvals)).await?;
    draft.show_plan(&plan, &args.common.output);
    if refused(&plan) {
        return Ok(None);
    }
    provisioned(&plan)?;
    approval.get("Load these tables?")?;
    Ok(Some(plan))
}

/// A load needs what is not the import's to make: the bucket, and every table that exists, as the stack says.
fn provisioned(plan: &Plan) -> Result<(), Failure> {
    let behind: Vec<String> =
        plan.works.iter().filter(|w| w.change.is_some() && !w.steps.is_empty()).map(|w| w.target.to_string()).collect();
    if behind.is_empty() {
        return Ok(());
    }
    Err(Failure::Other(Problem {
        message: format!(
            "{} not yet as the stack says: {}",
            if behind.len() == 1 { "one thing is" } else { "these are" },
            behind.join(", ")
        ),
        help: Some("run `landfall apply` first, or `landfall run` for all of it".into()),
        exit: Exit::No,
    }))
}

/// The stack's desired state, with the tables that the load will make by ImportTable put aside.
pub(super) fn desired(session: &Session, limits: &LoadLimits) -> Desired {
    let stack = &session.stack;
    let importable = stack.tables.iter().filter(|(_, t)| !t.rows.is_empty() && t.table.locals.is_empty());
    let cannot = limits.no_import || stack.buckets.is_empty();
    let defer: BTreeSet<String> = importable.filter(|_| !cannot).map(|(name, _)| name.clone()).collect();
    Desired { defer, ..Desired::from(stack) }
}

/// Loads every table, then finishes what ImportTable cannot set, into the report. `timeout`: seconds that the latter may take; a load
/// that goes on is not cut.
pub(super) async fn load(
    draft: &mut Draft,
    session: &Session,
    snapshot: &mut Snapshot,
    limits: &LoadLimits,
    masker: Masker,
    approved: &Approvals,
    timeout: u64,
) -> Result<(), Failure> {
    let options = load::Options {
        max_quarantined: limits.max_quarantined,
        quarantine: limits.quarantine.clone().unwrap_or_else(|| load::free_quarantine(&session.stack.name)),
        masker,
        stop: session.interrupt.flag(),
        lease: session.lease.clone(),
        ..load::Options::default()
    };
    match load::run(&session.aws, snapshot, &session.stack, &options, &session.events).await {
        Ok(report) => draft.report.load = Some(report),
        Err(error) => {
            let exit = error.exit();
            let (report, cause) = error.into_parts();
            draft.report.load = report;
            finish_imports(draft, session, approved, Ended::Broken, timeout).await.ok();
            return Err(load_failure(&cause, exit));
        }
    }
    finish_imports(draft, session, approved, Ended::Whole, timeout).await
}

/// Whether a load came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Whole,
    Broken,
}

/// Tags, TTL, recovery, streams and protection of freshly imported tables: a plan as any other, with those tables adopted.
async fn finish_imports(draft: &mut Draft, session: &Session, approved: &Approvals, ended: Ended, timeout: u64) -> Result<(), Failure> {
    let imported = draft.report.load.as_ref().map(|report| imported(report, ended)).unwrap_or_default();
    if imported.is_empty() {
        return Ok(());
    }
    let mut approvals = approved.clone();
    approvals.imported.extend(imported.iter().cloned());
    approvals.adopt.extend(imported);
    let plan = make(session, Desired::from(&session.stack), approvals).await?;
    if refused(&plan) {
        let refusals: Vec<String> = plan.refusals.iter().map(|r| format!("{}: {}", r.target, r.reason)).collect();
        return Err(Failure::Refused(format!("after the import: {}", refusals.join("; ")), "run `landfall plan` to see the recipe".into()));
    }
    let done = provision::carry_out(draft, session.hands(), &plan, timeout).await;
    let report = draft.report.apply.get_or_insert_with(Default::default);
    report.done.extend(done.done);
    report.unfinished.extend(done.unfinished);
    report.creating = done.creating;
    report.converged = done.converged;
    draft.asked.apply = true;
    Ok(())
}

/// The tables that ImportTable made: in a load that broke off, those of which a count is known; in a whole one, all that it was to make,
/// the one without a row too.
fn imported(report: &LoadReport, ended: Ended) -> Vec<String> {
    let made = |t: &TableLoad| t.attempted && (ended == Ended::Whole || t.acknowledged > 0);
    let imported = report.tables.iter().filter(|t| t.path == LoadPath::Stage && made(t));
    imported.map(|t| t.table.clone()).collect()
}

/// Finds out that a mapping does not fit the source before anything is made.
pub(super) async fn preflight(snapshot: &mut Snapshot, session: &Session) -> Result<(), Failure> {
    load::preflight(snapshot, &session.stack).await.map_err(|error| load_failure(&error, error.exit()))
}

fn load_failure(error: &load::Error, exit: Exit) -> Failure {
    let help = match error {
        load::Error::Aws(error) => failure::aws_help(error).0,
        load::Error::Lease(error) => Some(error.help()),
        load::Error::Quarantine { .. } => {
            Some("name a file that is not there yet with --quarantine, then run the same command again".into())
        }
        _ => None,
    };
    Failure::Other(Problem { message: chain(error), help, exit })
}

/// The error and its causes, each said once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(path: LoadPath, attempted: bool, acknowledged: u64) -> LoadReport {
        let table = TableLoad {
            table: "T".into(),
            path,
            entities: Vec::new(),
            findings: Vec::new(),
            attempted,
            acknowledged,
            bytes: 0,
            seconds: 0.0,
            retries: 0,
            throttles: 0,
            consumed_units: 0.0,
        };
        LoadReport { tables: vec![table], quarantine: None, max_quarantined: 0 }
    }

    #[test]
    fn a_table_that_this_load_imported_is_finished_one_without_rows_too_unless_its_import_broke_off() {
        for (load, whole, broken) in [
            (table(LoadPath::Stage, true, 3), true, true),
            (table(LoadPath::Stage, true, 0), true, false),
            (table(LoadPath::Stage, false, 3), false, false),
            (table(LoadPath::Write, true, 3), false, false),
        ] {
            assert_eq!([Ended::Whole, Ended::Broken].map(|ended| !imported(&load, ended).is_empty()), [whole, broken], "{load:?}");
        }
    }
}
