//! CreateTable, DescribeTable, DeleteTable, ListTables.

use super::notes::{Counted, Deleting, Policy, TableNotes};
use super::transition::{self, Pending, What};
use super::{Region, admission, arn, describe as description, durations, engine, extras, projection, quota, stale, tags, warm};
use crate::local::fault::Fault;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
    let created = make(region, extras::object(request)?, None)?;
    Ok(json!({ "TableDescription": created }))
}

/// Makes the table and its notes; its description. `hidden`: it is an import's, not to be seen before that moment (epoch
/// milliseconds), and CREATING until the import says otherwise.
pub(crate) fn make(region: &Region, mut request: Map<String, Value>, hidden: Option<u64>) -> Result<Value, Fault> {
    extras::only(&request, KNOWN, "CreateTable")?;
    extras::names(&request)?;
    tags::allowed(&tags::pairs(request.get("Tags").unwrap_or(&Value::Null)))?;
    if ["BillingMode", "ProvisionedThroughput"].iter().all(|name| request.get(*name).is_none_or(Value::is_null)) {
        // The default that AWS gives; the engine would make a table on demand.
        request.insert("BillingMode".into(), "PROVISIONED".into());
    }
    let with_indexes = request.get("GlobalSecondaryIndexes").is_some_and(|v| !v.is_null());
    if let Some(name) = request.get("TableName").and_then(Value::as_str) {
        admission::create(region, name, with_indexes)?;
    }
    let mut notes = notes(region, &mut request)?;
    quota::of_new(region, &notes)?;
    projection::of_new(&request)?;
    region.writable()?;
    let created = region.db().create_table(engine::typed(Value::Object(request))?)?.table_description;
    let name = created.table_name.clone();
    let took = if with_indexes { durations::CREATE_WITH_INDEXES } else { durations::CREATE };
    let until = if hidden.is_some() { u64::MAX } else { region.time().after(took.draw(&name)) };
    (notes.created, notes.active_at) = (region.time().now_ms(), until);
    notes.pending.push(Pending { what: What::Creating { hidden: hidden.unwrap_or(0) }, until, was: Map::new() });
    if created.billing_mode_summary.as_ref().is_some_and(|b| b.billing_mode == "PAY_PER_REQUEST") {
        notes.on_demand_since = Some(region.time().now_ms());
    }
    stale::keep(region, &mut notes, "table", None, region.time().lag);
    region.change_table(&name, |of| {
        *of = notes.clone();
        Ok(())
    })?;
    measured(region, &name, &notes);
    description::complete(region, &name, engine::tree(&created)?)
}

/// Tells the metrics what the table and its indexes have, and what is being filled.
pub(super) fn measured(region: &Region, name: &str, notes: &TableNotes) {
    let metrics = region.metrics();
    let most = region.db().get_table_metadata(name).ok().flatten().and_then(|told| super::throttle::maximum(&told));
    metrics.provisioned(region.name(), name, None, notes.provisioned);
    metrics.maximum(region.name(), name, None, most);
    for (index, own) in &notes.indexes {
        metrics.provisioned(region.name(), name, Some(index), own.provisioned);
        metrics.maximum(region.name(), name, Some(index), own.on_demand);
    }
    for pending in &notes.pending {
        if let What::IndexCreating { index, allocated } = &pending.what {
            metrics.filling(region.name(), name, index, *allocated, pending.until);
        }
    }
}

/// The import of `table` is through: it is ACTIVE from `at` on.
pub(crate) fn imported(region: &Region, table: &str, at: u64) -> Result<(), Fault> {
    region.change_table(table, |notes| {
        notes.active_at = at;
        // Nothing else is taken by a table that is being created.
        notes.pending.iter_mut().for_each(|p| p.until = at);
        Ok(())
    })
}

/// What the request says that the engine does not keep.
fn notes(region: &Region, request: &mut Map<String, Value>) -> Result<TableNotes, Fault> {
    let encryption = extras::encryption(extras::take(request, "SSESpecification"), region)?;
    let whole = Value::Object(request.clone());
    let on_demand = request.get("BillingMode").and_then(Value::as_str) == Some("PAY_PER_REQUEST");
    let mut indexes = BTreeMap::new();
    for definition in request.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut).into_iter().flatten() {
        let own = extras::index(definition)?;
        let name = definition.get("IndexName").and_then(Value::as_str).unwrap_or_default();
        super::index::maximum_fits(own.on_demand, name, on_demand)?;
        warm::born(own.warm, own.provisioned, &format!("index {name}"))?;
        if !name.is_empty() {
            indexes.insert(name.to_owned(), own);
        }
    }
    request.remove("WarmThroughput");
    if request.get("TableClass").and_then(Value::as_str) == Some("STANDARD") {
        // What nobody ever changed is not told.
        request.remove("TableClass");
    }
    let (provisioned, warm) = (extras::provisioned(&whole)?, extras::warm(&whole)?);
    warm::born(warm, provisioned, "table")?;
    Ok(TableNotes {
        provisioned,
        indexes,
        warm,
        kms: encryption.and_then(|asked| asked.key),
        policies: policies(region, request)?,
        counted: Counted { at: region.time().seconds(), ..Counted::default() },
        ..TableNotes::default()
    })
}

fn policies(region: &Region, request: &mut Map<String, Value>) -> Result<BTreeMap<String, Policy>, Fault> {
    let Some(Value::String(text)) = extras::take(request, "ResourcePolicy") else { return Ok(BTreeMap::new()) };
    let name = request.get("TableName").and_then(Value::as_str).unwrap_or_default();
    Ok(BTreeMap::from([(arn::of_table(region, name), super::policy::checked(region, text)?)]))
}

/// DescribeTable.
pub(super) fn describe(region: &Region, mut request: Value) -> Result<Value, Fault> {
    let table = name(region, &mut request)?;
    if let Some(going) = region.deleting(&table) {
        return Ok(json!({ "Table": going.told }));
    }
    match stale::answer(region, &region.table(&table), "table") {
        Some(Some(told)) => return Ok(json!({ "Table": told })),
        Some(None) => return Err(admission::absent(&table)),
        None => {}
    }
    let found = region.db().describe_table(engine::typed(request)?)?.table;
    seen(region, &table)?;
    Ok(json!({ "Table": description::complete(region, &table, engine::tree(&found)?)? }))
}

/// Refuses a table that an import has not made visible yet.
fn seen(region: &Region, table: &str) -> Result<(), Fault> {
    let hidden = transition::is_hidden(&region.table(table).pending, region.time().now_ms());
    if hidden { Err(admission::absent(table)) } else { Ok(()) }
}

/// What DescribeTable shows now.
pub(super) fn shown(region: &Region, table: &str) -> Result<Value, Fault> {
    description::complete(region, table, engine::tree(&engine_description(region, table)?)?)
}

/// DeleteTable.
pub(super) fn delete(region: &Region, mut request: Value) -> Result<Value, Fault> {
    let table = name(region, &mut request)?;
    admission::delete(region, &table, &region.table(&table))?;
    admission::one_more(region)?;
    let mut told = if table.is_empty() { Value::Null } else { shown(region, &table)? };
    region.writable()?;
    region.db().delete_table(engine::typed(request)?)?;
    told["TableStatus"] = "DELETING".into();
    let until = region.time().after(durations::DELETE.draw(&table));
    forget(region, &table, Some(Deleting { until, told: told.clone() }))?;
    // As AWS answers it: without the indexes.
    let mut reply = told;
    if let Value::Object(members) = &mut reply {
        members.retain(|name, _| {
            !["GlobalSecondaryIndexes", "LocalSecondaryIndexes", "KeySchema", "AttributeDefinitions"].contains(&name.as_str())
        });
    }
    Ok(json!({ "TableDescription": reply }))
}

/// Drops a table that an import leaves behind, and all that is known of it; also where the engine has it no longer.
pub(crate) fn drop_whole(region: &Region, table: &str) -> Result<(), Fault> {
    match region.db().delete_table(engine::typed(json!({ "TableName": table }))?).map_err(Fault::from) {
        Err(fault) if fault.code != "ResourceNotFoundException" => Err(fault),
        _ => forget(region, table, None),
    }
}

/// Drops the notes of a table that is gone, or is seen `going` for a while, and what it owed; its metrics end.
fn forget(region: &Region, table: &str, going: Option<Deleting>) -> Result<(), Fault> {
    let now = region.time().now_ms();
    let notes = region.change(|all| {
        all.deleting.retain(|_, going| now < going.until);
        all.deleting.extend(going.map(|going| (table.to_owned(), going)));
        Ok(all.tables.remove(table))
    })?;
    region.history().forget(table);
    region.throttle().forget(table);
    region.metrics().provisioned(region.name(), table, None, None);
    region.metrics().maximum(region.name(), table, None, None);
    notes.iter().flat_map(|n| n.indexes.keys()).for_each(|index| region.metrics().dropped(region.name(), table, index));
    Ok(())
}

/// ListTables: those that are going too, those that an import hides not.
pub(super) fn list(region: &Region, body: &[u8]) -> Result<Value, Fault> {
    let mut request: Value = engine::read(body)?;
    // The engine has AWS's words for what is wrong with the request.
    let _checked: Value = engine::tree(&region.db().list_tables(engine::read(body)?)?)?;
    let limit = request.get("Limit").and_then(Value::as_u64).map_or(100, |l| usize::try_from(l).unwrap_or(100));
    let after = request.get_mut("ExclusiveStartTableName").and_then(|v| v.as_str().map(str::to_owned));
    let names = names(region);
    let rest: Vec<&String> = names.iter().filter(|name| after.as_ref().is_none_or(|after| *name > after)).collect();
    let page = &rest[..rest.len().min(limit)];
    let mut reply = json!({ "TableNames": page });
    if let (true, Some(last)) = (rest.len() > page.len(), page.last()) {
        reply["LastEvaluatedTableName"] = last.as_str().into();
    }
    Ok(reply)
}

fn names(region: &Region) -> BTreeSet<String> {
    let now = region.time().now_ms();
    let notes = region.notes();
    let going = notes.deleting.iter().filter(|(_, d)| now < d.until).map(|(name, _)| name.clone());
    let there = notes.tables.iter().filter(|(_, t)| !transition::is_hidden(&t.pending, now)).map(|(name, _)| name.clone());
    going.chain(there).collect()
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
pub(crate) fn exists(region: &Region, table: &str, code: &str) -> Result<(), Fault> {
    let absent = || match code {
        "ResourceNotFoundException" => admission::absent(table),
        _ => Fault::new(code, format!("Table not found: {}", crate::safe::text(table))),
    };
    seen(region, table).map_err(|_| absent())?;
    let found = region.db().get_table_metadata(table)?;
    found.map(|_| ()).ok_or_else(absent)
}

/// What is provisioned of a table or an index of it: `None` when it is not there, `Some(None)` on demand.
#[allow(clippy::option_option, reason = "absent, on demand, and provisioned are three things")]
pub(crate) fn capacity_of(region: &Region, table: &str, index: Option<&str>) -> Option<Option<super::Capacity>> {
    if exists(region, table, "").is_err() {
        return None;
    }
    let notes = region.table(table);
    match index {
        None => Some(notes.provisioned),
        Some(index) => notes.indexes.get(index).map(|own| own.provisioned),
    }
}

/// Sets the capacity of a table or an index of it, by UpdateTable.
pub(crate) fn set_capacity(region: &Region, table: &str, index: Option<&str>, to: super::Capacity) -> Result<(), Fault> {
    let units = json!({ "ReadCapacityUnits": to.read, "WriteCapacityUnits": to.write });
    let request = match index {
        None => json!({ "TableName": table, "ProvisionedThroughput": units }),
        Some(index) => json!({
            "TableName": table, "GlobalSecondaryIndexUpdates": [{ "Update": { "IndexName": index, "ProvisionedThroughput": units } }],
        }),
    };
    super::update::update(region, request).map(drop)
}

/// The engine's description, with the region's ARNs.
pub(crate) fn describe_engine(region: &Region, table: &str) -> Result<Value, Fault> {
    let mut told = engine::tree(&engine_description(region, table)?)?;
    arn::outward_all(region, &mut told);
    Ok(told)
}

/// Gives every item of the table to `each`, a page at a time; not counted, not throttled: exports cost no capacity.
pub(super) fn each_item<E: From<Fault>>(region: &Region, table: &str, mut each: impl FnMut(&Value) -> Result<(), E>) -> Result<(), E> {
    let mut after = Value::Null;
    loop {
        let mut request = json!({ "TableName": table });
        if !after.is_null() {
            request["ExclusiveStartKey"] = after;
        }
        let page = engine::typed(request).and_then(|r| region.db().scan(r).map_err(Fault::from)).and_then(|page| engine::tree(&page))?;
        page["Items"].as_array().into_iter().flatten().try_for_each(&mut each)?;
        after = page.get("LastEvaluatedKey").cloned().unwrap_or(Value::Null);
        if after.is_null() {
            return Ok(());
        }
    }
}
