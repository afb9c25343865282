//! Capacity of tables and indexes, and the auto scaling that may own it: an index is always paid for as its table is.

use crate::resource::{Capacity, Range as ScaleRange, Scaling, Units};
use crate::stack::finding::Findings;
use crate::stack::syntax::span::At;
use crate::stack::syntax::throughput::{Capacity as Syntax, Scale, Side};
use crate::stack::syntax::union::Union;
use std::ops::Range;

/// Application Auto Scaling's bounds for a target of DynamoDB's, in percent.
/// Source: DynamoDB developer guide, "Managing throughput capacity automatically with DynamoDB auto scaling".
const TARGETS: std::ops::RangeInclusive<u64> = 20..=90;
const TARGET: u64 = 70;
/// `MaxCapacity` is a 32-bit number (Application Auto Scaling API reference, `RegisterScalableTarget`).
const MOST_SCALED: u64 = 2_147_483_647;

/// What is written as capacity: units (a scaled side's minimum), and what scales them.
#[derive(Clone, Copy)]
pub(super) struct Written {
    pub capacity: Capacity,
    pub scaling: Scaling,
}

impl Written {
    pub(super) const ON_DEMAND: Self = Self { capacity: Capacity::OnDemand, scaling: Scaling { read: None, write: None } };
}

/// As written; units are 1 or more (DynamoDB takes no less).
pub(super) fn written(capacity: &At<Syntax>, found: &mut Findings<'_>) -> Option<Written> {
    let Union::Long(units) = &capacity.value else { return Some(Written::ON_DEMAND) };
    let read = units.read.as_ref().and_then(|side| of_side(side, "read", found));
    let write = units.write.as_ref().and_then(|side| of_side(side, "write", found));
    let (read, write) = (read?, write?);
    Some(Written {
        capacity: Capacity::Provisioned(Units { read: read.0, write: write.0 }),
        scaling: Scaling { read: read.1, write: write.1 },
    })
}

fn of_side(side: &At<Side>, name: &str, found: &mut Findings<'_>) -> Option<(u64, Option<ScaleRange>)> {
    match &side.value {
        Union::Long(scale) => range(scale, name, found).map(|range| (range.min, Some(range))),
        Union::Short(units) => {
            if *units == 0 {
                found.error(&side.span, format!("`{name}` is 0: DynamoDB provisions 1 unit or more"));
            }
            Some((*units, None))
        }
    }
}

fn range(scale: &Scale, name: &str, found: &mut Findings<'_>) -> Option<ScaleRange> {
    let (min, max) = (scale.min.as_ref()?, scale.max.as_ref()?);
    if min.value == 0 {
        found.error(&min.span, format!("`{name}` has a min of 0: DynamoDB provisions 1 unit or more"));
    }
    if max.value < min.value {
        found.error(&max.span, format!("`{name}` has a max of {}, which is less than its min of {}", max.value, min.value));
    } else if max.value > MOST_SCALED {
        found.error(&max.span, format!("`{name}` has a max over {MOST_SCALED}, the most that auto scaling counts to"));
    }
    let target = scale.target.as_ref().map_or(TARGET, |t| t.value);
    if let Some(at) = scale.target.as_ref().filter(|t| !TARGETS.contains(&t.value)) {
        let message = format!("`{name}` has a target of {}: auto scaling takes 20 to 90 percent", at.value);
        found.error_with(&at.span, message, "70 leaves room for a sudden rise, and is what is taken where nothing is written");
    }
    Some(ScaleRange { min: min.value, max: max.value, target: Some(target) })
}

/// A table's own; on-demand where nothing is written. `None`: what is written is wrong, and was said.
pub(super) fn of_table(capacity: Option<&At<Syntax>>, found: &mut Findings<'_>) -> Option<Written> {
    capacity.map_or(Some(Written::ON_DEMAND), |c| written(c, found))
}

/// An index's, given its table's.
pub(super) fn of_index(
    index: &str,
    place: &Range<usize>,
    own: Option<&At<Syntax>>,
    table: Capacity,
    found: &mut Findings<'_>,
) -> Option<Written> {
    let Some(own) = own else { return inherited(index, place, table, found) };
    let written = written(own, found)?;
    match (table, written.capacity) {
        (Capacity::OnDemand, Capacity::Provisioned(_)) => {
            let message = format!("index `{index}` has units, but its table is on-demand");
            found.error_with(&own.span, message, "remove the index's capacity, or give the table units too");
            None
        }
        (Capacity::Provisioned(units), Capacity::OnDemand) => {
            let message = format!("index `{index}` is on-demand, but its table has units");
            found.error_with(&own.span, message, format!("write {}, or make the table on-demand", units_text(units)));
            None
        }
        _ => Some(written),
    }
}

fn inherited(index: &str, place: &Range<usize>, table: Capacity, found: &mut Findings<'_>) -> Option<Written> {
    let Capacity::Provisioned(units) = table else { return Some(Written::ON_DEMAND) };
    let message = format!("index `{index}` needs a capacity: its table has units, and an index has its own");
    found.error_with(place, message, format!("write {}", units_text(units)));
    None
}

fn units_text(units: Units) -> String {
    format!("capacity = {{ read = {}, write = {} }}", units.read, units.write)
}
