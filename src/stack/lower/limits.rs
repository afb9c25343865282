//! What bounds throughput beside capacity: on-demand maximums, and warm throughput as a floor.
//!
//! Sources: DynamoDB API reference, `OnDemandThroughput` and `WarmThroughput`; developer guide, "Understanding DynamoDB warm throughput":
//! it is never less than what is provisioned. Its upper bound is the account's quota per table, which AWS raises on request, so it is not
//! judged here.

use crate::resource::{Capacity, Maximum, Units};
use crate::stack::finding::Findings;
use crate::stack::syntax::span::At;
use crate::stack::syntax::throughput::{Maximum as MaximumSyntax, Warm};
use std::ops::Range;

/// A maximum of `whose` ("table `Users`"), which is paid for by `capacity`; `None` for the capacity: it was wrong, and was said.
pub(super) fn maximum(whose: &str, at: Option<&At<MaximumSyntax>>, capacity: Option<Capacity>, found: &mut Findings<'_>) -> Maximum {
    let Some(at) = at else { return Maximum::default() };
    if matches!(capacity, Some(Capacity::Provisioned(_))) {
        let message = format!("{whose} has units, and a `maximum` is for on-demand only");
        found.error_with(&at.span, message, "remove it (units bound throughput already), or make the table on-demand");
    }
    if at.value.read.is_none() && at.value.write.is_none() {
        found.error_with(&at.span, "`maximum` names neither side", "write maximum = { read = 1000, write = 500 }, or one of the two");
    }
    for (side, name) in [(&at.value.read, "read"), (&at.value.write, "write")] {
        at_least_one(side.as_ref(), "maximum", name, found);
    }
    Maximum { read: at.value.read.as_ref().map(|a| a.value), write: at.value.write.as_ref().map(|a| a.value) }
}

/// A floor; `None`: not written, or wrong and said.
pub(super) fn warm(at: Option<&At<Warm>>, found: &mut Findings<'_>) -> Option<Units> {
    let warm = &at?.value;
    for (side, name) in [(&warm.read, "read"), (&warm.write, "write")] {
        at_least_one(side.as_ref(), "warm", name, found);
    }
    Some(Units { read: warm.read.as_ref()?.value, write: warm.write.as_ref()?.value })
}

fn at_least_one(side: Option<&At<u64>>, what: &str, name: &str, found: &mut Findings<'_>) {
    if let Some(zero) = side.filter(|s| s.value == 0) {
        found.error(&zero.span, format!("`{what}.{name}` is 0: DynamoDB takes 1 or more"));
    }
}

/// A floor below the units is none: AWS keeps at least what is provisioned warm.
pub(super) fn warm_fits(whose: &str, place: &Range<usize>, warm: Option<Units>, capacity: Option<Capacity>, found: &mut Findings<'_>) {
    let (Some(warm), Some(Capacity::Provisioned(units))) = (warm, capacity) else { return };
    if warm.read < units.read || warm.write < units.write {
        let message = format!(
            "{whose} has a warm throughput of {} read and {} write units, below its capacity of {} and {}",
            warm.read, warm.write, units.read, units.write
        );
        found.error_with(place, message, "warm throughput is never less than capacity: raise it, or remove it");
    }
}
