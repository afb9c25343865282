//! Why apply, or one resource of it, did not finish; each with its exit code and what to do next.

use crate::aws;
use crate::exit::Exit;
use crate::lease;
use crate::live::refresh;
use crate::report::model::Problem;

/// What can end a run or a resource's part of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the plan was made for {planned}, and this run is {actual}")]
    Elsewhere { planned: String, actual: String },
    #[error("the plan has expired: it was good for 24 hours")]
    Expired,
    #[error("the plan was made by landfall {planned}, and this is {actual}")]
    Version { planned: String, actual: String },
    #[error("the plan refuses {count} {}: {first}", if *count == 1 { "thing" } else { "things" })]
    Refusals { count: usize, first: String },
    #[error("{address}: the destructive step \"{call}\" is not approved")]
    Unapproved { address: String, call: String, flag: String },
    #[error("{address}: it has items")]
    NotEmpty { address: String },
    #[error("{address}: live is not what the plan saw: {difference}")]
    Stale { address: String, difference: String },
    #[error("{address}: {call}")]
    Call {
        address: String,
        call: String,
        #[source]
        source: Box<aws::Error>,
    },
    #[error("{address}: cannot read it")]
    Read {
        address: String,
        #[source]
        source: Box<refresh::Error>,
    },
    #[error("bucket {0} is taken: its name belongs to another account")]
    Taken(String),
    #[error("{address}: time is up while waiting: {waiting}")]
    Timeout { address: String, waiting: String },
    #[error("{address}: not begun, because the credentials were refused elsewhere in this run")]
    Halted { address: String },
    #[error("{address}: not changed")]
    Lease {
        address: String,
        #[source]
        source: Box<lease::Error>,
    },
    #[error("{address}: stopped by request")]
    Interrupted { address: String },
    #[error("{address}: after all calls, live still differs: {difference}")]
    Unproved { address: String, difference: String },
}

impl Error {
    /// The code that this alone would leave with. `done`: something was changed in this run.
    fn exit(&self, done: bool) -> Exit {
        match self {
            Self::Elsewhere { .. } | Self::Refusals { .. } | Self::Unapproved { .. } | Self::NotEmpty { .. } | Self::Taken(_) => {
                Exit::Refused
            }
            Self::Read { source, .. } if matches!(**source, refresh::Error::Taken(_) | refresh::Error::Elsewhere { .. }) => Exit::Refused,
            Self::Expired | Self::Version { .. } | Self::Stale { .. } => Exit::Stale,
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::Lease { source, .. } => source.exit(),
            _ if done => Exit::Partial,
            _ => Exit::Failed,
        }
    }

    /// What to do next.
    fn help(&self) -> String {
        let again = "nothing needs repair: run it again and it goes on from what is there";
        match self {
            Self::Elsewhere { .. } => "use the credentials, region and endpoint that the plan names, or plan again here".into(),
            Self::Expired | Self::Version { .. } | Self::Stale { .. } => "make a new plan and read it".into(),
            Self::Refusals { .. } => "see the plan's refusals: each names its flag or its recipe".into(),
            Self::Unapproved { flag, .. } => format!("allow it by name with --destroy {}", crate::safe::text(flag)),
            Self::NotEmpty { .. } => "empty the table, or add --with-data to delete it with everything in it".into(),
            Self::Taken(_) => "choose another bucket name in the stack file".into(),
            Self::Call { source, .. } if source.is_denied() => {
                "the role lacks the permission for this call: allow it, then run it again".into()
            }
            Self::Call { source, .. } if source.is_credentials() => {
                "renew the credentials and run it again: it goes on from what is there".into()
            }
            Self::Lease { source, .. } => source.help(),
            Self::Unproved { .. } => "somebody else may be changing it, or AWS did not do as it said: plan again and compare".into(),
            _ => again.into(),
        }
    }

    /// As the report tells it: the whole chain of causes in one line.
    pub fn problem(&self, done: bool) -> Problem {
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            message = format!("{message}: {inner}");
            cause = inner.source();
        }
        Problem { message, help: Some(self.help()), exit: self.exit(done) }
    }
}
