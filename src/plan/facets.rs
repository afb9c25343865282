//! A resource flattened into `path -> text`, so that a difference is a comparison of maps.
//!
//! Rules: what is off has no facet. What AWS always has (class, encryption) has one, so that a change back to the default
//! reads as a change; [`is_default`] tells it, because nobody wants to read defaults of a new table.
//! Called by [`super::diff`].

use super::words;
use crate::live::LiveBucket;
use crate::resource::{Bucket, Capacity, Insights, Limits, Policy, Projection, Range, Scaling, Table};
use crate::safe;
use std::collections::BTreeMap;

pub(super) type Facets = BTreeMap<String, String>;

/// Whether a new resource would have this facet without being told.
pub(super) fn is_default(path: &str, text: &str) -> bool {
    matches!((path, text), ("class", "standard") | ("encryption", "DynamoDB's own key"))
}

/// A table.
pub(super) fn table(table: &Table) -> Facets {
    let mut out = Facets::new();
    out.insert("key".to_owned(), words::key(&table.key));
    out.insert("capacity".to_owned(), capacity(table.capacity, table.limits.scaling));
    out.insert("class".to_owned(), words::class(table.class).to_owned());
    out.insert("encryption".to_owned(), words::encryption(&table.encryption));
    limits(&mut out, "", table.capacity, &table.limits);
    insights(&mut out, "", table.insights);
    indexes(&mut out, table);
    if table.protect {
        out.insert("protect".to_owned(), "on".to_owned());
    }
    out.extend(table.ttl.as_ref().map(|a| ("ttl".to_owned(), safe::text(a))));
    out.extend(table.stream.map(|v| ("stream".to_owned(), words::stream(v).to_owned())));
    out.extend(table.recovery.map(|d| ("recovery".to_owned(), words::days(d))));
    if let Some(Policy::On(json)) = &table.policy {
        out.extend(statements(json));
    }
    out.extend(tags(&table.tags));
    out
}

fn indexes(out: &mut Facets, table: &Table) {
    let shape = |key, projection: &Projection| format!("{}; {}", words::key(key), words::projection(projection));
    for (name, index) in &table.indexes {
        let path = format!("index {}", safe::text(name));
        out.insert(format!("{path}.capacity"), capacity(index.capacity, index.limits.scaling));
        limits(out, &format!("{path}."), index.capacity, &index.limits);
        insights(out, &format!("{path}."), index.insights);
        out.insert(path, shape(&index.key, &index.projection));
    }
    for (name, index) in &table.locals {
        out.insert(format!("local index {}", safe::text(name)), shape(&index.key, &index.projection));
    }
}

/// The units of a side that auto scaling owns are its to choose, from the least of its range; its bounds have a path of their own.
fn capacity(capacity: Capacity, scaling: Scaling) -> String {
    let chosen = |units: u64, range: Option<Range>| range.is_some_and(|range| units >= range.min);
    let side = |units, range| if chosen(units, range) { "scaled".to_owned() } else { units.to_string() };
    match capacity {
        Capacity::OnDemand => "on-demand".to_owned(),
        Capacity::Provisioned(u) => {
            format!("{} read, {} write", side(u.read, scaling.read), side(u.write, scaling.write))
        }
    }
}

/// A maximum means nothing to a provisioned table, so it is no difference there.
fn limits(out: &mut Facets, path: &str, capacity: Capacity, limits: &Limits) {
    let maximum = limits.maximum;
    if capacity == Capacity::OnDemand && (maximum.read.is_some() || maximum.write.is_some()) {
        out.insert(format!("{path}maximum"), words::maximum(maximum));
    }
    out.extend(limits.warm.map(|units| (format!("{path}warm"), format!("at least {}", words::units(units)))));
    let scaling = limits.scaling;
    out.extend(scaling.read.map(|range| (format!("{path}scaling of reads"), words::range(range))));
    out.extend(scaling.write.map(|range| (format!("{path}scaling of writes"), words::range(range))));
}

fn insights(out: &mut Facets, path: &str, insights: Option<Insights>) {
    let on = insights.filter(|i| *i != Insights::Off);
    out.extend(on.map(|i| (format!("{path}insights"), words::insights(i).to_owned())));
}

/// A policy, statement by statement, by `Sid` where it has one. The text was made canonical before, so equal is equal.
fn statements(json: &str) -> Facets {
    let parsed: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let Some(policy) = parsed.as_object() else { return Facets::from([("policy".to_owned(), safe::text(json))]) };
    let list = match policy.get("Statement") {
        Some(serde_json::Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let mut out = Facets::from([("policy".to_owned(), format!("{} statement{}", list.len(), if list.len() == 1 { "" } else { "s" }))]);
    for (key, value) in policy.iter().filter(|(key, _)| *key != "Statement") {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out.insert(format!("policy {}", safe::text(&key.to_lowercase())), safe::text(&text));
    }
    for (at, mut statement) in list.into_iter().enumerate() {
        let sid = statement.as_object_mut().and_then(|s| s.remove("Sid")).and_then(|sid| sid.as_str().map(safe::text));
        let number = format!("policy statement {}", at + 1);
        let path = sid.map_or(number.clone(), |sid| format!("policy statement {sid}"));
        let path = if out.contains_key(&path) { number } else { path };
        out.insert(path, safe::text(&statement.to_string()));
    }
    out
}

/// Tags, one facet each.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    tags.iter().map(|(key, value)| (format!("tag {}", safe::text(key)), safe::text(value)))
}

const GUARDS: [&str; 4] = ["public access block", "owner enforced", "tls only", "abort unfinished uploads"];

/// A bucket as it should be: with every guard.
pub(super) fn wanted_bucket(bucket: &Bucket) -> Facets {
    guarded(bucket, [true; 4], Some(words::bucket_key(bucket.kms_key.as_deref())), bucket.expire_days)
}

/// A bucket as it is.
pub(super) fn live_bucket(b: &LiveBucket) -> Facets {
    let guards = [b.public_access_blocked, b.owner_enforced, b.tls_only, b.aborts_multipart];
    let keyless = if b.no_bucket_key { ", without a bucket key" } else { "" };
    let encryption = b.encrypted.then(|| words::bucket_key(b.bucket.kms_key.as_deref()) + keyless);
    let mut out = guarded(&b.bucket, guards, encryption, b.expire_versions);
    if let Some(contents) = &b.contents {
        let held = [("objects", contents.versions, "version"), ("uploads", contents.uploads, "unfinished upload")];
        let held = held.iter().filter(|(_, count, _)| *count > 0);
        out.extend(held.map(|(path, count, what)| ((*path).to_owned(), words::several(*count, what))));
    }
    out
}

/// `versions`: the days of an old version, which are nothing to a bucket that keeps none.
fn guarded(bucket: &Bucket, guards: [bool; 4], encryption: Option<String>, versions: u32) -> Facets {
    let on = GUARDS.iter().zip(guards).filter(|(_, on)| *on).map(|(name, _)| ((*name).to_owned(), "on".to_owned()));
    let mut out: Facets = on.chain(tags(&bucket.tags)).collect();
    out.extend(encryption.map(|text| ("encryption".to_owned(), text)));
    if bucket.versioning {
        out.insert("versioning".to_owned(), "on".to_owned());
    }
    if bucket.expire_days > 0 {
        out.insert("expire".to_owned(), words::days(bucket.expire_days));
    }
    if bucket.versioning && versions > 0 {
        out.insert("expire old versions".to_owned(), words::days(versions));
    }
    out
}
