//! AWS's rules for one call, written from its documentation and apart from the planner: it shares no code with `order`,
//! so that a fault of the planner's is not repeated here. Used by the properties only.
//!
//! Sources: API reference (`CreateTable`, `UpdateTable`, `UpdateTimeToLive`, `UpdateContinuousBackups`), "Service, account, and
//! table quotas"; which concerns may share an `UpdateTable` is one lab's table.

use super::{Dimension, Mode, State, Step};
use crate::live::{LiveBucket, LiveTable};
use crate::resource::{Capacity, Index, Insights, Limits, Maximum, Policy, Range, Scaling, Table, Units};
use std::collections::{BTreeMap, BTreeSet};

/// Why AWS would refuse `step` on `state`, or why it would harm; `None`: it is legal.
pub(super) fn violation(state: &State, step: &Step) -> Option<String> {
    let broken = match (state, step) {
        (State::Table(None), Step::CreateTable { table, .. }) => new_table(table),
        (State::Table(None), _) => Some("only a create on what is absent"),
        (State::Table(Some(live)), _) if !live.busy.is_empty() => Some("the table is busy"),
        (State::Table(Some(live)), step) => on_table(live, step),
        (State::Bucket(live), step) => on_bucket(live.as_deref(), step),
    };
    broken.map(|rule| format!("{rule}: {step:?}"))
}

fn unless(holds: bool, rule: &'static str) -> Option<&'static str> {
    (!holds).then_some(rule)
}

fn new_table(table: &Table) -> Option<&'static str> {
    let mode = |c: Capacity| matches!(c, Capacity::OnDemand);
    unless(table.indexes.len() <= 20, "20 global indexes")
        .or_else(|| unless(table.locals.len() <= 5, "5 local indexes"))
        .or_else(|| unless(table.indexes.values().all(|i| mode(i.capacity) == mode(table.capacity)), "one billing mode"))
        .or_else(|| unless(mode(table.capacity) || no_maximum(table), "a maximum on a provisioned table"))
}

fn no_maximum(table: &Table) -> bool {
    let none = Maximum::default();
    table.limits.maximum == none && table.indexes.values().all(|i| i.limits.maximum == none)
}

fn on_table(live: &LiveTable, step: &Step) -> Option<&'static str> {
    let now = &live.table;
    match step {
        Step::CreateTable { .. } => Some("create of an existing table"),
        Step::SetCapacity { mode, table, indexes } => capacity(now, *mode, *table, indexes),
        Step::DeleteIndex { index } => match now.indexes.get(index) {
            None => Some("delete of a missing index"),
            Some(index) => unless(index.limits.scaling == Scaling::default(), "its scalable targets would be orphaned"),
        },
        Step::CreateIndex { index, spec, attributes } => new_index(now, index, spec, attributes),
        Step::SetMaximum { table, indexes } => maximum(now, *table, indexes),
        Step::RaiseWarm { index, units } => warm(now, index.as_deref(), *units),
        Step::ScaleTarget { .. } | Step::ScalePolicy { .. } | Step::Unscale { .. } => scaling(now, step),
        Step::DeleteTable { .. } => unless(!now.protect, "protected")
            .or_else(|| unless(live.replicas.is_empty(), "it has replicas"))
            .or_else(|| unless(parts(now).iter().all(|(_, l)| l.scaling == Scaling::default()), "targets would be orphaned")),
        Step::Tag { tags } => unless(!tags.is_empty() && tags.len() <= 50, "1 to 50 tags"),
        step => single(now, step),
    }
}

/// S3 (API reference, `DeleteBucket`): a bucket must hold no object, version or delete marker. Unfinished uploads it takes along without
/// a word, which is a loss too.
fn on_bucket(live: Option<&LiveBucket>, step: &Step) -> Option<&'static str> {
    let counts = live.and_then(|bucket| bucket.contents.as_ref()).map_or((0, 0), |c| (c.versions, c.uploads));
    match (live, step) {
        (None, Step::CreateBucket) => None,
        (None, _) => Some("only a create on what is absent"),
        (Some(_), Step::CreateBucket) => Some("create of an existing bucket"),
        (Some(_), Step::DeleteBucket) => unless(counts == (0, 0), "the bucket holds something"),
        (Some(_), Step::DeleteVersions) => unless(counts.0 > 0, "nothing to delete"),
        (Some(_), Step::AbortUploads) => unless(counts.1 > 0, "nothing to abort"),
        (Some(live), step) => on_guards(live, step),
    }
}

/// A guard is set once, and nothing is deleted on the way.
fn on_guards(live: &LiveBucket, step: &Step) -> Option<&'static str> {
    match step {
        Step::TagBucket { tags } => unless(live.foreign_tags.keys().all(|key| tags.contains_key(key)), "S3 replaces all tags"),
        Step::BlockPublicAccess => unless(!live.public_access_blocked, "resent"),
        Step::EnforceOwner => unless(!live.owner_enforced, "resent"),
        Step::EncryptBucket { kms_key } => unless(!live.encrypted || *kms_key != live.bucket.kms_key || live.no_bucket_key, "resent"),
        Step::SetVersioning { on } => unless(*on != live.bucket.versioning, "resent"),
        Step::ExpireObjects { days, versions } => {
            let old = *versions && *days != live.expire_versions;
            unless(!live.aborts_multipart || *days != live.bucket.expire_days || old, "resent")
        }
        Step::DenyPlainHttp if live.refuses_public && live.public_statement.is_some() => Some("a public policy under the block"),
        Step::DenyPlainHttp => unless(!live.tls_only, "resent"),
        _ => Some("a table's call on a bucket"),
    }
}

/// What may only be sent alone, and only when it differs.
fn single(now: &Table, step: &Step) -> Option<&'static str> {
    match step {
        Step::SetClass { class } => unless(*class != now.class, "class resent"),
        Step::Encrypt { with } => unless(*with != now.encryption, "encryption resent: it would re-encrypt"),
        Step::SetStream { view } => unless(view.is_some() != now.stream.is_some(), "a stream is turned on or off, never changed"),
        Step::Protect { on } => unless(*on != now.protect, "protection resent"),
        Step::TtlOff { attribute } => unless(now.ttl.as_ref() == Some(attribute), "TTL off of another attribute"),
        Step::TtlOn { .. } => unless(now.ttl.is_none(), "TTL on while on"),
        Step::SetRecovery { days } => unless(*days != now.recovery && days.is_none_or(|d| (1..=35).contains(&d)), "recovery resent"),
        Step::SetPolicy { policy: None } => unless(matches!(now.policy, Some(Policy::On(_))), "no policy to delete"),
        Step::SetPolicy { policy: Some(json) } => unless(now.policy != Some(Policy::On(json.clone())), "policy resent"),
        Step::SetInsights { index: None, insights } => unless(now.insights.unwrap_or(Insights::Off) != *insights, "insights resent"),
        Step::SetInsights { index: Some(name), insights } => {
            let index = now.indexes.get(name);
            unless(index.is_some_and(|i| i.insights.unwrap_or(Insights::Off) != *insights), "insights resent, or of a missing index")
        }
        _ => Some("a bucket's call on a table"),
    }
}

fn units(capacity: Capacity) -> Option<Units> {
    if let Capacity::Provisioned(units) = capacity { Some(units) } else { None }
}

/// The table (`""`) and its indexes.
fn parts(table: &Table) -> Vec<(Capacity, Limits)> {
    std::iter::once((table.capacity, table.limits)).chain(table.indexes.values().map(|i| (i.capacity, i.limits))).collect()
}

fn capacity(now: &Table, mode: Option<Mode>, table: Option<Units>, indexes: &BTreeMap<String, Units>) -> Option<&'static str> {
    let all_named = now.indexes.keys().eq(indexes.keys());
    let positive = |u: &Units| u.read > 0 && u.write > 0;
    match mode {
        Some(Mode::OnDemand) => unless(units(now.capacity).is_some(), "on-demand already")
            .or_else(|| unless(table.is_none() && indexes.is_empty(), "no units with on-demand"))
            .or_else(|| unless(parts(now).iter().all(|(_, l)| l.scaling == Scaling::default()), "targets would be orphaned")),
        Some(Mode::Provisioned) => unless(units(now.capacity).is_none(), "provisioned already")
            .or_else(|| {
                unless(
                    table.as_ref().is_some_and(positive) && all_named && indexes.values().all(positive),
                    "units of table and every index",
                )
            })
            .or_else(|| unless(no_maximum(now), "maximums are of on-demand only")),
        None => {
            let whole = table.map(|to| (to, Some(now.capacity), now.limits));
            let each = indexes.iter().map(|(name, to)| {
                let index = now.indexes.get(name);
                (*to, index.map(|i| i.capacity), index.map(|i| i.limits).unwrap_or_default())
            });
            let sent: Vec<_> = whole.into_iter().chain(each).collect();
            let moves = |(to, was, limits): &(Units, Option<Capacity>, Limits)| {
                was.and_then(units).is_some_and(|was| moved(*to, was, limits.scaling))
            };
            unless(!sent.is_empty() && sent.iter().all(moves), "units unchanged, of nothing, or auto scaling's")
        }
    }
}

/// Each side differs or is kept, at least one differs, and one that auto scaling owns is only lifted into its range.
fn moved(to: Units, was: Units, scaling: Scaling) -> bool {
    let takes = |to: u64, was: u64, range: Option<Range>| to > 0 && range.is_some_and(|range| was >= range.min || to != range.min);
    let owned = takes(to.read, was.read, scaling.read) || takes(to.write, was.write, scaling.write);
    let kept_without_owner = (to.read == 0 && scaling.read.is_none()) || (to.write == 0 && scaling.write.is_none());
    let differs = (to.read > 0 && to.read != was.read) || (to.write > 0 && to.write != was.write);
    differs && !owned && !kept_without_owner
}

fn new_index(now: &Table, name: &str, spec: &Index, attributes: &BTreeMap<String, crate::resource::KeyKind>) -> Option<&'static str> {
    let others = now.indexes.values().flat_map(|i| i.key.parts()).chain(now.locals.values().flat_map(|i| i.key.parts()));
    let used: BTreeSet<_> = now.key.parts().chain(spec.key.parts()).chain(others).map(|p| &p.name).collect();
    let typed = spec.key.parts().chain(now.key.parts()).all(|p| attributes.get(&p.name) == Some(&p.kind));
    unless(!now.indexes.contains_key(name), "create of an existing index")
        .or_else(|| unless(now.indexes.len() < 20, "20 global indexes"))
        .or_else(|| unless(units(spec.capacity).is_some() == units(now.capacity).is_some(), "one billing mode"))
        .or_else(|| unless(units(spec.capacity).is_none() || spec.limits.maximum == Maximum::default(), "a maximum on provisioned"))
        .or_else(|| {
            unless(typed && attributes.keys().collect::<BTreeSet<_>>() == used, "attribute definitions are exactly those of the keys")
        })
}

fn maximum(now: &Table, table: Option<Maximum>, indexes: &BTreeMap<String, Maximum>) -> Option<&'static str> {
    let fresh = indexes.iter().all(|(name, to)| now.indexes.get(name).is_some_and(|i| i.limits.maximum != *to));
    unless(units(now.capacity).is_none(), "maximums are of on-demand only")
        .or_else(|| unless(table.is_some() == indexes.is_empty(), "the table's alone, or those of indexes"))
        .or_else(|| unless(table.is_none_or(|to| to != now.limits.maximum) && fresh, "maximum unchanged, or of a missing index"))
}

fn limits(now: &Table, index: Option<&str>) -> Option<(Capacity, Limits)> {
    match index {
        None => Some((now.capacity, now.limits)),
        Some(name) => now.indexes.get(name).map(|i| (i.capacity, i.limits)),
    }
}

fn warm(now: &Table, index: Option<&str>, to: Units) -> Option<&'static str> {
    let Some((_, limits)) = limits(now, index) else { return Some("warm throughput of a missing index") };
    let was = limits.warm.unwrap_or(Units { read: 0, write: 0 });
    let rises = |to: u64, was: u64| to == 0 || to > was;
    unless(rises(to.read, was.read) && rises(to.write, was.write) && (to.read > 0 || to.write > 0), "warm throughput only rises")
}

fn scaling(now: &Table, step: &Step) -> Option<&'static str> {
    let at = |index: &Option<String>, dimension: Dimension| {
        limits(now, index.as_deref()).map(|(capacity, limits)| {
            let held = if dimension == Dimension::Read { limits.scaling.read } else { limits.scaling.write };
            (units(capacity).is_some(), held)
        })
    };
    match step {
        Step::ScaleTarget { index, dimension, min, max } => match at(index, *dimension) {
            None => Some("target of a missing index"),
            Some((provisioned, held)) => unless(provisioned, "scaling of on-demand")
                .or_else(|| unless(*min >= 1 && max >= min, "bounds"))
                .or_else(|| unless(held.is_none_or(|h| (h.min, h.max) != (*min, *max)), "target resent")),
        },
        Step::ScalePolicy { index, dimension, target } => match at(index, *dimension) {
            Some((_, Some(held))) => unless((20..=90).contains(target) && held.target != Some(*target), "policy resent, or out of bounds"),
            _ => Some("policy without its target"),
        },
        Step::Unscale { index, dimension } => unless(at(index, *dimension).is_some_and(|(_, held)| held.is_some()), "no such target"),
        _ => None,
    }
}

/// Decreases against AWS's count for the day: 4, then one an hour after the last. `at_ms`: when the call is made.
pub(super) fn over_budget(live: &LiveTable, step: &Step, at_ms: u64) -> bool {
    let Step::SetCapacity { mode: None, table, indexes } = step else { return false };
    let day = |ms: u64| ms / 86_400_000;
    let spent = |name: &str| {
        let (count, last) = live.usage.decreases.get(name).copied().unwrap_or((0, 0));
        count >= 4 && day(last) == day(at_ms) && at_ms < last + 3_600_000
    };
    let falls = |now: Capacity, to: Units| {
        units(now).is_some_and(|now| (to.read != 0 && to.read < now.read) || (to.write != 0 && to.write < now.write))
    };
    let whole = table.is_some_and(|to| falls(live.table.capacity, to) && spent(""));
    whole || indexes.iter().any(|(name, to)| live.table.indexes.get(name).is_some_and(|i| falls(i.capacity, *to)) && spent(name))
}

#[cfg(test)]
mod tests;
