//! The nouns of a plan. All of them are written into a sealed plan file, so none holds a secret or a row's value.
//!
//! Called by everything in `plan`, by `apply`, `report` and `load`.

use crate::live::{LiveBucket, LiveTable};
use crate::resource::{Bucket, Class, Encryption, Index, Insights, KeyKind, Maximum, StreamView, Table, Units};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One resource: its kind and its AWS name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    Bucket(String),
    Table(String),
}

impl Target {
    /// The AWS name.
    pub fn name(&self) -> &str {
        match self {
            Self::Bucket(name) | Self::Table(name) => name,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "bucket {name}"),
            Self::Table(name) => write!(f, "table {name}"),
        }
    }
}

/// What a resource shall be when apply is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    Bucket(Bucket),
    Table(Table),
    /// Does not exist yet and will be made by the load's `ImportTable`: apply leaves it alone.
    Import(Table),
    /// A table that left the file and was named by `--destroy`. `with_data`: even if it holds items.
    Gone {
        with_data: bool,
    },
}

impl Goal {
    /// The table that is wanted, where one is.
    pub fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) | Self::Import(table) => Some(table),
            Self::Bucket(_) | Self::Gone { .. } => None,
        }
    }

    /// The bucket that is wanted, where one is.
    pub fn bucket(&self) -> Option<&Bucket> {
        match self {
            Self::Bucket(bucket) => Some(bucket),
            _ => None,
        }
    }
}

/// A resource as observed or predicted; `None`: absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Bucket(Option<Box<LiveBucket>>),
    Table(Option<Box<LiveTable>>),
}

impl State {
    /// The table, where this is one and it exists.
    pub fn table(&self) -> Option<&LiveTable> {
        match self {
            Self::Table(table) => table.as_deref(),
            Self::Bucket(_) => None,
        }
    }

    /// The bucket, where this is one and it exists.
    pub fn bucket(&self) -> Option<&LiveBucket> {
        match self {
            Self::Bucket(bucket) => bucket.as_deref(),
            Self::Table(_) => None,
        }
    }

    /// Whether it does not exist.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Table(None) | Self::Bucket(None))
    }

    /// Why it is not quiescent; empty: ready.
    pub fn busy(&self) -> &[String] {
        self.table().map_or(&[], |t| &t.busy)
    }
}

/// A billing mode, alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    OnDemand,
    Provisioned,
}

/// One call that apply makes. Each is a legal `UpdateTable` bundle by itself: billing mode, table capacity and index
/// capacities go together; everything else goes alone (reference: `DynamoDB` API, `UpdateTable`; one index create or delete a call).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "call")]
pub enum Step {
    /// With every index, tag, stream and protection; TTL and recovery have calls of their own.
    CreateTable {
        table: Table,
        owner: String,
    },
    /// Only what changes: an unchanged value is refused by AWS. On-demand to provisioned carries every index.
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
    /// Raises warm throughput of the table, or of one index.
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
    /// Objects expire, and unfinished uploads are aborted after a day.
    ExpireObjects {
        days: u32,
    },
    DenyPlainHttp,
}

/// One side of a capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    Read,
    Write,
}

/// What a person allowed by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    /// `--adopt NAME`: tables and buckets that this stack may take over.
    pub adopt: BTreeSet<String>,
    /// `--destroy WHAT`: `TABLE`, `TABLE/INDEX`, or `TABLE:recovery` (and `:stream`, `:encryption`: whatever [`super::risk::approval`] names).
    pub destroy: BTreeSet<String>,
    /// `--with-data`: a table named by `--destroy` may hold items.
    pub with_data: bool,
}

/// What happens to a resource as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// One field's difference; `live` is absent where it is new, `desired` where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub path: String,
    pub live: Option<String>,
    pub desired: Option<String>,
}

/// A resource's difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub action: Action,
    pub note: Option<String>,
    pub fields: Vec<Field>,
}

/// A step with what a person wants to know before saying yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub step: Step,
    /// Seconds that it usually takes, from and to; an estimate.
    pub seconds: (u64, u64),
    pub destructive: bool,
}

/// A difference that landfall will not make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub target: Target,
    pub reason: String,
    /// What to do instead, with the flag's exact spelling where there is one.
    pub recipe: String,
}

/// One resource's share of the plan. Resources that are in sync are there too, without steps: apply proves them at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    pub target: Target,
    pub goal: Goal,
    /// What was seen when the plan was made.
    pub before: State,
    /// SHA-256 of `before`'s canonical JSON (identity included), or `absent`.
    pub basis: String,
    /// `None`: in sync.
    pub change: Option<Change>,
    pub steps: Vec<Planned>,
}

/// Everything that apply needs, and what it was decided on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The tool's version; another version does not apply it.
    pub version: String,
    pub stack: String,
    /// SHA-256 of the stack file (and phase) that this was planned from.
    pub stack_digest: String,
    pub account: String,
    pub region: String,
    /// `aws`, or a stand-in's URL.
    pub endpoint: String,
    /// Epoch milliseconds.
    pub created_ms: u64,
    pub expires_ms: u64,
    pub approvals: Approvals,
    /// Buckets first (a load needs them), then tables, by name.
    pub works: Vec<Work>,
    pub refusals: Vec<Refusal>,
    /// Tables under the stack's tag that the file does not name.
    pub unmanaged: Vec<String>,
    pub notes: Vec<String>,
}

impl Plan {
    /// Whether there is anything to do or to refuse. Tables that the import will make count as something to do.
    pub fn is_empty(&self) -> bool {
        self.refusals.is_empty() && self.works.iter().all(|w| w.change.is_none() && w.steps.is_empty())
    }

    /// How many calls apply will make.
    pub fn calls(&self) -> usize {
        self.works.iter().map(|w| w.steps.len()).sum()
    }
}
