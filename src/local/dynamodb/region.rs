//! One region: its engine, the notes beside it, and where both are kept.

use super::notes::{Notes, TableNotes};
use crate::local::Error;
use crate::local::cloudwatch::CloudWatch;
use crate::local::fault::Fault;
use crate::local::moment::Time;
use crate::local::signature::is_region;
use crate::local::store::{self, Store};
use dynoxide::Database;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

/// One region of the account.
pub(crate) struct Region {
    name: String,
    account: String,
    time: Time,
    db: Database,
    notes: Mutex<Notes>,
    /// Where the notes are kept; `None` keeps them in memory.
    path: Option<PathBuf>,
    /// Tables that an import fills: they are CREATING, and nobody may use them.
    importing: RwLock<BTreeSet<String>>,
    alone: Mutex<()>,
    metrics: CloudWatch,
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
    pub(super) fn open(name: &str, account: &str, time: &Time, store: &Store, metrics: &CloudWatch) -> Result<Self, Error> {
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
            account: account.to_owned(),
            time: time.clone(),
            db,
            notes: Mutex::new(notes),
            path,
            importing: RwLock::default(),
            alone: Mutex::default(),
            metrics: metrics.clone(),
        };
        region.each_level(|table, notes| region.metrics.provisioned(&region.name, table, None, notes.provisioned));
        Ok(region)
    }

    fn each_level(&self, mut table_level: impl FnMut(&str, &TableNotes)) {
        for (table, notes) in &self.notes().tables {
            table_level(table, notes);
            for (index, own) in &notes.indexes {
                self.metrics.provisioned(&self.name, table, Some(index), own.provisioned);
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// The clock, and what AWS takes by it.
    pub(crate) fn time(&self) -> &Time {
        &self.time
    }

    pub(crate) fn db(&self) -> &Database {
        &self.db
    }

    pub(crate) fn metrics(&self) -> &CloudWatch {
        &self.metrics
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
        *notes = next;
        Ok(out)
    }

    /// One table's notes; empty ones for a table that has none.
    pub(crate) fn table(&self, name: &str) -> TableNotes {
        self.notes().tables.get(name).cloned().unwrap_or_default()
    }

    /// Held by every control-plane call.
    pub(crate) fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks `table` as filled by an import, or as usable.
    pub(crate) fn set_importing(&self, table: &str, on: bool) {
        let mut importing = self.importing.write().unwrap_or_else(PoisonError::into_inner);
        if on {
            importing.insert(table.to_owned());
        } else {
            importing.remove(table);
        }
    }

    /// Whether an import fills `table` now.
    pub(crate) fn is_importing(&self, table: &str) -> bool {
        self.importing.read().unwrap_or_else(PoisonError::into_inner).contains(table)
    }

    /// Refuses items to and from a table that is CREATING, as AWS does.
    pub(crate) fn ready(&self, table: &str) -> Result<(), Fault> {
        if self.is_importing(table) {
            return Err(Fault::new("ResourceNotFoundException", "Requested resource not found"));
        }
        Ok(())
    }

    /// Refuses to change a table that is CREATING.
    pub(crate) fn settled(&self, table: &str) -> Result<(), Fault> {
        if self.is_importing(table) {
            let message = format!("Attempt to change a resource which is still in use: Table is being created: {table}");
            return Err(Fault::new("ResourceInUseException", message));
        }
        Ok(())
    }
}
