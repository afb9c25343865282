//! Whether a person may, and can, be asked before AWS is changed.
//!
//! Rule: asked is only on a terminal, never in CI; elsewhere only `--yes` counts. Who cannot be asked is told so before anything is
//! changed, the lease included. Called by `apply`, `load`, `run` and `unlock`.

use super::failure::Failure;
use crate::cli::{Common, Consent};
use std::io::{BufRead, IsTerminal, Write};

/// What is known of an approval before it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Approval {
    /// By `--yes`, or because nothing of value can be hurt.
    Given,
    /// There is a person to ask.
    ToAsk,
    /// Nobody can be asked: what needs it will be refused.
    Impossible,
}

impl Approval {
    /// Of a run that makes changes. The embedded AWS in memory can be changed by anybody.
    pub(super) fn of(consent: Consent, common: &Common) -> Self {
        Self::given(consent.yes || (common.aws.local && common.aws.keep.is_none()))
    }

    /// With nothing but a flag to go by.
    pub(super) fn given(yes: bool) -> Self {
        match () {
            () if yes => Self::Given,
            () if can_ask() => Self::ToAsk,
            () => Self::Impossible,
        }
    }

    /// Asks where there is somebody to ask.
    pub(super) fn get(self, question: &str) -> Result<(), Failure> {
        match self {
            Self::Given => Ok(()),
            Self::ToAsk => ask(question),
            Self::Impossible => Err(Failure::Refused(
                "nobody can be asked here, and --yes was not given".into(),
                "read what is shown above, then run again with --yes".into(),
            )),
        }
    }
}

fn can_ask() -> bool {
    let ci = ["CI", "GITHUB_ACTIONS"].iter().any(|name| std::env::var(name).is_ok_and(|v| !v.is_empty() && v != "false"));
    !ci && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn ask(question: &str) -> Result<(), Failure> {
    let _ = write!(std::io::stderr(), "{question} Only \"yes\" is a yes: ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::Refused("not approved; nothing was done".into(), "answer \"yes\", or pass --yes".into()))
}
