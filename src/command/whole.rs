//! `run`: plan, apply, load, validate, throttling; each part only after the one before it is good.

use super::consent::Approval;
use super::failure::Failure;
use super::finish::Due;
use super::provision::{Waits, approvals, carry_out, make, refused};
use super::session::Session;
use super::{Draft, prove, transfer};
use crate::cli::{Format, Output, Run};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::report::model::Problem;
use crate::report::outcome::{self, Asked};
use crate::safe::Masker;
use crate::source::Snapshot;
use std::time::Duration;

const ALL: Asked = Asked { changes_are_no: false, plan: true, apply: true, load: true, validate: true, throttling: true };

/// `run`.
pub(super) async fn run(args: &Run) -> Exit {
    let mut draft = Draft::new("run", ALL);
    let done = run_into(&mut draft, args).await;
    if let Err(failure) = done {
        draft.failed(failure);
    }
    let file = args.report.clone().or_else(|| draft.report.stack.as_deref().map(super::report_file));
    let extra: Vec<Output> = file.map(|file| Output { format: Format::Json, file: Some(file) }).into_iter().collect();
    draft.finish(&args.common.output, &extra)
}

async fn run_into(draft: &mut Draft, args: &Run) -> Result<(), Failure> {
    let since = jiff::Timestamp::now().as_second();
    let mut session = Session::open(&args.common).await?;
    let done = parts(draft, args, &mut session, since).await;
    session.close(&args.common).await;
    done
}

async fn parts(draft: &mut Draft, args: &Run, session: &mut Session, since: i64) -> Result<(), Failure> {
    let source = session.source(&args.common).await?;
    draft.of(session, Some(&source));
    let mut snapshot = source.snapshot().await?;
    transfer::preflight(&mut snapshot, session).await?;
    if Approval::of(args.consent, &args.common) == Approval::Impossible {
        // What nobody can approve changes nothing, the lease included.
        let plan = make(session, transfer::desired(session, &args.limits), approvals(&args.approvals)).await?;
        if refused(&plan) || needs_approval(session, &plan) {
            return decided(draft, args, session, &plan).map(drop);
        }
    }
    session.lock("run", args.lock).await?;
    let done = parts_locked(draft, args, session, &mut snapshot, since).await;
    session.unlock().await;
    done
}

/// Rows are written over what a table holds, so a plan without a call is no reason not to ask.
fn needs_approval(session: &Session, plan: &Plan) -> bool {
    plan.calls() > 0 || session.stack.tables.values().any(|spec| !spec.rows.is_empty())
}

/// Shows the plan; whether it may be carried out.
fn decided(draft: &mut Draft, args: &Run, session: &Session, plan: &Plan) -> Result<bool, Failure> {
    draft.show_plan(plan, &args.common.output);
    if refused(plan) {
        return Ok(false);
    }
    if needs_approval(session, plan) {
        Approval::of(args.consent, &args.common).get("Apply this plan and load?")?;
    }
    Ok(true)
}

async fn parts_locked(draft: &mut Draft, args: &Run, session: &Session, snapshot: &mut Snapshot, since: i64) -> Result<(), Failure> {
    let output = &args.common.output;
    let plan = make(session, transfer::desired(session, &args.limits), approvals(&args.approvals)).await?;
    if !decided(draft, args, session, &plan)? {
        return Ok(());
    }
    let done = carry_out(draft, session.hands(), &plan, Waits::whole(args.timeout)).await;
    draft.report.apply = Some(done);
    // Not shown yet: what an import cannot set is applied after the load, and belongs to the same account.
    if !draft.good_so_far(Asked { plan: true, apply: true, ..Asked::NOTHING }) {
        return Ok(());
    }
    let masker = prove::masker(output);
    let due = Due::of(&plan, approvals(&args.approvals), &session.stack);
    transfer::load(draft, session, snapshot, &args.limits, masker, &due, args.timeout).await?;
    draft.show(output);
    if !draft.good_so_far(Asked { apply: true, ..Asked::NOTHING }) || !draft.report.load.as_ref().is_some_and(outcome::loaded) {
        return Ok(());
    }
    let proved = proof(draft, args, session, snapshot, since, masker).await;
    // What kept the proof from its end is told, unless the lost lease was the cause.
    session.held(proved.is_ok()).await?;
    proved?;
    unmoved(draft)
}

async fn proof(
    draft: &mut Draft,
    args: &Run,
    session: &Session,
    snapshot: &mut Snapshot,
    since: i64,
    masker: Masker,
) -> Result<(), Failure> {
    let read = jiff::Timestamp::now().as_second();
    prove::compare(draft, session, snapshot, &args.checks, masker).await?;
    draft.show(&args.common.output);
    prove::watch(draft, session, since, Some(read), Duration::from_secs(args.wait)).await
}

/// What was seen to differ after the import, and was in no plan that a person saw: a run that passed it over would say yes to all of it.
fn unmoved(draft: &Draft) -> Result<(), Failure> {
    let moved = draft.report.apply.as_ref().map(|apply| apply.left_alone.join(", ")).filter(|moved| !moved.is_empty());
    let message = |moved: &str| format!("not as the stack says any more, after the load: {}", crate::safe::text(moved));
    let help = Some("`landfall plan` shows what changed meanwhile; then run it again".to_owned());
    moved.map_or(Ok(()), |moved| Err(Failure::Other(Problem { message: message(&moved), help, exit: Exit::No })))
}

impl Draft {
    /// Whether the parts made so far allow the next.
    fn good_so_far(&self, asked: Asked) -> bool {
        matches!(outcome::exit(&self.report, asked), Exit::Pass)
    }
}
