//! UpdateTable: checked as AWS checks it, split between the engine and the notes, done whole or not at all.

use super::notes::{Capacity, TableNotes};
use super::{Region, describe, engine, extras, index, table, warm};
use crate::local::fault::Fault;
use dynoxide::actions::TableDescription;
use serde_json::{Map, Value, json};

const KNOWN: &[&str] = &[
    "TableName",
    "AttributeDefinitions",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexUpdates",
    "VectorIndexUpdates",
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
];

/// UpdateTable.
pub(super) fn update(region: &Region, mut request: Value) -> Result<Value, Fault> {
    let name = table::name(region, &mut request)?;
    let mut request = extras::object(request)?;
    extras::only(&request, KNOWN, "UpdateTable")?;
    if name.is_empty() || nothing_asked(&request) {
        // The engine has AWS's words for an empty request.
        return engine::tree(&region.db().update_table(engine::typed(Value::Object(request))?)?);
    }
    region.settled(&name)?;
    let before = table::engine_description(region, &name)?;
    stream_changes(&request, &before, &name)?;
    let notes = noted(region, &name, &mut request, &before)?;
    let told = if nothing_asked(&request) {
        table::engine_description(region, &name)?
    } else {
        region.db().update_table(engine::typed(Value::Object(request))?)?.table_description
    };
    commit(region, &name, notes, &told)?;
    Ok(json!({ "TableDescription": describe::complete(region, &name, engine::tree(&told)?)? }))
}

/// Whether nothing is left for the engine to change.
fn nothing_asked(request: &Map<String, Value>) -> bool {
    request.iter().all(|(name, value)| match name.as_str() {
        "TableName" | "AttributeDefinitions" => true,
        _ => value.is_null() || value.as_array().is_some_and(Vec::is_empty),
    })
}

/// The table's notes after this request, with what they now hold taken out of it.
fn noted(region: &Region, name: &str, request: &mut Map<String, Value>, before: &TableDescription) -> Result<TableNotes, Fault> {
    let mut notes = region.table(name);
    let was_on_demand = is_on_demand(before);
    let on_demand = request.get("BillingMode").and_then(Value::as_str).map_or(was_on_demand, |mode| mode == "PAY_PER_REQUEST");
    let whole = Value::Object(request.clone());
    if let Some(key) = extras::encryption(extras::take(request, "SSESpecification"), region.name(), region.account())? {
        notes.kms = key;
    }
    if let Some(asked) = extras::warm(&whole)? {
        request.remove("WarmThroughput");
        notes.warm = Some(warm::raise(warm::current(notes.warm, capacity(before), was_on_demand), asked, "table")?);
    }
    if let Some(Value::Array(updates)) = request.get_mut("GlobalSecondaryIndexUpdates") {
        index::one_at_a_time(updates)?;
        index::apply(updates, &mut notes, on_demand, was_on_demand && !on_demand)?;
    }
    if was_on_demand != on_demand {
        switched(&mut notes, on_demand)?;
    }
    Ok(notes)
}

/// Leaving on-demand, every index needs its capacity in the same call; entering it, none keeps any.
fn switched(notes: &mut TableNotes, on_demand: bool) -> Result<(), Fault> {
    for (name, own) in &mut notes.indexes {
        if on_demand {
            own.provisioned = None;
        } else if own.provisioned.is_none() {
            return Err(Fault::invalid(format!(
                "One or more parameter values were invalid: ProvisionedThroughput must be specified for index: {name}"
            )));
        } else {
            own.on_demand = None;
        }
    }
    Ok(())
}

/// The engine takes a stream that is switched on twice; AWS does not.
fn stream_changes(request: &Map<String, Value>, before: &TableDescription, name: &str) -> Result<(), Fault> {
    let asked = request.get("StreamSpecification").and_then(|s| s.get("StreamEnabled")).and_then(Value::as_bool);
    let on = before.stream_specification.as_ref().is_some_and(|s| s.stream_enabled);
    match asked {
        Some(true) if on => Err(Fault::invalid(format!("Table already has an enabled stream: TableName: {name}"))),
        Some(false) if !on => Err(Fault::invalid(format!("Table does not have an enabled stream: TableName: {name}"))),
        _ => Ok(()),
    }
}

fn commit(region: &Region, name: &str, mut notes: TableNotes, told: &TableDescription) -> Result<(), Fault> {
    notes.provisioned = capacity(told).filter(|_| !is_on_demand(told));
    let dropped: Vec<String> = region.table(name).indexes.into_keys().filter(|i| !notes.indexes.contains_key(i)).collect();
    region.change(|all| {
        all.tables.insert(name.to_owned(), notes.clone());
        Ok(())
    })?;
    let metrics = region.metrics();
    metrics.provisioned(region.name(), name, None, notes.provisioned);
    for (index, own) in &notes.indexes {
        metrics.provisioned(region.name(), name, Some(index), own.provisioned);
    }
    for index in dropped {
        metrics.provisioned(region.name(), name, Some(&index), None);
    }
    Ok(())
}

fn is_on_demand(told: &TableDescription) -> bool {
    told.billing_mode_summary.as_ref().is_some_and(|b| b.billing_mode == "PAY_PER_REQUEST")
}

fn capacity(told: &TableDescription) -> Option<Capacity> {
    let throughput = told.provisioned_throughput.as_ref()?;
    let side = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
    Some(Capacity { read: side(throughput.read_capacity_units), write: side(throughput.write_capacity_units) })
}
