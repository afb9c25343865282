//! What a MySQL or MariaDB server holds, and what a query of it gives.
//!
//! Rules: names go in as bound parameters and come out in the catalogue's spelling; a relation's types are those that the server
//! itself announces for a `select` of its columns. MariaDB keeps JSON as text with a check, so the checks say which text is JSON;
//! a view has no checks, and its JSON stays text (a rule's `type` makes it a map).
//! Called by the snapshot, inside its transaction.

use super::decode::{self, Kind};
use super::failure;
use crate::mapping::Relation;
use crate::source::address::Server;
use crate::source::name::{self, Qualified};
use crate::source::relation::{Field, Found};
use crate::source::statement::{self, Dialect};
use crate::source::{Column, Error};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params};
use std::collections::{BTreeMap, BTreeSet};

/// What is read once for a snapshot.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) all: Vec<Qualified>,
    /// Schema of the address.
    pub(super) default: Vec<String>,
    /// Tables whose engine has no transactions, with the engine's name: a snapshot does not hold for them.
    shifting: BTreeMap<Qualified, String>,
    /// MariaDB's JSON columns: schema, table, column.
    json: BTreeSet<(String, String, String)>,
}

pub(super) async fn names(conn: &mut Conn, server: &Server) -> Result<Names, Error> {
    const RELATIONS: &str = "select t.table_schema, t.table_name, t.engine, coalesce(e.transactions, 'YES') = 'YES'
        from information_schema.tables t left join information_schema.engines e on e.engine = t.engine
        where t.table_type in ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')
        and t.table_schema not in ('mysql', 'information_schema', 'performance_schema', 'sys') order by 1, 2";
    let failed = |e| failure::asking(server, "reading the catalogue", &e);
    let rows: Vec<(String, String, Option<String>, bool)> = conn.query(RELATIONS).await.map_err(failed)?;
    let default: Option<String> = conn.query_first("select database()").await.map_err(failed)?.flatten();
    let mut names = Names { default: default.into_iter().collect(), json: json(conn).await.map_err(failed)?, ..Names::default() };
    for (schema, name, engine, stable) in rows {
        let name = Qualified { schema, name };
        if !stable {
            names.shifting.insert(name.clone(), engine.unwrap_or_default());
        }
        names.all.push(name);
    }
    Ok(names)
}

/// MariaDB's columns that are checked to be JSON; MySQL has a type for them.
async fn json(conn: &mut Conn) -> Result<BTreeSet<(String, String, String)>, mysql_async::Error> {
    const CHECKS: &str = "select constraint_schema, table_name, check_clause from information_schema.check_constraints
        where check_clause like 'json\\_valid(%'";
    let version: Option<String> = conn.query_first("select version()").await?;
    if !version.is_some_and(|v| v.contains("MariaDB")) {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<(String, String, String)> = conn.query(CHECKS).await?;
    let column = |clause: &str| Some(clause.strip_prefix("json_valid(`")?.strip_suffix("`)")?.replace("``", "`"));
    Ok(rows.into_iter().filter_map(|(schema, table, clause)| Some((schema, table, column(&clause)?))).collect())
}

/// The relation that the stack means.
pub(super) async fn find(conn: &mut Conn, server: &Server, names: &Names, relation: &Relation) -> Result<Found<Kind>, Error> {
    match relation {
        Relation::Named(wanted) => {
            let wanted = name::find(wanted, &names.all, &names.default)?;
            match names.shifting.get(wanted) {
                None => named(conn, server, names, wanted).await,
                Some(engine) => Err(Error::Unmapped(crate::safe::text(&format!(
                    "{wanted} is kept by {engine}, which has no snapshots, so that rows written meanwhile would be half seen: convert it \
                     (ALTER TABLE … ENGINE = InnoDB), or name it through a query (select * from …) when nobody writes to it"
                )))),
            }
        }
        Relation::Query(sql) => query(conn, server, names, sql).await,
    }
}

/// A relation by its name in the catalogue.
pub(super) async fn named(conn: &mut Conn, server: &Server, names: &Names, wanted: &Qualified) -> Result<Found<Kind>, Error> {
    const COLUMNS: &str = "select column_name, column_type, is_nullable = 'YES' from information_schema.columns
        where table_schema = ? and table_name = ? order by ordinal_position";
    const KEY: &str = "select column_name from information_schema.key_column_usage
        where constraint_schema = ? and table_schema = ? and table_name = ? and constraint_name = 'PRIMARY' order by ordinal_position";
    let what = format!("reading the columns of {wanted}");
    let failed = |e| failure::asking(server, &what, &e);
    let (schema, table) = (&wanted.schema, &wanted.name);
    let rows: Vec<(String, String, bool)> = conn.exec(COLUMNS, (schema, table)).await.map_err(failed)?;
    let key: Vec<String> = conn.exec(KEY, (schema, schema, table)).await.map_err(failed)?;
    let field = |(name, sql_type, nullable)| Field { column: Column { name, sql_type, nullable }, kind: None };
    let mut found = Found {
        from: format!("{}.{} as landfall_rows", name::quote(schema, '`'), name::quote(table, '`')),
        label: table.clone(),
        fields: rows.into_iter().map(field).collect(),
        key,
    };
    let prepared = prepared(conn, &select(&found)).await.map_err(failed)?;
    for (field, column) in found.fields.iter_mut().zip(&prepared) {
        let own = (schema.clone(), table.clone(), field.column.name.clone());
        field.kind = if names.json.contains(&own) { Some(Kind::Json) } else { kind(names, column) };
    }
    Ok(found)
}

async fn query(conn: &mut Conn, server: &Server, names: &Names, sql: &str) -> Result<Found<Kind>, Error> {
    let from = statement::derived(sql, Dialect::Mysql)?;
    let failed = |e| failure::asking(server, "preparing the query", &e);
    // The server forgets which table a column of a bracketed query came from; the query itself still tells.
    let inner = prepared(conn, &statement::reading(sql, Dialect::Mysql)?).await.map_err(failed)?;
    let outer = prepared(conn, &format!("select * from {from}")).await.map_err(failed)?;
    let mut fields = fields(names, &outer);
    for (field, column) in fields.iter_mut().zip(&inner) {
        if kind(names, column) == Some(Kind::Json) {
            field.kind = Some(Kind::Json);
        }
    }
    Ok(Found { from, label: "(query)".to_owned(), fields, key: Vec::new() })
}

/// The columns that a statement announces.
async fn prepared(conn: &mut Conn, sql: &str) -> Result<Vec<mysql_async::Column>, mysql_async::Error> {
    let statement = conn.prep(sql).await?;
    let columns = statement.columns().to_vec();
    conn.close(statement).await?;
    Ok(columns)
}

pub(super) fn fields(names: &Names, columns: &[mysql_async::Column]) -> Vec<Field<Kind>> {
    let nullable = |c: &mysql_async::Column| !c.flags().contains(mysql_async::consts::ColumnFlags::NOT_NULL_FLAG);
    let field = |c: &mysql_async::Column| Field {
        kind: kind(names, c),
        column: Column { name: c.name_str().into_owned(), sql_type: type_name(c), nullable: nullable(c) },
    };
    columns.iter().map(field).collect()
}

fn kind(names: &Names, column: &mysql_async::Column) -> Option<Kind> {
    let origin = (column.schema_str().into_owned(), column.org_table_str().into_owned(), column.org_name_str().into_owned());
    if names.json.contains(&origin) { Some(Kind::Json) } else { decode::kind(column) }
}

/// `MYSQL_TYPE_GEOMETRY` as `geometry`.
fn type_name(column: &mysql_async::Column) -> String {
    format!("{:?}", column.column_type()).trim_start_matches("MYSQL_TYPE_").to_ascii_lowercase()
}

/// The statement that reads the relation's columns.
pub(super) fn select(found: &Found<Kind>) -> String {
    let columns: Vec<String> = (0..found.fields.len()).map(|i| column(found, i)).collect();
    format!("select {} from {}", columns.join(", "), found.from)
}

/// A column of the relation, as SQL.
pub(super) fn column(found: &Found<Kind>, i: usize) -> String {
    format!("landfall_rows.{}", name::quote(&found.fields[i].column.name, '`'))
}

/// Parameters by position.
pub(super) fn positional(parameters: Vec<mysql_async::Value>) -> Params {
    if parameters.is_empty() { Params::Empty } else { Params::Positional(parameters) }
}
