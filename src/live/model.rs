//! LIVE: what AWS shows, in the same nouns as the desired state.

use crate::resource::{Bucket, Dimension, Scaling, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything that one refresh saw. Absent from a map: it does not exist in AWS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    pub tables: BTreeMap<String, LiveTable>,
    /// By bucket name.
    pub buckets: BTreeMap<String, LiveBucket>,
}

/// What a refresh looks at: names, each with what is wanted of it. What the wish does not manage (policy, insights, warm throughput,
/// other tags) is not read, or folded away, so that live and desired stay comparable as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `None`: nothing of it is managed.
    pub tables: BTreeMap<String, Option<Table>>,
    /// By bucket name; `None` as above.
    pub buckets: BTreeMap<String, Option<Bucket>>,
    /// Buckets that are to be deleted: what they hold is looked at too.
    pub leaving: BTreeSet<String>,
}

/// Who else holds a table: it is observed, not managed, unless the stack is told to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// The stack's name, from `aws:cloudformation:stack-name`.
    CloudFormation(String),
    /// The tag that says so, `key=value`.
    Terraform(String),
}

/// How often AWS's own counters say that a limited change was made. They move without anybody's change (a day ends), so they are
/// no part of a digest or a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Capacity decreases on this UTC day and the last one's time in epoch milliseconds (0 = never); `""` is the table, the rest are indexes.
    pub decreases: BTreeMap<String, (u64, u64)>,
    /// Last change to on-demand, epoch milliseconds.
    pub to_on_demand_ms: Option<u64>,
    /// Last change of the table class, epoch milliseconds.
    pub class_changed_ms: Option<u64>,
    /// How many items AWS counted last, within six hours.
    #[serde(default)]
    pub items: u64,
    /// Nobody finished an apply on it, and it was filled since: what is said by whoever knows the time.
    #[serde(default)]
    pub in_use: bool,
}

/// What else has a hand in the auto scaling of one side: landfall did not make it, and could not put it back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ForeignScaling {
    /// `None`: the table's own capacity.
    pub index: Option<String>,
    pub dimension: Dimension,
    pub by: Mover,
}

/// One such hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mover {
    /// A policy of this name that follows something else than the side's utilisation.
    Policy(String),
    /// So many policies at once, each of which follows it.
    Policies(usize),
    /// By name.
    ScheduledAction(String),
    /// Somebody suspended scaling.
    Suspension,
}

impl fmt::Display for Mover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(name) => write!(f, "the policy {}", crate::safe::text(name)),
            Self::Policies(count) => write!(f, "{count} policies at once"),
            Self::ScheduledAction(name) => write!(f, "the scheduled action {}", crate::safe::text(name)),
            Self::Suspension => f.write_str("a suspension"),
        }
    }
}

/// A table as observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveTable {
    pub table: Table,
    /// Identity: a recreated table has another id under the same name and ARN.
    pub id: String,
    pub arn: String,
    /// The stack named by the ownership tag; `None`: nobody's.
    pub owner: Option<String>,
    /// What keeps the table from being quiescent ("table is UPDATING", "index X is CREATING (backfilling)"); empty: nothing to wait for.
    pub busy: Vec<String>,
    /// Tags that the stack does not name, kept as they are.
    pub foreign_tags: BTreeMap<String, String>,
    /// When the table was made, epoch milliseconds; 0 = not told.
    pub created_ms: u64,
    /// The value of the applied tag.
    pub applied: Option<String>,
    /// Another tool that says the table is its own.
    pub holder: Option<Holder>,
    /// Regions with a replica of this global table, sorted; observed only.
    pub replicas: Vec<String>,
    /// Sorted. Of every scalable target that was read, also of an index that is not there (yet).
    pub foreign_scaling: Vec<ForeignScaling>,
    /// Auto scaling that outlived its index, by the name of the wanted index that is not there: it is born under it.
    #[serde(default)]
    pub leftover: BTreeMap<String, Scaling>,
    pub usage: Usage,
    #[serde(default)]
    pub trouble: Trouble,
}

/// What is wrong with a table by AWS's own word, and no waiting mends. It comes and goes without anybody's change of the table, so it is
/// no part of a digest or a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The table's status, where it is neither at work nor on its way there: nothing can be read or changed then.
    pub status: Option<String>,
    /// One line for each replica of which the same is true: `the replica in eu-west-1 is CREATION_FAILED`.
    pub replicas: Vec<String>,
    /// Of the insights that the wish manages.
    pub insights: Vec<FailedInsights>,
    /// Its auto scaling should have been read, and the endpoint has none to tell: there may be some all the same.
    #[serde(default)]
    pub scaling_unread: bool,
}

/// Contributor insights that AWS took the call for and could not turn on. They read as off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedInsights {
    /// `None`: the table's.
    pub index: Option<String>,
    /// In AWS's words.
    pub why: String,
}

impl fmt::Display for FailedInsights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.index.as_ref().map_or_else(String::new, |name| format!(" of index {}", crate::safe::text(name)));
        write!(f, "contributor insights{of} failed: {}", self.why)
    }
}

/// A bucket as observed.
#[allow(clippy::struct_excessive_bools)] // each is one independent guard of S3's
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveBucket {
    pub bucket: Bucket,
    pub owner: Option<String>,
    /// The guards that every staging bucket has; each false one is drift.
    pub public_access_blocked: bool,
    pub owner_enforced: bool,
    pub encrypted: bool,
    /// Its KMS key encrypts without a bucket key, so that each object is a request of the key. `false` where nobody told.
    #[serde(default)]
    pub no_bucket_key: bool,
    pub tls_only: bool,
    /// It has a policy, whoever wrote it.
    #[serde(default)]
    pub has_policy: bool,
    /// The first statement of the policy that lets everybody in, by its `Sid` or its place.
    #[serde(default)]
    pub public_statement: Option<String>,
    /// S3 takes no policy with such a statement: that side of the public access block is on.
    #[serde(default)]
    pub refuses_public: bool,
    pub aborts_multipart: bool,
    /// Days until landfall's rule lets an old version expire; 0: never. It matters only where versions are kept.
    #[serde(default)]
    pub expire_versions: u32,
    /// It keeps versions or did so before: old ones may be there.
    #[serde(default)]
    pub versions: bool,
    /// Exactly as `CreateBucket` leaves it: no tag, no policy, no lifecycle, no object, no upload, never versioned, no key of KMS's. A
    /// run that died between the create call and the tags leaves this, so a fresh bucket of the right name is finished, not refused.
    pub fresh: bool,
    /// It holds no object, no version and no unfinished upload that a new rule could delete. Looked at only where no rule of landfall's
    /// is on it, and `false` elsewhere.
    #[serde(default)]
    pub empty: bool,
    pub foreign_tags: BTreeMap<String, String>,
    /// Another tool that says the bucket is its own.
    #[serde(default)]
    pub holder: Option<Holder>,
    /// Looked at only where the bucket is to go.
    #[serde(default)]
    pub contents: Option<Contents>,
}

/// What deleting a bucket would take along.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Versions and delete markers, counted up to [`Contents::MOST`].
    pub versions: u64,
    /// Unfinished uploads, counted likewise.
    pub uploads: u64,
    /// Tables that AWS still imports from it.
    pub imports: Vec<String>,
}

impl Contents {
    /// As many as one page of a listing shows: this many may be more.
    pub const MOST: u64 = 1000;

    /// Whether deleting the bucket would take nothing along.
    pub fn is_empty(&self) -> bool {
        self.versions == 0 && self.uploads == 0
    }

    /// Whether there are any, not how many: counts move while nobody changes anything that was decided.
    #[must_use]
    pub fn rough(&self) -> Self {
        Self { versions: self.versions.min(1), uploads: self.uploads.min(1), imports: self.imports.clone() }
    }
}
