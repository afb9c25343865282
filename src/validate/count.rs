//! Exact counts without a full comparison: what the rows make, and what a scan counts. Never `ItemCount` (six hours old).
//!
//! Whose item a found one is, is read from its key; where two mappings' keys fit alike, the count by entity is inconclusive.

use super::error::{Error, broken};
use super::reconcile::Keys;
use super::run::{Context, check, subject};
use super::verdict::{self, Counts, Doubts, Judgement};
use crate::aws::items::{Scan, all_segments, sweep};
use crate::load::expect::{Fate, Pass, Ready, collisions};
use crate::mapping::encode::{key_of, read_key};
use crate::mapping::{Item, canonical};
use crate::report::model::CheckKind;
use crate::source::Snapshot;
use crate::stack::model::TableSpec;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What the rows make, counted.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Hashes of the keys.
    pub(super) keys: Keys,
    /// Items by entity; a key made twice counts twice, because a row would be lost.
    pub(super) expected: Vec<u64>,
    pub(super) unmappable: u64,
}

pub(super) async fn run(context: &mut Context<'_>, snapshot: &mut Snapshot, name: &str, spec: &TableSpec) -> Result<(), Error> {
    let survey = survey(context, snapshot, name, spec, |_, _| ()).await?;
    judge(context, name, spec, &survey).await
}

/// One pass over the rows; `each` sees every item.
pub(super) async fn survey(
    context: &Context<'_>,
    snapshot: &mut Snapshot,
    name: &str,
    spec: &TableSpec,
    mut each: impl FnMut(usize, Ready),
) -> Result<Survey, Error> {
    let known = collisions(snapshot, name, spec, context.zone(), context.seed).await?;
    let mut pass = Pass::new(name, spec, context.zone(), context.seed, known);
    let mut survey = Survey { expected: vec![0; spec.rows.len()], ..Survey::default() };
    let task = format!("{name}: counting rows");
    while let Some(chunk) = pass.next(snapshot).await? {
        context.go_on()?;
        for fate in chunk.fates {
            match fate {
                Fate::Item(ready) => {
                    survey.keys.insert(ready.key);
                    survey.expected[chunk.entity] += 1;
                    each(chunk.entity, ready);
                }
                Fate::Quarantined { children, .. } => survey.unmappable += 1 + children,
                Fate::Filtered { .. } | Fate::Merged { .. } => {}
            }
        }
        context.events.progress(&task, survey.keys.len() as u64, 0, "items");
    }
    context.events.finished(&task);
    Ok(survey)
}

/// Found items, by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    total: u64,
    of: Vec<u64>,
    /// Fitting more than one mapping.
    ambiguous: u64,
    /// With a key that no row makes: equal numbers are no match beside it.
    foreign: u64,
}

pub(super) async fn judge(context: &mut Context<'_>, name: &str, spec: &TableSpec, survey: &Survey) -> Result<(), Error> {
    let tally = tally(context, name, spec, &survey.keys).await?;
    let doubts = Doubts { unmappable: survey.unmappable, ..Doubts::default() };
    let counts = Counts { expected: survey.expected.iter().sum(), found: tally.total, ..Counts::default() };
    let (mut judgement, mut note) = verdict::count(counts.expected, counts.found, &doubts);
    if tally.foreign > 0 {
        judgement = Judgement::Mismatch;
        note = format!("{note}; {} items have a key that no row makes", tally.foreign);
    }
    context.book(name, check(CheckKind::Count, "", &counts, judgement, note));
    for (entity, expected) in survey.expected.iter().enumerate().filter(|_| spec.rows.len() > 1) {
        let counts = Counts { expected: *expected, found: tally.of[entity], ..Counts::default() };
        let (judgement, note) = if tally.ambiguous > 0 {
            let note = format!("{} items have a key that several mappings could make: only a full check tells them apart", tally.ambiguous);
            (Judgement::Inconclusive, note)
        } else {
            verdict::count(counts.expected, counts.found, &doubts)
        };
        context.book(name, check(CheckKind::Count, &subject(spec, entity), &counts, judgement, note));
    }
    Ok(())
}

async fn tally(context: &mut Context<'_>, name: &str, spec: &TableSpec, expected: &Keys) -> Result<Tally, Error> {
    let attributes = spec.table.key.parts().map(|part| part.name.clone()).collect();
    let scan = Scan { table: name.to_owned(), attributes, ..Scan::default() };
    let (out, mut pages) = mpsc::channel(32);
    let (owned, seed) = (spec.clone(), context.seed);
    let hash = move |key: &Item| canonical::hash(key, seed);
    let reduce = Arc::new(move |items: Vec<Item>| (classify(&owned, &items), items.iter().map(hash).collect::<Vec<u128>>()));
    let segments = all_segments(context.options.segments.max(1));
    let reading = sweep(context.aws, &scan, &segments, &context.options.stop, reduce, out);
    let taking = async {
        let mut all = Tally { of: vec![0; spec.rows.len()], ..Tally::default() };
        while let Some((page, keys)) = pages.recv().await {
            all.add(&page);
            all.foreign += keys.iter().filter(|key| !expected.contains(key)).count() as u64;
        }
        all
    };
    let (swept, tally) = futures::future::join(reading, taking).await;
    let swept = swept.map_err(broken(name))?;
    context.found.units += swept.units;
    if swept.count == tally.total { Ok(tally) } else { Err(Error::Lost { table: name.to_owned() }) }
}

fn classify(spec: &TableSpec, items: &[Item]) -> Tally {
    let mut tally = Tally { total: items.len() as u64, of: vec![0; spec.rows.len()], ..Tally::default() };
    for item in items {
        let key = key_of(item, &spec.table.key).unwrap_or_default();
        let fits: Vec<usize> = (0..spec.rows.len()).filter(|e| read_key(&spec.rows[*e], &key).is_some()).collect();
        match fits.as_slice() {
            [] => {}
            [one] => tally.of[*one] += 1,
            _ => tally.ambiguous += 1,
        }
    }
    // A rule that loses its column's text cannot be read backward: the only mapping needs not be.
    if spec.rows.len() == 1 {
        tally.of = vec![tally.total];
    }
    tally
}

impl Tally {
    fn add(&mut self, page: &Self) {
        self.total += page.total;
        self.ambiguous += page.ambiguous;
        self.of.iter_mut().zip(&page.of).for_each(|(all, part)| *all += part);
    }
}
