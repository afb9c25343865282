//! One table's buckets: its own, its global indexes', its partitions'.

use super::bucket::Bucket;
use super::demand::{Demand, kilobytes};
use super::limits::{Limit, Limits, OfIndex, Side, Sides};
use super::load::Load;
use super::reason::Cause;
use dynoxide::types::{AttributeValue, Item, item_size};
use std::collections::BTreeMap;

/// Unused units are kept for five minutes (Developer Guide, "Burst capacity").
const BURST: f64 = 300.0;
/// What one partition serves per second (Developer Guide, "Designing partition keys"); nothing is kept of it.
const PARTITION: (f64, f64) = (3_000.0, 1_000.0);
/// More partitions than any rehearsal needs.
const PARTITIONS: usize = 4_096;

/// When it is, and how many AWS seconds go by in a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) ms: u64,
    pub(super) speed: f64,
}

impl Now {
    /// The AWS minute.
    pub(super) fn minute(self) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "minutes since 1970")]
        let minute = (self.ms as f64 * self.speed / 60_000.0) as u64;
        minute
    }
}

/// Buckets of a table, an index or a partition.
#[derive(Debug, Default)]
struct Pair {
    read: Option<Bucket>,
    write: Option<Bucket>,
}

impl Pair {
    fn side(&mut self, side: Side) -> Option<&mut Bucket> {
        match side {
            Side::Read => self.read.as_mut(),
            Side::Write => self.write.as_mut(),
        }
    }

    fn fit(&mut self, sides: Sides, now: Now) {
        for (slot, limit) in [(&mut self.read, sides.read), (&mut self.write, sides.write)] {
            let (rate, burst) = match limit {
                Limit::Provisioned(rate) => (rate, BURST),
                // A maximum is no capacity that could be left unused.
                Limit::Maximum(rate) | Limit::Account(rate) => (rate, 1.0),
            };
            match slot.as_mut().filter(|bucket| bucket.keeps(burst)) {
                Some(bucket) => bucket.resize(rate, now.ms, now.speed),
                None => *slot = Some(Bucket::new(rate, burst, now.ms)),
            }
        }
    }

    fn has(&mut self, side: Side, now: Now) -> bool {
        self.side(side).is_none_or(|bucket| bucket.has(now.ms, now.speed))
    }

    fn take(&mut self, side: Side, units: f64) {
        if let Some(bucket) = self.side(side) {
            bucket.take(units);
        }
    }
}

/// The busiest minute so far, which on-demand tables serve twice.
#[derive(Debug, Default)]
struct Peak {
    minute: u64,
    sum: (f64, f64),
    best: (f64, f64),
}

impl Peak {
    /// Counts units; whether a minute ended.
    fn add(&mut self, side: Side, units: f64, now: Now) -> bool {
        let minute = now.minute();
        let ended = minute != self.minute;
        if ended {
            self.best = (self.best.0.max(self.sum.0 / 60.0), self.best.1.max(self.sum.1 / 60.0));
            (self.minute, self.sum) = (minute, (0.0, 0.0));
        }
        match side {
            Side::Read => self.sum.0 += units,
            Side::Write => self.sum.1 += units,
        }
        ended
    }
}

/// A global index's.
#[derive(Debug, Default)]
struct Own {
    pair: Pair,
    partitions: Vec<Pair>,
}

/// An index that a write goes to.
#[derive(Debug, Clone, PartialEq)]
struct Touched {
    index: String,
    /// Where the item is put, and how much of it; an update does not say.
    partition: Option<usize>,
    units: f64,
}

/// All of one table.
#[derive(Debug)]
pub(super) struct State {
    pub(super) limits: Limits,
    table: Pair,
    partitions: Vec<Pair>,
    indexes: BTreeMap<String, Own>,
    peak: Peak,
    /// Of the table (`None`) and of each index.
    loads: BTreeMap<(Option<String>, Side), Load>,
}

/// What a demand that was let in has taken, to be given back when the real figure is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Taken {
    pub(super) table: String,
    index: Option<String>,
    pub(super) side: Side,
    units: f64,
    /// Where the key is; a query or a scan has none.
    partition: Option<usize>,
    touched: Vec<Touched>,
}

impl State {
    pub(super) fn new(limits: Limits, now: Now) -> Self {
        let (table, partitions, indexes, loads) = (Pair::default(), Vec::new(), BTreeMap::new(), BTreeMap::new());
        let mut state = Self { limits: limits.clone(), table, partitions, indexes, peak: Peak::default(), loads };
        state.fit(limits, now);
        state
    }

    /// Goes by other bounds from now on.
    pub(super) fn fit(&mut self, limits: Limits, now: Now) {
        self.table.fit(limits.table, now);
        self.indexes.retain(|name, _| limits.indexes.contains_key(name));
        for (name, of) in &limits.indexes {
            let own = self.indexes.entry(name.clone()).or_default();
            own.pair.fit(of.sides, now);
            split(&mut own.partitions, of.warm, now);
        }
        self.limits = limits;
        self.split(now);
    }

    /// As many partitions as the table's capacity and its busiest minute need.
    fn split(&mut self, now: Now) {
        let best = if self.limits.on_demand { self.peak.best } else { (0.0, 0.0) };
        let needed = (self.limits.warm.0.max(best.0 * 2.0), self.limits.warm.1.max(best.1 * 2.0));
        split(&mut self.partitions, needed, now);
    }

    /// Lets a demand in, or says what is exhausted: the index's name (`None` is the table), and why.
    pub(super) fn admit(
        &mut self,
        demand: &Demand<'_>,
        now: Now,
        before: impl Fn() -> Option<Item>,
    ) -> Result<Taken, (Option<String>, Cause)> {
        let index = demand.index.filter(|name| self.limits.indexes.contains_key(*name)).map(str::to_owned);
        let side = demand.side;
        let pair = self.pair(index.as_ref());
        if !pair.has(side, now) {
            let sides = index.as_ref().map_or(self.limits.table, |name| self.limits.indexes[name].sides);
            return Err((index, cause(sides, side)));
        }
        if let Some((name, sides)) = self.pressed(demand, now, &before) {
            return Err((Some(name), cause(sides, Side::Write)));
        }
        let partition = self.partition(demand);
        if partition.is_some_and(|at| !self.partitions[at].has(side, now)) {
            return Err((None, Cause::KeyRange));
        }
        let touched = self.written(demand);
        if let Some(hot) = touched.iter().find(|touched| !self.takes(touched, now)) {
            return Err((Some(hot.index.clone()), Cause::KeyRange));
        }
        let taken = Taken { table: demand.table.to_owned(), index, side, units: demand.units, partition, touched };
        self.give(&taken, -1.0);
        Ok(taken)
    }

    /// The first index that the write would go to and that has nothing left: it holds up the table's write.
    fn pressed(&mut self, demand: &Demand<'_>, now: Now, before: &impl Fn() -> Option<Item>) -> Option<(String, Sides)> {
        let limits = &self.limits;
        self.indexes.iter_mut().find_map(|(name, own)| {
            let of = limits.indexes.get(name)?;
            // A read touches none.
            let pressed = !own.pair.has(Side::Write, now) && demand.touches(&of.keys, before);
            pressed.then(|| (name.clone(), of.sides))
        })
    }

    fn pair(&mut self, index: Option<&String>) -> &mut Pair {
        index.and_then(|name| self.indexes.get_mut(name)).map_or(&mut self.table, |own| &mut own.pair)
    }

    /// Whether the partition of the index has something left.
    fn takes(&mut self, touched: &Touched, now: Now) -> bool {
        let own = self.indexes.get_mut(&touched.index);
        let partition = own.and_then(|own| own.partitions.get_mut(touched.partition?));
        partition.is_none_or(|partition| partition.has(Side::Write, now))
    }

    /// The indexes that the new item surely goes to.
    fn written(&self, demand: &Demand<'_>) -> Vec<Touched> {
        let sure = |of: &OfIndex| demand.touches(&of.keys, || None);
        let touched = |(name, of): (&String, &OfIndex)| {
            let partitions = self.indexes.get(name).map_or(0, |own| own.partitions.len());
            let partition = demand.put_item().and_then(|item| place(item, &of.partition, partitions));
            let units = demand.put_item().map_or(demand.units, |item| self.kept(item, of));
            Touched { index: name.clone(), partition, units }
        };
        self.limits.indexes.iter().filter(|(_, of)| sure(of)).map(touched).collect()
    }

    /// The write units of what an index keeps of an item; of the table's own key only the partition key's, as good as all of it.
    fn kept(&self, item: &Item, of: &OfIndex) -> f64 {
        let Some(projected) = &of.projected else { return kilobytes(item_size(item)) };
        let kept = |name: &&String| of.keys.contains(*name) || projected.contains(*name) || **name == self.limits.key;
        let part: Item = item.iter().filter(|(name, _)| kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
        kilobytes(item_size(&part))
    }

    fn partition(&self, demand: &Demand<'_>) -> Option<usize> {
        place(demand.key?, std::slice::from_ref(&self.limits.key), self.partitions.len())
    }

    /// Gives back what was taken ahead (`sign` 1), or takes it (-1).
    pub(super) fn give(&mut self, taken: &Taken, sign: f64) {
        self.pair(taken.index.as_ref()).take(taken.side, -sign * taken.units);
        self.charge(taken, -sign);
        for touched in &taken.touched {
            self.pair(Some(&touched.index)).take(Side::Write, -sign * touched.units);
        }
    }

    /// Takes of the partitions that were asked for, so many times what was taken ahead.
    fn charge(&mut self, taken: &Taken, times: f64) {
        if let Some(partition) = taken.partition.and_then(|at| self.partitions.get_mut(at)) {
            partition.take(taken.side, times * taken.units);
        }
        for touched in &taken.touched {
            let own = self.indexes.get_mut(&touched.index);
            if let Some(partition) = own.and_then(|own| own.partitions.get_mut(touched.partition?)) {
                partition.take(Side::Write, times * touched.units);
            }
        }
    }

    /// What was really consumed of the table, of its partitions: each has its part of what was let in.
    pub(super) fn spread(&mut self, taken: &[&Taken], units: f64) {
        let all: f64 = taken.iter().map(|one| one.units).sum();
        for one in taken {
            self.charge(one, units / all);
        }
    }

    /// What was really consumed, of the table or of an index.
    pub(super) fn spend(&mut self, index: Option<&str>, side: Side, units: f64, now: Now) {
        self.loads.entry((index.map(str::to_owned), side)).or_default().add(now.minute(), units);
        if let Some(name) = index {
            if let Some(own) = self.indexes.get_mut(name) {
                own.pair.take(side, units);
            }
            return;
        }
        self.table.take(side, units);
        if self.peak.add(side, units, now) {
            self.split(now);
        }
    }
}

impl State {
    /// What was consumed lately.
    pub(super) fn load(&self, index: Option<&str>, side: Side) -> Load {
        self.loads.get(&(index.map(str::to_owned), side)).cloned().unwrap_or_default()
    }
}

/// As many partitions as so many read and write units need; there are never fewer again.
fn split(partitions: &mut Vec<Pair>, (read, write): (f64, f64), now: Now) {
    let needed = (read / PARTITION.0).ceil().max((write / PARTITION.1).ceil()).max(1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive whole number, bounded next")]
    let needed = (needed as usize).min(PARTITIONS);
    while partitions.len() < needed {
        let bucket = |rate| Some(Bucket::new(rate, 1.0, now.ms));
        partitions.push(Pair { read: bucket(PARTITION.0), write: bucket(PARTITION.1) });
    }
}

/// In which of so many partitions the item is that has this partition key.
fn place(item: &Item, key: &[String], partitions: usize) -> Option<usize> {
    let mut hash = 0_u64;
    for name in key {
        let bytes = match item.get(name)? {
            AttributeValue::S(text) | AttributeValue::N(text) => text.as_bytes().to_vec(),
            other => serde_json::to_vec(other).ok()?,
        };
        hash = xxhash_rust::xxh3::xxh3_64_with_seed(&bytes, hash);
    }
    usize::try_from(hash % partitions.max(1) as u64).ok()
}

fn cause(sides: Sides, side: Side) -> Cause {
    let limit = match side {
        Side::Read => sides.read,
        Side::Write => sides.write,
    };
    match limit {
        Limit::Maximum(_) => Cause::Maximum,
        Limit::Account(_) => Cause::Account,
        Limit::Provisioned(_) => Cause::Provisioned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(seconds: u64) -> Now {
        Now { ms: seconds * 1_000, speed: 1.0 }
    }

    #[test]
    fn five_minutes_are_kept_of_what_is_provisioned_and_a_second_of_a_maximum() {
        let mut pair = Pair::default();
        let mut fit = |limit, seconds| {
            pair.fit(Sides { read: limit, write: limit }, now(seconds));
            // What is taken, a unit at a time, after ten idle minutes.
            let (bucket, later) = (pair.side(Side::Write).expect("bounded"), now(seconds + 600).ms);
            let mut passes = || bucket.has(later, 1.0).then(|| bucket.take(1.0));
            std::iter::from_fn(&mut passes).count()
        };
        assert_eq!(fit(Limit::Provisioned(10.0), 0), 3_000);
        assert_eq!(fit(Limit::Maximum(10.0), 600), 10);
        assert_eq!(fit(Limit::Account(20.0), 1_200), 20);
        assert_eq!(fit(Limit::Provisioned(10.0), 1_800), 3_000);
    }
}
