//! PostgreSQL: one connection, one REPEATABLE READ transaction that only reads, server-side cursors.
//!
//! Rules: everything after BEGIN runs inside a savepoint, so that a statement that fails does not take the snapshot with it;
//! a connection that breaks is [`Error::Lost`] and is not opened again. Called by [`crate::source`] alone.

mod bind;
mod catalogue;
mod connect;
mod decode;
mod failure;
mod number;
mod privilege;
mod read;

use super::address::Server;
use super::{Description, Error};
use crate::mapping::{Relation, Row};
use catalogue::{Known, Names};
use read::Shape;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

/// A server that was reached once, to see that it can be.
#[derive(Debug)]
pub(super) struct Source {
    server: Server,
}

/// One transaction on one connection.
pub(super) struct Snapshot {
    client: Client,
    server: Server,
    names: Names,
    known: Vec<(Relation, Arc<Known>)>,
    cursors: u64,
    /// Cursors that were dropped before their end, to be closed when there is time. Also tells this snapshot's cursors from others'.
    dropped: Arc<Mutex<Vec<String>>>,
}

/// A cursor that the server keeps.
#[derive(Debug)]
pub(super) struct Cursor {
    name: String,
    label: String,
    shape: Shape,
    fetch: Option<(usize, Statement)>,
    done: bool,
    dropped: Arc<Mutex<Vec<String>>>,
}

impl Source {
    pub(super) async fn connect(server: Server) -> Result<Self, Error> {
        connect::connect(&server).await?;
        Ok(Self { server })
    }

    pub(super) async fn excess_privileges(&self) -> Result<Vec<String>, Error> {
        privilege::excess(&connect::connect(&self.server).await?, &self.server).await
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot, Error> {
        let client = connect::connect(&self.server).await?;
        // The first query takes the snapshot; from then on the transaction's mode cannot be changed any more.
        let begin = "begin isolation level repeatable read read only; select 1";
        client.batch_execute(begin).await.map_err(|e| failure::asking(&self.server, "opening the snapshot", &e))?;
        let names = catalogue::names(&client, &self.server).await?;
        Ok(Snapshot { client, server: self.server.clone(), names, known: Vec::new(), cursors: 0, dropped: Arc::default() })
    }
}

impl Snapshot {
    pub(super) async fn catalogue(&mut self) -> Result<BTreeMap<String, Description>, Error> {
        let mut out = BTreeMap::new();
        for schema in &self.names.default {
            for name in self.names.all.iter().filter(|n| n.schema == *schema && !self.names.partitions.contains(n)) {
                if !out.contains_key(&name.name) {
                    let known = catalogue::named(&self.client, &self.server, name).await?;
                    out.insert(name.name.clone(), known.found.description());
                }
            }
        }
        Ok(out)
    }

    pub(super) async fn describe(&mut self, relation: &Relation) -> Result<Description, Error> {
        Ok(self.readable(relation).await?.found.description())
    }

    pub(super) async fn count(&mut self, relation: &Relation) -> Result<u64, Error> {
        let known = self.find(relation).await?;
        let what = format!("counting {}", known.found.label);
        let sql = format!("select count(*) from {}", known.found.from);
        self.enter(&what).await?;
        let answer = self.client.query_one(&sql, &[]).await.and_then(|row| row.try_get::<_, i64>(0));
        self.leave(&what, answer).await.map(i64::unsigned_abs)
    }

    pub(super) async fn open(&mut self, relation: &Relation, key: &[String], order: &[String]) -> Result<Cursor, Error> {
        let known = self.readable(relation).await?;
        known.found.positions(key)?;
        let order = if order.is_empty() { Vec::new() } else { known.found.order(order)? };
        self.cursors += 1;
        let name = format!("landfall_{}", self.cursors);
        let sql = format!("declare {name} no scroll cursor for {}", read::scan(&known.found, &order));
        let what = format!("reading {}", known.found.label);
        self.close_dropped(&what).await?;
        self.enter(&what).await?;
        let declared = self.client.execute(&sql, &[]).await;
        self.leave(&what, declared).await?;
        let (shape, label) = (Shape::of(&known.found), known.found.label.clone());
        Ok(Cursor { name, label, shape, fetch: None, done: false, dropped: self.dropped.clone() })
    }

    pub(super) async fn next(&mut self, cursor: &mut Cursor, limit: usize) -> Result<Vec<Row>, Error> {
        if !Arc::ptr_eq(&self.dropped, &cursor.dropped) {
            return Err(Error::Lost("this cursor is not open in this snapshot: open it again and read from its start".to_owned()));
        }
        if cursor.done {
            return Ok(Vec::new());
        }
        let what = format!("reading {}", cursor.label);
        self.enter(&what).await?;
        let fetched = self.fetch(cursor, limit).await;
        let rows = self.leave(&what, fetched).await?;
        cursor.done = rows.len() < limit;
        if cursor.done {
            let close = format!("close {}", cursor.name);
            self.client.batch_execute(&close).await.map_err(|e| failure::asking(&self.server, &what, &e))?;
        }
        rows.iter().map(|row| cursor.shape.row(row)).collect()
    }

    /// The statement that fetches is kept, as long as the limit stays.
    async fn fetch(&self, cursor: &mut Cursor, limit: usize) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
        let statement = match &cursor.fetch {
            Some((kept, statement)) if *kept == limit => statement,
            _ => {
                let statement = self.client.prepare(&format!("fetch forward {limit} from {}", cursor.name)).await?;
                &cursor.fetch.insert((limit, statement)).1
            }
        };
        self.client.query(statement, &[]).await
    }

    /// Runs a statement with parameters in text form and reads all its rows.
    async fn query(&self, what: &str, statement: &Statement, parameters: &[bind::Parameter]) -> Result<Vec<tokio_postgres::Row>, Error> {
        self.enter(what).await?;
        let answer = self.client.query(statement, &references(parameters)).await;
        self.leave(what, answer).await
    }

    async fn readable(&mut self, relation: &Relation) -> Result<Arc<Known>, Error> {
        let known = self.find(relation).await?;
        known.found.readable()?;
        Ok(known)
    }

    /// The relation, resolved once.
    async fn find(&mut self, relation: &Relation) -> Result<Arc<Known>, Error> {
        if let Some((_, known)) = self.known.iter().find(|(r, _)| r == relation) {
            return Ok(known.clone());
        }
        let what = "reading the catalogue";
        self.enter(what).await?;
        let found = catalogue::find(&self.client, &self.server, &self.names, relation).await;
        let known = Arc::new(self.settle(what, found).await?);
        self.known.push((relation.clone(), known.clone()));
        Ok(known)
    }

    /// Begins what may fail without taking the snapshot with it.
    async fn enter(&self, what: &str) -> Result<(), Error> {
        self.client.batch_execute("savepoint landfall").await.map_err(|e| failure::asking(&self.server, what, &e))
    }

    /// Ends what [`Self::enter`] began: an error undoes it.
    async fn leave<T>(&self, what: &str, answer: Result<T, tokio_postgres::Error>) -> Result<T, Error> {
        self.settle(what, answer.map_err(|e| failure::asking(&self.server, what, &e))).await
    }

    async fn settle<T>(&self, what: &str, answer: Result<T, Error>) -> Result<T, Error> {
        let end = match &answer {
            Ok(_) => "release savepoint landfall",
            Err(Error::Lost(_)) => return answer,
            Err(_) => "rollback to savepoint landfall; release savepoint landfall",
        };
        self.client.batch_execute(end).await.map_err(|e| failure::asking(&self.server, what, &e))?;
        answer
    }

    async fn close_dropped(&self, what: &str) -> Result<(), Error> {
        let names = self.dropped.lock().map(|mut names| std::mem::take(&mut *names)).unwrap_or_default();
        for name in names {
            self.client.batch_execute(&format!("close {name}")).await.map_err(|e| failure::asking(&self.server, what, &e))?;
        }
        Ok(())
    }
}

fn references(parameters: &[bind::Parameter]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("postgres::Snapshot")
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        if !self.done
            && let Ok(mut dropped) = self.dropped.lock()
        {
            dropped.push(std::mem::take(&mut self.name));
        }
    }
}
