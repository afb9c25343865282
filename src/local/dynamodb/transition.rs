//! What is still changing: a change is done in the engine and the notes at once, and hidden here until the clock has reached it.
//!
//! Rules: pure; a [`Pending`] says what is under way, until when, and how it looked before; nothing runs in the background, whoever
//! reads asks with the time. Key insight: "not done yet" is a view, so a restart, a jump of the clock and a thousand tables cost nothing.
//! Called by `describe` (the view), `admission` (what is refused meanwhile) and `region` (items of a table that is not there yet).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// One change that AWS is still making.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) what: What,
    /// Epoch milliseconds at which it is done.
    pub(crate) until: u64,
    /// Members that read as before meanwhile, of the table or of the index; null was absent.
    #[serde(default)]
    pub(crate) was: Map<String, Value>,
}

/// What is changing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    /// The table and every index of it; described from `hidden` on (an import's table is not there at first).
    Creating {
        hidden: u64,
    },
    /// Capacity.
    Throughput,
    /// The billing mode.
    Billing {
        to_on_demand: bool,
    },
    Stream,
    Class,
    /// The key; the table stays ACTIVE. Until `old_key` the description names the old one.
    Encryption {
        old_key: u64,
    },
    /// Warm throughput of the table (`None`) or of an index; the table stays ACTIVE.
    Warm {
        index: Option<String>,
    },
    /// A new index of an existing table: resources are allocated until `allocated` (the table is UPDATING), then it is filled.
    IndexCreating {
        index: String,
        allocated: u64,
    },
    /// `was` holds the index itself and the attribute definitions.
    IndexDeleting {
        index: String,
    },
    /// An index's capacity; the table stays ACTIVE.
    IndexUpdating {
        index: String,
    },
}

impl Pending {
    /// Whether it is not done yet.
    pub(crate) fn is_live(&self, now: u64) -> bool {
        now < self.until
    }

    /// Whether the table is UPDATING by it.
    pub(crate) fn holds_table(&self, now: u64) -> bool {
        self.is_live(now)
            && match &self.what {
                What::Throughput | What::Billing { .. } | What::Stream | What::Class | What::IndexDeleting { .. } => true,
                What::IndexCreating { allocated, .. } => now < *allocated,
                What::Creating { .. } | What::Encryption { .. } | What::Warm { .. } | What::IndexUpdating { .. } => false,
            }
    }

    /// The index that it is about.
    pub(crate) fn index(&self) -> Option<&str> {
        match &self.what {
            What::IndexCreating { index, .. } | What::IndexDeleting { index } | What::IndexUpdating { index } => Some(index),
            What::Warm { index } => index.as_deref(),
            _ => None,
        }
    }
}

/// Drops what is done.
pub(super) fn settle(pending: &mut Vec<Pending>, now: u64) {
    pending.retain(|p| p.is_live(now));
}

/// Whether the table is still being created.
pub(crate) fn is_creating(pending: &[Pending], now: u64) -> bool {
    pending.iter().any(|p| p.is_live(now) && matches!(p.what, What::Creating { .. }))
}

/// Whether the table cannot even be described yet.
pub(super) fn is_hidden(pending: &[Pending], now: u64) -> bool {
    pending.iter().any(|p| p.is_live(now) && matches!(p.what, What::Creating { hidden } if now < hidden))
}

/// Turns the description of what will be into that of what is.
pub(super) fn show(told: &mut Value, pending: &[Pending], now: u64) {
    let live = || pending.iter().filter(|p| p.is_live(now));
    live().for_each(|p| show_one(told, p, now));
    let status = if is_creating(pending, now) {
        each_index(told, |index| index["IndexStatus"] = "CREATING".into());
        "CREATING"
    } else if live().any(|p| p.holds_table(now)) {
        "UPDATING"
    } else {
        return;
    };
    told["TableStatus"] = status.into();
}

fn show_one(told: &mut Value, pending: &Pending, now: u64) {
    match &pending.what {
        What::IndexDeleting { index } => show_deleting(told, index, &pending.was),
        What::IndexCreating { index, allocated } => with_index(told, index, |shown| {
            shown["IndexStatus"] = "CREATING".into();
            shown["Backfilling"] = (now >= *allocated).into();
        }),
        What::IndexUpdating { index } => with_index(told, index, |shown| {
            put_back(shown, &pending.was);
            shown["IndexStatus"] = "UPDATING".into();
        }),
        What::Warm { index: Some(index) } => with_index(told, index, |shown| show_warm(shown, &pending.was)),
        What::Warm { index: None } => show_warm(told, &pending.was),
        What::Encryption { old_key } => show_encryption(told, &pending.was, now < *old_key),
        What::Creating { .. } => {}
        What::Throughput | What::Billing { .. } | What::Stream | What::Class => put_back(told, &pending.was),
    }
}

/// Gives `shown` the members that it had.
fn put_back(shown: &mut Value, was: &Map<String, Value>) {
    let Some(shown) = shown.as_object_mut() else { return };
    for (name, value) in was {
        if value.is_null() {
            shown.remove(name);
        } else {
            shown.insert(name.clone(), value.clone());
        }
    }
}

fn show_warm(shown: &mut Value, was: &Map<String, Value>) {
    put_back(shown, was);
    shown["WarmThroughput"]["Status"] = "UPDATING".into();
}

/// A key that is going is named until the end, and one that changes for the first seconds; a first one is named at once.
fn show_encryption(told: &mut Value, was: &Map<String, Value>, old_key: bool) {
    let gone = told.get("SSEDescription").is_none_or(Value::is_null);
    let before = was.get("SSEDescription").filter(|v| !v.is_null());
    if let (true, Some(before)) = (gone || old_key, before) {
        told["SSEDescription"] = before.clone();
    }
    told["SSEDescription"]["Status"] = "UPDATING".into();
}

/// The index that is going is still listed, and what its keys needed is still defined.
fn show_deleting(told: &mut Value, name: &str, was: &Map<String, Value>) {
    let Some(index) = was.get("Index") else { return };
    let mut index = index.clone();
    index["IndexStatus"] = "DELETING".into();
    let listed = told.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut);
    match listed {
        Some(listed) if listed.iter().any(|i| i["IndexName"] == name) => {}
        Some(listed) => listed.push(index),
        None => told["GlobalSecondaryIndexes"] = json!([index]),
    }
    if let Some(definitions) = was.get("AttributeDefinitions") {
        told["AttributeDefinitions"] = definitions.clone();
    }
}

fn with_index(told: &mut Value, name: &str, act: impl FnOnce(&mut Value)) {
    let listed = told.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut);
    if let Some(index) = listed.into_iter().flatten().find(|i| i["IndexName"] == name) {
        act(index);
    }
}

fn each_index(told: &mut Value, act: impl FnMut(&mut Value)) {
    told.get_mut("GlobalSecondaryIndexes").and_then(Value::as_array_mut).into_iter().flatten().for_each(act);
}

/// The members `names` of `told` as they are now, for [`Pending::was`].
pub(super) fn members(told: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), told.get(*name).cloned().unwrap_or(Value::Null))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Value {
        json!({
            "TableStatus": "ACTIVE", "ProvisionedThroughput": { "ReadCapacityUnits": 9 },
            "GlobalSecondaryIndexes": [{ "IndexName": "a", "IndexStatus": "ACTIVE" }],
        })
    }

    fn at(pending: &[Pending], now: u64) -> Value {
        let mut told = table();
        show(&mut told, pending, now);
        told
    }

    fn pending(what: What, until: u64) -> Pending {
        Pending { what, until, was: Map::new() }
    }

    #[test]
    fn a_table_is_creating_with_all_its_indexes_and_then_is_not() {
        let creating = [pending(What::Creating { hidden: 2 }, 5)];
        assert_eq!(at(&creating, 4)["TableStatus"], "CREATING");
        assert_eq!(at(&creating, 4)["GlobalSecondaryIndexes"][0]["IndexStatus"], "CREATING");
        assert_eq!(at(&creating, 5), table());
        assert!(is_hidden(&creating, 1) && !is_hidden(&creating, 2));
    }

    #[test]
    fn a_new_index_holds_the_table_only_while_resources_are_allocated() {
        let index = [pending(What::IndexCreating { index: "a".into(), allocated: 30 }, 500)];
        let states = |now| {
            let told = at(&index, now);
            let index = &told["GlobalSecondaryIndexes"][0];
            (told["TableStatus"].clone(), index["IndexStatus"].clone(), index.get("Backfilling").cloned())
        };
        assert_eq!(states(29), (json!("UPDATING"), json!("CREATING"), Some(json!(false))));
        assert_eq!(states(30), (json!("ACTIVE"), json!("CREATING"), Some(json!(true))));
        assert_eq!(states(500), (json!("ACTIVE"), json!("ACTIVE"), None));
    }

    #[test]
    fn old_values_are_shown_until_the_change_is_done() {
        let mut change = pending(What::Throughput, 10);
        change.was = members(&json!({ "ProvisionedThroughput": { "ReadCapacityUnits": 5 } }), &["ProvisionedThroughput", "Absent"]);
        let change = [change];
        assert_eq!(at(&change, 9)["ProvisionedThroughput"]["ReadCapacityUnits"], 5);
        assert_eq!(at(&change, 9)["TableStatus"], "UPDATING");
        assert_eq!(at(&change, 10), table());
    }

    #[test]
    fn an_index_that_goes_is_listed_until_it_is_gone() {
        let mut going = pending(What::IndexDeleting { index: "b".into() }, 10);
        going.was = members(&json!({ "Index": { "IndexName": "b" }, "AttributeDefinitions": [1] }), &["Index", "AttributeDefinitions"]);
        let told = at(std::slice::from_ref(&going), 9);
        assert_eq!(told["GlobalSecondaryIndexes"][1], json!({ "IndexName": "b", "IndexStatus": "DELETING" }));
        assert_eq!((&told["TableStatus"], &told["AttributeDefinitions"]), (&json!("UPDATING"), &json!([1])));
        assert_eq!(at(&[going], 10), table());
    }

    #[test]
    fn a_new_key_is_named_after_some_seconds_and_an_old_one_to_the_end() {
        let shown = |told: Value, was: Value, now| {
            let change = Pending { what: What::Encryption { old_key: 8 }, until: 22, was: members(&was, &["SSEDescription"]) };
            let mut told = told;
            show(&mut told, &[change], now);
            (told["SSEDescription"]["KMSMasterKeyArn"].clone(), told["SSEDescription"]["Status"].clone(), told["TableStatus"].clone())
        };
        let key = |arn: &str| json!({ "TableStatus": "ACTIVE", "SSEDescription": { "Status": "ENABLED", "KMSMasterKeyArn": arn } });
        let none = || json!({ "TableStatus": "ACTIVE" });
        let updating = |arn: Value| (arn, json!("UPDATING"), json!("ACTIVE"));
        assert_eq!(shown(key("new"), key("old"), 7), updating("old".into()));
        assert_eq!(shown(key("new"), key("old"), 8), updating("new".into()));
        assert_eq!(shown(none(), key("old"), 21), updating("old".into()));
        assert_eq!(shown(key("new"), key("old"), 22), ("new".into(), json!("ENABLED"), json!("ACTIVE")));
    }

    #[test]
    fn warm_throughput_is_raised_beside_an_active_table() {
        let was = members(&json!({ "WarmThroughput": { "ReadUnitsPerSecond": 1, "Status": "ACTIVE" } }), &["WarmThroughput"]);
        let raise = Pending { what: What::Warm { index: None }, until: 10, was };
        let told = at(&[raise], 9);
        assert_eq!(told["WarmThroughput"], json!({ "ReadUnitsPerSecond": 1, "Status": "UPDATING" }));
        assert_eq!(told["TableStatus"], "ACTIVE");
    }
}
