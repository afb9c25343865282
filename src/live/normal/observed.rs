//! AWS's answers in our nouns, before any default is folded: what `aws` reads and [`super`] judges.
//!
//! Rules: nothing is interpreted here. A word of AWS's stays a string, so that one we do not know is refused by name
//! in [`super`] and not dropped at the door. Called by `aws::tables`, `aws::buckets` and the tests of [`super`].

use crate::resource::{KeyKind, Units};

/// One element of a key schema, as AWS lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedKey {
    pub attribute: String,
    /// `HASH` or `RANGE`.
    pub role: String,
}

/// A secondary index of either kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedIndex {
    pub name: String,
    /// `CREATING`, `ACTIVE`, …; local indexes have none.
    pub status: Option<String>,
    pub backfilling: bool,
    pub key: Vec<ObservedKey>,
    /// `ALL`, `KEYS_ONLY`, `INCLUDE`.
    pub projection: String,
    pub include: Vec<String>,
    pub units: Option<Units>,
    /// Warm throughput's own status, where there is one.
    pub warm_status: Option<String>,
}

/// `DescribeTable`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedTable {
    pub id: String,
    pub arn: String,
    /// Epoch milliseconds; 0 = not told.
    pub created_ms: u64,
    pub status: String,
    pub attributes: Vec<(String, KeyKind)>,
    pub key: Vec<ObservedKey>,
    /// `PROVISIONED` or `PAY_PER_REQUEST`; absent means provisioned.
    pub billing: Option<String>,
    pub units: Option<Units>,
    pub globals: Vec<ObservedIndex>,
    pub locals: Vec<ObservedIndex>,
    pub protect: Option<bool>,
    /// `Some((enabled, view))` where a stream specification is shown.
    pub stream: Option<(bool, Option<String>)>,
    /// SSE, warm throughput and replicas: a word for each that is in motion ("encryption is UPDATING").
    pub moving: Vec<String>,
}

/// `DescribeTimeToLive`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedTtl {
    /// `ENABLED`, `ENABLING`, `DISABLING`, `DISABLED`; absent means disabled.
    pub status: Option<String>,
    pub attribute: Option<String>,
}

/// `DescribeContinuousBackups`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedRecovery {
    /// `ENABLED` or `DISABLED`; absent means disabled.
    pub status: Option<String>,
    pub days: Option<u32>,
}

/// One lifecycle rule of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedRule {
    pub id: String,
    pub enabled: bool,
    /// Whether the rule covers every key (no prefix, tag or size filter).
    pub whole_bucket: bool,
    pub expire_days: Option<u32>,
    pub abort_days: Option<u32>,
}

/// A bucket's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedBucket {
    pub tags: Vec<(String, String)>,
    /// The four flags of the public access block; absent: there is none.
    pub block: Option<[bool; 4]>,
    /// `BucketOwnerEnforced`, …
    pub ownership: Vec<String>,
    /// Default encryption's algorithms.
    pub encryption: Vec<String>,
    /// The bucket policy's JSON text.
    pub policy: Option<String>,
    pub rules: Vec<ObservedRule>,
    /// Whether a listing showed no object; `None`: not asked.
    pub empty: Option<bool>,
}
