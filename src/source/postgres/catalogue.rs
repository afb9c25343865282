//! What a PostgreSQL database holds, and what a query of it gives.
//!
//! Rules: names go in as bound parameters and come out in the catalogue's spelling; a relation's types are those that the
//! server itself announces for a `select` of its columns. Called by the snapshot, inside its transaction.

use super::decode::{self, Kind};
use super::failure;
use crate::mapping::Relation;
use crate::source::address::Server;
use crate::source::name::{self, Qualified};
use crate::source::relation::{Field, Found};
use crate::source::statement::{self, Dialect};
use crate::source::{Column, Error};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};

/// A relation with the types of its columns, which lookups need to bind keys.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) found: Found<Kind>,
    pub(super) types: Vec<Type>,
}

/// All that can be read, with whether it belongs to another relation as a partition.
pub(super) struct Names {
    pub(super) all: Vec<Qualified>,
    pub(super) partitions: Vec<Qualified>,
    /// The schemas that a bare name is looked for in, in order.
    pub(super) default: Vec<String>,
}

pub(super) async fn names(client: &Client, server: &Server) -> Result<Names, Error> {
    const RELATIONS: &str = "select n.nspname::text, c.relname::text, c.relispartition
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
        order by 1, 2";
    let failed = |e| failure::asking(server, "reading the catalogue", &e);
    let rows = client.query(RELATIONS, &[]).await.map_err(failed)?;
    let path = client.query_one("select pg_catalog.current_schemas(false)::text[]", &[]).await.map_err(failed)?;
    let mut names = Names { all: Vec::new(), partitions: Vec::new(), default: path.try_get(0).map_err(failed)? };
    for row in rows {
        let name = Qualified { schema: row.try_get(0).map_err(failed)?, name: row.try_get(1).map_err(failed)? };
        if row.try_get(2).map_err(failed)? {
            names.partitions.push(name.clone());
        }
        names.all.push(name);
    }
    Ok(names)
}

/// The relation that the stack means.
pub(super) async fn find(client: &Client, server: &Server, names: &Names, relation: &Relation) -> Result<Known, Error> {
    match relation {
        Relation::Named(wanted) => named(client, server, name::find(wanted, &names.all, &names.default)?).await,
        Relation::Query(sql) => query(client, server, sql).await,
    }
}

/// A relation by its name in the catalogue.
pub(super) async fn named(client: &Client, server: &Server, wanted: &Qualified) -> Result<Known, Error> {
    const COLUMNS: &str = "select a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), not a.attnotnull, k.ord
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
        left join lateral (select u.ord from unnest(i.indkey::int2[]) with ordinality u (num, ord)
            where u.num = a.attnum and u.ord <= i.indnkeyatts) k on true
        where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped order by a.attnum";
    let what = format!("reading the columns of {wanted}");
    let failed = |e| failure::asking(server, &what, &e);
    let rows = client.query(COLUMNS, &[&wanted.schema, &wanted.name]).await.map_err(failed)?;
    let mut fields = Vec::new();
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in rows {
        let column = Column {
            name: row.try_get(0).map_err(failed)?,
            sql_type: row.try_get(1).map_err(failed)?,
            nullable: row.try_get(2).map_err(failed)?,
        };
        if let Some(at) = row.try_get(3).map_err(failed)? {
            key.push((at, column.name.clone()));
        }
        fields.push(Field { column, kind: None });
    }
    key.sort();
    let mut found = Found {
        from: format!("{}.{} as landfall_rows", name::quote(&wanted.schema, '"'), name::quote(&wanted.name, '"')),
        label: wanted.name.clone(),
        fields,
        key: key.into_iter().map(|(_, name)| name).collect(),
    };
    let columns: Vec<String> = (0..found.fields.len()).map(|i| column(&found, i)).collect();
    let prepared = client.prepare(&format!("select {} from {}", columns.join(", "), found.from)).await.map_err(failed)?;
    let types = types(&prepared);
    for (field, ty) in found.fields.iter_mut().zip(&types) {
        field.kind = decode::kind(ty);
    }
    Ok(Known { found, types })
}

async fn query(client: &Client, server: &Server, sql: &str) -> Result<Known, Error> {
    let from = statement::derived(sql, Dialect::Postgres)?;
    let failed = |e| failure::asking(server, "preparing the query", &e);
    let prepared = client.prepare(&format!("select * from {from}")).await.map_err(failed)?;
    let found = Found { from, label: "(query)".to_owned(), fields: fields(&prepared), key: Vec::new() };
    Ok(Known { found, types: types(&prepared) })
}

/// The columns that a statement gives.
pub(super) fn fields(statement: &Statement) -> Vec<Field<Kind>> {
    let field = |c: &tokio_postgres::Column| Field {
        column: Column { name: c.name().to_owned(), sql_type: c.type_().name().to_owned(), nullable: true },
        kind: decode::kind(c.type_()),
    };
    statement.columns().iter().map(field).collect()
}

/// Their types, without the domains around them.
fn types(statement: &Statement) -> Vec<Type> {
    statement.columns().iter().map(|c| c.type_().clone()).collect()
}

/// A column of the relation, as SQL.
pub(super) fn column(found: &Found<Kind>, i: usize) -> String {
    format!("landfall_rows.{}", name::quote(&found.fields[i].column.name, '"'))
}
