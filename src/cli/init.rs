//! The flags of `init`.

use super::AwsArgs;
use clap::Args;
use std::path::PathBuf;

/// A stack file from what is there.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own
pub struct Init {
    /// From what is live in AWS.
    #[arg(long, required = true)]
    pub from_live: bool,
    /// The stack's name.
    #[arg(long)]
    pub name: String,
    /// This table; every table of the account and region without it (but that of landfall's leases). Repeatable.
    #[arg(long = "table", value_name = "NAME", conflicts_with = "prefix")]
    pub tables: Vec<String>,
    /// Tables whose name begins so.
    #[arg(long)]
    pub prefix: Option<String>,
    /// This bucket too; none without it. Repeatable.
    #[arg(long = "bucket", value_name = "NAME")]
    pub buckets: Vec<String>,
    /// Write warm throughput too. AWS raises it by itself, and a stack holds it as a floor.
    #[arg(long)]
    pub warm: bool,
    /// Write to this file; stdout otherwise.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite the file when it is there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Only the result and errors; no progress.
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub aws: AwsArgs,
}
