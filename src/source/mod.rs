//! The only door to SQL: catalogue, one read-only consistent snapshot, rows in bounded chunks, exact counts, lookups by key.
//!
//! Rules: the session only reads and runs in UTC; a type that is not mapped is refused by name, never guessed;
//! names from the stack are resolved in the catalogue and quoted in its spelling; a lost connection is [`Error::Lost`],
//! never a new one; no error holds a password or a row value.
//!
//! Key insight: all reads of a run share one snapshot on one connection, so cursors, counts and lookups take turns on it and agree.
//!
//! Called by `load`, `validate::run` and the verbs.

mod address;
mod moment;
mod mysql;
mod name;
mod postgres;
mod relation;
mod sqlite;
mod statement;
mod tls;

use crate::mapping::{Relation, Row, Value};
use address::Address;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// How long a connection may be silent before it shows that it lives: the snapshot stays open through hours of AWS's work, and a firewall
/// on the way forgets what is silent for some minutes.
const KEEPALIVE: Duration = Duration::from_mins(1);

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

impl Error {
    /// The exit code that this alone would leave with: a relation or column that is not there is the stack file's error.
    pub fn exit(&self) -> crate::exit::Exit {
        match self {
            Self::Missing(_) | Self::Unmapped(_) | Self::Url(_) => crate::exit::Exit::Usage,
            Self::Connect { .. } | Self::Query { .. } | Self::Lost(_) => crate::exit::Exit::Failed,
        }
    }
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
pub struct Source {
    engine: Engine,
    target: String,
}

#[derive(Debug)]
enum Engine {
    Sqlite(sqlite::Source),
    Postgres(postgres::Source),
    Mysql(mysql::Source),
}

/// One consistent, read-only view of the source. All reads of a run go through one.
#[derive(Debug)]
pub struct Snapshot(View);

#[derive(Debug)]
enum View {
    Sqlite(sqlite::Snapshot),
    Postgres(Box<postgres::Snapshot>),
    Mysql(Box<mysql::Snapshot>),
}

/// A relation being read, chunk by chunk. Lookups and counts may be made between chunks.
#[derive(Debug)]
pub struct Cursor(Place);

#[derive(Debug)]
enum Place {
    Sqlite(sqlite::Cursor),
    Postgres(postgres::Cursor),
    Mysql(mysql::Cursor),
}

impl Source {
    /// Opens `url` (`mysql://`, `mariadb://`, `postgres://`, `postgresql://`, `sqlite:path`). `url` may hold a password; no error or event will.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let address = Address::parse(url)?;
        let target = address.target();
        let engine = match address {
            Address::Sqlite(path) => Engine::Sqlite(sqlite::Source::connect(path, target.clone()).await?),
            Address::Postgres(server) => Engine::Postgres(postgres::Source::connect(server).await?),
            Address::Mysql(server) => Engine::Mysql(mysql::Source::connect(server).await?),
        };
        Ok(Self { engine, target })
    }

    /// The address without its password, for people: `mysql://app@db.example:3306/shop`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Privileges beyond reading that the login has ("may write: INSERT on shop.*"); empty: none found.
    /// A file that is opened read-only has none.
    pub async fn excess_privileges(&self) -> Result<Vec<String>, Error> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(Vec::new()),
            Engine::Postgres(source) => source.excess_privileges().await,
            Engine::Mysql(source) => source.excess_privileges().await,
        }
    }

    /// Tables and views of the default schema, by name. Columns that landfall does not map are listed too.
    pub async fn catalogue(&self) -> Result<BTreeMap<String, Description>, Error> {
        match self.snapshot().await?.0 {
            View::Sqlite(mut view) => view.catalogue().await,
            View::Postgres(mut view) => view.catalogue().await,
            View::Mysql(mut view) => view.catalogue().await,
        }
    }

    /// Opens a consistent, read-only snapshot, in UTC.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        match &self.engine {
            Engine::Sqlite(source) => Ok(Snapshot(View::Sqlite(source.snapshot().await?))),
            Engine::Postgres(source) => Ok(Snapshot(View::Postgres(Box::new(source.snapshot().await?)))),
            Engine::Mysql(source) => Ok(Snapshot(View::Mysql(Box::new(source.snapshot().await?)))),
        }
    }
}

impl Snapshot {
    /// The relation's columns and key, every column's type checked to be mapped.
    pub async fn describe(&mut self, relation: &Relation) -> Result<Description, Error> {
        match &mut self.0 {
            View::Sqlite(view) => view.describe(relation).await,
            View::Postgres(view) => view.describe(relation).await,
            View::Mysql(view) => view.describe(relation).await,
        }
    }

    /// Exact number of rows.
    pub async fn count(&mut self, relation: &Relation) -> Result<u64, Error> {
        match &mut self.0 {
            View::Sqlite(view) => view.count(relation).await,
            View::Postgres(view) => view.count(relation).await,
            View::Mysql(view) => view.count(relation).await,
        }
    }

    /// Starts reading every row once, ordered by `order` where it is not empty. `key`: columns that the stack declares unique.
    pub async fn open(&mut self, relation: &Relation, key: &[String], order: &[String]) -> Result<Cursor, Error> {
        match &mut self.0 {
            View::Sqlite(view) => view.open(relation, key, order).await.map(|c| Cursor(Place::Sqlite(c))),
            View::Postgres(view) => view.open(relation, key, order).await.map(|c| Cursor(Place::Postgres(c))),
            View::Mysql(view) => view.open(relation, key, order).await.map(|c| Cursor(Place::Mysql(c))),
        }
    }

    /// The next rows, at most `limit`; an empty answer means the end was reached and every row was given.
    pub async fn next(&mut self, cursor: &mut Cursor, limit: usize) -> Result<Vec<Row>, Error> {
        let limit = limit.max(1); // an empty answer has to mean the end
        match (&mut self.0, &mut cursor.0) {
            (View::Sqlite(view), Place::Sqlite(cursor)) => view.next(cursor, limit).await,
            (View::Postgres(view), Place::Postgres(cursor)) => view.next(cursor, limit).await,
            (View::Mysql(view), Place::Mysql(cursor)) => view.next(cursor, limit).await,
            _ => Err(Error::Lost("this cursor is not open in this snapshot: open it again and read from its start".to_owned())),
        }
    }

    /// Rows whose `columns` equal one of `keys` as the source compares them, ordered by `columns` then `order` within 500 keys.
    /// NULL equals nothing; a key given twice is looked up once; a text that the column's type cannot hold finds no row.
    pub async fn lookup(
        &mut self,
        relation: &Relation,
        columns: &[String],
        keys: &[Vec<Value>],
        order: &[String],
    ) -> Result<Vec<Row>, Error> {
        if let Some(key) = keys.iter().find(|k| k.len() != columns.len()) {
            return Err(Error::Query {
                what: format!("looking up {relation}"),
                message: format!("a key has {} values and the lookup {} columns: give one value for each column", key.len(), columns.len()),
            });
        }
        let keys = &distinct(keys);
        match &mut self.0 {
            View::Sqlite(view) => view.lookup(relation, columns, keys, order).await,
            View::Postgres(view) => view.lookup(relation, columns, keys, order).await,
            View::Mysql(view) => view.lookup(relation, columns, keys, order).await,
        }
    }

    /// Runs the user's own `select` with named parameters (`:name`).
    pub async fn select(&mut self, sql: &str, parameters: &BTreeMap<String, Value>) -> Result<Vec<Row>, Error> {
        match &mut self.0 {
            View::Sqlite(view) => view.select(sql, parameters).await,
            View::Postgres(view) => view.select(sql, parameters).await,
            View::Mysql(view) => view.select(sql, parameters).await,
        }
    }
}

/// Each key once: one that stood in two statements would find its rows twice.
fn distinct(keys: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let mut seen = BTreeSet::new();
    keys.iter().filter(|key| seen.insert(format!("{key:?}"))).cloned().collect()
}

/// Creates a new SQLite database at `path` from a script in portable SQL: wholly or not at all. An existing file is an error.
pub fn seed(path: &Path, sql: &str) -> Result<(), Error> {
    sqlite::seed(path, sql)
}
