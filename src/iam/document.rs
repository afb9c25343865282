//! Permissions as an IAM policy: as few statements as resources and conditions allow, each with a name, all in order.
//!
//! Source: IAM user guide, "IAM JSON policy elements reference"; sizes from "IAM and AWS STS quotas".

use super::need::{Condition, Need, Place};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most that a customer managed policy may hold, in characters without white space.
pub const MANAGED_POLICY_LIMIT: usize = 6144;

/// The policy's JSON.
pub(super) fn document(needs: &BTreeSet<Need>, place: &Place) -> Value {
    let mut by_resource: BTreeMap<(String, Vec<Condition>), BTreeSet<&'static str>> = BTreeMap::new();
    for need in needs {
        by_resource.entry((need.on.arn(place), need.on.conditions(place))).or_default().insert(need.action);
    }
    let mut by_actions: BTreeMap<(BTreeSet<&'static str>, Vec<Condition>), BTreeSet<String>> = BTreeMap::new();
    for ((arn, conditions), actions) in by_resource {
        by_actions.entry((actions, conditions)).or_default().insert(arn);
    }
    let statements: Vec<Value> = by_actions.iter().enumerate().map(|(at, ((a, c), r))| statement(at + 1, a, c, r)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn statement(number: usize, actions: &BTreeSet<&'static str>, conditions: &[Condition], resources: &BTreeSet<String>) -> Value {
    let mut statement = Map::new();
    statement.insert("Sid".to_owned(), json!(format!("Landfall{number}")));
    statement.insert("Effect".to_owned(), json!("Allow"));
    statement.insert("Action".to_owned(), json!(actions));
    statement.insert("Resource".to_owned(), json!(resources));
    if !conditions.is_empty() {
        let mut by_operator: BTreeMap<&str, BTreeMap<&str, &Vec<String>>> = BTreeMap::new();
        for (operator, key, values) in conditions {
            by_operator.entry(operator).or_default().insert(key, values);
        }
        statement.insert("Condition".to_owned(), json!(by_operator));
    }
    Value::Object(statement)
}

/// The size that IAM counts.
pub fn size(policy: &Value) -> usize {
    policy.to_string().chars().filter(|c| !c.is_whitespace()).count()
}
