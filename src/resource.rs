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
}

/// A staging bucket: always private, owner-enforced, encrypted, TLS-only; what varies is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket's global name.
    pub name: String,
    /// Days until a staged object expires.
    pub expire_days: u32,
    pub tags: BTreeMap<String, String>,
}

/// The tag key that says which stack owns a table or bucket; its value is the stack's name. Written in the create call.
pub const OWNER_TAG: &str = "landfall:stack";
