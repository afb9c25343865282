//! What a table and its global indexes may do per second: as the engine and the notes have it, or as it was before while that changes.

use super::before::{self, Terms};
use crate::local::dynamodb::notes::{Capacity, TableNotes};
use crate::local::dynamodb::{Region, quota};
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Read,
    Write,
}

/// What bounds one side of a table or an index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    Provisioned(f64),
    /// The maximum that was set for an on-demand one.
    Maximum(f64),
    /// On demand without a maximum: what the account lets one have.
    Account(f64),
}

/// Both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sides {
    pub(super) read: Limit,
    pub(super) write: Limit,
}

/// One table's bounds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limits {
    /// The partition key's attribute.
    pub(super) key: String,
    pub(super) on_demand: bool,
    pub(super) table: Sides,
    /// Global indexes.
    pub(super) indexes: BTreeMap<String, OfIndex>,
    /// What it can do at once: read and write units.
    pub(super) warm: (f64, f64),
}

/// One global index's bounds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OfIndex {
    /// The attributes that an item must have to be in it.
    pub(super) keys: Vec<String>,
    /// Those of them that say in which partition it is.
    pub(super) partition: Vec<String>,
    /// What is kept of an item beside the keys; `None`: all of it.
    pub(super) projected: Option<Vec<String>>,
    pub(super) sides: Sides,
    pub(super) warm: (f64, f64),
}

/// What a new on-demand table serves at once (Developer Guide, "On-demand capacity mode").
const ON_DEMAND: (f64, f64) = (12_000.0, 4_000.0);

impl Limits {
    /// The bounds that hold now; `None` for a table that is not there.
    pub(super) fn of(region: &Region, table: &str) -> Option<Self> {
        let told = region.db().get_table_metadata(table).ok()??;
        let (notes, now) = (region.table(table), region.time().now_ms());
        let after = || Terms { provisioned: notes.provisioned, maximum: maximum(&told) };
        let own = before::of_table(&notes.pending, now).unwrap_or_else(after);
        let definitions: Value = told.gsi_definitions.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let indexes = definitions.as_array().into_iter().flatten().filter_map(|definition| {
            let name = definition.get("IndexName")?.as_str()?;
            Some((name.to_owned(), of_index(definition, &notes, now, name)?))
        });
        let schema: Value = serde_json::from_str(&told.key_schema).ok()?;
        Some(Self {
            key: attributes(&schema).into_iter().next()?,
            on_demand: own.provisioned.is_none(),
            table: sides(own),
            indexes: indexes.collect(),
            warm: warm(own.provisioned, notes.warm),
        })
    }
}

fn of_index(definition: &Value, notes: &TableNotes, now: u64, name: &str) -> Option<OfIndex> {
    let own = notes.indexes.get(name).cloned().unwrap_or_default();
    let after = || Terms { provisioned: own.provisioned, maximum: own.on_demand };
    let terms = before::of_index(&notes.pending, now, name).unwrap_or_else(after);
    let schema = definition.get("KeySchema")?;
    Some(OfIndex {
        keys: attributes(schema),
        partition: hashed(schema),
        projected: projected(definition.get("Projection")?),
        sides: sides(terms),
        warm: warm(terms.provisioned, own.warm),
    })
}

/// The attributes of the partition key.
fn hashed(schema: &Value) -> Vec<String> {
    let parts = schema.as_array().into_iter().flatten().filter(|key| key["KeyType"] == "HASH");
    parts.filter_map(|key| key.get("AttributeName")?.as_str()).map(str::to_owned).collect()
}

fn projected(projection: &Value) -> Option<Vec<String>> {
    let named = projection.get("NonKeyAttributes").and_then(Value::as_array).into_iter().flatten();
    let named = named.filter_map(Value::as_str).map(str::to_owned).collect();
    (projection["ProjectionType"] != "ALL").then_some(named)
}

/// The table's on-demand maximums as the engine keeps them; a side of -1 has none.
pub(crate) fn maximum(told: &dynoxide::TableMetadata) -> Option<Capacity> {
    let kept: Value = serde_json::from_str(told.on_demand_throughput.as_deref()?).ok()?;
    let side = |name: &str| kept.get(name).and_then(Value::as_i64).unwrap_or(-1);
    Some(Capacity { read: side("MaxReadRequestUnits"), write: side("MaxWriteRequestUnits") })
}

/// The names of a key schema; the partition key's first, as the engine keeps them.
fn attributes(schema: &Value) -> Vec<String> {
    let names = schema.as_array().into_iter().flatten().filter_map(|k| k.get("AttributeName")?.as_str());
    names.map(str::to_owned).collect()
}

fn sides(terms: Terms) -> Sides {
    let side = |of: fn(Capacity) -> i64| match (terms.provisioned.map(of), terms.maximum.map(of)) {
        (Some(units), _) => Limit::Provisioned(units_of(units)),
        (None, Some(most)) if most > 0 => Limit::Maximum(units_of(most)),
        (None, _) => Limit::Account(units_of(quota::TABLE)),
    };
    Sides { read: side(|c| c.read), write: side(|c| c.write) }
}

fn warm(provisioned: Option<Capacity>, asked: Option<Capacity>) -> (f64, f64) {
    let base = provisioned.map_or(ON_DEMAND, |c| (units_of(c.read), units_of(c.write)));
    asked.map_or(base, |c| (base.0.max(units_of(c.read)), base.1.max(units_of(c.write))))
}

pub(crate) fn units_of(units: i64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "capacity units are far below 2^52")]
    let units = units as f64;
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_bounded_by_what_is_set_for_it() {
        let capacity = |read, write| Some(Capacity { read, write });
        let sides = |provisioned, maximum| sides(Terms { provisioned, maximum });
        assert_eq!(sides(capacity(5, 6), capacity(1, 1)), Sides { read: Limit::Provisioned(5.0), write: Limit::Provisioned(6.0) });
        assert_eq!(sides(None, capacity(-1, 7)), Sides { read: Limit::Account(40_000.0), write: Limit::Maximum(7.0) });
        assert_eq!(warm(None, capacity(1, 9_000)), (12_000.0, 9_000.0));
    }
}
