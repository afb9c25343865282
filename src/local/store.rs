//! Where the data lives: a directory that one process holds, or a temporary one.
//!
//! Rules: a kept directory is locked for as long as the server runs; a document is replaced whole or not at all
//! (written beside, synced, renamed). Called by every service that keeps state.

use super::Error;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The data directory.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// The lock on a kept directory; `None` for a temporary one, which goes with this value.
    lock: Option<File>,
}

impl Store {
    /// Opens and locks `dir`, or makes a temporary directory that nobody else can read.
    pub(crate) fn open(dir: Option<&Path>) -> Result<Self, Error> {
        match dir {
            Some(dir) => Self::kept(dir),
            None => Self::temporary(),
        }
    }

    fn kept(dir: &Path) -> Result<Self, Error> {
        let failed = |e| Error::Directory(dir.to_owned(), e);
        fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(dir.to_owned())),
            Err(TryLockError::Error(e)) => Err(failed(e)),
        }
    }

    fn temporary() -> Result<Self, Error> {
        let dir = std::env::temp_dir().join(format!("landfall-local-{}-{:016x}", std::process::id(), fastrand::u64(..)));
        private_dir(&dir).map_err(|e| Error::Directory(dir.clone(), e))?;
        Ok(Self { dir, lock: None })
    }

    /// Whether the data survives this process.
    pub(crate) fn keeps(&self) -> bool {
        self.lock.is_some()
    }

    /// `name` under the data directory, with the directories above it made.
    pub(crate) fn path(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(path)
    }

    /// The directory itself.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.lock.is_none() {
            // Nobody is left to tell when a temporary directory stays behind.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

#[cfg(unix)]
fn private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir(dir)
}

/// Replaces the document at `path` with `value` as JSON, whole or not at all.
pub(crate) fn save<T: serde::Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// The document at `path`; `None` where there is none.
pub(crate) fn load<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::Directory(path.to_owned(), e)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| Error::Corrupt { path: path.to_owned(), reason: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_in_use_is_refused_and_free_again_afterwards() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let first = Store::open(Some(dir.path())).expect("the first opens");
        assert!(matches!(Store::open(Some(dir.path())), Err(Error::InUse(_))));
        drop(first);
        assert!(Store::open(Some(dir.path())).is_ok());
    }

    #[test]
    fn a_temporary_directory_goes_with_its_store() {
        let store = Store::open(None).expect("opens");
        let dir = store.dir().to_owned();
        assert!(dir.exists());
        drop(store);
        assert!(!dir.exists());
    }

    #[test]
    fn a_broken_document_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("state.json");
        fs::write(&path, "{").expect("written");
        assert!(matches!(load::<u32>(&path), Err(Error::Corrupt { .. })));
        save(&path, &7).expect("saved");
        assert_eq!(load::<u32>(&path).ok().flatten(), Some(7));
    }
}
