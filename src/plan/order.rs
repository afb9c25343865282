//! What comes next: one pure function of (desired, live), used by plan, apply and resume.
//!
//! Order within a table: own it (tags) and protect it first; turn off what must be off before it can change; delete
//! indexes before creating any (the index limit counts both); capacity between the two, so that a new index is born under
//! the final billing mode; stream, recovery, TTL; drop protection last.
//! Key insight: because the answer depends only on what is there now, an interrupted run is finished by running it again.

use super::model::{Approvals, Goal, Mode, Refusal, State, Step, Target};
use super::risk;
use crate::live::{LiveBucket, LiveTable};
use crate::resource::{Bucket, Capacity, KeyKind, OWNER_TAG, Table, Units};
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
        (Goal::Table(want), State::Table(None)) => Some(Step::CreateTable { table: want.clone(), owner: wish.stack.to_owned() }),
        (Goal::Table(want), State::Table(Some(live))) => table_step(want, live, wish.stack),
        (Goal::Gone { with_data }, State::Table(Some(live))) => Some(gone_step(live, *with_data)),
        (Goal::Bucket(_), State::Bucket(None)) => Some(Step::CreateBucket),
        (Goal::Bucket(want), State::Bucket(Some(live))) => bucket_step(want, live, wish.stack),
        _ => None,
    };
    step.map_or(Next::Done, Next::Do)
}

fn table_step(want: &Table, live: &LiveTable, stack: &str) -> Option<Step> {
    tag(want, live, stack)
        .or_else(|| (want.protect && !live.table.protect).then_some(Step::Protect { on: true }))
        .or_else(|| ttl_off(want, live))
        .or_else(|| delete_index(want, live))
        .or_else(|| set_capacity(want, &live.table))
        .or_else(|| create_index(want, &live.table))
        .or_else(|| set_stream(want, &live.table))
        .or_else(|| (want.recovery != live.table.recovery).then_some(Step::SetRecovery { days: want.recovery }))
        .or_else(|| ttl_on(want, live))
        .or_else(|| (!want.protect && live.table.protect).then_some(Step::Protect { on: false }))
}

fn tag(want: &Table, live: &LiveTable, stack: &str) -> Option<Step> {
    let mut tags = changed(&want.tags, &live.table.tags);
    if live.owner.as_deref() != Some(stack) {
        tags.insert(OWNER_TAG.to_owned(), stack.to_owned());
    }
    (!tags.is_empty()).then_some(Step::Tag { tags })
}

/// The entries of `want` that `live` does not have.
fn changed(want: &BTreeMap<String, String>, live: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    want.iter().filter(|(key, value)| live.get(*key) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn ttl_off(want: &Table, live: &LiveTable) -> Option<Step> {
    let attribute = live.table.ttl.clone().filter(|_| want.ttl != live.table.ttl)?;
    Some(Step::TtlOff { attribute })
}

fn ttl_on(want: &Table, live: &LiveTable) -> Option<Step> {
    let attribute = want.ttl.clone().filter(|_| want.ttl != live.table.ttl)?;
    Some(Step::TtlOn { attribute })
}

fn delete_index(want: &Table, live: &LiveTable) -> Option<Step> {
    let gone = live.table.indexes.keys().find(|name| !want.indexes.contains_key(*name))?;
    Some(Step::DeleteIndex { index: gone.clone() })
}

fn set_capacity(want: &Table, live: &Table) -> Option<Step> {
    match (want.capacity, live.capacity) {
        (Capacity::OnDemand, Capacity::OnDemand) => None,
        (Capacity::OnDemand, Capacity::Provisioned(_)) => {
            Some(Step::SetCapacity { mode: Some(Mode::OnDemand), table: None, indexes: BTreeMap::new() })
        }
        (Capacity::Provisioned(units), Capacity::OnDemand) => {
            Some(Step::SetCapacity { mode: Some(Mode::Provisioned), table: Some(units), indexes: index_units(want, live, false) })
        }
        (Capacity::Provisioned(units), Capacity::Provisioned(now)) => {
            let table = (units != now).then_some(units);
            let indexes = index_units(want, live, true);
            (table.is_some() || !indexes.is_empty()).then_some(Step::SetCapacity { mode: None, table, indexes })
        }
    }
}

/// The wanted units of the indexes that exist; `only_changed` leaves out those that have them already.
fn index_units(want: &Table, live: &Table, only_changed: bool) -> BTreeMap<String, Units> {
    let existing = live.indexes.iter().filter_map(|(name, now)| Some((name, now, want.indexes.get(name)?)));
    existing
        .filter(|(_, now, wanted)| !only_changed || now.capacity != wanted.capacity)
        .filter_map(|(name, _, wanted)| match wanted.capacity {
            Capacity::Provisioned(units) => Some((name.clone(), units)),
            Capacity::OnDemand => None,
        })
        .collect()
}

fn create_index(want: &Table, live: &Table) -> Option<Step> {
    let (name, spec) = want.indexes.iter().find(|(name, _)| !live.indexes.contains_key(*name))?;
    let mut attributes = attributes(live);
    attributes.extend(spec.key.parts().map(|part| (part.name.clone(), part.kind)));
    Some(Step::CreateIndex { index: name.clone(), spec: spec.clone(), attributes })
}

/// Every attribute that some key of `table` uses, with its type: AWS wants exactly these as `AttributeDefinitions`.
pub fn attributes(table: &Table) -> BTreeMap<String, KeyKind> {
    let globals = table.indexes.values().flat_map(|i| i.key.parts());
    let locals = table.locals.values().flat_map(|i| i.key.parts());
    table.key.parts().chain(globals).chain(locals).map(|part| (part.name.clone(), part.kind)).collect()
}

fn set_stream(want: &Table, live: &Table) -> Option<Step> {
    match (want.stream, live.stream) {
        (want, live) if want == live => None,
        (_, Some(_)) => Some(Step::SetStream { view: None }),
        (view, None) => Some(Step::SetStream { view }),
    }
}

fn gone_step(live: &LiveTable, with_data: bool) -> Step {
    if live.table.protect { Step::Protect { on: false } } else { Step::DeleteTable { with_data } }
}

fn bucket_step(want: &Bucket, live: &LiveBucket, stack: &str) -> Option<Step> {
    let expires = want.expire_days == live.bucket.expire_days && live.aborts_multipart;
    tag_bucket(want, live, stack)
        .or_else(|| (!live.public_access_blocked).then_some(Step::BlockPublicAccess))
        .or_else(|| (!live.owner_enforced).then_some(Step::EnforceOwner))
        .or_else(|| (!live.encrypted).then(|| Step::EncryptBucket { kms_key: want.kms_key.clone() }))
        .or_else(|| (!expires).then_some(Step::ExpireObjects { days: want.expire_days }))
        .or_else(|| (!live.tls_only).then_some(Step::DenyPlainHttp))
}

fn tag_bucket(want: &Bucket, live: &LiveBucket, stack: &str) -> Option<Step> {
    if changed(&want.tags, &live.bucket.tags).is_empty() && live.owner.as_deref() == Some(stack) {
        return None;
    }
    let mut tags = live.foreign_tags.clone();
    tags.extend(want.tags.clone());
    tags.insert(OWNER_TAG.to_owned(), stack.to_owned());
    Some(Step::TagBucket { tags })
}
