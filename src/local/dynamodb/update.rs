//! UpdateTable: checked as AWS checks it, split between the engine and the notes, done whole or not at all; what takes AWS its time
//! is hidden by a [`Pending`] until the clock has reached it.

use super::change::{Asked, Change};
use super::notes::TableNotes;
use super::transition::{self, What};
use super::{Region, admission, describe, engine, extras, projection, rules, stale, table};
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
    rules::one_concern(&request)?;
    extras::only(&request, KNOWN, "UpdateTable")?;
    extras::names(&request)?;
    empty_maximum(&request)?;
    if nothing_asked(&request) || is_unknown(region, &name)? {
        // The engine has AWS's words for an empty request, and for what is wrong with one before the table is looked for.
        return engine::tree(&region.db().update_table(engine::typed(Value::Object(request))?)?);
    }
    admission::exists_whole(region, &name)?;
    let before = table::shown(region, &name)?;
    if is_swallowed(region, &name, &request) {
        return Ok(json!({ "TableDescription": before }));
    }
    admission::update(region, &name, &region.table(&name), &request)?;
    admission::one_more(region)?;
    let engine_before = table::engine_description(region, &name)?;
    let asked = Asked { region, table: &name, shown: &before, engine: &engine_before };
    projection::of_changed(&before, &request)?;
    let change = Change::of(&asked, &mut request)?;
    region.writable()?;
    let told = if nothing_asked(&request) {
        table::engine_description(region, &name)?
    } else {
        region.db().update_table(engine::typed(Value::Object(request))?)?.table_description
    };
    // The engine's answer to a change echoes old values, as AWS's does: what holds from now on is asked for.
    let (says_updating, notes) = (change.says_updating, change.done(&table::engine_description(region, &name)?));
    commit(region, &name, notes, before)?;
    let mut told = describe::complete(region, &name, engine::tree(&told)?)?;
    if says_updating {
        told["TableStatus"] = "UPDATING".into();
    }
    Ok(json!({ "TableDescription": told }))
}

/// AWS answers an empty `OnDemandThroughput` with an internal failure, every time (one lab, and the engine's authors).
fn empty_maximum(request: &Map<String, Value>) -> Result<(), Fault> {
    match request.get("OnDemandThroughput").and_then(Value::as_object) {
        Some(most) if most.values().all(Value::is_null) => Err(Fault::new("InternalFailure", "").with_status(500)),
        _ => Ok(()),
    }
}

/// Whether nothing is left for the engine to change.
fn nothing_asked(request: &Map<String, Value>) -> bool {
    request.iter().all(|(name, value)| match name.as_str() {
        "TableName" | "AttributeDefinitions" => true,
        _ => value.is_null() || value.as_array().is_some_and(Vec::is_empty),
    })
}

/// Whether there is no such table, nor was one until a moment ago.
fn is_unknown(region: &Region, name: &str) -> Result<bool, Fault> {
    Ok(region.deleting(name).is_none() && region.db().get_table_metadata(name)?.is_none())
}

/// Going back on demand while the switch to provisioned is under way is answered with 200 and forgotten (one lab).
fn is_swallowed(region: &Region, name: &str, request: &Map<String, Value>) -> bool {
    let now = region.time().now_ms();
    let leaving = |p: &transition::Pending| p.is_live(now) && matches!(p.what, What::Billing { to_on_demand: false });
    let asks_back = request.get("BillingMode").and_then(Value::as_str) == Some("PAY_PER_REQUEST");
    let alone = request.iter().all(|(name, value)| ["TableName", "BillingMode"].contains(&name.as_str()) || value.is_null());
    asks_back && alone && region.table(name).pending.iter().any(leaving)
}

fn commit(region: &Region, name: &str, mut notes: TableNotes, before: Value) -> Result<(), Fault> {
    let dropped: Vec<String> = region.table(name).indexes.into_keys().filter(|i| !notes.indexes.contains_key(i)).collect();
    stale::keep(region, &mut notes, "table", Some(before), region.time().lag);
    region.change_table(name, |of| {
        *of = notes.clone();
        Ok(())
    })?;
    table::measured(region, name, &notes);
    for index in &dropped {
        region.metrics().dropped(region.name(), name, index);
    }
    Ok(())
}

/// Whether the engine has the table on demand.
pub(super) fn is_on_demand(told: &TableDescription) -> bool {
    told.billing_mode_summary.as_ref().is_some_and(|b| b.billing_mode == "PAY_PER_REQUEST")
}
