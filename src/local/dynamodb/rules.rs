//! What may share one UpdateTable, in AWS's words where it may not.
//!
//! Rules (one lab, every pair sent to idle tables, 33 of 35 refused; agrees with what users report): encryption, class, deletion
//! protection, warm throughput and replicas each stand alone; on-demand maximums go with a billing mode only; streams never with capacity,
//! a new or gone index neither with capacity nor with a billing mode (the words for the latter are those for capacity: a guess). Pure; a
//! refused request has done nothing. Called by `update` first of all.

use crate::local::fault::Fault;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// In the order in which AWS names the one that must stand alone.
const ALONE: [(&str, &str); 5] = [
    ("SSESpecification", "Server-Side Encryption modification"),
    ("TableClass", "TableClass modification"),
    ("DeletionProtectionEnabled", "DeletionProtection modification"),
    ("ReplicaUpdates", "Replica modification"),
    ("WarmThroughput", "WarmThroughput"),
];

/// Refuses what AWS does not do in one call.
pub(super) fn one_concern(request: &Map<String, Value>) -> Result<(), Fault> {
    let asked: Vec<&str> = request.iter().filter(|(name, value)| is_change(name, value)).map(|(name, _)| name.as_str()).collect();
    let has = |name: &str| asked.contains(&name);
    let builds = updates(request).iter().any(|u| ["Create", "Delete"].iter().any(|a| is_given(u.get(*a))));
    one_action_each(updates(request))?;
    one_at_a_time(updates(request))?;
    if asked.len() > 1 {
        if has("WarmThroughput") && builds && asked.len() == 2 {
            return invalid("Create global secondary index cannot be specified when updating WarmThroughput");
        }
        if let Some((_, what)) = ALONE.iter().find(|(name, _)| has(name)) {
            return invalid(&format!("{what} must be the only operation in the request"));
        }
    }
    let provisions = has("ProvisionedThroughput") || request.get("BillingMode").and_then(Value::as_str) == Some("PROVISIONED");
    match () {
        () if has("OnDemandThroughput") && asked.iter().any(|n| !["OnDemandThroughput", "BillingMode"].contains(n)) => {
            invalid("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
        }
        () if has("StreamSpecification") && provisions => invalid("You cannot modify stream status while updating table IOPS"),
        () if has("StreamSpecification") && has("GlobalSecondaryIndexUpdates") && builds => {
            invalid("You cannot create or delete index while changing stream status")
        }
        () if has("StreamSpecification") && has("GlobalSecondaryIndexUpdates") => {
            invalid("You cannot modify stream status while updating table IOPS")
        }
        () if (has("ProvisionedThroughput") || has("BillingMode")) && builds => {
            invalid("You cannot create or delete index while updating table IOPS")
        }
        () => Ok(()),
    }
}

/// AWS's words for it are not documented.
fn one_action_each(updates: &[Value]) -> Result<(), Fault> {
    let actions = |update: &Value| ["Create", "Update", "Delete"].iter().filter(|a| is_given(update.get(**a))).count();
    if updates.iter().any(|update| actions(update) > 1) {
        return invalid("Only one of Create, Update and Delete is allowed in one global secondary index update");
    }
    Ok(())
}

/// An index is named once in a call.
fn no_index_twice(updates: &[Value]) -> Result<(), Fault> {
    let named = |update: &Value| update.as_object()?.values().find_map(|action| action.get("IndexName")?.as_str().map(str::to_owned));
    let mut seen = BTreeSet::new();
    match updates.iter().filter_map(named).find(|name| !seen.insert(name.clone())) {
        None => Ok(()),
        Some(twice) => invalid(&format!(
            "Only one global secondary index update per index is allowed simultaneously. Index: {}",
            crate::safe::text(&twice)
        )),
    }
}

/// AWS builds or drops one index per call.
fn one_at_a_time(updates: &[Value]) -> Result<(), Fault> {
    no_index_twice(updates)?;
    let building = updates.iter().filter(|u| ["Create", "Delete"].iter().any(|a| is_given(u.get(*a)))).count();
    if building > 1 { Err(one_online_index()) } else { Ok(()) }
}

/// AWS's words for a second index that is built or dropped.
pub(super) fn one_online_index() -> Fault {
    let message = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";
    Fault::new("LimitExceededException", message)
}

/// `GlobalSecondaryIndexUpdates`, empty when there are none.
pub(super) fn updates(request: &Map<String, Value>) -> &[Value] {
    request.get("GlobalSecondaryIndexUpdates").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether the member asks for a change.
fn is_change(name: &str, value: &Value) -> bool {
    !["TableName", "AttributeDefinitions"].contains(&name) && is_given(Some(value)) && value.as_array().is_none_or(|list| !list.is_empty())
}

fn is_given(value: Option<&Value>) -> bool {
    value.is_some_and(|v| !v.is_null())
}

fn invalid(why: &str) -> Result<(), Fault> {
    Err(Fault::invalid(format!("One or more parameter values were invalid: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Each change that can stand alone, by its short name.
    fn change(name: &str) -> Value {
        match name {
            "pt" => json!({ "ProvisionedThroughput": { "ReadCapacityUnits": 1, "WriteCapacityUnits": 1 } }),
            "ppr" => json!({ "BillingMode": "PAY_PER_REQUEST" }),
            "prov" => json!({ "BillingMode": "PROVISIONED" }),
            "stream" => json!({ "StreamSpecification": { "StreamEnabled": true } }),
            "odt" => json!({ "OnDemandThroughput": { "MaxReadRequestUnits": 1 } }),
            "dp" => json!({ "DeletionProtectionEnabled": true }),
            "sse" => json!({ "SSESpecification": { "Enabled": true } }),
            "class" => json!({ "TableClass": "STANDARD" }),
            "warm" => json!({ "WarmThroughput": { "ReadUnitsPerSecond": 1 } }),
            "create" => json!({ "GlobalSecondaryIndexUpdates": [{ "Create": { "IndexName": "a" } }] }),
            "delete" => json!({ "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": "a" } }] }),
            "update" => json!({ "GlobalSecondaryIndexUpdates": [{ "Update": { "IndexName": "a" } }, { "Update": { "IndexName": "b" } }] }),
            other => panic!("{other}"),
        }
    }

    fn together(names: &[&str]) -> Result<(), String> {
        let mut request = Map::from_iter([("TableName".to_owned(), "Users".into())]);
        for name in names {
            request.append(change(name).as_object_mut().expect("an object"));
        }
        one_concern(&request).map_err(|fault| fault.message)
    }

    const ALL: [&str; 12] = ["pt", "ppr", "prov", "stream", "odt", "dp", "sse", "class", "warm", "create", "delete", "update"];
    const LEGAL: [[&str; 2]; 8] = [
        ["ppr", "stream"],
        ["ppr", "odt"],
        ["prov", "odt"],
        ["pt", "prov"],
        ["pt", "ppr"],
        ["pt", "update"],
        ["ppr", "update"],
        ["prov", "update"],
    ];

    #[test]
    fn each_change_may_stand_alone_and_few_may_meet() {
        for a in ALL {
            assert_eq!(together(&[a]), Ok(()), "{a}");
            for b in ALL.iter().filter(|b| **b > a) {
                let one_member = change(a).as_object().map(|o| o.keys().cloned().collect::<Vec<_>>())
                    == change(b).as_object().map(|o| o.keys().cloned().collect());
                let legal = LEGAL.iter().any(|pair| pair.contains(&a) && pair.contains(b));
                assert_eq!(together(&[a, b]).is_ok(), legal || one_member, "{a} with {b}");
            }
        }
    }

    #[test]
    fn the_words_are_awss() {
        let words = |names: &[&str]| together(names).expect_err("refused");
        let only = |what: &str| format!("One or more parameter values were invalid: {what} must be the only operation in the request");
        assert_eq!(words(&["sse", "class"]), only("Server-Side Encryption modification"));
        assert_eq!(words(&["warm", "class"]), only("TableClass modification"));
        assert_eq!(words(&["warm", "dp"]), only("DeletionProtection modification"));
        assert_eq!(words(&["warm", "pt"]), only("WarmThroughput"));
        assert!(words(&["stream", "pt"]).ends_with("You cannot modify stream status while updating table IOPS"));
        assert!(words(&["odt", "stream"]).contains("can only be combined with BillingMode"));
        assert!(words(&["create", "pt"]).contains("You cannot create or delete index while updating table IOPS"));
        assert!(words(&["delete", "ppr"]).contains("You cannot create or delete index while updating table IOPS"));
        assert!(words(&["create", "stream"]).contains("while changing stream status"));
    }

    #[test]
    fn an_entry_asks_for_one_thing() {
        let refused = |entry: Value| {
            let request = json!({ "GlobalSecondaryIndexUpdates": [entry] });
            one_concern(request.as_object().expect("an object")).err().map(|fault| fault.code)
        };
        let (create, of_b) = (json!({ "IndexName": "a" }), json!({ "IndexName": "b" }));
        for other in ["Update", "Delete"] {
            assert_eq!(refused(json!({ "Create": create, other: of_b })).as_deref(), Some("ValidationException"), "{other}");
            assert_eq!(refused(json!({ "Create": create, other: null })), None, "{other}");
        }
    }

    #[test]
    fn one_index_is_built_or_dropped_per_call() {
        let both = json!({ "GlobalSecondaryIndexUpdates": [{ "Create": { "IndexName": "a" } }, { "Delete": { "IndexName": "b" } }] });
        let refused = one_concern(both.as_object().expect("an object")).expect_err("refused");
        assert_eq!(refused.code, "LimitExceededException");
    }
}
