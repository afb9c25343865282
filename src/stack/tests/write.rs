//! What is written reads back as exactly what it was written from.

use crate::resource::{
    Bucket, Capacity, Class, Encryption, Index, Insights, Key, KeyKind, KeyPart, Limits, LocalIndex, Maximum, Policy, Projection, Range,
    Scaling, StreamView, Table, Units,
};
use crate::stack::{parse, write};
use proptest::collection::{btree_map, btree_set};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const KINDS: [KeyKind; 3] = [KeyKind::S, KeyKind::N, KeyKind::B];
const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The attributes that a table's keys and projections choose from; the type goes by the place, so that one attribute has one type.
type Pool = Vec<String>;

fn part(pool: &Pool, at: usize) -> KeyPart {
    KeyPart { name: format!("k{}", pool[at]), kind: KINDS[at % 3] }
}

/// Names that need every kind of quoting.
fn pool() -> impl Strategy<Value = Pool> {
    btree_set("\\PC{0,6}|[\"'\\\\#=:.\\[\\] ]{1,4}|[\u{0}-\u{20}\u{7f}\u{202e}]{1,3}", 9).prop_map(|set| set.into_iter().collect())
}

fn range() -> impl Strategy<Value = Range> {
    (1u64..1000, 0u64..1000, 20u64..=90).prop_map(|(min, more, target)| Range { min, max: min + more, target: Some(target) })
}

fn insights() -> impl Strategy<Value = Option<Insights>> {
    of(select(vec![Insights::Off, Insights::Throttled, Insights::All]))
}

/// Capacity of one kind, with the limits that go with it.
fn throughput(on_demand: bool) -> BoxedStrategy<(Capacity, Limits)> {
    let warm = || of((1u64..50_000, 1u64..50_000));
    if on_demand {
        let side = || of(1u64..100_000);
        let demand = (side(), side(), warm()).prop_map(|(read, write, warm)| {
            let warm = warm.map(|(read, write)| Units { read, write });
            (Capacity::OnDemand, Limits { maximum: Maximum { read, write }, warm, ..Limits::default() })
        });
        return demand.boxed();
    }
    let side = || prop_oneof![(1u64..1000).prop_map(|n| (n, None)), range().prop_map(|r| (r.min, Some(r)))];
    let units = (side(), side(), warm()).prop_map(|((read, scale_read), (write, scale_write), warm)| {
        let warm = warm.map(|(r, w)| Units { read: read + r, write: write + w });
        let scaling = Scaling { read: scale_read, write: scale_write };
        (Capacity::Provisioned(Units { read, write }), Limits { warm, scaling, ..Limits::default() })
    });
    units.boxed()
}

fn projection(pool: Pool) -> impl Strategy<Value = Projection> {
    let some = subsequence(pool, 1..3).prop_map(|names| Projection::Include(names.into_iter().map(|n| format!("p{n}")).collect()));
    prop_oneof![Just(Projection::All), Just(Projection::Keys), some]
}

fn index(pool: Pool, on_demand: bool) -> impl Strategy<Value = Index> {
    let several = (1usize..=4, 0usize..=4);
    let choose = several.prop_flat_map(|(partition, sort)| {
        subsequence((0..9).collect::<Vec<usize>>(), partition + sort).prop_shuffle().prop_map(move |all| (partition, all))
    });
    (choose, projection(pool.clone()), throughput(on_demand), insights()).prop_map(
        move |((partition, all), projection, (capacity, limits), insights)| {
            let parts: Vec<KeyPart> = all.iter().map(|at| part(&pool, *at)).collect();
            let key = Key { partition: parts[..partition].to_vec(), sort: parts[partition..].to_vec() };
            Index { key, projection, capacity, limits, insights }
        },
    )
}

fn policy() -> impl Strategy<Value = Option<Policy>> {
    let on = ("[ -~\u{7f}\u{202e}'\\n]{0,8}", any::<bool>()).prop_map(|(sid, allow)| {
        let effect = if allow { "Allow" } else { "Deny" };
        let first = serde_json::json!({"Sid": sid, "Effect": effect, "Principal": "*", "Action": ["dynamodb:a", "dynamodb:b"], "Resource": "*"});
        let second = serde_json::json!({"Sid": "'''", "Effect": "Deny", "Principal": {"AWS": "123456789012"}, "Action": "x", "Resource": ["y"],
            "Condition": {"Bool": {"z": true}}});
        let text = serde_json::json!({"Statement": if allow { vec![first] } else { vec![first, second] }});
        Policy::On(crate::policy::canonical(&text.to_string()).expect("a policy"))
    });
    of(prop_oneof![Just(Policy::Off), on])
}

fn tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map("[a-zA-Z0-9é ][a-zA-Z0-9é +=._:/@-]{0,8}", "[a-zA-Z0-9é +=._:/@-]{0,40}", 0..6)
        .prop_map(|tags| tags.into_iter().filter(|(key, _)| !key.to_lowercase().starts_with("aws:")).collect())
}

fn encryption() -> impl Strategy<Value = Encryption> {
    select(vec![Encryption::Owned, Encryption::Managed, Encryption::Key(KEY.into()), Encryption::Key("alias/a/b".into())])
}

fn table() -> impl Strategy<Value = Table> {
    (pool(), any::<bool>(), any::<bool>())
        .prop_flat_map(|(pool, on_demand, sorted)| {
            let sort = if sorted { vec![part(&pool, 1)] } else { Vec::new() };
            let key = Key { partition: vec![part(&pool, 0)], sort };
            let local =
                (2usize..9, projection(pool.clone()), Just((pool.clone(), key.clone()))).prop_map(|(at, projection, (pool, table))| {
                    LocalIndex { key: Key { partition: table.partition, sort: vec![part(&pool, at)] }, projection }
                });
            let indexes = btree_map("[A-M][A-Za-z0-9_.-]{2,8}", index(pool.clone(), on_demand), 0..5);
            let locals = btree_map("[N-Z][A-Za-z0-9_.-]{2,8}", local, if sorted { 0..3 } else { 0..1 });
            let views = of(select(vec![StreamView::Keys, StreamView::New, StreamView::Old, StreamView::Both]));
            let ttl = of(select(pool.clone()).prop_map(|n| format!("t{n}")));
            let first = (Just(key), throughput(on_demand), indexes, locals, any::<bool>(), ttl);
            let second =
                (views, of(1u32..=35), tags(), select(vec![Class::Standard, Class::InfrequentAccess]), encryption(), policy(), insights());
            (first, second)
        })
        .prop_map(
            |((key, (capacity, limits), indexes, locals, protect, ttl), (stream, recovery, tags, class, encryption, policy, insights))| {
                Table { key, capacity, indexes, locals, protect, ttl, stream, recovery, tags, limits, class, encryption, policy, insights }
            },
        )
}

fn buckets() -> impl Strategy<Value = BTreeMap<String, Bucket>> {
    let one = ("[a-w0-9][a-z0-9]{3,9}", 1u32..=3650, any::<bool>(), any::<bool>(), tags());
    let all = btree_map("\\PC{1,6}|[a-z.-]{1,5}", one, 0..3);
    all.prop_map(|all| {
        let mut names = BTreeSet::new();
        let all = all.into_iter().filter(|(_, (name, ..))| names.insert(name.clone()));
        all.map(|(key, (name, days, versioning, kms, tags))| {
            (key, Bucket { name, expire_days: days, tags, versioning, kms_key: kms.then(|| KEY.to_owned()) })
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_as_it_was(
        tables in btree_map("[A-Za-z0-9_.-]{3,12}", table(), 1..4), buckets in buckets(), name in "[A-Za-z0-9_.-]{1,12}",
    ) {
        let text = write(&name, "123456789012", "us-east-1", &tables, &buckets);
        let stack = parse(&text, Path::new("a.toml"), None).map_err(|found| TestCaseError::fail(format!("{found}\n{text}")))?;
        let read: BTreeMap<String, Table> = stack.tables.into_iter().map(|(name, spec)| (name, spec.table)).collect();
        prop_assert_eq!(&read, &tables, "{}", text);
        prop_assert_eq!(&stack.buckets, &buckets, "{}", text);
        prop_assert_eq!((stack.name, stack.account, stack.region), (name, "123456789012".into(), "us-east-1".into()));
        prop_assert!(!text.chars().any(|c| c != '\n' && crate::safe::is_hostile(c)), "{:?}", text);
    }
}

fn id() -> Key {
    Key { partition: vec![KeyPart { name: "id".into(), kind: KeyKind::S }], sort: Vec::new() }
}

#[test]
fn a_table_as_aws_makes_it_takes_three_lines() {
    let tables = BTreeMap::from([("Plain".to_owned(), Table { protect: true, ..Table::plain(id()) })]);
    insta::assert_snapshot!(write("shop", "123456789012", "us-east-1", &tables, &BTreeMap::new()), @r#"
    #:schema ./stack.schema.json
    name = "shop"
    account = "123456789012"
    region = "us-east-1"

    [table.Plain]
    key = ["id:S"]
    "#);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one of everything is long")]
fn one_of_everything_is_a_page_that_people_read() {
    let at = |n| Capacity::Provisioned(Units { read: n, write: n });
    let scale = Some(Range { min: 5, max: 100, target: Some(70) });
    let sid = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"dynamodb:Query","Resource":"*"}}"#;
    let key = Key { sort: vec![KeyPart { name: "at:time".into(), kind: KeyKind::N }], ..id() };
    let several = Key { partition: vec![id().partition[0].clone(), KeyPart { name: "a\"b".into(), kind: KeyKind::B }], sort: Vec::new() };
    let index = Index { projection: Projection::Keys, capacity: at(5), insights: Some(Insights::Off), ..Index::plain(several) };
    let long = (0..4).map(|n| (format!("a longer tag {n}"), "with a value of some length".to_owned()));
    let table = Table {
        capacity: at(5),
        indexes: [("By.Two".to_owned(), index)].into(),
        locals: [("ByAge".to_owned(), LocalIndex { key: key.clone(), projection: Projection::Include(["x".to_owned()].into()) })].into(),
        ttl: Some("expires at".into()),
        stream: Some(StreamView::Both),
        recovery: Some(7),
        tags: long.collect(),
        limits: Limits {
            scaling: Scaling { read: None, write: scale },
            warm: Some(Units { read: 12000, write: 4000 }),
            ..Limits::default()
        },
        class: Class::InfrequentAccess,
        encryption: Encryption::Key(KEY.into()),
        policy: Some(Policy::On(crate::policy::canonical(sid).expect("a policy"))),
        insights: Some(Insights::Throttled),
        ..Table::plain(key)
    };
    let demand = Table {
        limits: Limits { maximum: Maximum { read: Some(10), write: None }, ..Limits::default() },
        recovery: Some(35),
        policy: Some(Policy::Off),
        encryption: Encryption::Managed,
        tags: [("team".to_owned(), "a b".to_owned())].into(),
        ..Table::plain(id())
    };
    let bucket = Bucket {
        name: "acme-stage".into(),
        expire_days: 3,
        tags: [("cost/center".to_owned(), "7".to_owned())].into(),
        versioning: true,
        kms_key: Some("alias/acme".into()),
    };
    let tables = BTreeMap::from([("Shop.v2".to_owned(), table), ("Users".to_owned(), demand)]);
    insta::assert_snapshot!(write("shop", "123456789012", "us-east-1", &tables, &[("staging".to_owned(), bucket)].into()), @r#"
    #:schema ./stack.schema.json
    name = "shop"
    account = "123456789012"
    region = "us-east-1"

    [bucket.staging]
    name = "acme-stage"
    expire_days = 3
    versioning = true
    encryption = { key = "alias/acme" }
    tags = { "cost/center" = "7" }

    [table."Shop.v2"]
    key = ["id:S", "at:time:N"]
    capacity = { read = 5, write = { min = 5, max = 100, target = 70 } }
    warm = { read = 12000, write = 4000 }
    class = "infrequent-access"
    encryption = { key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
    protect = false
    ttl = "expires at"
    stream = "both"
    recovery = { days = 7 }
    insights = "throttled"
    policy = '''
    {
      "Version": "2008-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Principal": {"AWS":"*"},
          "Action": "dynamodb:query",
          "Resource": "*"
        }
      ]
    }
    '''

    [table."Shop.v2".tags]
    "a longer tag 0" = "with a value of some length"
    "a longer tag 1" = "with a value of some length"
    "a longer tag 2" = "with a value of some length"
    "a longer tag 3" = "with a value of some length"

    [table."Shop.v2".index."By.Two"]
    key = { partition = ["id:S", "a\"b:B"] }
    project = "keys"
    capacity = { read = 5, write = 5 }
    insights = false

    [table."Shop.v2".local.ByAge]
    key = ["at:time:N"]
    project = ["x"]

    [table.Users]
    key = ["id:S"]
    maximum = { read = 10 }
    encryption = "managed"
    protect = false
    recovery = true
    policy = false
    tags = { team = "a b" }
    "#);
}
