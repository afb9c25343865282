//! Makes a plan: for every resource, [`next_step`] over [`simulate`] until nothing is left to do.
//!
//! Rules: no clock and no environment here; the caller says when and where ([`Context`]). A resource with a refusal gets
//! no steps at all (one that only misses the deadline keeps them, to show what takes so long), and apply refuses a plan
//! that has any refusal: half a decision is not one.

use super::budget::{Booked, Ledger, Limited};
use super::desired::{Desired, is_table};
use super::model::{Action, Approvals, Change, Goal, Plan, Planned, Refusal, State, Target, Work};
use super::order::{Next, Wish, is_applied, next_step};
use super::step::Step;
use super::{cost, deadline, diff, risk, simulate::simulate, words};
use crate::live::{Holder, Live};
use crate::resource::{approved_bucket, destroyed_bucket};
use crate::safe;

/// A sealed plan is good for a day.
const LIFETIME_MS: u64 = 24 * 3600 * 1000;

/// Far more steps than any table can need: 20 index deletes and 20 creates, and auto scaling of both sides of all of them.
const STEP_LIMIT: usize = 500;

/// When and where a plan is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    pub account: String,
    pub region: String,
    pub endpoint: String,
    /// Epoch milliseconds.
    pub now_ms: u64,
    /// When everything must be done, epoch milliseconds.
    pub deadline_ms: Option<u64>,
    /// Tables under the stack's tag that the file does not name (see `live::unmanaged`).
    pub unmanaged: Vec<String>,
    /// Those that are only named as if they were the stack's.
    pub resembling: Vec<String>,
}

/// The plan that takes `live` to `desired` under `approvals`.
pub fn make(desired: &Desired, live: &Live, approvals: &Approvals, context: Context) -> Plan {
    let mut plan = Plan {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        stack: desired.stack.clone(),
        stack_digest: desired.digest.clone(),
        account: context.account,
        region: context.region,
        endpoint: context.endpoint,
        created_ms: context.now_ms,
        expires_ms: context.now_ms.saturating_add(LIFETIME_MS),
        approvals: approvals.clone(),
        works: Vec::new(),
        refusals: Vec::new(),
        budgets: Vec::new(),
        deadline_ms: context.deadline_ms,
        unmanaged: context.unmanaged,
        resembling: context.resembling,
        notes: Vec::new(),
    };
    for (target, goal, before) in goals(desired, live, approvals) {
        plan.add(target, goal, before);
    }
    refuse_contradictions(&mut plan, desired);
    refuse_late(&mut plan);
    note_unused(&mut plan, live);
    plan
}

/// Buckets, then tables of the file, then tables and buckets to be destroyed.
fn goals(desired: &Desired, live: &Live, approvals: &Approvals) -> Vec<(Target, Goal, State)> {
    let buckets = desired.buckets.iter().map(|(name, want)| (Target::Bucket(name.clone()), Goal::Bucket(want.clone()), bucket(live, name)));
    let tables = desired.tables.iter().map(|(name, want)| {
        let state = table(live, name);
        let import = state.is_absent() && desired.defer.contains(name);
        let goal = if import { Goal::Import(want.clone()) } else { Goal::Table(want.clone()) };
        (Target::Table(name.clone()), goal, state)
    });
    let leaving = approvals.destroy.iter().filter(|what| is_table(what) && !desired.tables.contains_key(*what));
    let gone = Goal::Gone { with_data: approvals.with_data };
    let leaving = leaving.map(|name| (Target::Table(name.clone()), gone.clone(), table(live, name)));
    let named = approvals.destroy.iter().filter_map(|what| destroyed_bucket(what)).filter(|name| !desired.buckets.contains_key(*name));
    let named = named.map(|name| (Target::Bucket(name.to_owned()), gone.clone(), bucket(live, name)));
    buckets.chain(tables).chain(leaving).chain(named).collect()
}

fn table(live: &Live, name: &str) -> State {
    State::Table(live.tables.get(name).cloned().map(Box::new))
}

fn bucket(live: &Live, name: &str) -> State {
    State::Bucket(live.buckets.get(name).cloned().map(Box::new))
}

impl Plan {
    fn add(&mut self, target: Target, goal: Goal, before: State) {
        let fields = diff::fields(&goal, &self.stack, &before);
        let steps = self.steps(&target, &goal, &before);
        let done = steps.iter().all(|s| matches!(&s.step, Step::Tag { tags } if is_applied(tags)));
        let change = (!fields.is_empty() || !done).then(|| Change {
            action: action(&goal, &before),
            note: note(&goal, &before),
            since: goal.table().zip(ours(&before, &self.stack)).map(|(want, live)| diff::side(want, live)),
            fields,
        });
        let basis = diff::digest(&before);
        self.works.push(Work { target, goal, before, basis, change, steps });
    }

    /// Iterates to the fixed point; refusals end it and are kept.
    fn steps(&mut self, target: &Target, goal: &Goal, before: &State) -> Vec<Planned> {
        let mut walk = Walk::new(before, self.created_ms);
        while walk.steps.len() < STEP_LIMIT {
            let wish = Wish { target, goal, stack: &self.stack, approvals: &self.approvals };
            match next_step(&wish, &walk.state) {
                Next::Done => {
                    self.budgets.extend(walk.ledger.close(target));
                    return walk.steps;
                }
                Next::Refused(refusals) => {
                    self.refusals.extend(refusals);
                    return Vec::new();
                }
                Next::Do(step) => walk.take(step, target.name()),
            }
        }
        self.refusals.push(Refusal {
            target: target.clone(),
            reason: "no sequence of calls reaches the file's state".into(),
            recipe: "this is a fault of landfall: report it with the stack file".into(),
        });
        Vec::new()
    }
}

/// One resource's steps so far, and where they have led.
struct Walk {
    now_ms: u64,
    state: State,
    steps: Vec<Planned>,
    ledger: Ledger,
    ttl_was_on: bool,
}

impl Walk {
    fn new(before: &State, now_ms: u64) -> Self {
        Self { now_ms, state: before.clone(), steps: Vec::new(), ledger: Ledger::new(before, now_ms), ttl_was_on: false }
    }

    fn take(&mut self, step: Step, name: &str) {
        let after = simulate(&self.state, &step, name);
        let Booked { not_before_ms, untold } = self.ledger.book(&step, &self.state);
        let (from, to) = cost::estimate(&step, self.ttl_was_on);
        let (least, most) = self.waits(not_before_ms);
        let most = most.max(self.cooldown(untold.as_ref()).saturating_sub(to));
        let destructive = risk::destructive(&step, &self.state);
        self.ttl_was_on |= matches!(step, Step::TtlOff { .. });
        self.steps.push(Planned { step, seconds: (from + least, to + most), destructive, not_before_ms, untold });
        self.state = after;
    }

    /// Seconds that a change of TTL before the plan may make this one wait, the steps so far at their fastest.
    fn cooldown(&self, untold: Option<&Limited>) -> u64 {
        let passed = self.steps.iter().map(|step| step.seconds.0).sum();
        if untold == Some(&Limited::Ttl) { cost::TTL_COOLDOWN.1.saturating_sub(passed) } else { 0 }
    }

    /// Seconds until `not_before_ms`, after the steps so far at their slowest and at their fastest.
    fn waits(&self, not_before_ms: Option<u64>) -> (u64, u64) {
        let Some(at) = not_before_ms else { return (0, 0) };
        let ahead = at.saturating_sub(self.now_ms).div_ceil(1000);
        let (fast, slow) = self.steps.iter().fold((0, 0), |(a, b), s| (a + s.seconds.0, b + s.seconds.1));
        (ahead.saturating_sub(slow), ahead.saturating_sub(fast))
    }
}

/// The table, where this stack owns it: what another one applied is no news.
fn ours<'a>(before: &'a State, stack: &str) -> Option<&'a crate::live::LiveTable> {
    before.table().filter(|live| live.owner.as_deref() == Some(stack))
}

fn action(goal: &Goal, before: &State) -> Action {
    match goal {
        Goal::Gone { .. } => Action::Delete,
        _ if before.is_absent() => Action::Create,
        _ => Action::Update,
    }
}

/// What a person should know beside the fields.
fn note(goal: &Goal, before: &State) -> Option<String> {
    if matches!(goal, Goal::Import(_)) {
        return Some("created by the import".to_owned());
    }
    let held = |holder: &Holder| format!("held by {}", words::holder(holder));
    if let Some(bucket) = before.bucket() {
        return bucket.holder.as_ref().map(held);
    }
    let table = before.table()?;
    let id: String = safe::text(&table.id).chars().take(8).collect();
    let mut out = format!("id {id}");
    if !table.busy.is_empty() {
        out.push_str(&format!("; apply waits: {}", table.busy.join(", ")));
    }
    if let Some(holder) = &table.holder {
        out.push_str(&format!("; {}", held(holder)));
    }
    if !table.replicas.is_empty() {
        let regions: Vec<_> = table.replicas.iter().map(|region| safe::text(region)).collect();
        out.push_str(&format!("; global table, replicas in {}", regions.join(", ")));
    }
    Some(out)
}

/// `--destroy` of a table or bucket that the file still names is a contradiction, not a wish.
fn refuse_contradictions(plan: &mut Plan, desired: &Desired) {
    let tables = plan.approvals.destroy.iter().filter(|name| desired.tables.contains_key(*name)).map(|name| Target::Table(name.clone()));
    let buckets =
        plan.approvals.destroy.iter().filter_map(|what| destroyed_bucket(what)).filter(|name| desired.buckets.contains_key(*name));
    let both: Vec<Target> = tables.chain(buckets.map(|name| Target::Bucket(name.to_owned()))).collect();
    for target in both {
        plan.works.iter_mut().filter(|work| work.target == target).for_each(|work| work.steps.clear());
        plan.budgets.retain(|budget| budget.target != target);
        plan.refusals.push(Refusal {
            target,
            reason: "--destroy names it, and the file still has it".into(),
            recipe: "remove it from the file first, or drop the flag".into(),
        });
    }
}

/// A plan that may not be over by its deadline is refused now, not when the time is up; what nobody can promise is said.
fn refuse_late(plan: &mut Plan) {
    let Some(deadline) = plan.deadline_ms else { return };
    plan.notes.extend(plan.works.iter().flat_map(deadline::unpromised));
    plan.refusals.extend(deadline::missed(&plan.works, plan.created_ms, deadline));
}

/// An approval that changes nothing is told: a typing error in it would otherwise look like a success.
fn note_unused(plan: &mut Plan, live: &Live) {
    let used: std::collections::BTreeSet<String> = plan
        .works
        .iter()
        .flat_map(|w| w.steps.iter().filter(|s| s.destructive).map(|s| risk::approval(&s.step, w.target.name())))
        .collect();
    let refused = |what: &str| plan.refusals.iter().any(|r| is_about(what, &r.target));
    let destroy = plan.approvals.destroy.iter().filter(|what| !used.contains(*what) && !refused(what));
    let mut notes: Vec<_> = destroy.map(|what| unused(what)).collect();
    let exists = |name: &str| live.tables.contains_key(name) || live.buckets.contains_key(name);
    let adopt = plan.approvals.adopt.iter().filter(|name| !exists(name));
    notes.extend(adopt.map(|name| format!("--adopt {}: nothing of that name exists", safe::text(name))));
    plan.notes.extend(notes);
}

/// Whether the `--destroy` argument `what` names the target, or something of it.
fn is_about(what: &str, target: &Target) -> bool {
    match target {
        Target::Bucket(name) => approved_bucket(what) == Some(name),
        Target::Table(name) => what.split(['/', ':']).next() == Some(name),
    }
}

fn unused(what: &str) -> String {
    let shown = safe::text(what);
    let may_be = is_table(what) && what.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
    let bucket = if may_be { format!(" (a bucket is named s3://{shown})") } else { String::new() };
    format!("--destroy {shown}: there is nothing of that name to destroy{bucket}")
}
