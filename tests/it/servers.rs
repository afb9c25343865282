//! Databases of a test's own on the servers that `scripts/test` starts: made empty, filled by script or seed, gone at the end.
//!
//! Rules: a missing server fails the test, it never skips it; no two tests share a database; everything here blocks and may be called
//! from plain and from async tests alike. These are the tests' own drivers, on purpose not `landfall::source`.
//! Called by every test that needs SQL or a stand-in for AWS.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A SQL engine that the seeds have to load on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Mariadb,
    Postgres,
}

pub(crate) const ENGINES: [Engine; 3] = [Engine::Sqlite, Engine::Mariadb, Engine::Postgres];

/// One row, every value as text (`None`: NULL), as the engine itself prints it.
pub(crate) type TextRow = Vec<Option<String>>;

/// An empty database that exists as long as this value.
#[derive(Debug)]
pub(crate) struct Database {
    engine: Engine,
    /// With its password, as landfall takes it.
    url: String,
    /// Of the server's own database, from which this one is made and dropped; empty for SQLite.
    server: String,
    name: String,
    folder: Option<tempfile::TempDir>,
}

/// What `scripts/test` exports; without it the test fails and says how to run it.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test, or scripts/test --servers COMMAND"))
}

/// The endpoint of moto, a stand-in for AWS without CloudWatch for this SDK.
pub(crate) fn moto() -> String {
    variable("LANDFALL_TEST_MOTO_URL")
}

/// The endpoint of ministack, a stand-in for AWS.
pub(crate) fn ministack() -> String {
    variable("LANDFALL_TEST_MINISTACK_URL")
}

/// The interpreter that has the oracle's libraries.
pub(crate) fn python() -> PathBuf {
    variable("LANDFALL_TEST_PYTHON").into()
}

/// A file of the repository, by its path from the root.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of `stacks/seed/NAME.sql`.
pub(crate) fn seed_text(name: &str) -> String {
    let path = repository(&format!("stacks/seed/{name}.sql"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

impl Database {
    /// A new, empty database on `engine`.
    pub(crate) fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite(),
            Engine::Mariadb => Self::on_server(engine, variable("LANDFALL_TEST_MARIADB_URL")),
            Engine::Postgres => Self::on_server(engine, variable("LANDFALL_TEST_POSTGRES_URL")),
        }
    }

    fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("source.sqlite");
        let name = path.to_str().expect("a UTF-8 temporary folder").to_owned();
        rusqlite::Connection::open(&path).and_then(|c| c.execute_batch("pragma user_version = 0")).expect("an empty SQLite file");
        Self { engine: Engine::Sqlite, url: format!("sqlite:{name}"), server: String::new(), name, folder: Some(folder) }
    }

    fn on_server(engine: Engine, server: String) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (base, _) = server.rsplit_once('/').expect("a URL that ends in /DATABASE");
        let url = format!("{base}/{name}");
        execute(engine, &server, &format!("create database {name}"));
        Self { engine, url, server, name, folder: None }
    }

    /// A new database that holds `stacks/seed/SEED.sql`.
    pub(crate) fn seeded(engine: Engine, seed: &str) -> Self {
        let database = Self::new(engine);
        database.run(&seed_text(seed));
        database
    }

    /// The address, as landfall takes it, password included.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Runs a script of statements; the portable seeds run unchanged.
    pub(crate) fn run(&self, script: &str) {
        execute(self.engine, &self.url, script);
    }

    /// The rows of a query, in order. Whole numbers, floats, text and dates print alike on every engine; bytes are refused.
    pub(crate) fn rows(&self, query: &str) -> Vec<TextRow> {
        match self.engine {
            Engine::Sqlite => sqlite_rows(&self.name, query),
            Engine::Mariadb => block(|| mariadb_rows(&self.url, query)),
            Engine::Postgres => block(|| postgres_rows(&self.url, query)),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that already fails must not hide its reason behind a second panic.
        if self.folder.is_some() || std::thread::panicking() {
            return;
        }
        let force = if self.engine == Engine::Postgres { " with (force)" } else { "" };
        execute(self.engine, &self.server, &format!("drop database {}{force}", self.name));
    }
}

fn execute(engine: Engine, url: &str, script: &str) {
    match engine {
        Engine::Sqlite => {
            let path = url.trim_start_matches("sqlite:");
            rusqlite::Connection::open(path).and_then(|c| c.execute_batch(script)).expect("the script runs on SQLite");
        }
        Engine::Mariadb => block(|| mariadb_execute(url, script)),
        Engine::Postgres => block(|| postgres_execute(url, script)),
    }
}

/// Runs a future to its end on a thread and runtime of its own, so that async tests may call it too.
fn block<T: Send, F: Future<Output = T>>(make: impl FnOnce() -> F + Send) -> T {
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(make())
        });
        work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// MariaDB with the two modes that the seeds ask for: a TIMESTAMP is a DATETIME, a quoted name a name, a backslash a backslash.
async fn mariadb(url: &str) -> mysql_async::Conn {
    let options = mysql_async::Opts::from_url(url).expect("a MariaDB URL");
    let modes = "set session sql_mode = 'MAXDB,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'";
    let options = mysql_async::OptsBuilder::from_opts(options).setup(vec![modes]);
    mysql_async::Conn::new(options).await.expect("MariaDB answers")
}

async fn mariadb_execute(url: &str, script: &str) {
    use mysql_async::prelude::Queryable;
    let mut connection = mariadb(url).await;
    connection.query_drop(script).await.expect("the script runs on MariaDB");
    connection.disconnect().await.expect("MariaDB says goodbye");
}

async fn mariadb_rows(url: &str, query: &str) -> Vec<TextRow> {
    use mysql_async::prelude::Queryable;
    let mut connection = mariadb(url).await;
    let rows: Vec<mysql_async::Row> = connection.query(query).await.unwrap_or_else(|e| panic!("{query}: {e}"));
    connection.disconnect().await.expect("MariaDB says goodbye");
    let text = |value| mysql_async::from_value::<Option<String>>(value);
    rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect()
}

async fn postgres(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("PostgreSQL answers");
    tokio::spawn(connection);
    client
}

async fn postgres_execute(url: &str, script: &str) {
    postgres(url).await.batch_execute(script).await.expect("the script runs on PostgreSQL");
}

async fn postgres_rows(url: &str, query: &str) -> Vec<TextRow> {
    let messages = postgres(url).await.simple_query(query).await.unwrap_or_else(|e| panic!("{query}: {e:?}"));
    let row = |message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
        _ => None,
    };
    messages.into_iter().filter_map(row).collect()
}

fn sqlite_rows(path: &str, query: &str) -> Vec<TextRow> {
    let connection = rusqlite::Connection::open(path).expect("SQLite opens");
    let mut statement = connection.prepare(query).unwrap_or_else(|e| panic!("{query}: {e}"));
    let width = statement.column_count();
    let rows =
        statement.query_map([], |row| (0..width).map(|at| row.get(at).map(sqlite_text)).collect()).expect("the query runs on SQLite");
    rows.collect::<Result<_, _>>().expect("every row is read")
}

fn sqlite_text(value: rusqlite::types::Value) -> Option<String> {
    use rusqlite::types::Value;
    match value {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        Value::Blob(_) => panic!("the seeds hold no bytes"),
    }
}
