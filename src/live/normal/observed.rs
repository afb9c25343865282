//! AWS's answers in our nouns, before any default is folded: what `aws` reads and [`super`] judges.
//!
//! Rules: nothing is interpreted here. A word of AWS's stays a string, so that one we do not know is refused by name
//! in [`super`] and not dropped at the door. Called by `aws::tables`, `aws::buckets` and the tests of [`super`].

use crate::resource::{KeyKind, Units};
use std::collections::BTreeMap;

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
    pub counters: ObservedCounters,
    pub maximum: ObservedMaximum,
    pub warm: Option<Units>,
    /// Warm throughput's own status, where there is one.
    pub warm_status: Option<String>,
}

/// `OnDemandThroughput`: -1 and absent both mean none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObservedMaximum {
    pub read: Option<i64>,
    pub write: Option<i64>,
}

/// What `ProvisionedThroughputDescription` counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObservedCounters {
    /// `NumberOfDecreasesToday`; `None`: not told.
    pub decreases: Option<u64>,
    /// `LastDecreaseDateTime`, epoch milliseconds.
    pub last_decrease_ms: Option<u64>,
}

/// `SSEDescription`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedEncryption {
    /// `ENABLED`, `ENABLING`, `UPDATING`, `DISABLING`, `DISABLED`.
    pub status: Option<String>,
    /// `KMS` or `AES256`.
    pub kind: Option<String>,
    /// The key's ARN.
    pub key: Option<String>,
}

/// A replica of a global table, in another region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedReplica {
    pub region: String,
    /// `ACTIVE`, `CREATING`, …
    pub status: Option<String>,
}

/// `DescribeTable`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedTable {
    pub id: String,
    pub arn: String,
    /// Epoch milliseconds; 0 = not told.
    pub created_ms: u64,
    /// `ItemCount`, which AWS brings up to date every six hours or so.
    pub items: u64,
    pub status: String,
    pub attributes: Vec<(String, KeyKind)>,
    pub key: Vec<ObservedKey>,
    /// `PROVISIONED` or `PAY_PER_REQUEST`; absent means provisioned.
    pub billing: Option<String>,
    pub units: Option<Units>,
    pub counters: ObservedCounters,
    /// `LastUpdateToPayPerRequestDateTime`, epoch milliseconds.
    pub to_on_demand_ms: Option<u64>,
    pub maximum: ObservedMaximum,
    pub warm: Option<Units>,
    pub warm_status: Option<String>,
    pub globals: Vec<ObservedIndex>,
    pub locals: Vec<ObservedIndex>,
    pub protect: Option<bool>,
    /// `Some((enabled, view))` where a stream specification is shown.
    pub stream: Option<(bool, Option<String>)>,
    /// `STANDARD` or `STANDARD_INFREQUENT_ACCESS`; absent means standard.
    pub class: Option<String>,
    /// When the class was last changed, epoch milliseconds.
    pub class_changed_ms: Option<u64>,
    /// Absent means a key of `DynamoDB`'s own.
    pub encryption: Option<ObservedEncryption>,
    pub replicas: Vec<ObservedReplica>,
}

/// One scalable target of Application Auto Scaling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedTarget {
    pub table: String,
    pub index: Option<String>,
    /// `dynamodb:table:ReadCapacityUnits` and so on.
    pub dimension: String,
    pub min: u64,
    pub max: u64,
    /// Somebody suspended scaling: the target does nothing.
    pub suspended: bool,
    pub policies: Vec<ObservedScaler>,
    /// Names of the scheduled actions that set its bounds by the clock.
    pub scheduled: Vec<String>,
}

/// One scaling policy of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedScaler {
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling`, …
    pub kind: String,
    /// The predefined metric; `None`: it follows another one.
    pub metric: Option<String>,
    /// The target in percent; `None`: not a whole number, or none.
    pub target: Option<u64>,
}

/// `DescribeContributorInsights`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedInsights {
    /// `ENABLED`, `ENABLING`, `DISABLING`, `DISABLED`, `FAILED`; absent means disabled.
    pub status: Option<String>,
    /// `ACCESSED_AND_THROTTLED_KEYS` or `THROTTLED_KEYS`; absent means the former.
    pub mode: Option<String>,
    /// Why they failed: the exception's name and description, as far as AWS tells them.
    pub failure: Option<String>,
}

/// Everything that was read of one table; what the wish does not manage was not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedAll {
    pub table: ObservedTable,
    pub ttl: ObservedTtl,
    pub recovery: ObservedRecovery,
    /// As `ListTagsOfResource` gave them.
    pub tags: Vec<(String, String)>,
    /// Whether the key of `table.encryption` is the account's `aws/dynamodb` key.
    pub managed_key: bool,
    pub scaling: Vec<ObservedTarget>,
    /// It was asked for, and the endpoint does not know the question.
    pub scaling_unread: bool,
    /// `None`: not asked. `Some(None)`: there is no policy.
    pub policy: Option<Option<String>>,
    /// By index; `None` is the table. Absent: not asked.
    pub insights: BTreeMap<Option<String>, ObservedInsights>,
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
    /// `ENABLED`, `ENABLING`, `DISABLING`, `DISABLED`; absent means disabled.
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
    /// Days until a version that is no longer current expires, however few there are of its object.
    pub expire_versions: Option<u32>,
    pub abort_days: Option<u32>,
}

/// How a bucket encrypts what is put into it without a word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedDefault {
    /// `AES256`, `aws:kms`, `aws:kms:dsse`.
    pub algorithm: String,
    /// As it was named: an ARN, an alias or an id.
    pub key: Option<String>,
    /// Whether one request of the key does for many objects; absent: not told.
    pub bucket_key: Option<bool>,
}

/// A bucket's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedBucket {
    pub tags: Vec<(String, String)>,
    /// The four flags of the public access block; absent: there is none.
    pub block: Option<[bool; 4]>,
    /// `BucketOwnerEnforced`, …
    pub ownership: Vec<String>,
    pub encryption: Vec<ObservedDefault>,
    /// `Enabled`, `Suspended`; absent: never switched on.
    pub versioning: Option<String>,
    /// The bucket policy's JSON text.
    pub policy: Option<String>,
    pub rules: Vec<ObservedRule>,
    /// Whether listings showed no object, no version and no unfinished upload; `None`: not asked.
    pub empty: Option<bool>,
}
