//! Every type of each server, as a column of a table and as a column of a query, lands in its value.

use super::{all, filled, named, number, query, snapshot, text};
use crate::servers::Engine;
use landfall::mapping::{Value, json::Json};

/// Declared type, SQL literal, value.
type Case = (&'static str, &'static str, Value);

fn time(t: &str) -> Value {
    Value::Time(t.to_owned())
}
fn impossible(t: &str) -> Value {
    Value::Impossible(t.to_owned())
}
fn date(t: &str) -> Value {
    Value::Date(t.parse().expect(t))
}
fn local(t: &str) -> Value {
    Value::DateTime(t.parse().expect(t))
}
fn moment(t: &str) -> Value {
    Value::Instant(t.parse().expect(t))
}
fn json(t: &str) -> Value {
    Value::Json(Json::parse(t).expect(t))
}
fn list(v: &[Value]) -> Value {
    Value::List(v.to_vec())
}
fn bytes(b: &[u8]) -> Value {
    Value::Bytes(b.to_vec())
}

async fn check(engine: Engine, before: &str, cases: &[Case]) {
    let declared: Vec<String> = cases.iter().enumerate().map(|(i, (t, ..))| format!("c{i} {t}")).collect();
    let values: Vec<&str> = cases.iter().map(|(_, v, _)| *v).collect();
    let script = format!("{before} create table t ({}); insert into t values ({});", declared.join(","), values.join(","));
    let database = filled(engine, &script);
    let mut view = snapshot(&database).await;
    for relation in [named("t"), query("select * from t;")] {
        let rows = all(&mut view, &relation, &[], &[], 5).await;
        assert_eq!(rows.len(), 1);
        for (i, (declared, sql, value)) in cases.iter().enumerate() {
            assert_eq!(rows[0].values[i], *value, "{sql} in a column {declared} of {relation}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_of_mariadb_lands_in_its_value() {
    let cases: &[Case] = &[
        ("tinyint", "-128", number("-128")),
        ("tinyint(1)", "1", Value::Bool(true)),
        ("boolean", "0", Value::Bool(false)),
        ("tinyint(1)", "7", number("7")),
        ("smallint unsigned", "65535", number("65535")),
        ("mediumint", "-8388608", number("-8388608")),
        ("int", "null", Value::Null),
        ("bigint", "-9223372036854775808", number("-9223372036854775808")),
        ("bigint unsigned", "18446744073709551615", number("18446744073709551615")),
        (
            "decimal(65,30)",
            "'-12345678901234567890123456789012345.000000000000000000000000000001'",
            number("-12345678901234567890123456789012345.000000000000000000000000000001"),
        ),
        ("decimal(10,2)", "1.10", number("1.1")),
        ("float", "0.1", number("0.1")),
        ("float", "16777217", number("16777216")),
        ("double", "0.1", number("0.1")),
        ("double", "1.7976931348623157e308", number("1.7976931348623157e308")),
        ("bit(1)", "b'1'", Value::Bool(true)),
        ("bit(10)", "b'1000000010'", bytes(&[2, 2])),
        ("year", "2024", number("2024")),
        ("char(5)", "'ab'", text("ab")),
        ("varchar(9) character set utf8mb4", "'née 𝄞 '", text("née 𝄞 ")),
        ("varchar(9) character set latin1", "'née'", text("née")),
        ("longtext", "''", text("")),
        ("binary(3)", "x'00ff'", bytes(&[0, 255, 0])),
        ("varbinary(3)", "x'00ff'", bytes(&[0, 255])),
        ("longblob", "x''", bytes(&[])),
        ("enum('b','a')", "'a'", text("a")),
        ("set('x','y','z')", "'z,x'", Value::Set(vec!["x".to_owned(), "z".to_owned()])),
        ("set('x')", "''", Value::Set(Vec::new())),
        ("date", "'2024-02-29'", date("2024-02-29")),
        ("date", "'0000-00-00'", impossible("0000-00-00")),
        ("date", "'2024-00-10'", impossible("2024-00-10")),
        ("time(6)", "'-838:59:59.000001'", time("-838:59:59.000001")),
        ("time", "'01:02:03'", time("01:02:03")),
        ("datetime(6)", "'2024-02-29 23:59:59.000001'", local("2024-02-29T23:59:59.000001")),
        ("datetime", "'0000-00-00 00:00:00'", impossible("0000-00-00 00:00:00")),
        ("timestamp(3) null", "'2024-07-01 10:00:00.500'", moment("2024-07-01T08:00:00.5Z")),
        ("json", "'{\"a\":[1.10,null]}'", json("{\"a\":[1.1,null]}")),
        ("uuid", "'6ccd780c-baba-1026-9564-5b8c656024db'", text("6ccd780c-baba-1026-9564-5b8c656024db")),
        ("inet6", "'::1'", text("::1")),
    ];
    check(Engine::Mariadb, "set sql_mode = 'ALLOW_INVALID_DATES'; set time_zone = '+02:00'; set names utf8mb4;", cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_of_postgresql_lands_in_its_value() {
    let cases: &[Case] = &[
        ("smallint", "-32768", number("-32768")),
        ("bigint", "9223372036854775807", number("9223372036854775807")),
        ("integer", "null", Value::Null),
        ("oid", "4294967295", number("4294967295")),
        (
            "numeric",
            "-12345678901234567890123456789012345678901.00000000010",
            number("-12345678901234567890123456789012345678901.0000000001"),
        ),
        ("numeric(10,2)", "100000", number("100000")),
        ("numeric", "'NaN'", Value::NotANumber("NaN")),
        ("numeric", "'-Infinity'", Value::NotANumber("-Infinity")),
        ("money", "'1234.50'", number("1234.5")),
        ("real", "0.1", number("0.1")),
        ("double precision", "5e-324", number("5e-324")),
        ("double precision", "'NaN'", Value::NotANumber("NaN")),
        ("real", "'Infinity'", Value::NotANumber("Infinity")),
        ("boolean", "true", Value::Bool(true)),
        ("text", "'née 𝄞 '", text("née 𝄞 ")),
        ("char(5)", "'ab '", text("ab")),
        ("varchar(5)", "'ab '", text("ab ")),
        ("name", "'n'", text("n")),
        ("\"char\"", "'c'", text("c")),
        ("citext", "'Ab'", text("Ab")),
        ("bytea", "'\\x00ff'", bytes(&[0, 255])),
        ("bit(10)", "B'1000000010'", text("1000000010")),
        ("varbit", "B'101'", text("101")),
        ("uuid", "'6CCD780C-BABA-1026-9564-5B8C656024DB'", text("6ccd780c-baba-1026-9564-5b8c656024db")),
        ("mood", "'so so'", text("so so")),
        ("mood[]", "array['so so', null]::mood[]", list(&[text("so so"), Value::Null])),
        ("posint", "7", number("7")),
        ("date", "'2024-02-29'", date("2024-02-29")),
        ("date", "'infinity'", impossible("infinity")),
        ("date", "'12000-01-01'", impossible("12000-01-01")),
        ("date", "'0044-03-15 BC'", impossible("0044-03-15 BC")),
        ("date", "'0001-01-01'", date("0001-01-01")),
        ("timestamptz", "'0044-03-15 10:00:00+00 BC'", impossible("0044-03-15 10:00:00+00 BC")),
        ("timestamp", "'12000-01-01 10:00:00.5'", impossible("12000-01-01 10:00:00.5")),
        ("time", "'24:00:00'", time("24:00:00")),
        ("timetz", "'10:00:00.5+02'", time("10:00:00.5+02")),
        ("interval", "'1 year 2 days 3.5 seconds'", time("P1Y2DT3.5S")),
        ("timestamp", "'2024-02-29 23:59:59.000001'", local("2024-02-29T23:59:59.000001")),
        ("timestamp", "'-infinity'", impossible("-infinity")),
        ("timestamptz", "'2024-07-01 10:00:00+02'", moment("2024-07-01T08:00:00Z")),
        ("json", "'{\"a\": 1.10}'", json("{\"a\":1.1}")),
        ("json", "'{\"a\":1,\"a\":2}'", impossible("{\"a\":1,\"a\":2}")),
        ("jsonb", "'[12345678901234567890.5]'", json("[12345678901234567890.5]")),
        ("inet", "'10.0.0.1'", text("10.0.0.1")),
        ("cidr", "'10.0.0.0/8'", text("10.0.0.0/8")),
        ("inet", "'fe80::1/64'", text("fe80::1/64")),
        ("macaddr", "'08:00:2b:01:02:03'", text("08:00:2b:01:02:03")),
        ("int[]", "'{1,NULL,3}'", list(&[number("1"), Value::Null, number("3")])),
        ("int[][]", "'{{1,2},{3,4}}'", list(&[list(&[number("1"), number("2")]), list(&[number("3"), number("4")])])),
        ("text[]", "'{}'", list(&[])),
        ("interval[]", "array['1 day'::interval]", list(&[time("P1D")])),
        ("money[]", "array['2'::money]", list(&[number("2")])),
    ];
    let before = "create extension citext; create type mood as enum ('so so'); create domain posint as int check (value > 0);
        set intervalstyle = 'iso_8601';";
    check(Engine::Postgres, before, cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_mapped_is_named_before_a_row_is_read() {
    for (engine, script, expected) in [
        (
            Engine::Mariadb,
            "create table t (id int, g point, h geometry)",
            "t.g is point, t.h is geometry: landfall does not map such columns; leave them out with a query, or cast them in a query",
        ),
        (
            Engine::Postgres,
            "create type pair as (a int, b int); create table t (id int, g point, r int4range, x xml, p pair, ps pair[])",
            "t.g is point, t.r is int4range, t.x is xml, t.p is pair, t.ps is pair[]: landfall does not map such columns; leave them out with a query, or cast them in a query",
        ),
    ] {
        let database = filled(engine, script);
        let mut view = snapshot(&database).await;
        let error = view.describe(&named("t")).await.expect_err("unmapped").to_string();
        assert_eq!(error, expected);
        assert!(view.open(&named("t"), &[], &[]).await.is_err());
        assert!(view.describe(&query("select g from t")).await.is_err());
        assert_eq!(view.describe(&query("select id from t")).await.expect("the way out").columns.len(), 1);
        assert_eq!(view.count(&named("t")).await.expect("a count needs no types"), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_catalogue_tells_tables_views_types_and_keys() {
    let script =
        "create table orders (line int not null, ord int not null, total decimal(10,2), note varchar(9) not null, primary key (ord, line));
        create view big as select ord from orders;";
    for (engine, line, ord) in [(Engine::Mariadb, "int(11)", "int(11)"), (Engine::Postgres, "integer", "integer")] {
        let database = filled(engine, script);
        let source = landfall::source::Source::connect(database.url()).await.expect("connect");
        let catalogue = source.catalogue().await.expect("catalogue");
        assert_eq!(catalogue.keys().collect::<Vec<_>>(), ["big", "orders"]);
        let orders = &catalogue["orders"];
        assert_eq!(orders.key, ["ord", "line"]);
        let columns: Vec<_> = orders.columns.iter().map(|c| (c.name.as_str(), c.sql_type.as_str(), c.nullable)).collect();
        let (total, note) =
            if engine == Engine::Mariadb { ("decimal(10,2)", "varchar(9)") } else { ("numeric(10,2)", "character varying(9)") };
        assert_eq!(columns, [("line", line, false), ("ord", ord, false), ("total", total, true), ("note", note, false)]);
        assert!(catalogue["big"].key.is_empty());
    }
}
