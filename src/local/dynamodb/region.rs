//! One region: its engine, the notes beside it, and where both are kept.

use super::agree::agree;
use super::draft::Drafts;
use super::format;
use super::history::History;
use super::notes::{Deleting, Notes, TableNotes};
use super::table;
use super::throttle::{self, Throttle};
use super::transition::What;
use crate::local::Error;
use crate::local::cloudwatch::CloudWatch;
use crate::local::fault::Fault;
use crate::local::kms::Keyring;
use crate::local::moment::Time;
use crate::local::scaling;
use crate::local::signature::is_region;
use crate::local::store::{self, Store};
use dynoxide::Database;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

/// What all regions share.
pub(crate) struct Shared {
    pub(crate) account: String,
    pub(crate) time: Time,
    pub(crate) metrics: CloudWatch,
    pub(crate) keys: Arc<Keyring>,
    /// Members that descriptions of these tables show besides: for tests of what cannot be made here.
    pub(crate) planted: BTreeMap<String, Value>,
}

/// One region of the account.
pub(crate) struct Region {
    name: String,
    shared: Arc<Shared>,
    db: Database,
    notes: Mutex<Notes>,
    /// Where the notes are kept; `None` keeps them in memory.
    path: Option<PathBuf>,
    /// Tables that are CREATING, and until when: nobody may use their items. Beside the notes, because every item call asks.
    creating: RwLock<BTreeMap<String, u64>>,
    /// Until when some index is being filled, for the same reason.
    filling: AtomicU64,
    alone: Mutex<()>,
    throttle: Throttle,
    drafts: Drafts,
    history: History,
    /// Up to which AWS minute auto scaling has looked at each target, and anybody at all.
    followed: Mutex<BTreeMap<String, u64>>,
    minute: AtomicU64,
    /// Since when what is consumed is known, in seconds since 1970.
    opened: f64,
}

/// The names of the regions that `store` holds.
pub(super) fn kept(store: &Store) -> Result<Vec<String>, Error> {
    let dir = store.dir().join("dynamodb");
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let failed = |e| Error::Directory(dir.clone(), e);
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.to_str().filter(|n| is_region(n)).map(str::to_owned));
    }
    Ok(names)
}

/// Refuses a store with notes of a newer version, or unreadable ones, before anything in it is touched.
pub(crate) fn check(store: &Store) -> Result<(), Error> {
    kept(store)?.iter().try_for_each(|name| notes_at(&notes_path(store, name)).map(drop))
}

fn notes_path(store: &Store, region: &str) -> PathBuf {
    store.dir().join(format!("dynamodb/{region}/notes.json"))
}

impl Region {
    /// Opens or makes it.
    pub(super) fn open(name: &str, shared: &Arc<Shared>, store: &Store) -> Result<Self, Error> {
        let file = format!("dynamodb/{name}/tables.sqlite");
        let opened = if store.keeps() {
            let path = store.path(&file).map_err(|e| Error::Directory(store.dir().to_owned(), e))?;
            Database::new(&path.to_string_lossy())
        } else {
            Database::memory()
        };
        let db = opened.map_err(|e| Error::Corrupt { path: store.dir().join(&file), reason: e.to_string() })?;
        let path = store.keeps().then(|| notes_path(store, name));
        let notes = path.as_deref().map(notes_at).transpose()?.unwrap_or_default();
        let region = Self {
            name: name.to_owned(),
            shared: Arc::clone(shared),
            db,
            creating: RwLock::new(creating(&notes)),
            filling: AtomicU64::new(notes.tables.values().map(filled_at).max().unwrap_or(0)),
            notes: Mutex::new(notes),
            path,
            alone: Mutex::default(),
            throttle: Throttle::default(),
            drafts: Drafts::default(),
            history: History::default(),
            followed: Mutex::default(),
            minute: AtomicU64::new(0),
            opened: shared.time.now(),
        };
        agree(&region).map_err(|f| Error::Corrupt { path: store.dir().join(&file), reason: f.message })?;
        let tables = region.notes().tables.clone();
        for (table, notes) in &tables {
            table::measured(&region, table, notes);
            if notes.pitr.is_some() {
                region.history.watch(table, region.time().now_ms());
            }
        }
        Ok(region)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn account(&self) -> &str {
        &self.shared.account
    }

    /// The clock, and what AWS takes by it.
    pub(crate) fn time(&self) -> &Time {
        &self.shared.time
    }

    pub(crate) fn db(&self) -> &Database {
        &self.db
    }

    /// What is left of each table's capacity.
    pub(super) fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    /// Empty tables to try requests on.
    pub(super) fn drafts(&self) -> &Drafts {
        &self.drafts
    }

    /// What tables held before.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn metrics(&self) -> &CloudWatch {
        &self.shared.metrics
    }

    /// The notes as they are.
    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the notes: kept on disk before anybody sees them, or not at all.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Notes) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut notes = self.notes();
        let mut next = notes.clone();
        let out = change(&mut next)?;
        if let Some(path) = &self.path {
            store::save(path, &next)?;
        }
        *self.creating.write().unwrap_or_else(PoisonError::into_inner) = creating(&next);
        *notes = next;
        Ok(out)
    }

    /// Refuses when the notes cannot be kept: asked before the engine is changed, so that nothing is done that cannot be noted.
    pub(super) fn writable(&self) -> Result<(), Fault> {
        let notes = self.notes();
        self.path.as_deref().map_or(Ok(()), |path| store::save(path, &*notes).map_err(Fault::from))
    }

    /// Changes one table's notes, without copying all others.
    pub(crate) fn change_table<T>(&self, name: &str, change: impl FnOnce(&mut TableNotes) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut notes = self.notes();
        let before = notes.tables.get(name).cloned();
        let mut next = before.clone().unwrap_or_default();
        let out = change(&mut next)?;
        let until = created_at(&next);
        self.filling.fetch_max(filled_at(&next), Ordering::SeqCst);
        notes.tables.insert(name.to_owned(), next);
        if let Some(Err(error)) = self.path.as_deref().map(|path| store::save(path, &*notes)) {
            match before {
                Some(before) => notes.tables.insert(name.to_owned(), before),
                None => notes.tables.remove(name),
            };
            return Err(error.into());
        }
        let mut creating = self.creating.write().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) => creating.insert(name.to_owned(), until),
            None => creating.remove(name),
        };
        Ok(out)
    }

    /// The keys of the account.
    pub(crate) fn keys(&self) -> &Keyring {
        &self.shared.keys
    }

    /// What descriptions of `table` show besides.
    pub(super) fn planted(&self, table: &str) -> Option<&Value> {
        self.shared.planted.get(table)
    }

    /// The deleted table `name`, while it is still DELETING.
    pub(super) fn deleting(&self, name: &str) -> Option<Deleting> {
        let now = self.time().now_ms();
        self.notes().deleting.get(name).filter(|d| now < d.until).cloned()
    }

    /// One table's notes; empty ones for a table that has none.
    pub(crate) fn table(&self, name: &str) -> TableNotes {
        self.notes().tables.get(name).cloned().unwrap_or_default()
    }

    /// Held by every control-plane call.
    pub(crate) fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets auto scaling look, once a minute; not while somebody changes the region, who lets it look himself.
    pub(super) fn minutely(&self) -> Result<(), Fault> {
        let minute = throttle::minute(self);
        if self.minute.load(Ordering::SeqCst) == minute {
            return Ok(());
        }
        let _alone = match self.alone.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(failed)) => failed.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        self.minute.store(minute, Ordering::SeqCst);
        if self.notes().scaling.is_empty() { Ok(()) } else { scaling::act(self) }
    }

    /// Up to which AWS minute auto scaling has looked at a target.
    pub(crate) fn followed(&self, key: &str) -> u64 {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied().unwrap_or(0)
    }

    /// It has looked at `key` up to `minute`.
    pub(crate) fn follow(&self, key: &str, minute: u64) {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), minute);
    }

    /// The AWS minute of a moment in seconds since 1970.
    pub(crate) fn minute_of(&self, seconds: f64) -> u64 {
        throttle::minute_of(self, seconds)
    }

    /// The AWS minute since which what is consumed is known: nothing of it is kept over a restart.
    pub(crate) fn opened(&self) -> u64 {
        self.minute_of(self.opened)
    }

    /// Whether some index of some table may not be read yet.
    pub(super) fn has_unfinished_index(&self) -> bool {
        let filling = self.filling.load(Ordering::SeqCst);
        filling > 0 && self.time().now_ms() < filling
    }

    /// Refuses items to and from a table that is CREATING, as AWS does.
    pub(crate) fn ready(&self, table: &str) -> Result<(), Fault> {
        let until = self.creating.read().unwrap_or_else(PoisonError::into_inner).get(table).copied();
        match until {
            Some(until) if self.time().now_ms() < until => Err(Fault::new("ResourceNotFoundException", "Requested resource not found")),
            _ => Ok(()),
        }
    }
}

/// The notes that are kept at `path`; new ones where there are none.
fn notes_at(path: &Path) -> Result<Notes, Error> {
    format::read(store::load::<Value>(path)?.unwrap_or_else(|| Value::Object(Map::new())), path)
}

/// Until when each table is CREATING.
fn creating(notes: &Notes) -> BTreeMap<String, u64> {
    notes.tables.iter().filter_map(|(name, table)| Some((name.clone(), created_at(table)?))).collect()
}

/// Until when an index of it is being filled; 0 when none is.
fn filled_at(table: &TableNotes) -> u64 {
    table.pending.iter().filter(|p| matches!(p.what, What::IndexCreating { .. })).map(|p| p.until).max().unwrap_or(0)
}

fn created_at(table: &TableNotes) -> Option<u64> {
    table.pending.iter().filter(|p| matches!(p.what, What::Creating { .. })).map(|p| p.until).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::time::Duration;

    #[test]
    fn a_call_that_failed_while_it_changed_the_region_does_not_end_auto_scaling() {
        let store = Store::open(None).expect("a store");
        let time = Time { clock: Clock::manual(1_791_504_001_000), lag: Duration::ZERO };
        let shared = Arc::new(Shared {
            account: "123456789012".into(),
            keys: Arc::new(Keyring::open("123456789012", &time, &store).expect("keys")),
            metrics: CloudWatch::new(time.clock.clone()),
            time,
            planted: BTreeMap::new(),
        });
        let region = Region::open("us-east-1", &shared, &store).expect("opens");
        let failed = std::thread::scope(|scope| {
            let call = scope.spawn(|| {
                let _alone = region.alone();
                panic!("in the middle of a change");
            });
            call.join()
        });
        assert!(failed.is_err());
        region.minutely().expect("looks");
        assert_eq!(region.minute.load(Ordering::SeqCst), throttle::minute(&region));
    }
}
