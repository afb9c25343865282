//! The command line: verbs, flags and their help. What they mean lives in `command`.
//!
//! Rule: a group's heading stands over every flag that follows it, so a verb's own flags come before its groups.

use crate::plan::deadline::Deadline;
mod init;
mod local;
mod named;
mod policy;

pub use init::Init;
pub use local::LocalArgs;
pub use policy::Iam;

mod lock;

pub use lock::{LockArgs, Unlock};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Takes a relational application to DynamoDB and proves that it arrived.
///
/// Exit codes, the same for every verb: 0 pass, with full coverage · 1 could not finish · 2 usage or stack-file error ·
/// 3 the answer is no (changes pending, drift, mismatch, throttled) · 4 inconclusive · 5 refused by a guard ·
/// 6 stale or altered plan · 7 locked · 8 partly done, run again · 130 interrupted, run again.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, disable_help_subcommand = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Parse and lint stack files, offline: every error at once, with file, line and column.
    Check(Check),
    /// Write a stack file from live tables and buckets. Reads only.
    Init(Init),
    /// Compare the stack with live AWS: the difference, and the numbered calls that apply would make. Reads only.
    Plan(Plan),
    /// Make live AWS what the stack says: a sealed plan, or plan and ask.
    Apply(Apply),
    /// Is live AWS still what the stack says? Reads only; 3 when it is not.
    Drift(Common),
    /// Turn SQL rows into items: through S3 and ImportTable for a table that does not exist, BatchWriteItem otherwise.
    Load(Load),
    /// Prove it: counts, every record, every index, the access patterns. Reads only.
    Validate(Validate),
    /// Ask CloudWatch which table or index was throttled, when and why.
    Throttling(Throttling),
    /// Plan, apply, load, validate and throttling in one go.
    Run(Run),
    /// Show who holds the lease of a stack; take it away with --force.
    Unlock(Unlock),
    /// Print the least IAM policy that the verbs need for this stack, offline.
    Iam(Iam),
    /// The embedded AWS as a server on loopback; prints the environment to export.
    #[command(after_long_help = local::FAULTS_HELP)]
    Local(LocalArgs),
    /// Print the JSON Schema of stack files, for editors.
    Schema,
    /// Print a completion script.
    Completions { shell: clap_complete::Shell },
}

/// A time that a clock can add: at most a year.
fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(..=365 * 86_400)
}

/// The arguments as a command line, or clap's answer to them.
pub fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(arguments)
}

/// What clap says about `arguments`, for stderr: inert, and without the passwords that clap would repeat.
pub fn complaint(error: &clap::Error, arguments: &[OsString]) -> String {
    // Said again about inert arguments: clap drops parts of escape sequences, so they cannot be found in its text afterwards.
    let inert: Vec<OsString> = arguments.iter().map(|a| crate::safe::text(&a.to_string_lossy()).into()).collect();
    let again = parse(&inert).err();
    let text = again.as_ref().unwrap_or(error).render().to_string();
    crate::safe::block(&crate::stack::masked(&text))
}

/// The completion script for `shell`.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut <Cli as clap::CommandFactory>::command(), "landfall", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[derive(Debug, Args)]
pub struct Check {
    /// Stack files.
    #[arg(required = true, value_name = "STACK")]
    pub stacks: Vec<PathBuf>,
    /// Check with this phase's overlay.
    #[arg(long, value_name = "NAME")]
    pub phase: Option<String>,
}

/// What every verb that looks at AWS takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The stack file; for `apply` also a plan that `plan --out` sealed.
    #[arg(value_name = "STACK")]
    pub stack: PathBuf,
    /// Read rows from here instead of the stack's source: `env:NAME`, `file:PATH`, or an address without a password.
    #[arg(long, value_name = "URL")]
    pub source: Option<String>,
    /// Apply this phase's overlay to the stack.
    #[arg(long, value_name = "NAME")]
    pub phase: Option<String>,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which AWS, as whom.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "AWS")]
pub struct AwsArgs {
    /// Profile of the shared configuration; its credentials go before the environment's.
    #[arg(long)]
    pub profile: Option<String>,
    /// Region; for a verb that takes a stack, the stack's.
    #[arg(long)]
    pub region: Option<String>,
    /// Use the embedded AWS, in this process, instead of the real one.
    #[arg(long)]
    pub local: bool,
    /// With --local: keep the embedded AWS's data in this directory.
    #[arg(long, value_name = "DIR", requires = "local")]
    pub keep: Option<PathBuf>,
}

/// What is printed, and how.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Format of the result, on stdout or in a file: `table`, `json`, `json=FILE`. Repeatable.
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<Output>,
    /// Print row values and keys; they are masked otherwise.
    #[arg(long)]
    pub show_values: bool,
    /// Only the result and errors; no progress.
    #[arg(short, long)]
    pub quiet: bool,
}

/// One output: a format, and a file unless it is stdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    pub file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
}

impl std::str::FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("the file's name is empty".into()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = Format::from_str(format, false).map_err(|_| format!("no format '{format}': use table or json"))?;
        Ok(Self { format, file })
    }
}

/// What a person allows, by name.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Approvals")]
pub struct ApprovalArgs {
    /// Manage this existing table or bucket, which carries no ownership tag or another stack's: that stack loses it. Repeatable.
    #[arg(long, value_name = "NAME", value_parser = named::adoptable)]
    pub adopt: Vec<String>,
    /// Allow this table (`NAME`), bucket (`s3://NAME`) or index (`TABLE/INDEX`) to be deleted, or a table to lose its recovery points,
    /// its stream or its own key (`TABLE:recovery`, `TABLE:stream`, `TABLE:encryption`), or items of a table that is in use to be
    /// deleted by a TTL that the file turns on (`TABLE:ttl`), or a bucket's objects to expire sooner,
    /// or new ones to be without its own key or older versions (`s3://NAME:expire`, `s3://NAME:encryption`, `s3://NAME:versioning`).
    /// Repeatable.
    #[arg(long, value_name = "NAME", value_parser = named::destroyable)]
    pub destroy: Vec<String>,
    /// With --destroy: also when the table holds items, or the bucket objects.
    #[arg(long, requires = "destroy")]
    pub with_data: bool,
}

#[derive(Debug, Args)]
pub struct Plan {
    /// Seal the plan into this file, for `apply FILE`. An older plan is replaced; any other file that is there is refused.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit 3 when there are changes, or refusals.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Refuse the plan if it may not be done by then, at its worst: `90m`, or `2026-11-21T02:00Z`. A call that AWS may refuse, because
    /// it does not tell how much of a limit is spent, is named.
    #[arg(long, value_name = "WHEN")]
    pub deadline: Option<Deadline>,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub approvals: ApprovalArgs,
}

#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    pub consent: Consent,
    /// Give up waiting for AWS after this many seconds; running again goes on from there.
    #[arg(long, value_name = "SECONDS", default_value_t = 14_400, value_parser = seconds())]
    pub timeout: u64,
    /// Do not wait while AWS fills an index, which can take hours: leave with 8, and running again goes on from there.
    #[arg(long)]
    pub detach: bool,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub approvals: ApprovalArgs,
    #[command(flatten)]
    pub lock: LockArgs,
}

/// Whether to ask.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Consent {
    /// Do it without asking.
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Load {
    #[command(flatten)]
    pub consent: Consent,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub approvals: ApprovalArgs,
    #[command(flatten)]
    pub lock: LockArgs,
    #[command(flatten)]
    pub limits: LoadLimits,
}

/// What a load may leave out, and where it goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Load")]
pub struct LoadLimits {
    /// Rows that may end in quarantine instead of DynamoDB before the load counts as failed; with one there, it is inconclusive (4).
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    pub max_quarantined: u64,
    /// Where rows that cannot become items are written, with reasons; a file that is there is refused, because it may hold an earlier
    /// run's rows [default: STACK-quarantine.ndjson, or STACK-quarantine-2.ndjson and so on].
    #[arg(long, value_name = "FILE")]
    pub quarantine: Option<PathBuf>,
    /// Write items directly even where ImportTable could be used.
    #[arg(long)]
    pub no_import: bool,
}

#[derive(Debug, Args)]
pub struct Validate {
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub checks: CheckArgs,
}

/// How deep validation goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Validation")]
pub struct CheckArgs {
    /// Compare a random sample of this many records in both directions, instead of all of them.
    #[arg(long, value_name = "RECORDS")]
    pub sample: Option<u64>,
    /// Only count: no record is compared.
    #[arg(long, conflicts_with = "sample")]
    pub count_only: bool,
    /// Seed of the sample; the stack's by default.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Do not plant faults in memory to prove that the comparison can see.
    #[arg(long)]
    pub no_prove: bool,
    /// Mismatches listed one by one; all are counted.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub max_listed: usize,
}

#[derive(Debug, Args)]
pub struct Throttling {
    /// Look back this far (`90m`, `24h`, `7d`), at most 15 days; the stack's window by default.
    #[arg(long)]
    pub window: Option<String>,
    /// Wait this many seconds for metrics that CloudWatch does not show yet: five minutes, until nothing throttled can pass.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = seconds())]
    pub wait: u64,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub consent: Consent,
    /// Where the JSON report goes [default: STACK-report.json].
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Wait this many seconds for metrics that CloudWatch does not show yet: on AWS five minutes, until nothing throttled can pass.
    #[arg(long, value_name = "SECONDS", default_value_t = 420, value_parser = seconds())]
    pub wait: u64,
    /// Give up waiting for a table after this many seconds; running again goes on from there.
    #[arg(long, value_name = "SECONDS", default_value_t = 14_400, value_parser = seconds())]
    pub timeout: u64,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub approvals: ApprovalArgs,
    #[command(flatten)]
    pub lock: LockArgs,
    #[command(flatten)]
    pub limits: LoadLimits,
    #[command(flatten)]
    pub checks: CheckArgs,
}

#[cfg(test)]
mod tests;
