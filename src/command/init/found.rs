//! What was found live, as a stack can say it, and notes on what it cannot say. Pure.
//!
//! Rules: policies and insights that are off are left out, because a stack that does not name them does not manage them; a side that auto
//! scaling owns has the range and not the units of the moment; a note names the thing, what is so, and what follows from it.
//! Called by [`super`].

use crate::live::{Holder, Live, LiveBucket, LiveTable, Mover, Wanted};
use crate::resource::{Bucket, Capacity, Index, Insights, Limits, Policy, Range, Table, Units};
use crate::safe;
use crate::stack::can_encrypt_bucket;
use std::collections::{BTreeMap, BTreeSet};

/// What auto scaling aims at where a stack says nothing, in percent.
const TARGET: u64 = 70;
/// The longest that a stack can let staged objects live, in days.
const LONGEST_DAYS: u32 = 3650;
/// Tags of landfall's own begin so.
const OWN_TAGS: &str = "landfall:";

/// Tables and buckets as the stack will name them.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) tables: BTreeMap<String, Table>,
    /// By their name in the stack.
    pub(super) buckets: BTreeMap<String, Bucket>,
    /// What the file cannot say.
    pub(super) notes: Vec<String>,
    /// Names of tables and buckets without the stack's ownership tag.
    pub(super) strange: BTreeSet<String>,
}

/// A wish that manages everything that `seen` has, so that all of it is read; warm throughput with `warm` only.
pub(super) fn wish(seen: &Live, warm: bool) -> Wanted {
    // A floor above everything: what is live then reads as it is.
    let floor = warm.then_some(Units { read: u64::MAX, write: u64::MAX });
    let limits = |limits: Limits| Limits { warm: floor, ..limits };
    let table = |live: &LiveTable| Table {
        tags: live.foreign_tags.clone(),
        policy: Some(Policy::Off),
        insights: Some(Insights::Off),
        limits: limits(live.table.limits),
        indexes: live.table.indexes.iter().map(|(name, index)| (name.clone(), all_of_index(index, limits(index.limits)))).collect(),
        ..live.table.clone()
    };
    Wanted {
        tables: seen.tables.iter().map(|(name, live)| (name.clone(), Some(table(live)))).collect(),
        buckets: seen.buckets.iter().map(|(name, live)| (name.clone(), Some(all_of_bucket(live)))).collect(),
        ..Wanted::default()
    }
}

fn all_of_index(index: &Index, limits: Limits) -> Index {
    Index { insights: Some(Insights::Off), limits, ..index.clone() }
}

fn all_of_bucket(live: &LiveBucket) -> Bucket {
    Bucket { tags: live.foreign_tags.clone(), ..live.bucket.clone() }
}

impl Found {
    /// What `live` (read by [`wish`]) is for a stack called `stack`.
    pub(super) fn from(live: &Live, stack: &str) -> Self {
        let mut found = Self::default();
        for (name, table) in &live.tables {
            found.about(name, table, stack);
            let settled = found.table(name, &table.table);
            found.tables.insert(name.clone(), settled);
        }
        for (name, bucket) in &live.buckets {
            found.owned(&format!("bucket {name}"), name, bucket.owner.as_deref(), stack);
            let settled = found.bucket(name, bucket);
            // One bucket is what stacks call the staging bucket; more go by their own names.
            let key = if live.buckets.len() == 1 { "staging".to_owned() } else { name.clone() };
            found.buckets.insert(key, settled);
        }
        found
    }

    /// `text` with the notes as comments under its first line.
    pub(super) fn noted(&self, text: &str) -> String {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let notes = self.notes.iter().map(|note| format!("# {}", safe::text(note)));
        std::iter::once(first.to_owned()).chain(notes).chain(std::iter::once(rest.to_owned())).collect::<Vec<_>>().join("\n")
    }

    /// Who else has a say, and what is in motion.
    fn about(&mut self, name: &str, live: &LiveTable, stack: &str) {
        let whose = format!("table {}", safe::text(name));
        self.owned(&whose, name, live.owner.as_deref(), stack);
        if let Some(holder) = &live.holder {
            let who = match holder {
                Holder::CloudFormation(stack) => format!("the CloudFormation stack {stack}"),
                Holder::Terraform(tag) => format!("Terraform (tag {tag})"),
            };
            self.note(format!("{whose} belongs to {who}: two tools that change one table undo each other's work"));
        }
        if !live.replicas.is_empty() {
            self.note(format!(
                "{whose} has replicas in {}: a stack does not manage them, and no change may touch them",
                live.replicas.join(", ")
            ));
        }
        for foreign in live.foreign_scaling.iter().filter(|foreign| matches!(foreign.by, Mover::ScheduledAction(_))) {
            let side = foreign.index.as_ref().map_or_else(String::new, |index| format!(", index {}", safe::text(index)));
            self.note(format!(
                "{whose}{side}: {} moves its capacity too: a stack cannot say that, and no change of this scaling will be made beside it",
                foreign.by
            ));
        }
        if let Some(status) = &live.trouble.status {
            self.note(format!("{whose} is {status}: nothing of it can be read or changed, and a plan of this file is refused while it is"));
        }
        if live.trouble.scaling_unread {
            self.note(format!("{whose}: its auto scaling was not read, because this endpoint has no Application Auto Scaling"));
        }
        for replica in &live.trouble.replicas {
            self.note(format!("{whose}: {replica}"));
        }
        if !live.busy.is_empty() {
            self.note(format!("{whose} is changing ({}): what is written is where it is going", live.busy.join(", ")));
        }
    }

    fn owned(&mut self, whose: &str, name: &str, owner: Option<&str>, stack: &str) {
        if owner != Some(stack) {
            self.strange.insert(name.to_owned());
        }
        if let Some(other) = owner.filter(|owner| *owner != stack) {
            self.note(format!("{whose} belongs to the stack {other}: a plan of this file is refused while its tag landfall:stack says so"));
        }
    }

    fn table(&mut self, name: &str, live: &Table) -> Table {
        let whose = format!("table {}", safe::text(name));
        let (capacity, limits) = self.throughput(&whose, live.capacity, live.limits);
        let mut indexes = BTreeMap::new();
        for (name, index) in &live.indexes {
            let whose = format!("{whose}, index {}", safe::text(name));
            let (capacity, limits) = self.throughput(&whose, index.capacity, index.limits);
            indexes.insert(name.clone(), Index { capacity, limits, insights: on(index.insights), ..index.clone() });
        }
        Table {
            capacity,
            limits,
            indexes,
            tags: self.tags(&whose, &live.tags),
            policy: live.policy.clone().filter(|policy| *policy != Policy::Off),
            insights: on(live.insights),
            ..live.clone()
        }
    }

    /// Ranges instead of the units of the moment; no range where nothing is provisioned.
    fn throughput(&mut self, whose: &str, capacity: Capacity, mut limits: Limits) -> (Capacity, Limits) {
        let Capacity::Provisioned(mut units) = capacity else {
            limits.scaling = crate::resource::Scaling::default();
            return (capacity, limits);
        };
        for (side, range, units) in
            [("read", &mut limits.scaling.read, &mut units.read), ("write", &mut limits.scaling.write, &mut units.write)]
        {
            let Some(range) = range else { continue };
            *units = range.min;
            self.aimed(whose, side, range);
        }
        // Units bound throughput already, and a stack refuses a maximum beside them.
        limits.maximum = crate::resource::Maximum::default();
        (Capacity::Provisioned(units), limits)
    }

    fn aimed(&mut self, whose: &str, side: &str, range: &mut Range) {
        if range.target.is_none() {
            range.target = Some(TARGET);
            self.note(format!(
                "{whose}: its {side} capacity is scaled by something else than one plain target of used units, which a stack cannot say; \
                 the file says {TARGET} percent, and a plan shows what would follow"
            ));
        }
    }

    fn tags(&mut self, whose: &str, tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let own = |key: &str| key.to_lowercase().starts_with(OWN_TAGS);
        for key in tags.keys().filter(|key| own(key)) {
            self.note(format!("{whose}: the tag {} begins as landfall's own do, so it stays as it is, unmanaged", safe::text(key)));
        }
        tags.iter().filter(|(key, _)| !own(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn bucket(&mut self, name: &str, live: &LiveBucket) -> Bucket {
        let whose = format!("bucket {}", safe::text(name));
        let kms_key = self.bucket_key(&whose, name, live);
        let mut bucket = Bucket { tags: self.tags(&whose, &live.bucket.tags), kms_key, ..live.bucket.clone() };
        if bucket.expire_days == 0 {
            // Never the short default: objects that nobody meant to expire would.
            bucket.expire_days = LONGEST_DAYS;
            self.note(format!(
                "{whose} has no expiry rule of landfall's, and a staging bucket has one: the file says {LONGEST_DAYS} days, the longest there is"
            ));
        }
        let guards = [
            (live.public_access_blocked, "public access is not blocked"),
            (live.owner_enforced, "ownership is not enforced"),
            (live.tls_only, "plain HTTP is allowed"),
            (live.aborts_multipart, "unfinished uploads stay"),
            (!live.bucket.versioning || live.expire_versions > 0, "old versions stay"),
        ];
        let open: Vec<&str> = guards.into_iter().filter(|(closed, _)| !closed).map(|(_, open)| open).collect();
        if !open.is_empty() {
            self.note(format!("{whose}: {}; a staging bucket is closed in all of these, and an apply would close it", open.join(", ")));
        }
        bucket
    }

    /// A stack names a customer's key; AWS's own for S3, and two layers of encryption, it cannot ask for.
    fn bucket_key(&mut self, whose: &str, name: &str, live: &LiveBucket) -> Option<String> {
        let key = live.bucket.kms_key.as_ref()?;
        if !can_encrypt_bucket(key) {
            self.note(format!(
                "{whose} encrypts by {key}, which a stack cannot ask for, so the file says nothing of it; a plan refuses to leave that for \
                 S3's own keys until --destroy s3://{name}:encryption allows it"
            ));
            return None;
        }
        if live.no_bucket_key {
            self.note(format!("{whose}: its key {key} encrypts each object by a request of its own; an apply turns the bucket key on"));
        }
        Some(key.clone())
    }

    fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

/// Off is not managed: a file that says nothing about insights neither reads nor changes them.
fn on(insights: Option<Insights>) -> Option<Insights> {
    insights.filter(|insights| *insights != Insights::Off)
}

#[cfg(test)]
mod tests;
