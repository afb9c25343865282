//! How calls read: the API and its essence, one line each, for plan, progress and errors.
//!
//! Rules: foreign text through [`crate::safe`]; what a call costs or risks is said by [`super::cost::remark`], not here.

use super::step::{Mode, Step};
use super::words::{bucket_key, class, days, encryption, insights, key, maximum, part, projection, side, stream, units};
use crate::resource::{Maximum, Units};
use crate::safe;
use std::collections::BTreeMap;

impl std::fmt::Display for Step {
    /// The API and its essence.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&call(self))
    }
}

fn call(step: &Step) -> String {
    match step {
        Step::CreateTable { table, .. } => create_table(table.indexes.len(), table.locals.len()),
        Step::SetCapacity { mode, table, indexes } => set_capacity(*mode, *table, indexes),
        Step::DeleteIndex { index } => format!("UpdateTable delete index {}", safe::text(index)),
        Step::CreateIndex { index, spec, .. } => {
            format!("UpdateTable create index {} ({}; {})", safe::text(index), key(&spec.key), projection(&spec.projection))
        }
        Step::SetStream { view: None } => "UpdateTable stream off".to_owned(),
        Step::SetStream { view: Some(view) } => format!("UpdateTable stream on, {}", stream(*view)),
        Step::Protect { on } => format!("UpdateTable deletion protection {}", if *on { "on" } else { "off" }),
        Step::TtlOff { attribute } => format!("UpdateTimeToLive off, {}", safe::text(attribute)),
        Step::TtlOn { attribute } => format!("UpdateTimeToLive on, {}", safe::text(attribute)),
        Step::SetRecovery { days: None } => "UpdateContinuousBackups off".to_owned(),
        Step::SetRecovery { days: Some(d) } => format!("UpdateContinuousBackups on, {}", days(*d)),
        Step::Tag { tags } => format!("TagResource {}", names(tags.keys())),
        Step::DeleteTable { with_data: false } => "DeleteTable, after a consistent scan has found it empty".to_owned(),
        Step::DeleteTable { with_data: true } => "DeleteTable WITH ITS DATA".to_owned(),
        Step::CreateBucket => "CreateBucket".to_owned(),
        Step::TagBucket { tags } => format!("PutBucketTagging {}", names(tags.keys())),
        Step::BlockPublicAccess => "PutPublicAccessBlock, all four".to_owned(),
        Step::EnforceOwner => "PutBucketOwnershipControls BucketOwnerEnforced".to_owned(),
        Step::EncryptBucket { kms_key } => format!("PutBucketEncryption {}", bucket_key(kms_key.as_deref())),
        Step::SetVersioning { on } => format!("PutBucketVersioning {}", if *on { "Enabled" } else { "Suspended" }),
        Step::ExpireObjects { days: 0, .. } => "PutBucketLifecycleConfiguration abort unfinished uploads after 1 day".to_owned(),
        Step::ExpireObjects { days: d, versions } => {
            let old = if *versions { ", old versions too" } else { "" };
            format!("PutBucketLifecycleConfiguration expire after {}{old}, abort unfinished uploads after 1 day", days(*d))
        }
        Step::DenyPlainHttp => "PutBucketPolicy deny requests without TLS".to_owned(),
        Step::AbortUploads => "AbortMultipartUpload, every unfinished upload".to_owned(),
        Step::DeleteVersions => "DeleteObjects, EVERY VERSION OF EVERY OBJECT, 1000 a call".to_owned(),
        Step::DeleteBucket => "DeleteBucket, after listings have found it empty".to_owned(),
        Step::SetMaximum { table, indexes } => format!("UpdateTable on-demand maximum: {}", maximums(*table, indexes)),
        Step::RaiseWarm { index, units } => format!("UpdateTable warm throughput of {}: {}", whose(index.as_ref()), raised(*units)),
        Step::ScaleTarget { index, dimension, min, max } => {
            format!("RegisterScalableTarget {} {}, {min} to {max}", part(index.as_ref()), side(*dimension))
        }
        Step::ScalePolicy { index, dimension, target } => {
            format!("PutScalingPolicy {} {}, hold {target}%", part(index.as_ref()), side(*dimension))
        }
        Step::Unscale { index, dimension } => format!("DeregisterScalableTarget {} {}", part(index.as_ref()), side(*dimension)),
        Step::SetClass { class: to } => format!("UpdateTable class {}", class(*to)),
        Step::Encrypt { with } => format!("UpdateTable encryption: {}", encryption(with)),
        Step::SetPolicy { policy: Some(_) } => "PutResourcePolicy".to_owned(),
        Step::SetPolicy { policy: None } => "DeleteResourcePolicy".to_owned(),
        Step::SetInsights { index, insights: to } => {
            format!("UpdateContributorInsights {}: {}", part(index.as_ref()), insights(*to))
        }
    }
}

fn whose(index: Option<&String>) -> String {
    index.map_or_else(|| "the table".to_owned(), |name| format!("index {}", safe::text(name)))
}

fn maximums(table: Option<Maximum>, indexes: &BTreeMap<String, Maximum>) -> String {
    let table = table.map(|m| format!("table {}", maximum(m)));
    let indexes = indexes.iter().map(|(name, m)| format!("index {} {}", safe::text(name), maximum(*m)));
    table.into_iter().chain(indexes).collect::<Vec<_>>().join("; ")
}

/// Only the sides that are raised.
fn raised(to: Units) -> String {
    let sides = [(to.read, "read"), (to.write, "write")];
    sides.iter().filter(|(units, _)| *units > 0).map(|(units, side)| format!("{units} {side}")).collect::<Vec<_>>().join(", ")
}

/// Units as sent: a side of 0 stays as auto scaling has it.
fn sent(to: Units) -> String {
    match to {
        Units { read: 0, write } => format!("{write} write (reads are scaled)"),
        Units { read, write: 0 } => format!("{read} read (writes are scaled)"),
        both => units(both),
    }
}

fn create_table(globals: usize, locals: usize) -> String {
    let count = |n: usize, kind: &str| format!("{n} {kind} {}", if n == 1 { "index" } else { "indexes" });
    match (globals, locals) {
        (0, 0) => "CreateTable".to_owned(),
        (g, 0) => format!("CreateTable with {}", count(g, "global")),
        (0, l) => format!("CreateTable with {}", count(l, "local")),
        (g, l) => format!("CreateTable with {} and {}", count(g, "global"), count(l, "local")),
    }
}

fn set_capacity(mode: Option<Mode>, table: Option<Units>, indexes: &BTreeMap<String, Units>) -> String {
    let mode = mode.map(|m| if m == Mode::OnDemand { "on-demand".to_owned() } else { "provisioned".to_owned() });
    let table = table.map(|u| format!("table {}", sent(u)));
    let indexes = indexes.iter().map(|(name, u)| format!("index {} {}", safe::text(name), sent(*u)));
    let parts: Vec<_> = mode.into_iter().chain(table).chain(indexes).collect();
    format!("UpdateTable capacity: {}", parts.join("; "))
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|n| safe::text(n)).collect::<Vec<_>>().join(", ")
}
