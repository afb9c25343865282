//! The calls that apply makes: each variant is one request, complete, so that apply decides nothing.
//!
//! Rule: each is a legal `UpdateTable` bundle by itself. Billing mode, table capacity and index capacities go together;
//! deletion protection, encryption, class, warm throughput and an index's create or delete each go alone
//! (source: API reference, `UpdateTable`; the bundles beyond it are one lab's).
//! Key insight: where AWS wants both sides of a pair and only one is ours to say, the other is 0: it stays as it is.
//! Made by [`super::order`], made true by `apply`, predicted by [`super::simulate`].

pub use crate::resource::Dimension;
use crate::resource::{Class, Encryption, Index, Insights, KeyKind, Maximum, StreamView, Table, Units};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A billing mode, alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    OnDemand,
    Provisioned,
}

/// One call that apply makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "call")]
pub enum Step {
    /// With every index, tag, stream, protection, class, encryption, maximum, warm throughput and policy; TTL, recovery,
    /// insights and scaling have calls of their own. `table.tags` holds the applied tag where nothing follows.
    CreateTable {
        table: Table,
        owner: String,
    },
    /// Only what changes: an unchanged value is refused by AWS. On-demand to provisioned carries every index.
    /// A side of 0 belongs to auto scaling: the call sends what is there at that moment.
    SetCapacity {
        mode: Option<Mode>,
        table: Option<Units>,
        indexes: BTreeMap<String, Units>,
    },
    DeleteIndex {
        index: String,
    },
    /// `attributes`: every attribute that any key of the table uses once the index is there.
    CreateIndex {
        index: String,
        spec: Index,
        attributes: BTreeMap<String, KeyKind>,
    },
    /// On-demand maximums, the table's or those of some indexes, never both in one call; a side that is `None` is cleared (-1).
    SetMaximum {
        table: Option<Maximum>,
        indexes: BTreeMap<String, Maximum>,
    },
    /// Raises warm throughput of the table, or of one index. A side of 0 is high enough and is not sent.
    RaiseWarm {
        index: Option<String>,
        units: Units,
    },
    /// `RegisterScalableTarget`: auto scaling owns this dimension from now on.
    ScaleTarget {
        index: Option<String>,
        dimension: Dimension,
        min: u64,
        max: u64,
    },
    /// `PutScalingPolicy`: the one target-tracking policy of a registered dimension.
    ScalePolicy {
        index: Option<String>,
        dimension: Dimension,
        target: u64,
    },
    /// `DeregisterScalableTarget`, which takes its policies along.
    Unscale {
        index: Option<String>,
        dimension: Dimension,
    },
    SetClass {
        class: Class,
    },
    /// Re-encrypts: AWS allows four a day.
    Encrypt {
        with: Encryption,
    },
    /// `None`: deletes the policy; otherwise canonical JSON.
    SetPolicy {
        policy: Option<String>,
    },
    SetInsights {
        index: Option<String>,
        insights: Insights,
    },
    SetStream {
        view: Option<StreamView>,
    },
    Protect {
        on: bool,
    },
    TtlOff {
        attribute: String,
    },
    TtlOn {
        attribute: String,
    },
    /// `None`: off; otherwise the window in days.
    SetRecovery {
        days: Option<u32>,
    },
    /// Adds or overwrites these tags, the ownership tag or the applied tag among them where they are wanted.
    Tag {
        tags: BTreeMap<String, String>,
    },
    /// Unless `with_data`, the last call before it is a consistent scan that must find nothing.
    DeleteTable {
        with_data: bool,
    },
    CreateBucket,
    /// The whole set, foreign tags kept: S3 replaces all of them.
    TagBucket {
        tags: BTreeMap<String, String>,
    },
    BlockPublicAccess,
    EnforceOwner,
    /// By the KMS key of this ARN; `None`: SSE-S3.
    EncryptBucket {
        kms_key: Option<String>,
    },
    /// Off means suspended where it was ever on.
    SetVersioning {
        on: bool,
    },
    /// Objects expire, old versions with them where there are any, and unfinished uploads are aborted after a day.
    ExpireObjects {
        days: u32,
        versions: bool,
    },
    DenyPlainHttp,
    /// Every unfinished upload, page by page.
    AbortUploads,
    /// Every version and delete marker, page by page.
    DeleteVersions,
    /// The last calls before it are listings that must find nothing.
    DeleteBucket,
}
