//! Completes the engine's table description with what only the notes know.
//!
//! Rule: `ItemCount` and `TableSizeBytes` are those of the last six-hourly refresh, as in AWS: a live figure here would
//! make a tool look right that counts with them.

use super::notes::{Capacity, Counted, IndexNotes, TableNotes};
use super::{Region, arn, warm};
use crate::local::fault::Fault;
use crate::local::moment;
use serde_json::{Value, json};

/// Amazon DynamoDB API reference, `TableDescription`: "DynamoDB updates this value approximately every six hours."
const REFRESH: i64 = 6 * 60 * 60;

/// The description as AWS gives it.
pub(super) fn complete(region: &Region, table: &str, mut told: Value) -> Result<Value, Fault> {
    let notes = refreshed(region, table, &told)?;
    arn::outward_all(region, &mut told);
    let on_demand = told.pointer("/BillingModeSummary/BillingMode").and_then(Value::as_str) == Some("PAY_PER_REQUEST");
    told["ItemCount"] = notes.counted.items.into();
    told["TableSizeBytes"] = notes.counted.bytes.into();
    told["WarmThroughput"] = warm::shown(notes.warm, table_capacity(&told), on_demand);
    if let Some(key) = &notes.kms {
        told["SSEDescription"] = json!({ "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key });
    }
    if region.is_importing(table) {
        told["TableStatus"] = "CREATING".into();
    }
    let status = told["TableStatus"].clone();
    each(&mut told, "GlobalSecondaryIndexes", |index, name| {
        complete_index(index, notes.indexes.get(name), on_demand);
        if status == "CREATING" {
            index["IndexStatus"] = "CREATING".into();
        }
        recount(index, &notes.counted, name);
    });
    each(&mut told, "LocalSecondaryIndexes", |index, name| recount(index, &notes.counted, name));
    Ok(told)
}

/// The notes, counted anew when the last count is six hours old.
fn refreshed(region: &Region, table: &str, told: &Value) -> Result<TableNotes, Fault> {
    let notes = region.table(table);
    let now = moment::seconds();
    if notes.counted.at == 0 || now - notes.counted.at < REFRESH {
        return Ok(notes);
    }
    let counted = live(told, now);
    region.change(|all| {
        let notes = all.tables.entry(table.to_owned()).or_default();
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

fn complete_index(index: &mut Value, notes: Option<&IndexNotes>, on_demand: bool) {
    let notes = notes.cloned().unwrap_or_default();
    let capacity = notes.provisioned.filter(|_| !on_demand).unwrap_or(Capacity { read: 0, write: 0 });
    let today = moment::seconds() / 86_400;
    let decreases = if notes.decreased.map(|at| at / 86_400) == Some(today) { notes.decreases } else { 0 };
    let mut throughput = json!({
        "ReadCapacityUnits": capacity.read, "WriteCapacityUnits": capacity.write, "NumberOfDecreasesToday": decreases,
    });
    for (name, at) in [("LastIncreaseDateTime", notes.increased), ("LastDecreaseDateTime", notes.decreased)] {
        if let Some(at) = at {
            throughput[name] = at.into();
        }
    }
    index["ProvisionedThroughput"] = throughput;
    if let (true, Some(most)) = (on_demand, notes.on_demand) {
        index["OnDemandThroughput"] = json!({ "MaxReadRequestUnits": most.read, "MaxWriteRequestUnits": most.write });
    }
    index["WarmThroughput"] = warm::shown(notes.warm, Some(capacity), on_demand);
}

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
