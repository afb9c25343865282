//! Contributor insights of tables and indexes, over time; and what describe-only clients ask besides: no streaming destinations.

use super::notes::Insight;
use super::transition::{self, What};
use super::{Region, arn, durations, extras, table};
use crate::local::fault::Fault;
use crate::local::moment::seconds_of;
use serde_json::{Value, json};

const ALL: &str = "ACCESSED_AND_THROTTLED_KEYS";
const THROTTLED: &str = "THROTTLED_KEYS";

/// DescribeContributorInsights.
pub(super) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, index) = of(region, request)?;
    Ok(told(region, &name, &index, region.table(&name).insight.get(&index)))
}

/// UpdateContributorInsights: what is so already is a 200 that does nothing.
pub(super) fn update(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, index) = of(region, request)?;
    active(region, &name, &index)?;
    let on = match extras::text(request, "ContributorInsightsAction")? {
        "ENABLE" => true,
        "DISABLE" => false,
        _ => return Err(Fault::invalid("ContributorInsightsAction must be ENABLE or DISABLE")),
    };
    let mode = match request.get("ContributorInsightsMode").and_then(Value::as_str) {
        None => ALL,
        Some(mode @ (ALL | THROTTLED)) => mode,
        Some(_) => return Err(Fault::invalid(format!("ContributorInsightsMode must be {ALL} or {THROTTLED}"))),
    };
    let insight = region.change_table(&name, |notes| {
        let before = notes.insight.get(&index);
        let same = before.map_or(!on, |b| b.on == on && (!on || b.mode == mode));
        if !same {
            notes.changes += 1;
            let range = if on { durations::INSIGHTS_ON } else { durations::INSIGHTS_OFF };
            let until = region.time().after(range.draw(&format!("{name}/insights {index}/{}", notes.changes)));
            let mode = if on { mode.to_owned() } else { before.map_or_else(|| ALL.to_owned(), |b| b.mode.clone()) };
            notes.insight.insert(index.clone(), Insight { on, mode, changed: region.time().now_ms(), until });
        }
        Ok(notes.insight.get(&index).cloned())
    })?;
    Ok(told(region, &name, &index, insight.as_ref()))
}

/// ListContributorInsights: only what is on, or was until a moment ago.
pub(super) fn list(region: &Region, request: &Value) -> Result<Value, Fault> {
    let only = request.get("TableName").and_then(Value::as_str).map(|t| arn::table(region, t)).transpose()?;
    let tables: Vec<_> = region.notes().tables.iter().map(|(name, notes)| (name.clone(), notes.insight.clone())).collect();
    let mut summaries = Vec::new();
    for (name, insights) in tables.into_iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        for (index, insight) in insights.iter().filter(|(_, i)| i.on || region.time().now_ms() < i.until) {
            let mut summary = told(region, &name, index, Some(insight));
            if let Some(members) = summary.as_object_mut() {
                members.retain(|name, _| !["ContributorInsightsRuleList", "LastUpdateDateTime"].contains(&name.as_str()));
            }
            summaries.push(summary);
        }
    }
    Ok(json!({ "ContributorInsightsSummaries": summaries }))
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
        let why = format!("Requested resource not found: Index: {} not found", crate::safe::text(&index));
        return Err(Fault::new("ResourceNotFoundException", why));
    }
    Ok((name, index))
}

/// Refuses a table or an index that is still being made.
fn active(region: &Region, name: &str, index: &str) -> Result<(), Fault> {
    let (notes, now) = (region.table(name), region.time().now_ms());
    if transition::is_creating(&notes.pending, now) {
        return Err(Fault::invalid("TableStatus must be ACTIVE to enable ContributorInsights"));
    }
    let making = notes.pending.iter().any(|p| p.is_live(now) && matches!(&p.what, What::IndexCreating { index: i, .. } if i == index));
    if making { Err(Fault::invalid("IndexStatus must be ACTIVE to enable ContributorInsights")) } else { Ok(()) }
}

fn told(region: &Region, table: &str, index: &str, insight: Option<&Insight>) -> Value {
    let moving = insight.is_some_and(|i| region.time().now_ms() < i.until);
    let status = match (insight.is_some_and(|i| i.on), moving) {
        (true, true) => "ENABLING",
        (true, false) => "ENABLED",
        (false, true) => "DISABLING",
        (false, false) => "DISABLED",
    };
    let mut told = json!({ "TableName": table, "ContributorInsightsStatus": status });
    if !index.is_empty() {
        told["IndexName"] = index.into();
    }
    if let Some(insight) = insight {
        told["ContributorInsightsMode"] = insight.mode.clone().into();
        told["LastUpdateDateTime"] = seconds_of(insight.changed).into();
        if insight.on && !moving {
            told["ContributorInsightsRuleList"] = rules(table, index, insight).into();
        }
    }
    told
}

/// The CloudWatch rules that AWS would have made, two or four.
fn rules(table: &str, index: &str, insight: &Insight) -> Vec<String> {
    let of = if index.is_empty() { table.to_owned() } else { format!("{table}-{index}") };
    let kinds: &[&str] = if insight.mode == ALL { &["PKC", "PKT"] } else { &["PKT"] };
    kinds.iter().map(|kind| format!("DynamoDBContributorInsights-{kind}-{of}-{}", insight.changed)).collect()
}
