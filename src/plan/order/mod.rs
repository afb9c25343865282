//! What comes next: one pure function of (desired, live), used by plan, apply and resume.
//!
//! Order within a table: own it (tags) and protect it first; turn off what must be off before it can change; take auto
//! scaling's hands off what leaves it (AWS keeps the targets of a deleted index or an on-demand table otherwise); delete
//! indexes before creating any (the index limit counts both); capacity between the two, so that a new index is born under
//! the final billing mode; the single settings; TTL; drop protection; and last the tag that says that all of it is done.
//! Key insight: because the answer depends only on what is there now, an interrupted run is finished by running it again.

pub(super) mod bucket;
mod capacity;
mod scaling;

use super::model::{Approvals, Goal, Refusal, State, Target};
use super::step::Step;
use super::{diff, risk, simulate::simulate};
use crate::live::LiveTable;
use crate::resource::{ADOPTED, APPLIED_TAG, Insights, KeyKind, OWNER_TAG, Policy, Table};
use std::collections::BTreeMap;

/// What is wanted of one resource, and under which approvals.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub target: &'a Target,
    pub goal: &'a Goal,
    /// The stack that owns, or will own, the resource.
    pub stack: &'a str,
    pub approvals: &'a Approvals,
}

/// The answer of [`next_step`].
#[allow(clippy::large_enum_variant)] // one at a time, and looked at once
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Live is as desired.
    Done,
    Do(Step),
    /// Nothing is done to this resource while any of these stands.
    Refused(Vec<Refusal>),
}

/// The next call for one resource as it is now.
pub fn next_step(wish: &Wish<'_>, state: &State) -> Next {
    let refusals = risk::refusals(wish, state);
    if !refusals.is_empty() {
        return Next::Refused(refusals);
    }
    let step = match (wish.goal, state) {
        (Goal::Table(want), State::Table(None)) => Some(create(wish, want)),
        (Goal::Table(want), State::Table(Some(live))) => table_step(wish, want, live),
        (Goal::Gone { with_data }, State::Table(Some(live))) => Some(gone_step(live, *with_data)),
        (Goal::Gone { .. }, State::Bucket(Some(live))) => Some(bucket::gone_step(live)),
        (Goal::Bucket(_), State::Bucket(None)) => Some(Step::CreateBucket),
        (Goal::Bucket(want), State::Bucket(Some(live))) => bucket::step(want, live, wish.stack),
        _ => None,
    };
    step.map_or(Next::Done, Next::Do)
}

/// What of a planned step is left to do on `state`; `None`: AWS has done it by itself. Only warm throughput rises so, with a change of
/// capacity that came before.
pub fn left(step: &Step, state: &State) -> Option<Step> {
    let (Step::RaiseWarm { index, units }, State::Table(Some(live))) = (step, state) else { return Some(step.clone()) };
    capacity::left(index.as_ref(), *units, &live.table).map(|units| Step::RaiseWarm { index: index.clone(), units })
}

/// The create call; it carries the applied tag where no other call follows it.
fn create(wish: &Wish<'_>, want: &Table) -> Step {
    let tagged = |tags| Step::CreateTable { table: Table { tags, ..want.clone() }, owner: wish.stack.to_owned() };
    let plain = tagged(want.tags.clone());
    let after = simulate(&State::Table(None), &plain, "");
    match after.table().and_then(|live| table_step(wish, want, live)) {
        Some(Step::Tag { tags }) => tagged(want.tags.clone().into_iter().chain(tags).collect()),
        _ => plain,
    }
}

/// Whether a tag call does nothing but say that everything is done.
pub fn is_applied(tags: &BTreeMap<String, String>) -> bool {
    tags.len() == 1 && tags.contains_key(APPLIED_TAG)
}

fn table_step(wish: &Wish<'_>, want: &Table, live: &LiveTable) -> Option<Step> {
    let now = &live.table;
    tag(wish, want, live)
        .or_else(|| (want.protect && !now.protect).then_some(Step::Protect { on: true }))
        .or_else(|| ttl_off(want, now))
        .or_else(|| scaling::release(want, now))
        .or_else(|| delete_index(want, now))
        .or_else(|| capacity::clear_maximum(want, now))
        .or_else(|| capacity::switch(want, now))
        .or_else(|| scaling::claim(want, now))
        .or_else(|| capacity::units(want, now))
        .or_else(|| capacity::maximum(want, now))
        .or_else(|| create_index(want, now))
        .or_else(|| capacity::warm(want, now))
        .or_else(|| setting(want, now))
        .or_else(|| insights(want, now))
        .or_else(|| (want.recovery != now.recovery).then_some(Step::SetRecovery { days: want.recovery }))
        .or_else(|| ttl_on(want, now))
        .or_else(|| (!want.protect && now.protect).then_some(Step::Protect { on: false }))
        .or_else(|| applied(want, live))
}

/// A table that is taken over says so for as long as its plan goes on: without that, what is begun and not finished would look like a
/// table that this stack has made.
fn tag(wish: &Wish<'_>, want: &Table, live: &LiveTable) -> Option<Step> {
    let mut tags = changed(&want.tags, &live.table.tags);
    if live.owner.as_deref() != Some(wish.stack) {
        tags.insert(OWNER_TAG.to_owned(), wish.stack.to_owned());
        let foreign = live.applied.is_none() && !wish.approvals.imported.contains(wish.target.name());
        tags.extend(foreign.then(|| (APPLIED_TAG.to_owned(), ADOPTED.to_owned())));
    }
    (!tags.is_empty()).then_some(Step::Tag { tags })
}

/// The entries of `want` that `live` does not have.
fn changed(want: &BTreeMap<String, String>, live: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    want.iter().filter(|(key, value)| live.get(*key) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Only the last step of all: the tag never says more than what holds.
fn applied(want: &Table, live: &LiveTable) -> Option<Step> {
    let digest = diff::applied(want);
    let due = live.applied.as_deref() != Some(digest.as_str());
    due.then(|| Step::Tag { tags: BTreeMap::from([(APPLIED_TAG.to_owned(), digest)]) })
}

fn ttl_off(want: &Table, now: &Table) -> Option<Step> {
    let attribute = now.ttl.clone().filter(|_| want.ttl != now.ttl)?;
    Some(Step::TtlOff { attribute })
}

fn ttl_on(want: &Table, now: &Table) -> Option<Step> {
    let attribute = want.ttl.clone().filter(|_| want.ttl != now.ttl)?;
    Some(Step::TtlOn { attribute })
}

fn delete_index(want: &Table, now: &Table) -> Option<Step> {
    let gone = now.indexes.keys().find(|name| !want.indexes.contains_key(*name))?;
    Some(Step::DeleteIndex { index: gone.clone() })
}

fn create_index(want: &Table, now: &Table) -> Option<Step> {
    let (name, spec) = want.indexes.iter().find(|(name, _)| !now.indexes.contains_key(*name))?;
    let mut attributes = attributes(now);
    attributes.extend(spec.key.parts().map(|part| (part.name.clone(), part.kind)));
    Some(Step::CreateIndex { index: name.clone(), spec: spec.clone(), attributes })
}

/// Every attribute that some key of `table` uses, with its type: AWS wants exactly these as `AttributeDefinitions`.
pub fn attributes(table: &Table) -> BTreeMap<String, KeyKind> {
    let globals = table.indexes.values().flat_map(|i| i.key.parts());
    let locals = table.locals.values().flat_map(|i| i.key.parts());
    table.key.parts().chain(globals).chain(locals).map(|part| (part.name.clone(), part.kind)).collect()
}

/// Class, encryption, stream, policy: one call each.
fn setting(want: &Table, now: &Table) -> Option<Step> {
    if want.class != now.class {
        return Some(Step::SetClass { class: want.class });
    }
    if want.encryption != now.encryption {
        return Some(Step::Encrypt { with: want.encryption.clone() });
    }
    set_stream(want, now).or_else(|| set_policy(want, now))
}

/// A view cannot be changed: off, then on.
fn set_stream(want: &Table, now: &Table) -> Option<Step> {
    match (want.stream, now.stream) {
        (want, now) if want == now => None,
        (_, Some(_)) => Some(Step::SetStream { view: None }),
        (view, None) => Some(Step::SetStream { view }),
    }
}

fn set_policy(want: &Table, now: &Table) -> Option<Step> {
    match want.policy.as_ref().filter(|policy| now.policy.as_ref() != Some(*policy))? {
        Policy::On(json) => Some(Step::SetPolicy { policy: Some(json.clone()) }),
        Policy::Off => now.policy.is_some().then_some(Step::SetPolicy { policy: None }),
    }
}

fn insights(want: &Table, now: &Table) -> Option<Step> {
    let step = |index: Option<String>, want: Option<Insights>, now: Option<Insights>| {
        let insights = want.filter(|want| now.unwrap_or(Insights::Off) != *want)?;
        Some(Step::SetInsights { index, insights })
    };
    let of_index =
        |(name, now): (&String, &crate::resource::Index)| step(Some(name.clone()), want.indexes.get(name)?.insights, now.insights);
    step(None, want.insights, now.insights).or_else(|| now.indexes.iter().find_map(of_index))
}

/// Auto scaling, protection, the table.
fn gone_step(live: &LiveTable, with_data: bool) -> Step {
    let nothing = Table { indexes: BTreeMap::new(), ..Table::plain(live.table.key.clone()) };
    let protected = || live.table.protect.then_some(Step::Protect { on: false });
    scaling::release(&nothing, &live.table).or_else(protected).unwrap_or(Step::DeleteTable { with_data })
}
