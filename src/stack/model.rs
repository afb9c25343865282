//! The desired state, checked: what `lower` makes of a stack file and everything after it reads.

use crate::mapping::{Mapping, Value};
use crate::resource::{Bucket, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One stack: what should exist, and what each SQL row should become.
#[derive(Debug, Clone)]
pub struct Stack {
    pub name: String,
    /// The twelve-digit account that this stack may touch; any other is refused.
    pub account: String,
    pub region: String,
    pub source: Option<SourceSpec>,
    /// By their name in the stack; the first is the staging bucket.
    pub buckets: BTreeMap<String, Bucket>,
    /// By DynamoDB table name.
    pub tables: BTreeMap<String, TableSpec>,
    pub policy: Policy,
    pub access: Vec<Access>,
    /// SHA-256 (hex) of the file's bytes, of the phase's name where one was applied, and of the files that it names.
    pub digest: String,
}

/// A table and the rows that fill it.
#[derive(Debug, Clone)]
pub struct TableSpec {
    pub table: Table,
    pub rows: Vec<Mapping>,
}

/// Where the rows come from.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    pub url: UrlSpec,
    /// What a zone-less date and time means; `None`: it stays zone-less text.
    pub timezone: Option<jiff::tz::TimeZone>,
    /// SQL files (absolute paths) that make the sample database when it is absent; SQLite only.
    pub seed: Vec<std::path::PathBuf>,
}

/// How the source's address is given. A literal never holds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlSpec {
    /// Without a password: `sqlite:path`, `postgres://user@host/db`. A relative SQLite path is made absolute against the stack file.
    Literal(String),
    /// `env:NAME`.
    Env(String),
    /// `file:PATH`, for mounted secrets.
    File(std::path::PathBuf),
}

/// What validation has to reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The gate on the Clopper-Pearson upper bound of the mismatch rate, as a fraction (50 ppm = 0.00005).
    pub max_mismatch_rate: f64,
    /// One-sided confidence of that bound, in (0, 1).
    pub confidence: f64,
    pub seed: u64,
    /// Throttling: seconds back from now, when not tied to a run.
    pub throttle_window_secs: u64,
    /// Throttle events over which the answer is no.
    pub throttle_max_events: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_mismatch_rate: 0.001, confidence: 0.95, seed: 1, throttle_window_secs: 24 * 3600, throttle_max_events: 0 }
    }
}

/// An access pattern: the SQL answer must be the DynamoDB answer.
#[derive(Debug, Clone)]
pub struct Access {
    pub name: String,
    /// SQL with named parameters (`:email`).
    pub sql: String,
    pub query: AccessQuery,
    /// SQL whose columns are the parameters, one set per row; `None`: the pattern has no parameters.
    pub params_from: Option<String>,
}

/// The DynamoDB half of an access pattern.
#[derive(Debug, Clone)]
pub struct AccessQuery {
    pub table: String,
    pub index: Option<String>,
    /// Conditions on key attributes, partition first; each a parameter (`:email`) or a constant template.
    pub key: Vec<(String, Condition)>,
    /// Conditions on other attributes, all of which must hold.
    pub filter: Vec<(String, Condition)>,
    /// The attributes that are compared with the SQL columns, by position.
    pub returns: Vec<String>,
    /// Whether the order of the answers counts.
    pub ordered: bool,
}

/// One condition of an access pattern's query.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    Equals(Operand),
    BeginsWith(Operand),
    AtLeast(Operand),
    AtMost(Operand),
    Between(Operand, Operand),
}

/// A constant, or text with `:parameters` in it; a lone parameter keeps its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Constant(Value),
    Parameters(String),
}
