//! Tables and their indexes.

use super::rows::Rows;
use super::security::{Encryption, Policy};
use super::span::At;
use super::throughput::{Capacity, Maximum, Warm};
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
    /// `"on-demand"` (when absent), or `{ read = 5, write = 5 }` units per second. Either side may be left to auto scaling:
    /// `read = { min = 5, max = 100, target = 70 }`.
    pub capacity: Option<At<Capacity>>,
    /// On-demand: the most that the table takes, `{ read = 1000, write = 500 }`; no maximum when absent.
    pub maximum: Option<At<Maximum>>,
    /// Warm throughput, a floor: `{ read = 12000, write = 4000 }`. AWS only raises it, by itself too; not managed when absent.
    pub warm: Option<At<Warm>>,
    /// The storage class: `"standard"` (when absent) or `"infrequent-access"`.
    pub class: Option<Class>,
    /// Encryption at rest: `"owned"` by DynamoDB (when absent), `"managed"` (the account's `aws/dynamodb` key), or `{ key = "alias/acme" }`.
    pub encryption: Option<At<Encryption>>,
    /// The resource policy: its JSON in `'''…'''`, `{ file = "policy.json" }`, or `false` for none; not managed when absent.
    pub policy: Option<At<Policy>>,
    /// Contributor insights: `"all"` keys, `"throttled"` ones, or `false` for off; not managed when absent.
    pub insights: Option<At<Insights>>,
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
    /// Read and write units, or auto scaling, as a table's; needed when the table has them, absent when the table is on-demand.
    pub capacity: Option<At<Capacity>>,
    /// On-demand: the most that the index takes, `{ read = 1000, write = 500 }`; no maximum when absent.
    pub maximum: Option<At<Maximum>>,
    /// Warm throughput, a floor: `{ read = 12000, write = 4000 }`. AWS only raises it, by itself too; not managed when absent.
    pub warm: Option<At<Warm>>,
    /// Contributor insights: `"all"` keys, `"throttled"` ones, or `false` for off; not managed when absent.
    pub insights: Option<At<Insights>>,
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

/// The storage class.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    Standard,
    InfrequentAccess,
}

/// Contributor insights: which keys are watched, or `false`.
pub(crate) type Insights = Union<InsightsWord, bool>;

/// Which keys contributor insights watch.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InsightsWord {
    All,
    Throttled,
}
impl Takes for InsightsWord {
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
