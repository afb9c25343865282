use super::*;
use crate::live::Trouble;
use crate::resource::{Capacity, Units};

fn key(pairs: &[(&str, &str)]) -> Vec<ObservedKey> {
    pairs.iter().map(|(a, r)| ObservedKey { attribute: (*a).into(), role: (*r).into() }).collect()
}

fn index(name: &str) -> ObservedIndex {
    ObservedIndex {
        name: name.into(),
        status: Some("ACTIVE".into()),
        key: key(&[("b", "HASH")]),
        projection: "ALL".into(),
        units: Some(Units { read: 0, write: 0 }),
        ..ObservedIndex::default()
    }
}

fn seen() -> ObservedTable {
    ObservedTable {
        id: "id".into(),
        status: "ACTIVE".into(),
        attributes: vec![("a".into(), KeyKind::S), ("b".into(), KeyKind::N), ("c".into(), KeyKind::B)],
        key: key(&[("a", "HASH")]),
        units: Some(Units { read: 5, write: 6 }),
        ..ObservedTable::default()
    }
}

fn fold_all(seen: &ObservedTable, ttl: &ObservedTtl, recovery: &ObservedRecovery) -> Result<LiveTable, Unknown> {
    let (table, ttl, recovery) = (seen.clone(), ttl.clone(), recovery.clone());
    super::table("T", &ObservedAll { table, ttl, recovery, ..ObservedAll::default() }, None)
}

fn fold(seen: &ObservedTable) -> LiveTable {
    fold_all(seen, &ObservedTtl::default(), &ObservedRecovery::default()).expect("foldable")
}

#[test]
fn absent_billing_mode_is_provisioned() {
    assert_eq!(fold(&seen()).table.capacity, Capacity::Provisioned(Units { read: 5, write: 6 }));
}

#[test]
fn an_on_demand_index_shows_zero_units_and_is_on_demand() {
    let live = fold(&ObservedTable { billing: Some("PAY_PER_REQUEST".into()), globals: vec![index("i")], ..seen() });
    assert_eq!((live.table.capacity, live.table.indexes["i"].capacity), (Capacity::OnDemand, Capacity::OnDemand));
}

#[test]
fn absent_stream_ttl_recovery_and_protection_are_off() {
    let live = fold(&seen()).table;
    assert_eq!((live.stream, live.ttl, live.recovery, live.protect), (None, None, None, false));
    assert_eq!(fold(&ObservedTable { stream: Some((false, None)), ..seen() }).table.stream, None);
}

#[test]
fn index_order_and_included_attribute_order_do_not_count() {
    let include = |names: &[&str]| ObservedIndex {
        projection: "INCLUDE".into(),
        include: names.iter().map(|n| (*n).to_owned()).collect(),
        ..index("x")
    };
    let one = fold(&ObservedTable { globals: vec![index("i"), include(&["p", "q"])], ..seen() });
    let two = fold(&ObservedTable { globals: vec![include(&["q", "p"]), index("i")], ..seen() });
    assert_eq!(one, two);
}

#[test]
fn a_multi_attribute_key_keeps_its_order() {
    let with = |k: &[(&str, &str)]| fold(&ObservedTable { globals: vec![ObservedIndex { key: key(k), ..index("i") }], ..seen() });
    assert_ne!(with(&[("b", "HASH"), ("c", "HASH")]), with(&[("c", "HASH"), ("b", "HASH")]));
}

#[test]
fn attribute_definition_order_does_not_count() {
    let mut other = seen();
    other.attributes.reverse();
    assert_eq!(fold(&seen()), fold(&other));
}

#[test]
fn a_table_or_replica_that_no_waiting_mends_is_in_trouble_and_not_in_motion() {
    for status in ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED", "new"] {
        let live = fold(&ObservedTable { status: status.into(), ..seen() });
        assert_eq!((live.busy, live.trouble.status.as_deref(), live.trouble.replicas.len()), (Vec::new(), Some(status), 0));
    }
    let of = |status: &str| ObservedReplica { region: "eu-west-1".into(), status: Some(status.into()) };
    for status in ["CREATION_FAILED", "REGION_DISABLED", "ARCHIVED"] {
        let live = fold(&ObservedTable { replicas: vec![of("ACTIVE"), of(status)], ..seen() });
        let told = format!("the replica in eu-west-1 is {status}");
        assert_eq!((live.busy, live.trouble), (Vec::new(), Trouble { replicas: vec![told], ..Trouble::default() }));
    }
    for status in ["ACTIVE", "CREATING", "UPDATING", "DELETING"] {
        let live = fold(&ObservedTable { status: status.into(), replicas: vec![of(status)], ..seen() });
        assert_eq!((live.trouble, live.busy.is_empty()), (Trouble::default(), status == "ACTIVE"), "{status}");
    }
}

#[test]
fn an_index_being_deleted_is_gone_and_busy() {
    let live = fold(&ObservedTable { globals: vec![ObservedIndex { status: Some("DELETING".into()), ..index("i") }], ..seen() });
    assert!(live.table.indexes.is_empty());
    assert_eq!(live.busy, ["index i is DELETING"]);
}

#[test]
fn an_index_being_created_is_there_and_busy() {
    let creating = ObservedIndex { status: Some("CREATING".into()), backfilling: true, ..index("i") };
    let live = fold(&ObservedTable { globals: vec![creating], ..seen() });
    assert!(live.table.indexes.contains_key("i"));
    assert_eq!(live.busy, ["index i is CREATING (backfilling)"]);
}

#[test]
fn active_is_not_quiescent_while_anything_moves() {
    assert!(fold(&seen()).busy.is_empty());
    assert_eq!(fold(&ObservedTable { status: "UPDATING".into(), ..seen() }).busy, ["table is UPDATING"]);
    for status in ["CREATING", "DELETING"] {
        assert_eq!(fold(&ObservedTable { status: status.into(), ..seen() }).busy, [format!("table is {status}")]);
    }
    let warm = ObservedIndex { warm_status: Some("UPDATING".into()), ..index("i") };
    assert_eq!(fold(&ObservedTable { globals: vec![warm], ..seen() }).busy, ["index i's warm throughput is UPDATING"]);
    let backfilling = ObservedIndex { backfilling: true, ..index("i") };
    assert_eq!(fold(&ObservedTable { globals: vec![backfilling], ..seen() }).busy, ["index i is backfilling"]);
}

#[test]
fn ttl_counts_by_where_it_is_going() {
    let cases =
        [(Some("ENABLED"), Some("x")), (Some("ENABLING"), Some("x")), (Some("DISABLING"), None), (Some("DISABLED"), None), (None, None)];
    for (status, want) in cases {
        let ttl = ObservedTtl { status: status.map(Into::into), attribute: Some("x".into()) };
        let live = fold_all(&seen(), &ttl, &ObservedRecovery::default()).expect("foldable");
        assert_eq!(live.table.ttl.as_deref(), want, "{status:?}");
    }
}

#[test]
fn recovery_without_a_window_is_35_days() {
    let on = |days| ObservedRecovery { status: Some("ENABLED".into()), days };
    let fold = |r| fold_all(&seen(), &ObservedTtl::default(), &r).expect("foldable").table.recovery;
    assert_eq!((fold(on(None)), fold(on(Some(7)))), (Some(35), Some(7)));
}

#[test]
fn aws_tags_are_ignored_and_the_ownership_tag_is_the_owner() {
    let all = [("aws:cloudformation:stack", "x"), (OWNER_TAG, "s"), ("team", "a"), ("cost", "b")];
    let all: Vec<(String, String)> = all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let tags = tags(&all, &BTreeSet::from(["team".to_owned()]));
    assert_eq!(tags.owner.as_deref(), Some("s"));
    assert_eq!(tags.managed, BTreeMap::from([("team".to_owned(), "a".to_owned())]));
    assert_eq!(tags.foreign, BTreeMap::from([("cost".to_owned(), "b".to_owned())]));
}

#[test]
fn a_word_that_aws_invents_is_an_error_that_names_it() {
    let cases: [(&str, ObservedTable); 5] = [
        ("the billing mode", ObservedTable { billing: Some("NEW".into()), ..seen() }),
        ("a role in the key", ObservedTable { key: key(&[("a", "NEW")]), ..seen() }),
        ("the stream's view", ObservedTable { stream: Some((true, Some("NEW".into()))), ..seen() }),
        ("the projection of index i", ObservedTable { globals: vec![ObservedIndex { projection: "NEW".into(), ..index("i") }], ..seen() }),
        ("the type of z", ObservedTable { key: key(&[("z", "HASH")]), ..seen() }),
    ];
    for (what, seen) in cases {
        let error = fold_all(&seen, &ObservedTtl::default(), &ObservedRecovery::default()).expect_err(what);
        assert_eq!((error.what.as_str(), error.address.as_str()), (what, "table T"));
    }
}

#[test]
fn an_invented_word_of_a_setting_is_an_error_too() {
    let all = |table| ObservedAll { table, ..ObservedAll::default() };
    let encrypted = |status: &str, kind: &str| {
        let encryption = ObservedEncryption { status: Some(status.into()), kind: Some(kind.into()), key: Some("k".into()) };
        all(ObservedTable { encryption: Some(encryption), ..seen() })
    };
    let ttl = |status: &str| ObservedAll { ttl: ObservedTtl { status: Some(status.into()), attribute: None }, ..all(seen()) };
    let recovery = ObservedRecovery { status: Some("NEW".into()), days: None };
    let target = ObservedTarget { dimension: "dynamodb:table:NewUnits".into(), min: 1, max: 2, ..ObservedTarget::default() };
    let cases = [
        ("the table class", all(ObservedTable { class: Some("NEW".into()), ..seen() })),
        ("the encryption status", encrypted("NEW", "KMS")),
        ("the kind of encryption", encrypted("ENABLED", "NEW")),
        ("the TTL status", ttl("NEW")),
        ("the attribute of the enabled TTL", ttl("ENABLED")),
        ("point-in-time recovery", ObservedAll { recovery, ..all(seen()) }),
        ("a dimension of auto scaling", ObservedAll { scaling: vec![target], ..all(seen()) }),
    ];
    for (what, all) in cases {
        assert_eq!(super::table("T", &all, None).expect_err(what).what, what);
    }
}

#[test]
fn what_scales_an_index_that_is_wanted_and_not_there_is_kept_apart() {
    let target = |index: Option<&str>| ObservedTarget {
        index: index.map(str::to_owned),
        dimension: "dynamodb:index:ReadCapacityUnits".into(),
        min: 1,
        max: 2,
        ..ObservedTarget::default()
    };
    let all = ObservedAll {
        table: ObservedTable { globals: vec![index("there")], ..seen() },
        scaling: [None, Some("there"), Some("absent"), Some("lazy"), Some("nobodys")].map(target).into(),
        ..ObservedAll::default()
    };
    let wanted = |name: &str| {
        let capacity = if name == "lazy" { Capacity::OnDemand } else { Capacity::Provisioned(Units { read: 1, write: 1 }) };
        (name.to_owned(), Index { capacity, ..Index::plain(Key { partition: Vec::new(), sort: Vec::new() }) })
    };
    let indexes = ["there", "absent", "unscaled", "lazy"].map(wanted).into();
    let want = Table { indexes, ..Table::plain(Key { partition: Vec::new(), sort: Vec::new() }) };
    let live = super::table("T", &all, Some(&want)).expect("foldable");
    let read = Some(crate::resource::Range { min: 1, max: 2, target: None });
    assert_eq!(live.leftover, BTreeMap::from([("absent".to_owned(), Scaling { read, write: None })]));
    assert_eq!(super::table("T", &all, None).expect("foldable").leftover, BTreeMap::new());
}

/// What a going index shows is not all there any more.
#[test]
fn an_index_that_goes_is_no_part_of_the_shape() {
    let going = ObservedIndex { status: Some("DELETING".into()), key: key(&[("gone", "HASH")]), ..index("going") };
    let shape = super::shape("T", &ObservedTable { globals: vec![going, index("stays")], ..seen() }).expect("readable");
    assert_eq!(shape.indexes.keys().collect::<Vec<_>>(), ["stays"]);
}
