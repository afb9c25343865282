//! Taking a stack's lease before a verb's first look at what it will change, and giving it back at the end.
//!
//! Rule: verbs that only read never come here. Called by `apply`, `load` and `run`.

use super::failure::Failure;
use super::interrupt::Interrupt;
use super::session::Session;
use crate::aws::Aws;
use crate::cli::LockArgs;
use crate::event::Events;
use crate::exit::Exit;
use crate::lease::{self, Lease, Request};
use crate::report::model::Problem;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Takes the lease of `stack`. When it is lost later, the loops that look at the interrupt's flag stop.
pub(super) async fn take(
    aws: &Aws,
    stack: &str,
    verb: &str,
    args: LockArgs,
    events: &Events,
    interrupt: &Interrupt,
) -> Result<Lease, Failure> {
    let request = Request { stack, verb, lease: Duration::from_secs(args.lease), patience: Duration::from_secs(args.lock_timeout) };
    let stop = interrupt.stop();
    let lease = tokio::select! {
        taken = Lease::take(aws, request, events) => taken?,
        () = stop.said() => return Err(interrupted()),
    };
    let (watched, flag) = (lease.clone(), interrupt.flag());
    tokio::spawn(async move {
        watched.when_lost().await;
        flag.store(true, Ordering::SeqCst);
    });
    Ok(lease)
}

/// Gives it back; what cannot be given back is said, and expires.
pub(super) async fn release(lease: &Lease, events: &Events) {
    if let Err(error) = lease.release().await {
        events.warn(format!("the lease could not be given back and will expire by itself: {error}"));
    }
}

impl Session {
    /// Takes the lease of the session's stack, and puts every call from here behind it.
    pub(super) async fn lock(&mut self, verb: &str, args: LockArgs) -> Result<(), Failure> {
        let lease = take(&self.aws, &self.stack.name, verb, args, &self.events, &self.interrupt).await?;
        self.aws = lease.fence(&self.aws);
        self.lease = Some(lease);
        Ok(())
    }

    /// Whether the lease is still this run's: what was read while another run wrote proves nothing. `surely`: as a renewal says, and not
    /// only as far as it is known.
    pub(super) async fn held(&self, surely: bool) -> Result<(), Failure> {
        match &self.lease {
            Some(lease) if surely => Ok(lease.permit(true).await?),
            Some(lease) => Ok(lease.lost().map_or(Ok(()), Err)?),
            None => Ok(()),
        }
    }

    /// Gives the lease back.
    pub(super) async fn unlock(&self) {
        if let Some(lease) = &self.lease {
            release(lease, &self.events).await;
        }
    }
}

impl From<lease::Error> for Failure {
    fn from(error: lease::Error) -> Self {
        match error {
            // A refused permission is the lease table's own; everything else of AWS's is told as everywhere.
            lease::Error::Aws(inner) if !inner.is_denied() => Self::Aws(*inner),
            error => {
                let source = std::error::Error::source(&error).map(|s| format!(": {s}")).unwrap_or_default();
                Self::Other(Problem { message: format!("{error}{source}"), help: Some(error.help()), exit: error.exit() })
            }
        }
    }
}

fn interrupted() -> Failure {
    let message = "stopped while waiting for the lease; nothing was changed".to_owned();
    Failure::Other(Problem { message, help: None, exit: Exit::Interrupted })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws;

    #[test]
    fn only_a_denied_lease_is_told_with_the_permissions_that_it_takes() {
        let failure = |code: &str| {
            let error = aws::Error {
                call: "c".into(),
                code: Some(code.into()),
                message: "m".into(),
                request_id: None,
                throttling_reasons: Vec::new(),
            };
            Failure::from(lease::Error::Aws(Box::new(error)))
        };
        assert!(matches!(failure("AccessDeniedException"), Failure::Other(Problem { help: Some(help), .. }) if help.contains("dynamodb:")));
        assert!(matches!(failure("ExpiredTokenException"), Failure::Aws(_)));
    }
}
