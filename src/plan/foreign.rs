//! Auto scaling that somebody else has a hand in: a policy of theirs, a scheduled action, a suspension.
//!
//! Rules: what landfall did not make and could not put back is neither overwritten nor taken away, so a plan that would change such a
//! side is refused; one that leaves the side alone says that it is there. Apply looks again before each of these calls.
//! Key insight: such things hang on a scalable target, so a side is changed by a plan exactly when its target differs from the wish.
//! Called by [`super::risk`] (refusals), [`super::diff`] (what moved) and `report` (notes).

use super::risk::Reason;
use super::words;
use crate::live::{ForeignScaling, LiveTable, Mover};
use crate::resource::{Dimension, Range, Table};
use crate::safe;
use std::collections::BTreeMap;

/// One side of the table (`None`) or of an index.
type Side<'a> = (Option<&'a String>, Dimension);

/// Every side that going to `want` would change, with the way on.
pub(super) fn refusals(want: &Table, live: &LiveTable) -> Vec<Reason> {
    sides(live).into_iter().filter(|(side, _)| changes(want, live, *side)).map(|(side, by)| (reason(side, &by), recipe(&by))).collect()
}

/// What is there on sides that stay as they are, one line each.
pub fn left_alone(want: &Table, live: &LiveTable) -> Vec<String> {
    let kept = sides(live).into_iter().filter(|(side, _)| !changes(want, live, *side));
    kept.map(|(side, by)| format!("{}; it is left alone", reason(side, &by))).collect()
}

/// For the difference of two observations.
pub(super) fn facets(live: &LiveTable) -> impl Iterator<Item = (String, String)> {
    sides(live).into_iter().map(|((index, dimension), by)| {
        let path = index.map_or_else(String::new, |name| format!("index {}.", safe::text(name)));
        (format!("{path}foreign scaling of {}", words::side(dimension)), list(&by))
    })
}

/// Whether some call of the way to `want` is about this side. An index that is not there yet may have a target all the same.
fn changes(want: &Table, live: &LiveTable, side: Side<'_>) -> bool {
    let leftover = side.0.and_then(|name| live.leftover.get(name)).and_then(|scaling| scaling.of(side.1));
    held(&live.table, side).or(leftover) != held(want, side)
}

fn held(table: &Table, (index, dimension): Side<'_>) -> Option<Range> {
    let limits = index.map_or(Some(table.limits), |name| table.indexes.get(name).map(|i| i.limits));
    limits.and_then(|limits| limits.scaling.of(dimension))
}

fn sides(live: &LiveTable) -> BTreeMap<Side<'_>, Vec<&Mover>> {
    let mut out: BTreeMap<Side<'_>, Vec<&Mover>> = BTreeMap::new();
    for ForeignScaling { index, dimension, by } in &live.foreign_scaling {
        out.entry((index.as_ref(), *dimension)).or_default().push(by);
    }
    out
}

fn reason((index, dimension): Side<'_>, by: &[&Mover]) -> String {
    let part = index.map_or_else(|| "the table".to_owned(), |name| format!("index {}", safe::text(name)));
    format!("auto scaling of {} of {part} has what landfall did not make and cannot put back: {}", words::side(dimension), list(by))
}

fn list(by: &[&Mover]) -> String {
    by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn recipe(by: &[&Mover]) -> String {
    let mut ways: Vec<_> = by.iter().map(|by| way(by)).collect();
    ways.dedup();
    format!("in Application Auto Scaling, {}; then plan again", ways.join(", and "))
}

fn way(by: &Mover) -> &'static str {
    match by {
        Mover::Policy(_) => "delete the policy (`aws application-autoscaling delete-scaling-policy`)",
        Mover::Policies(_) => "leave one of the policies (`aws application-autoscaling delete-scaling-policy`)",
        Mover::ScheduledAction(_) => "delete the scheduled action (`aws application-autoscaling delete-scheduled-action`)",
        Mover::Suspension => "resume scaling (`aws application-autoscaling register-scalable-target --suspended-state ...`)",
    }
}
