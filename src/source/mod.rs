//! The only door to SQL: catalogue, one read-only consistent snapshot, rows in bounded chunks, exact counts, lookups by key.
//!
//! Rules: the session only reads and runs in UTC; a type that is not mapped is refused by name, never guessed;
//! names from the stack are resolved in the catalogue and quoted in its spelling.
//! Called by `load`, `validate::run` and the verbs.

use crate::mapping::{Relation, Row, Value};
use std::collections::BTreeMap;

/// What a source can refuse or fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not usable; the text never holds the password.
    #[error("{0}")]
    Url(String),
    /// The server could not be reached or refused the login.
    #[error("cannot open the source {target}: {message}")]
    Connect { target: String, message: String },
    /// A relation or column that the catalogue does not have, with the nearest name in the text.
    #[error("{0}")]
    Missing(String),
    /// A column whose type landfall does not map yet.
    #[error("{0}")]
    Unmapped(String),
    /// The statement failed.
    #[error("{what}: {message}")]
    Query { what: String, message: String },
    /// The source changed, or a snapshot was lost, in the middle of a run.
    #[error("{0}")]
    Lost(String),
}

/// One column of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// As the catalogue spells it.
    pub name: String,
    /// The engine's own type text (`decimal(10,2)`).
    pub sql_type: String,
    pub nullable: bool,
}

/// What a relation looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub columns: Vec<Column>,
    /// The primary key's columns in order; empty for views, queries and keyless tables.
    pub key: Vec<String>,
}

/// An open source; makes snapshots.
#[derive(Debug)]
pub struct Source;

/// One consistent, read-only view of the source. All reads of a run go through one.
#[derive(Debug)]
pub struct Snapshot;

/// A relation being read, chunk by chunk. Lookups and counts may be made between chunks.
#[derive(Debug)]
pub struct Cursor;

#[allow(clippy::unused_async, unused_variables, clippy::missing_panics_doc)]
impl Source {
    /// Opens `url` (`mysql://`, `mariadb://`, `postgres://`, `postgresql://`, `sqlite:path`). `url` may hold a password; no error or event will.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        unreachable!()
    }
    /// The address without its password, for people: `mysql://app@db.example:3306/shop`.
    pub fn target(&self) -> &str {
        unreachable!()
    }
    /// Privileges beyond reading that the login has ("may write: INSERT on shop.*"); empty: none found.
    pub async fn excess_privileges(&self) -> Result<Vec<String>, Error> {
        unreachable!()
    }
    /// Tables and views of the default schema, by name.
    pub async fn catalogue(&self) -> Result<BTreeMap<String, Description>, Error> {
        unreachable!()
    }
    /// Opens a consistent, read-only snapshot, in UTC.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        unreachable!()
    }
}

#[allow(clippy::unused_async, unused_variables, clippy::missing_panics_doc)]
impl Snapshot {
    /// The relation's columns and key, every column's type checked to be mapped.
    pub async fn describe(&mut self, relation: &Relation) -> Result<Description, Error> {
        unreachable!()
    }
    /// Exact number of rows.
    pub async fn count(&mut self, relation: &Relation) -> Result<u64, Error> {
        unreachable!()
    }
    /// Starts reading every row once, ordered by `order` where it is not empty. `key`: columns that the stack declares unique.
    pub async fn open(&mut self, relation: &Relation, key: &[String], order: &[String]) -> Result<Cursor, Error> {
        unreachable!()
    }
    /// The next rows, at most `limit`; an empty answer means the end was reached and every row was given.
    pub async fn next(&mut self, cursor: &mut Cursor, limit: usize) -> Result<Vec<Row>, Error> {
        unreachable!()
    }
    /// Rows whose `columns` equal one of `keys`, ordered by `columns` then `order`.
    pub async fn lookup(
        &mut self,
        relation: &Relation,
        columns: &[String],
        keys: &[Vec<Value>],
        order: &[String],
    ) -> Result<Vec<Row>, Error> {
        unreachable!()
    }
    /// Runs the user's own `select` with named parameters (`:name`).
    pub async fn select(&mut self, sql: &str, parameters: &BTreeMap<String, Value>) -> Result<Vec<Row>, Error> {
        unreachable!()
    }
}
