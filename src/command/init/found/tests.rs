//! What `init` finds, and what it says of what a stack cannot say.

use super::*;
use crate::live::ForeignScaling;
use crate::resource::{Dimension, Key, KeyKind, KeyPart, Maximum, Scaling};

fn live(table: Table) -> LiveTable {
    LiveTable { owner: None, ..crate::plan::samples::live(table) }
}

fn plain() -> Table {
    Table::plain(Key { partition: vec![KeyPart { name: "id".into(), kind: KeyKind::S }], sort: Vec::new() })
}

/// With every guard that a staging bucket has.
fn closed(bucket: Bucket) -> LiveBucket {
    LiveBucket {
        bucket,
        owner: Some("shop".into()),
        public_access_blocked: true,
        owner_enforced: true,
        encrypted: true,
        no_bucket_key: false,
        tls_only: true,
        has_policy: false,
        public_statement: None,
        refuses_public: true,
        aborts_multipart: true,
        expire_versions: 0,
        versions: false,
        fresh: false,
        empty: false,
        foreign_tags: BTreeMap::new(),
        holder: None,
        contents: None,
    }
}

fn found(live: LiveTable) -> Found {
    Found::from(&Live { tables: [("Users".to_owned(), live)].into(), ..Live::default() }, "shop")
}

#[test]
fn the_wish_names_everything_that_is_read_only_when_it_is_named() {
    let mut seen = live(Table { indexes: [("By".to_owned(), Index::plain(plain().key))].into(), ..plain() });
    seen.foreign_tags.insert("team".into(), "x".into());
    let seen = Live { tables: [("Users".to_owned(), seen)].into(), ..Live::default() };
    let table = wish(&seen, false).tables["Users"].clone().expect("a wish");
    assert_eq!((table.policy, table.insights, table.limits.warm), (Some(Policy::Off), Some(Insights::Off), None));
    assert_eq!((table.indexes["By"].insights, table.tags.len()), (Some(Insights::Off), 1));
    let warm = wish(&seen, true).tables["Users"].clone().expect("a wish");
    assert!(warm.limits.warm.is_some() && warm.indexes["By"].limits.warm.is_some());
}

#[test]
fn what_is_off_is_left_out() {
    let index = Index { insights: Some(Insights::Off), ..Index::plain(plain().key) };
    let table = Table {
        policy: Some(Policy::Off),
        insights: Some(Insights::Off),
        indexes: [("By".to_owned(), index), ("On".to_owned(), Index { insights: Some(Insights::All), ..Index::plain(plain().key) })].into(),
        ..plain()
    };
    let found = found(live(table));
    let table = &found.tables["Users"];
    assert_eq!((&table.policy, table.insights, table.indexes["By"].insights), (&None, None, None));
    assert_eq!(table.indexes["On"].insights, Some(Insights::All));
    assert!(found.notes.is_empty());
}

#[test]
fn a_side_that_is_scaled_has_its_range_and_not_the_units_of_the_moment() {
    let range = |target| Some(Range { min: 5, max: 50, target });
    let limits = Limits {
        scaling: Scaling { read: range(Some(60)), write: range(None) },
        maximum: Maximum { read: Some(9), write: None },
        warm: None,
    };
    let found = found(live(Table { capacity: Capacity::Provisioned(Units { read: 37, write: 41 }), limits, ..plain() }));
    let table = &found.tables["Users"];
    assert_eq!(table.capacity, Capacity::Provisioned(Units { read: 5, write: 5 }));
    assert_eq!(table.limits.scaling, Scaling { read: range(Some(60)), write: range(Some(70)) });
    assert_eq!(table.limits.maximum, Maximum::default());
    assert_eq!(found.notes.len(), 1, "only the side without a plain target: {:?}", found.notes);
    assert!(found.notes[0].contains("its write capacity is scaled by something else"), "{:?}", found.notes);
}

#[test]
fn others_who_have_a_say_are_noted() {
    let mut held = live(Table { tags: [("Landfall:x".to_owned(), "y".to_owned())].into(), ..plain() });
    held.owner = Some("other".into());
    held.holder = Some(Holder::CloudFormation("web".into()));
    held.replicas = vec!["eu-west-1".into()];
    held.busy = vec!["table is UPDATING".into()];
    held.trouble.status = Some("ARCHIVED".into());
    held.trouble.replicas = vec!["the replica in eu-west-1 is REGION_DISABLED".into()];
    let found = found(held);
    assert_eq!(found.strange.iter().collect::<Vec<_>>(), ["Users"]);
    assert!(found.tables["Users"].tags.is_empty());
    insta::assert_snapshot!(found.noted("first\nrest\n"), @r#"
first
# table Users belongs to the stack other: a plan of this file is refused while its tag landfall:stack says so
# table Users belongs to the CloudFormation stack web: two tools that change one table undo each other's work
# table Users has replicas in eu-west-1: a stack does not manage them, and no change may touch them
# table Users is ARCHIVED: nothing of it can be read or changed, and a plan of this file is refused while it is
# table Users: the replica in eu-west-1 is REGION_DISABLED
# table Users is changing (table is UPDATING): what is written is where it is going
# table Users: the tag Landfall:x begins as landfall's own do, so it stays as it is, unmanaged
rest
"#);
}

#[test]
fn a_scheduled_action_is_noted_and_what_its_side_tells_already_is_not_told_twice() {
    let scaled = |by| {
        let mut scaled = live(plain());
        scaled.owner = Some("shop".into());
        scaled.foreign_scaling = vec![ForeignScaling { index: Some("By".into()), dimension: Dimension::Read, by }];
        found(scaled).notes
    };
    let told = scaled(Mover::ScheduledAction("nightly".into()));
    assert!(
        told.len() == 1 && told[0].starts_with("table Users, index By: the scheduled action nightly moves its capacity too"),
        "{told:?}"
    );
    assert_eq!(scaled(Mover::Policies(2)), Vec::<String>::new());
}

/// AWS's own default guards are closed; each that is not is named, and no other.
#[test]
fn only_what_is_open_on_a_bucket_is_said_to_be_closed_by_an_apply() {
    let bucket = Bucket { name: "b".into(), expire_days: 7, tags: BTreeMap::new(), versioning: false, kms_key: None };
    let notes = |public_access_blocked, tls_only| {
        let live = LiveBucket { public_access_blocked, tls_only, ..closed(bucket.clone()) };
        Found::from(&Live { buckets: [("b".to_owned(), live)].into(), ..Live::default() }, "shop").notes
    };
    assert_eq!(notes(true, true), Vec::<String>::new());
    let told = notes(true, false);
    assert!(told.len() == 1 && told[0].starts_with("bucket b: plain HTTP is allowed; a staging bucket"), "{told:?}");
    assert!(notes(false, false)[0].starts_with("bucket b: public access is not blocked, plain HTTP is allowed; "));
}

/// A file that its own check refuses is of no use.
#[test]
fn a_key_that_no_stack_can_name_is_left_out_and_said() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let dsse = format!("{key} (aws:kms:dsse)");
    let (left, keyless) = ("which a stack cannot ask for", "an apply turns the bucket key on");
    for (kms_key, no_bucket_key, written, said) in [
        (None, false, false, None),
        (Some(key), false, true, None),
        (Some(key), true, true, Some(keyless)),
        (Some("alias/shop"), false, true, None),
        (Some("alias/aws/s3"), true, false, Some(left)),
        (Some(&dsse), false, false, Some(left)),
    ] {
        let bucket =
            Bucket { name: "b".into(), expire_days: 7, tags: BTreeMap::new(), versioning: false, kms_key: kms_key.map(Into::into) };
        let live = LiveBucket { no_bucket_key, ..closed(bucket) };
        let found = Found::from(&Live { buckets: [("b".to_owned(), live)].into(), ..Live::default() }, "shop");
        assert_eq!(found.buckets["staging"].kms_key.as_deref(), kms_key.filter(|_| written));
        assert_eq!(found.notes.len(), usize::from(said.is_some()), "{:?}", found.notes);
        let names = |note: &String| {
            note.contains(said.unwrap_or_default()) && note.starts_with("bucket b") && note.contains(kms_key.unwrap_or_default())
        };
        assert!(found.notes.iter().all(names), "{:?}", found.notes);
    }
}

#[test]
fn a_table_of_the_stacks_own_needs_no_word() {
    let mut own = live(Table { tags: [("team".to_owned(), "blue".to_owned())].into(), ..plain() });
    own.owner = Some("shop".into());
    let found = found(own);
    assert!(found.strange.is_empty() && found.notes.is_empty());
}
