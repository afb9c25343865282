//! The report: everything that a run did and found, with its evidence. Values in it are already masked or made inert.

use crate::exit::Exit;
use serde::Serialize;

pub use super::loaded::{EntityLoad, Finding, LoadPath, LoadReport, TableLoad};

/// The version of the JSON form. A field may be added without a new number; none is renamed or removed.
pub const SCHEMA: &str = "landfall.report/v1";

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub schema: &'static str,
    pub version: &'static str,
    pub verb: String,
    pub stack: Option<String>,
    pub identity: Option<Identity>,
    /// The source's address without its password.
    pub source: Option<String>,
    /// RFC 3339, UTC.
    pub started: String,
    pub seconds: f64,
    pub plan: Option<PlanReport>,
    pub apply: Option<ApplyReport>,
    pub load: Option<LoadReport>,
    pub validate: Option<ValidateReport>,
    pub throttling: Option<ThrottlingReport>,
    /// Everything that went wrong, each with the code that it alone would leave with.
    pub errors: Vec<Problem>,
    pub outcome: Exit,
    pub exit_code: u8,
}

/// Account, region, role and endpoint of the run.
#[derive(Debug, Clone, Serialize)]
pub struct Identity {
    pub account: String,
    pub arn: String,
    pub region: String,
    pub endpoint: String,
}

/// An error as the report tells it.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    pub exit: Exit,
}

/// The plan (`report.plan` in the JSON form): the diff, the numbered calls, what is refused, what is left of AWS's budgets.
/// README, "The plan as JSON", has it as a table; a test keeps the two equal.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PlanReport {
    /// One entry per resource that differs, in the order of work: buckets, then tables, by name.
    pub changes: Vec<Change>,
    /// The calls that apply makes. Those of one address are made in this order; addresses go side by side.
    pub steps: Vec<Step>,
    /// Not empty: apply does nothing at all, and the exit code is 5.
    pub refusals: Vec<Refusal>,
    /// What AWS allows only so often, where the plan uses it or AWS says that some of it is used.
    pub budgets: Vec<Budget>,
    /// When everything must be done (`--deadline`), RFC 3339 UTC; null: no deadline.
    pub deadline: Option<String>,
    /// Things in AWS that nobody asked about: under the stack's tag, and not in the file.
    pub unmanaged: Vec<String>,
    /// Likewise, but only named as if they were the stack's: no tag was seen on them.
    pub resembling: Vec<String>,
    /// What AWS has under way on resources that do not differ: `table Users: index byMail is CREATING (backfilling)`. While one of them
    /// is being created, `drift` is inconclusive.
    pub moving: Vec<String>,
    /// What should have been compared and could not be read, and why. While there is one, `drift` is inconclusive.
    pub unread: Vec<String>,
    /// What a person should know beside all this.
    pub notes: Vec<String>,
}

/// One resource's difference (`changes[]`).
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// `table Users`, `bucket acme-staging`.
    pub address: String,
    /// `create`, `update` or `delete`.
    pub action: Action,
    /// What a person should know beside the fields ("id 7c1e…").
    pub note: Option<String>,
    /// Which side moved since the last finished apply: `live`, `file`, `both`, `unknown`; null for what is not a table of this
    /// stack that exists and stays.
    pub since: Option<Side>,
    /// What differs, by path.
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// Which side moved since the last finished apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// AWS; the file is what was applied.
    Live,
    /// The file; AWS is what was applied.
    File,
    /// Neither is what was applied.
    Both,
    /// No apply has been recorded on it.
    Unknown,
}

/// One field's difference (`changes[].fields[]`); `live` is null where it is new, `desired` where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// `capacity`, `index EmailIndex`, `index EmailIndex.capacity`, `tag team`.
    pub path: String,
    pub live: Option<String>,
    pub desired: Option<String>,
}

/// One call that apply makes (`steps[]`), numbered within its resource.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub address: String,
    /// From 1, per address.
    pub number: usize,
    /// The API and its essence: `CreateTable with 2 global indexes`.
    pub call: String,
    /// Seconds that it usually takes, from and to, waits before it included; an estimate.
    pub seconds: (u64, u64),
    /// It can lose data, recoverability, readers or control, and was allowed by name.
    pub destructive: bool,
    /// What it costs or risks; null: nothing to say.
    pub remark: Option<String>,
    /// AWS refuses it before this time (RFC 3339 UTC), because a budget is spent; null: at once.
    pub not_before: Option<String>,
}

/// A difference that landfall will not make (`refusals[]`), with the recipe.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    pub address: String,
    pub reason: String,
    /// What to do instead, with the flag's exact spelling where there is one.
    pub recipe: String,
}

/// What AWS allows only so often (`budgets[]`).
#[derive(Debug, Clone, Serialize)]
pub struct Budget {
    pub address: String,
    /// `capacity decreases of index EmailIndex`, `changes to on-demand`, ….
    pub limit: String,
    /// Changes that the plan makes.
    pub uses: u64,
    /// Changes left in the window once the plan is done; null: AWS does not tell how many there were before.
    pub left: Option<u64>,
    /// Changes that a window allows.
    pub allowed: u64,
    /// The window: `on a UTC day, then one an hour`, `in 24 hours`, ….
    pub window: String,
}

/// What apply did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ApplyReport {
    pub done: Vec<Done>,
    /// Resources that were not finished, with why.
    pub unfinished: Vec<String>,
    /// What is as the stack says as far as it can be seen, and AWS is still creating or does not show whole: it cannot be used yet.
    pub creating: Vec<String>,
    /// What differs from the stack by now though it was as it says before, or what a load that broke off did not make: nothing of it was
    /// changed after the import.
    pub left_alone: Vec<String>,
    /// Whether a last read showed live equal to desired (but for what was left alone), and nothing of it still being created.
    pub converged: bool,
}

/// One call made.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    pub address: String,
    pub call: String,
    pub seconds: f64,
}

/// The verdict of validation and its evidence.
#[derive(Debug, Clone, Serialize)]
pub struct ValidateReport {
    pub checks: Vec<Check>,
    pub mismatches: Vec<Mismatch>,
    /// Mismatches found in all, also those not listed.
    pub mismatches_total: u64,
    pub prove: Prove,
    pub seed: u64,
    /// What the run read.
    pub read_units: f64,
    /// What the checks leave out, because it was not asked for.
    pub notes: Vec<String>,
}

/// One check of one table.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub table: String,
    pub kind: CheckKind,
    /// `entity order`, `index EmailIndex`, an access pattern's name; empty for the whole table.
    pub subject: String,
    pub verdict: Verdict,
    /// What the source predicts and what the target holds, in items (or rows).
    pub expected: u64,
    pub found: u64,
    pub compared: u64,
    pub missing: u64,
    pub unexpected: u64,
    pub different: u64,
    /// One-sided upper bound of the mismatch rate, where sampled.
    pub bound: Option<f64>,
    /// Why, in one line.
    pub note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    Count,
    Sample,
    Full,
    Index,
    Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Match,
    Mismatch,
    Inconclusive,
}

/// One item that is not as its rows say. All texts are masked unless values are shown.
#[derive(Debug, Clone, Serialize)]
pub struct Mismatch {
    pub table: String,
    pub kind: MismatchKind,
    /// The item's key, as `name=value` pairs.
    pub key: String,
    pub entity: Option<String>,
    /// The SQL row that the key names: `users where user_id = 101`.
    pub row: Option<String>,
    /// Attribute by attribute; empty for missing and unexpected.
    pub attributes: Vec<AttributeDifference>,
    /// Both records as text, one attribute a line, for a diff; empty unless different.
    pub expected: Vec<String>,
    pub found: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MismatchKind {
    Missing,
    Unexpected,
    Different,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeDifference {
    pub name: String,
    /// `absent`, or type and value: `S ‹#1a2b3c4d›`.
    pub expected: String,
    pub found: String,
}

/// The negative control: records corrupted in memory on the way in, and how many were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Prove {
    pub planted: u64,
    pub found: u64,
}

/// CloudWatch's word on throttling.
#[derive(Debug, Clone, Serialize)]
pub struct ThrottlingReport {
    /// RFC 3339, UTC.
    pub from: String,
    pub to: String,
    pub max_events: u64,
    pub rows: Vec<ThrottlingRow>,
}

/// A table or one of its indexes.
#[derive(Debug, Clone, Serialize)]
pub struct ThrottlingRow {
    pub table: String,
    pub index: Option<String>,
    /// Throttle events by cause (`WriteKeyRangeThroughputThrottleEvents`); absent: CloudWatch has no data, which is not zero.
    pub events: Vec<(String, Option<u64>)>,
    pub consumed_read: Option<f64>,
    pub consumed_write: Option<f64>,
    pub provisioned_read: Option<f64>,
    pub provisioned_write: Option<f64>,
    /// Consumed write units per period, oldest first; `None`: no datapoint.
    pub write_series: Vec<Option<f64>>,
    pub read_series: Vec<Option<f64>>,
    /// Throttle events per period.
    pub throttle_series: Vec<Option<f64>>,
    /// How far the index is filled, in percent, while it is being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled: Option<f64>,
    pub verdict: Verdict,
    pub note: String,
}
