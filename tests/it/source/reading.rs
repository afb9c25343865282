//! Snapshots, cursors, lookups and selects, asked of both servers.

use super::{SERVERS, all, column, filled, named, number, query, snapshot, strings, text};
use crate::servers::Engine;
use landfall::mapping::Value;
use landfall::source::Error;
use std::collections::BTreeMap;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_comes_once_whatever_the_chunk() {
    let script = "create table t (a varchar(9) not null, b decimal(5,2) not null, c int, primary key (a, b));
        insert into t values ('a', 1.5, null), ('b', 1.5, 3), ('a', -2, 1), ('B!', 0, null), ('é', 1, 2), ('z', 9.99, 2), ('z', 9.98, 2);";
    for engine in SERVERS {
        let database = filled(engine, script);
        let mut view = snapshot(&database).await;
        for limit in [1, 2, 3, 6, 7, 8] {
            for order in [&[][..], &["a"], &["c", "a"]] {
                let rows = all(&mut view, &named("t"), &[], order, limit).await;
                let mut seen: Vec<String> = rows.iter().map(|r| format!("{:?}", r.values)).collect();
                seen.sort();
                seen.dedup();
                assert_eq!((rows.len(), seen.len()), (7, 7), "{engine:?} limit {limit} order {order:?}");
            }
        }
        let ordered = column(&all(&mut view, &named("t"), &[], &["c"], 2).await, "c");
        let numbers: Vec<&Value> = ordered.iter().filter(|v| **v != Value::Null).collect();
        assert_eq!(numbers, [&number("1"), &number("2"), &number("2"), &number("2"), &number("3")]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relations_without_a_key_are_read_whole_and_in_order() {
    let script = "create table t (a int, e varchar(3)); insert into t values (2, 'x'), (1, 'y'), (2, 'x'), (null, 'z');";
    for engine in SERVERS {
        let database = filled(engine, script);
        let mut view = snapshot(&database).await;
        for limit in [1, 3, 9] {
            assert_eq!(all(&mut view, &named("t"), &[], &[], limit).await.len(), 4, "{engine:?}");
            let rows = all(&mut view, &query("select a, e from t where a is not null -- all of them\n;"), &[], &["a"], limit).await;
            assert_eq!(column(&rows, "a"), [number("1"), number("2"), number("2")]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declared_key_pages_a_view_also_over_nulls() {
    let script =
        "create table t (a int, b varchar(3)); insert into t values (1, 'x'), (null, 'x'), (1, null), (2, 'x'), (null, null), (null, 'y');
        create view v as select * from t;";
    for engine in SERVERS {
        let database = filled(engine, script);
        let mut view = snapshot(&database).await;
        for limit in [1, 2, 5, 6] {
            assert_eq!(all(&mut view, &named("v"), &["a", "b"], &[], limit).await.len(), 6, "{engine:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declared_key_that_is_not_unique_never_loses_rows_in_silence() {
    let database = filled(Engine::Mariadb, "create table t (a int, b int); insert into t values (1, 1), (1, 2), (1, 3), (2, 4);");
    let mut view = snapshot(&database).await;
    let mut cursor = view.open(&named("t"), &strings(&["a"]), &[]).await.expect("open");
    let error = loop {
        match view.next(&mut cursor, 2).await {
            Ok(rows) => assert!(!rows.is_empty(), "the end was told although rows are missing"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("t has 4 rows, but reading it by its key gave 3: the declared `key` is not unique"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_every_kind_page_without_loss_on_mariadb() {
    let kinds = [
        ("bigint unsigned", vec!["1", "18446744073709551615", "9223372036854775808", "0"]),
        ("varchar(20)", vec!["'a'", "'B'", "'é'", "'z '", "''", "'0'"]),
        ("varchar(20) character set latin1 collate latin1_german2_ci", vec!["'a'", "'ß'", "'zz'", "'ö'", "'oz'", "'p'"]),
        ("varchar(20) collate utf8mb4_bin", vec!["'a'", "'A'", "'é'", "'𝄞'", "'~'"]),
        ("varbinary(4)", vec!["x'00'", "x'ff'", "x'80'", "x'7f00'", "x'7f'"]),
        ("decimal(40,10)", vec!["'123456789012345678901234567890.0000000001'", "'123456789012345678901234567890.0000000002'", "-1", "0"]),
        ("date", vec!["'2024-01-01'", "'0000-00-00'", "'2024-00-10'", "'9999-12-31'"]),
        ("datetime(6)", vec!["'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'", "'0000-00-00 00:00:00'"]),
        ("timestamp(6)", vec!["'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'", "'2038-01-01 00:00:00'"]),
        ("time(3)", vec!["'-838:59:59'", "'-00:00:00.001'", "'00:00:00'", "'100:00:00.5'"]),
        ("enum('z','a','m')", vec!["'z'", "'a'", "'m'"]),
        ("double", vec!["0.1", "-0.1", "1e300"]),
        (
            "uuid",
            vec![
                "'6ccd780c-baba-1026-9564-5b8c656024db'",
                "'00000000-0000-0000-0000-000000000001'",
                "'ffffffff-baba-1026-9564-5b8c656024db'",
            ],
        ),
        ("bit(9)", vec!["b'1'", "b'100000000'", "b'0'"]),
    ];
    for (kind, values) in kinds {
        let rows: Vec<String> = values.iter().map(|v| format!("({v})")).collect();
        let script = format!(
            "set sql_mode = 'ALLOW_INVALID_DATES'; set names utf8mb4; create table t (k {kind} not null primary key); insert into t values {};",
            rows.join(",")
        );
        let database = filled(Engine::Mariadb, &script);
        let mut view = snapshot(&database).await;
        for limit in 1..=values.len() + 1 {
            let read = all(&mut view, &named("t"), &[], &[], limit).await;
            assert_eq!(read.len(), values.len(), "{kind} by {limit}");
        }
        let keys: Vec<Vec<Value>> = all(&mut view, &named("t"), &[], &[], 99).await.into_iter().map(|r| r.values).collect();
        let found = view.lookup(&named("t"), &strings(&["k"]), &keys, &[]).await.expect("lookup");
        assert_eq!(found.len(), values.len(), "{kind} looked up by what was read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_every_kind_are_found_again_on_postgresql() {
    let kinds = [
        ("bigint", vec!["1", "-9223372036854775808"]),
        ("text", vec!["'a'", "'A'", "''", "'é '"]),
        ("char(4)", vec!["'a'", "'ab'"]),
        ("bytea", vec!["'\\x00ff'", "''"]),
        ("numeric", vec!["123456789012345678901234567890.0000000001", "-1", "'NaN'"]),
        ("double precision", vec!["0.1", "1e300", "'Infinity'"]),
        ("real", vec!["0.1"]),
        ("uuid", vec!["'6ccd780c-baba-1026-9564-5b8c656024db'"]),
        ("date", vec!["'2024-01-01'", "'infinity'", "'12000-01-01'"]),
        ("timestamp", vec!["'2024-01-01 00:00:00.000001'"]),
        ("timestamptz", vec!["'2024-01-01 00:00:00.000001+05'"]),
        ("interval", vec!["'1 year 2 days'"]),
        ("inet", vec!["'10.0.0.1'", "'10.0.0.1/24'"]),
        ("boolean", vec!["true", "false"]),
        ("bit(3)", vec!["B'101'"]),
        ("jsonb", vec!["'{\"a\":1}'"]),
    ];
    for (kind, values) in kinds {
        let rows: Vec<String> = values.iter().map(|v| format!("({v})")).collect();
        let database =
            filled(Engine::Postgres, &format!("create table t (k {kind} primary key); insert into t values {};", rows.join(",")));
        let mut view = snapshot(&database).await;
        let keys: Vec<Vec<Value>> = all(&mut view, &named("t"), &[], &[], 99).await.into_iter().map(|r| r.values).collect();
        let found = view.lookup(&named("t"), &strings(&["k"]), &keys, &[]).await.expect("lookup");
        assert_eq!(found.len(), values.len(), "{kind} looked up by what was read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_no_column_of_the_type_can_hold_find_nothing_and_harm_nothing() {
    let script = "create table t (i int primary key, d date, n decimal(5,2), s varchar(9)); insert into t values (12, '2024-01-02', 1.50, '12'), (0, null, 0, '');";
    for engine in SERVERS {
        let database = filled(engine, script);
        let mut view = snapshot(&database).await;
        for (column, key, found) in [
            ("i", text("12"), 1),
            ("i", text("12abc"), 0),
            ("i", text("99999999999999999999"), 0),
            ("i", text(""), 0),
            ("i", text("1.5"), 0),
            ("i", Value::Null, 0),
            ("d", text("2024-01-02"), 1),
            ("d", text("2024-01-32"), 0),
            ("n", number("1.5"), 1),
            ("n", text("1.50"), 1),
            ("n", number("100000000000"), 0),
            ("n", number("1.501"), 0),
            ("n", text("x"), 0),
            ("s", number("12"), 1),
            ("s", text("a\0b"), 0),
        ] {
            let rows = view.lookup(&named("t"), &strings(&[column]), &[vec![key.clone()]], &[]).await.expect("lookup");
            assert_eq!(rows.len(), found, "{engine:?} {column} = {key:?}");
        }
        let mixed: Vec<Vec<Value>> = ["x", "12", "1e", "0", "--"].iter().map(|t| vec![text(t)]).collect();
        let rows = view.lookup(&named("t"), &strings(&["i"]), &mixed, &[]).await.expect("lookup");
        assert_eq!(rows.len(), 2, "{engine:?}: good keys among bad ones");
        assert_eq!(view.count(&named("t")).await.expect("the snapshot lives"), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_of_many_and_of_pairs_are_whole_and_each_row_comes_once() {
    for engine in SERVERS {
        let series = if engine == Engine::Mariadb {
            "select seq, concat('b', seq % 7) from seq_1_to_1800"
        } else {
            "select i, 'b' || (i % 7) from generate_series(1, 1800) s (i)"
        };
        let database = filled(engine, &format!("create table t (a int, b varchar(5)); insert into t {series};"));
        let mut view = snapshot(&database).await;
        let pairs: Vec<Vec<Value>> = (1..=1800).map(|i| vec![number(&i.to_string()), text(&format!("b{}", i % 7))]).collect();
        let twice: Vec<Vec<Value>> = pairs.iter().chain(&pairs).cloned().collect();
        assert_eq!(view.lookup(&named("t"), &strings(&["a", "b"]), &twice, &[]).await.expect("lookup").len(), 1800, "{engine:?}");
        let swapped = [vec![number("1"), text("b2")], vec![number("2"), text("b1")]];
        assert!(view.lookup(&named("T"), &strings(&["A", "B"]), &swapped, &[]).await.expect("lookup").is_empty());
        let rows =
            view.lookup(&query("select b, a from t"), &strings(&["b"]), &[vec![text("b1")]], &strings(&["a"])).await.expect("lookup");
        assert_eq!(column(&rows[..2], "a"), [number("1"), number("8")]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_lookups_and_counts_take_turns() {
    let script = "create table p (id int primary key); insert into p values (1), (2), (3), (4);
        create table c (p int, n int primary key); insert into c values (1, 10), (1, 11), (3, 30);";
    for engine in SERVERS {
        let database = filled(engine, script);
        let mut view = snapshot(&database).await;
        let mut other = snapshot(&database).await;
        let mut outer = view.open(&named("p"), &[], &strings(&["id"])).await.expect("outer");
        assert_eq!(column(&view.next(&mut outer, 1).await.expect("next"), "id"), [number("1")]);
        let mut inner = view.open(&named("c"), &[], &strings(&["n"])).await.expect("inner");
        assert_eq!(view.next(&mut inner, 2).await.expect("next").len(), 2);
        drop(view.open(&named("c"), &[], &[]).await.expect("dropped at once"));
        assert!(view.describe(&named("nobody")).await.is_err(), "a failure in between does not hurt the cursors");
        assert!(view.select("select nothing from nowhere", &BTreeMap::new()).await.is_err());
        assert_eq!(column(&view.next(&mut outer, 2).await.expect("next"), "id"), [number("2"), number("3")]);
        let keys = [vec![number("1")], vec![number("3")]];
        let rows = view.lookup(&named("c"), &strings(&["p"]), &keys, &strings(&["n"])).await.expect("lookup");
        assert_eq!(column(&rows, "n"), [number("10"), number("11"), number("30")]);
        assert_eq!(view.count(&named("c")).await.expect("count"), 3);
        assert_eq!(view.next(&mut inner, 2).await.expect("next").len(), 1);
        assert!(view.next(&mut inner, 2).await.expect("end").is_empty());
        assert!(view.next(&mut inner, 2).await.expect("still the end").is_empty());
        assert!(matches!(other.next(&mut outer, 1).await, Err(Error::Lost(_))), "a cursor of another snapshot");
        assert_eq!(view.next(&mut outer, 9).await.expect("next").len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_meanwhile_is_not_seen() {
    for engine in SERVERS {
        let database = filled(engine, "create table t (id int primary key); insert into t values (1), (2);");
        let mut view = snapshot(&database).await;
        database.run("insert into t values (3); update t set id = id + 10 where id < 3;");
        assert_eq!(view.count(&named("t")).await.expect("count"), 2, "{engine:?}: the snapshot is taken when it is opened");
        let mut cursor = view.open(&named("t"), &[], &strings(&["id"])).await.expect("open");
        assert_eq!(view.next(&mut cursor, 1).await.expect("next").len(), 1);
        database.run("delete from t;");
        assert_eq!(column(&view.next(&mut cursor, 5).await.expect("next"), "id"), [number("2")]);
        assert_eq!(snapshot(&database).await.count(&named("t")).await.expect("count"), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn selects_take_named_parameters() {
    let script = "create table u (id int, email varchar(20), seen timestamp); insert into u values (1, ':email', '2024-01-02 03:04:05'), (2, 'a@b', '2024-01-02 03:04:06');";
    for engine in SERVERS {
        let database = filled(engine, script);
        let mut view = snapshot(&database).await;
        let seen = column(&all(&mut view, &query("select seen from u where id = 1"), &[], &[], 5).await, "seen").remove(0);
        let given: BTreeMap<String, Value> =
            [("email".to_owned(), text("a@b")), ("id".to_owned(), number("2")), ("seen".to_owned(), seen)].into();
        let sql = "select id, ':id' as lit from u where email = :email and id = :id -- :nobody\n;";
        let rows = view.select(sql, &given).await.expect("select");
        assert_eq!(rows.iter().map(|r| r.values.clone()).collect::<Vec<_>>(), [[number("2"), text(":id")]], "{engine:?}");
        assert_eq!(view.select("select id from u where seen = :seen", &given).await.expect("select").len(), 1, "{engine:?}");
        let error = view.select("select :other", &given).await.expect_err("unknown").to_string();
        assert!(error.contains("names :other, and the parameters given are :email, :id, :seen"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_of_mariadb_is_json_in_tables_and_queries_of_them_and_text_in_views() {
    let database = filled(
        Engine::Mariadb,
        "create table t (id int primary key, `j``s` json, plain longtext); insert into t values (1, '{\"a\":1}', '{\"a\":1}'); create view v as select * from t;",
    );
    let mut view = snapshot(&database).await;
    for (relation, json) in
        [(named("t"), true), (query("select * from t"), true), (query("select x.* from t x"), true), (named("v"), false)]
    {
        let rows = all(&mut view, &relation, &[], &[], 5).await;
        assert_eq!(matches!(rows[0].values[1], Value::Json(_)), json, "{relation}: {:?}", rows[0].values[1]);
        assert_eq!(rows[0].values[2], text("{\"a\":1}"), "{relation}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_can_be_written() {
    for engine in SERVERS {
        let database = filled(engine, "create table t (id int primary key); insert into t values (1);");
        let mut view = snapshot(&database).await;
        for sql in [
            "delete from t",
            "with a as (select 1) delete from t",
            "select 1; delete from t",
            "commit",
            "set transaction read write",
            "select 1 into outfile 'landfall-never'",
        ] {
            assert!(view.select(sql, &BTreeMap::new()).await.is_err(), "{engine:?} {sql}");
            assert!(view.open(&query(sql), &[], &[]).await.is_err(), "{engine:?} {sql}");
            assert!(view.count(&query(&format!("select 1) as x; {sql}; select * from (select 1"))).await.is_err(), "{engine:?} {sql}");
        }
        assert_eq!(view.count(&named("t")).await.expect("count"), 1);
    }
    let database = filled(
        Engine::Postgres,
        "create table t (id int); create function w() returns int language sql as 'insert into t values (9) returning id';",
    );
    let error = snapshot(&database).await.select("select w()", &BTreeMap::new()).await.expect_err("read-only").to_string();
    assert!(error.contains("read-only transaction"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_quoted_and_never_run() {
    for (engine, quote) in [(Engine::Mariadb, '`'), (Engine::Postgres, '"')] {
        let odd = format!("o{quote}{quote}dd; drop table t -- ");
        let database = filled(
            engine,
            &format!(
                "create table t (id int); create table {quote}{odd}x{quote} ({quote}{odd}c{quote} int); insert into {quote}{odd}x{quote} values (7);"
            ),
        );
        let mut view = snapshot(&database).await;
        let (name, column) = (
            odd.replace(&format!("{quote}{quote}"), &quote.to_string()) + "x",
            odd.replace(&format!("{quote}{quote}"), &quote.to_string()) + "c",
        );
        let rows = all(&mut view, &named(&name), &[&column], &[&column], 5).await;
        assert_eq!(rows[0].values, [number("7")], "{engine:?}");
        assert_eq!(view.lookup(&named(&name), &[column], &[vec![number("7")]], &[]).await.expect("lookup").len(), 1);
        let error = view.describe(&named("tt")).await.expect_err("missing").to_string();
        assert!(error.contains("no table or view tt: did you mean t?"), "{error}");
        assert_eq!(view.count(&named("t")).await.expect("t is still there"), 0);
    }
}
