//! A new SQLite database from a script, for the sample stacks.
//!
//! Rules: the file appears whole or not at all (written beside it under a name of its own, then put in place); what is
//! there already is never overwritten. Called by the verbs, when a stack names seeds.

use super::failure;
use crate::source::Error;
use rusqlite::Connection;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// See [`crate::source::seed`].
pub(crate) fn seed(path: &Path, sql: &str) -> Result<(), Error> {
    if path.exists() {
        return Err(broken(path, "it exists already; landfall never overwrites it: delete it yourself to make it again"));
    }
    let temporary = beside(path);
    let made = fill(&temporary, sql).and_then(|()| place(&temporary, path));
    match std::fs::remove_file(&temporary) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            made.and(Err(broken(&temporary, &format!("{e}; it is a left-over and may be deleted"))))
        }
        _ => made,
    }
}

/// Runs the script. Without a journal: a half-made file is thrown away whole.
fn fill(path: &Path, sql: &str) -> Result<(), Error> {
    let target = format!("sqlite:{}", path.display());
    let conn = Connection::open(path).map_err(|e| failure::opening(&target, &e))?;
    let script = format!("pragma journal_mode = memory; pragma synchronous = off;\n{sql}");
    conn.execute_batch(&script).map_err(|e| failure::preparing("running the seed script", &e))?;
    if !conn.is_autocommit() {
        return Err(broken(path, "the seed script begins a transaction and does not commit it"));
    }
    conn.close().map_err(|(_, e)| failure::opening(&target, &e))?;
    std::fs::File::open(path).and_then(|f| f.sync_all()).map_err(|e| broken(path, &e.to_string()))
}

/// A link, where the file system has links, because it fails when somebody else made the file meanwhile.
fn place(temporary: &Path, path: &Path) -> Result<(), Error> {
    std::fs::hard_link(temporary, path)
        .or_else(|e| if e.kind() == ErrorKind::AlreadyExists { Err(e) } else { std::fs::rename(temporary, path) })
        .map_err(|e| broken(path, &format!("{e}; check that its folder can be written")))
}

/// A name in the same folder that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{:08x}.part", std::process::id(), fastrand::u32(..)));
    path.with_file_name(name)
}

fn broken(path: &Path, why: &str) -> Error {
    Error::Connect { target: crate::safe::text(&format!("sqlite:{}", path.display())), message: why.to_owned() }
}
