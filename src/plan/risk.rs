//! What landfall will not do by itself, with the recipe; which steps destroy; how long a step takes.
//!
//! Rules: nothing is replaced implicitly, ever; what can lose data or its recoverability needs the thing's name on the
//! command line; what is not tagged as this stack's is not touched. A refusal names the flag or the manual way.
//! Timings: measured once by the field study behind the design, so they are ranges and called estimates.

use super::desired::is_table;
use super::model::{Goal, Mode, Refusal, State, Step};
use super::order::Wish;
use super::words;
use crate::live::LiveTable;
use crate::resource::{Capacity, Table};
use crate::safe;

/// Everything that stands between this resource and its goal. Empty: the planner may go on.
pub fn refusals(wish: &Wish<'_>, state: &State) -> Vec<Refusal> {
    let found = match (wish.goal, state) {
        (Goal::Table(want) | Goal::Import(want), State::Table(None)) => unfit(want),
        (Goal::Table(want) | Goal::Import(want), State::Table(Some(live))) => table(wish, want, live),
        (Goal::Gone { .. }, State::Table(Some(live))) => gone(wish, live),
        (Goal::Bucket(_), State::Bucket(Some(live))) => not_ours(wish, live.owner.as_deref(), live.fresh).into_iter().collect(),
        _ => Vec::new(),
    };
    found.into_iter().map(|(reason, recipe)| Refusal { target: wish.target.clone(), reason, recipe }).collect()
}

/// Reason and recipe.
type Reason = (String, String);

fn table(wish: &Wish<'_>, want: &Table, live: &LiveTable) -> Vec<Reason> {
    if let Some(reason) = leaving(live) {
        return vec![reason];
    }
    let mut out: Vec<Reason> = not_ours(wish, live.owner.as_deref(), false).into_iter().collect();
    out.extend(unfit(want));
    out.extend(key(want, &live.table));
    out.extend(locals(want, &live.table));
    out.extend(indexes(wish, want, &live.table));
    out.extend(recovery(wish, want, &live.table));
    out
}

fn leaving(live: &LiveTable) -> Option<Reason> {
    let leaving = live.busy.iter().any(|b| b.starts_with("table is DELETING"));
    leaving.then(|| ("it is being deleted".into(), "wait until it is gone, usually within a minute, and plan again".into()))
}

fn not_ours(wish: &Wish<'_>, owner: Option<&str>, fresh: bool) -> Option<Reason> {
    let name = wish.target.name();
    let allowed = fresh || owner == Some(wish.stack) || wish.approvals.adopt.contains(name);
    let whose = owner.map_or_else(|| "no stack's ownership tag".to_owned(), |o| format!("the tag of the stack \"{}\"", safe::text(o)));
    let recipe = format!("--adopt {} takes it over as it is and changes what the plan shows; or choose another name", safe::text(name));
    (!allowed).then(|| (format!("it exists and has {whose}"), recipe))
}

fn key(want: &Table, live: &Table) -> Option<Reason> {
    let reason =
        || format!("its key is {} and would have to be {}; DynamoDB cannot change a key", words::key(&live.key), words::key(&want.key));
    let recipe = "give the table a new name in the file, load and validate it there, move the readers, then --destroy the old one";
    (want.key != live.key).then(|| (reason(), recipe.into()))
}

fn locals(want: &Table, live: &Table) -> Option<Reason> {
    let recipe =
        "local indexes are made with their table and stay: put the live ones into the file, or give the table a new name and load it again";
    (want.locals != live.locals).then(|| ("its local indexes differ from the file's".into(), recipe.into()))
}

fn indexes(wish: &Wish<'_>, want: &Table, live: &Table) -> Vec<Reason> {
    live.indexes.iter().filter_map(|(name, now)| index(wish, name, want.indexes.get(name), now)).collect()
}

fn index(wish: &Wish<'_>, name: &str, want: Option<&crate::resource::Index>, now: &crate::resource::Index) -> Option<Reason> {
    let shown = safe::text(name);
    let Some(want) = want else {
        let what = format!("{}/{name}", wish.target.name());
        let recipe = format!("--destroy {} removes it; or put it into the file", safe::text(&what));
        return (!wish.approvals.destroy.contains(&what))
            .then(|| (format!("index {shown} is not in the file, and removing an index is destructive"), recipe));
    };
    let same = want.key == now.key && want.projection == now.projection;
    let text = |i: &crate::resource::Index| format!("{}; {}", words::key(&i.key), words::projection(&i.projection));
    let reason = || format!("index {shown} is ({}) and would have to be ({}); an index cannot be changed in place", text(now), text(want));
    let recipe = || {
        format!(
            "add the new index under a new name beside {shown}, apply, move the readers, then drop {shown} from the file with --destroy {}/{shown}",
            safe::text(wish.target.name())
        )
    };
    (!same).then(|| (reason(), recipe()))
}

fn recovery(wish: &Wish<'_>, want: &Table, live: &Table) -> Option<Reason> {
    let narrower = live.recovery.is_some_and(|now| want.recovery.is_none_or(|days| days < now));
    let what = format!("{}:recovery", wish.target.name());
    let now = live.recovery.map(words::days).unwrap_or_default();
    let wanted = want.recovery.map_or_else(|| "off".to_owned(), words::days);
    let reason = || format!("point-in-time recovery would go from {now} to {wanted}: older recovery points are lost");
    let recipe = || format!("keep `recovery` in the file as it is live, or allow it with --destroy {}", safe::text(&what));
    (narrower && !wish.approvals.destroy.contains(&what)).then(|| (reason(), recipe()))
}

/// What AWS would refuse whatever is live: an index that is paid for in another way than its table.
fn unfit(want: &Table) -> Vec<Reason> {
    let kind = |c: Capacity| matches!(c, Capacity::OnDemand);
    let odd = want.indexes.iter().filter(|(_, i)| kind(i.capacity) != kind(want.capacity));
    odd.map(|(name, _)| {
        let reason = format!("index {} and the table do not share a billing mode", safe::text(name));
        (reason, "make both on-demand, or give both `read` and `write`".into())
    })
    .collect()
}

fn gone(wish: &Wish<'_>, live: &LiveTable) -> Vec<Reason> {
    let named = wish.approvals.destroy.contains(wish.target.name()) && is_table(wish.target.name());
    let unnamed = (!named).then(|| ("it would be deleted".into(), format!("--destroy {} allows it", safe::text(wish.target.name()))));
    leaving(live).into_iter().chain(not_ours(wish, live.owner.as_deref(), false)).chain(unnamed).collect()
}

/// Whether `step` can lose data or its recoverability, seen from the state before it.
pub fn destructive(step: &Step, before: &State) -> bool {
    match step {
        Step::DeleteIndex { .. } | Step::DeleteTable { .. } | Step::SetRecovery { days: None } => true,
        Step::SetRecovery { days: Some(days) } => before.table().and_then(|t| t.table.recovery).is_some_and(|now| *days < now),
        _ => false,
    }
}

/// The `--destroy` argument that allows a destructive step on the table `name`.
pub fn approval(step: &Step, name: &str) -> String {
    match step {
        Step::DeleteIndex { index } => format!("{name}/{index}"),
        Step::SetRecovery { .. } => format!("{name}:recovery"),
        _ => name.to_owned(),
    }
}

/// Seconds that a step usually takes, from and to. `ttl_was_on`: an earlier step of the same plan turned TTL off, which
/// `DynamoDB` lets be followed by another change only after up to an hour.
pub fn estimate(step: &Step, ttl_was_on: bool) -> (u64, u64) {
    match step {
        Step::CreateTable { table, .. } if table.indexes.is_empty() => (2, 7),
        Step::CreateTable { .. } => (7, 25),
        Step::SetCapacity { mode: Some(Mode::Provisioned), .. } => (60, 100),
        Step::SetCapacity { mode: Some(Mode::OnDemand), .. } => (4, 175),
        Step::SetCapacity { mode: None, .. } => (2, 60),
        // On an empty table; the backfill of a full one comes on top.
        Step::CreateIndex { .. } => (450, 1020),
        Step::DeleteIndex { .. } => (3, 10),
        Step::SetStream { .. } => (2, 10),
        Step::Protect { .. } => (1, 15),
        Step::TtlOn { .. } if ttl_was_on => (1800, 3600),
        Step::SetRecovery { .. } => (1, 5),
        Step::DeleteTable { .. } => (2, 20),
        _ => (1, 2),
    }
}
