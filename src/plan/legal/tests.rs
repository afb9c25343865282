//! Negative controls: planted calls that AWS refuses, each of which must be found.

use super::*;
use crate::plan::samples::{index, live, part, table};
use crate::resource::{APPLIED_TAG, Class, Encryption, KeyKind, Range, StreamView};

const FIVE: Units = Units { read: 5, write: 5 };

fn state(live: LiveTable) -> State {
    State::Table(Some(Box::new(live)))
}

fn on_demand() -> Table {
    Table { indexes: BTreeMap::from([("i".to_owned(), index("a", Capacity::OnDemand))]), ..table() }
}

fn provisioned() -> Table {
    let capacity = Capacity::Provisioned(FIVE);
    Table { capacity, indexes: BTreeMap::from([("i".to_owned(), index("a", capacity))]), ..table() }
}

/// Reads are scaled; a stream, a TTL, protection, recovery and a policy are on.
fn full() -> Table {
    let scaling = Scaling { read: Some(Range { min: 5, max: 9, target: Some(70) }), write: None };
    Table {
        limits: Limits { scaling, warm: Some(FIVE), ..Limits::default() },
        stream: Some(StreamView::New),
        ttl: Some("e".into()),
        protect: true,
        recovery: Some(7),
        policy: Some(Policy::On("{}".into())),
        ..provisioned()
    }
}

fn capacity(mode: Option<Mode>, table: Option<Units>, indexes: &[(&str, Units)]) -> Step {
    Step::SetCapacity { mode, table, indexes: indexes.iter().map(|(name, units)| ((*name).to_owned(), *units)).collect() }
}

fn create_index(name: &str, spec: Index, attributes: &[&str]) -> Step {
    let attributes = attributes.iter().map(|a| ((*a).to_owned(), KeyKind::S)).collect();
    Step::CreateIndex { index: name.into(), spec, attributes }
}

fn planted() -> Vec<(Table, Step)> {
    let target = |min, max| Step::ScaleTarget { index: None, dimension: Dimension::Read, min, max };
    let none = Maximum::default();
    let some = Maximum { read: Some(1), write: None };
    let maximum =
        |table, index: Option<Maximum>| Step::SetMaximum { table, indexes: index.map(|m| ("i".to_owned(), m)).into_iter().collect() };
    let twenty = Table { indexes: (0..20).map(|n| (format!("i{n}"), index("a", Capacity::OnDemand))).collect(), ..table() };
    let raise = |read, write| Step::RaiseWarm { index: None, units: Units { read, write } };
    let limited = Table { limits: Limits { maximum: some, ..Limits::default() }, ..on_demand() };
    let lowered = Table { capacity: Capacity::Provisioned(Units { read: 4, write: 5 }), ..full() };
    vec![
        (on_demand(), Step::CreateTable { table: table(), owner: "s".into() }),
        (provisioned(), capacity(None, Some(FIVE), &[])),
        (provisioned(), capacity(None, None, &[])),
        (provisioned(), capacity(None, None, &[("x", FIVE)])),
        (provisioned(), capacity(None, Some(Units { read: 0, write: 9 }), &[])),
        (full(), capacity(None, Some(Units { read: 6, write: 9 }), &[])),
        (lowered, capacity(None, Some(Units { read: 6, write: 9 }), &[])),
        (full(), capacity(Some(Mode::OnDemand), None, &[])),
        (provisioned(), capacity(Some(Mode::OnDemand), Some(FIVE), &[])),
        (on_demand(), capacity(Some(Mode::OnDemand), None, &[])),
        (on_demand(), capacity(Some(Mode::Provisioned), Some(FIVE), &[])),
        (on_demand(), capacity(Some(Mode::Provisioned), None, &[("i", FIVE)])),
        (limited, capacity(Some(Mode::Provisioned), Some(FIVE), &[("i", FIVE)])),
        (on_demand(), Step::DeleteIndex { index: "x".into() }),
        (twenty, create_index("n", index("a", Capacity::OnDemand), &["pk", "a"])),
        (on_demand(), create_index("i", index("a", Capacity::OnDemand), &["pk", "a"])),
        (on_demand(), create_index("n", index("b", Capacity::OnDemand), &["pk", "b"])),
        (on_demand(), create_index("n", index("b", Capacity::OnDemand), &["pk", "a", "b", "c"])),
        (on_demand(), create_index("n", index("b", Capacity::Provisioned(FIVE)), &["pk", "a", "b"])),
        (provisioned(), maximum(Some(some), None)),
        (on_demand(), maximum(Some(some), Some(some))),
        (on_demand(), maximum(Some(none), None)),
        (on_demand(), maximum(None, Some(none))),
        (on_demand(), maximum(None, None)),
        (full(), raise(4, 0)),
        (full(), raise(9, 5)),
        (full(), raise(0, 0)),
        (on_demand(), target(1, 2)),
        (full(), target(5, 9)),
        (full(), target(9, 5)),
        (full(), Step::ScalePolicy { index: None, dimension: Dimension::Read, target: 70 }),
        (full(), Step::ScalePolicy { index: None, dimension: Dimension::Read, target: 95 }),
        (full(), Step::ScalePolicy { index: None, dimension: Dimension::Write, target: 50 }),
        (full(), Step::Unscale { index: None, dimension: Dimension::Write }),
        (full(), Step::DeleteTable { with_data: true }),
        (Table { protect: false, ..full() }, Step::DeleteTable { with_data: true }),
        (full(), Step::Tag { tags: BTreeMap::new() }),
        (full(), Step::SetClass { class: Class::Standard }),
        (full(), Step::Encrypt { with: Encryption::Owned }),
        (full(), Step::SetStream { view: Some(StreamView::Both) }),
        (table(), Step::SetStream { view: None }),
        (full(), Step::Protect { on: true }),
        (full(), Step::TtlOff { attribute: "f".into() }),
        (full(), Step::TtlOn { attribute: "f".into() }),
        (full(), Step::SetRecovery { days: Some(7) }),
        (full(), Step::SetRecovery { days: Some(36) }),
        (table(), Step::SetPolicy { policy: None }),
        (full(), Step::SetPolicy { policy: Some("{}".into()) }),
        (table(), Step::SetInsights { index: None, insights: Insights::Off }),
        (table(), Step::SetInsights { index: Some("x".into()), insights: Insights::All }),
        (table(), Step::BlockPublicAccess),
    ]
}

#[test]
fn a_call_that_a_bucket_must_not_get_is_found() {
    use crate::live::LiveBucket;
    use crate::plan::samples::leaving_bucket;
    let there = |live: LiveBucket| State::Bucket(Some(Box::new(live)));
    let suspended = Step::SetVersioning { on: false };
    let encrypt = Step::EncryptBucket { kms_key: None };
    let tagged = LiveBucket { foreign_tags: BTreeMap::from([("team".into(), "a".into())]), ..leaving_bucket(0, 0) };
    let planted = [
        (State::Bucket(None), Step::DeleteBucket),
        (State::Bucket(None), Step::BlockPublicAccess),
        (there(leaving_bucket(0, 0)), Step::CreateBucket),
        (there(leaving_bucket(1, 0)), Step::DeleteBucket),
        (there(leaving_bucket(0, 1)), Step::DeleteBucket),
        (there(leaving_bucket(0, 1)), Step::DeleteVersions),
        (there(leaving_bucket(1, 0)), Step::AbortUploads),
        (there(leaving_bucket(0, 0)), Step::BlockPublicAccess),
        (there(leaving_bucket(0, 0)), Step::EnforceOwner),
        (there(leaving_bucket(0, 0)), Step::DenyPlainHttp),
        (there(leaving_bucket(0, 0)), Step::ExpireObjects { days: 7, versions: false }),
        (there(leaving_bucket(0, 0)), suspended),
        (there(leaving_bucket(0, 0)), encrypt),
        (there(leaving_bucket(0, 0)), Step::DeleteTable { with_data: true }),
        (there(tagged), Step::TagBucket { tags: BTreeMap::new() }),
    ];
    for (state, step) in planted {
        assert!(violation(&state, &step).is_some(), "{step:?} on {state:?}");
    }
    assert_eq!(violation(&there(leaving_bucket(0, 0)), &Step::DeleteBucket), None);
}

#[test]
fn every_planted_call_is_found() {
    for (table, step) in planted() {
        assert!(violation(&state(live(table)), &step).is_some(), "{step:?} passed");
    }
}

#[test]
fn legal_calls_pass() {
    let legal = [
        (provisioned(), capacity(None, Some(Units { read: 6, write: 5 }), &[("i", Units { read: 5, write: 6 })])),
        (full(), capacity(None, Some(Units { read: 0, write: 6 }), &[])),
        (on_demand(), capacity(Some(Mode::Provisioned), Some(FIVE), &[("i", FIVE)])),
        (provisioned(), capacity(Some(Mode::OnDemand), None, &[])),
        (on_demand(), create_index("n", index("b", Capacity::OnDemand), &["pk", "a", "b"])),
        (full(), Step::RaiseWarm { index: None, units: Units { read: 0, write: 6 } }),
        (full(), Step::SetStream { view: None }),
        (full(), Step::Tag { tags: BTreeMap::from([(APPLIED_TAG.to_owned(), "x".to_owned())]) }),
    ];
    for (table, step) in legal {
        assert_eq!(violation(&state(live(table)), &step), None);
    }
}

#[test]
fn an_index_whose_targets_would_be_left_and_a_busy_or_replicated_table_are_found() {
    let mut scaled = provisioned();
    if let Some(index) = scaled.indexes.get_mut("i") {
        index.limits.scaling.write = Some(Range { min: 5, max: 6, target: None });
    }
    assert!(violation(&state(live(scaled)), &Step::DeleteIndex { index: "i".into() }).is_some());
    let busy = LiveTable { busy: vec!["table is UPDATING".into()], ..live(table()) };
    assert!(violation(&state(busy), &Step::Protect { on: true }).is_some());
    let global = LiveTable { replicas: vec!["eu-west-1".into()], ..live(table()) };
    assert!(violation(&state(global), &Step::DeleteTable { with_data: false }).is_some());
    let local =
        Table { locals: BTreeMap::new(), ..Table::plain(crate::resource::Key { partition: vec![part("pk", KeyKind::S)], sort: vec![] }) };
    assert!(violation(&State::Table(None), &Step::CreateTable { table: local, owner: "s".into() }).is_none());
    assert!(violation(&State::Table(None), &Step::Protect { on: true }).is_some());
}

#[test]
fn a_fifth_decrease_within_the_hour_is_found_and_one_after_it_or_on_the_next_day_is_not() {
    let hour = 3_600_000;
    let mut table = live(provisioned());
    table.usage.decreases.insert(String::new(), (4, 10 * hour));
    let down = capacity(None, Some(Units { read: 1, write: 5 }), &[]);
    assert!(over_budget(&table, &down, 10 * hour + 1));
    assert!(!over_budget(&table, &down, 11 * hour));
    assert!(!over_budget(&table, &down, 24 * hour));
    assert!(!over_budget(&table, &capacity(None, Some(Units { read: 6, write: 5 }), &[]), 10 * hour + 1));
    assert!(!over_budget(&table, &capacity(None, None, &[("i", Units { read: 1, write: 5 })]), 10 * hour + 1));
}
