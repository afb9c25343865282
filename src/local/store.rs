//! Where the data lives: a directory that one process holds, or a temporary one.
//!
//! Rules: either is locked for as long as the server runs; a temporary one is marked as such, and one whose lock nobody holds was left
//! behind by a run that was killed: the next start removes it, and nothing else; a document is replaced whole or not at all (written beside, synced,
//! renamed). Called by every service that keeps state.

use super::Error;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How the names of temporary directories begin.
const PREFIX: &str = "landfall-local-";

/// The data directory.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// Whether the data survives this process; a temporary directory goes with this value.
    keeps: bool,
    /// Held for as long as this value lives.
    _lock: File,
}

impl Store {
    /// Opens and locks `dir`, or makes a temporary directory that nobody else can read.
    pub(crate) fn open(dir: Option<&Path>) -> Result<Self, Error> {
        match dir {
            Some(dir) => Self::kept(dir),
            None => Self::temporary(&std::env::temp_dir()),
        }
    }

    fn kept(dir: &Path) -> Result<Self, Error> {
        let failed = |e| Error::Directory(dir.to_owned(), e);
        fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                // What was temporary is kept from now on.
                fs::remove_file(dir.join(MARK))
                    .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
                    .map_err(failed)?;
                Ok(Self { dir: dir.to_owned(), keeps: true, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(Error::InUse(dir.to_owned())),
            Err(TryLockError::Error(e)) => Err(failed(e)),
        }
    }

    fn temporary(under: &Path) -> Result<Self, Error> {
        Self::temporary_by(under, File::try_lock)
    }

    fn temporary_by(under: &Path, try_lock: TryLock) -> Result<Self, Error> {
        let mut tries = 0;
        loop {
            let dir = under.join(format!("{PREFIX}{}-{:016x}", std::process::id(), fastrand::u64(..)));
            let failed = |e| Error::Directory(dir.clone(), e);
            private_dir(&dir).map_err(failed)?;
            tries += 1;
            match claim(&dir, try_lock) {
                Ok((lock, locks)) => {
                    if locks {
                        remove_left(under, &dir);
                    }
                    return Ok(Self { dir, keeps: false, _lock: lock });
                }
                Err(error) => {
                    let _ = fs::remove_dir_all(&dir);
                    if tries == TRIES {
                        return Err(failed(error));
                    }
                }
            }
        }
    }

    /// Whether the data survives this process.
    pub(crate) fn keeps(&self) -> bool {
        self.keeps
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
        if !self.keeps {
            // Nobody is left to tell when a temporary directory stays behind.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// The lock's name in a data directory, and how often a temporary one is tried for.
const LOCK: &str = "lock";
const TRIES: u32 = 20;
/// In a temporary directory: what was asked for by name is never removed, whatever the name is.
const MARK: &str = "temporary";

type TryLock = fn(&File) -> Result<(), TryLockError>;

/// Locks a new temporary directory and marks it: its lock, and whether there are locks at all. On a file system that has none it is not
/// marked, because nobody could tell that it is in use.
fn claim(dir: &Path, try_lock: TryLock) -> io::Result<(File, bool)> {
    let lock = File::options().create_new(true).write(true).open(dir.join(LOCK))?;
    match try_lock(&lock) {
        Ok(()) => File::create_new(dir.join(MARK)).map(|_| (lock, true)),
        Err(TryLockError::WouldBlock) => Err(io::Error::other("its lock is taken")),
        Err(TryLockError::Error(_)) => Ok((lock, false)),
    }
}

/// Removes the temporary directories under `under` that nobody holds any more; its maker holds `own`. What cannot be removed is left: it is in nobody's way.
fn remove_left(under: &Path, own: &Path) {
    let Ok(all) = fs::read_dir(under) else { return };
    for dir in all.flatten().map(|entry| entry.path()).filter(|dir| is_ours(dir, own)) {
        // A directory without a lock was made by no version that locks: whether it is in use cannot be told.
        let lock = File::options().write(true).open(dir.join(LOCK)).ok().filter(|lock| lock.try_lock().is_ok());
        // It may have been opened by its name, and closed again, since it was looked at.
        if lock.is_some() && is_file(&dir.join(MARK)) {
            let _ = fs::remove_dir_all(&dir);
        }
    }
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|told| told.is_file())
}

/// Whether `dir` is a temporary directory of this user, as `own` is: marked, named by a process and a number, no link, not somebody
/// else's.
fn is_ours(dir: &Path, own: &Path) -> bool {
    let name = dir.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
    let named = name.and_then(|name| name.split_once('-')).is_some_and(|(process, random)| {
        !process.is_empty()
            && process.bytes().all(|b| b.is_ascii_digit())
            && random.len() == 16
            && random.bytes().all(|b| b.is_ascii_hexdigit())
    });
    named
        && is_file(&dir.join(LOCK))
        && is_file(&dir.join(MARK))
        && fs::symlink_metadata(dir).is_ok_and(|told| told.is_dir() && is_same_user(&told, own))
}

#[cfg(unix)]
fn is_same_user(told: &fs::Metadata, own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(own).is_ok_and(|own| own.uid() == told.uid())
}

#[cfg(not(unix))]
fn is_same_user(_told: &fs::Metadata, _own: &Path) -> bool {
    true
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
    fn a_directory_that_is_not_there_yet_is_made_with_all_above_it() {
        let under = tempfile::tempdir().expect("a temporary directory");
        let dir = under.path().join("a/b");
        let store = Store::open(Some(&dir)).expect("opens");
        fs::write(store.path("c/d/file").expect("made"), "x").expect("written");
        assert!(dir.join("c/d/file").exists());
    }

    #[test]
    fn a_mark_that_cannot_be_taken_away_is_told() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join(MARK)).expect("made");
        assert!(matches!(Store::open(Some(dir.path())), Err(Error::Directory(..))));
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
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let under = tempfile::tempdir().expect("a temporary directory");
        let at = |name: &str| under.path().join(name);
        let make = |name: &str| {
            fs::create_dir_all(at(name).join("s3")).expect("made");
            File::create(at(name).join(LOCK)).expect("made");
            File::create(at(name).join(MARK)).expect("made");
        };
        let left = "landfall-local-7-00000000000000aa";
        let others = ["landfall-local-7-notes", "landfall-local-7-00000000000000aa-kept", "other-7-00000000000000aa"];
        others.iter().chain([&left]).for_each(|name| make(name));
        // Made by no version that locks.
        fs::create_dir(at("landfall-local-7-00000000000000bb")).expect("made");
        let live = Store::temporary(under.path()).expect("the first opens, and cleans up");
        assert!(!at(left).exists(), "nobody held it");
        make(left);
        let held = File::options().write(true).open(at(left).join(LOCK)).expect("there");
        held.try_lock().expect("free");
        let second = Store::temporary(under.path()).expect("the second opens");
        assert!(at(left).exists() && live.dir().exists() && second.dir().exists(), "somebody holds each");
        assert!(others.iter().all(|name| at(name).exists()) && at("landfall-local-7-00000000000000bb").exists());
        drop(held);
        drop(Store::temporary(under.path()).expect("the third opens"));
        assert!(!at(left).exists() && live.dir().join(LOCK).exists());
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_no_directory_of_ours() {
        let under = tempfile::tempdir().expect("a temporary directory");
        let elsewhere = tempfile::tempdir().expect("another");
        File::create(elsewhere.path().join(LOCK)).expect("made");
        File::create(elsewhere.path().join(MARK)).expect("made");
        let link = under.path().join("landfall-local-7-00000000000000aa");
        std::os::unix::fs::symlink(elsewhere.path(), &link).expect("linked");
        drop(Store::temporary(under.path()).expect("opens"));
        assert!(elsewhere.path().join(LOCK).exists() && fs::symlink_metadata(&link).is_ok());
    }

    #[test]
    fn many_starts_at_once_do_not_take_each_others_directories() {
        let under = tempfile::tempdir().expect("a temporary directory");
        let open = || {
            let stores: Vec<Store> = (0..20).map(|_| Store::temporary(under.path()).expect("opens")).collect();
            assert!(stores.iter().all(|store| store.dir().join(LOCK).exists()));
        };
        std::thread::scope(|scope| (0..8).map(|_| scope.spawn(open)).for_each(drop));
        assert_eq!(fs::read_dir(under.path()).expect("readable").count(), 0);
    }

    #[test]
    fn a_broken_document_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("state.json");
        fs::write(&path, "{").expect("written");
        assert!(matches!(load::<u32>(&path), Err(Error::Corrupt { .. })));
        assert_eq!(load::<u32>(&dir.path().join("none.json")).expect("no error"), None);
        save(&path, &7).expect("saved");
        assert_eq!(load::<u32>(&path).ok().flatten(), Some(7));
    }

    #[test]
    fn a_directory_that_was_asked_for_stays_whatever_its_name() {
        let under = tempfile::tempdir().expect("a temporary directory");
        let dir = under.path().join("landfall-local-7-00000000000000aa");
        drop(Store::open(Some(&dir)).expect("opens"));
        drop(Store::temporary(under.path()).expect("opens, and cleans up"));
        assert!(dir.exists());
        // Left behind by a killed run, and then asked for.
        File::create(dir.join(MARK)).expect("made");
        drop(Store::open(Some(&dir)).expect("opens"));
        drop(Store::temporary(under.path()).expect("opens, and cleans up"));
        assert!(dir.exists());
    }

    #[test]
    fn a_file_system_without_locks_is_no_reason_not_to_start_and_one_s_own_tries_are_removed() {
        let under = tempfile::tempdir().expect("a temporary directory");
        let count = || fs::read_dir(under.path()).expect("readable").count();
        let taken = Store::temporary_by(under.path(), |_| Err(TryLockError::WouldBlock));
        assert!(matches!(taken, Err(Error::Directory(..))) && count() == 0, "{} left", count());
        let without = Store::temporary_by(under.path(), |_| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()))).expect("opens");
        drop(Store::temporary(under.path()).expect("opens, and cleans up"));
        assert!(without.dir().exists(), "nobody can tell that it is in use");
        drop(without);
        assert_eq!(count(), 0);
    }
}
