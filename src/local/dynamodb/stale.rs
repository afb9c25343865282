//! Reads that lag behind writes: for a while after a change a description still tells of the time before.
//!
//! Rule: what is kept is the reply as it would have been given before the change, so no reader can tell it from a slow replica.
//! Called by every change whose reads AWS does not promise to be immediate.

use super::Region;
use super::notes::{Stale, TableNotes};
use serde_json::Value;
use std::time::Duration;

/// Keeps `reply` as the answer to `what` for `lag` of AWS's time; nothing for no time at all.
pub(super) fn keep(region: &Region, notes: &mut TableNotes, what: &str, reply: Option<Value>, lag: Duration) {
    let now = region.time().now_ms();
    notes.stale.retain(|_, stale| now < stale.until);
    if !lag.is_zero() {
        // Who reads late reads the oldest state, not that between two changes.
        let reply = notes.stale.remove(what).map_or(reply, |older| older.reply);
        notes.stale.insert(what.to_owned(), Stale { until: region.time().after(lag), reply });
    }
}

/// What is still answered to `what`: `None` when reads are up to date.
#[allow(clippy::option_option, reason = "up to date, not found, and an old reply are three things")]
pub(super) fn answer(region: &Region, notes: &TableNotes, what: &str) -> Option<Option<Value>> {
    let now = region.time().now_ms();
    notes.stale.get(what).filter(|stale| now < stale.until).map(|stale| stale.reply.clone())
}
