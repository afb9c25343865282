//! `unlock`: who holds a stack's lease; with `--force`, takes it away.
//!
//! Rules: what is taken away is exactly what was shown; a run that lives notices at its next heartbeat and stops before its next change,
//! and until that is certain the lease is not free. Guards as everywhere: the stack's account and region.

use super::consent::Approval;
use super::failure::Failure;
use super::session::Session;
use super::{output, say, whereabouts};
use crate::aws::leases::Stored;
use crate::cli::{Common, OutputArgs, Unlock};
use crate::exit::Exit;
use crate::lease;
use crate::lease::model::{Record, State};
use std::time::{SystemTime, UNIX_EPOCH};

/// `unlock`: 0 when nobody holds it (any more), 7 when somebody does.
pub(super) async fn run(args: &Unlock) -> Exit {
    run_into(args).await.unwrap_or_else(say)
}

async fn run_into(args: &Unlock) -> Result<Exit, Failure> {
    let output = OutputArgs::default();
    let common = Common { stack: args.stack.clone(), aws: args.aws.clone(), output, source: None, phase: None };
    let session = Session::open(&common).await?;
    session.events.note(whereabouts(session.aws.identity()));
    let stack = session.stack.name.clone();
    let shown = match session.aws.read_lease(&stack).await? {
        Stored::Record(record) if record.state != State::Released => record,
        Stored::Record(_) | Stored::Nothing | Stored::NoTable => {
            return tell(&format!("stack {stack}: nobody holds its lease\n"), Exit::Pass);
        }
    };
    tell(&told(&stack, &shown), Exit::Pass)?;
    if !args.force {
        return Ok(Exit::Locked);
    }
    Approval::given(args.consent.yes).get("Take the lease away from this run?")?;
    let stop = session.interrupt.stop();
    tokio::select! {
        revoked = lease::revoke(&session.aws, &stack, &shown, &session.events) => revoked?,
        () = stop.said() => return Ok(Exit::Interrupted),
    }
    let freed = tell(&format!("stack {stack}: nobody holds its lease any more\n"), Exit::Pass);
    session.close(&common).await;
    freed
}

/// What is shown of a held lease: without a secret, inert.
fn told(stack: &str, record: &Record) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX));
    let silence = record.silence_s(now).map_or("in the future, by its own clock".to_owned(), |s| format!("{s} s ago, by its own clock"));
    let state = if record.state == State::Revoked { "taken away by force, and not yet free" } else { "held" };
    format!(
        "stack {}: {state}\n  by              {}\n  last heartbeat  {silence}\n  lease           {} s, number {} of this stack\n",
        crate::safe::text(stack),
        record.claim,
        record.lease.as_secs(),
        record.fence
    )
}

fn tell(text: &str, exit: Exit) -> Result<Exit, Failure> {
    output::to_stdout(text).map_err(Failure::Io)?;
    Ok(exit)
}
