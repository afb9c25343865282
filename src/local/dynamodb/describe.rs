//! Completes the engine's table description with what only the notes know, and hides what is not done yet.
//!
//! Rule: `ItemCount` and `TableSizeBytes` are those of the last six-hourly refresh, as in AWS: a live figure here would
//! make a tool look right that counts with them.

use super::notes::{Capacity, Counted, IndexNotes, TableNotes, Throughput};
use super::{Region, arn, budget, transition, warm};
use crate::local::fault::Fault;
use crate::local::moment::seconds_of;
use serde_json::{Value, json};

/// Amazon DynamoDB API reference, `TableDescription`: "DynamoDB updates this value approximately every six hours."
const REFRESH: i64 = 6 * 60 * 60;

/// The description as AWS gives it.
pub(super) fn complete(region: &Region, table: &str, mut told: Value) -> Result<Value, Fault> {
    let notes = refreshed(region, table, &told)?;
    let now = region.time().now_ms();
    arn::outward_all(region, &mut told);
    settle(&mut told, &notes, now);
    if let Some(Value::Object(planted)) = region.planted(table) {
        planted.iter().for_each(|(name, value)| told[name] = value.clone());
    }
    transition::show(&mut told, &notes.pending, now);
    Ok(told)
}

/// The description of the table once nothing changes any more.
fn settle(told: &mut Value, notes: &TableNotes, now: u64) {
    let on_demand = told.pointer("/BillingModeSummary/BillingMode").and_then(Value::as_str) == Some("PAY_PER_REQUEST");
    told["ItemCount"] = notes.counted.items.into();
    told["TableSizeBytes"] = notes.counted.bytes.into();
    if notes.created > 0 {
        // The engine has the machine's time, in whole seconds.
        told["CreationDateTime"] = seconds_of(notes.created).into();
    }
    let capacity = table_capacity(told).unwrap_or(Capacity { read: 0, write: 0 });
    told["ProvisionedThroughput"] = throughput(capacity, &notes.throughput, now);
    told["WarmThroughput"] = warm::shown(notes.warm, Some(capacity), on_demand);
    summaries(told, notes, on_demand);
    maximum(told, on_demand);
    if let Some((arn, label)) = &notes.stream {
        told["LatestStreamArn"] = arn.clone().into();
        told["LatestStreamLabel"] = label.clone().into();
    }
    each(told, "GlobalSecondaryIndexes", |index, name| {
        complete_index(index, notes.indexes.get(name), on_demand, now);
        recount(index, &notes.counted, name);
    });
    each(told, "LocalSecondaryIndexes", |index, name| recount(index, &notes.counted, name));
}

/// What is told only of what was ever chosen: a table that was never on demand has no billing mode, one without a key no encryption.
fn summaries(told: &mut Value, notes: &TableNotes, on_demand: bool) {
    match notes.on_demand_since {
        Some(since) => {
            let mode = if on_demand { "PAY_PER_REQUEST" } else { "PROVISIONED" };
            told["BillingModeSummary"] = json!({ "BillingMode": mode, "LastUpdateToPayPerRequestDateTime": seconds_of(since) });
        }
        None => remove(told, "BillingModeSummary"),
    }
    match &notes.kms {
        Some(key) => told["SSEDescription"] = json!({ "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key }),
        None => remove(told, "SSEDescription"),
    }
    if let (Some(at), Some(Value::Object(class))) = (notes.classes.last(), told.get_mut("TableClassSummary")) {
        class.insert("LastUpdateDateTime".into(), seconds_of(*at).into());
    }
}

/// On-demand maximums: a side without one (-1) is not told, and a provisioned table has none.
fn maximum(told: &mut Value, on_demand: bool) {
    if let Some(Value::Object(most)) = told.get_mut("OnDemandThroughput") {
        most.retain(|_, side| side.as_i64().is_some_and(|units| units > 0));
    }
    let empty = told.get("OnDemandThroughput").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty);
    if empty || !on_demand {
        remove(told, "OnDemandThroughput");
    }
}

fn remove(told: &mut Value, name: &str) {
    if let Some(members) = told.as_object_mut() {
        members.remove(name);
    }
}

/// The notes, counted anew when the last count is six hours old.
fn refreshed(region: &Region, table: &str, told: &Value) -> Result<TableNotes, Fault> {
    let notes = region.table(table);
    let now = region.time().seconds();
    if now - notes.counted.at < REFRESH {
        return Ok(notes);
    }
    let counted = live(told, now);
    region.change_table(table, |notes| {
        notes.counted = counted;
        Ok(notes.clone())
    })
}

/// The engine's own, live figures.
fn live(told: &Value, at: i64) -> Counted {
    let figure = |of: &Value, name: &str| of.get(name).and_then(Value::as_i64).unwrap_or(0);
    let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].into_iter().filter_map(|kind| told.get(kind)?.as_array()).flatten();
    let indexes =
        indexes.filter_map(|i| Some((i.get("IndexName")?.as_str()?.to_owned(), (figure(i, "ItemCount"), figure(i, "IndexSizeBytes")))));
    Counted { at, items: figure(told, "ItemCount"), bytes: figure(told, "TableSizeBytes"), indexes: indexes.collect() }
}

fn recount(index: &mut Value, counted: &Counted, name: &str) {
    let (items, bytes) = counted.indexes.get(name).copied().unwrap_or_default();
    index["ItemCount"] = items.into();
    index["IndexSizeBytes"] = bytes.into();
}

fn complete_index(index: &mut Value, notes: Option<&IndexNotes>, on_demand: bool, now: u64) {
    let notes = notes.cloned().unwrap_or_default();
    let capacity = notes.provisioned.unwrap_or(Capacity { read: 0, write: 0 });
    index["ProvisionedThroughput"] = throughput(capacity, &notes.throughput, now);
    if let Some(most) = notes.on_demand {
        index["OnDemandThroughput"] = json!({ "MaxReadRequestUnits": most.read, "MaxWriteRequestUnits": most.write });
    }
    maximum(index, on_demand);
    index["WarmThroughput"] = warm::shown(notes.warm, Some(capacity), on_demand);
}

/// `ProvisionedThroughputDescription`.
fn throughput(capacity: Capacity, changes: &Throughput, now: u64) -> Value {
    let mut told = json!({
        "ReadCapacityUnits": capacity.read,
        "WriteCapacityUnits": capacity.write,
        "NumberOfDecreasesToday": budget::decreases_today(changes, now),
    });
    for (name, at) in [("LastIncreaseDateTime", changes.increased), ("LastDecreaseDateTime", changes.decreased)] {
        if let Some(at) = at {
            told[name] = seconds_of(at).into();
        }
    }
    told
}

/// The capacity in a description.
fn table_capacity(told: &Value) -> Option<Capacity> {
    let side = |name: &str| told.get("ProvisionedThroughput")?.get(name)?.as_i64();
    Some(Capacity { read: side("ReadCapacityUnits")?, write: side("WriteCapacityUnits")? })
}

fn each(told: &mut Value, kind: &str, mut act: impl FnMut(&mut Value, &str)) {
    for index in told.get_mut(kind).and_then(Value::as_array_mut).into_iter().flatten() {
        let name = index.get("IndexName").and_then(Value::as_str).unwrap_or_default().to_owned();
        act(index, &name);
    }
}
