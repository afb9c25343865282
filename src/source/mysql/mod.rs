//! MySQL and MariaDB: one connection, one consistent snapshot, pages behind the key of the last row.
//!
//! Rules: no cursor stays open on the server, so lookups and counts take turns with it; a relation without a usable key is read
//! into memory once, up to a million rows; every cursor that pages compares what it gave with an exact count at its end;
//! a connection that breaks is [`Error::Lost`] and is not opened again. Called by [`crate::source`] alone.

mod bind;
mod catalogue;
mod connect;
mod decode;
mod failure;
mod page;
mod privilege;
mod read;

use super::address::Server;
use super::relation::Found;
use super::{Description, Error};
use crate::mapping::{Relation, Row, Value};
use catalogue::{Names, column, positional, select};
use decode::Kind;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use read::Shape;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Rows of a relation without a key that are read into memory.
const KEYLESS: u64 = 1_000_000;

/// A server that was reached once, to see that it can be.
#[derive(Debug)]
pub(super) struct Source {
    server: Server,
}

/// One transaction on one connection.
pub(super) struct Snapshot {
    conn: Conn,
    server: Server,
    names: Names,
    known: Vec<(Relation, Arc<Found<Kind>>)>,
    /// Tells this snapshot's cursors from others'.
    mark: Arc<()>,
}

/// A relation being read.
#[derive(Debug)]
pub(super) struct Cursor {
    found: Arc<Found<Kind>>,
    rest: Rest,
    mark: Arc<()>,
}

/// What is still to be read.
#[derive(Debug)]
enum Rest {
    /// Behind the key of the last row; `None` at the start.
    Paged {
        by: Vec<usize>,
        last: Option<Vec<Value>>,
        given: u64,
    },
    Held(VecDeque<Row>),
    Done,
}

impl Source {
    pub(super) async fn connect(server: Server) -> Result<Self, Error> {
        connect::connect(&server).await?;
        Ok(Self { server })
    }

    pub(super) async fn excess_privileges(&self) -> Result<Vec<String>, Error> {
        privilege::excess(&mut connect::connect(&self.server).await?, &self.server).await
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot, Error> {
        let mut conn = connect::connect(&self.server).await?;
        let failed = |e| failure::asking(&self.server, "opening the snapshot", &e);
        conn.query_drop("set session transaction isolation level repeatable read").await.map_err(failed)?;
        conn.query_drop("start transaction with consistent snapshot, read only").await.map_err(failed)?;
        let names = catalogue::names(&mut conn, &self.server).await?;
        Ok(Snapshot { conn, server: self.server.clone(), names, known: Vec::new(), mark: Arc::default() })
    }
}

impl Snapshot {
    pub(super) async fn catalogue(&mut self) -> Result<BTreeMap<String, Description>, Error> {
        let mut out = BTreeMap::new();
        for name in self.names.all.iter().filter(|n| self.names.default.contains(&n.schema)) {
            let found = catalogue::named(&mut self.conn, &self.server, &self.names, name).await?;
            out.insert(name.name.clone(), found.description());
        }
        Ok(out)
    }

    pub(super) async fn describe(&mut self, relation: &Relation) -> Result<Description, Error> {
        Ok(self.readable(relation).await?.description())
    }

    pub(super) async fn count(&mut self, relation: &Relation) -> Result<u64, Error> {
        let found = self.find(relation).await?;
        self.count_found(&found).await
    }

    async fn count_found(&mut self, found: &Found<Kind>) -> Result<u64, Error> {
        let count: Result<Option<u64>, _> = self.conn.exec_first(format!("select count(*) from {}", found.from), ()).await;
        let count = count.map_err(|e| failure::asking(&self.server, &format!("counting {}", found.label), &e))?;
        count.ok_or_else(|| Error::Query {
            what: format!("counting {}", found.label),
            message: "the server gave no answer: run again".to_owned(),
        })
    }

    pub(super) async fn open(&mut self, relation: &Relation, key: &[String], order: &[String]) -> Result<Cursor, Error> {
        let found = self.readable(relation).await?;
        let rest = match paging(&found, key, order)? {
            Some(by) => Rest::Paged { by, last: None, given: 0 },
            None => Rest::Held(self.hold(&found, order).await?),
        };
        Ok(Cursor { found, rest, mark: self.mark.clone() })
    }

    pub(super) async fn next(&mut self, cursor: &mut Cursor, limit: usize) -> Result<Vec<Row>, Error> {
        if !Arc::ptr_eq(&self.mark, &cursor.mark) {
            return Err(Error::Lost("this cursor is not open in this snapshot: open it again and read from its start".to_owned()));
        }
        match &mut cursor.rest {
            Rest::Done => Ok(Vec::new()),
            Rest::Held(rows) => Ok(rows.drain(..limit.min(rows.len())).collect()),
            Rest::Paged { by, last, given } => {
                let rows = self.page(&cursor.found, by, last.as_deref(), limit).await?;
                *given += u64::try_from(rows.len()).unwrap_or(u64::MAX);
                if let Some(row) = rows.last().filter(|_| rows.len() == limit) {
                    *last = Some(by.iter().map(|i| row.values[*i].clone()).collect());
                } else {
                    let given = *given;
                    self.complete(&cursor.found, given).await?;
                    cursor.rest = Rest::Done;
                }
                Ok(rows)
            }
        }
    }

    /// One page, behind `last`.
    async fn page(&mut self, found: &Found<Kind>, by: &[usize], last: Option<&[Value]>, limit: usize) -> Result<Vec<Row>, Error> {
        let what = format!("reading {}", found.label);
        let columns: Vec<(String, Kind)> = by.iter().filter_map(|i| found.fields[*i].kind.map(|kind| (column(found, *i), kind))).collect();
        let (condition, parameters) = match last {
            None => (String::new(), Vec::new()),
            Some(last) => page::behind(&columns, last).map(|(sql, p)| (format!(" where {sql}"), p)).ok_or_else(|| Error::Query {
                what: what.clone(),
                message: "a value of its key cannot be read exactly, so the rows behind it cannot be asked for; declare another `key`"
                    .to_owned(),
            })?,
        };
        let order: Vec<&str> = columns.iter().map(|(sql, _)| sql.as_str()).collect();
        let sql = format!("{}{condition} order by {} limit {limit}", select(found), order.join(", "));
        self.rows(&what, &sql, parameters, &Shape::of(found)).await
    }

    /// A key that is not unique, or that sorts otherwise than it compares, would lose rows between pages: this is where it shows.
    async fn complete(&mut self, found: &Found<Kind>, given: u64) -> Result<(), Error> {
        let count = self.count_found(found).await?;
        if count == given {
            return Ok(());
        }
        Err(Error::Lost(crate::safe::text(&format!(
            "{} has {count} rows, but reading it by its key gave {given}: the declared `key` is not unique; declare one that is, or none",
            found.label
        ))))
    }

    /// All rows of a relation that has no usable key.
    async fn hold(&mut self, found: &Found<Kind>, order: &[String]) -> Result<VecDeque<Row>, Error> {
        let count = self.count_found(found).await?;
        let what = format!("reading {}", found.label);
        if count > KEYLESS {
            return Err(Error::Query {
                what: crate::safe::text(&what),
                message: format!(
                    "it has {count} rows and no key to read it by in parts, and at most {KEYLESS} are held in memory: declare `key` \
                     with columns that are unique together (numbers, texts, bytes, dates or times)"
                ),
            });
        }
        let order: Vec<String> = found.order(order)?.iter().map(|i| column(found, *i)).collect();
        let order = if order.is_empty() { String::new() } else { format!(" order by {}", order.join(", ")) };
        let rows = self.rows(&what, &format!("{}{order}", select(found)), Vec::new(), &Shape::of(found)).await?;
        Ok(rows.into())
    }

    /// Runs a statement and reads all its rows.
    async fn rows(&mut self, what: &str, sql: &str, parameters: Vec<mysql_async::Value>, shape: &Shape) -> Result<Vec<Row>, Error> {
        let rows: Result<Vec<mysql_async::Row>, _> = self.conn.exec(sql, positional(parameters)).await;
        rows.map_err(|e| failure::asking(&self.server, what, &e))?.into_iter().map(|row| shape.row(row)).collect()
    }

    async fn readable(&mut self, relation: &Relation) -> Result<Arc<Found<Kind>>, Error> {
        let found = self.find(relation).await?;
        found.readable()?;
        Ok(found)
    }

    /// The relation, resolved once.
    async fn find(&mut self, relation: &Relation) -> Result<Arc<Found<Kind>>, Error> {
        if let Some((_, found)) = self.known.iter().find(|(r, _)| r == relation) {
            return Ok(found.clone());
        }
        let found = Arc::new(catalogue::find(&mut self.conn, &self.server, &self.names, relation).await?);
        self.known.push((relation.clone(), found.clone()));
        Ok(found)
    }
}

/// The columns to order and page by: `order`, then the primary key, or else the declared `key`; `None` when there is no key,
/// or one of them cannot be paged by.
fn paging(found: &Found<Kind>, key: &[String], order: &[String]) -> Result<Option<Vec<usize>>, Error> {
    let declared = found.positions(key)?;
    let key = if found.key.is_empty() { declared } else { found.positions(&found.key)? };
    let mut by = found.positions(order)?;
    by.extend(&key);
    let mut seen = std::collections::BTreeSet::new();
    by.retain(|i| seen.insert(*i));
    let ordered = by.iter().all(|i| found.fields[*i].kind.is_some_and(page::ordered));
    Ok((!key.is_empty() && ordered).then_some(by))
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("mysql::Snapshot")
    }
}
