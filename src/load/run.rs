//! The load: check every table, then load them one by one, by the path that fits each.
//!
//! Rules: nothing is written while any table has an open finding; the path is decided by what is in AWS now; what a table's load
//! has done is in the report also when it stops half-way. Called by the verbs `load` and `run`.

use super::accounts::Accounts;
use super::check::{DataPlan, Look, check};
use super::error::Error;
use super::expect::{Chunk, Fate, Locator, Pass};
use super::quarantine::Quarantine;
use super::stage::Wait;
use super::staging::{Place, Stager, hex};
use super::write::{TableDoor, Terms, Writer};
use crate::aws::Aws;
use crate::aws::items::backoff;
use crate::event::Events;
use crate::mapping::encode::{key_of, read_key};
use crate::mapping::{Mapping, Value};
use crate::report::model::{Finding, LoadPath, LoadReport, TableLoad};
use crate::safe::Masker;
use crate::source::Snapshot;
use crate::stack::Stack;
use crate::stack::model::TableSpec;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How to load.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only these tables; `None`: every table with rows.
    pub tables: Option<BTreeSet<String>>,
    /// Rows that may be quarantined without a failure.
    pub max_quarantined: u64,
    /// Made only when a row needs it; must not exist before.
    pub quarantine: PathBuf,
    pub masker: Masker,
    /// BatchWriteItem requests at once, at most.
    pub in_flight: usize,
    /// For the whole load; `None`: as long as something comes through.
    pub deadline: Option<Duration>,
    /// Nothing acknowledged for so long: stop.
    pub stall: Duration,
    /// Raised by somebody else: stop between two requests.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tables: None,
            max_quarantined: 0,
            quarantine: PathBuf::from("landfall-quarantine.ndjson"),
            masker: Masker::new(false, fastrand::u64(..)),
            in_flight: 16,
            deadline: None,
            stall: Duration::from_mins(5),
            stop: Arc::new(AtomicBool::new(false)),
        }
    }
}

/// Loads `stack`'s tables from `snapshot`. A load that its data check stopped is a report whose tables were not attempted, not an error.
/// An error after work began carries the report of that work ([`Error::into_parts`]).
pub async fn run(aws: &Aws, snapshot: &mut Snapshot, stack: &Stack, options: &Options, events: &Events) -> Result<LoadReport, Error> {
    let mut run = Run::new(aws, stack, options, events);
    match run.all(snapshot).await {
        Ok(()) => Ok(run.report()),
        Err(error) => Err(error.after(run.report())),
    }
}

struct Run<'a> {
    aws: &'a Aws,
    stack: &'a Stack,
    options: &'a Options,
    events: &'a Events,
    seed: u64,
    id: String,
    until: Option<(Instant, Duration)>,
    quarantine: Quarantine,
    tables: Vec<TableLoad>,
}

impl<'a> Run<'a> {
    fn new(aws: &'a Aws, stack: &'a Stack, options: &'a Options, events: &'a Events) -> Self {
        let until = options.deadline.and_then(|given| Instant::now().checked_add(given).map(|until| (until, given)));
        let quarantine = Quarantine::new(&options.quarantine);
        Self { aws, stack, options, events, seed: fastrand::u64(..), id: run_id(stack), until, quarantine, tables: Vec::new() }
    }

    fn report(self) -> LoadReport {
        LoadReport { tables: self.tables, quarantine: self.quarantine.made(), max_quarantined: self.options.max_quarantined }
    }

    async fn all(&mut self, snapshot: &mut Snapshot) -> Result<(), Error> {
        let mut plans = Vec::new();
        for (name, spec) in selected(self.stack, self.options.tables.as_ref())? {
            plans.push((name, spec, self.plan(snapshot, name, spec).await?));
        }
        let unmappable: u64 = plans.iter().map(|(_, _, plan)| plan.quarantined).sum();
        if unmappable <= self.options.max_quarantined {
            for (_, _, plan) in &mut plans {
                plan.allow_quarantine();
            }
        }
        for (load, (_, _, plan)) in self.tables.iter_mut().zip(&plans) {
            load.findings.clone_from(&plan.findings);
        }
        if plans.iter().any(|(_, _, plan)| plan.blocked()) {
            self.events.warn("the data check found rows that would be lost or refused: nothing was written");
            return Ok(());
        }
        for (number, (name, spec, plan)) in plans.into_iter().enumerate() {
            self.table(snapshot, number, name, spec, plan).await?;
        }
        Ok(())
    }

    /// Checks one table's rows, and decides how it would be loaded.
    async fn plan(&mut self, snapshot: &mut Snapshot, name: &str, spec: &TableSpec) -> Result<DataPlan, Error> {
        let path = self.path(name, spec).await?;
        let look = Look { seed: self.seed, masker: self.options.masker, stop: &self.options.stop };
        let plan = check(snapshot, name, spec, self.zone(), look, self.events).await?;
        self.tables.push(TableLoad {
            table: name.to_owned(),
            path,
            entities: Accounts::new(spec).entities().to_vec(),
            findings: plan.findings.clone(),
            attempted: false,
            acknowledged: 0,
            bytes: 0,
            seconds: 0.0,
            retries: 0,
            throttles: 0,
            consumed_units: 0.0,
        });
        Ok(plan)
    }

    async fn path(&self, name: &str, spec: &TableSpec) -> Result<LoadPath, Error> {
        if self.wait(name).usable().await?.is_some() {
            return Ok(LoadPath::Write);
        }
        let why = match () {
            () if !spec.table.locals.is_empty() => "ImportTable cannot make its local indexes",
            () if self.stack.buckets.is_empty() => "the stack has no bucket to stage rows in",
            () => return Ok(LoadPath::Stage),
        };
        Err(Error::NotProvisioned { table: name.to_owned(), why })
    }

    fn wait<'b>(&'b self, table: &'b str) -> Wait<'b> {
        Wait { aws: self.aws, table, stop: &self.options.stop, until: self.until, events: self.events }
    }

    fn zone(&self) -> Option<jiff::tz::TimeZone> {
        self.stack.source.as_ref().and_then(|s| s.timezone.clone())
    }

    async fn table(&mut self, snapshot: &mut Snapshot, number: usize, name: &str, spec: &TableSpec, plan: DataPlan) -> Result<(), Error> {
        let since = Instant::now();
        // Checking may have taken long: look again.
        let path = self.path(name, spec).await?;
        let mut load = TableLoad { path, attempted: true, ..self.tables[number].clone() };
        let mut accounts = Accounts::new(spec);
        let done = match path {
            LoadPath::Write => self.write(snapshot, name, spec, plan, &mut load, &mut accounts).await,
            LoadPath::Stage => self.stage(snapshot, name, spec, plan, &mut load, &mut accounts).await,
        };
        load.entities = accounts.entities().to_vec();
        load.seconds = since.elapsed().as_secs_f64();
        self.tables[number] = load;
        self.quarantine.sync()?;
        done?;
        accounts.close(name)?;
        if self.quarantine.rows() > self.options.max_quarantined {
            let path = self.quarantine.path().to_owned();
            return Err(Error::TooManyQuarantined { max: self.options.max_quarantined, path });
        }
        Ok(())
    }

    async fn write(
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
            for ready in self.sort_out(name, spec, chunk, accounts)? {
                writer.push(entity, ready).await?;
            }
            self.account(spec, name, writer, accounts)?;
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
    fn sort_out(
        &mut self,
        name: &str,
        spec: &TableSpec,
        chunk: Chunk,
        accounts: &mut Accounts,
    ) -> Result<Vec<super::expect::Ready>, Error> {
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

    async fn stage(
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
            for ready in self.sort_out(name, spec, chunk, accounts)? {
                stager.add(&ready).await?;
                booked[entity].0 += 1;
                booked[entity].1 += ready.children;
                done += 1;
            }
            self.events.progress(&task, done, plan.items, "items");
        }
        let manifest = stager.finish().await?;
        self.events.finished(&task);
        load.bytes = manifest.bytes;
        load.acknowledged = self.wait(name).import_staged(&spec.table, &place, &manifest).await?;
        for (entity, (items, children)) in booked.into_iter().enumerate() {
            accounts.written(entity, items, children);
        }
        let keys: Vec<String> = manifest.objects.into_iter().map(|o| o.key).collect();
        self.aws.delete_objects(&place.bucket, &keys).await?;
        self.events.note(format!(
            "table {name}: imported; the staged rows are deleted, the manifest stays at s3://{}/{}",
            place.bucket,
            place.manifest()
        ));
        Ok(())
    }
}

/// The tables that are loaded, in the stack's order.
fn selected<'a>(stack: &'a Stack, wanted: Option<&BTreeSet<String>>) -> Result<Vec<(&'a str, &'a TableSpec)>, Error> {
    let loadable = |name: &str| stack.tables.get(name).is_some_and(|spec| !spec.rows.is_empty());
    if let Some(unknown) = wanted.and_then(|names| names.iter().find(|name| !loadable(name))) {
        return Err(Error::NoSuchTable(unknown.clone()));
    }
    let chosen = |name: &str| loadable(name) && wanted.is_none_or(|names| names.contains(name));
    Ok(stack.tables.iter().filter(|(name, _)| chosen(name)).map(|(name, spec)| (name.as_str(), spec)).collect())
}

fn not_empty() -> Finding {
    let what = "the table was not empty before the load: items with the keys of the rows were overwritten, others stayed";
    Finding { entity: String::new(), what: what.into(), rows: 0, samples: Vec::new(), declared: true }
}

/// The row that an item's key names.
fn named_by_key(mapping: &Mapping, spec: &TableSpec, item: &crate::mapping::Item) -> Locator {
    let key = key_of(item, &spec.table.key).unwrap_or_default();
    let columns = read_key(mapping, &key).unwrap_or_default();
    Locator { columns: columns.into_iter().map(|(column, text)| (column, Value::Text(text))).collect(), position: 0 }
}

/// Names a run: unique, and sorted by time in a listing.
fn run_id(stack: &Stack) -> String {
    let millis = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis());
    format!("{millis:013}-{}-{:08x}", stack.digest.get(..8).unwrap_or("stack"), fastrand::u32(..))
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
