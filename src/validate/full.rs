//! Every item: one pass over the rows and one parallel scan, at the same time, reduced to hashes that cancel each other.
//!
//! Rules: the scan is eventually consistent (half the units), so what does not cancel is only suspected, and [`settle`] reads it again;
//! the indexes are held to the same pass.

use super::error::{Error, broken};
use super::indexes::{self, IndexSide};
use super::reconcile::{Leftover, Plants, Reconciler};
use super::run::{Context, check, subject};
use super::settle::{self, Settled};
use super::verdict::{self, Counts, Doubts};
use crate::aws::items::{Scan, all_segments, sweep};
use crate::load::expect::{Collisions, Fate, Pass, collisions};
use crate::mapping::encode::key_of;
use crate::mapping::{Item, canonical};
use crate::report::model::CheckKind;
use crate::resource::Key;
use crate::source::Snapshot;
use crate::stack::model::TableSpec;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// A page of the table, reduced beside its reading.
struct Reduced {
    pairs: Vec<(u128, u128)>,
    /// The page's first items, for the plants.
    first: Vec<Item>,
}

/// What the two passes share.
struct Sides {
    table: Reconciler,
    indexes: Vec<IndexSide>,
    unmappable: u64,
}

pub(super) async fn run(context: &mut Context<'_>, snapshot: &mut Snapshot, name: &str, spec: &TableSpec) -> Result<(), Error> {
    let known = collisions(snapshot, name, spec, context.zone(), context.seed).await?;
    let sides = Sides { table: Reconciler::new(spec.rows.len()), indexes: indexes::of(spec), unmappable: 0 };
    let sides = Mutex::new(sides);
    let mut plants = context.options.prove.then(Plants::default);
    // Both at once; either error is the answer.
    let target = scan(context, name, spec, &sides, plants.as_mut());
    let source = expect(context, snapshot, name, spec, known.clone(), &sides);
    let (units, ()) = futures::future::try_join(target, source).await?;
    let mut sides = sides.into_inner().unwrap_or_else(PoisonError::into_inner);
    context.found.units += units;
    let (planted, noticed) = plants.map_or((0, 0), |p| p.harvest(&mut sides.table));
    context.found.planted += planted;
    context.found.noticed += noticed;
    let leftover = sides.table.finish();
    let settled = settle::run(context, snapshot, name, spec, known, &leftover).await?;
    let doubts = Doubts { unmappable: sides.unmappable, unresolved: settled.unresolved, planted_unnoticed: planted - noticed };
    book(context, name, spec, &leftover, &settled, &doubts);
    indexes::judge(context, name, spec, sides.indexes, &doubts).await
}

/// The rows' side.
async fn expect(
    context: &Context<'_>,
    snapshot: &mut Snapshot,
    name: &str,
    spec: &TableSpec,
    known: Collisions,
    sides: &Mutex<Sides>,
) -> Result<(), Error> {
    let task = format!("{name}: comparing rows");
    let mut pass = Pass::new(name, spec, context.zone(), context.seed, known);
    let mut rows = 0;
    while let Some(chunk) = pass.next(snapshot).await? {
        context.go_on()?;
        rows += chunk.rows;
        let entity = u16::try_from(chunk.entity).unwrap_or(u16::MAX);
        let hashed: Vec<Hashed> = chunk.fates.into_iter().filter_map(|fate| hash(context.seed, spec, fate)).collect();
        let mut sides = sides.lock().unwrap_or_else(PoisonError::into_inner);
        for fate in hashed {
            sides.add(entity, fate);
        }
        context.events.progress(&task, rows, 0, "rows");
    }
    context.events.finished(&task);
    Ok(())
}

/// A row's item as hashes, or a row that has none.
enum Hashed {
    Item { key: u128, record: u128, indexed: Vec<Option<u128>> },
    Unmappable(u64),
}

fn hash(seed: u64, spec: &TableSpec, fate: Fate) -> Option<Hashed> {
    match fate {
        Fate::Item(ready) => {
            let indexed = indexes::records(spec, &ready.item, seed);
            Some(Hashed::Item { key: ready.key, record: canonical::hash(&ready.item, seed), indexed })
        }
        Fate::Quarantined { children, .. } => Some(Hashed::Unmappable(1 + children)),
        Fate::Filtered { .. } | Fate::Merged { .. } => None,
    }
}

impl Sides {
    fn add(&mut self, entity: u16, hashed: Hashed) {
        match hashed {
            Hashed::Unmappable(rows) => self.unmappable += rows,
            Hashed::Item { key, record, indexed } => {
                self.table.expect(entity, key, record);
                for (side, record) in self.indexes.iter_mut().zip(indexed) {
                    if let Some(record) = record {
                        side.expect(key, record);
                    }
                }
            }
        }
    }
}

/// The table's side, and its indexes'.
async fn scan(
    context: &Context<'_>,
    name: &str,
    spec: &TableSpec,
    sides: &Mutex<Sides>,
    plants: Option<&mut Plants>,
) -> Result<f64, Error> {
    let (out, mut pages) = mpsc::channel::<Reduced>(32);
    let (key, seed) = (spec.table.key.clone(), context.seed);
    let reduce = Arc::new(move |items: Vec<Item>| reduced(&key, seed, items));
    let scan = Scan { table: name.to_owned(), ..Scan::default() };
    let segments = all_segments(context.options.segments.max(1));
    let reading = async {
        let swept = sweep(context.aws, &scan, &segments, &context.options.stop, reduce, out).await;
        swept.map_err(broken(name))
    };
    let taking = take(&mut pages, sides, plants, seed);
    let (swept, items) = futures::future::join(reading, taking).await;
    let swept = swept?;
    if swept.count != items {
        return Err(Error::Lost { table: name.to_owned() });
    }
    let units = indexes::scan(context, name, spec, |index, key, record| {
        let mut sides = sides.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(side) = sides.indexes.get_mut(index) {
            side.find(key, record);
        }
    });
    Ok(swept.units + units.await?)
}

fn reduced(key: &Key, seed: u64, items: Vec<Item>) -> Reduced {
    let hashes = |item: &Item| {
        let record = canonical::hash(item, seed);
        // An item without its table's key cannot be; its record keeps it from vanishing.
        (key_of(item, key).map_or(record, |k| canonical::hash(&k, seed)), record)
    };
    let pairs = items.iter().map(hashes).collect();
    Reduced { pairs, first: items.into_iter().take(2).collect() }
}

/// Feeds pages until there are no more; how many items they held.
async fn take(pages: &mut mpsc::Receiver<Reduced>, sides: &Mutex<Sides>, mut plants: Option<&mut Plants>, seed: u64) -> u64 {
    let mut items = 0;
    while let Some(page) = pages.recv().await {
        items += page.pairs.len() as u64;
        let mut sides = sides.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, (key, record)) in page.pairs.into_iter().enumerate() {
            let item = page.first.get(place);
            let planted = plants.as_deref_mut().zip(item).is_some_and(|(p, item)| p.corrupt(&mut sides.table, item, key, record, seed));
            if !planted {
                sides.table.find(key, record);
            }
        }
    }
    if let Some(plants) = plants {
        let mut sides = sides.lock().unwrap_or_else(PoisonError::into_inner);
        plants.invent(&mut sides.table, u128::from(fastrand::u64(..)) << 64 | u128::from(fastrand::u64(..)));
    }
    items
}

/// The full check of the table, and the exact counts that fall out of it.
fn book(context: &mut Context<'_>, name: &str, spec: &TableSpec, left: &Leftover, settled: &Settled, doubts: &Doubts) {
    let counts = settled.counts(left);
    let (judgement, mut note) = verdict::full(&counts, doubts);
    note.push_str(&settled.note());
    context.book(name, check(CheckKind::Full, "", &counts, judgement, note));
    if !context.options.count {
        return;
    }
    let (judgement, note) = verdict::count(counts.expected, counts.found, doubts);
    let plain = Counts { expected: counts.expected, found: counts.found, ..Counts::default() };
    context.book(name, check(CheckKind::Count, "", &plain, judgement, note));
    if spec.rows.len() < 2 {
        return;
    }
    for entity in 0..spec.rows.len() {
        let (expected, found) = settled.of_entity(left, entity);
        let (judgement, note) = verdict::count(expected, found, doubts);
        let counts = Counts { expected, found, ..Counts::default() };
        context.book(name, check(CheckKind::Count, &subject(spec, entity), &counts, judgement, note));
    }
}
