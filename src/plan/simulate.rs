//! What a resource is after a step: the planner's model of AWS, and apply's expectation before the next mutation.
//!
//! Rules: only the step's own effect; identity that AWS gives (id, ARN) stays empty after a create. A step that does not
//! fit the state changes nothing. [`matches`] says when an observation is what was predicted.

use super::model::{Mode, State, Step};
use crate::live::{LiveBucket, LiveTable, Usage};
use crate::resource::{Bucket, Capacity, OWNER_TAG, Table, Units};
use std::collections::BTreeMap;

/// `state` after `step`, quiescent.
#[must_use]
pub fn simulate(state: &State, step: &Step, name: &str) -> State {
    match (state, step) {
        (State::Table(None), Step::CreateTable { table, owner }) => State::Table(Some(Box::new(created(table, owner)))),
        (State::Table(Some(_)), Step::DeleteTable { .. }) => State::Table(None),
        (State::Table(Some(live)), step) => {
            let mut live = live.clone();
            live.busy.clear();
            update_table(&mut live, step);
            State::Table(Some(live))
        }
        (State::Bucket(None), Step::CreateBucket) => State::Bucket(Some(Box::new(bare(name)))),
        (State::Bucket(Some(live)), step) => {
            let mut live = live.clone();
            live.fresh = false;
            update_bucket(&mut live, step);
            State::Bucket(Some(live))
        }
        _ => state.clone(),
    }
}

/// `CreateTable` sets everything but TTL and recovery.
fn created(table: &Table, owner: &str) -> LiveTable {
    LiveTable {
        table: Table { ttl: None, recovery: None, ..table.clone() },
        id: String::new(),
        arn: String::new(),
        owner: Some(owner.to_owned()),
        busy: Vec::new(),
        foreign_tags: BTreeMap::new(),
        created_ms: 0,
        applied: None,
        holder: None,
        replicas: Vec::new(),
        usage: Usage::default(),
    }
}

fn update_table(live: &mut LiveTable, step: &Step) {
    let table = &mut live.table;
    match step {
        Step::SetCapacity { mode, table: units, indexes } => set_capacity(table, *mode, *units, indexes),
        Step::DeleteIndex { index } => drop(table.indexes.remove(index)),
        Step::CreateIndex { index, spec, .. } => drop(table.indexes.insert(index.clone(), spec.clone())),
        Step::SetStream { view } => table.stream = *view,
        Step::Protect { on } => table.protect = *on,
        Step::TtlOff { .. } => table.ttl = None,
        Step::TtlOn { attribute } => table.ttl = Some(attribute.clone()),
        Step::SetRecovery { days } => table.recovery = *days,
        Step::Tag { tags } => {
            let mut tags = tags.clone();
            live.owner = tags.remove(OWNER_TAG).or_else(|| live.owner.take());
            table.tags.extend(tags);
        }
        _ => {}
    }
}

fn set_capacity(table: &mut Table, mode: Option<Mode>, units: Option<Units>, indexes: &BTreeMap<String, Units>) {
    if mode == Some(Mode::OnDemand) {
        table.capacity = Capacity::OnDemand;
        table.indexes.values_mut().for_each(|i| i.capacity = Capacity::OnDemand);
    }
    if let Some(units) = units {
        table.capacity = Capacity::Provisioned(units);
    }
    for (name, units) in indexes {
        if let Some(index) = table.indexes.get_mut(name) {
            index.capacity = Capacity::Provisioned(*units);
        }
    }
}

/// The least that `CreateBucket` gives. AWS turns some guards on by itself; every guard is set anyway, so that none depends on that.
fn bare(name: &str) -> LiveBucket {
    LiveBucket {
        bucket: Bucket { name: name.to_owned(), expire_days: 0, tags: BTreeMap::new(), versioning: false, kms_key: None },
        owner: None,
        public_access_blocked: false,
        owner_enforced: false,
        encrypted: false,
        tls_only: false,
        aborts_multipart: false,
        fresh: true,
        foreign_tags: BTreeMap::new(),
    }
}

fn update_bucket(live: &mut LiveBucket, step: &Step) {
    match step {
        Step::TagBucket { tags } => {
            live.owner = tags.get(OWNER_TAG).cloned();
            let foreign = &live.foreign_tags;
            live.bucket.tags =
                tags.iter().filter(|(k, _)| *k != OWNER_TAG && !foreign.contains_key(*k)).map(|(k, v)| (k.clone(), v.clone())).collect();
        }
        Step::BlockPublicAccess => live.public_access_blocked = true,
        Step::EnforceOwner => live.owner_enforced = true,
        Step::EncryptBucket { kms_key } => {
            live.encrypted = true;
            live.bucket.kms_key.clone_from(kms_key);
        }
        Step::SetVersioning { on } => live.bucket.versioning = *on,
        Step::ExpireObjects { days } => {
            live.bucket.expire_days = *days;
            live.aborts_multipart = true;
        }
        Step::DenyPlainHttp => live.tls_only = true,
        _ => {}
    }
}

/// Whether `seen` is what was predicted. Identity counts where the prediction knows it. A guard that is on although the
/// prediction does not need it is no surprise (AWS turns some on by itself); one that is off is.
pub fn matches(predicted: &State, seen: &State) -> bool {
    match (predicted, seen) {
        (State::Table(Some(p)), State::Table(Some(s))) => {
            p.table == s.table && p.owner == s.owner && p.foreign_tags == s.foreign_tags && (p.id.is_empty() || p.id == s.id)
        }
        (State::Bucket(Some(p)), State::Bucket(Some(s))) => {
            p.bucket == s.bucket
                && p.owner == s.owner
                && p.foreign_tags == s.foreign_tags
                && guards(p).iter().zip(guards(s)).all(|(p, s)| s || !p)
        }
        (predicted, seen) => predicted.is_absent() && seen.is_absent(),
    }
}

fn guards(b: &LiveBucket) -> [bool; 5] {
    [b.public_access_blocked, b.owner_enforced, b.encrypted, b.tls_only, b.aborts_multipart]
}
