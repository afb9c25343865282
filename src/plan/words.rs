//! How values and calls read: one spelling for plan, drift and apply's progress.
//!
//! Rules: names and tag values come from files and from AWS, so everything foreign goes through [`crate::safe`].

use super::model::{Mode, Step};
use crate::resource::{Capacity, Key, KeyKind, KeyPart, Projection, StreamView, Units};
use crate::safe;

pub(super) fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::S => "S",
        KeyKind::N => "N",
        KeyKind::B => "B",
    }
}

/// `PK:S, SK:S`; several attributes in one half are joined by `+`.
pub(super) fn key(key: &Key) -> String {
    let half =
        |parts: &[KeyPart]| parts.iter().map(|p| format!("{}:{}", safe::text(&p.name), kind(p.kind))).collect::<Vec<_>>().join(" + ");
    if key.sort.is_empty() { half(&key.partition) } else { format!("{}, {}", half(&key.partition), half(&key.sort)) }
}

pub(super) fn units(units: Units) -> String {
    format!("{} read, {} write", units.read, units.write)
}

pub(super) fn capacity(capacity: Capacity) -> String {
    match capacity {
        Capacity::OnDemand => "on-demand".to_owned(),
        Capacity::Provisioned(u) => units(u),
    }
}

pub(super) fn projection(projection: &Projection) -> String {
    match projection {
        Projection::All => "all attributes".to_owned(),
        Projection::Keys => "keys only".to_owned(),
        Projection::Include(names) => format!("keys and {}", names.iter().map(|n| safe::text(n)).collect::<Vec<_>>().join(", ")),
    }
}

pub(super) fn stream(view: StreamView) -> &'static str {
    match view {
        StreamView::Keys => "keys",
        StreamView::New => "new images",
        StreamView::Old => "old images",
        StreamView::Both => "new and old images",
    }
}

pub(super) fn days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

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
        Step::SetStream { view: None } => "UpdateTable stream off (its ARN and unread records go)".to_owned(),
        Step::SetStream { view: Some(view) } => format!("UpdateTable stream on, {} (new stream ARN)", stream(*view)),
        Step::Protect { on } => format!("UpdateTable deletion protection {}", if *on { "on" } else { "off" }),
        Step::TtlOff { attribute } => format!("UpdateTimeToLive off, {}", safe::text(attribute)),
        Step::TtlOn { attribute } => format!("UpdateTimeToLive on, {}", safe::text(attribute)),
        Step::SetRecovery { days: None } => "UpdateContinuousBackups off (its recovery points go)".to_owned(),
        Step::SetRecovery { days: Some(d) } => format!("UpdateContinuousBackups on, {}", days(*d)),
        Step::Tag { tags } => format!("TagResource {}", names(tags.keys())),
        Step::DeleteTable { with_data: false } => "DeleteTable, after a consistent scan has found it empty".to_owned(),
        Step::DeleteTable { with_data: true } => "DeleteTable WITH ITS DATA".to_owned(),
        Step::CreateBucket => "CreateBucket".to_owned(),
        Step::TagBucket { tags } => format!("PutBucketTagging {}", names(tags.keys())),
        Step::BlockPublicAccess => "PutPublicAccessBlock, all four".to_owned(),
        Step::EnforceOwner => "PutBucketOwnershipControls BucketOwnerEnforced".to_owned(),
        Step::EncryptBucket { kms_key: None } => "PutBucketEncryption SSE-S3".to_owned(),
        Step::EncryptBucket { kms_key: Some(key) } => format!("PutBucketEncryption SSE-KMS {}", safe::text(key)),
        Step::SetVersioning { on } => format!("PutBucketVersioning {}", if *on { "Enabled" } else { "Suspended" }),
        Step::ExpireObjects { days: 0 } => "PutBucketLifecycleConfiguration abort unfinished uploads after 1 day".to_owned(),
        Step::ExpireObjects { days: d } => {
            format!("PutBucketLifecycleConfiguration expire after {}, abort unfinished uploads after 1 day", days(*d))
        }
        Step::DenyPlainHttp => "PutBucketPolicy deny requests without TLS".to_owned(),
        step => setting(step),
    }
}

/// The steps that change one setting.
fn setting(step: &Step) -> String {
    format!("{step:?}")
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

fn set_capacity(mode: Option<Mode>, table: Option<Units>, indexes: &std::collections::BTreeMap<String, Units>) -> String {
    let mode = mode.map(|m| if m == Mode::OnDemand { "on-demand".to_owned() } else { "provisioned".to_owned() });
    let table = table.map(|u| format!("table {}", units(u)));
    let indexes = indexes.iter().map(|(name, u)| format!("index {} {}", safe::text(name), units(*u)));
    let parts: Vec<_> = mode.into_iter().chain(table).chain(indexes).collect();
    format!("UpdateTable capacity: {}", parts.join("; "))
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|n| safe::text(n)).collect::<Vec<_>>().join(", ")
}
