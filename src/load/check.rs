//! The data plan: one pass over a table's rows before anything is written, which finds what would be lost or refused.
//!
//! Rules: two rows that make one key, undeclared, stop the load (DynamoDB would keep one of them by chance); rows that cannot
//! become items are counted by reason; child rows that no parent takes are rows that would be lost.
//!
//! Memory: 24 bytes a row, while the check of its table runs.

use super::error::Error;
use super::expect::{Collisions, Fate, Locator, Pass, Ready};
use crate::event::Events;
use crate::mapping::encode::key_of;
use crate::mapping::rule::Collapse;
use crate::mapping::{Item, Value, size, wire};
use crate::report::model::Finding;
use crate::safe::Masker;
use crate::source::Snapshot;
use crate::stack::model::TableSpec;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

/// Sample keys per finding.
const SAMPLES: usize = 5;
/// Reasons that are told apart per entity; further ones are counted together.
const REASONS: usize = 50;

/// What a load of one table would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataPlan {
    pub findings: Vec<Finding>,
    /// Beside each finding, whether it is about rows that cannot become items.
    unmappable: Vec<bool>,
    /// Keys that several rows make, where the collapse is declared.
    pub collisions: Collisions,
    /// Distinct target keys: the items that the table will hold.
    pub items: u64,
    /// Their size by DynamoDB's formula.
    pub bytes: u64,
    /// Rows that cannot become items, children included.
    pub quarantined: u64,
}

/// How a check is made.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Of the key hashes; the later passes use the same.
    pub seed: u64,
    pub masker: Masker,
    pub stop: &'a AtomicBool,
}

/// Reads every row of `table` once, and writes nothing.
pub async fn check(
    snapshot: &mut Snapshot,
    table: &str,
    spec: &TableSpec,
    zone: Option<jiff::tz::TimeZone>,
    look: Look<'_>,
    events: &Events,
) -> Result<DataPlan, Error> {
    let task = format!("{table}: checking rows");
    let mut pass = Pass::raw(table, spec, zone, look.seed).counting_orphans();
    let mut tally = Tally::new(spec, look.masker);
    let mut rows = 0;
    while let Some(chunk) = pass.next(snapshot).await? {
        if look.stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        rows += chunk.rows;
        chunk.fates.into_iter().for_each(|fate| tally.add(chunk.entity, fate));
        events.progress(&task, rows, 0, "rows");
    }
    for orphans in pass.orphans() {
        tally.orphans(orphans);
    }
    events.finished(&task);
    Ok(tally.finish())
}

struct Tally<'a> {
    spec: &'a TableSpec,
    masker: Masker,
    /// Key hash to the entity that made it first.
    seen: HashMap<u128, u16>,
    plan: DataPlan,
    lost: BTreeMap<(usize, bool), Group>,
    unmappable: BTreeMap<(usize, String), Group>,
}

#[derive(Default)]
struct Group {
    rows: u64,
    samples: Vec<String>,
}

impl Group {
    fn add(&mut self, rows: u64, sample: impl FnOnce() -> String) {
        self.rows += rows;
        if self.samples.len() < SAMPLES {
            let sample = sample();
            if !self.samples.contains(&sample) {
                self.samples.push(sample);
            }
        }
    }
}

impl<'a> Tally<'a> {
    fn new(spec: &'a TableSpec, masker: Masker) -> Self {
        Self { spec, masker, seen: HashMap::new(), plan: DataPlan::default(), lost: BTreeMap::new(), unmappable: BTreeMap::new() }
    }

    fn add(&mut self, entity: usize, fate: Fate) {
        match fate {
            Fate::Item(ready) => self.item(entity, &ready),
            Fate::Quarantined { row, reason, children } => {
                self.plan.quarantined += 1 + children;
                let known = self.unmappable.keys().filter(|(e, _)| *e == entity).count();
                let mut key = (entity, reason.to_string());
                if known >= REASONS && !self.unmappable.contains_key(&key) {
                    key.1 = "other reasons".into();
                }
                let masker = self.masker;
                self.unmappable.entry(key).or_default().add(1, || locator(&row, masker));
            }
            Fate::Filtered { .. } | Fate::Merged { .. } => {}
        }
    }

    fn item(&mut self, entity: usize, ready: &Ready) {
        let number = u16::try_from(entity).unwrap_or(u16::MAX);
        let first = *self.seen.entry(ready.key).or_insert(number);
        if self.seen.len() as u64 > self.plan.items {
            self.plan.items += 1;
            self.plan.bytes += size::of(&ready.item) as u64;
            return;
        }
        let declared = first == number && self.spec.rows.get(entity).is_some_and(|m| m.collapse != Collapse::Refuse);
        if declared {
            self.plan.collisions.entry(entity).or_default().insert(ready.key);
        }
        let (masker, key) = (self.masker, &self.spec.table.key);
        self.lost
            .entry((entity, declared))
            .or_default()
            .add(1, || key_of(&ready.item, key).map(|k| key_text(&k, masker)).unwrap_or_default());
    }

    fn orphans(&mut self, orphans: &super::expect::Orphans) {
        let what = format!(
            "rows of {} have no parent that nests them in {}; leave them out with a query, or load them as an entity of their own",
            orphans.relation, orphans.attribute
        );
        self.find(orphans.entity, what, Group { rows: orphans.rows, samples: Vec::new() }, false, false);
    }

    fn finish(mut self) -> DataPlan {
        for ((entity, declared), group) in std::mem::take(&mut self.lost) {
            let what = if declared {
                "rows collapse into an item of another row, as the stack declares".to_owned()
            } else {
                "rows make a key that another row makes too, and would be lost; widen the key, or declare `collapse`".to_owned()
            };
            self.find(entity, what, group, declared, false);
        }
        for ((entity, what), group) in std::mem::take(&mut self.unmappable) {
            self.find(entity, what, group, false, true);
        }
        self.plan
    }

    fn find(&mut self, entity: usize, what: String, group: Group, declared: bool, unmappable: bool) {
        self.plan.findings.push(Finding {
            entity: self.entity(entity),
            what,
            rows: group.rows,
            samples: group.samples,
            declared,
            allowed: false,
        });
        self.plan.unmappable.push(unmappable);
    }

    fn entity(&self, entity: usize) -> String {
        self.spec.rows.get(entity).map(|m| m.entity.clone()).unwrap_or_default()
    }
}

impl DataPlan {
    /// Allows the rows that cannot become items: their findings no longer stop the load.
    pub fn allow_quarantine(&mut self) {
        for (finding, _) in self.findings.iter_mut().zip(&self.unmappable).filter(|(_, unmappable)| **unmappable) {
            finding.allowed = true;
            finding.what.push_str("; quarantined, as --max-quarantined allows");
        }
    }

    /// Whether something stands against the load.
    pub fn blocked(&self) -> bool {
        self.findings.iter().any(Finding::stops)
    }
}

/// `PK=‹#1a2b3c4d›, SK=‹#…›`.
pub(crate) fn key_text(key: &Item, masker: Masker) -> String {
    key.iter().map(|(name, value)| format!("{name}={}", masker.value(&wire::display(value)))).collect::<Vec<_>>().join(", ")
}

/// `ord_id=‹#…›`, or the row's place where it has no key.
fn locator(row: &Locator, masker: Masker) -> String {
    if row.columns.is_empty() {
        return format!("row {} in reading order", row.position);
    }
    let one =
        |(column, value): &(String, Value)| format!("{}={}", crate::safe::text(column), masker.value(&super::quarantine::plain(value)));
    row.columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Attribute, Unmappable};

    /// Two entities that both declare a collapse.
    fn spec() -> TableSpec {
        let rows = |name: &str| {
            format!(
                "[[table.T.rows]]\nentity = \"{name}\"\nfrom = \"{name}\"\ncollapse = \"last\"\ncollapse_order = [\"o\"]\nitem = {{ k = \"{{k}}\" }}\n"
            )
        };
        let head = "name = \"shop\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[source]\nurl = \"sqlite:x.sqlite\"\n[table.Tab]\nkey = [\"k:S\"]\n";
        let text = format!("{head}{}{}", rows("a"), rows("b")).replace("table.T.", "table.Tab.");
        let mut stack = crate::stack::parse(&text, std::path::Path::new("stack.toml"), None).expect("a stack");
        stack.tables.remove("Tab").expect("the table")
    }

    fn made(key: u128) -> Fate {
        Fate::Item(Ready { item: [("k".to_owned(), Attribute::S(key.to_string()))].into(), key, children: 0 })
    }

    fn unmappable(reason: &str, children: u64) -> Fate {
        let reason = Unmappable { attribute: None, reason: reason.into() };
        Fate::Quarantined { row: Locator { columns: Vec::new(), position: 1 }, reason, children }
    }

    fn plan(fates: impl IntoIterator<Item = (usize, Fate)>) -> DataPlan {
        let spec = spec();
        let mut tally = Tally::new(&spec, Masker::new(false, 1));
        fates.into_iter().for_each(|(entity, fate)| tally.add(entity, fate));
        tally.finish()
    }

    #[test]
    fn a_declared_collapse_is_of_its_own_rows_and_never_of_another_entity_s() {
        let own = plan([(0, made(1)), (0, made(1))]);
        assert_eq!((own.blocked(), own.items, own.collisions[&0].contains(&1)), (false, 1, true));
        assert!(plan([(0, made(1)), (1, made(1))]).blocked());
    }

    #[test]
    fn children_of_a_quarantined_row_are_quarantined_with_it() {
        let mut plan = plan([(0, made(1)), (0, unmappable("x", 3))]);
        assert_eq!((plan.quarantined, plan.blocked()), (4, true));
        plan.allow_quarantine();
        assert!(!plan.blocked());
    }

    #[test]
    fn more_reasons_than_are_told_apart_are_counted_together() {
        let plan = plan((0..200).map(|i| (0, unmappable(&format!("reason {i}"), 0))));
        assert_eq!(plan.findings.len(), REASONS + 1);
        assert_eq!(plan.findings.iter().map(|f| f.rows).sum::<u64>(), 200);
    }

    #[test]
    fn reasons_of_one_entity_leave_room_for_those_of_another() {
        let many = (0..200).map(|i| (0, unmappable(&format!("reason {i}"), 0)));
        let plan = plan(many.chain([(1, unmappable("its own", 0))]));
        let told = plan.findings.iter().filter(|f| f.entity == "b").map(|f| f.what.as_str()).collect::<Vec<_>>();
        assert_eq!(told, ["its own"]);
    }

    #[test]
    fn samples_are_few_each_told_once_and_a_row_without_a_key_by_its_place() {
        let at = |position| {
            let reason = Unmappable { attribute: None, reason: "x".into() };
            (0, Fate::Quarantined { row: Locator { columns: Vec::new(), position }, reason, children: 0 })
        };
        let plan = plan([1, 1, 2, 3, 4, 5, 6, 7].map(at));
        let told: Vec<String> = (1..=5).map(|n| format!("row {n} in reading order")).collect();
        assert_eq!((plan.findings[0].rows, &plan.findings[0].samples), (8, &told));
    }

    #[test]
    fn allowing_quarantine_allows_no_row_that_would_be_lost() {
        let mut plan = plan([(0, made(1)), (1, made(1)), (0, unmappable("x", 0))]);
        plan.allow_quarantine();
        let open: Vec<&str> = plan.findings.iter().filter(|f| f.stops()).map(|f| f.what.as_str()).collect();
        assert_eq!((plan.blocked(), open.len()), (true, 1), "{open:?}");
        let told: Vec<(bool, bool)> = plan.findings.iter().map(|f| (f.declared, f.allowed)).collect();
        assert_eq!(told, [(false, false), (false, true)], "the flag allows, and the stack declares nothing");
    }

    #[tokio::test]
    async fn a_check_that_is_interrupted_ends_there_and_says_so() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("x.sqlite"), "").expect("written");
        let source = crate::source::Source::connect(&format!("sqlite:{}/x.sqlite", dir.path().display())).await.expect("opens");
        let mut snapshot = source.snapshot().await.expect("opens");
        let mut spec = spec();
        spec.rows.truncate(1);
        spec.rows[0].from = crate::mapping::rule::Relation::Query("select 'a' as k, 2 as o".into());
        for stopped in [false, true] {
            let look = Look { seed: 1, masker: Masker::new(false, 1), stop: &AtomicBool::new(stopped) };
            let checked = check(&mut snapshot, "Tab", &spec, None, look, &Events::silent()).await;
            match checked {
                Ok(plan) => assert_eq!((stopped, plan.items), (false, 1)),
                Err(error) => assert!(stopped && matches!(error, Error::Interrupted), "{error}"),
            }
        }
    }
}
