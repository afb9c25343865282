//! What good stacks become.

use super::{parse, whole};
use crate::mapping::rule::{As, Collapse, Rest, Test};
use crate::mapping::{Relation, Value};
use crate::resource::{Capacity, KeyKind, Projection, StreamView, Units};
use crate::stack::Stack;
use crate::stack::load;
use crate::stack::model::{Condition, Operand};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

const SHIPPED: [&str; 4] = ["users", "vehicle-sales", "vehicle-sales-single", "imdb"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("stacks/{name}.toml"))
}

fn shipped(name: &str) -> Stack {
    load(&path(name), None).unwrap_or_else(|found| panic!("{found}"))
}

fn good(body: &str, phase: Option<&str>) -> Stack {
    parse(&whole(body), Path::new("/stacks/a.toml"), phase).unwrap_or_else(|found| panic!("{found}"))
}

#[test]
fn every_stack_that_ships_is_without_findings() {
    for name in SHIPPED {
        assert_eq!(shipped(name).name, name);
    }
}

#[test]
fn every_setting_that_the_readme_shows_is_one() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("read");
    let (_, section) = readme.split_once("### Stack file: every setting").expect("the section");
    let block = section.split("```").nth(1).and_then(|b| b.strip_prefix("toml\n")).expect("its TOML");
    let stack = good(block, Some("load"));
    assert_eq!((stack.tables.len(), stack.buckets["staging"].versioning), (2, true));
    let policy = &stack.tables["Orders"].table.policy;
    assert!(matches!(policy, Some(crate::resource::Policy::On(_))), "{policy:?}");
}

#[test]
fn a_stack_is_loaded_as_it_is_parsed() {
    let text = std::fs::read_to_string(path("users")).expect("read");
    let parsed = parse(&text, &path("users"), None).expect("good");
    assert_eq!(format!("{:?}", shipped("users")), format!("{parsed:?}"));
}

#[test]
fn users_is_the_table_of_the_sample() {
    let stack = shipped("users");
    let table = &stack.tables["Users"].table;
    let five = Capacity::Provisioned(Units { read: 5, write: 5 });
    assert_eq!((table.key.partition[0].name.as_str(), table.key.partition[0].kind), ("userId", KeyKind::N));
    assert_eq!(table.capacity, five);
    assert_eq!(table.indexes.keys().collect::<Vec<_>>(), ["EmailIndex", "UsernameIndex"]);
    assert!(table.indexes.values().all(|i| i.capacity == five && i.projection == Projection::All));
    let mapping = &stack.tables["Users"].rows[0];
    assert_eq!((mapping.entity.as_str(), &mapping.from), ("users", &Relation::Named("users".into())));
    assert_eq!(mapping.shape.rules["profileData"].kind, Some(As::M));
    assert_eq!(stack.source.expect("a source").seed, [path("users").with_file_name("seed/users.sql")]);
    assert!((stack.policy.max_mismatch_rate - 5e-5).abs() < 1e-12);
    assert_eq!(stack.access.len(), 3);
}

#[test]
fn imdb_declares_its_collapse() {
    let stack = shipped("imdb");
    let regn = stack.tables["movies"].rows.iter().find(|m| m.entity == "REGN").expect("REGN");
    assert_eq!((regn.collapse, regn.collapse_order.as_slice()), (Collapse::First, ["ordering".to_owned()].as_slice()));
    assert_eq!(regn.when.as_ref().map(|w| &w.test), Some(&Test::NotNull));
    assert_eq!(stack.access.len(), 6);
}

#[test]
fn everything_that_can_be_said_is_read() {
    let stack = good(
        r#"
        [bucket.b]
        name = "acme-stage"
        expire_days = 3
        tags = { team = "data" }
        [table.Shop]
        key = ["PK:S", "SK:S"]
        stream = "both"
        recovery = { days = 7 }
        ttl = "expiresAt"
        [table.Shop.index.Multi]
        key = { partition = ["a:S", "b:S"], sort = ["c:N"] }
        project = ["d"]
        [table.Shop.local.ByDate]
        key = ["at:S"]
        project = "keys"
        [[table.Shop.rows]]
        entity = "order"
        query = "select * from orders"
        key = ["id"]
        when = { column = "tier", one_of = ["A", "B"] }
        collapse = "last"
        collapse_order = ["id"]
        item = { PK = "O#{id}", SK = "0", five = 5, yes = true, d = "x", expiresAt = { from = "{t}", type = "epoch" }, "*" = { case = "camelCase", except = ["x"] } }
        [table.Shop.rows.many.lines]
        from = "lines"
        on = { z = "id", a = "other" }
        as = { map = "{n}" }
        item = { q = { from = "{q}", null = "null", empty = "omit", when = { column = "q", is_null = true } } }
        [validate]
        throttling = { window = "90m", max_events = 2 }
        "#,
        None,
    );
    let table = &stack.tables["Shop"].table;
    assert!(table.protect && table.stream == Some(StreamView::Both) && table.recovery == Some(7));
    let multi = &table.indexes["Multi"];
    assert_eq!((multi.key.partition.len(), multi.key.sort[0].kind, multi.capacity), (2, KeyKind::N, Capacity::OnDemand));
    assert_eq!(table.locals["ByDate"].key.partition, table.key.partition);
    let mapping = &stack.tables["Shop"].rows[0];
    assert_eq!((mapping.shape.rest, mapping.shape.except.as_slice()), (Some(Rest::CamelCase), ["x".to_owned()].as_slice()));
    assert_eq!((mapping.shape.rules["five"].kind, mapping.shape.rules["yes"].kind), (Some(As::N), Some(As::Bool)));
    let on: Vec<&str> = mapping.many["lines"].on.iter().map(|(child, _)| child.as_str()).collect();
    assert_eq!(on, ["z", "a"], "the file's order");
    assert_eq!((stack.policy.throttle_window_secs, stack.policy.throttle_max_events), (5400, 2));
    assert_eq!((stack.buckets["b"].expire_days, stack.buckets["b"].tags["team"].as_str()), (3, "data"));
}

#[test]
fn conditions_take_the_type_of_the_key() {
    let stack = good(
        r#"
        [table.Users]
        key = ["id:N", "at:S"]
        [[access]]
        name = "x"
        sql = "select 1 where :a = :b"
        params_from = "select 1 as a, 2 as b"
        query = { table = "Users", key = { at = { between = ["A#:a", "5"] }, id = "1.50" }, filter = { n = 7, s = "7", b = true, p = ":b" }, returns = ["n"] }
        "#,
        None,
    );
    let query = &stack.access[0].query;
    let names: Vec<&str> = query.key.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["id", "at"], "partition first");
    assert!(matches!(&query.key[0].1, Condition::Equals(Operand::Constant(Value::Number(n))) if n.to_string() == "1.5"));
    let between = Condition::Between(Operand::Parameters("A#:a".into()), Operand::Constant(Value::Text("5".into())));
    assert_eq!(query.key[1].1, between);
    let filter: Vec<&Condition> = query.filter.iter().map(|(_, c)| c).collect();
    assert_eq!(*filter[0], Condition::Equals(Operand::Constant(Value::Bool(true))));
    assert_eq!(*filter[2], Condition::Equals(Operand::Parameters(":b".into())));
    assert_eq!(*filter[3], Condition::Equals(Operand::Constant(Value::Text("7".into()))));
}

const PHASED: &str = r#"
        [table.Users]
        key = ["id:S"]
        capacity = { read = 5, write = 5 }
        [table.Users.index.ByName]
        key = ["name:S"]
        capacity = { read = 6, write = 6 }
        [phase.load]
        table.Users.capacity = "on-demand"
        [phase.busy]
        table.Users.capacity = { read = 9, write = 9 }
        [phase.index]
        table.Users.index.ByName.capacity = { read = 7, write = 7 }
"#;

#[test]
fn a_phase_changes_capacity_and_takes_the_indexes_along() {
    let units = |n| Capacity::Provisioned(Units { read: n, write: n });
    for (phase, table, index) in [
        (None, units(5), units(6)),
        (Some("load"), Capacity::OnDemand, Capacity::OnDemand),
        (Some("busy"), units(9), units(6)),
        (Some("index"), units(5), units(7)),
    ] {
        let stack = good(PHASED, phase);
        let got = &stack.tables["Users"].table;
        assert_eq!((got.capacity, got.indexes["ByName"].capacity), (table, index), "{phase:?}");
    }
}

#[test]
fn the_digest_is_of_the_bytes_and_the_phase() {
    let digests = [good(PHASED, None), good(PHASED, Some("load")), good(&PHASED.replace('9', "8"), None)].map(|s| s.digest);
    assert_eq!(digests[0], good(PHASED, None).digest);
    assert!(digests[0] != digests[1] && digests[0] != digests[2] && digests[0].len() == 64);
}

#[test]
fn files_that_cannot_be_stacks() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("write");
        load(&path, None).expect_err(name).iter().next().expect("a finding").message.clone()
    };
    assert!(file("latin1", b"name = '\xe9'").contains("not UTF-8 text (byte 8)"));
    assert!(file("large", &vec![b'#'; 4 * 1024 * 1024 + 1]).contains("over 4 MiB"));
    assert_eq!(file("empty", b" \n"), "the stack file is empty");
    assert_eq!(file("sealed", b"{\"format\":\"landfall.plan/v1\",\n\"plan\":{}}"), "this is a sealed plan, not a stack file");
    let absent = load(&folder.path().join("absent.toml"), None).expect_err("no file").to_string();
    assert!(absent.contains("cannot open the stack file") && absent.contains("absent.toml"), "{absent}");
}

#[test]
fn a_byte_order_mark_moves_no_caret() {
    let found = parse("\u{feff}name = 5\n", Path::new("a.toml"), None).expect_err("wrong");
    let first = found.iter().find(|d| d.message.contains("must be text")).expect("the finding");
    assert_eq!(&"\u{feff}name = 5\n"[first.span.clone()], "5");
}

fn mutated() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "=",
        "\n",
        ".",
        ":",
        "*",
        "é",
        "\u{0}",
        "[[access]]\n",
        "-1",
        "1e999",
        "{x}",
        "//a:b@",
        "99999999999999999999",
    ]);
    (prop::sample::select(SHIPPED.to_vec()), prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, pieces), 1..6)).prop_map(
        |(name, edits)| {
            let mut text = std::fs::read_to_string(path(name)).expect("read");
            for (at, cut, piece) in edits {
                let starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
                let from = at.index(starts.len());
                let to = (from + cut).min(starts.len() - 1);
                text.replace_range(starts[from]..starts[to], piece);
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_makes_parse_panic_or_fail_without_a_reason(text in mutated()) {
        if let Err(found) = parse(&text, Path::new("a.toml"), Some("load")) {
            prop_assert!(!found.is_empty());
            let shown = found.to_string();
            prop_assert!(!shown.contains("no check said why"), "{}", shown);
            prop_assert!(!shown.contains("does not fit the stack syntax"), "{}", shown);
        }
    }
}
