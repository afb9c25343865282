//! What a stack was and what it shall be: every kind of change, one story each.

use super::{table, unique};
use landfall::plan::{Approvals, Desired};
use landfall::resource::{Bucket, Capacity, Class, Encryption, Insights, Limits, Range, Scaling, StreamView, Table};
use std::collections::BTreeMap;

/// From one state to another.
pub(crate) struct Story {
    pub(crate) before: Desired,
    pub(crate) after: Desired,
    pub(crate) approvals: Approvals,
}

impl Story {
    fn of(before: Option<Table>, after: Option<Table>, destroy: &[&str]) -> Self {
        let name = unique("Table");
        let tables = |table: Option<Table>| table.map(|table| (name.clone(), table)).into_iter().collect::<BTreeMap<_, _>>();
        let empty = Desired { stack: unique("stack"), digest: "d".into(), ..Desired::default() };
        let named = |what: &&str| format!("{name}{what}");
        let approvals = Approvals { destroy: destroy.iter().map(named).collect(), ..Approvals::default() };
        Self { before: Desired { tables: tables(before), ..empty.clone() }, after: Desired { tables: tables(after), ..empty }, approvals }
    }

    fn with_bucket(mut self, before: Option<Bucket>, after: Bucket) -> Self {
        let name = unique("bucket");
        let named = |bucket: Bucket| (name.clone(), Bucket { name: name.clone(), ..bucket });
        let sooner = before.as_ref().is_some_and(|before| after.expire_days < before.expire_days);
        self.approvals.destroy.extend(sooner.then(|| format!("s3://{name}:expire")));
        self.before.buckets.extend(before.map(named));
        self.after.buckets.extend([named(after)]);
        self
    }

    /// The bucket goes, with everything in it.
    fn with_leaving_bucket(mut self, bucket: Bucket) -> Self {
        let name = unique("leaving");
        self.before.buckets.insert(name.clone(), Bucket { name: name.clone(), ..bucket });
        self.approvals.destroy.insert(format!("s3://{name}"));
        self.approvals.with_data = true;
        self
    }

    /// The buckets that are to go.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = &String> {
        self.before.buckets.keys().filter(|name| !self.after.buckets.contains_key(*name))
    }

    /// The tables that are there before and after: what they hold must stay.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &String> {
        self.before.tables.keys().filter(|name| self.after.tables.contains_key(*name))
    }
}

fn bucket(expire_days: u32, versioning: bool, tag: &str) -> Bucket {
    let tags = BTreeMap::from([("team".to_owned(), tag.to_owned())]);
    Bucket { name: String::new(), expire_days, tags, versioning, kms_key: None }
}

pub(crate) fn created() -> Story {
    let tags = BTreeMap::from([("team".to_owned(), "m".to_owned())]);
    let (ttl, stream) = (Some("expires".to_owned()), Some(StreamView::Both));
    let rich = Table { protect: true, ttl, stream, recovery: Some(35), tags, ..table(super::FIVE, &["a", "b"]) };
    Story::of(None, Some(rich), &[]).with_bucket(None, bucket(7, false, "m"))
}

pub(crate) fn indexes_changed() -> Story {
    let (before, after) = (table(Capacity::OnDemand, &["a", "b"]), table(Capacity::OnDemand, &["b", "c"]));
    Story::of(Some(before), Some(after), &["/by-a"])
}

pub(crate) fn provisioned() -> Story {
    Story::of(Some(table(Capacity::OnDemand, &["a"])), Some(table(super::FIVE, &["a"])), &[])
}

pub(crate) fn on_demand() -> Story {
    Story::of(Some(table(super::FIVE, &["a"])), Some(table(Capacity::OnDemand, &["a"])), &[])
}

pub(crate) fn ttl_changed() -> Story {
    let with = |attribute: &str| Some(Table { ttl: Some(attribute.into()), ..table(Capacity::OnDemand, &[]) });
    Story::of(with("old"), with("new"), &[":ttl"])
}

pub(crate) fn bucket_changed() -> Story {
    Story::of(None, None, &[]).with_bucket(Some(bucket(7, false, "m")), bucket(3, true, "n"))
}

pub(crate) fn destroyed() -> Story {
    Story::of(Some(Table { protect: true, ..table(Capacity::OnDemand, &["a"]) }), None, &[""])
}

pub(crate) fn bucket_destroyed() -> Story {
    Story::of(None, None, &[]).with_leaving_bucket(bucket(7, true, "m"))
}

/// Everything that has a call of its own.
pub(crate) fn settings_changed() -> Story {
    let before = table(super::FIVE, &["a"]);
    let scaling = Scaling { read: Some(Range { min: 5, max: 50, target: Some(60) }), write: None };
    let mut after = Table {
        limits: Limits { scaling, ..Limits::default() },
        class: Class::InfrequentAccess,
        encryption: Encryption::Managed,
        insights: Some(Insights::All),
        recovery: Some(7),
        stream: Some(StreamView::Keys),
        protect: true,
        ..before.clone()
    };
    after.tags.insert("team".into(), "m".into());
    Story::of(Some(before), Some(after), &[])
}
