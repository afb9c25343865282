//! Contributor insights as a switch, and what describe-only clients ask besides: no streaming destinations, no replicas.

use super::{Region, arn, extras, table};
use crate::local::fault::Fault;
use serde_json::{Value, json};

/// DescribeContributorInsights.
pub(super) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, index) = of(region, request)?;
    let on = region.table(&name).insights.get(&index).copied().unwrap_or(false);
    Ok(told(&name, &index, on))
}

/// UpdateContributorInsights.
pub(super) fn update(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, index) = of(region, request)?;
    let on = match extras::text(request, "ContributorInsightsAction")? {
        "ENABLE" => true,
        "DISABLE" => false,
        _ => return Err(Fault::invalid("ContributorInsightsAction must be ENABLE or DISABLE")),
    };
    region.change(|all| {
        all.tables.entry(name.clone()).or_default().insights.insert(index.clone(), on);
        Ok(())
    })?;
    Ok(told(&name, &index, on))
}

/// DescribeKinesisStreamingDestination.
pub(super) fn kinesis(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, _) = of(region, request)?;
    Ok(json!({ "TableName": name, "KinesisDataStreamDestinations": [] }))
}

/// DescribeTableReplicaAutoScaling: no table here is global.
pub(super) fn replicas(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, _) = of(region, request)?;
    Ok(json!({ "TableAutoScalingDescription": { "TableName": name, "TableStatus": "ACTIVE", "Replicas": [] } }))
}

fn of(region: &Region, request: &Value) -> Result<(String, String), Fault> {
    let name = arn::table(region, extras::text(request, "TableName")?)?;
    table::exists(region, &name, "ResourceNotFoundException")?;
    let index = request.get("IndexName").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !index.is_empty() && !region.table(&name).indexes.contains_key(&index) {
        return Err(Fault::new("ResourceNotFoundException", format!("Requested resource not found: index {}", crate::safe::text(&index))));
    }
    Ok((name, index))
}

fn told(table: &str, index: &str, on: bool) -> Value {
    let mut told = json!({ "TableName": table, "ContributorInsightsStatus": if on { "ENABLED" } else { "DISABLED" }, "ContributorInsightsRuleList": [] });
    if !index.is_empty() {
        told["IndexName"] = index.into();
    }
    told
}
