//! What `iam` takes.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Iam {
    /// The stack file.
    #[arg(value_name = "STACK")]
    pub stack: PathBuf,
    /// Only what this verb needs; every verb's needs together by default. Repeatable.
    #[arg(long = "verb", value_name = "VERB")]
    pub verbs: Vec<PolicyVerb>,
    /// With this phase's overlay.
    #[arg(long, value_name = "NAME")]
    pub phase: Option<String>,
    /// Allow this table (`NAME`) or bucket (`s3://NAME`) to be deleted, for `apply --destroy NAME`; none can be otherwise. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub destroy: Vec<String>,
    /// Instead of the policy: one line for each permission, with the call that needs it, and the path where it is a rare one.
    #[arg(long)]
    pub why: bool,
}

/// The verbs that speak to AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyVerb {
    Plan,
    Drift,
    Apply,
    Load,
    Validate,
    Throttling,
    Run,
    Unlock,
}
