//! Logins of many shapes: what is more than reading is told, what only reads is not.

use super::snapshot;
use crate::servers::{Database, Engine};
use landfall::source::Source;

/// The address of `database` for another login.
fn login(database: &Database, user: &str, password: &str) -> String {
    let (scheme, rest) = database.url().split_once("://").expect("a URL");
    let (_, place) = rest.rsplit_once('@').expect("a login in the URL");
    format!("{scheme}://{user}:{password}@{place}")
}

async fn excess(url: &str) -> Vec<String> {
    Source::connect(url).await.expect("connect").excess_privileges().await.expect("privileges")
}

/// A name of this test's own on the shared server.
fn unique(role: &str) -> String {
    format!("lf{}_{role}", std::process::id())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_of_postgresql_are_told_apart() {
    let database = Database::new(Engine::Postgres);
    database.run("create table t (id int primary key, v int); create sequence s; revoke create on schema public from public;");
    let group = unique("writers");
    database.run(&format!("create role {group}; grant insert, delete on t to {group};"));
    for (shape, sql, expected) in [
        ("reader", "", None),
        ("insert", "grant insert on t to {u};", Some("may write: INSERT on public.t")),
        ("column", "grant update (v) on t to {u};", Some("may write: UPDATE on public.t")),
        ("truncate", "grant truncate on t to {u};", Some("may write: TRUNCATE on public.t")),
        ("member", "grant {g} to {u};", Some("may write: DELETE on public.t")),
        ("noinherit", "alter role {u} noinherit; grant {g} to {u};", Some("may write: INSERT on public.t")),
        ("schema", "grant create on schema public to {u};", Some("may write: CREATE in schema public")),
        ("sequence", "grant usage on sequence s to {u};", Some("may write: USAGE or UPDATE on sequences in schema public")),
        ("creator", "alter role {u} createdb;", Some("may create databases")),
        ("super", "alter role {u} superuser;", Some("may do everything")),
        ("program", "grant pg_execute_server_program to {u};", Some("pg_execute_server_program")),
        ("owner", "alter table t owner to {u};", Some("may write: DELETE on public.t")),
    ] {
        let user = unique(shape);
        database.run(&format!("create role {user} login password 'hunter2'; grant select on t to {user};"));
        database.run(&format!("{sql} select 1;").replace("{u}", &user).replace("{g}", &group));
        let found = excess(&login(&database, &user, "hunter2")).await;
        match expected {
            None => assert_eq!(found, Vec::<String>::new(), "{shape}"),
            Some(text) => assert!(found.iter().any(|line| line.contains(text)), "{shape}: {found:?}"),
        }
        database.run(&format!("reassign owned by {user} to current_user; drop owned by {user}; drop role {user};"));
    }
    database.run(&format!("drop owned by {group}; drop role {group};"));
    assert!(excess(database.url()).await[0].contains("superuser"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_of_mariadb_are_told_apart() {
    let database = Database::new(Engine::Mariadb);
    database.run("create table t (id int primary key, v int);");
    let place = database.url().rsplit_once('/').expect("a database").1;
    let role = unique("writer");
    database.run(&format!("create role {role}; grant insert on {place}.* to {role};"));
    for (shape, sql, expected) in [
        ("r", "", None),
        ("v", "grant show view on {d}.* to {u};", None),
        ("i", "grant insert on {d}.* to {u};", Some("may write: INSERT on")),
        ("c", "grant update (v) on {d}.t to {u};", Some("may write: UPDATE (")),
        ("f", "grant file on *.* to {u};", Some("may write: FILE on *.*")),
        ("a", "grant all on {d}.* to {u};", Some("ALL PRIVILEGES on")),
        ("g", "grant select on {d}.* to {u} with grant option;", Some("GRANT OPTION")),
        ("ro", "grant {r} to {u};", Some("may become the role")),
        ("d", "grant {r} to {u}; set default role {r} for {u};", Some("INSERT on")),
    ] {
        let user = unique(shape);
        let account = format!("'{user}'@'%'");
        database.run(&format!("create user {account} identified by 'hunter2'; grant select on {place}.* to {account};"));
        database.run(&format!("{sql} select 1;").replace("{u}", &account).replace("{d}", place).replace("{r}", &role));
        let found = excess(&login(&database, &user, "hunter2")).await;
        match expected {
            None => assert_eq!(found, Vec::<String>::new(), "{shape}"),
            Some(text) => assert!(found.iter().any(|line| line.contains(text)), "{shape}: {found:?}"),
        }
        assert!(!found.iter().any(|line| line.contains('*') && line.contains("IDENTIFIED")), "no password hash");
        database.run(&format!("drop user {account};"));
    }
    database.run(&format!("drop role {role};"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_hides_rows_is_an_error_and_not_a_smaller_table() {
    let database = Database::new(Engine::Postgres);
    let user = unique("policed");
    database.run(&format!(
        "create table t (id int); insert into t values (1), (2); alter table t enable row level security; create policy p on t using (id = 1);
         create role {user} login password 'hunter2'; grant select on t to {user};"
    ));
    let source = Source::connect(&login(&database, &user, "hunter2")).await.expect("connect");
    let error = source.snapshot().await.expect("snapshot").count(&super::named("t")).await.expect_err("policy").to_string();
    assert!(error.contains("row-level security") && error.contains("BYPASSRLS"), "{error}");
    assert_eq!(snapshot(&database).await.count(&super::named("t")).await.expect("the owner sees all"), 2);
    database.run(&format!("drop owned by {user}; drop role {user};"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_may_not_be_read_is_told_with_what_to_grant() {
    for engine in super::SERVERS {
        let database = Database::new(engine);
        database.run("create table t (id int primary key); create table u (id int);");
        let user = unique("blind");
        let (account, place) = (format!("'{user}'@'%'"), database.url().rsplit_once('/').expect("a database").1);
        let (make, end) = match engine {
            Engine::Mariadb => (
                format!(
                    "create user {account} identified by 'hunter2'; grant select on {place}.u to {account}; grant insert on {place}.t to {account};"
                ),
                format!("drop user {account};"),
            ),
            _ => (format!("create role {user} login password 'hunter2';"), format!("drop role {user};")),
        };
        database.run(&make);
        let source = Source::connect(&login(&database, &user, "hunter2")).await.expect("connect");
        let mut view = source.snapshot().await.expect("snapshot");
        let error = view.count(&super::named("t")).await.expect_err("denied").to_string();
        assert!(error.contains("denied") && error.contains("GRANT SELECT"), "{engine:?}: {error}");
        drop(view);
        database.run(&end);
    }
}
