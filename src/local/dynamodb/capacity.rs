//! Consumed units: always asked of the engine, counted, and shown to the caller only as far as he asked.

use super::Region;
use super::throttle::{self, Side, Taken};
use dynoxide::types::{CapacityDetail, ConsumedCapacity};

/// What the caller wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Total,
    Indexes,
}

impl Wanted {
    /// Reads the caller's wish and asks the engine for everything. A wish that nobody knows is left for the engine to refuse.
    pub(super) fn take(asked: &mut Option<String>) -> Self {
        let wanted = match asked.as_deref() {
            None | Some("NONE") => Self::Nothing,
            Some("TOTAL") => Self::Total,
            Some("INDEXES") => Self::Indexes,
            Some(_) => return Self::Indexes,
        };
        *asked = Some("INDEXES".into());
        wanted
    }

    fn trim(self, consumed: &mut ConsumedCapacity) {
        if self == Self::Total {
            consumed.table = None;
            consumed.global_secondary_indexes = None;
            consumed.local_secondary_indexes = None;
            consumed.vector_indexes = None;
        }
    }
}

/// A reply's `ConsumedCapacity`: one for an item, many for a batch.
pub(super) enum Slot<'a> {
    One(&'a mut Option<ConsumedCapacity>),
    Many(&'a mut Option<Vec<ConsumedCapacity>>),
}

impl Slot<'_> {
    /// The tables of which anything was consumed.
    pub(super) fn tables(&self) -> Vec<String> {
        let all: Vec<&ConsumedCapacity> = match self {
            Self::One(slot) => slot.iter().collect(),
            Self::Many(slot) => slot.iter().flatten().collect(),
        };
        all.into_iter().map(|consumed| consumed.table_name.clone()).collect()
    }

    /// Counts what was consumed by a request that was let in as `taken`, then leaves what was wanted.
    pub(super) fn settle(self, wanted: Wanted, units: Units, region: &Region, taken: &[Taken]) {
        let mut each = |consumed: &mut ConsumedCapacity| {
            count(consumed, units, region, taken);
            wanted.trim(consumed);
        };
        match self {
            Self::One(slot) => {
                slot.iter_mut().for_each(&mut each);
                if wanted == Wanted::Nothing {
                    *slot = None;
                }
            }
            Self::Many(slot) => {
                slot.iter_mut().flatten().for_each(&mut each);
                if wanted == Wanted::Nothing {
                    *slot = None;
                }
            }
        }
    }
}

/// Which units an operation consumes where the engine's figure does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    Read,
    Write,
}

fn count(consumed: &ConsumedCapacity, units: Units, region: &Region, taken: &[Taken]) {
    let name = &consumed.table_name;
    let indexes = consumed.global_secondary_indexes.iter().flatten();
    let of_indexes: f64 = indexes.clone().map(|(_, d)| d.capacity_units).sum();
    for (index, detail) in indexes {
        record(detail, units, |side, value| tell(region, name, Some(index), side, value));
    }
    // What is not a global index's is the table's: local indexes share the table's capacity.
    let table = CapacityDetail {
        capacity_units: consumed.capacity_units - of_indexes,
        read_capacity_units: consumed.table.as_ref().and_then(|t| t.read_capacity_units),
        write_capacity_units: consumed.table.as_ref().and_then(|t| t.write_capacity_units),
    };
    record(&table, units, |side, value| {
        tell(region, name, None, side, value);
        throttle::spread(region, name, side, value, taken);
    });
}

/// To the metrics, and off what is left of the capacity.
fn tell(region: &Region, table: &str, index: Option<&String>, side: Side, units: f64) {
    let metric = match side {
        Side::Read => "ConsumedReadCapacityUnits",
        Side::Write => "ConsumedWriteCapacityUnits",
    };
    region.metrics().consumed(region.name(), table, index, metric, units);
    throttle::spend(region, table, index.map(String::as_str), side, units);
}

/// Nothing consumed is no datapoint, as in AWS.
fn record(detail: &CapacityDetail, units: Units, mut to: impl FnMut(Side, f64)) {
    let (read, write) = match (detail.read_capacity_units, detail.write_capacity_units, units) {
        (Some(read), Some(write), _) => (read, write),
        (Some(_), None, _) | (None, None, Units::Read) => (detail.capacity_units, 0.0),
        (None, ..) => (0.0, detail.capacity_units),
    };
    for (side, value) in [(Side::Read, read), (Side::Write, write)] {
        if value > 0.0 {
            to(side, value);
        }
    }
}
