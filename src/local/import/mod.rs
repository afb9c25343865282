//! `ImportTable` as it was measured on AWS, over the embedded S3.
//!
//! Rules (measured in `ScyllaDB`'s tests of ImportTable): the prefix is matched as raw text; counters stay 0 until the end;
//! `ImportedItemCount` counts writes, not surviving rows; the first line that cannot become an item abandons the rest of its object and is one
//! error; an item that the table refuses is one error of its own; any error ends `FAILED`/`ItemValidationError` with the good items kept; a
//! missing bucket ends `FAILED`/`S3NoSuchBucket` without a table; an empty prefix completes with an empty table; of items with one
//! key any may be the one that stays: objects, and items near each other, are taken in another order each time.
//! Errors are counted but not written to a log: there is no CloudWatch Logs here.

mod items;
mod request;
mod run;
mod told;

pub(crate) use run::abandon;
pub(crate) use told::{describe, list};

use super::dynamodb::{Import, Region, drop_table, make_table, table_arn};
use super::fault::Fault;
use super::s3::Objects;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// A client token means the same import for this long (API reference, `ImportTable`).
const TOKEN: Duration = Duration::from_hours(8);
/// An import of one item (one lab: 111 s); more items take longer here only when they take the machine longer.
const TAKES: Duration = Duration::from_secs(111);
/// So long after the 200 nobody sees the table yet, and so long before the end it is ACTIVE already (the same lab).
const HIDDEN: Duration = Duration::from_secs(30);
const ACTIVE_BEFORE: Duration = Duration::from_secs(6);
/// Imports at once (API reference, `LimitExceededException`).
const AT_ONCE: usize = 50;
/// How long a reader waits, at most, for an import that is over by a manual clock and still at work.
const CATCH_UP: Duration = Duration::from_mins(2);

/// The imports that run.
#[derive(Debug, Default)]
pub(crate) struct Runner(Mutex<Vec<JoinHandle<()>>>);

impl Runner {
    /// ImportTable: makes the table, starts the import, returns at once.
    pub(crate) fn start(&self, region: &Arc<Region>, objects: &Arc<Objects>, request: &Value) -> Result<Value, Fault> {
        let mut import = request::parse(region, request)?;
        if let Some(same) = by_token(region, &import)? {
            return Ok(told::one(region, &told::as_of_now(region, same)));
        }
        one_more(region)?;
        let made = make_table(region, request::creation(&import)?, Some(region.time().after(HIDDEN)))?;
        import.table_id = made.get("TableId").and_then(Value::as_str).map(str::to_owned);
        import.arn = format!("{}/import/{:014}-{:08x}", table_arn(region, &import.table), import.started_ms, fastrand::u32(..));
        let noted = region.change(|notes| Ok(notes.imports.insert(import.arn.clone(), import.clone())));
        // No import would ever end this table's creation.
        noted.or_else(|fault| drop_table(region, &import.table).and(Err(fault)))?;
        let reply = told::one(region, &import);
        self.spawn(Arc::clone(region), Arc::clone(objects), import);
        Ok(reply)
    }

    fn spawn(&self, region: Arc<Region>, objects: Arc<Objects>, import: Import) {
        let task = tokio::runtime::Handle::current().spawn_blocking(move || {
            run::run(&region, &objects, import);
        });
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|t| !t.is_finished());
        running.push(task);
    }

    /// By a manual clock an import may be over before its thread is: whoever asks then waits for it, as AWS would have been done.
    pub(crate) fn catch_up(&self, region: &Region, operation: &str) {
        let began = Instant::now();
        let reads = operation.starts_with("Describe") || operation.starts_with("List");
        while reads && region.time().clock.is_manual() && self.is_late(region) && began.elapsed() < CATCH_UP {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn is_late(&self, region: &Region) -> bool {
        let now = region.time().now_ms();
        let takes = region.time().paced(TAKES);
        region.notes().imports.values().any(|i| i.ended.is_none() && i.started_ms + takes <= now)
            && self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|task| !task.is_finished())
    }

    /// Returns once none runs.
    pub(crate) async fn finish(&self) {
        let running = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for task in running {
            // An import that panicked stays IN_PROGRESS and is abandoned at the next start.
            let _ = task.await;
        }
    }
}

/// Refuses one import more than may run at once. That it is refused so is documented, the words are a guess.
fn one_more(region: &Region) -> Result<(), Fault> {
    let now = region.time().now_ms();
    let running = region.notes().imports.values().filter(|i| i.ended.is_none_or(|ended| now < ended)).count();
    if running < AT_ONCE {
        return Ok(());
    }
    let why = format!("Subscriber limit exceeded: Only {AT_ONCE} tables can be imported simultaneously");
    Err(Fault::new("LimitExceededException", why))
}

/// The import that this token already started: whatever else changed, it is the same one, unless the table's name did.
fn by_token(region: &Region, import: &Import) -> Result<Option<Import>, Fault> {
    let time = region.time();
    let same = region.notes().imports.values().find(|i| i.token == import.token && time.within(i.started_ms, TOKEN)).cloned();
    match same {
        Some(same) if same.table != import.table => Err(Fault::new(
            "ImportConflictException",
            format!("There was a conflict when importing: the client token belongs to an import into {}", crate::safe::text(&same.table)),
        )),
        same => Ok(same),
    }
}

#[cfg(test)]
mod tests;
