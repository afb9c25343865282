//! The write path: BatchWriteItem with all its limits owned, leftovers pooled into new batches, everything accounted.
//!
//! Rules: a row is written when AWS acknowledged it and not before; a throttle, a timeout or a 5xx is tried again (puts of the same
//! item are idempotent) as long as something comes through; refused credentials or permissions stop at once; a batch that DynamoDB
//! calls invalid is tried item by item, so that one bad item costs one item.
//!
//! Key insight: batches are drawn at random from a window of items, so that rows that are neighbours in SQL do not hit one partition.

use super::error::Error;
use super::expect::Ready;
use super::pace::Pace;
use crate::aws::items::Written;
use crate::aws::{self, Aws};
use crate::mapping::encode::key_of;
use crate::mapping::{Item, canonical, size};
use crate::resource::Key;
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::{JoinError, JoinSet};

/// BatchWriteItem's limits (API reference): 25 items, 16 MB. Half of the bytes are kept for JSON's overhead.
const BATCH: usize = 25;
const BATCH_BYTES: usize = 8 << 20;
/// Items (and bytes) that batches are drawn from.
const WINDOW: usize = 2000;
const WINDOW_BYTES: usize = 16 << 20;

/// Where batches go: the table, or a test's script.
pub(super) trait Door: Clone + Send + Sync + 'static {
    fn write(&self, items: &[&Item]) -> impl Future<Output = Result<Written, aws::Error>> + Send;
}

/// A table in AWS.
#[derive(Debug, Clone)]
pub(super) struct TableDoor {
    aws: Aws,
    table: String,
}

impl TableDoor {
    pub(super) fn new(aws: &Aws, table: &str) -> Self {
        Self { aws: aws.once(), table: table.to_owned() }
    }
}

impl Door for TableDoor {
    async fn write(&self, items: &[&Item]) -> Result<Written, aws::Error> {
        self.aws.batch_write(&self.table, items).await
    }
}

/// An item on its way, with what has to be accounted when it arrives.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) entity: usize,
    pub(super) ready: Ready,
    bytes: usize,
    /// Its batch was called invalid: it goes alone.
    alone: bool,
}

/// How a table is written.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) table: String,
    pub(super) key: Key,
    /// Of the key hashes in the parcels.
    pub(super) seed: u64,
    pub(super) in_flight: usize,
    /// The wait after so many throttles in a row.
    pub(super) wait: fn(u32) -> Duration,
    /// Nothing acknowledged for so long: stop.
    pub(super) stall: Duration,
    /// Stop at this moment.
    pub(super) until: Option<(Instant, Duration)>,
    pub(super) stop: Arc<AtomicBool>,
}

/// What came of the parcels so far. `acknowledged` and `refused` are taken by the caller.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Entity, and child rows inside the item.
    pub(super) acknowledged: Vec<(usize, u64)>,
    /// Items that DynamoDB calls invalid, and its reason (which may hold a value: for the quarantine file only).
    pub(super) refused: Vec<(Parcel, String)>,
    pub(super) bytes: u64,
    pub(super) units: f64,
    pub(super) retries: u64,
    pub(super) throttles: u64,
}

#[derive(Debug)]
struct Landing {
    parcels: Vec<Parcel>,
    result: Result<Written, aws::Error>,
}

/// The writer of one table.
#[derive(Debug)]
pub(super) struct Writer<D> {
    door: D,
    terms: Terms,
    pool: Vec<Parcel>,
    pool_bytes: usize,
    alone: Vec<Parcel>,
    flights: JoinSet<Landing>,
    pace: Pace,
    progress: Instant,
    pub(super) outcome: Outcome,
}

impl<D: Door> Writer<D> {
    pub(super) fn new(door: D, terms: Terms) -> Self {
        let pace = Pace::new(terms.in_flight);
        Self {
            door,
            terms,
            pool: Vec::new(),
            pool_bytes: 0,
            alone: Vec::new(),
            flights: JoinSet::new(),
            pace,
            progress: Instant::now(),
            outcome: Outcome::default(),
        }
    }

    /// Takes an item; waits while the window is full. After an error, [`Writer::settle`] says what was acknowledged.
    pub(super) async fn push(&mut self, entity: usize, ready: Ready) -> Result<(), Error> {
        let bytes = size::of(&ready.item);
        self.put_back(Parcel { entity, ready, bytes, alone: false });
        self.pump(false).await
    }

    /// Writes everything that is left.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        self.pump(true).await
    }

    /// Waits for what is in flight, and starts nothing new: the account is whole after it.
    pub(super) async fn settle(&mut self) {
        while let Some(landing) = self.flights.join_next().await {
            let _stopped_already = self.land(landing);
        }
    }

    async fn pump(&mut self, flush: bool) -> Result<(), Error> {
        loop {
            while let Some(landing) = self.flights.try_join_next() {
                self.land(landing)?;
            }
            self.go_on()?;
            let pressing = self.pool.len() >= WINDOW || self.pool_bytes >= WINDOW_BYTES;
            let due = !self.alone.is_empty() || !self.pool.is_empty();
            if !(pressing || flush && (due || !self.flights.is_empty())) {
                return Ok(());
            }
            let wait = self.pace.wait(Instant::now());
            if due && wait.is_none() && self.flights.len() < self.pace.limit() {
                self.depart();
            } else {
                self.rest(wait).await?;
            }
        }
    }

    /// Waits until a request lands, or the pause after a throttle is over, or a moment to look at the stop flag.
    async fn rest(&mut self, wait: Option<Duration>) -> Result<(), Error> {
        let most = wait.unwrap_or(Duration::from_millis(200)).min(Duration::from_millis(200));
        if self.flights.is_empty() {
            tokio::time::sleep(most).await;
            return Ok(());
        }
        match tokio::time::timeout(most, self.flights.join_next()).await {
            Ok(Some(landing)) => self.land(landing),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    fn go_on(&self) -> Result<(), Error> {
        if self.terms.stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        match self.terms.until {
            Some((until, given)) if Instant::now() >= until => {
                Err(Error::Deadline { table: self.terms.table.clone(), seconds: given.as_secs() })
            }
            _ => Ok(()),
        }
    }

    fn put_back(&mut self, parcel: Parcel) {
        if parcel.alone {
            self.alone.push(parcel);
        } else {
            self.pool_bytes += parcel.bytes;
            self.pool.push(parcel);
        }
    }

    fn depart(&mut self) {
        let parcels = self.alone.pop().map_or_else(|| self.draw(), |parcel| vec![parcel]);
        let door = self.door.clone();
        self.flights.spawn(async move {
            let items: Vec<&Item> = parcels.iter().map(|p| &p.ready.item).collect();
            let result = door.write(&items).await;
            Landing { parcels, result }
        });
    }

    /// A batch at random from the window, within the limits and with no key twice.
    fn draw(&mut self) -> Vec<Parcel> {
        let (mut batch, mut left, mut keys, mut bytes) = (Vec::new(), Vec::new(), HashSet::new(), 0);
        while batch.len() < BATCH && !self.pool.is_empty() {
            let parcel = self.pool.swap_remove(fastrand::usize(..self.pool.len()));
            self.pool_bytes -= parcel.bytes;
            let full = !batch.is_empty() && bytes + parcel.bytes > BATCH_BYTES;
            if full || !keys.insert(parcel.ready.key) {
                left.push(parcel);
                if full {
                    break;
                }
                continue;
            }
            bytes += parcel.bytes;
            batch.push(parcel);
        }
        for parcel in left {
            self.put_back(parcel);
        }
        batch
    }

    fn land(&mut self, landing: Result<Landing, JoinError>) -> Result<(), Error> {
        let lost =
            |_| Error::Import { table: self.terms.table.clone(), problem: "a write ended abnormally: this is a defect of landfall".into() };
        let Landing { parcels, result } = landing.map_err(lost)?;
        match result {
            Ok(written) => self.taken(parcels, &written),
            Err(error) => self.failed(parcels, error),
        }
    }

    fn taken(&mut self, parcels: Vec<Parcel>, written: &Written) -> Result<(), Error> {
        self.outcome.units += written.units;
        let key = |item| key_of(item, &self.terms.key).map(|k| canonical::hash(&k, self.terms.seed));
        let left: HashSet<Option<u128>> = written.unprocessed.iter().map(key).collect();
        let (again, done): (Vec<_>, Vec<_>) = parcels.into_iter().partition(|p| left.contains(&Some(p.ready.key)));
        if again.len() != written.unprocessed.len() {
            let problem = "AWS returned unprocessed items that were not in the request; run again".into();
            return Err(Error::Import { table: self.terms.table.clone(), problem });
        }
        if !done.is_empty() {
            self.progress = Instant::now();
        }
        for parcel in done {
            self.outcome.bytes += parcel.bytes as u64;
            self.outcome.acknowledged.push((parcel.entity, parcel.ready.children));
        }
        if again.is_empty() {
            self.pace.taken();
            return Ok(());
        }
        self.throttled(again, None)
    }

    fn failed(&mut self, parcels: Vec<Parcel>, error: aws::Error) -> Result<(), Error> {
        match remedy(&error) {
            Remedy::Stop => {
                for parcel in parcels {
                    self.put_back(parcel);
                }
                Err(error.into())
            }
            Remedy::Again => self.throttled(parcels, Some(error)),
            Remedy::Apart if parcels.len() == 1 => {
                self.progress = Instant::now();
                self.outcome.refused.extend(parcels.into_iter().map(|parcel| (parcel, error.message.clone())));
                Ok(())
            }
            Remedy::Apart => {
                self.outcome.retries += 1;
                self.alone.extend(parcels.into_iter().map(|parcel| Parcel { alone: true, ..parcel }));
                Ok(())
            }
        }
    }

    /// Back into the pool, and slower.
    fn throttled(&mut self, parcels: Vec<Parcel>, error: Option<aws::Error>) -> Result<(), Error> {
        for parcel in parcels {
            self.put_back(parcel);
        }
        self.outcome.retries += 1;
        self.outcome.throttles += u64::from(error.as_ref().is_none_or(aws::Error::is_throttle));
        self.pace.throttled(Instant::now(), (self.terms.wait)(self.pace.streak()));
        if self.progress.elapsed() > self.terms.stall {
            return Err(Error::Stalled {
                table: self.terms.table.clone(),
                seconds: self.terms.stall.as_secs(),
                source: error.map(Box::new),
            });
        }
        Ok(())
    }
}

/// What to do about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    Again,
    Apart,
    Stop,
}

fn remedy(error: &aws::Error) -> Remedy {
    if error.is_credentials() || error.is_denied() {
        return Remedy::Stop;
    }
    if error.is_throttle() {
        return Remedy::Again;
    }
    match error.code.as_deref() {
        // No answer, or one that is no service's: whether it was written is unknown, and writing it again is harmless.
        None
        | Some(
            "InternalServerError"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "RequestTimeout"
            | "RequestTimeoutException"
            | "ReplicatedWriteConflictException"
            | "TransactionConflictException"
            | "LimitExceededException",
        ) => Remedy::Again,
        Some("ValidationException" | "ItemCollectionSizeLimitExceededException") => Remedy::Apart,
        Some(_) => Remedy::Stop,
    }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
