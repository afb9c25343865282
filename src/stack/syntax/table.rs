//! Tables and their indexes.

use super::rows::Rows;
use super::span::At;
use super::union::{Kind, Takes, Union};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A DynamoDB table and the rows that fill it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The key, each attribute with its type S, N or B: `["userId:N"]`, or partition then sort: `["PK:S", "SK:S"]`.
    #[schemars(required)]
    pub key: Option<At<Vec<At<String>>>>,
    /// `"on-demand"` (when absent), or `{ read = 5, write = 5 }` units per second.
    pub capacity: Option<At<Capacity>>,
    /// Deletion protection; true when absent.
    pub protect: Option<bool>,
    /// The attribute that holds the expiry time in epoch seconds; time to live is off when absent.
    pub ttl: Option<At<String>>,
    /// What a stream record shows; no stream when absent.
    pub stream: Option<Stream>,
    /// Point-in-time recovery: `true` (35 days), `false` (when absent), or `{ days = 7 }`.
    pub recovery: Option<Union<bool, Recovery>>,
    /// Tags, beside the ownership tag that landfall adds.
    #[serde(default)]
    pub tags: BTreeMap<At<String>, At<String>>,
    /// Global secondary indexes, by name.
    #[serde(default)]
    pub index: BTreeMap<At<String>, Index>,
    /// Local secondary indexes, by name. They exist only from the table's creation on, and keep ImportTable from being used.
    #[serde(default)]
    pub local: BTreeMap<At<String>, Local>,
    /// How SQL rows become items: one block for each relation (and entity).
    #[serde(default)]
    pub rows: Vec<At<Rows>>,
}

/// A global secondary index.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Index {
    /// `["username:S"]`, partition then sort: `["PK:S", "SK:S"]`, or up to four and four:
    /// `{ partition = ["a:S", "b:S"], sort = ["c:N"] }`.
    #[schemars(required)]
    pub key: Option<At<Union<Vec<At<String>>, MultiKey>>>,
    /// What the index carries: `"all"` (when absent), `"keys"`, or a list of attributes beside the keys.
    pub project: Option<At<Project>>,
    /// Read and write units; needed when the table has them, absent when the table is on-demand.
    pub capacity: Option<At<Capacity>>,
}

/// A local secondary index: the table's partition key with another sort key.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Local {
    /// The sort key alone: `["createdAt:S"]`.
    #[schemars(required)]
    pub key: Option<At<Vec<At<String>>>>,
    /// What the index carries: `"all"` (when absent), `"keys"`, or a list of attributes beside the keys.
    pub project: Option<At<Project>>,
}

/// A key of several attributes, for a global index: up to four that partition, up to four that sort.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MultiKey {
    /// One to four attributes, each with its type.
    #[schemars(required)]
    pub partition: Option<Vec<At<String>>>,
    /// Up to four attributes, each with its type.
    #[serde(default)]
    pub sort: Vec<At<String>>,
}

/// How a table or an index is paid for.
pub(crate) type Capacity = Union<CapacityWord, Units>;

/// Paid by the request.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum CapacityWord {
    #[serde(rename = "on-demand")]
    OnDemand,
}
impl Takes for CapacityWord {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}

/// Provisioned capacity, in units per second.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Units {
    /// Read units: 1 or more.
    #[schemars(required)]
    pub read: Option<At<u64>>,
    /// Write units: 1 or more.
    #[schemars(required)]
    pub write: Option<At<u64>>,
}

/// What an index carries.
pub(crate) type Project = Union<ProjectWord, Vec<At<String>>>;

/// What an index carries, in a word.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProjectWord {
    All,
    Keys,
}
impl Takes for ProjectWord {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}

/// What a stream record shows of the item: its keys, its new image, its old image, or both.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stream {
    Keys,
    New,
    Old,
    Both,
}

/// Point-in-time recovery with a window.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recovery {
    /// The window in days: 1 to 35.
    #[schemars(required)]
    pub days: Option<At<u64>>,
}
