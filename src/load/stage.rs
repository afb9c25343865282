//! The stage path: staged objects become a new table by ImportTable, and a count proves that they did.
//!
//! Rules: ImportTable's word is not a proof (its counters count writes, an empty prefix succeeds, a bad line drops the rest of its
//! object): the errors, the processed items against the manifest, and the items that a scan counts must all agree.
//! An import that an earlier run left behind is waited for, never doubled.

use super::error::Error;
use super::staging::{Manifest, Place};
use crate::aws::Aws;
use crate::aws::imports::{Import, ImportRequest, TableState};
use crate::aws::items::count;
use crate::event::Events;
use crate::resource::Table;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the waiting needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait<'a> {
    pub(super) aws: &'a Aws,
    pub(super) table: &'a str,
    pub(super) stop: &'a Arc<AtomicBool>,
    pub(super) until: Option<(Instant, Duration)>,
    pub(super) events: &'a Events,
}

impl Wait<'_> {
    /// The table once it can be used, or `None` when there is none. A table that is being created is waited for.
    pub(super) async fn usable(&self) -> Result<Option<TableState>, Error> {
        let since = Instant::now();
        let mut told = false;
        loop {
            let Some(state) = self.aws.table_state(self.table).await? else {
                if !self.is_coming().await {
                    return Ok(None);
                }
                self.pause(since, "an import of an earlier run, whose table is not there yet").await?;
                continue;
            };
            match state.status.as_str() {
                "CREATING" | "DELETING" => {}
                "ACTIVE" | "UPDATING" => return Ok(Some(state)),
                other => return Err(self.import(format!("it is {other} and cannot be written; bring it to ACTIVE, then load again"))),
            }
            if !told {
                self.tell(&state).await?;
                told = true;
            }
            self.pause(since, &state.status).await?;
        }
    }

    /// Whether AWS is making the table by an import: ImportTable answers about half a minute before DescribeTable shows its table
    /// (one lab's figure). Where imports cannot be listed, ImportTable itself refuses the second one.
    async fn is_coming(&self) -> bool {
        let running = self.aws.running_imports(&self.aws.table_arn(self.table)).await;
        running.is_ok_and(|imports| !imports.is_empty())
    }

    async fn tell(&self, state: &TableState) -> Result<(), Error> {
        let running = if state.status == "CREATING" { self.aws.running_imports(&state.arn).await? } else { Vec::new() };
        let table = self.table;
        self.events.note(match running.first() {
            Some(arn) => format!("table {table}: an import of an earlier run is still at work ({arn}); waiting for its end"),
            None => format!("table {table}: it is {}; waiting", state.status),
        });
        Ok(())
    }

    /// Imports what `manifest` lists, waits, and proves it. The number is that of items counted in the table.
    pub(super) async fn import_staged(&self, table: &Table, place: &Place, manifest: &Manifest) -> Result<u64, Error> {
        let data = place.data();
        let token = manifest.run.as_str();
        let request = ImportRequest { name: self.table, table, bucket: &place.bucket, prefix: &data, token };
        let import = self.aws.import_table(&request).await?;
        self.events.note(format!("table {}: importing {} items ({})", self.table, manifest.items, import.arn));
        let import = self.ended(import).await?;
        self.judge(&import, manifest).await?;
        self.usable().await?.ok_or_else(|| self.import("the import completed and the table is not there; run again".into()))?;
        self.prove(manifest.items).await
    }

    async fn ended(&self, mut import: Import) -> Result<Import, Error> {
        let since = Instant::now();
        while import.running() {
            if let Err(stopped) = self.pause(since, "importing").await {
                self.events
                    .warn(format!("table {}: the import goes on in AWS ({}); run again to wait for its end", self.table, import.arn));
                return Err(stopped);
            }
            import = self.aws.describe_import(&import.arn).await?;
        }
        self.events.finished(&self.task("importing"));
        Ok(import)
    }

    async fn judge(&self, import: &Import, manifest: &Manifest) -> Result<(), Error> {
        if import.status == "COMPLETED" && import.errors == 0 && import.processed == manifest.items {
            return Ok(());
        }
        let now = match self.aws.table_state(self.table).await? {
            Some(_) => {
                "the table exists and may hold a part of the rows: run `landfall load` again, it writes every row over what is there"
            }
            None => "no table was made: correct the cause and run again",
        };
        Err(self.import(format!(
            "the import ended {}{}, with {} of {} items processed and {} errors; {now} (details: log group /aws-dynamodb/imports, {})",
            import.status,
            import.failure.as_ref().map(|f| format!(" ({f})")).unwrap_or_default(),
            import.processed,
            manifest.items,
            import.errors,
            import.arn
        )))
    }

    /// Counts, and counts again strongly consistent before it complains.
    async fn prove(&self, expected: u64) -> Result<u64, Error> {
        for consistent in [false, true] {
            let found = count(self.aws, self.table, consistent, self.stop).await?.count;
            if found == expected {
                return Ok(found);
            }
            if consistent {
                return Err(self.import(format!(
                    "the import reports success, but a scan counts {found} items where {expected} were staged; run `landfall load` again, it writes every row over what is there"
                )));
            }
        }
        Ok(expected)
    }

    /// Waits a little, longer the longer it lasts.
    async fn pause(&self, since: Instant, what: &str) -> Result<(), Error> {
        let elapsed = since.elapsed();
        self.events.progress(&self.task(what), elapsed.as_secs(), 0, "s");
        let most = (elapsed / 10).clamp(Duration::from_millis(50), Duration::from_secs(10));
        let end = Instant::now() + most;
        while Instant::now() < end {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        match self.until {
            Some((until, given)) if Instant::now() >= until => {
                Err(Error::Deadline { table: self.table.to_owned(), seconds: given.as_secs() })
            }
            _ => Ok(()),
        }
    }

    fn task(&self, what: &str) -> String {
        format!("{}: {}", self.table, what.to_lowercase())
    }

    fn import(&self, problem: String) -> Error {
        Error::Import { table: self.table.to_owned(), problem }
    }
}
