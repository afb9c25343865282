//! What an SQLite database holds, and what a query of it gives.
//!
//! Rules: names go in as bound parameters and come out in the catalogue's spelling; a column's type is what was declared.
//! Called by the session, inside its read transaction.

use super::decode::{self, Kind};
use super::failure;
use crate::mapping::Relation;
use crate::source::name::{self, Qualified};
use crate::source::relation::{self, Field, Found};
use crate::source::statement::{self, Dialect};
use crate::source::{Column, Error};
use rusqlite::{Connection, Statement};
use std::collections::BTreeSet;

/// The names of all tables and views.
pub(super) fn names(conn: &Connection) -> Result<Vec<Qualified>, Error> {
    const SQL: &str =
        "select name from main.sqlite_schema where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' order by name";
    let what = "reading the catalogue";
    let mut statement = conn.prepare(SQL).map_err(|e| failure::preparing(what, &e))?;
    let rows = statement.query_map([], |row| Ok(Qualified { schema: "main".to_owned(), name: row.get(0)? }));
    rows.and_then(Iterator::collect).map_err(|e| failure::reading(what, &e))
}

/// The relation that the stack means.
pub(super) fn find(conn: &Connection, relation: &Relation) -> Result<Found<Kind>, Error> {
    match relation {
        Relation::Named(wanted) => named(conn, name::find(wanted, &names(conn)?, &["main".to_owned()])?),
        Relation::Query(sql) => query(conn, sql),
    }
}

/// A relation by its name in the catalogue.
pub(super) fn named(conn: &Connection, found: &Qualified) -> Result<Found<Kind>, Error> {
    // `hidden` 1 is a virtual table's argument, which `select *` does not give either.
    const SQL: &str = "select name, type, \"notnull\", pk from pragma_table_xinfo(?1, 'main') where hidden <> 1 order by cid";
    let what = format!("reading the columns of {}", found.name);
    let mut statement = conn.prepare(SQL).map_err(|e| failure::preparing(&what, &e))?;
    let rows = statement.query_map([&found.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    let rows: Vec<(String, String, bool, i64)> = rows.and_then(Iterator::collect).map_err(|e| failure::reading(&what, &e))?;
    let mut key: Vec<(i64, String)> = rows.iter().filter(|r| r.3 > 0).map(|r| (r.3, r.0.clone())).collect();
    key.sort();
    let lone_integer = |declared: &str| key.len() == 1 && declared.eq_ignore_ascii_case("integer");
    let field = |(name, declared, not_null, pk): &(String, String, bool, i64)| {
        let nullable = !(*not_null || *pk > 0 && lone_integer(declared));
        Field {
            kind: Some(decode::kind(Some(declared))),
            column: Column { name: name.clone(), sql_type: declared.to_ascii_lowercase(), nullable },
        }
    };
    Ok(Found {
        from: format!("main.{} as landfall_rows", name::quote(&found.name, '"')),
        label: found.name.clone(),
        fields: rows.iter().map(field).collect(),
        key: key.into_iter().map(|(_, name)| name).collect(),
    })
}

fn query(conn: &Connection, sql: &str) -> Result<Found<Kind>, Error> {
    let what = "preparing the query";
    // SQLite renames the second of two equal names in a bracketed query, so the query itself is asked first.
    let inner = conn.prepare(&statement::reading(sql, Dialect::Sqlite)?).map_err(|e| failure::preparing(what, &e))?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = inner.column_names().into_iter().find(|n| !seen.insert(n.to_lowercase())) {
        return Err(relation::twice_named("(query)", twice));
    }
    let from = statement::derived(sql, Dialect::Sqlite)?;
    let outer = conn.prepare(&format!("select * from {from}")).map_err(|e| failure::preparing(what, &e))?;
    Ok(Found { from, label: "(query)".to_owned(), fields: fields(&outer), key: Vec::new() })
}

/// The columns that a statement gives.
pub(super) fn fields(statement: &Statement<'_>) -> Vec<Field<Kind>> {
    let field = |c: rusqlite::Column<'_>| Field {
        kind: Some(decode::kind(c.decl_type())),
        column: Column { name: c.name().to_owned(), sql_type: c.decl_type().unwrap_or_default().to_ascii_lowercase(), nullable: true },
    };
    statement.columns().into_iter().map(field).collect()
}
