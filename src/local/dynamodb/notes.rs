//! What AWS knows of a table and the engine does not: kept beside it, merged into every description.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A region's notes: one small document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Notes {
    pub(crate) tables: BTreeMap<String, TableNotes>,
    /// Imports by ARN.
    #[serde(default)]
    pub(crate) imports: BTreeMap<String, Import>,
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
    pub(crate) insights: BTreeMap<String, bool>,
    /// The counts as of the last six-hourly refresh.
    pub(crate) counted: Counted,
}

/// One global index's notes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct IndexNotes {
    pub(crate) provisioned: Option<Capacity>,
    /// On-demand maximums; -1 is none.
    pub(crate) on_demand: Option<Capacity>,
    pub(crate) warm: Option<Capacity>,
    pub(crate) increased: Option<i64>,
    pub(crate) decreased: Option<i64>,
    /// Decreases on the (UTC) day of `decreased`.
    pub(crate) decreases: u32,
}

/// Point-in-time recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pitr {
    pub(crate) since: i64,
    pub(crate) days: i64,
}

/// A resource policy's text and revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) text: String,
    pub(crate) revision: String,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    pub(crate) started: f64,
    /// Absent until the import has ended, as all that follows.
    pub(crate) ended: Option<f64>,
    pub(crate) bytes: Option<u64>,
    /// Imported, with errors.
    pub(crate) counts: Option<(u64, u64)>,
    pub(crate) failure: Option<(String, String)>,
}
