//! The load: check every table, then load them one by one, by the path that fits each.
//!
//! Rules: nothing is written while any table has an open finding; the path is decided by what is in AWS now, but a table that no plan has
//! seen is written into only where it is known to be this stack's ([`super::vouch`]); what a table's load has done is in the report also when
//! it stops half-way. Called by the verbs `load` and `run`.

use super::accounts::Accounts;
use super::check::{DataPlan, Look, check};
use super::error::Error;
use super::quarantine::Quarantine;
use super::stage::Wait;
use crate::aws::Aws;
use crate::event::Events;
use crate::lease::Lease;
use crate::report::model::{LoadPath, LoadReport, TableLoad};
use crate::safe::Masker;
use crate::source::Snapshot;
use crate::stack::Stack;
use crate::stack::model::TableSpec;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
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
    /// Asked before every chunk of rows and every import; whoever sets it raises `stop` when it is lost. `None`: no other writer can be
    /// there.
    pub lease: Option<Lease>,
    /// Tables that are written into only where their tag, or AWS's record of imports, says that they are this stack's.
    pub vouch: BTreeSet<String>,
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
            lease: None,
            vouch: BTreeSet::new(),
        }
    }
}

/// Loads `stack`'s tables from `snapshot`. A load that its data check stopped is a report whose tables were not attempted, not an error.
/// An error after work began carries the report of that work ([`Error::into_parts`]).
pub async fn run(aws: &Aws, snapshot: &mut Snapshot, stack: &Stack, options: &Options, events: &Events) -> Result<LoadReport, Error> {
    let mut run = Run::new(aws, stack, options, events);
    match run.all(snapshot).await {
        Ok(()) => Ok(run.report()),
        // Whatever it stumbled over: that another run took over is the reason to tell.
        Err(error) => Err(options.lease.as_ref().and_then(Lease::lost).map_or(error, Error::from).after(run.report())),
    }
}

pub(super) struct Run<'a> {
    pub(super) aws: &'a Aws,
    pub(super) stack: &'a Stack,
    pub(super) options: &'a Options,
    pub(super) events: &'a Events,
    pub(super) seed: u64,
    pub(super) id: String,
    pub(super) until: Option<(Instant, Duration)>,
    pub(super) quarantine: Quarantine,
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
            entities: Accounts::new(spec).entities().to_vec(),
            findings: plan.findings.clone(),
            ..TableLoad::to_come(name, path)
        });
        Ok(plan)
    }

    async fn path(&self, name: &str, spec: &TableSpec) -> Result<LoadPath, Error> {
        if self.wait(name).usable().await?.is_some() {
            self.vouch(name).await?;
            return Ok(LoadPath::Write);
        }
        let why = match () {
            () if !spec.table.locals.is_empty() => "ImportTable cannot make its local indexes",
            () if self.stack.buckets.is_empty() => "the stack has no bucket to stage rows in",
            () if !self.staging_exists().await? => "neither does the bucket to stage its rows in",
            () => return Ok(LoadPath::Stage),
        };
        Err(Error::NotProvisioned { table: name.to_owned(), why })
    }

    /// Looks before rows are read and not after: the bucket may be missing as well.
    async fn staging_exists(&self) -> Result<bool, Error> {
        let Some(bucket) = self.stack.buckets.values().next() else { return Ok(false) };
        match self.aws.list_objects(&bucket.name, &format!("{}/", self.id)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is("NoSuchBucket") => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn wait<'b>(&'b self, table: &'b str) -> Wait<'b> {
        Wait { aws: self.aws, table, stop: &self.options.stop, until: self.until, events: self.events }
    }

    /// The gate before a part of the work that writes.
    pub(super) async fn permit(&self) -> Result<(), Error> {
        match &self.options.lease {
            Some(lease) => Ok(lease.permit(false).await?),
            None => Ok(()),
        }
    }

    pub(super) fn zone(&self) -> Option<jiff::tz::TimeZone> {
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
        self.within_quarantine()
    }

    /// A table that refuses row after row is not worth a call for each of them.
    pub(super) fn within_quarantine(&self) -> Result<(), Error> {
        if self.quarantine.rows() <= self.options.max_quarantined {
            return Ok(());
        }
        Err(Error::TooManyQuarantined { max: self.options.max_quarantined, path: self.quarantine.path().to_owned() })
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

/// Names a run: unique, and sorted by time in a listing.
fn run_id(stack: &Stack) -> String {
    let millis = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis());
    format!("{millis:013}-{}-{:08x}", stack.digest.get(..8).unwrap_or("stack"), fastrand::u32(..))
}
