//! Capacity of tables and indexes: an index is always paid for as its table is.

use crate::resource::{Capacity, Units};
use crate::stack::finding::Findings;
use crate::stack::syntax::span::At;
use crate::stack::syntax::table::Capacity as Written;
use crate::stack::syntax::union::Union;
use std::ops::Range;

/// As written; units are 1 or more (DynamoDB takes no less).
pub(super) fn written(capacity: &At<Written>, found: &mut Findings<'_>) -> Option<Capacity> {
    let Union::Long(units) = &capacity.value else { return Some(Capacity::OnDemand) };
    for (unit, name) in [(&units.read, "read"), (&units.write, "write")] {
        if let Some(zero) = unit.as_ref().filter(|u| u.value == 0) {
            found.error(&zero.span, format!("`{name}` is 0: DynamoDB provisions 1 unit or more"));
        }
    }
    Some(Capacity::Provisioned(Units { read: units.read.as_ref()?.value, write: units.write.as_ref()?.value }))
}

/// A table's own; on-demand where nothing is written. `None`: what is written is wrong, and was said.
pub(super) fn of_table(capacity: Option<&At<Written>>, found: &mut Findings<'_>) -> Option<Capacity> {
    capacity.map_or(Some(Capacity::OnDemand), |c| written(c, found))
}

/// An index's, given its table's.
pub(super) fn of_index(
    index: &str,
    place: &Range<usize>,
    own: Option<&At<Written>>,
    table: Capacity,
    found: &mut Findings<'_>,
) -> Option<Capacity> {
    let Some(own) = own else { return inherited(index, place, table, found) };
    match (table, written(own, found)?) {
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
        (_, own) => Some(own),
    }
}

fn inherited(index: &str, place: &Range<usize>, table: Capacity, found: &mut Findings<'_>) -> Option<Capacity> {
    let Capacity::Provisioned(units) = table else { return Some(Capacity::OnDemand) };
    let message = format!("index `{index}` needs a capacity: its table has units, and an index has its own");
    found.error_with(place, message, format!("write {}", units_text(units)));
    None
}

fn units_text(units: Units) -> String {
    format!("capacity = {{ read = {}, write = {} }}", units.read, units.write)
}
