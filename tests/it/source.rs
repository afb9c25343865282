//! `landfall::source` against real MariaDB and PostgreSQL: types, snapshots, cursors, lookups, privileges, failures.
//!
//! What both engines must do alike is asked of both, in `reading` and `failing`; what each has of its own stands in `types`.

mod failing;
mod privileges;
mod reading;
mod types;

use crate::servers::{Database, Engine};
use landfall::mapping::{Number, Relation, Row, Value};
use landfall::source::{Snapshot, Source};

const SERVERS: [Engine; 2] = [Engine::Mariadb, Engine::Postgres];

/// A database filled by `script`.
fn filled(engine: Engine, script: &str) -> Database {
    let database = Database::new(engine);
    database.run(script);
    database
}

async fn snapshot(database: &Database) -> Snapshot {
    Source::connect(database.url()).await.expect("connect").snapshot().await.expect("snapshot")
}

fn named(name: &str) -> Relation {
    Relation::Named(name.to_owned())
}

fn query(sql: &str) -> Relation {
    Relation::Query(sql.to_owned())
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).expect(text))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

async fn all(snapshot: &mut Snapshot, relation: &Relation, key: &[&str], order: &[&str], limit: usize) -> Vec<Row> {
    let mut cursor = snapshot.open(relation, &strings(key), &strings(order)).await.expect("open");
    let mut out = Vec::new();
    loop {
        let rows = snapshot.next(&mut cursor, limit).await.expect("next");
        assert!(rows.len() <= limit);
        if rows.is_empty() {
            return out;
        }
        out.extend(rows);
    }
}

fn column(rows: &[Row], name: &str) -> Vec<Value> {
    rows.iter().map(|r| r.get(name).expect(name).clone()).collect()
}
