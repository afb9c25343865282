//! What AWS knows of a table and the engine does not: kept beside it, merged into every description.

use super::transition::Pending;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A region's notes: one small document.
///
/// Rule: whatever came after the first format has a default, so that notes of an older version open (see `format`).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// Of the document, see `format`.
    pub(crate) format: u32,
    pub(crate) tables: BTreeMap<String, TableNotes>,
    /// Imports by ARN.
    pub(crate) imports: BTreeMap<String, Import>,
    /// Exports by ARN.
    pub(crate) exports: BTreeMap<String, Export>,
    /// Tables that are DELETING: the engine has them no longer.
    pub(crate) deleting: BTreeMap<String, Deleting>,
    /// Application Auto Scaling, by resource and dimension.
    pub(crate) scaling: BTreeMap<String, Target>,
}

/// A table that is going.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Deleting {
    pub(crate) until: u64,
    /// Its last description.
    pub(crate) told: Value,
}

/// Read and write units per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Capacity {
    pub(crate) read: i64,
    pub(crate) write: i64,
}

/// One table's notes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TableNotes {
    /// The table's own capacity, for its metrics; the engine describes it.
    pub(crate) provisioned: Option<Capacity>,
    pub(crate) indexes: BTreeMap<String, IndexNotes>,
    /// The warm throughput that was asked for.
    pub(crate) warm: Option<Capacity>,
    /// The KMS key's ARN; `None` is AWS's own key.
    pub(crate) kms: Option<String>,
    /// Point-in-time recovery: since when (seconds), and its window in days.
    pub(crate) pitr: Option<Pitr>,
    /// Resource policies by ARN (the table's, its stream's).
    pub(crate) policies: BTreeMap<String, Policy>,
    /// Contributor insights by index (`""` is the table).
    pub(crate) insight: BTreeMap<String, Insight>,
    /// The counts as of the last six-hourly refresh.
    pub(crate) counted: Counted,
    /// What is still changing.
    pub(crate) pending: Vec<Pending>,
    /// When it was made, by the clock; 0 in notes of an older version.
    pub(crate) created: u64,
    /// When it became, or will become, ACTIVE for the first time.
    pub(crate) active_at: u64,
    /// Changes so far: each draws its own duration.
    pub(crate) changes: u32,
    pub(crate) throughput: Throughput,
    /// When it last became on-demand (`LastUpdateToPayPerRequestDateTime`).
    pub(crate) on_demand_since: Option<u64>,
    /// Budgets: when each was changed, ascending.
    pub(crate) to_on_demand: Vec<u64>,
    pub(crate) encryptions: Vec<u64>,
    pub(crate) classes: Vec<u64>,
    /// When deletion protection was last changed.
    pub(crate) protected_at: Option<u64>,
    pub(crate) ttl: Option<Ttl>,
    /// The last stream's ARN and label, which stay when it is switched off.
    pub(crate) stream: Option<(String, String)>,
    pub(crate) tags: Tags,
    /// When a resource policy of it was last changed, and until when that is pending.
    pub(crate) policy_changed: Option<u64>,
    pub(crate) policy_pending: u64,
    /// Replies that are still given though they are no longer true, by what they answer.
    pub(crate) stale: BTreeMap<String, Stale>,
}

/// When capacity was changed, and how often lowered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Throughput {
    pub(crate) increased: Option<u64>,
    pub(crate) decreased: Option<u64>,
    /// Decreases on the (UTC) day of `decreased`.
    pub(crate) decreases: u32,
}

/// Contributor insights of a table or an index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Insight {
    pub(crate) on: bool,
    pub(crate) mode: String,
    pub(crate) changed: u64,
    /// ENABLING or DISABLING until then.
    pub(crate) until: u64,
}

/// The last change of time to live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ttl {
    pub(crate) changed: u64,
    pub(crate) until: u64,
    /// Counts as a change for the cooldown.
    pub(crate) on: bool,
}

/// The last change of tags, which keeps others out for a while.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tags {
    pub(crate) locked_until: u64,
    /// What it added: a call that contains it may pass.
    pub(crate) adding: BTreeMap<String, String>,
}

/// A reply that is still given; `None`: not found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stale {
    pub(crate) until: u64,
    pub(crate) reply: Option<Value>,
}

/// One global index's notes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct IndexNotes {
    pub(crate) provisioned: Option<Capacity>,
    /// On-demand maximums; -1 is none.
    pub(crate) on_demand: Option<Capacity>,
    pub(crate) warm: Option<Capacity>,
    pub(crate) throughput: Throughput,
}

/// Point-in-time recovery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pitr {
    /// In seconds.
    pub(crate) since: i64,
    pub(crate) days: i64,
}

/// A resource policy's text and revision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Policy {
    pub(crate) text: String,
    pub(crate) revision: String,
    /// When it was put, in epoch milliseconds.
    pub(crate) changed: u64,
}

/// `ItemCount` and `TableSizeBytes` as AWS last counted them: about every six hours, so a fresh table says 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counted {
    pub(crate) at: i64,
    pub(crate) items: i64,
    pub(crate) bytes: i64,
    /// Items and bytes per index, local ones too.
    pub(crate) indexes: BTreeMap<String, (i64, i64)>,
}

/// One `ImportTable`, as `DescribeImport` tells it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Import {
    pub(crate) arn: String,
    pub(crate) token: String,
    pub(crate) table: String,
    pub(crate) table_id: Option<String>,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub(crate) status: String,
    pub(crate) bucket: String,
    pub(crate) bucket_owner: Option<String>,
    pub(crate) prefix: String,
    /// `NONE`, `GZIP`, `ZSTD`.
    pub(crate) compression: String,
    /// The request's `TableCreationParameters`, as given.
    pub(crate) parameters: serde_json::Value,
    /// Epoch milliseconds.
    pub(crate) started_ms: u64,
    /// Absent until the work has ended, as all that follows; told only from then on.
    pub(crate) ended: Option<u64>,
    pub(crate) bytes: Option<u64>,
    /// Imported, with errors.
    pub(crate) counts: Option<(u64, u64)>,
    pub(crate) failure: Option<(String, String)>,
}

/// One scalable target, with its policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Target {
    pub(crate) resource: String,
    pub(crate) dimension: String,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) role: String,
    pub(crate) created: f64,
    /// When capacity outside of the range is moved into it; 0 when that is done.
    pub(crate) acts_at: u64,
    /// When capacity last followed the load up, and down (epoch milliseconds); 0 is never.
    pub(crate) out_at: u64,
    pub(crate) in_at: u64,
    /// Policies by name, as they were put.
    pub(crate) policies: BTreeMap<String, Value>,
}

/// One `ExportTableToPointInTime`, as `DescribeExport` tells it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Export {
    pub(crate) arn: String,
    pub(crate) token: String,
    pub(crate) table: String,
    pub(crate) table_id: String,
    /// The request, to tell a repeated one from another of the same token.
    pub(crate) request: Value,
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    /// The time that was asked for, in seconds.
    pub(crate) at: f64,
    /// Epoch milliseconds.
    pub(crate) started: u64,
    /// When it is over; how it went is already known, and shown from then on.
    pub(crate) ends: u64,
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    pub(crate) manifest: String,
    pub(crate) failure: Option<(String, String)>,
}
