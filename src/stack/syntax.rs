//! The stack file as it is written: serde structs with a span on everything that a check can blame.
//!
//! Rules: shallow; `deny_unknown_fields`; no flatten and no untagged (both spoil spans and messages). What must be there is an
//! `Option` marked `required`: `structure` reports its absence with all other findings, and reading goes on.
//! The doc comments here are the descriptions in the JSON Schema: they are for the person who edits the file.
//!
//! Called by `schema`, `structure` (through the schema) and `lower`.

pub(super) mod access;
pub(super) mod item;
pub(super) mod policy;
pub(super) mod rows;
pub(super) mod security;
pub(super) mod setting;
pub(super) mod span;
pub(super) mod table;
pub(super) mod throughput;
pub(super) mod union;

use schemars::JsonSchema;
use serde::Deserialize;
use span::At;
use std::collections::BTreeMap;

/// A landfall stack: what should exist in AWS, and what each SQL row should become.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "landfall stack")]
pub(super) struct File {
    /// The stack's name: letters, digits, `-`, `_` and `.`. Tables and buckets carry it in their ownership tag.
    #[schemars(required)]
    pub name: Option<At<String>>,
    /// The twelve-digit AWS account that this stack may touch, as text. Any other account is refused.
    #[schemars(required)]
    pub account: Option<At<String>>,
    /// The AWS region, such as `us-east-1`.
    #[schemars(required)]
    pub region: Option<At<String>>,
    /// Where the SQL rows are.
    pub source: Option<setting::Source>,
    /// Staging buckets, by a name of your own; the first is where tables are imported from.
    #[serde(default)]
    pub bucket: BTreeMap<At<String>, setting::Bucket>,
    /// DynamoDB tables, by their DynamoDB name.
    #[serde(default)]
    pub table: BTreeMap<At<String>, table::Table>,
    /// Overlays by name, chosen with `--phase`: what differs while loading, for instance.
    #[serde(default)]
    pub phase: BTreeMap<At<String>, setting::Phase>,
    /// What validation has to reach.
    pub validate: Option<policy::Validate>,
    /// Access patterns: for sampled parameters, the SQL answer must be the DynamoDB answer.
    #[serde(default)]
    pub access: Vec<At<access::Access>>,
}
