//! How many attributes a table's indexes may project by name.
//!
//! Rule: so many over all its indexes, one that two of them project counting twice (Developer Guide, "Service, account, and table
//! quotas"), and so many of one (API reference, `Projection`). The words of the former are ours, as AWS's are documented nowhere.
//! Called by `table` and `update` before the engine acts.

use super::rules;
use crate::local::fault::Fault;
use serde_json::{Map, Value};

const TABLE: usize = 100;
const INDEX: usize = 20;

/// Refuses a new table whose indexes project too many.
pub(super) fn of_new(request: &Map<String, Value>) -> Result<(), Fault> {
    let lists = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let indexes: Vec<&Value> = lists.iter().flat_map(|list| listed(request.get(*list))).collect();
    within(0, &indexes)
}

/// Refuses an index that projects more than the table, which is `shown` so, has left.
pub(super) fn of_changed(shown: &Value, request: &Map<String, Value>) -> Result<(), Fault> {
    let news: Vec<&Value> = rules::updates(request).iter().filter_map(|update| update.get("Create")).collect();
    let lists = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    within(lists.iter().flat_map(|list| listed(shown.get(*list))).map(count).sum(), &news)
}

fn listed(indexes: Option<&Value>) -> &[Value] {
    indexes.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn count(index: &Value) -> usize {
    listed(index.pointer("/Projection/NonKeyAttributes")).len()
}

fn within(there: usize, news: &[&Value]) -> Result<(), Fault> {
    if news.iter().any(|index| count(index) > INDEX) {
        return Err(Fault::invalid(format!(
            "1 validation error detected: Value at 'nonKeyAttributes' failed to satisfy constraint: Member must have length less than or \
             equal to {INDEX}"
        )));
    }
    let all = there + news.iter().map(|index| count(index)).sum::<usize>();
    if all > there && all > TABLE {
        return Err(Fault::invalid(format!(
            "One or more parameter values were invalid: {TABLE} attributes may be projected into all indexes of a table, and {all} were \
             asked for"
        )));
    }
    Ok(())
}
