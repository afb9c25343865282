//! What a resource is after a step: the planner's model of AWS, and apply's expectation before the next mutation.
//!
//! Rules: only the step's own effect; identity that AWS gives (id, ARN) stays empty after a create. A step that does not
//! fit the state changes nothing. [`matches`] says when an observation is what was predicted.
//! The state is as a refresh for the same wish reads it: what auto scaling owns reads as its minimum, unless it is below.

use super::model::State;
use super::step::{Dimension, Mode, Step};
use crate::live::{Contents, LiveBucket, LiveTable, Trouble, Usage};
use crate::resource::{APPLIED_TAG, Bucket, Capacity, Index, Insights, Limits, OWNER_TAG, Policy, Range, Scaling, Table, Units};
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
        (State::Bucket(Some(_)), Step::DeleteBucket) => State::Bucket(None),
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

/// `CreateTable` sets everything but what has a call of its own: TTL, recovery, insights and scaling.
fn created(table: &Table, owner: &str) -> LiveTable {
    let mut tags = table.tags.clone();
    let applied = tags.remove(APPLIED_TAG);
    let indexes = table.indexes.iter().map(|(name, index)| (name.clone(), created_index(index, Scaling::default()))).collect();
    LiveTable {
        table: Table {
            ttl: None,
            recovery: None,
            tags,
            indexes,
            limits: unscaled(table.limits),
            insights: table.insights.map(|_| Insights::Off),
            ..table.clone()
        },
        id: String::new(),
        arn: String::new(),
        owner: Some(owner.to_owned()),
        busy: Vec::new(),
        foreign_tags: BTreeMap::new(),
        created_ms: 0,
        applied,
        holder: None,
        replicas: Vec::new(),
        foreign_scaling: Vec::new(),
        leftover: BTreeMap::new(),
        usage: Usage::default(),
        trouble: Trouble::default(),
    }
}

/// `scaling`: what AWS kept of an earlier index of this name.
fn created_index(index: &Index, scaling: Scaling) -> Index {
    Index { limits: Limits { scaling, ..index.limits }, insights: index.insights.map(|_| Insights::Off), ..index.clone() }
}

fn unscaled(limits: Limits) -> Limits {
    Limits { scaling: Scaling::default(), ..limits }
}

fn update_table(live: &mut LiveTable, step: &Step) {
    if let Step::Unscale { index, dimension } = step {
        live.foreign_scaling.retain(|foreign| (&foreign.index, foreign.dimension) != (index, *dimension));
    }
    let table = &mut live.table;
    match step {
        Step::SetCapacity { mode, table: units, indexes } => set_capacity(table, *mode, *units, indexes),
        Step::DeleteIndex { index } => drop(table.indexes.remove(index)),
        Step::CreateIndex { index, spec, .. } => {
            let created = created_index(spec, live.leftover.remove(index).unwrap_or_default());
            table.indexes.insert(index.clone(), created);
        }
        Step::SetStream { view } => table.stream = *view,
        Step::Protect { on } => table.protect = *on,
        Step::TtlOff { .. } => table.ttl = None,
        Step::TtlOn { attribute } => table.ttl = Some(attribute.clone()),
        Step::SetRecovery { days } => table.recovery = *days,
        Step::SetClass { class } => table.class = *class,
        Step::Encrypt { with } => table.encryption = with.clone(),
        Step::SetPolicy { policy } => table.policy = Some(policy.clone().map_or(Policy::Off, Policy::On)),
        Step::Tag { tags } => tag(live, tags),
        step => limit(table, step),
    }
}

fn tag(live: &mut LiveTable, tags: &BTreeMap<String, String>) {
    let mut tags = tags.clone();
    live.owner = tags.remove(OWNER_TAG).or_else(|| live.owner.take());
    live.applied = tags.remove(APPLIED_TAG).or_else(|| live.applied.take());
    live.table.tags.extend(tags);
}

/// The steps that bound or observe the throughput of a table or an index.
fn limit(table: &mut Table, step: &Step) {
    match step {
        Step::SetMaximum { table: whole, indexes } => {
            if let Some(maximum) = whole {
                table.limits.maximum = *maximum;
            }
            for (name, maximum) in indexes {
                if let Some(index) = table.indexes.get_mut(name) {
                    index.limits.maximum = *maximum;
                }
            }
        }
        Step::RaiseWarm { index, units } => {
            let Some((_, limits)) = part(table, index.as_ref()) else { return };
            limits.warm = Some(limits.warm.map_or(*units, |now| kept(*units, now)));
        }
        Step::ScaleTarget { index, dimension, min, max } => claim(table, index.as_ref(), *dimension, *min, *max),
        Step::ScalePolicy { index, dimension, target } => {
            let Some((_, limits)) = part(table, index.as_ref()) else { return };
            if let Some(range) = range(limits, *dimension) {
                range.target = Some(*target);
            }
        }
        Step::Unscale { index, dimension } => {
            let Some((_, limits)) = part(table, index.as_ref()) else { return };
            match dimension {
                Dimension::Read => limits.scaling.read = None,
                Dimension::Write => limits.scaling.write = None,
            }
        }
        Step::SetInsights { index: None, insights } => table.insights = Some(*insights),
        Step::SetInsights { index: Some(name), insights } => {
            if let Some(index) = table.indexes.get_mut(name) {
                index.insights = Some(*insights);
            }
        }
        _ => {}
    }
}

/// Capacity and limits of the table (`None`) or of one of its indexes.
fn part<'a>(table: &'a mut Table, index: Option<&String>) -> Option<(&'a mut Capacity, &'a mut Limits)> {
    match index {
        None => Some((&mut table.capacity, &mut table.limits)),
        Some(name) => table.indexes.get_mut(name).map(|i| (&mut i.capacity, &mut i.limits)),
    }
}

fn range(limits: &mut Limits, dimension: Dimension) -> Option<&mut Range> {
    match dimension {
        Dimension::Read => limits.scaling.read.as_mut(),
        Dimension::Write => limits.scaling.write.as_mut(),
    }
}

/// A target keeps its policy when its bounds change. Once it is there, the capacity of its side reads as `min`: AWS lifts what is below it
/// (4 to 33 s later in one lab, so within the time that reads may lag), and what is above it reads so.
fn claim(table: &mut Table, index: Option<&String>, dimension: Dimension, min: u64, max: u64) {
    let Some((capacity, limits)) = part(table, index) else { return };
    let target = range(limits, dimension).and_then(|range| range.target);
    let new = Some(Range { min, max, target });
    match dimension {
        Dimension::Read => limits.scaling.read = new,
        Dimension::Write => limits.scaling.write = new,
    }
    if let Capacity::Provisioned(units) = capacity {
        match dimension {
            Dimension::Read => units.read = min,
            Dimension::Write => units.write = min,
        }
    }
}

/// `sent`, where a side of 0 keeps what is there.
fn kept(sent: Units, now: Units) -> Units {
    let side = |sent: u64, now: u64| if sent == 0 { now } else { sent };
    Units { read: side(sent.read, now.read), write: side(sent.write, now.write) }
}

fn set_capacity(table: &mut Table, mode: Option<Mode>, units: Option<Units>, indexes: &BTreeMap<String, Units>) {
    if mode == Some(Mode::OnDemand) {
        table.capacity = Capacity::OnDemand;
        table.indexes.values_mut().for_each(|i| i.capacity = Capacity::OnDemand);
    }
    let set = |capacity: &mut Capacity, sent: Units| {
        let now = if let Capacity::Provisioned(now) = *capacity { now } else { sent };
        *capacity = Capacity::Provisioned(kept(sent, now));
    };
    if let Some(units) = units {
        set(&mut table.capacity, units);
    }
    for (name, units) in indexes {
        if let Some(index) = table.indexes.get_mut(name) {
            set(&mut index.capacity, *units);
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
        no_bucket_key: false,
        tls_only: false,
        has_policy: false,
        public_statement: None,
        refuses_public: false,
        aborts_multipart: false,
        expire_versions: 0,
        versions: false,
        fresh: true,
        empty: true,
        foreign_tags: BTreeMap::new(),
        holder: None,
        contents: None,
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
        Step::BlockPublicAccess => (live.public_access_blocked, live.refuses_public) = (true, true),
        Step::EnforceOwner => live.owner_enforced = true,
        Step::EncryptBucket { kms_key } => {
            (live.encrypted, live.no_bucket_key) = (true, false);
            live.bucket.kms_key.clone_from(kms_key);
        }
        Step::SetVersioning { on } => {
            live.bucket.versioning = *on;
            live.versions |= on;
        }
        Step::ExpireObjects { days, versions } => {
            live.bucket.expire_days = *days;
            live.expire_versions = if *versions { *days } else { 0 };
            // Not looked at where our rule is.
            live.empty = false;
            live.aborts_multipart = true;
        }
        Step::DenyPlainHttp => (live.tls_only, live.has_policy) = (true, true),
        Step::AbortUploads => live.contents.iter_mut().for_each(|contents| contents.uploads = 0),
        Step::DeleteVersions => live.contents.iter_mut().for_each(|contents| contents.versions = 0),
        _ => {}
    }
}

/// Whether `seen` is what was predicted. Identity counts where the prediction knows it. A guard that is on although the
/// prediction does not need it is no surprise (AWS turns some on by itself); one that is off is.
pub fn matches(predicted: &State, seen: &State) -> bool {
    match (predicted, seen) {
        (State::Table(Some(p)), State::Table(Some(s))) => {
            let same = p.owner == s.owner && p.applied == s.applied && p.foreign_tags == s.foreign_tags;
            let others = p.holder == s.holder && p.replicas == s.replicas;
            let table = as_warm(&s.table, &p.table);
            let there = || p.id == s.id && p.table == table && p.foreign_scaling == s.foreign_scaling;
            same && others && if p.id.is_empty() { p.table == as_born(&table, &p.table) } else { there() }
        }
        (State::Bucket(Some(p)), State::Bucket(Some(s))) => {
            p.bucket == s.bucket
                && (p.expire_versions, p.versions) == (s.expire_versions, s.versions)
                && p.owner == s.owner
                && p.holder == s.holder
                && p.public_statement == s.public_statement
                && p.foreign_tags == s.foreign_tags
                && p.contents.as_ref().map(Contents::rough) == s.contents.as_ref().map(Contents::rough)
                // An object or upload that came since would meet a rule that nobody was asked about.
                && (s.empty || !p.empty)
                && guards(p).iter().zip(guards(s)).all(|(p, s)| s || !p)
        }
        (predicted, seen) => predicted.is_absent() && seen.is_absent(),
    }
}

/// `seen` with the warm throughput of `before`, where it only rose since: the look of a plan has a digest, and AWS moves this by itself.
pub fn unrisen(seen: &State, before: &State) -> State {
    match (seen, before) {
        (State::Table(Some(seen)), State::Table(Some(before))) => {
            State::Table(Some(Box::new(LiveTable { table: as_warm(&seen.table, &before.table), ..(**seen).clone() })))
        }
        (seen, _) => seen.clone(),
    }
}

/// `seen` but for warm throughput over the predicted one: AWS raises it with the capacity, the billing mode and the load. Nobody moved.
fn as_warm(seen: &Table, predicted: &Table) -> Table {
    let mut table = seen.clone();
    rest(&mut table.limits, &predicted.limits);
    for (name, index) in &mut table.indexes {
        if let Some(predicted) = predicted.indexes.get(name) {
            rest(&mut index.limits, &predicted.limits);
        }
    }
    table
}

fn rest(seen: &mut Limits, predicted: &Limits) {
    let predicted = predicted.warm;
    let risen = |now: Units| predicted.is_none_or(|was| now.read >= was.read && now.write >= was.write);
    if seen.warm.is_some_and(risen) {
        seen.warm = predicted;
    }
}

/// `seen` but for its auto scaling. AWS keeps that of a table that is gone, and of its indexes, and a new one of the name is born under
/// it: nobody moved. What is to become of it is decided on what is seen then.
fn as_born(seen: &Table, predicted: &Table) -> Table {
    let mut table = seen.clone();
    table.limits.scaling = predicted.limits.scaling;
    for (name, index) in &mut table.indexes {
        if let Some(predicted) = predicted.indexes.get(name) {
            index.limits.scaling = predicted.limits.scaling;
        }
    }
    table
}

fn guards(b: &LiveBucket) -> [bool; 6] {
    [b.public_access_blocked, b.owner_enforced, b.encrypted, !b.no_bucket_key, b.tls_only, b.aborts_multipart]
}
