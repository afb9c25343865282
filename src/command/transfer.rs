//! `load`: rows to items, and afterwards what an import cannot set ([`super::finish`]).

use super::consent::Approval;
use super::failure::Failure;
use super::finish::{Due, Ended, finish};
use super::provision::{approvals, make, refused};
use super::session::Session;
use super::{Draft, failure};
use crate::cli::{Load, LoadLimits};
use crate::exit::Exit;
use crate::load;
use crate::plan::{Desired, Plan, Work};
use crate::report::model::Problem;
use crate::report::outcome::Asked;
use crate::safe::{self, Masker};
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
    let Some(due) = approved(draft, args, approval, session).await? else { return Ok(()) };
    let masker = super::prove::masker(&args.common.output);
    load(draft, session, snapshot, &args.limits, masker, &due, FINISH_SECS).await
}

/// What is due by the plan, which was shown and approved; `None`: it is refused.
async fn approved(draft: &mut Draft, args: &Load, approval: Approval, session: &Session) -> Result<Option<Due>, Failure> {
    let plan = make(session, desired(session, &args.limits), approvals(&args.approvals)).await?;
    draft.show_plan(&plan, &args.common.output);
    if refused(&plan) {
        return Ok(None);
    }
    let due = Due::of(&plan, approvals(&args.approvals), &session.stack);
    provisioned(&plan, &due)?;
    approval.get("Load these tables?")?;
    Ok(Some(due))
}

/// A load needs what is not the import's to make: the bucket, and every table that exists, as the stack says; but for what an import of an
/// earlier run left to be finished.
fn provisioned(plan: &Plan, due: &Due) -> Result<(), Failure> {
    let differs = |w: &&Work| w.change.is_some() && !w.steps.is_empty() && !due.has(&w.target);
    let behind: Vec<String> = plan.works.iter().filter(differs).map(|w| w.target.to_string()).collect();
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

/// Loads every table, then finishes what is due, into the report. `timeout`: seconds that the latter may take; a load
/// that goes on is not cut.
pub(super) async fn load(
    draft: &mut Draft,
    session: &Session,
    snapshot: &mut Snapshot,
    limits: &LoadLimits,
    masker: Masker,
    due: &Due,
    timeout: u64,
) -> Result<(), Failure> {
    let options = load::Options {
        max_quarantined: limits.max_quarantined,
        quarantine: limits.quarantine.clone().unwrap_or_else(|| load::free_quarantine(&session.stack.name)),
        masker,
        stop: session.interrupt.flag(),
        lease: session.lease.clone(),
        vouch: due.to_vouch(),
        ..load::Options::default()
    };
    match load::run(&session.aws, snapshot, &session.stack, &options, &session.events).await {
        Ok(report) => draft.report.load = Some(report),
        Err(error) => {
            let exit = error.exit();
            let (report, cause) = error.into_parts();
            draft.report.load = report;
            if let Err(failure) = finish(draft, session, due, Ended::Broken, timeout).await {
                // The load's own end decides how the run ends; this is told beside it.
                session.events.warn(format!("what follows an import was not done: {}", failure.problem().message));
            }
            return Err(load_failure(&cause, exit));
        }
    }
    finish(draft, session, due, Ended::Whole, timeout).await
}

/// Finds out that a mapping does not fit the source before anything is made.
pub(super) async fn preflight(snapshot: &mut Snapshot, session: &Session) -> Result<(), Failure> {
    load::preflight(snapshot, &session.stack).await.map_err(|error| load_failure(&error, error.exit()))
}

fn load_failure(error: &load::Error, exit: Exit) -> Failure {
    let help = match error {
        load::Error::Aws(error) => failure::aws_help(error).0,
        load::Error::Lease(error) => Some(error.help()),
        load::Error::NotOurs { table, .. } => {
            let table = safe::text(table);
            Some(format!("run `landfall plan` to see it; `landfall apply --adopt {table}` takes it over, another name leaves it alone"))
        }
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
