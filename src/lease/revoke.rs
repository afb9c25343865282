//! `unlock --force`: takes a lease away without letting two write.
//!
//! Rules: revoked is exactly the version that a person was shown; a revoked lease is free once its holder says so, its process is provably
//! gone, or nobody touched it for a whole lease, after which its holder cannot believe in it any more.
//! Called by the verb `unlock`.

use super::keep::{Error, locked};
use super::machine;
use super::model::{Decision, Now, Record, State, Watch};
use super::timer::{Timer, wall_ms};
use crate::aws::Aws;
use crate::aws::leases::Stored;
use crate::event::Events;
use std::time::Duration;

/// Revokes `shown`, and waits until nobody can act under it. A heartbeat since it was shown is no news; another holder is.
pub async fn revoke(aws: &Aws, stack: &str, shown: &Record, events: &Events) -> Result<(), Error> {
    let mut told = false;
    let (timer, mut watch) = (Timer::new(), Watch::new("", Duration::ZERO));
    loop {
        let Stored::Record(record) = aws.read_lease(stack).await? else { return Ok(()) };
        if record.state == State::Released {
            return Ok(());
        }
        if !record.is_tenure_of(shown) {
            return Err(locked(stack, &record));
        }
        if record.state == State::Held {
            // Refused: a heartbeat came between; look again.
            aws.write_lease(stack, &record.version(), &record.next(State::Revoked, wall_ms())).await?;
            continue;
        }
        if !std::mem::replace(&mut told, true) {
            events.note("taken away; waiting until its holder surely knows");
        }
        let now = Now { at: timer.at_most(), wall_ms: wall_ms() };
        match watch.look(Some(&record), machine::is_dead(&record.claim), now) {
            Decision::Take { expect, .. } => {
                if aws.write_lease(stack, &expect, &record.next(State::Released, wall_ms())).await? {
                    machine::forget(&record.claim.run);
                }
            }
            Decision::Wait(time) => tokio::time::sleep(time).await,
            Decision::Ours | Decision::Locked => return Ok(()),
        }
    }
}
