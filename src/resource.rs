//! The nouns that a stack desires and AWS shows: tables, indexes, capacity, buckets. Pure values, used by both sides,
//! so that a difference is a comparison of equals and not a translation.
//!
//! Facts: DynamoDB API reference, CreateTable and UpdateTable; limits from "Service, account, and table quotas".

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyKind {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

/// One attribute of a key, with its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyPart {
    pub name: String,
    pub kind: KeyKind,
}

/// A key: partition attributes, then sort attributes. A table and a local index have one and at most one;
/// a global index may have up to four and four.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub partition: Vec<KeyPart>,
    pub sort: Vec<KeyPart>,
}

impl Key {
    /// All parts, partition first.
    pub fn parts(&self) -> impl Iterator<Item = &KeyPart> {
        self.partition.iter().chain(&self.sort)
    }
}

/// Read and write capacity units per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    pub read: u64,
    pub write: u64,
}

/// How a table or an index is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    OnDemand,
    Provisioned(Units),
}

/// The most that an on-demand table or index takes, in request units per second; `None` = no maximum of its own.
/// Source: API reference, `OnDemandThroughput` (-1 clears).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maximum {
    pub read: Option<u64>,
    pub write: Option<u64>,
}

/// Application Auto Scaling of one dimension: a scalable target with one target-tracking policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub min: u64,
    pub max: u64,
    /// Utilisation to hold, in percent (20 to 90); live `None`: a target without a policy that tracks utilisation.
    pub target: Option<u64>,
}

/// Which dimensions auto scaling owns. Capacity of an owned dimension is unmanaged: live reads as `Range::min`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaling {
    pub read: Option<Range>,
    pub write: Option<Range>,
}

/// One side of a capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    Read,
    Write,
}

impl Scaling {
    /// What owns this side.
    pub fn of(self, dimension: Dimension) -> Option<Range> {
        match dimension {
            Dimension::Read => self.read,
            Dimension::Write => self.write,
        }
    }
}

/// What bounds the throughput of a table or an index beside its capacity. The default is AWS's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    pub maximum: Maximum,
    /// Warm throughput as a floor; `None` = not managed. A live value that is at least the wanted one reads as the wanted one.
    pub warm: Option<Units>,
    pub scaling: Scaling,
}

/// Contributor insights of a table or an index.
/// Source: API reference, `UpdateContributorInsights` (`ContributorInsightsMode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Insights {
    Off,
    /// Only keys that were throttled.
    Throttled,
    /// Every accessed and every throttled key.
    All,
}

/// The storage class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    #[default]
    Standard,
    InfrequentAccess,
}

/// Encryption at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// A key of `DynamoDB`'s own.
    #[default]
    Owned,
    /// The account's `aws/dynamodb` key.
    Managed,
    /// A customer's key, by ARN. In a stack it may still be an alias or a bare id: the verbs resolve it to the ARN before anything is compared.
    Key(String),
}

/// A resource policy. `On` holds canonical JSON (see [`crate::policy`]), so that equal policies are equal texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    Off,
    On(String),
}

/// What an index carries beside the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Projection {
    All,
    Keys,
    /// Keys and these non-key attributes.
    Include(BTreeSet<String>),
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub key: Key,
    pub projection: Projection,
    /// The same kind as the table's.
    pub capacity: Capacity,
    pub limits: Limits,
    /// `None` = not managed, and then not read.
    pub insights: Option<Insights>,
}

/// A local secondary index: the table's partition key with another sort key. Only at creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalIndex {
    pub key: Key,
    pub projection: Projection,
}

/// What a stream record shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamView {
    Keys,
    New,
    Old,
    Both,
}

/// Everything that a table is told to be, beside its name. Defaults are AWS's own, so absent is equal to default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub key: Key,
    pub capacity: Capacity,
    pub indexes: BTreeMap<String, Index>,
    pub locals: BTreeMap<String, LocalIndex>,
    /// Deletion protection.
    pub protect: bool,
    /// The attribute with the expiry time in epoch seconds; `None` = off.
    pub ttl: Option<String>,
    pub stream: Option<StreamView>,
    /// Point-in-time recovery; the window in days (1 to 35) when on.
    pub recovery: Option<u32>,
    /// Tags that the stack manages. The ownership tag is not among them.
    pub tags: BTreeMap<String, String>,
    pub limits: Limits,
    pub class: Class,
    pub encryption: Encryption,
    /// `None` = not managed, and then not read.
    pub policy: Option<Policy>,
    /// `None` = not managed, and then not read.
    pub insights: Option<Insights>,
}

impl Table {
    /// A table of this key with everything else as AWS would choose it: on demand, no index, nothing switched on.
    pub fn plain(key: Key) -> Self {
        Self {
            key,
            capacity: Capacity::OnDemand,
            indexes: BTreeMap::new(),
            locals: BTreeMap::new(),
            protect: false,
            ttl: None,
            stream: None,
            recovery: None,
            tags: BTreeMap::new(),
            limits: Limits::default(),
            class: Class::default(),
            encryption: Encryption::default(),
            policy: None,
            insights: None,
        }
    }
}

impl Index {
    /// An on-demand index of this key that carries every attribute.
    pub fn plain(key: Key) -> Self {
        Self { key, projection: Projection::All, capacity: Capacity::OnDemand, limits: Limits::default(), insights: None }
    }
}

/// A staging bucket: always private, owner-enforced, encrypted, TLS-only; what varies is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket's global name.
    pub name: String,
    /// Days until a staged object expires.
    pub expire_days: u32,
    pub tags: BTreeMap<String, String>,
    /// Old versions are kept. AWS knows a third state, suspended, which reads as `false`: both keep nothing new.
    pub versioning: bool,
    /// Default encryption by this KMS key (ARN); `None` = S3's own (SSE-S3).
    pub kms_key: Option<String>,
}

/// The ARN partition of a region ("Amazon Resource Names", AWS General Reference; the SDK's table of partitions).
pub fn partition(region: &str) -> &'static str {
    const BEGIN: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
    ];
    BEGIN.iter().find(|(begin, _)| region.starts_with(begin)).map_or("aws", |(_, partition)| partition)
}

/// The bucket that a `--destroy` argument names: `s3://NAME`. No table can be meant: their names have three letters at least.
pub fn destroyed_bucket(what: &str) -> Option<&str> {
    what.strip_prefix("s3://").filter(|name| !name.is_empty() && !name.contains(['/', ':']))
}

/// What of a bucket that stays `--destroy s3://NAME:ASPECT` allows.
const BUCKET_ASPECTS: [&str; 3] = ["expire", "encryption", "versioning"];

/// The bucket that a `--destroy` argument speaks of: all of it, or an aspect (`s3://NAME:expire`).
pub fn approved_bucket(what: &str) -> Option<&str> {
    let bucket = BUCKET_ASPECTS.iter().find_map(|aspect| what.strip_suffix(aspect)?.strip_suffix(':'));
    destroyed_bucket(bucket.unwrap_or(what))
}

/// The tag key that says which stack owns a table or bucket; its value is the stack's name. Written in the create call.
pub const OWNER_TAG: &str = "landfall:stack";
/// The table of all leases of an account and region: no stack's own.
pub const LEASE_TABLE: &str = "landfall-leases";

/// The tag key whose value is the digest of the table as the last finished apply left it, so that `drift` can say which side changed.
/// Written by the last call of an apply, never before; on a table that is taken over without one it is [`ADOPTED`] until then.
pub const APPLIED_TAG: &str = "landfall:applied";

/// The applied tag's value, no digest, on a table that was taken over and on which no apply has been finished yet.
pub const ADOPTED: &str = "adopted";

#[cfg(test)]
mod tests {
    use super::partition;

    #[test]
    fn a_region_is_in_the_partition_that_its_name_begins_with() {
        let of = |regions: &[&str]| regions.iter().map(|region| partition(region)).collect::<Vec<_>>();
        assert_eq!(of(&["us-east-1", "eu-central-1", "il-central-1"]), ["aws"; 3]);
        assert_eq!(of(&["cn-north-1", "us-gov-west-1", "eusc-de-east-1"]), ["aws-cn", "aws-us-gov", "aws-eusc"]);
        assert_eq!(
            of(&["us-iso-west-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1"]),
            ["aws-iso", "aws-iso-b", "aws-iso-f", "aws-iso-e"]
        );
    }
}
