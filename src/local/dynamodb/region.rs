//! One region: its engine, the notes beside it, and where both are kept.

use super::notes::{Deleting, Notes, TableNotes};
use super::throttle::Throttle;
use super::transition::What;
use crate::local::Error;
use crate::local::cloudwatch::CloudWatch;
use crate::local::fault::Fault;
use crate::local::kms::Keyring;
use crate::local::moment::Time;
use crate::local::signature::is_region;
use crate::local::store::{self, Store};
use dynoxide::Database;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

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
        let path = store.keeps().then(|| store.dir().join(format!("dynamodb/{name}/notes.json")));
        let notes: Notes = path.as_deref().map(store::load).transpose()?.flatten().unwrap_or_default();
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
        };
        region.each_level(|table, notes| region.metrics().provisioned(&region.name, table, None, notes.provisioned));
        Ok(region)
    }

    fn each_level(&self, mut table_level: impl FnMut(&str, &TableNotes)) {
        for (table, notes) in &self.notes().tables {
            table_level(table, notes);
            for (index, own) in &notes.indexes {
                self.metrics().provisioned(&self.name, table, Some(index), own.provisioned);
            }
        }
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
