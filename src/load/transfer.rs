//! One table's rows on their way, by either path, with every row booked.
//!
//! Rules: a row is booked as written when AWS acknowledged it (write path) or when a count proved it (stage path), never before;
//! rows that AWS refuses are kept as those that could not become items.

use super::accounts::Accounts;
use super::check::DataPlan;
use super::error::Error;
use super::expect::{Chunk, Fate, Locator, Pass, Ready};
use super::run::Run;
use super::staging::{Place, Stager, hex};
use super::write::{TableDoor, Terms, Writer};
use crate::aws::items::backoff;
use crate::mapping::encode::{key_of, read_key};
use crate::mapping::{Item, Mapping, Value};
use crate::report::model::{Finding, TableLoad};
use crate::resource::Bucket;
use crate::source::Snapshot;
use crate::stack::model::TableSpec;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Run<'_> {
    pub(super) async fn write(
        &mut self,
        snapshot: &mut Snapshot,
        name: &str,
        spec: &TableSpec,
        plan: DataPlan,
        load: &mut TableLoad,
        accounts: &mut Accounts,
    ) -> Result<(), Error> {
        if self.aws.holds_items(name).await? {
            load.findings.push(not_empty());
            self.events.warn(format!("table {name} was not empty: items with the keys of the rows are overwritten, others stay"));
        }
        let mut writer = Writer::new(TableDoor::new(self.aws, name), self.terms(name, spec));
        let done = self.write_rows(snapshot, name, spec, plan, &mut writer, accounts).await;
        writer.settle().await;
        let accounted = self.account(spec, name, &mut writer, accounts);
        let outcome = &writer.outcome;
        (load.bytes, load.retries, load.throttles, load.consumed_units) =
            (outcome.bytes, outcome.retries, outcome.throttles, outcome.units);
        load.acknowledged = accounts.written_total();
        self.events.finished(&format!("{name}: writing"));
        done.and(accounted)
    }

    fn terms(&self, name: &str, spec: &TableSpec) -> Terms {
        Terms {
            table: name.to_owned(),
            key: spec.table.key.clone(),
            seed: self.seed,
            in_flight: self.options.in_flight,
            wait: backoff,
            stall: self.options.stall,
            until: self.until,
            stop: Arc::clone(&self.options.stop),
        }
    }

    async fn write_rows(
        &mut self,
        snapshot: &mut Snapshot,
        name: &str,
        spec: &TableSpec,
        plan: DataPlan,
        writer: &mut Writer<TableDoor>,
        accounts: &mut Accounts,
    ) -> Result<(), Error> {
        let mut pass = Pass::new(name, spec, self.zone(), self.seed, plan.collisions);
        while let Some(chunk) = pass.next(snapshot).await? {
            let entity = chunk.entity;
            self.permit().await?;
            for ready in self.sort_out(name, spec, chunk, accounts)? {
                writer.push(entity, ready).await?;
            }
            self.account(spec, name, writer, accounts)?;
            self.within_quarantine()?;
            self.events.progress(&format!("{name}: writing"), accounts.written_total(), plan.items, "items");
        }
        writer.finish().await
    }

    /// Books what the writer knows by now.
    fn account(&mut self, spec: &TableSpec, name: &str, writer: &mut Writer<TableDoor>, accounts: &mut Accounts) -> Result<(), Error> {
        for (entity, children) in std::mem::take(&mut writer.outcome.acknowledged) {
            accounts.written(entity, 1, children);
        }
        for (parcel, reason) in std::mem::take(&mut writer.outcome.refused) {
            let Some(mapping) = spec.rows.get(parcel.entity) else { continue };
            let row = named_by_key(mapping, spec, &parcel.ready.item);
            let children = parcel.ready.children;
            self.quarantine.keep(name, &mapping.entity, &mapping.from.to_string(), &row, &reason, children)?;
            accounts.quarantined(parcel.entity, 1 + children);
        }
        Ok(())
    }

    /// The items of a chunk; the other rows are booked and, where they are lost to the table, kept.
    fn sort_out(&mut self, name: &str, spec: &TableSpec, chunk: Chunk, accounts: &mut Accounts) -> Result<Vec<Ready>, Error> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        accounts.read(&chunk);
        let entity = chunk.entity;
        let mut items = Vec::with_capacity(chunk.fates.len());
        for fate in chunk.fates {
            match fate {
                Fate::Item(ready) => items.push(ready),
                Fate::Filtered { children } => accounts.filtered(entity, 1 + children),
                Fate::Merged { children } => accounts.merged(entity, 1 + children),
                Fate::Quarantined { row, reason, children } => {
                    let Some(mapping) = spec.rows.get(entity) else { continue };
                    let relation = mapping.from.to_string();
                    self.quarantine.keep(name, &mapping.entity, &relation, &row, &reason.to_string(), children)?;
                    accounts.quarantined(entity, 1 + children);
                }
            }
        }
        Ok(items)
    }

    pub(super) async fn stage(
        &mut self,
        snapshot: &mut Snapshot,
        name: &str,
        spec: &TableSpec,
        plan: DataPlan,
        load: &mut TableLoad,
        accounts: &mut Accounts,
    ) -> Result<(), Error> {
        let Some(bucket) = self.stack.buckets.values().next() else { return Ok(()) };
        let place = Place { bucket: bucket.name.clone(), root: format!("{}/{name}/{}/", self.stack.name, self.id) };
        let token = token(&self.id, name);
        let mut stager = Stager::new(self.aws, place.clone(), name, &token);
        let mut booked = vec![(0, 0); spec.rows.len()];
        let mut pass = Pass::new(name, spec, self.zone(), self.seed, plan.collisions);
        let task = format!("{name}: staging");
        let mut done = 0;
        while let Some(chunk) = pass.next(snapshot).await? {
            let entity = chunk.entity;
            self.permit().await?;
            for ready in self.sort_out(name, spec, chunk, accounts)? {
                stager.add(&ready).await?;
                booked[entity].0 += 1;
                booked[entity].1 += ready.children;
                done += 1;
            }
            self.events.progress(&task, done, plan.items, "items");
        }
        self.permit().await?;
        let manifest = stager.finish().await?;
        self.events.finished(&task);
        load.bytes = manifest.bytes;
        self.permit().await?;
        load.acknowledged = self.wait(name).import_staged(&spec.table, &place, &manifest).await?;
        for (entity, (items, children)) in booked.into_iter().enumerate() {
            accounts.written(entity, items, children);
        }
        let keys: Vec<String> = manifest.objects.into_iter().map(|o| o.key).collect();
        let manifest = format!("the manifest stays at s3://{}/{}", place.bucket, place.manifest());
        self.permit().await?;
        match self.aws.delete_objects(&place.bucket, &keys).await {
            Ok(()) => self.events.note(format!("table {name}: imported; {}, {manifest}", deleted(bucket))),
            // The rows have arrived: what stays behind is worth a word, not a failure.
            Err(error) => {
                self.events.warn(format!("table {name}: imported, but the staged rows could not be deleted ({error}); {manifest}"));
            }
        }
        Ok(())
    }
}

/// A bucket that keeps versions keeps these.
fn deleted(bucket: &Bucket) -> String {
    let kept = format!(" (the bucket keeps versions: theirs expire after {} days)", bucket.expire_days);
    format!("the staged rows are deleted{}", if bucket.versioning { &kept } else { "" })
}

fn not_empty() -> Finding {
    let what = "the table was not empty before the load: items with the keys of the rows were overwritten, others stayed";
    Finding { entity: String::new(), what: what.into(), rows: 0, samples: Vec::new(), declared: true, allowed: false }
}

/// The row that an item's key names.
fn named_by_key(mapping: &Mapping, spec: &TableSpec, item: &Item) -> Locator {
    let key = key_of(item, &spec.table.key).unwrap_or_default();
    let columns = read_key(mapping, &key).unwrap_or_default();
    Locator { columns: columns.into_iter().map(|(column, text)| (column, Value::Text(text))).collect(), position: 0 }
}

/// ImportTable's client token (at most 36 characters): the same call again is the same import.
fn token(run: &str, table: &str) -> String {
    hex(&Sha256::digest(format!("{run}/{table}"))[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_fit_and_tell_tables_apart() {
        assert_eq!(token("r", "A").len(), 32);
        assert_ne!(token("r", "A"), token("r", "B"));
        assert_eq!(token("r", "A"), token("r", "A"));
    }
}
