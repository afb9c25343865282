//! Two unordered streams of (key, record) hashes against each other. Pure.
//!
//! Key insight: an equal pair cancels as soon as it meets, so only what has not met yet is held. Memory: about 56 bytes for each
//! pair that waits, never more than one side of the table.
//!
//! [`Plants`] is the negative control: records corrupted on the way in, which have to come out as leftovers.

use crate::mapping::{Attribute, Item, canonical};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Keys are seeded 128-bit hashes already: their low bits are the hash.
#[derive(Debug, Default, Clone, Copy)]
pub struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
    #[allow(clippy::cast_possible_truncation, reason = "the low half, on purpose")]
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

/// A map whose keys are hashes.
pub type ByKey<V> = HashMap<u128, V, BuildHasherDefault<Hashed>>;
/// A set of hashes.
pub type Keys = HashSet<u128, BuildHasherDefault<Hashed>>;

/// What waits for its other half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Expected { record: u128, entity: u16 },
    Found { record: u128 },
    Both { expected: u128, found: u128, entity: u16 },
}

/// The two sides.
#[derive(Debug, Clone, Default)]
pub struct Reconciler {
    open: ByKey<Open>,
    /// Keys that the source made twice while the first still waited.
    twice: Vec<(u128, u16)>,
    /// Pairs that were equal, by entity.
    equal: Vec<u64>,
    expected: Vec<u64>,
    found: u64,
}

/// What did not cancel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Key to entity: expected and not found.
    pub missing: ByKey<u16>,
    /// Key to entity: on both sides, and not the same.
    pub different: ByKey<u16>,
    /// Found and not expected.
    pub unexpected: Keys,
    /// The expected record of every key that is missing or different.
    pub records: ByKey<u128>,
    /// Equal pairs by entity.
    pub equal: Vec<u64>,
    /// Items expected, by entity; a key made twice counts twice.
    pub expected: Vec<u64>,
    pub found: u64,
}

impl Leftover {
    /// Items in doubt.
    pub fn suspects(&self) -> u64 {
        (self.missing.len() + self.different.len() + self.unexpected.len()) as u64
    }
}

impl Reconciler {
    /// For so many entities.
    pub fn new(entities: usize) -> Self {
        Self { equal: vec![0; entities], expected: vec![0; entities], ..Self::default() }
    }

    /// An item that the rows of `entity` make.
    pub fn expect(&mut self, entity: u16, key: u128, record: u128) {
        bump(&mut self.expected, entity);
        match self.open.get(&key).copied() {
            None => {
                self.open.insert(key, Open::Expected { record, entity });
            }
            Some(Open::Found { record: found }) if found == record => {
                self.open.remove(&key);
                bump(&mut self.equal, entity);
            }
            Some(Open::Found { record: found }) => {
                self.open.insert(key, Open::Both { expected: record, found, entity });
            }
            Some(Open::Expected { .. } | Open::Both { .. }) => self.twice.push((key, entity)),
        }
    }

    /// An item that the table holds.
    pub fn find(&mut self, key: u128, record: u128) {
        self.found += 1;
        match self.open.get(&key).copied() {
            Some(Open::Expected { record: expected, entity }) if expected == record => {
                self.open.remove(&key);
                bump(&mut self.equal, entity);
            }
            Some(Open::Expected { record: expected, entity }) => {
                self.open.insert(key, Open::Both { expected, found: record, entity });
            }
            // A key that a table gives twice cannot be; the last record stands, and the counters will not add up.
            _ => {
                self.open.insert(key, Open::Found { record });
            }
        }
    }

    /// What is left when both streams are at their end.
    pub fn finish(self) -> Leftover {
        let mut left = Leftover { equal: self.equal, expected: self.expected, found: self.found, ..Leftover::default() };
        for (key, open) in self.open {
            match open {
                Open::Expected { entity, record } => {
                    left.missing.insert(key, entity);
                    left.records.insert(key, record);
                }
                Open::Both { entity, expected, .. } => {
                    left.different.insert(key, entity);
                    left.records.insert(key, expected);
                }
                Open::Found { .. } => {
                    left.unexpected.insert(key);
                }
            }
        }
        for (key, entity) in self.twice {
            left.missing.entry(key).or_insert(entity);
        }
        left
    }
}

fn bump(counts: &mut [u64], entity: u16) {
    if let Some(count) = counts.get_mut(usize::from(entity)) {
        *count += 1;
    }
}

/// Three records to be corrupted: one changed, one dropped, one invented.
#[derive(Debug, Clone, Default)]
pub struct Plants {
    changed: Option<(u128, u128)>,
    dropped: Option<(u128, u128)>,
    invented: Option<u128>,
}

impl Plants {
    /// Takes `item` out of the stream if a plant is still wanted; the pair to feed instead is given back where there is one.
    pub fn corrupt(&mut self, reconciler: &mut Reconciler, item: &Item, key: u128, record: u128, seed: u64) -> bool {
        if self.invented.is_none() {
            let invented = !key;
            self.invented = Some(invented);
            reconciler.find(invented, record);
        }
        if self.changed.is_none() {
            self.changed = Some((key, record));
            reconciler.find(key, canonical::hash(&changed(item), seed));
            return true;
        }
        if self.dropped.is_none() {
            self.dropped = Some((key, record));
            return true;
        }
        false
    }

    /// Plants what no record could be corrupted for: an invented one is possible also in an empty table.
    pub fn invent(&mut self, reconciler: &mut Reconciler, key: u128) {
        if self.invented.is_none() {
            self.invented = Some(key);
            reconciler.find(key, key);
        }
    }

    /// Looks for every plant among what is open, and puts the true records back: (planted, noticed).
    pub fn harvest(self, reconciler: &mut Reconciler) -> (u64, u64) {
        let (mut planted, mut noticed) = (0, 0);
        if let Some(key) = self.invented {
            planted += 1;
            if matches!(reconciler.open.get(&key), Some(Open::Found { .. })) {
                reconciler.open.remove(&key);
                reconciler.found -= 1;
                noticed += 1;
            }
        }
        if let Some((key, record)) = self.changed {
            planted += 1;
            noticed += u64::from(reconciler.unchange(key, record));
        }
        if let Some((key, record)) = self.dropped {
            // Without a row of that key nobody could miss the item: then it is no plant but an unexpected item.
            let missed = matches!(reconciler.open.get(&key), Some(Open::Expected { .. }));
            (planted, noticed) = (planted + u64::from(missed), noticed + u64::from(missed));
            reconciler.find(key, record);
        }
        (planted, noticed)
    }
}

impl Reconciler {
    /// Puts the true record in the place of the changed one; whether the change had been noticed.
    fn unchange(&mut self, key: u128, record: u128) -> bool {
        match self.open.get(&key).copied() {
            Some(Open::Both { expected, entity, .. }) if expected == record => {
                self.open.remove(&key);
                bump(&mut self.equal, entity);
                true
            }
            Some(Open::Both { expected, entity, .. }) => {
                self.open.insert(key, Open::Both { expected, found: record, entity });
                true
            }
            Some(Open::Found { .. }) => {
                self.open.insert(key, Open::Found { record });
                true
            }
            Some(Open::Expected { .. }) | None => false,
        }
    }
}

/// `item` with one attribute more than it can have.
pub(super) fn changed(item: &Item) -> Item {
    let name = (0_u32..100_000).map(|i| format!("planted{i}")).find(|name| !item.contains_key(name)).unwrap_or_default();
    let mut item = item.clone();
    item.insert(name, Attribute::Bool(true));
    item
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
