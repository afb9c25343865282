//! Every way in which a run can end early: its exit code, and what a person should do next.
//!
//! Rule: the message names the thing and the cause; the help is the next step. Hints live here, where the user is.

use crate::diagnostic::Diagnostics;
use crate::exit::Exit;
use crate::live::refresh;
use crate::report::model::Problem;
use crate::{aws, source};

/// Why a run ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// The stack file; already rendered with its carets.
    Stack(Box<Diagnostics>),
    /// The command line, or what it names.
    Usage(String),
    Aws(aws::Error),
    Source(source::Error),
    /// A guard said no.
    Refused(String, String),
    /// Files, sockets, the embedded AWS.
    Io(String),
    /// A problem that a room has already judged.
    Other(Problem),
}

impl From<aws::Error> for Failure {
    fn from(error: aws::Error) -> Self {
        Self::Aws(error)
    }
}

impl From<refresh::Error> for Failure {
    fn from(error: refresh::Error) -> Self {
        let (message, exit) = match error {
            refresh::Error::Aws(error) => return Self::Aws(error),
            error => (error.to_string(), if error.is_refusal() { Exit::Refused } else { Exit::Failed }),
        };
        Self::Other(Problem { message, help: None, exit })
    }
}

impl From<source::Error> for Failure {
    fn from(error: source::Error) -> Self {
        Self::Source(error)
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Stack(Box::new(diagnostics))
    }
}

impl Failure {
    /// As the report tells it.
    pub(super) fn problem(self) -> Problem {
        let (message, help, exit) = match self {
            // Many lines, and inert already.
            Self::Stack(diagnostics) => return Problem { message: diagnostics.to_string(), help: None, exit: Exit::Usage },
            Self::Usage(message) => (message, None, Exit::Usage),
            Self::Aws(error) => {
                let (help, exit) = aws_help(&error);
                (error.to_string(), help, exit)
            }
            Self::Source(error) => (error.to_string(), source_help(&error), error.exit()),
            Self::Refused(message, help) => (message, Some(help), Exit::Refused),
            Self::Io(message) => (message, None, Exit::Failed),
            Self::Other(problem) => return inert(problem),
        };
        inert(Problem { message, help, exit })
    }
}

/// On one line each: a name, a path or a server's text in a message must not begin a line of its own, where CI takes commands.
pub(super) fn inert(problem: Problem) -> Problem {
    let help = problem.help.map(|help| crate::safe::text(&help));
    Problem { message: crate::safe::text(&problem.message), help, ..problem }
}

/// For a rehearsal that would change something real.
const ONE_WORLD: &str = "one run reaches either AWS or stand-ins: for stand-ins set AWS_ENDPOINT_URL, or AWS_ENDPOINT_URL_DYNAMODB, \
    AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_CLOUDWATCH and AWS_ENDPOINT_URL_STS all; for AWS take them and the profile's endpoint_url away";

/// The next step after an AWS error.
pub(super) fn aws_help(error: &aws::Error) -> (Option<String>, Exit) {
    if error.is("MixedEndpoints") {
        return (Some(ONE_WORLD.into()), Exit::Refused);
    }
    let help = if error.is("NoCredentials") {
        "no credentials were found: set AWS_PROFILE, pass --profile, run `aws sso login`, or use --local for the embedded AWS"
    } else if error.is("NoProfile") {
        "name one that `aws configure list-profiles` shows, or leave --profile out to use the environment's credentials"
    } else if error.is("ExpiredToken") || error.is("ExpiredTokenException") {
        "the credentials have expired: log in again, then run the same command; it goes on from what AWS holds"
    } else if error.is_credentials() {
        "AWS does not accept these credentials: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    } else if error.is_denied() {
        "the role lacks this permission: allow the action of the call named above (`landfall iam STACK --why` says which)"
    } else if error.is_throttle() {
        "AWS asked to slow down for longer than landfall waits: run the same command again"
    } else if error.is("ResourceNotFoundException") {
        "it does not exist in this account and region: `landfall plan` shows what is missing, `landfall run` makes and loads it"
    } else if error.code.is_none() {
        "AWS was not reached: check the network, the region and AWS_ENDPOINT_URL"
    } else {
        return (None, Exit::Failed);
    };
    (Some(help.into()), Exit::Failed)
}

fn source_help(error: &source::Error) -> Option<String> {
    match error {
        source::Error::Connect { .. } => Some("check the address, the login and that the server accepts connections from here".into()),
        source::Error::Lost(_) => Some("run the same command again: it takes a new snapshot".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: Option<&str>) -> aws::Error {
        let code = code.map(str::to_owned);
        aws::Error { call: "c".into(), code, message: "m".into(), request_id: None, throttling_reasons: Vec::new() }
    }

    #[test]
    fn each_refusal_of_awss_is_told_with_its_own_next_step_and_one_that_has_none_with_none() {
        for (code, help) in [
            (Some("NoCredentials"), "no credentials were found"),
            (Some("NoProfile"), "list-profiles"),
            (Some("ExpiredToken"), "have expired"),
            (Some("ExpiredTokenException"), "have expired"),
            (Some("InvalidClientTokenId"), "does not accept these credentials"),
            (Some("AccessDeniedException"), "lacks this permission"),
            (Some("ThrottlingException"), "asked to slow down"),
            (Some("ResourceNotFoundException"), "does not exist"),
            (None, "was not reached"),
        ] {
            let (told, exit) = aws_help(&error(code));
            assert!(exit == Exit::Failed && told.as_ref().is_some_and(|told| told.contains(help)), "{code:?}: {told:?}");
        }
        let (told, exit) = aws_help(&error(Some("MixedEndpoints")));
        assert!(exit == Exit::Refused && told.is_some_and(|told| told.contains("AWS_ENDPOINT_URL_S3")));
        assert_eq!(aws_help(&error(Some("ValidationException"))), (None, Exit::Failed), "AWS was reached, and has said what is wrong");
    }

    #[test]
    fn a_name_that_is_somebody_elses_is_a_refusal_and_a_reading_that_failed_is_not() {
        let exit = |error: refresh::Error| Failure::from(error).problem().exit;
        assert_eq!(exit(refresh::Error::Taken("b".into())), Exit::Refused);
        assert_eq!(exit(refresh::Error::Disagreement("T".into())), Exit::Failed);
        assert_eq!(exit(refresh::Error::Aws(error(None))), Exit::Failed);
    }
}
