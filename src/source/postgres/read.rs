//! Reading by key and by the user's own statements, and turning rows into ours.
//!
//! Key insight: whether a key can be of the column's type is the server's to say. When a statement fails for its values, it is halved
//! until the one key that fails stands alone; if that key fails even without the relation, it names no row. Called by the verbs of [`Snapshot`].

use super::bind::{self, Parameter};
use super::catalogue::{self, Known};
use super::decode::{self, Kind};
use super::{Snapshot, failure, references};
use crate::mapping::{Relation, Row, Value, value::Columns};
use crate::source::relation::Found;
use crate::source::statement::{self, Dialect, Piece};
use crate::source::{Error, relation};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tokio_postgres::types::{FromSql, Type};

/// Keys of one lookup statement, and parameters of it (the protocol's limit is 65,535).
const KEYS: usize = 500;
const PARAMETERS: usize = 20_000;

/// How to read a row: its column names, and what each column decodes to.
#[derive(Debug)]
pub(super) struct Shape {
    columns: Columns,
    kinds: Vec<Kind>,
}

/// A field's bytes, as the server sent them.
struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(None))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Shape {
    pub(super) fn of(found: &Found<Kind>) -> Self {
        Self { columns: found.columns(), kinds: found.fields.iter().filter_map(|f| f.kind.clone()).collect() }
    }

    pub(super) fn row(&self, row: &tokio_postgres::Row) -> Result<Row, Error> {
        let broken = |i: usize, why: String| Error::Query {
            what: format!("reading the column {}", crate::safe::text(&self.columns[i])),
            message: format!("the server sent {why}; leave the column out or cast it in a query"),
        };
        let value = |(i, kind): (usize, &Kind)| {
            let raw: Raw<'_> = row.try_get(i).map_err(|e| broken(i, format!("what the driver cannot read ({e})")))?;
            decode::value(kind, raw.0).map_err(|why| broken(i, why))
        };
        Ok(Row { columns: self.columns.clone(), values: self.kinds.iter().enumerate().map(value).collect::<Result<_, _>>()? })
    }
}

/// The statement that reads the relation's columns, some of them cast, ordered by the columns at `order`.
pub(super) fn scan(found: &Found<Kind>, order: &[usize]) -> String {
    format!("{}{}", select(found), order_by(found, order))
}

fn select(found: &Found<Kind>) -> String {
    let one = |i: usize| {
        let column = catalogue::column(found, i);
        found.fields[i].kind.as_ref().and_then(Kind::cast).map_or(column.clone(), |cast| format!("{column}::{cast}"))
    };
    format!("select {} from {}", (0..found.fields.len()).map(one).collect::<Vec<_>>().join(", "), found.from)
}

/// Columns are named with their relation, so that the type itself orders them and not the text that it is cast to.
fn order_by(found: &Found<Kind>, positions: &[usize]) -> String {
    let columns: Vec<String> = positions.iter().map(|i| catalogue::column(found, *i)).collect();
    if columns.is_empty() { String::new() } else { format!(" order by {}", columns.join(", ")) }
}

/// A lookup made ready.
struct Search<'a> {
    known: &'a Known,
    at: Vec<usize>,
    types: Vec<Type>,
    order: String,
    what: String,
}

impl Search<'_> {
    fn sql(&self, keys: usize) -> String {
        let mut number = 0;
        let mut equals = |i: &usize| {
            number += 1;
            format!("{} = ${number}", catalogue::column(&self.known.found, *i))
        };
        let keys: Vec<String> =
            (0..keys).map(|_| format!("({})", self.at.iter().map(&mut equals).collect::<Vec<_>>().join(" and "))).collect();
        format!("{} where {}{}", select(&self.known.found), keys.join(" or "), self.order)
    }
}

impl Snapshot {
    pub(in crate::source) async fn lookup(
        &mut self,
        relation: &Relation,
        columns: &[String],
        keys: &[Vec<Value>],
        order: &[String],
    ) -> Result<Vec<Row>, Error> {
        let known = self.readable(relation).await?;
        let at = known.found.positions(columns)?;
        let mut seen = BTreeSet::new();
        let order: Vec<usize> = at.iter().copied().chain(known.found.order(order)?).filter(|i| seen.insert(*i)).collect();
        let search = Search {
            known: &known,
            types: at.iter().map(|i| known.types[*i].clone()).collect(),
            order: order_by(&known.found, &order),
            what: format!("looking up {}", known.found.label),
            at,
        };
        let keys: Vec<Vec<Parameter>> = keys.iter().filter_map(|key| bound(key, &search.types)).collect();
        let shape = Shape::of(&known.found);
        let mut rows = Vec::new();
        for chunk in keys.chunks(KEYS.min(PARAMETERS / search.types.len().max(1)).max(1)) {
            rows.extend(self.search(&search, chunk).await?);
        }
        rows.iter().map(|row| shape.row(row)).collect()
    }

    /// The rows of `keys`; keys that cannot be of the columns' types name none.
    async fn search(&self, search: &Search<'_>, keys: &[Vec<Parameter>]) -> Result<Vec<tokio_postgres::Row>, Error> {
        let mut rows = Vec::new();
        let mut rest = vec![keys];
        while let Some(keys) = rest.pop() {
            match self.search_once(search, keys).await {
                Ok(found) => rows.extend(found),
                Err(error) if !unfit(&error) => return Err(error.told(self, &search.what)),
                Err(error) => match keys {
                    [one] if self.fits(search, one).await? => return Err(error.told(self, &search.what)),
                    [_] => {}
                    many => {
                        let (front, back) = many.split_at(many.len() / 2);
                        rest.extend([back, front]);
                    }
                },
            }
        }
        Ok(rows)
    }

    async fn search_once(&self, search: &Search<'_>, keys: &[Vec<Parameter>]) -> Result<Vec<tokio_postgres::Row>, Failed> {
        let types: Vec<Type> = keys.iter().flat_map(|_| search.types.iter().cloned()).collect();
        self.enter(&search.what).await.map_err(Failed::Ours)?;
        let answer = async {
            let statement = self.client.prepare_typed(&search.sql(keys.len()), &types).await?;
            let parameters: Vec<_> = keys.iter().flatten().map(|p| p as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
            self.client.query(&statement, &parameters).await
        };
        let answer = answer.await;
        let end = if answer.is_ok() { "release savepoint landfall" } else { "rollback to savepoint landfall; release savepoint landfall" };
        if !answer.as_ref().is_err_and(failure::lost) {
            self.client.batch_execute(end).await.map_err(Failed::Theirs)?;
        }
        answer.map_err(Failed::Theirs)
    }

    /// Whether the server can read `key` as the columns' types.
    async fn fits(&self, search: &Search<'_>, key: &[Parameter]) -> Result<bool, Error> {
        let placeholders: Vec<String> = (1..=key.len()).map(|n| format!("${n}")).collect();
        self.enter(&search.what).await?;
        let answer = async {
            let statement = self.client.prepare_typed(&format!("select {}", placeholders.join(", ")), &search.types).await?;
            self.client.query(&statement, &references(key)).await
        };
        let answer = answer.await;
        let unreadable = answer.as_ref().is_err_and(|e| !failure::lost(e));
        match self.leave(&search.what, answer).await {
            Err(Error::Query { .. }) if unreadable => Ok(false),
            other => other.map(|_| true),
        }
    }

    pub(in crate::source) async fn select(&mut self, sql: &str, parameters: &BTreeMap<String, Value>) -> Result<Vec<Row>, Error> {
        let what = "running the select";
        let (text, names) = numbered(&statement::reading(sql, Dialect::Postgres)?);
        self.enter(what).await?;
        let prepared = self.client.prepare(&text).await;
        let prepared = self.leave(what, prepared).await?;
        let fields = catalogue::fields(&prepared);
        let found = Found { from: String::new(), label: "the select".to_owned(), fields, key: Vec::new() };
        found.readable()?;
        if let Some(f) = found.fields.iter().find(|f| f.kind.as_ref().is_some_and(|k| k.cast().is_some())) {
            return Err(Error::Unmapped(crate::safe::text(&format!(
                "{} is {}: cast it to text in the select",
                f.column.name, f.column.sql_type
            ))));
        }
        let mut bound = Vec::new();
        for (name, ty) in names.iter().zip(prepared.params()) {
            let value = parameters.get(name).ok_or_else(|| statement::no_parameter(name, parameters.keys()))?;
            bound.push(bind::parameter(value, ty).ok_or_else(|| relation::not_a_parameter(name))?);
        }
        let rows = self.query(what, &prepared, &bound).await?;
        let shape = Shape::of(&found);
        rows.iter().map(|row| shape.row(row)).collect()
    }
}

/// An error that is ours already, or the driver's, whose code still matters.
enum Failed {
    Ours(Error),
    Theirs(tokio_postgres::Error),
}

impl Failed {
    fn told(self, snapshot: &Snapshot, what: &str) -> Error {
        match self {
            Self::Ours(error) => error,
            Self::Theirs(error) => failure::asking(&snapshot.server, what, &error),
        }
    }
}

/// Whether values were at fault (class 22, data exception).
fn unfit(error: &Failed) -> bool {
    matches!(error, Failed::Theirs(e) if e.code().is_some_and(|c| c.code().starts_with("22")))
}

/// A key as parameters; `None` when it can equal nothing.
fn bound(key: &[Value], types: &[Type]) -> Option<Vec<Parameter>> {
    key.iter().zip(types).map(|(v, ty)| bind::parameter(v, ty).filter(|p| p.0.is_some())).collect()
}

/// `sql` with `$1`, `$2`… for its parameters, and their names in that order.
fn numbered(sql: &str) -> (String, Vec<String>) {
    let (mut text, mut names) = (String::new(), Vec::new());
    for piece in statement::pieces(sql, Dialect::Postgres) {
        match piece {
            Piece::Text(part) => text.push_str(&part),
            Piece::Parameter(name) => {
                let at = names.iter().position(|n| *n == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
                // Writing to a string does not fail.
                let _ = write!(text, "${}", at + 1);
            }
        }
    }
    (text, names)
}
