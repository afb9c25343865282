//! Why apply, or one resource of it, did not finish; each with its exit code and what to do next.

use crate::aws;
use crate::exit::Exit;
use crate::lease;
use crate::live::normal::is_changing;
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
    #[error("{address}: time is up: {done}, and there is more")]
    HalfEmpty { address: String, done: String },
    #[error("{address}: it is not empty")]
    Filled { address: String },
    #[error("{address}: AWS still imports from it: {tables}")]
    Imported { address: String, tables: String },
    #[error("{address}: live is not what the plan saw: {difference}")]
    Stale { address: String, difference: String },
    /// AWS took the call, and could not do it afterwards.
    #[error("{address}: {what}")]
    Insights { address: String, what: String },
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
    #[error("{address}: it is {status}: nothing of it can be read or changed")]
    Unusable { address: String, status: String },
    #[error("bucket {0} is taken: its name belongs to another account")]
    Taken(String),
    #[error("{address}: time is up while waiting: {waiting}")]
    Timeout { address: String, waiting: String },
    /// A deletion that stopped between its guards and itself.
    #[error("{address}: it stands without what was taken off for its deletion ({off})")]
    Unguarded {
        address: String,
        /// The calls whose effect stays.
        off: String,
        #[source]
        source: Box<Self>,
    },
    #[error("{address}: left while AWS is at work: {waiting}")]
    Detached { address: String, waiting: String },
    /// AWS changes this only so often, and the run's time is up before it may be done again.
    #[error("{address}: {call}: AWS changes this only so often; it can go on {again}")]
    Spent {
        address: String,
        call: String,
        /// `at 2026-...`, or that AWS does not say when.
        again: String,
        #[source]
        source: Box<aws::Error>,
    },
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
    /// It is as the stack says, as far as it can be seen.
    #[error("{address}: {what}")]
    Creating { address: String, what: String },
}

impl Error {
    /// The code that this alone would leave with. `done`: something was changed in this run.
    fn exit(&self, done: bool) -> Exit {
        match self {
            Self::Elsewhere { .. }
            | Self::Refusals { .. }
            | Self::Unapproved { .. }
            | Self::Filled { .. }
            | Self::Imported { .. }
            | Self::Taken(_) => Exit::Refused,
            Self::Read { source, .. } if source.is_refusal() => Exit::Refused,
            Self::Unusable { .. } | Self::NotEmpty { .. } if !done => Exit::Refused,
            Self::Creating { .. } => Exit::Inconclusive,
            Self::Expired | Self::Version { .. } | Self::Stale { .. } => Exit::Stale,
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::Lease { source, .. } => source.exit(),
            Self::Unguarded { source, .. } => source.exit(done),
            Self::Spent { .. } | Self::HalfEmpty { .. } | Self::Detached { .. } => Exit::Partial,
            _ if done => Exit::Partial,
            _ => Exit::Failed,
        }
    }

    /// What to do next.
    fn help(&self) -> String {
        let again = "nothing needs repair: run it again (a sealed plan is made anew) and it goes on from what is there";
        match self {
            Self::Elsewhere { .. } => "use the credentials, region and endpoint that the plan names, or plan again here".into(),
            Self::Expired | Self::Version { .. } | Self::Stale { .. } => "make a new plan and read it".into(),
            Self::Refusals { .. } => "see the plan's refusals: each names its flag or its recipe".into(),
            Self::Unapproved { flag, .. } => format!("allow it by name with --destroy {}", crate::safe::text(flag)),
            Self::NotEmpty { .. } => "empty the table, or add --with-data to delete it with everything in it".into(),
            Self::Filled { .. } => {
                "something writes into it: stop that, plan again, and add --with-data if it shall go all the same".into()
            }
            Self::Imported { .. } => "wait until the import is over, and plan again".into(),
            Self::Unusable { .. } => "see in the DynamoDB console why (most often a KMS key), bring it to ACTIVE, then run it again".into(),
            Self::Insights { .. } => {
                "most often a quota of CloudWatch's: raise it, or take `insights` out of the stack file; then run it again".into()
            }
            Self::Creating { what, .. } if is_changing(what) => {
                "until AWS has done a change it shows what was before: run it again then".into()
            }
            Self::Creating { .. } => {
                "it cannot be used, or not be seen whole, yet, and its making can still fail: run it again when AWS is done".into()
            }
            Self::Taken(_) => "choose another bucket name in the stack file".into(),
            Self::Spent { .. } => "nothing needs repair: run it again then, and it goes on from what is there".into(),
            Self::Detached { .. } => {
                "AWS goes on by itself: run it again (a sealed plan is made anew) to see it done, and what comes after it".into()
            }
            Self::Lease { source, .. } => source.help(),
            Self::Unguarded { source, .. } => format!("if it is to stay, put that back; if it is to go: {}", source.help()),
            Self::Call { .. } | Self::Read { .. } => self.refused().unwrap_or_else(|| again.into()),
            Self::Unproved { .. } => "somebody else may be changing it, or AWS did not do as it said: plan again and compare".into(),
            _ => again.into(),
        }
    }

    /// What to do where AWS refused the one who asks: a long wait only reads, and outlives many a token.
    fn refused(&self) -> Option<String> {
        let source = match self {
            Self::Call { source, .. } => source,
            Self::Read { source, .. } => source.aws()?,
            _ => return None,
        };
        if source.is_denied() {
            return Some(format!("the role lacks a permission: allow {}, then run it again", action(source)));
        }
        source.is_credentials().then(|| "renew the credentials and run it again: it goes on from what is there".into())
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

/// What a refused call has to be allowed: what AWS itself names (`... is not authorized to perform: kms:DescribeKey on ...`), or the call.
fn action(error: &aws::Error) -> String {
    let named = error.message.split_once("not authorized to perform: ").and_then(|(_, rest)| rest.split_whitespace().next());
    let shaped = |name: &&str| name.split_once(':').is_some_and(|(service, call)| !service.is_empty() && !call.is_empty());
    named.filter(shaped).map_or_else(|| format!("the action of \"{}\"", error.call), crate::safe::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(message: &str) -> aws::Error {
        let code = Some("AccessDeniedException".to_owned());
        aws::Error {
            call: "DynamoDB UpdateTable T".into(),
            code,
            message: message.into(),
            request_id: None,
            throttling_reasons: Vec::new(),
        }
    }

    /// Most of a run is reading, in long waits.
    #[test]
    fn a_read_that_is_refused_says_what_to_do_as_a_call_does() {
        let read = |source: aws::Error| Error::Read { address: "table T".into(), source: Box::new(refresh::Error::Aws(source)) };
        assert!(read(denied("no")).help().contains("lacks a permission"));
        let expired = aws::Error { code: Some("ExpiredTokenException".into()), ..denied("expired") };
        assert!(read(expired).help().contains("renew the credentials"));
        let busy = aws::Error { code: Some("InternalServerError".into()), ..denied("busy") };
        assert!(read(busy).help().contains("run it again"));
    }

    #[test]
    fn a_refused_permission_is_named() {
        let iam = denied("User: arn:aws:iam::1:user/a is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:k because");
        assert_eq!(action(&iam), "kms:DescribeKey");
        assert_eq!(action(&denied("no")), "the action of \"DynamoDB UpdateTable T\"");
    }

    #[test]
    fn a_permission_that_aws_does_not_spell_out_is_told_by_its_call() {
        assert_eq!(action(&denied("is not authorized to perform: everything")), "the action of \"DynamoDB UpdateTable T\"");
        assert_eq!(action(&denied("is not authorized to perform: dynamodb: on T")), "the action of \"DynamoDB UpdateTable T\"");
    }

    #[test]
    fn a_call_that_failed_says_what_to_mend_and_leaves_by_what_was_done() {
        let call = |code: &str| {
            let source = Box::new(aws::Error { code: Some(code.into()), ..denied("no") });
            Error::Call { address: "table T".into(), call: "c".into(), source }
        };
        let help = |code: &str| call(code).problem(false).help.unwrap_or_default();
        assert!(help("AccessDeniedException").contains("the role lacks a permission"));
        assert!(help("ExpiredTokenException").contains("renew the credentials"));
        assert!(help("ValidationException").contains("nothing needs repair"));
        let exits = [false, true].map(|done| call("ValidationException").problem(done).exit);
        assert_eq!(exits, [Exit::Failed, Exit::Partial]);
    }

    #[test]
    fn a_bucket_that_is_not_ours_to_have_is_refused_and_one_that_cannot_be_read_failed() {
        let read = |source| Error::Read { address: "bucket b".into(), source: Box::new(source) }.problem(false).exit;
        let elsewhere = refresh::Error::Elsewhere { bucket: "b".into(), region: "r".into(), wanted: "w".into() };
        assert_eq!([read(refresh::Error::Taken("b".into())), read(elsewhere)], [Exit::Refused; 2]);
        assert_eq!(read(refresh::Error::Aws(denied("no"))), Exit::Failed);
    }

    #[test]
    fn a_spent_budget_is_safe_to_run_again_and_says_when() {
        let source = Box::new(denied("decreases are limited"));
        let spent = Error::Spent { address: "table T".into(), call: "c".into(), again: "at 2026-01-01T00:00:00Z".into(), source };
        let problem = spent.problem(false);
        assert_eq!(problem.exit, Exit::Partial);
        assert!(problem.message.contains("it can go on at 2026-01-01T00:00:00Z"), "{}", problem.message);
    }
}
