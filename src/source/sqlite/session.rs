//! One SQLite connection inside one read transaction: everything that is asked of it and answered at once.
//!
//! Rules: opened read-only and `query_only`; the first read pins the snapshot; values travel only as bound parameters.
//! Called on the snapshot's thread by `actor`.

use super::decode::{self, Kind};
use super::{bind, catalogue, failure};
use crate::mapping::{Relation, Row, Value, value::Columns};
use crate::source::name::quote;
use crate::source::relation::{self, Found};
use crate::source::statement::{self, Dialect, Piece};
use crate::source::{Description, Error};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// Keys of one lookup statement, and parameters of it (SQLite's limit is 32,766).
const KEYS: usize = 500;
const PARAMETERS: usize = 20_000;

/// The connection, and the relations that it has resolved so far.
pub(super) struct Session {
    pub(super) conn: Connection,
    known: RefCell<Vec<(Relation, Rc<Found<Kind>>)>>,
}

/// How to read a row: its column names, and what each column decodes to.
pub(super) struct Shape {
    columns: Columns,
    kinds: Vec<Kind>,
}

impl Session {
    /// Opens the file, which has to exist, and takes the snapshot.
    pub(super) fn open(path: &Path, target: &str) -> Result<Self, Error> {
        let missing = |message: String| Error::Connect { target: target.to_owned(), message };
        match std::fs::metadata(path) {
            Err(e) => return Err(missing(format!("{e}; landfall never creates a source: check the path"))),
            Ok(meta) if !meta.is_file() => return Err(missing("it is no file: check the path".to_owned())),
            Ok(_) => {}
        }
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let conn = conn.map_err(|e| failure::opening(target, &e))?;
        let begin = "pragma query_only = 1; begin; select count(*) from sqlite_schema";
        let ready = conn.busy_timeout(Duration::from_secs(10)).and_then(|()| conn.execute_batch(begin));
        ready.map_err(|e| failure::opening(target, &e))?;
        Ok(Self { conn, known: RefCell::default() })
    }

    /// The relation, resolved once.
    pub(super) fn find(&self, relation: &Relation) -> Result<Rc<Found<Kind>>, Error> {
        if let Some((_, found)) = self.known.borrow().iter().find(|(r, _)| r == relation) {
            return Ok(found.clone());
        }
        let found = Rc::new(catalogue::find(&self.conn, relation)?);
        self.known.borrow_mut().push((relation.clone(), found.clone()));
        Ok(found)
    }

    pub(super) fn catalogue(&self) -> Result<BTreeMap<String, Description>, Error> {
        let names = catalogue::names(&self.conn)?;
        names.into_iter().map(|q| catalogue::named(&self.conn, &q).map(|found| (q.name, found.description()))).collect()
    }

    pub(super) fn count(&self, relation: &Relation) -> Result<u64, Error> {
        let found = self.find(relation)?;
        let what = format!("counting {}", found.label);
        let mut statement =
            self.conn.prepare(&format!("select count(*) from {}", found.from)).map_err(|e| failure::preparing(&what, &e))?;
        let count: i64 = statement.query_row([], |row| row.get(0)).map_err(|e| failure::reading(&what, &e))?;
        Ok(count.unsigned_abs())
    }

    /// The statement that reads the whole relation, and the shape of its rows.
    pub(super) fn scan(&self, relation: &Relation, key: &[String], order: &[String]) -> Result<(String, Shape, String), Error> {
        let found = self.find(relation)?;
        found.readable()?;
        found.positions(key)?;
        let order = if order.is_empty() { Vec::new() } else { found.order(order)? };
        Ok((format!("{}{}", select(&found), order_by(&found, &order)), shape(&found), found.label.clone()))
    }

    pub(super) fn lookup(&self, relation: &Relation, columns: &[String], keys: &[Vec<Value>], order: &[String]) -> Result<Vec<Row>, Error> {
        let found = self.find(relation)?;
        found.readable()?;
        let at = found.positions(columns)?;
        let order = order_by(&found, &first_each(at.iter().copied().chain(found.order(order)?)));
        let kinds: Vec<Kind> = at.iter().map(|i| found.fields[*i].kind.unwrap_or(Kind::Any)).collect();
        let spelled = keys.iter().map(|key| key.iter().zip(&kinds).map(|(v, k)| bind::spellings(v, *k)).collect::<Vec<_>>());
        let spelled: Vec<Vec<Vec<Sql>>> = spelled.filter(|key| key.iter().all(|s| !s.is_empty())).collect();
        let per_key = spelled.iter().map(|key| key.iter().map(Vec::len).sum::<usize>()).max().unwrap_or(1).max(1);
        let mut rows = Vec::new();
        for keys in spelled.chunks(KEYS.min(PARAMETERS / per_key).max(1)) {
            let sql = format!("{} where {}{order}", select(&found), condition(&found, &at, keys));
            let parameters = keys.iter().flatten().flatten().cloned().collect();
            rows.extend(self.rows(&format!("looking up {}", found.label), &sql, parameters, Some(shape(&found)))?);
        }
        Ok(rows)
    }

    pub(super) fn select(&self, sql: &str, parameters: &BTreeMap<String, Value>) -> Result<Vec<Row>, Error> {
        let mut given: Vec<&str> = Vec::new();
        let mut text = String::new();
        let read = statement::reading(sql, Dialect::Sqlite)?;
        let pieces = statement::pieces(&read, Dialect::Sqlite);
        for piece in &pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Parameter(name) => {
                    let at = given.iter().position(|n| n == name).unwrap_or_else(|| {
                        given.push(name);
                        given.len() - 1
                    });
                    // Writing to a string does not fail.
                    let _ = write!(text, "?{}", at + 1);
                }
            }
        }
        let value = |name: &&str| {
            let value = parameters.get(*name).ok_or_else(|| statement::no_parameter(name, parameters.keys()))?;
            bind::parameter(value).ok_or_else(|| relation::not_a_parameter(name))
        };
        let values = given.iter().map(value).collect::<Result<_, _>>()?;
        self.rows("running the select", &text, values, None)
    }

    /// All rows of a statement; without a `shape`, the statement itself says which columns it gives.
    fn rows(&self, what: &str, sql: &str, parameters: Vec<Sql>, shape: Option<Shape>) -> Result<Vec<Row>, Error> {
        let mut statement = self.conn.prepare(sql).map_err(|e| failure::preparing(what, &e))?;
        let shape = shape.map_or_else(|| given_shape(&statement), Ok)?;
        let mut rows = statement.query(params_from_iter(parameters)).map_err(|e| failure::reading(what, &e))?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(|e| failure::reading(what, &e))? {
            out.push(shape.row(row).map_err(|e| failure::reading(what, &e))?);
        }
        Ok(out)
    }
}

impl Shape {
    pub(super) fn row(&self, row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
        let value = |(i, kind): (usize, &Kind)| row.get_ref(i).map(|raw| decode::value(*kind, raw));
        Ok(Row { columns: self.columns.clone(), values: self.kinds.iter().enumerate().map(value).collect::<Result<_, _>>()? })
    }
}

fn shape(found: &Found<Kind>) -> Shape {
    Shape { columns: found.columns(), kinds: found.fields.iter().map(|f| f.kind.unwrap_or(Kind::Any)).collect() }
}

fn given_shape(statement: &rusqlite::Statement<'_>) -> Result<Shape, Error> {
    let fields = catalogue::fields(statement);
    let mut seen = BTreeSet::new();
    match fields.iter().find(|f| !seen.insert(&f.column.name)) {
        Some(twice) => Err(relation::twice_named("the select", &twice.column.name)),
        None => Ok(Shape {
            columns: fields.iter().map(|f| f.column.name.clone()).collect(),
            kinds: fields.iter().map(|f| f.kind.unwrap_or(Kind::Any)).collect(),
        }),
    }
}

fn select(found: &Found<Kind>) -> String {
    let columns: Vec<String> = (0..found.fields.len()).map(|i| column(found, i)).collect();
    format!("select {} from {}", columns.join(", "), found.from)
}

fn column(found: &Found<Kind>, i: usize) -> String {
    format!("landfall_rows.{}", quote(&found.fields[i].column.name, '"'))
}

fn order_by(found: &Found<Kind>, positions: &[usize]) -> String {
    let columns: Vec<String> = positions.iter().map(|i| column(found, *i)).collect();
    if columns.is_empty() { String::new() } else { format!(" order by {}", columns.join(", ")) }
}

/// The positions in order, each where it comes first.
fn first_each(positions: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    positions.filter(|i| seen.insert(*i)).collect()
}

/// One of `keys`, in any spelling of each of its values.
fn condition(found: &Found<Kind>, at: &[usize], keys: &[Vec<Vec<Sql>>]) -> String {
    let equals = |(i, spellings): (&usize, &Vec<Sql>)| format!("{} in ({})", column(found, *i), vec!["?"; spellings.len()].join(", "));
    let key = |key: &Vec<Vec<Sql>>| format!("({})", at.iter().zip(key).map(equals).collect::<Vec<_>>().join(" and "));
    keys.iter().map(key).collect::<Vec<_>>().join(" or ")
}
