//! `ImportTable` as it was measured on AWS, over the embedded S3.
//!
//! Rules (`reference/seeds.md` 5.2): the prefix is matched as raw text; counters stay 0 until the end; `ImportedItemCount`
//! counts writes, not surviving rows; the first line that cannot become an item abandons the rest of its object and is one
//! error; an item that the table refuses is one error of its own; any error ends `FAILED`/`ItemValidationError` with the good items kept; a
//! missing bucket ends `FAILED`/`S3NoSuchBucket` without a table; an empty prefix completes with an empty table.
//! Errors are counted but not written to a log: there is no CloudWatch Logs here.

mod items;
mod request;
mod run;
mod told;

pub(crate) use run::abandon;
pub(crate) use told::{describe, list};

use super::dynamodb::{Import, Region, make_table, table_arn};
use super::fault::Fault;
use super::moment;
use super::s3::Objects;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A client token means the same import for this long (API reference, `ImportTable`).
const TOKEN_SECONDS: f64 = 8.0 * 3600.0;
/// The shortest time for which an import is seen `IN_PROGRESS`: on AWS it is never done at once.
const LEAST: Duration = Duration::from_millis(150);

/// The imports that run.
#[derive(Debug, Default)]
pub(crate) struct Runner(Mutex<Vec<JoinHandle<()>>>);

impl Runner {
    /// ImportTable: makes the table, starts the import, returns at once.
    pub(crate) fn start(&self, region: &Arc<Region>, objects: &Arc<Objects>, request: &Value) -> Result<Value, Fault> {
        let mut import = request::parse(request)?;
        if let Some(same) = by_token(region, &import)? {
            return Ok(told::one(region, &same));
        }
        let made = make_table(region, request::creation(&import)?)?;
        region.set_importing(&import.table, true);
        import.table_id = made.get("TableId").and_then(Value::as_str).map(str::to_owned);
        import.arn = format!("{}/import/{:014}-{:08x}", table_arn(region, &import.table), millis(import.started), fastrand::u32(..));
        region.change(|notes| {
            notes.imports.insert(import.arn.clone(), import.clone());
            Ok(())
        })?;
        let reply = told::one(region, &import);
        self.spawn(Arc::clone(region), Arc::clone(objects), import);
        Ok(reply)
    }

    fn spawn(&self, region: Arc<Region>, objects: Arc<Objects>, import: Import) {
        let task = tokio::runtime::Handle::current().spawn_blocking(move || {
            std::thread::sleep(LEAST);
            run::run(&region, &objects, import);
        });
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|t| !t.is_finished());
        running.push(task);
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

/// The import that this token already started: whatever else changed, it is the same one, unless the table's name did.
fn by_token(region: &Region, import: &Import) -> Result<Option<Import>, Fault> {
    let fresh = moment::now() - TOKEN_SECONDS;
    let same = region.notes().imports.values().find(|i| i.token == import.token && i.started > fresh).cloned();
    match same {
        Some(same) if same.table != import.table => Err(Fault::new(
            "ImportConflictException",
            format!("There was a conflict when importing: the client token belongs to an import into {}", crate::safe::text(&same.table)),
        )),
        same => Ok(same),
    }
}

fn millis(seconds: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds of this era")]
    let millis = (seconds * 1000.0) as i64;
    millis
}
