//! The blocks around the tables: the source, buckets, phases.

use super::security::BucketEncryption;
use super::span::At;
use super::table::Class;
use super::throughput::{Capacity, Maximum, Warm};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where the SQL rows are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// `env:NAME` (read from the environment), `file:PATH` (a mounted secret), `sqlite:PATH`, or a `mysql://`, `mariadb://`,
    /// `postgres://` or `postgresql://` address without a password. Relative paths are relative to this file.
    #[schemars(required)]
    pub url: Option<At<String>>,
    /// What a date and time without a zone means: an IANA name such as `UTC` or `Europe/Berlin`. Without it, it stays text without a zone.
    pub timezone: Option<At<String>>,
    /// SQL files that make the sample database when the SQLite file does not exist yet; relative to this file.
    #[serde(default)]
    pub seed: Vec<At<String>>,
}

/// A staging bucket: always private, owner-enforced, encrypted and TLS-only.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bucket {
    /// The bucket's global name: 3 to 63 of `a-z`, `0-9`, `-` and `.`.
    #[schemars(required)]
    pub name: Option<At<String>>,
    /// Days until a staged object expires; 7 when absent.
    pub expire_days: Option<At<u64>>,
    /// Whether old versions of objects are kept; false when absent.
    pub versioning: Option<bool>,
    /// Default encryption: `"s3"` (S3's own keys, when absent), or `{ key = "alias/acme" }`.
    pub encryption: Option<At<BucketEncryption>>,
    /// Tags, beside the ownership tag that landfall adds.
    #[serde(default)]
    pub tags: BTreeMap<At<String>, At<String>>,
}

/// An overlay: what differs while this phase is chosen with `--phase`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phase {
    /// Tables of this stack in which something differs.
    #[serde(default)]
    pub table: BTreeMap<At<String>, PhaseTable>,
}

/// What a phase changes in a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhaseTable {
    /// The table's capacity during the phase. On-demand takes the indexes and auto scaling along; units end on-demand maximums.
    pub capacity: Option<At<Capacity>>,
    /// On-demand: the most that the table takes during the phase.
    pub maximum: Option<At<Maximum>>,
    /// Warm throughput from this phase on, a floor: AWS does not lower it again.
    pub warm: Option<At<Warm>>,
    /// The storage class during the phase; AWS allows two changes in 30 days.
    pub class: Option<Class>,
    /// Indexes in which something differs.
    #[serde(default)]
    pub index: BTreeMap<At<String>, PhaseIndex>,
}

/// What a phase changes in an index.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhaseIndex {
    /// The index's capacity during the phase.
    pub capacity: Option<At<Capacity>>,
    /// On-demand: the most that the index takes during the phase.
    pub maximum: Option<At<Maximum>>,
    /// Warm throughput from this phase on, a floor: AWS does not lower it again.
    pub warm: Option<At<Warm>>,
}
