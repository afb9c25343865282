//! The flags of the lease, and `unlock`.

use super::{AwsArgs, Consent};
use clap::Args;
use std::path::PathBuf;

/// One run at a time writes for a stack.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Lock")]
pub struct LockArgs {
    /// Wait so long for another run of this stack; 0 answers 7 at once. One that was killed on this machine is taken
    /// over at once; one elsewhere once it was seen silent for its whole lease, so wait a little longer than that.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = super::seconds())]
    pub lock_timeout: u64,
    /// How long after this run's last heartbeat another run may take over. One try of a change has a sixth of it (at least 5 s), so that
    /// none arrives later: below 30 s that is not kept.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub lease: u64,
}

#[derive(Debug, Args)]
pub struct Unlock {
    /// The stack file.
    #[arg(value_name = "STACK")]
    pub stack: PathBuf,
    /// Take the lease away from its holder, whose run then stops before its next change. Asks first; where nobody can be asked, give --yes
    /// too.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub consent: Consent,
    #[command(flatten)]
    pub aws: AwsArgs,
}
