//! A sample in both directions, seeded: rows' items drawn by the hash of their key and read from the table; random parts of the
//! table held against the keys that the rows make. Beside the draw stands an edge set that chance misses.
//!
//! Rules: the draw alone makes the bound; the edge set is not random and makes none, but one wrong edge is a mismatch.
//! Memory: the drawn items, and 16 bytes for each key.

use super::count::{self, Survey};
use super::error::{Error, broken};
use super::listing;
use super::reconcile::changed;
use super::run::{Context, check};
use super::verdict::{self, Counts, Judgement};
use crate::aws::items::{GET_LIMIT, Scan, all_segments, sweep};
use crate::load::expect::Ready;
use crate::mapping::encode::key_of;
use crate::mapping::{Attribute, Item, canonical, size};
use crate::report::model::{Check, CheckKind};
use crate::source::Snapshot;
use crate::stack::model::TableSpec;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Items that one drawn part of the table should hold.
const PART: u64 = 50;
/// Scan's highest `TotalSegments` (API reference).
const MOST_PARTS: u64 = 1_000_000;
/// Parts read at once.
const AT_ONCE: usize = 16;

/// The items with the smallest key hashes, and the edges, of what went by.
#[derive(Debug, Default)]
struct Draw {
    wanted: usize,
    drawn: BTreeMap<u128, (usize, Ready)>,
    edges: BTreeMap<(usize, &'static str), (usize, Ready)>,
}

impl Draw {
    fn see(&mut self, entity: usize, ready: Ready) {
        for (edge, score) in edges(&ready.item) {
            let best = self.edges.get(&(entity, edge)).map(|(score, _)| *score);
            if score > 0 && best.is_none_or(|best| score > best) {
                self.edges.insert((entity, edge), (score, ready.clone()));
            }
        }
        self.drawn.insert(ready.key, (entity, ready));
        if self.drawn.len() > self.wanted {
            self.drawn.pop_last();
        }
    }
}

/// How far `item` is at each edge; 0: not at all.
fn edges(item: &Item) -> [(&'static str, usize); 6] {
    let bytes = size::of(item);
    let texts = || item.values().filter_map(|v| if let Attribute::S(text) = v { Some(text) } else { None });
    [
        ("largest", bytes),
        ("smallest", usize::MAX - bytes),
        ("most attributes", item.len()),
        ("fewest attributes", usize::MAX - item.len()),
        ("empty or NULL", item.values().filter(|v| matches!(v, Attribute::Null)).count() + texts().filter(|t| t.is_empty()).count()),
        ("beyond the basic plane", texts().map(|t| t.chars().filter(|c| c.len_utf8() == 4).count()).sum()),
    ]
}

pub(super) async fn run(context: &mut Context<'_>, snapshot: &mut Snapshot, name: &str, spec: &TableSpec, draws: u64) -> Result<(), Error> {
    let mut draw = Draw { wanted: usize::try_from(draws).unwrap_or(usize::MAX), ..Draw::default() };
    let survey = count::survey(context, snapshot, name, spec, |entity, ready| draw.see(entity, ready)).await?;
    if context.options.count && !context.options.full {
        count::judge(context, name, spec, &survey).await?;
    }
    forward(context, name, spec, &survey, draw).await?;
    backward(context, snapshot, name, spec, &survey, draws).await
}

/// From the rows to the table.
async fn forward(context: &mut Context<'_>, name: &str, spec: &TableSpec, survey: &Survey, draw: Draw) -> Result<(), Error> {
    let population: u64 = survey.expected.iter().sum();
    let random: Vec<(usize, Ready)> = draw.drawn.into_values().collect();
    let edges: Vec<(usize, Ready)> = draw.edges.into_values().map(|(_, ready)| (0, ready)).collect();
    let looked_at = edges.len();
    let drawn = compare(context, name, spec, random, true).await?;
    let extreme = compare(context, name, spec, edges, false).await?;
    let wrong = drawn.missing + drawn.different;
    let (mut judgement, bound, mut note) = verdict::sample(drawn.expected, wrong, population, context.gate());
    let at_edges = extreme.missing + extreme.different;
    if at_edges > 0 {
        judgement = Judgement::Mismatch;
    }
    note = format!("{note}; {at_edges} of {looked_at} edge cases differ");
    if judgement == Judgement::Match && survey.unmappable > 0 {
        judgement = Judgement::Inconclusive;
        note = format!("{note}; {} rows cannot become items and were not drawn", survey.unmappable);
    }
    let checked = check(CheckKind::Sample, "rows to items", &drawn, judgement, note);
    context.book(name, Check { bound: Some(bound), ..checked });
    Ok(())
}

/// Reads the items of `drawn` and compares; what differs is read once more, strongly consistent. Where mismatches are listed, the
/// first batch carries the plants: one item changed and one dropped in memory, which have to be among those that are read again.
async fn compare(context: &mut Context<'_>, name: &str, spec: &TableSpec, drawn: Vec<(usize, Ready)>, list: bool) -> Result<Counts, Error> {
    let mut counts = Counts { expected: drawn.len() as u64, ..Counts::default() };
    let (mut again, mut plants) = (Vec::new(), None);
    for batch in drawn.chunks(GET_LIMIT) {
        let mut now = get(context, name, spec, batch, false).await?;
        if list && context.options.prove && plants.is_none() {
            plants = Some(corrupt(batch, &mut now));
        }
        for (entity, ready) in batch {
            if now.get(&ready.key) == Some(&ready.item) {
                counts.compared += 1;
            } else {
                again.push((*entity, ready.clone()));
            }
        }
    }
    let plants = plants.unwrap_or_default();
    context.found.planted += plants.len() as u64;
    context.found.noticed += plants.iter().filter(|key| again.iter().any(|(_, ready)| ready.key == **key)).count() as u64;
    for batch in again.chunks(GET_LIMIT) {
        let now = get(context, name, spec, batch, true).await?;
        for (entity, ready) in batch {
            match now.get(&ready.key) {
                Some(found) if *found == ready.item => counts.compared += 1,
                Some(found) => {
                    counts.compared += 1;
                    counts.different += 1;
                    if list {
                        context.mismatch(|masker| listing::different(name, spec, *entity, &ready.item, found, masker));
                    }
                }
                None => {
                    counts.missing += 1;
                    if list {
                        context.mismatch(|masker| listing::missing(name, spec, *entity, &ready.item, masker));
                    }
                }
            }
        }
    }
    counts.found = counts.compared;
    Ok(counts)
}

/// Changes one item that arrived as it should and drops another; their keys.
fn corrupt(batch: &[(usize, Ready)], now: &mut HashMap<u128, Item>) -> Vec<u128> {
    let right = batch.iter().filter(|(_, ready)| now.get(&ready.key) == Some(&ready.item)).map(|(_, ready)| ready.key);
    let keys: Vec<u128> = right.take(2).collect();
    if let Some(item) = keys.first().and_then(|key| now.get_mut(key)) {
        *item = changed(item);
    }
    if let Some(key) = keys.get(1) {
        now.remove(key);
    }
    keys
}

async fn get(
    context: &mut Context<'_>,
    name: &str,
    spec: &TableSpec,
    batch: &[(usize, Ready)],
    consistent: bool,
) -> Result<HashMap<u128, Item>, Error> {
    context.go_on()?;
    let mut keys: Vec<Item> = batch.iter().filter_map(|(_, ready)| key_of(&ready.item, &spec.table.key)).collect();
    keys.sort();
    keys.dedup();
    let got = context.aws.batch_get(name, &keys, consistent).await?;
    context.found.units += got.units;
    let hash = |item: Item| key_of(&item, &spec.table.key).map(|key| (canonical::hash(&key, context.seed), item));
    Ok(got.items.into_iter().filter_map(hash).collect())
}

/// From the table to the rows.
async fn backward(
    context: &mut Context<'_>,
    snapshot: &mut Snapshot,
    name: &str,
    spec: &TableSpec,
    survey: &Survey,
    wanted: u64,
) -> Result<(), Error> {
    let population = survey.keys.len() as u64;
    let parts = (population / PART).clamp(1, MOST_PARTS);
    let chosen = choose(parts, wanted.div_ceil(PART).max(1), context.seed);
    let whole = chosen.len() as u64 == parts;
    let (drawn, strangers) = read_parts(context, name, spec, survey, &chosen).await?;
    let mut unexpected = 0;
    for batch in strangers.chunks(GET_LIMIT) {
        let got = context.aws.batch_get(name, batch, true).await?;
        context.found.units += got.units;
        for item in got.items {
            unexpected += 1;
            let claim = listing::claim(context, snapshot, spec, &item).await?;
            context.mismatch(|masker| listing::unexpected(name, spec, &item, claim, masker));
        }
    }
    let of = if whole { drawn } else { population.max(drawn + 1) };
    let (judgement, bound, note) = verdict::sample(drawn, unexpected, of, context.gate());
    let note = format!("{note}; {} of {parts} parts of the table read, an item is right here when a row makes its key", chosen.len());
    let compared = drawn.saturating_sub(unexpected);
    let counts = Counts { expected: compared, found: drawn, compared, unexpected, ..Counts::default() };
    context.book(name, Check { bound: Some(bound), ..check(CheckKind::Sample, "items to rows", &counts, judgement, note) });
    Ok(())
}

/// `wanted` different parts of `parts`, by the seed.
fn choose(parts: u64, wanted: u64, seed: u64) -> Vec<(u32, u32)> {
    let parts = u32::try_from(parts).unwrap_or(u32::MAX);
    if wanted >= u64::from(parts) {
        return all_segments(parts);
    }
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut chosen = std::collections::BTreeSet::new();
    while (chosen.len() as u64) < wanted {
        chosen.insert((rng.u32(..parts), parts));
    }
    chosen.into_iter().collect()
}

/// How many items the parts hold, and the keys among them that no row makes.
async fn read_parts(
    context: &mut Context<'_>,
    name: &str,
    spec: &TableSpec,
    survey: &Survey,
    chosen: &[(u32, u32)],
) -> Result<(u64, Vec<Item>), Error> {
    let attributes = spec.table.key.parts().map(|part| part.name.clone()).collect();
    let scan = Scan { table: name.to_owned(), attributes, ..Scan::default() };
    let (mut drawn, mut strangers) = (0, Vec::new());
    for parts in chosen.chunks(AT_ONCE) {
        context.go_on()?;
        let (out, mut pages) = mpsc::channel::<Vec<Item>>(32);
        let reading = sweep(context.aws, &scan, parts, &context.options.stop, Arc::new(|items| items), out);
        let taking = async {
            let mut keys = Vec::new();
            while let Some(page) = pages.recv().await {
                keys.extend(page);
            }
            keys
        };
        let (swept, keys) = futures::future::join(reading, taking).await;
        context.found.units += swept.map_err(broken(name))?.units;
        let strange = |key: &Item| !survey.keys.contains(&canonical::hash(key, context.seed));
        // The plant: a key that no row can make.
        if let Some(key) = keys.first().filter(|_| context.options.prove && drawn == 0) {
            context.found.planted += 1;
            context.found.noticed += u64::from(strange(&changed(key)));
        }
        drawn += keys.len() as u64;
        strangers.extend(keys.into_iter().filter(strange));
    }
    Ok((drawn, strangers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(key: u128, text: &str) -> Ready {
        Ready { item: [("t".to_owned(), Attribute::S(text.into()))].into(), key, children: 0 }
    }

    #[test]
    fn the_draw_is_the_same_for_the_same_seed_whatever_the_order() {
        let keys = |order: &[u128]| {
            let mut draw = Draw { wanted: 3, ..Draw::default() };
            for key in order {
                draw.see(0, ready(*key, "x"));
            }
            draw.drawn.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(keys(&[5, 1, 9, 3, 7]), [1, 3, 5]);
        assert_eq!(keys(&[9, 7, 5, 3, 1]), [1, 3, 5]);
    }

    #[test]
    fn edges_are_kept_although_the_draw_misses_them() {
        let mut draw = Draw { wanted: 0, ..Draw::default() };
        for (key, text) in [(1, "plain"), (2, ""), (3, "\u{1f600}"), (4, "a very long text")] {
            draw.see(0, ready(key, text));
        }
        let kept: BTreeMap<&str, u128> = draw.edges.iter().map(|((_, edge), (_, r))| (*edge, r.key)).collect();
        assert_eq!((kept["empty or NULL"], kept["beyond the basic plane"], kept["largest"], kept["smallest"]), (2, 3, 4, 2));
    }

    #[test]
    fn parts_are_different_and_within_bounds() {
        let chosen = choose(1000, 20, 7);
        assert_eq!((chosen.len(), chosen.iter().all(|(part, parts)| part < parts && *parts == 1000)), (20, true));
        assert_eq!(chosen, choose(1000, 20, 7));
        assert_eq!(choose(1, 20, 7), [(0, 1)]);
    }
}
