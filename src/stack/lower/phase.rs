//! Phases: overlays on the capacity of tables and indexes. Every phase of the file is checked, the chosen one is applied.

use super::capacity;
use crate::resource::{Capacity, Table};
use crate::stack::finding::Findings;
use crate::stack::model::TableSpec;
use crate::stack::nearest::hint;
use crate::stack::syntax::File;
use crate::stack::syntax::setting::{Phase, PhaseTable};
use crate::stack::syntax::span::At;
use std::collections::BTreeMap;

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
            table(name, change, &mut spec.table, found);
        }
    }
}

fn table(name: &At<String>, change: &PhaseTable, table: &mut Table, found: &mut Findings<'_>) {
    if change.capacity.is_none() && change.index.is_empty() {
        found.error(&name.span, format!("this phase changes nothing of table `{}`", name.value));
    }
    for index in change.index.keys().filter(|i| !table.indexes.contains_key(&i.value)) {
        let help = hint(&index.value, "its indexes", table.indexes.keys().map(String::as_str));
        found.error_maybe(&index.span, format!("table `{}` has no index `{}`", name.value, index.value), help);
    }
    let before = table.capacity;
    if let Some(written) = change.capacity.as_ref() {
        let Some(capacity) = capacity::written(written, found) else { return };
        table.capacity = capacity;
    }
    for (index_name, index) in &mut table.indexes {
        let own = change.index.get_key_value(index_name.as_str());
        index.capacity = match own.and_then(|(at, c)| Some((at, c.capacity.as_ref()?))) {
            Some((at, own)) => capacity::of_index(index_name, &at.span, Some(own), table.capacity, found).unwrap_or(index.capacity),
            None => follow(name, index_name, index.capacity, before, table.capacity, found),
        };
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
