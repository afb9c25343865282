//! `plan`, `apply`, `drift`: desired against live.

use super::consent::Approval;
use super::failure::{self, Failure};
use super::interrupt::Interrupt;
use super::session::{Session, pinned};
use super::{Draft, console, imported, keys, lock, output};
use crate::aws::Settings;
use crate::cli::{Apply, ApprovalArgs, Common, Plan as PlanArgs};
use crate::event::Events;
use crate::exit::Exit;
use crate::lease::Lease;
use crate::live::normal::soon_done;
use crate::live::{refresh, unmanaged};
use crate::plan::deadline::Deadline;
use crate::plan::{self, Approvals, Context, Desired, Plan};
use crate::report::model::{ApplyReport, Problem};
use crate::report::outcome::Asked;
use crate::{apply, aws::Aws};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A sealed plan is small; more is not one.
pub(super) const MAX_PLAN_BYTES: u64 = 64 * 1024 * 1024;

/// `plan`: reads only.
pub(super) async fn plan(args: &PlanArgs) -> Exit {
    let asked = Asked { plan: true, changes_are_no: args.detailed_exitcode, ..Asked::NOTHING };
    let mut draft = Draft::new("plan", asked);
    if let Err(failure) = plan_into(&mut draft, &args.common, &approvals(&args.approvals), args.out.as_deref(), args.deadline).await {
        draft.failed(failure);
    }
    draft.finish(&args.common.output, &[])
}

/// `drift`: a plan whose changes are the answer "no". It makes no call that writes.
pub(super) async fn drift(args: &Common) -> Exit {
    let mut draft = Draft::new("drift", Asked { plan: true, changes_are_no: true, ..Asked::NOTHING });
    if let Err(failure) = plan_into(&mut draft, args, &Approvals::default(), None, None).await {
        draft.failed(failure);
    }
    draft.finish(&args.output, &[])
}

async fn plan_into(
    draft: &mut Draft,
    common: &Common,
    approvals: &Approvals,
    out: Option<&Path>,
    deadline: Option<Deadline>,
) -> Result<(), Failure> {
    let session = Session::open(common).await?;
    draft.of(&session, None);
    let stop = session.interrupt.stop();
    let patient = draft.asked.changes_are_no;
    let done = tokio::select! {
        made = make_at_rest(&session, approvals, deadline, patient) => {
            made.and_then(|made| planned(draft, &session, &made, out))
        }
        // Nothing but reads is cut short.
        () = stop.said() => Err(interrupted()),
    };
    session.close(common).await;
    done
}

/// Puts the plan into the report, and into the file that it is to be sealed in.
fn planned(draft: &mut Draft, session: &Session, made: &Plan, out: Option<&Path>) -> Result<(), Failure> {
    draft.report.plan = Some(made.into());
    let Some(path) = out else { return Ok(()) };
    output::file(path, plan::seal::seal(made).as_bytes())
        .map_err(|e| Failure::Io(format!("cannot write the plan to {}: {e}", path.display())))?;
    session.events.note(sealed_in(path, made));
    Ok(())
}

fn interrupted() -> Failure {
    let message = "interrupted before everything was read; nothing was changed".to_owned();
    Failure::Other(Problem { message, help: Some("run the same command again".into()), exit: Exit::Interrupted })
}

/// What a sealed file is good for.
fn sealed_in(path: &Path, plan: &Plan) -> String {
    let path = path.display();
    if refused(plan) {
        return format!("The plan is sealed in {path}; it holds refusals, so landfall apply {path} does nothing");
    }
    format!("The plan is sealed in {path}; landfall apply {path} carries it out within 24 hours")
}

/// `apply`: of a stack (plan and ask) or of a sealed plan.
pub(super) async fn apply(args: &Apply) -> Exit {
    let mut draft = Draft::new("apply", Asked { plan: true, apply: true, ..Asked::NOTHING });
    let done = match sealed(&args.common.stack) {
        Ok(Some(plan)) => apply_sealed(&mut draft, args, &plan).await,
        Ok(None) => apply_stack(&mut draft, args).await,
        Err(failure) => Err(failure),
    };
    if let Err(failure) = done {
        draft.failed(failure);
    }
    draft.finish(&args.common.output, &[])
}

async fn apply_stack(draft: &mut Draft, args: &Apply) -> Result<(), Failure> {
    let mut session = Session::open(&args.common).await?;
    draft.of(&session, None);
    let done = apply_open(draft, args, &mut session).await;
    session.close(&args.common).await;
    done
}

async fn apply_open(draft: &mut Draft, args: &Apply, session: &mut Session) -> Result<(), Failure> {
    let approval = Approval::of(args.consent, &args.common);
    if approval == Approval::Impossible {
        // What nobody can approve changes nothing, the lease included. An empty plan needs no approval, and is made again under it.
        let made = make(session, Desired::from(&session.stack), approvals(&args.approvals)).await?;
        if refused(&made) || made.calls() > 0 {
            return decided(draft, args, approval, &made).map(drop);
        }
    }
    session.lock("apply", args.lock).await?;
    let done = apply_locked(draft, args, approval, session).await;
    session.unlock().await;
    done
}

async fn apply_locked(draft: &mut Draft, args: &Apply, approval: Approval, session: &Session) -> Result<(), Failure> {
    let made = make(session, Desired::from(&session.stack), approvals(&args.approvals)).await?;
    if decided(draft, args, approval, &made)? {
        let done = carry_out(draft, session.hands(), &made, Waits::of(args)).await;
        draft.report.apply = Some(done);
    }
    Ok(())
}

/// Shows the plan; whether it may be carried out.
fn decided(draft: &mut Draft, args: &Apply, approval: Approval, made: &Plan) -> Result<bool, Failure> {
    draft.show_plan(made, &args.common.output);
    if refused(made) {
        return Ok(false);
    }
    if made.calls() > 0 {
        approval.get("Apply this plan?")?;
    }
    Ok(true)
}

async fn apply_sealed(draft: &mut Draft, args: &Apply, plan: &Plan) -> Result<(), Failure> {
    if args.common.phase.is_some() || args.common.source.is_some() || approvals(&args.approvals) != Approvals::default() {
        return Err(Failure::Usage("a sealed plan holds its phase and approvals already: give them to `plan --out`".into()));
    }
    if args.common.aws.local {
        return Err(Failure::Usage(
            "a sealed plan belongs to the endpoint it was made for; start `landfall local` and export its environment".into(),
        ));
    }
    let events = console::events(args.common.output.quiet);
    let settings = Settings {
        profile: args.common.aws.profile.clone(),
        region: args.common.aws.region.clone(),
        fallback_region: Some(plan.region.clone()),
        ..Settings::default()
    };
    let aws = pinned(&settings, &plan.account, &plan.region).await?;
    draft.identity(&plan.stack, aws.identity(), &events, None);
    if aws.identity().endpoint != plan.endpoint {
        return Err(Failure::Refused(
            format!(
                "the plan was made for endpoint {}, and this run reaches {}",
                crate::safe::text(&plan.endpoint),
                aws.identity().endpoint
            ),
            "plan again for this endpoint, or correct AWS_ENDPOINT_URL".into(),
        ));
    }
    draft.show_plan(plan, &args.common.output);
    if let Some(outcome) = apply::refused(&aws, plan) {
        // Nobody waits for a lease, or makes its table, to be told that the plan is too old.
        draft.report.apply = Some(draft.concluded(outcome));
        return Ok(());
    }
    let interrupt = Interrupt::listen();
    let lease = lock::take(&aws, &plan.stack, "apply", args.lock, &events, &interrupt).await?;
    let hands = Hands { aws: &lease.fence(&aws), events: &events, interrupt: &interrupt, lease: Some(&lease) };
    let done = carry_out(draft, hands, plan, Waits::of(args)).await;
    draft.report.apply = Some(done);
    lock::release(&lease, &events).await;
    Ok(())
}

/// The sealed plan in `path`, if that is what the file is, or was before its bytes were changed.
fn sealed(path: &Path) -> Result<Option<Plan>, Failure> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(None) };
    if metadata.len() > MAX_PLAN_BYTES {
        return Ok(None);
    }
    let Ok(bytes) = std::fs::read(path) else { return Ok(None) };
    if !bytes.trim_ascii_start().starts_with(b"{") && !plan::seal::was_sealed(&bytes) {
        return Ok(None);
    }
    // What is no text was none when it was sealed: the seal does not fit.
    plan::seal::open(&String::from_utf8_lossy(&bytes)).map(Some).map_err(|error| {
        Failure::Other(Problem {
            message: format!("{}: {error}", path.display()),
            help: Some("make a new plan with `landfall plan STACK --out FILE`".into()),
            exit: Exit::Stale,
        })
    })
}

/// Live AWS against `desired`, as a plan.
pub(super) async fn make(session: &Session, desired: Desired, approvals: Approvals) -> Result<Plan, Failure> {
    make_by(session, desired, approvals, None).await
}

/// As [`make`], to be done by `deadline`.
async fn make_by(session: &Session, desired: Desired, mut approvals: Approvals, deadline: Option<Deadline>) -> Result<Plan, Failure> {
    let (desired, keyless) = keys::resolve(&session.aws, desired).await?;
    let mut live = refresh::refresh(&session.aws, &desired.wanted(&approvals), &session.events).await?;
    imported::note_use(&mut live, session.aws.clock().now_ms());
    let adopted = imported::adopt(session, &live, &mut approvals).await;
    let known = desired.wanted(&approvals).tables.into_keys().collect();
    let left = unmanaged::unmanaged(&session.aws, &session.stack.name, &known).await?;
    let id = session.aws.identity();
    let now_ms = now_ms();
    let context = Context {
        account: id.account.clone(),
        region: id.region.clone(),
        endpoint: id.endpoint.clone(),
        now_ms,
        deadline_ms: deadline.map(|deadline| deadline.at(now_ms)),
        unmanaged: left.tagged,
        resembling: left.named,
    };
    let mut made = plan::make(&desired, &live, &approvals, context);
    keys::refuse(&mut made, keyless);
    made.notes.extend(adopted);
    if left.skipped > 0 {
        made.notes.push(format!("{} more tables of this account were not looked at for the stack's tag", left.skipped));
    }
    Ok(made)
}

/// Pauses before another look at what AWS is changing, in seconds.
const LOOKS_AGAIN: [u64; 6] = [1, 2, 4, 8, 15, 30];

/// As [`make_by`]; where it is asked whether all is as the file says (`patient`), what AWS is changing is looked at again for a minute:
/// until it is done, AWS shows it as it was.
async fn make_at_rest(session: &Session, approvals: &Approvals, deadline: Option<Deadline>, patient: bool) -> Result<Plan, Failure> {
    let look = || make_by(session, Desired::from(&session.stack), approvals.clone(), deadline);
    let mut made = look().await?;
    for pause in LOOKS_AGAIN.into_iter().filter(|_| patient) {
        let Some(changing) = changing(&made) else { break };
        session.events.note(format!("{changing}: AWS shows it as it was before; looking again in {pause} s"));
        session.aws.clock().sleep(Duration::from_secs(pause)).await;
        made = look().await?;
    }
    Ok(made)
}

/// What looks as the file says, and is being changed.
fn changing(plan: &Plan) -> Option<String> {
    let quiet = plan.works.iter().filter(|work| work.change.is_none());
    let line = |work: &plan::Work| soon_done(work.before.busy()).map(|line| format!("{}: {line}", work.target));
    quiet.filter_map(line).map(|line| crate::safe::text(&line)).next()
}

/// What it takes to change AWS.
#[derive(Clone, Copy)]
pub(super) struct Hands<'a> {
    /// Behind the lease's fence.
    pub(super) aws: &'a Aws,
    pub(super) events: &'a Events,
    pub(super) interrupt: &'a Interrupt,
    pub(super) lease: Option<&'a Lease>,
}

impl Session {
    /// The session's own.
    pub(super) fn hands(&self) -> Hands<'_> {
        Hands { aws: &self.aws, events: &self.events, interrupt: &self.interrupt, lease: self.lease.as_ref() }
    }
}

/// How long a run waits for AWS.
#[derive(Clone, Copy)]
pub(super) struct Waits {
    /// Altogether, in seconds.
    pub(super) timeout: u64,
    /// Not for an index that is being filled.
    pub(super) detach: bool,
}

impl Waits {
    /// For everything, so many seconds at most.
    pub(super) fn whole(timeout: u64) -> Self {
        Self { timeout, detach: false }
    }

    /// As `apply` was told.
    fn of(args: &Apply) -> Self {
        Self { timeout: args.timeout, detach: args.detach }
    }
}

/// Makes the plan's calls; what went wrong on the way is in the draft.
pub(super) async fn carry_out(draft: &mut Draft, hands: Hands<'_>, plan: &Plan, waits: Waits) -> ApplyReport {
    let timeout = Duration::from_secs(waits.timeout);
    let options = apply::Options { timeout, detach: waits.detach, lease: hands.lease.cloned(), ..apply::Options::default() };
    let outcome = apply::run(hands.aws, plan, hands.events, &options, &hands.interrupt.stop()).await;
    draft.concluded(outcome)
}

/// A plan with a refusal is not applied at all.
pub(super) fn refused(plan: &Plan) -> bool {
    !plan.refusals.is_empty()
}

pub(super) fn approvals(args: &ApprovalArgs) -> Approvals {
    Approvals {
        adopt: args.adopt.iter().cloned().collect(),
        destroy: args.destroy.iter().cloned().collect(),
        with_data: args.with_data,
        ..Approvals::default()
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

impl Draft {
    /// What went wrong in an apply, put into the report; what it did.
    fn concluded(&mut self, outcome: apply::Outcome) -> ApplyReport {
        self.report.errors.extend(outcome.problems.into_iter().map(failure::inert));
        outcome.report
    }

    /// Puts the plan into the report, and shows it at once where a person reads along.
    pub(super) fn show_plan(&mut self, plan: &Plan, args: &crate::cli::OutputArgs) {
        self.report.plan = Some(plan.into());
        self.show(args);
    }
}
