//! Phases: overlays on the throughput and class of tables and indexes. Every phase of the file is checked, the chosen one is applied.

use super::{capacity, limits, table};
use crate::resource::{Capacity, Index, Limits, Maximum, Scaling, Table};
use crate::stack::finding::Findings;
use crate::stack::model::TableSpec;
use crate::stack::nearest::hint;
use crate::stack::syntax::File;
use crate::stack::syntax::setting::{Phase, PhaseIndex, PhaseTable};
use crate::stack::syntax::span::At;
use crate::stack::syntax::throughput::{Maximum as MaximumSyntax, Warm};
use std::collections::BTreeMap;
use std::ops::Range;

/// Checks every phase against `tables`, and lays the one called `chosen` over them.
pub(super) fn apply(file: &File, chosen: Option<&str>, tables: &mut BTreeMap<String, TableSpec>, found: &mut Findings<'_>) {
    for (name, phase) in &file.phase {
        let mut changed = tables.clone();
        overlay(phase, file, &mut changed, found);
        if chosen == Some(name.value.as_str()) {
            *tables = changed;
        }
    }
    if let Some(chosen) = chosen.filter(|c| !file.phase.contains_key(*c)) {
        let names = file.phase.keys().map(|k| k.value.as_str());
        let help = hint(chosen, "its phases", names)
            .unwrap_or_else(|| "this stack has no phase: write [phase.NAME], or leave --phase out".to_owned());
        let place = file.phase.keys().next().map_or(0..0, |k| k.span.clone());
        found.error_with(&place, format!("the stack has no phase `{chosen}`"), help);
    }
}

fn overlay(phase: &Phase, file: &File, tables: &mut BTreeMap<String, TableSpec>, found: &mut Findings<'_>) {
    for (name, change) in &phase.table {
        if !file.table.contains_key(name) {
            let help = hint(&name.value, "tables of this stack", file.table.keys().map(|k| k.value.as_str()));
            found.error_maybe(&name.span, format!("this stack has no table `{}`", name.value), help);
        } else if let Some(spec) = tables.get_mut(&name.value) {
            of_table(name, change, &mut spec.table, found);
        }
    }
}

fn of_table(name: &At<String>, change: &PhaseTable, table: &mut Table, found: &mut Findings<'_>) {
    if !changes(change) {
        found.error(&name.span, format!("this phase changes nothing of table `{}`", name.value));
    }
    for index in change.index.keys().filter(|i| !table.indexes.contains_key(&i.value)) {
        let help = hint(&index.value, "its indexes", table.indexes.keys().map(String::as_str));
        found.error_maybe(&index.span, format!("table `{}` has no index `{}`", name.value, index.value), help);
    }
    let before = table.capacity;
    if let Some(at) = change.capacity.as_ref() {
        let Some(written) = capacity::written(at, found) else { return };
        table.capacity = written.capacity;
        table.limits.scaling = written.scaling;
    }
    if let Some(class) = change.class {
        table.class = table::class(class);
    }
    let whose = format!("in this phase table `{}`", name.value);
    bounds(&whose, &name.span, change.maximum.as_ref(), change.warm.as_ref(), table.capacity, &mut table.limits, found);
    let after = table.capacity;
    for (index_name, index) in &mut table.indexes {
        if let Some((at, own)) = change.index.get_key_value(index_name.as_str()) {
            of_index(name, at, own, index, [before, after], found);
        } else {
            index.capacity = follow(name, index_name, index.capacity, before, after, found);
            settle(index.capacity, &mut index.limits);
        }
    }
}

fn changes(change: &PhaseTable) -> bool {
    change.capacity.is_some() || change.maximum.is_some() || change.warm.is_some() || change.class.is_some() || !change.index.is_empty()
}

fn of_index(
    table: &At<String>,
    at: &At<String>,
    change: &PhaseIndex,
    index: &mut Index,
    table_was_is: [Capacity; 2],
    found: &mut Findings<'_>,
) {
    let [before, after] = table_was_is;
    if change.capacity.is_none() && change.maximum.is_none() && change.warm.is_none() {
        found.error(&at.span, format!("this phase changes nothing of index `{}`", at.value));
    }
    match change.capacity.as_ref() {
        None => index.capacity = follow(table, &at.value, index.capacity, before, after, found),
        own => {
            if let Some(written) = capacity::of_index(&at.value, &at.span, own, after, found) {
                index.capacity = written.capacity;
                index.limits.scaling = written.scaling;
            }
        }
    }
    let whose = format!("in this phase index `{}`", at.value);
    bounds(&whose, &at.span, change.maximum.as_ref(), change.warm.as_ref(), index.capacity, &mut index.limits, found);
}

/// The phase's maximum and floor over the stack's own, and what is left of those under the phase's capacity.
fn bounds(
    whose: &str,
    place: &Range<usize>,
    maximum: Option<&At<MaximumSyntax>>,
    warm: Option<&At<Warm>>,
    capacity: Capacity,
    limits: &mut Limits,
    found: &mut Findings<'_>,
) {
    settle(capacity, limits);
    if maximum.is_some() {
        limits.maximum = limits::maximum(whose, maximum, Some(capacity), found);
    }
    if warm.is_some() {
        limits.warm = limits::warm(warm, found);
    }
    limits::warm_fits(whose, warm.map_or(place, |at| &at.span), limits.warm, Some(capacity), found);
}

/// Units end on-demand maximums, and on-demand ends auto scaling: AWS has each only with the other kind of capacity.
fn settle(capacity: Capacity, limits: &mut Limits) {
    match capacity {
        Capacity::OnDemand => limits.scaling = Scaling::default(),
        Capacity::Provisioned(_) => limits.maximum = Maximum::default(),
    }
}

/// An index that the phase does not name: it keeps its units, loses them with the table's, and cannot invent them.
fn follow(table: &At<String>, index: &str, own: Capacity, before: Capacity, after: Capacity, found: &mut Findings<'_>) -> Capacity {
    match (before, after) {
        (Capacity::OnDemand, Capacity::Provisioned(_)) => {
            let message = format!("in this phase table `{}` has units, so its index `{index}` needs its own", table.value);
            found.error_with(
                &table.span,
                message,
                format!("write table.{}.index.{index}.capacity = {{ read = …, write = … }}", table.value),
            );
            own
        }
        (_, Capacity::OnDemand) => Capacity::OnDemand,
        _ => own,
    }
}
