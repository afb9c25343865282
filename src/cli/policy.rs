//! What `iam` takes.

use crate::iam::Verb;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Iam {
    /// The stack file.
    #[arg(value_name = "STACK")]
    pub stack: PathBuf,
    /// Only what this verb needs; by default the needs of all these together. Repeatable.
    #[arg(long = "verb", value_name = "VERB")]
    pub verbs: Vec<Verb>,
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

impl ValueEnum for Verb {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}
