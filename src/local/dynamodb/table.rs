//! CreateTable, DescribeTable, DeleteTable, ListTables.

use super::notes::{Counted, Policy, TableNotes};
use super::{Region, arn, describe as description, engine, extras};
use crate::local::fault::Fault;
use crate::local::moment;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const KNOWN: &[&str] = &[
    "TableName",
    "KeySchema",
    "AttributeDefinitions",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "VectorIndexes",
    "BillingMode",
    "ProvisionedThroughput",
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "Tags",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
    "ResourcePolicy",
];

/// CreateTable.
pub(super) fn create(region: &Region, request: Value) -> Result<Value, Fault> {
    let created = make(region, extras::object(request)?)?;
    Ok(json!({ "TableDescription": created }))
}

/// Makes the table and its notes; its description.
pub(crate) fn make(region: &Region, mut request: Map<String, Value>) -> Result<Value, Fault> {
    extras::only(&request, KNOWN, "CreateTable")?;
    let notes = notes(region, &mut request)?;
    let created = region.db().create_table(engine::typed(Value::Object(request))?)?;
    let name = created.table_description.table_name.clone();
    region.change(|all| {
        all.tables.insert(name.clone(), notes.clone());
        Ok(())
    })?;
    region.metrics().provisioned(region.name(), &name, None, notes.provisioned);
    for (index, own) in &notes.indexes {
        region.metrics().provisioned(region.name(), &name, Some(index), own.provisioned);
    }
    description::complete(region, &name, engine::tree(&created.table_description)?)
}

/// What the request says that the engine does not keep.
fn notes(region: &Region, request: &mut Map<String, Value>) -> Result<TableNotes, Fault> {
    let encryption = extras::encryption(extras::take(request, "SSESpecification"), region.name(), region.account())?;
    let whole = Value::Object(request.clone());
    let mut indexes = BTreeMap::new();
    for definition in request.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut).into_iter().flatten() {
        let own = extras::index(definition)?;
        if let Some(name) = definition.get("IndexName").and_then(Value::as_str) {
            indexes.insert(name.to_owned(), own);
        }
    }
    request.remove("WarmThroughput");
    Ok(TableNotes {
        provisioned: extras::provisioned(&whole)?,
        indexes,
        warm: extras::warm(&whole)?,
        kms: encryption.flatten(),
        policies: policies(region, request)?,
        counted: Counted { at: moment::seconds(), ..Counted::default() },
        ..TableNotes::default()
    })
}

fn policies(region: &Region, request: &mut Map<String, Value>) -> Result<BTreeMap<String, Policy>, Fault> {
    let Some(Value::String(text)) = extras::take(request, "ResourcePolicy") else { return Ok(BTreeMap::new()) };
    let name = request.get("TableName").and_then(Value::as_str).unwrap_or_default();
    Ok(BTreeMap::from([(arn::of_table(region, name), super::policy::checked(text)?)]))
}

/// DescribeTable.
pub(super) fn describe(region: &Region, mut request: Value) -> Result<Value, Fault> {
    name(region, &mut request)?;
    let found = region.db().describe_table(engine::typed(request)?)?;
    let table = found.table.table_name.clone();
    Ok(json!({ "Table": description::complete(region, &table, engine::tree(&found.table)?)? }))
}

/// DeleteTable.
pub(super) fn delete(region: &Region, mut request: Value) -> Result<Value, Fault> {
    let table = name(region, &mut request)?;
    region.settled(&table)?;
    let gone = region.db().delete_table(engine::typed(request)?)?;
    let told = description::complete(region, &table, engine::tree(&gone.table_description)?)?;
    forget(region, &table)?;
    Ok(json!({ "TableDescription": told }))
}

/// Drops a table that an import leaves behind, and all that is known of it.
pub(crate) fn drop_whole(region: &Region, table: &str) -> Result<(), Fault> {
    region.db().delete_table(engine::typed(json!({ "TableName": table }))?)?;
    forget(region, table)
}

/// Drops the notes of a table that is gone; its metrics end.
fn forget(region: &Region, table: &str) -> Result<(), Fault> {
    let notes = region.change(|all| Ok(all.tables.remove(table)))?;
    region.metrics().provisioned(region.name(), table, None, None);
    for index in notes.iter().flat_map(|n| n.indexes.keys()) {
        region.metrics().provisioned(region.name(), table, Some(index), None);
    }
    Ok(())
}

/// ListTables.
pub(super) fn list(region: &Region, body: &[u8]) -> Result<Value, Fault> {
    engine::tree(&region.db().list_tables(engine::read(body)?)?)
}

/// The request's table, with an ARN turned into its name.
pub(super) fn name(region: &Region, request: &mut Value) -> Result<String, Fault> {
    match request.get_mut("TableName") {
        Some(Value::String(text)) => {
            *text = arn::table(region, text)?;
            Ok(text.clone())
        }
        // The engine has AWS's words for a missing name.
        _ => Ok(String::new()),
    }
}

/// The table's description as the engine has it, or AWS's refusal.
pub(super) fn engine_description(region: &Region, table: &str) -> Result<dynoxide::actions::TableDescription, Fault> {
    Ok(region.db().describe_table(engine::typed(json!({ "TableName": table }))?)?.table)
}

/// Refuses a table that is not there, in `code`.
pub(super) fn exists(region: &Region, table: &str, code: &str) -> Result<(), Fault> {
    let found = region.db().get_table_metadata(table)?;
    found.map(|_| ()).ok_or_else(|| Fault::new(code, format!("Table not found: {}", crate::safe::text(table))))
}
