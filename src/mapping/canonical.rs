//! One byte form per item: sorted names, type tags, lengths, normalised numbers; and its keyed 128-bit hash.

use super::Item;

/// The canonical bytes of `item`: equal bytes if and only if equal items.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn bytes(item: &Item, out: &mut Vec<u8>) {
    unreachable!()
}

/// xxh3-128 of the canonical bytes, with the run's seed.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn hash(item: &Item, seed: u64) -> u128 {
    unreachable!()
}
