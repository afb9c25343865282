//! Whole reads of real SQLite files.

use crate::mapping::{Number, Relation, Row, Value, json::Json};
use crate::source::{Error, Snapshot, Source, seed};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A database made from `sql`, in a folder that lives as long as the result.
fn database(sql: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("shop.sqlite");
    seed(&path, sql).expect("seed");
    (folder, path)
}

async fn snapshot(path: &std::path::Path) -> Snapshot {
    let source = Source::connect(&format!("sqlite:{}", path.display())).await.expect("connect");
    source.snapshot().await.expect("snapshot")
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

async fn all(snapshot: &mut Snapshot, relation: &Relation, order: &[&str], limit: usize) -> Vec<Row> {
    let mut cursor = snapshot.open(relation, &[], &strings(order)).await.expect("open");
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

#[tokio::test]
async fn every_declared_type_and_stored_class_lands_in_its_value() {
    let moment = |t: &str| Value::Instant(t.parse().expect(t));
    let json = |t: &str| Value::Json(Json::parse(t).expect(t));
    let impossible = |t: &str| Value::Impossible(t.to_owned());
    let table = [
        ("integer", "9223372036854775807", number("9223372036854775807")),
        ("integer", "-1", number("-1")),
        ("integer", "null", Value::Null),
        ("integer", "'seven'", text("seven")),
        ("int", "'12'", number("12")),
        ("boolean", "1", Value::Bool(true)),
        ("bool", "0", Value::Bool(false)),
        ("boolean", "2", number("2")),
        ("real", "0.1", number("0.1")),
        ("double precision", "1e300", number("1e300")),
        ("float", "9e999", Value::NotANumber("Infinity")),
        ("float", "-9e999", Value::NotANumber("-Infinity")),
        ("decimal(10,2)", "10.50", number("10.5")),
        ("numeric", "'1.10'", number("1.1")),
        ("decimal(40,2)", "x'00'", Value::Bytes(vec![0])),
        ("decimal(10,2)", "'n/a'", text("n/a")),
        ("varchar(10)", "5", text("5")),
        ("text", "'née 𝄞'", text("née 𝄞")),
        ("text", "cast(x'ff41' as text)", impossible("\u{fffd}A")),
        ("blob", "x'00ff'", Value::Bytes(vec![0, 255])),
        ("", "'free'", text("free")),
        ("date", "'2024-02-29'", Value::Date("2024-02-29".parse().expect("date"))),
        ("date", "'2024-02-30'", impossible("2024-02-30")),
        ("date", "'0000-00-00'", impossible("0000-00-00")),
        ("datetime", "'2024-02-29 10:20:30'", Value::DateTime("2024-02-29T10:20:30".parse().expect("moment"))),
        ("timestamp", "'2024-02-29T10:20:30.5Z'", moment("2024-02-29T10:20:30.5Z")),
        ("timestamp", "'2024-02-29 10:20:30+02:00'", moment("2024-02-29T08:20:30Z")),
        ("timestamp(6)", "'soon'", impossible("soon")),
        ("datetime", "1709202030", number("1709202030")),
        ("time", "'10:20:30'", Value::Time("10:20:30".to_owned())),
        ("json", r#"'{"a":[1.10,null]}'"#, json(r#"{"a":[1.1,null]}"#)),
        ("json", "'12'", json("12")),
        ("json", "'1.5'", json("1.5")),
        ("json", "'{oops'", impossible("{oops")),
    ];
    let declared: Vec<String> = table.iter().enumerate().map(|(i, (t, ..))| format!("c{i} {t}")).collect();
    let values: Vec<&str> = table.iter().map(|(_, v, _)| *v).collect();
    let (_folder, path) = database(&format!("create table t ({}); insert into t values ({});", declared.join(","), values.join(",")));
    let rows = all(&mut snapshot(&path).await, &named("t"), &[], 10).await;
    for (i, (declared, sql, value)) in table.iter().enumerate() {
        assert_eq!(rows[0].values[i], *value, "{sql} in a column {declared}");
    }
}

#[tokio::test]
async fn columns_of_queries_keep_what_was_declared_and_expressions_go_by_what_they_hold() {
    let (_folder, path) = database("create table t (d date, n integer); insert into t values ('2024-01-02', 5);");
    let rows = all(&mut snapshot(&path).await, &query("select d, n + 1 as m, 'x' || n as s, d || '' as plain from t;"), &[], 10).await;
    assert_eq!(rows[0].values, [Value::Date("2024-01-02".parse().expect("date")), number("6"), text("x5"), text("2024-01-02")]);
    assert_eq!(rows[0].columns.join(","), "d,m,s,plain");
}

#[tokio::test]
async fn the_catalogue_tells_tables_views_types_and_keys() {
    let (_folder, path) = database(
        "create table Orders (id integer primary key, note varchar(20) not null, total decimal(10,2));
         create table lines (ord int, line int, g int generated always as (line * 2) stored, primary key (line, ord));
         create view big as select id from Orders;",
    );
    let source = Source::connect(&format!("sqlite://{}", path.display())).await.expect("connect");
    let catalogue = source.catalogue().await.expect("catalogue");
    let mut out = String::new();
    for (name, d) in &catalogue {
        let columns: Vec<String> =
            d.columns.iter().map(|c| format!("{}:{}{}", c.name, c.sql_type, if c.nullable { "?" } else { "" })).collect();
        out += &format!("{name} {} key {}\n", columns.join(" "), d.key.join(","));
    }
    insta::assert_snapshot!(out, @r"
    Orders id:integer note:varchar(20) total:decimal(10,2)? key id
    big id:integer? key 
    lines ord:int? line:int? g:int? key line,ord
    ");
    assert_eq!(source.excess_privileges().await.expect("privileges"), Vec::<String>::new());
}

#[tokio::test]
async fn names_are_found_in_any_case_and_never_run() {
    let (_folder, path) = database(
        "create table \"we\"\"ird; drop\" (\"a b\" int); insert into \"we\"\"ird; drop\" values (1); create table users (id int);",
    );
    let mut view = snapshot(&path).await;
    assert_eq!(view.count(&named("we\"ird; drop")).await.expect("count"), 1);
    assert_eq!(all(&mut view, &named("MAIN.WE\"IRD; DROP"), &["A B"], 5).await.len(), 1);
    let error = view.describe(&named("user")).await.expect_err("missing").to_string();
    assert_eq!(error, "the source has no table or view user: did you mean users?");
    let error = view.open(&named("users"), &[], &strings(&["ids"])).await.expect_err("missing").to_string();
    assert_eq!(error, "users has no column ids: did you mean id?");
    let error = view.open(&named("users"), &strings(&["uid"]), &[]).await.expect_err("missing").to_string();
    assert_eq!(error, "users has no column uid: it has id");
}

#[tokio::test]
async fn every_row_comes_once_whatever_the_chunk_also_with_null_in_the_key() {
    let (_folder, path) = database(
        "create table t (a text, b int, primary key (a, b));
         insert into t values (null, 1), (null, 1), (null, null), ('x', 1), ('X', 1), ('x', null);",
    );
    let mut view = snapshot(&path).await;
    for limit in [1, 2, 3, 6, 7] {
        let rows = all(&mut view, &named("t"), &["b"], limit).await;
        assert_eq!(rows.len(), 6, "limit {limit}");
        assert_eq!(column(&rows, "b")[..2], [Value::Null, Value::Null]);
    }
    assert_eq!(view.count(&named("t")).await.expect("count"), 6);
}

#[tokio::test]
async fn cursors_lookups_and_counts_take_turns() {
    let (_folder, path) = database(
        "create table p (id int primary key); insert into p values (1), (2), (3), (4);
         create table c (p int, n int); insert into c values (1, 10), (1, 11), (3, 30);",
    );
    let mut view = snapshot(&path).await;
    let (p, c) = (named("p"), named("c"));
    let mut outer = view.open(&p, &[], &strings(&["id"])).await.expect("outer");
    assert_eq!(column(&view.next(&mut outer, 1).await.expect("next"), "id"), [number("1")]);
    let mut inner = view.open(&c, &[], &strings(&["n"])).await.expect("inner");
    assert_eq!(view.next(&mut inner, 2).await.expect("next").len(), 2);
    assert_eq!(column(&view.next(&mut outer, 2).await.expect("next"), "id"), [number("2"), number("3")]);
    let rows = view.lookup(&c, &strings(&["p"]), &[vec![number("1")], vec![number("3")]], &strings(&["n"])).await.expect("lookup");
    assert_eq!(column(&rows, "n"), [number("10"), number("11"), number("30")]);
    assert_eq!(view.count(&c).await.expect("count"), 3);
    let dropped = view.open(&p, &[], &[]).await.expect("dropped");
    drop(dropped);
    drop(outer);
    assert_eq!(view.next(&mut inner, 2).await.expect("next").len(), 1);
    assert!(view.next(&mut inner, 2).await.expect("end").is_empty());
    assert!(view.next(&mut inner, 2).await.expect("still the end").is_empty());
    assert_eq!(view.count(&p).await.expect("count after all cursors"), 4);
}

#[tokio::test]
async fn an_outer_cursor_may_end_or_go_before_an_inner_one() {
    let (_folder, path) = database("create table t (id int); insert into t values (1), (2), (3);");
    let mut view = snapshot(&path).await;
    let t = named("t");
    let mut outer = view.open(&t, &[], &[]).await.expect("outer");
    let mut inner = view.open(&t, &[], &[]).await.expect("inner");
    assert_eq!(view.next(&mut outer, 9).await.expect("next").len(), 3);
    assert_eq!(view.next(&mut inner, 1).await.expect("next").len(), 1);
    assert!(view.next(&mut outer, 9).await.expect("end").is_empty());
    assert_eq!(view.next(&mut inner, 9).await.expect("next").len(), 2);
    assert_eq!(view.count(&t).await.expect("count"), 3);
}

#[tokio::test]
async fn a_cursor_of_another_snapshot_is_noticed() {
    let (_folder, path) = database("create table t (id int); insert into t values (1);");
    let (mut one, mut other) = (snapshot(&path).await, snapshot(&path).await);
    let mut cursor = one.open(&named("t"), &[], &[]).await.expect("open");
    assert!(matches!(other.next(&mut cursor, 1).await, Err(Error::Lost(_))));
}

#[tokio::test]
async fn too_many_open_cursors_are_refused_and_the_rest_go_on() {
    let (_folder, path) = database("create table t (id int); insert into t values (1);");
    let mut view = snapshot(&path).await;
    let mut cursors = Vec::new();
    let error = loop {
        match view.open(&named("t"), &[], &[]).await {
            Ok(cursor) => cursors.push(cursor),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(error, "opening a cursor: 64 cursors of this snapshot are open already: read some to their end first");
    for cursor in &mut cursors {
        assert_eq!(view.next(cursor, 2).await.expect("next").len(), 1);
    }
}

#[tokio::test]
async fn what_is_written_meanwhile_is_not_seen() {
    let (_folder, path) = database("pragma journal_mode = wal; create table t (id int); insert into t values (1);");
    let writer = rusqlite::Connection::open(&path).expect("writer");
    let mut view = snapshot(&path).await;
    let mut cursor = view.open(&named("t"), &[], &[]).await.expect("open");
    writer.execute_batch("insert into t values (2); update t set id = id + 10").expect("write");
    assert_eq!(view.next(&mut cursor, 9).await.expect("next").len(), 1);
    assert_eq!(view.count(&named("t")).await.expect("count"), 1);
    assert_eq!(column(&all(&mut view, &named("t"), &[], 9).await, "id"), [number("1")]);
    assert_eq!(column(&all(&mut snapshot(&path).await, &named("t"), &["id"], 9).await, "id"), [number("11"), number("12")]);
}

#[tokio::test]
async fn nothing_can_be_written() {
    let (_folder, path) = database("create table t (id int); insert into t values (1);");
    let mut view = snapshot(&path).await;
    for sql in [
        "delete from t",
        "with a as (select 1) delete from t",
        "select 1; delete from t",
        "pragma query_only = 0",
        "attach 'x' as x",
        "commit",
    ] {
        assert!(view.select(sql, &BTreeMap::new()).await.is_err(), "{sql}");
        assert!(view.open(&query(sql), &[], &[]).await.is_err(), "{sql}");
        assert!(view.count(&query(&format!("select 1) ; {sql} ; select (1"))).await.is_err(), "{sql}");
    }
    assert_eq!(view.count(&named("t")).await.expect("count"), 1);
}

#[tokio::test]
async fn lookups_find_keys_however_they_are_written_and_stored() {
    let (_folder, path) = database(
        "create table t (i integer, s text, f double, b boolean, d datetime, z timestamp, x blob, free);
         insert into t values (7, '007', 0.1, 1, '2024-01-02 03:04:05', '2024-01-02T03:04:05.500Z', x'00ff', 7);
         insert into t values (8, '7', 1, 0, '2024-01-02T03:04:05.000', '2024-01-02 03:04:05+00:00', x'', '8');",
    );
    let mut view = snapshot(&path).await;
    let at = Value::DateTime("2024-01-02T03:04:05".parse().expect("date-time"));
    let moment = |t: &str| Value::Instant(t.parse().expect(t));
    for (column, key, found) in [
        ("i", number("7"), 1),
        ("i", text("7"), 1),
        ("i", text("7x"), 0),
        ("i", text(""), 0),
        ("i", Value::Null, 0),
        ("s", text("007"), 1),
        ("s", number("7"), 1),
        ("s", text("07"), 0),
        ("f", number("0.1"), 1),
        ("f", text("0.1"), 1),
        ("b", Value::Bool(true), 1),
        ("b", text("false"), 1),
        ("d", at, 2),
        ("d", text("2024-01-02T03:04:05"), 2),
        ("z", moment("2024-01-02T03:04:05.5Z"), 1),
        ("z", moment("2024-01-02T03:04:05Z"), 1),
        ("x", Value::Bytes(vec![0, 255]), 1),
        ("x", text("AP8="), 1),
        ("free", number("7"), 1),
        ("free", text("7"), 1),
        ("free", number("8"), 1),
    ] {
        let rows = view.lookup(&named("t"), &strings(&[column]), &[vec![key.clone()]], &[]).await.expect("lookup");
        assert_eq!(rows.len(), found, "{column} = {key:?}");
    }
}

#[tokio::test]
async fn lookups_of_many_and_of_pairs_are_whole_and_each_row_comes_once() {
    let (_folder, path) = database(
        "create table t (a int, b text);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000) insert into t select i, 'b' || (i % 7) from n;",
    );
    let mut view = snapshot(&path).await;
    let pairs: Vec<Vec<Value>> =
        (1..=3000).map(|i| vec![Value::Number(Number::from(i64::from(i))), text(&format!("b{}", i % 7))]).collect();
    let twice: Vec<Vec<Value>> = pairs.iter().chain(&pairs).cloned().collect();
    let rows = view.lookup(&named("t"), &strings(&["a", "b"]), &twice, &[]).await.expect("lookup");
    assert_eq!(rows.len(), 3000);
    let swapped = vec![vec![number("1"), text("b2")], vec![number("2"), text("b1")]];
    assert!(view.lookup(&named("t"), &strings(&["a", "b"]), &swapped, &[]).await.expect("lookup").is_empty());
    assert!(view.lookup(&named("t"), &strings(&["a", "b"]), &[vec![number("1")]], &[]).await.is_err());
    assert!(view.lookup(&named("t"), &strings(&["a"]), &[], &[]).await.expect("no keys").is_empty());
}

#[tokio::test]
async fn selects_take_named_parameters() {
    let (_folder, path) = database("create table u (id int, email text); insert into u values (1, ':email'), (2, 'a@b');");
    let mut view = snapshot(&path).await;
    let given: BTreeMap<String, Value> = [("email".to_owned(), text("a@b")), ("id".to_owned(), number("2"))].into();
    let sql = "select id, ':id' as lit from u where email = :email and id = :id or id = :id -- :nobody\n;";
    let rows = view.select(sql, &given).await.expect("select");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].values, [number("2"), text(":id")]);
    let error = view.select("select :other", &given).await.expect_err("unknown").to_string();
    assert_eq!(error, "the statement's parameters: the SQL names :other, and the parameters given are :email, :id: make the names agree");
    assert!(view.select("select id from u where id = ?", &given).await.is_err());
    assert!(view.select("select 1 as a, 2 as a", &given).await.is_err());
}

#[tokio::test]
async fn two_columns_of_one_name_are_refused() {
    let (_folder, path) = database("create table a (id int, x int); create table b (id int, y int);");
    let error = snapshot(&path).await.describe(&query("select * from a join b using (x), a as c")).await;
    assert!(error.is_err());
    let error = snapshot(&path).await.describe(&query("select a.id, b.id from a, b")).await.expect_err("twice").to_string();
    assert_eq!(error, "(query) gives two columns named id: give one of them another name with AS");
}

#[tokio::test]
async fn a_failing_row_is_an_error_and_not_an_end() {
    let (_folder, path) = database("create table t (id int, j text); insert into t values (1, '{}'), (2, 'hunter2');");
    let mut view = snapshot(&path).await;
    let relation = query("select id, json_extract(j, '$.a') as a from t");
    let mut cursor = view.open(&relation, &[], &[]).await.expect("open");
    assert_eq!(view.next(&mut cursor, 1).await.expect("first").len(), 1);
    let error = view.next(&mut cursor, 1).await.expect_err("bad row").to_string();
    assert!(error.starts_with("reading (query): ") && !error.contains("hunter2"), "{error}");
    assert!(view.next(&mut cursor, 1).await.is_err(), "a failed cursor never says that it reached the end");
}

#[tokio::test]
async fn a_file_that_is_not_there_or_no_database_is_an_error_and_is_not_made() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("no.sqlite");
    let url = format!("sqlite:{}", path.display());
    let error = Source::connect(&url).await.expect_err("missing").to_string();
    assert!(error.contains("No such file") && error.contains("landfall never creates a source"), "{error}");
    assert!(!path.exists());
    std::fs::write(&path, "this is a text file, and a rather long one at that, longer than a header".repeat(9)).expect("write");
    let error = Source::connect(&url).await.expect_err("no database").to_string();
    assert!(error.contains("no SQLite database"), "{error}");
    let error = Source::connect(&format!("sqlite:{}", folder.path().display())).await.expect_err("folder").to_string();
    assert!(error.contains("it is no file"), "{error}");
}

#[tokio::test]
async fn a_seed_is_made_whole_or_not_at_all_and_never_overwrites() {
    let (folder, path) = database("create table t (id int);");
    let error = seed(&path, "create table u (id int);").expect_err("exists").to_string();
    assert!(error.contains("exists already"), "{error}");
    let other = folder.path().join("other.sqlite");
    assert!(seed(&other, "create table t (id int); insert into nowhere values (1);").is_err());
    assert!(seed(&other, "begin; create table t (id int);").is_err());
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("list").map(|e| e.expect("entry").file_name()).collect();
    assert_eq!(names, ["shop.sqlite"], "nothing half-made is left");
}
