//! Servers that are not there, refuse, or go away; and passwords that stay unseen in all of it.

use super::{SERVERS, filled, named, query, snapshot, strings};
use crate::servers::{Database, Engine, variable};
use landfall::source::{Error, Source};

fn engine(database: &Database) -> Engine {
    if database.url().starts_with("postgres") { Engine::Postgres } else { Engine::Mariadb }
}

/// The parts of a server's address: scheme, login, host and port, database.
fn parts(engine: Engine) -> (String, String, String, String) {
    let url = variable(if engine == Engine::Mariadb { "LANDFALL_TEST_MARIADB_URL" } else { "LANDFALL_TEST_POSTGRES_URL" });
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (login, place) = rest.rsplit_once('@').expect("a login");
    let (host, database) = place.split_once('/').expect("a database");
    (scheme.to_owned(), login.to_owned(), host.to_owned(), database.to_owned())
}

async fn refused(url: &str) -> String {
    match Source::connect(url).await {
        Ok(_) => panic!("connected"),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_connection_from_opening_is_told_with_what_to_do_and_without_the_password() {
    for engine in SERVERS {
        let (scheme, login, host, database) = parts(engine);
        let user = login.split(':').next().expect("a user");
        let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
        for (url, says) in [
            (format!("{scheme}://{user}:hunter2%2f%40@{host}/{database}"), "check user and password"),
            (format!("{scheme}://{login}@{host}/no_such_db"), "check the database's name"),
            (format!("{scheme}://{user}:hunter2%2f%40@{closed}/{database}"), "check that the server runs"),
            (format!("{scheme}://{user}:hunter2%2f%40@no-such-host.invalid/{database}"), "check that the server runs"),
        ] {
            let error = refused(&url).await;
            assert!(error.contains(says), "{engine:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_answers_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = silent.local_addr().expect("its number");
    let (one, other) = (format!("mysql://u:hunter2@{place}/d"), format!("postgres://u:hunter2@{place}/d"));
    let (one, other) = futures::join!(refused(&one), refused(&other));
    for error in [one, other] {
        assert!(error.contains("10 seconds") || error.contains("timeout") || error.contains("timed out"), "{error}");
        assert!(!error.contains("hunter2"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_of_encryption_is_what_it_says() {
    for (engine, off, prefer, require, verify) in [
        (Engine::Mariadb, "ssl-mode=disabled", "ssl-mode=preferred", "ssl-mode=required", "ssl-mode=verify_identity"),
        (Engine::Postgres, "sslmode=disable", "sslmode=prefer", "sslmode=require", "sslmode=verify-full"),
    ] {
        let database = Database::new(engine);
        let url = |option: &str| format!("{}?{option}", database.url());
        for option in [off, prefer] {
            Source::connect(&url(option)).await.expect(option);
        }
        let encrypted = encrypted(&database, &url(prefer)).await;
        assert_eq!(Source::connect(&url(require)).await.is_ok(), encrypted, "{engine:?}: required, where the server has it or not");
        let error = refused(&url(verify)).await;
        assert!(
            error.contains("ertificate") || error.contains("TLS") || error.contains("tls"),
            "nobody vouches for the test server: {error}"
        );
        let error = refused(&url("hunter2=1")).await;
        assert!(error.contains("option that is not known") && !error.contains("hunter2"), "{error}");
    }
}

/// Whether a connection through `url` is encrypted, as the server sees it.
async fn encrypted(database: &Database, url: &str) -> bool {
    let mut view = Source::connect(url).await.expect("connect").snapshot().await.expect("snapshot");
    let sql = match engine(database) {
        Engine::Mariadb => {
            "select variable_value <> '' as on_wire from information_schema.session_status where variable_name = 'SSL_CIPHER'"
        }
        _ => "select ssl as on_wire from pg_stat_ssl where pid = pg_backend_pid()",
    };
    let rows = view.select(sql, &std::collections::BTreeMap::new()).await.expect("select");
    rows[0].values == [landfall::mapping::Value::Bool(true)] || rows[0].values == [super::number("1")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_breaks_in_the_middle_is_lost_and_stays_lost() {
    for engine in SERVERS {
        let database = filled(engine, "create table t (id int primary key); insert into t values (1), (2), (3);");
        let mut view = snapshot(&database).await;
        let mut cursor = view.open(&named("t"), &[], &[]).await.expect("open");
        assert_eq!(view.next(&mut cursor, 1).await.expect("next").len(), 1);
        kill(&database);
        let error = view.next(&mut cursor, 1).await.expect_err("killed");
        assert!(matches!(&error, Error::Lost(text) if text.contains("run again")), "{engine:?}: {error:?}");
        assert!(matches!(view.count(&named("t")).await, Err(Error::Lost(_))), "{engine:?}: no new connection takes its place");
        assert!(matches!(view.next(&mut cursor, 1).await, Err(Error::Lost(_))));
    }
}

/// Ends the other connections of this database.
fn kill(database: &Database) {
    match engine(database) {
        Engine::Mariadb => {
            let ids = database
                .rows("select cast(id as char) from information_schema.processlist where db = database() and id <> connection_id()");
            for id in ids.iter().flatten().flatten() {
                // One that said goodbye a moment ago may be gone by now.
                database.run(&format!("begin not atomic declare continue handler for 1094 begin end; kill {id}; end"));
            }
        }
        _ => database
            .run("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_about_a_row_does_not_show_the_row() {
    for (engine, sql) in
        [(Engine::Postgres, "select s::int as n from t"), (Engine::Mariadb, "select json_value(s, s) + exp(99999) as n from t")]
    {
        let database = filled(engine, "create table t (s varchar(20)); insert into t values ('hunter2');");
        let mut view = snapshot(&database).await;
        let answer = match view.open(&query(sql), &[], &[]).await {
            Ok(mut cursor) => view.next(&mut cursor, 5).await.map(|_| ()),
            Err(error) => Err(error),
        };
        let error = answer.expect_err("the row cannot be converted");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(view.count(&named("t")).await.expect("the snapshot lives on"), 1, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_altered_under_the_snapshot_is_told_and_not_misread() {
    let database = filled(Engine::Mariadb, "create table t (id int primary key); insert into t values (1);");
    let mut view = snapshot(&database).await;
    database.run("alter table t add column v int not null default 7, algorithm = copy;");
    let error = view.count(&named("t")).await.expect_err("altered");
    assert!(matches!(error, Error::Lost(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_without_transactions_is_refused_and_the_way_out_works() {
    let database = filled(Engine::Mariadb, "create table t (id int primary key) engine = MyISAM; insert into t values (1);");
    let mut view = snapshot(&database).await;
    let error = view.open(&named("t"), &[], &[]).await.expect_err("refused").to_string();
    assert!(error.contains("MyISAM, which has no snapshots"), "{error}");
    assert_eq!(view.count(&query("select * from t")).await.expect("by query"), 1);
    assert_eq!(view.lookup(&query("select * from t"), &strings(&["id"]), &[vec![super::number("1")]], &[]).await.expect("lookup").len(), 1);
}

/// Own connections to this port of a server, and in how many seconds each shows by itself that it lives (`/proc/net/tcp`: timer 2).
/// Nothing, while one still waits for the answer to what it sent last (timer 1): its sign of life begins after that.
fn signs_of_life(port: &str) -> Option<Vec<Option<u64>>> {
    let port = format!(":{:04X}", port.parse::<u16>().expect("a port"));
    let own: Vec<String> = std::fs::read_dir("/proc/self/fd")
        .expect("own files")
        .flatten()
        .filter_map(|fd| Some(std::fs::read_link(fd.path()).ok()?.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned()))
        .collect();
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("connections");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours: Vec<_> = rows.filter(|row| row.len() > 9 && row[2].ends_with(&port) && own.iter().any(|inode| inode == row[9])).collect();
    let seconds =
        |row: &Vec<&str>| row[5].strip_prefix("02:").and_then(|ticks| u64::from_str_radix(ticks, 16).ok()).map(|ticks| ticks / 100);
    (!ours.iter().any(|row| row[5].starts_with("01:"))).then(|| ours.iter().map(seconds).collect())
}

/// The same, of connections at rest: what was sent last is acknowledged within moments.
async fn signs_at_rest(port: &str) -> Vec<Option<u64>> {
    for _ in 0..200 {
        if let Some(signs) = signs_of_life(port) {
            return signs;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("a connection that nobody uses has been sending for ten seconds");
}

/// Imports and indexes take AWS hours, in which nobody asks the source; what is silent for minutes is forgotten on the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_nobody_uses_shows_that_it_lives() {
    for engine in SERVERS {
        let database = Database::new(engine);
        let _open = snapshot(&database).await;
        let (_, _, host, _) = parts(engine);
        let signs = signs_at_rest(host.rsplit(':').next().expect("a port")).await;
        assert!(!signs.is_empty() && signs.iter().all(|sign| sign.is_some_and(|seconds| seconds <= 60)), "{engine:?}: {signs:?}");
    }
}
