//! Reading by key and by the user's own statements, and turning rows into ours. Called by the verbs of [`Snapshot`].
//!
//! Rule: a key is bound as its column's own type, and one that cannot be of it is left out, because it names no row.

use super::bind::{self, placeholder};
use super::catalogue::{self, column, positional, select};
use super::decode::{self, Kind};
use super::{Snapshot, failure};
use crate::mapping::{Relation, Row, Value, value::Columns};
use crate::source::Error;
use crate::source::relation::{self, Found};
use crate::source::statement::{self, Dialect, Piece};
use mysql_async::Value as Raw;
use mysql_async::prelude::Queryable;
use std::collections::{BTreeMap, BTreeSet};

/// Keys of one lookup statement, and parameters of it (the protocol's limit is 65,535).
const KEYS: usize = 500;
const PARAMETERS: usize = 20_000;

/// How to read a row: its column names, and what each column decodes to.
pub(super) struct Shape {
    columns: Columns,
    kinds: Vec<Kind>,
}

impl Shape {
    pub(super) fn of(found: &Found<Kind>) -> Self {
        Self { columns: found.columns(), kinds: found.fields.iter().filter_map(|f| f.kind).collect() }
    }

    pub(super) fn row(&self, row: mysql_async::Row) -> Result<Row, Error> {
        let raw = row.unwrap_raw();
        let value = |(i, (kind, raw)): (usize, (&Kind, Option<Raw>))| {
            let decoded = raw.ok_or_else(|| "no value".to_owned()).and_then(|raw| decode::value(*kind, raw));
            decoded.map_err(|why| Error::Query {
                what: format!("reading the column {}", crate::safe::text(&self.columns[i])),
                message: format!("the server sent {why}; leave the column out or cast it in a query"),
            })
        };
        let values = self.kinds.iter().zip(raw).enumerate().map(value).collect::<Result<_, _>>()?;
        Ok(Row { columns: self.columns.clone(), values })
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
        let found = self.readable(relation).await?;
        let at = found.positions(columns)?;
        let mut seen = BTreeSet::new();
        let order = at.iter().copied().chain(found.order(order)?).filter(|i| seen.insert(*i));
        let order: Vec<String> = order.map(|i| column(&found, i)).collect();
        let kinds: Vec<Kind> = at.iter().filter_map(|i| found.fields[*i].kind).collect();
        let keys: Vec<Vec<Raw>> = keys.iter().filter_map(|key| key.iter().zip(&kinds).map(|(v, k)| bind::key(v, *k)).collect()).collect();
        let equals = at.iter().zip(&kinds).map(|(i, kind)| format!("{} = {}", column(&found, *i), placeholder(*kind)));
        let one = format!("({})", equals.collect::<Vec<_>>().join(" and "));
        let (what, shape) = (format!("looking up {}", found.label), Shape::of(&found));
        let mut rows = Vec::new();
        for chunk in keys.chunks(KEYS.min(PARAMETERS / kinds.len().max(1)).max(1)) {
            let sql = format!("{} where {} order by {}", select(&found), vec![one.as_str(); chunk.len()].join(" or "), order.join(", "));
            rows.extend(self.rows(&what, &sql, chunk.concat(), &shape).await?);
        }
        Ok(rows)
    }

    pub(in crate::source) async fn select(&mut self, sql: &str, parameters: &BTreeMap<String, Value>) -> Result<Vec<Row>, Error> {
        let what = "running the select";
        let (text, bound) = bound(&statement::reading(sql, Dialect::Mysql)?, parameters)?;
        let failed = |e| failure::asking(&self.server, what, &e);
        let prepared = self.conn.prep(&text).await.map_err(failed)?;
        let fields = catalogue::fields(&self.names, &prepared.columns());
        let found = Found { from: String::new(), label: "the select".to_owned(), fields, key: Vec::new() };
        found.readable()?;
        let rows: Vec<mysql_async::Row> = self.conn.exec(prepared, positional(bound)).await.map_err(failed)?;
        let shape = Shape::of(&found);
        rows.into_iter().map(|row| shape.row(row)).collect()
    }
}

/// `sql` with a `?` for each parameter, and the values in that order.
fn bound(sql: &str, parameters: &BTreeMap<String, Value>) -> Result<(String, Vec<Raw>), Error> {
    let (mut text, mut bound) = (String::new(), Vec::new());
    for piece in statement::pieces(sql, Dialect::Mysql) {
        match piece {
            Piece::Text(part) => text.push_str(&part),
            Piece::Parameter(name) => {
                let value = parameters.get(&name).ok_or_else(|| statement::no_parameter(&name, parameters.keys()))?;
                bound.push(bind::parameter(value).ok_or_else(|| relation::not_a_parameter(&name))?);
                text.push('?');
            }
        }
    }
    Ok((text, bound))
}
