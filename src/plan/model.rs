//! The nouns of a plan. All of them are written into a sealed plan file, so none holds a secret or a row's value.
//!
//! Called by everything in `plan`, by `apply`, `report` and `load`.

use super::budget::{Budget, Limited};
use super::step::Step;
use crate::live::{LiveBucket, LiveTable};
use crate::resource::{Bucket, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
    /// A table or bucket that left the file and was named by `--destroy`. `with_data`: even if it holds items or objects.
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

/// What a person allowed by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    /// `--adopt NAME`: tables and buckets that this stack may take over.
    pub adopt: BTreeSet<String>,
    /// `--destroy WHAT`: `TABLE`, `s3://BUCKET`, `TABLE/INDEX`, `TABLE:recovery` (and `:stream`, `:encryption`, `:ttl`) or
    /// `s3://BUCKET:expire` (and `:encryption`, `:versioning`): whatever [`super::risk::approval`] names.
    pub destroy: BTreeSet<String>,
    /// `--with-data`: a table named by `--destroy` may hold items, a bucket objects and unfinished uploads.
    pub with_data: bool,
    /// No person's word: tables that this stack's own import has just made. In `adopt` too; nothing was in them before this file.
    #[serde(default)]
    pub imported: BTreeSet<String>,
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

/// Which side moved since the last finished apply, by the applied tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The file is what was applied: AWS changed.
    Live,
    /// AWS is what was applied: the file changed.
    File,
    /// Neither is what was applied.
    Both,
    /// No apply has been recorded on it.
    Unknown,
}

/// A resource's difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub action: Action,
    pub note: Option<String>,
    /// For a table of this stack that exists and stays; `None` elsewhere.
    pub since: Option<Side>,
    pub fields: Vec<Field>,
}

/// A step with what a person wants to know before saying yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub step: Step,
    /// Seconds that it usually takes, from and to, waits before it included; an estimate.
    pub seconds: (u64, u64),
    pub destructive: bool,
    /// AWS refuses it before this time (epoch milliseconds), because a budget is spent; `None`: at once.
    #[serde(default)]
    pub not_before_ms: Option<u64>,
    /// AWS may refuse it for a while, because it does not tell how much of this limit is spent. A wait for TTL is in `seconds`, at its
    /// longest; of the others nobody can say how long they take.
    #[serde(default)]
    pub untold: Option<Limited>,
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
    /// `None`: in sync, though the applied tag may still be due.
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
    /// Buckets first (a load needs them), then tables, by name; what is to go last.
    pub works: Vec<Work>,
    pub refusals: Vec<Refusal>,
    /// What AWS allows only so often, where this plan uses it or AWS says that some of it is used.
    pub budgets: Vec<Budget>,
    /// When everything must be done (epoch milliseconds); a plan that may take longer has a refusal.
    pub deadline_ms: Option<u64>,
    /// Tables under the stack's tag that the file does not name.
    pub unmanaged: Vec<String>,
    /// Tables without a tag that are named as if they were the stack's, and that the file does not name.
    pub resembling: Vec<String>,
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
