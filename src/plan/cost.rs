//! How long a call takes, and what it costs or risks: what a person weighs before saying yes.
//!
//! Rules: timings were measured once, by one lab, so they are ranges and called estimates; where nobody measured, the range is
//! wide. A remark says one thing in one line, and only what holds for this very call.
//! Called by [`super::make`] (times) and `report` (remarks).

use super::budget::Limited;
use super::model::State;
use super::risk::destructive;
use super::step::{Mode, Step};
use crate::resource::{Class, Encryption, Insights, Table};

/// Seconds from one change of TTL until `DynamoDB` takes another, from and to: half an hour in one lab, up to an hour by the API reference
/// (`UpdateTimeToLive`), and a minute until apply asks again.
pub const TTL_COOLDOWN: (u64, u64) = (1800, 3660);

/// Seconds that a step usually takes, from and to. `ttl_was_on`: an earlier step of the same plan turned TTL off.
pub fn estimate(step: &Step, ttl_was_on: bool) -> (u64, u64) {
    match step {
        Step::CreateTable { table, .. } if table.indexes.is_empty() => (2, 7),
        Step::CreateTable { .. } => (7, 25),
        Step::SetCapacity { mode: Some(Mode::Provisioned), .. } => (60, 100),
        Step::SetCapacity { mode: Some(Mode::OnDemand), .. } => (4, 175),
        Step::SetCapacity { mode: None, .. } | Step::SetMaximum { .. } | Step::SetClass { .. } | Step::SetInsights { .. } => (2, 60),
        // On an empty table; the backfill of a full one comes on top.
        Step::CreateIndex { .. } => (450, 1020),
        Step::DeleteIndex { .. } | Step::SetStream { .. } => (2, 10),
        Step::RaiseWarm { .. } => (270, 510),
        Step::Encrypt { .. } => (20, 30),
        Step::Protect { .. } => (1, 15),
        Step::TtlOn { .. } if ttl_was_on => TTL_COOLDOWN,
        // Not accepted in the first seconds of a new table.
        Step::SetRecovery { .. } | Step::SetPolicy { .. } => (1, 5),
        Step::DeleteTable { .. } => (2, 20),
        Step::ScaleTarget { .. } | Step::ScalePolicy { .. } | Step::Unscale { .. } | Step::Tag { .. } => (1, 3),
        // Of what one page of a listing shows.
        Step::AbortUploads | Step::DeleteVersions => (1, 30),
        _ => (1, 2),
    }
}

/// Why nobody can say how long the step takes at most, where nobody can.
pub fn unbounded(step: &Step) -> Option<&'static str> {
    match step {
        Step::CreateIndex { .. } => Some("the backfill grows with the table"),
        Step::AbortUploads | Step::DeleteVersions => Some("it grows with what the bucket holds"),
        _ => None,
    }
}

/// What AWS may have against the step that nobody can know before; `None`: nothing, or the budgets tell it.
pub fn doubt(untold: Option<&Limited>) -> Option<&'static str> {
    let is_ttl = matches!(untold, Some(Limited::Ttl));
    is_ttl.then_some("AWS refuses it for up to an hour after another change of TTL, and does not tell when one was; apply waits")
}

/// What the step costs or risks, seen from the state before it; `None`: nothing to say.
pub fn remark(step: &Step, before: &State) -> Option<&'static str> {
    let now = before.table().map(|live| &live.table);
    match step {
        Step::SetCapacity { mode, .. } => capacity(*mode),
        Step::DeleteIndex { .. } => Some("queries of it fail from now on; to have it again is a new backfill"),
        Step::CreateIndex { .. } => {
            Some("minutes even on an empty table; the backfill of its items comes on top and is charged as writes to the index")
        }
        Step::RaiseWarm { .. } => Some("charged once for what is added, and never lowered again"),
        Step::SetMaximum { .. } => Some("requests over a maximum are throttled; without one the cost follows the traffic"),
        Step::ScaleTarget { .. } => Some("the capacity, and its cost, moves between these bounds by itself"),
        Step::Unscale { .. } => Some("the capacity stays as it is at that moment"),
        Step::AbortUploads => Some("their parts are gone, and who is still uploading gets an error"),
        Step::DeleteVersions => Some("cannot be undone; a second or so for each thousand; it can be stopped and run again"),
        Step::ExpireObjects { versions: false, .. } if destructive(step, before) => {
            Some("S3 deletes the objects that are older, too, within days; it cannot be undone")
        }
        Step::ExpireObjects { .. } if destructive(step, before) => {
            Some("S3 deletes the objects and old versions that are older, too, within days; it cannot be undone")
        }
        Step::DeleteBucket => Some("cannot be undone, and anybody may take the name then"),
        Step::DeleteTable { .. } => Some("cannot be undone, and an item written after the last look is lost with it"),
        step => setting(step, now),
    }
}

fn capacity(mode: Option<Mode>) -> Option<&'static str> {
    match mode {
        Some(Mode::OnDemand) => Some("billed by the request from then on"),
        Some(Mode::Provisioned) => Some("billed by the hour from then on, and requests over the units are throttled"),
        None => None,
    }
}

fn setting(step: &Step, now: Option<&Table>) -> Option<&'static str> {
    match step {
        Step::CreateTable { table, .. } if has_warm(table) => Some("warm throughput above what a new table has is charged once"),
        Step::SetClass { class: Class::InfrequentAccess } => Some("storage gets cheaper and requests dearer"),
        Step::SetClass { class: Class::Standard } => Some("requests get cheaper and storage dearer"),
        Step::Encrypt { with } => Some(encrypt(with, now)),
        Step::SetPolicy { .. } => Some("who may use the table changes; AWS enforces it some minutes later"),
        Step::SetInsights { insights, .. } if *insights != Insights::Off => Some("charged by the event"),
        Step::SetStream { view: Some(_) } => Some("the stream has a new ARN: its consumers have to be pointed to it"),
        Step::SetStream { view: None } => Some("its ARN and unread records go, and its consumers stop"),
        Step::Protect { on: false } => Some("from now on the table can be deleted"),
        Step::TtlOn { .. } => Some("items whose time has passed are deleted"),
        Step::SetRecovery { days: None } => Some("its recovery points go, and a later start begins with none"),
        Step::SetRecovery { days: Some(days) } if now.and_then(|t| t.recovery).is_some_and(|now| *days < now) => {
            Some("older recovery points go")
        }
        Step::SetRecovery { .. } => Some("charged by the table's size"),
        Step::EncryptBucket { kms_key: Some(_) } => Some("requests of the key are charged; objects that are there keep their encryption"),
        Step::SetVersioning { on: true } => {
            Some("every old version is stored and charged until it expires, after as many days as an object")
        }
        _ => None,
    }
}

fn has_warm(table: &Table) -> bool {
    table.limits.warm.is_some() || table.indexes.values().any(|index| index.limits.warm.is_some())
}

fn encrypt(with: &Encryption, now: Option<&Table>) -> &'static str {
    let had_key = now.is_some_and(|table| matches!(table.encryption, Encryption::Key(_)));
    match with {
        Encryption::Key(_) if had_key => "re-encrypts; keep the old key: backups made with it need it",
        Encryption::Key(_) => "re-encrypts; requests of the key are charged, and a disabled key makes the table unreadable",
        _ if had_key => "re-encrypts; the key policy no longer says who reads; backups made with the key still need it",
        _ => "re-encrypts",
    }
}
