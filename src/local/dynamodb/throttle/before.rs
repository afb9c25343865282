//! What a table and its indexes had before a change of capacity or of the billing mode that is still being made.
//!
//! Rule (Developer Guide, "Considerations when switching capacity modes"; quotas page, "Increasing or decreasing throughput"): new bounds
//! hold once the change is done, the earlier ones until then. Key insight: DescribeTable shows the earlier ones meanwhile, so they are
//! read from what it is given to show. Pure. Called by `limits`.

use crate::local::dynamodb::notes::Capacity;
use crate::local::dynamodb::transition::{Pending, What};
use serde_json::{Map, Value};

/// What is provisioned, or the on-demand maximums; a side of -1 has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Terms {
    pub(super) provisioned: Option<Capacity>,
    pub(super) maximum: Option<Capacity>,
}

impl Terms {
    /// As they are shown; an on-demand table or index is shown with a capacity of 0.
    fn shown(told: &Map<String, Value>) -> Self {
        let side = |member: &str, name: &str| told.get(member)?.get(name)?.as_i64();
        let units = |name: &str| side("ProvisionedThroughput", name).unwrap_or(0);
        let most = |name: &str| side("OnDemandThroughput", name).unwrap_or(-1);
        let provisioned = Capacity { read: units("ReadCapacityUnits"), write: units("WriteCapacityUnits") };
        Self {
            provisioned: Some(provisioned).filter(|capacity| capacity.read > 0),
            maximum: Some(Capacity { read: most("MaxReadRequestUnits"), write: most("MaxWriteRequestUnits") }),
        }
    }
}

/// The table's, while its own capacity or its billing mode is changing.
pub(super) fn of_table(pending: &[Pending], now: u64) -> Option<Terms> {
    let changing = pending.iter().find(|p| p.is_live(now) && matches!(p.what, What::Throughput | What::Billing { .. }))?;
    Some(Terms::shown(&changing.was))
}

/// An index's, while its capacity or the table's billing mode is changing. An index that is new, or whose maximum alone changes, has
/// nothing of before.
pub(super) fn of_index(pending: &[Pending], now: u64, name: &str) -> Option<Terms> {
    pending.iter().filter(|p| p.is_live(now)).find_map(|p| match &p.what {
        What::IndexUpdating { index } if index == name && !p.was.is_empty() => Some(Terms::shown(&p.was)),
        What::Billing { .. } => {
            let listed = p.was.get("GlobalSecondaryIndexes")?.as_array()?;
            listed.iter().find(|index| index["IndexName"] == name)?.as_object().map(Terms::shown)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pending(what: What, was: &Value) -> [Pending; 1] {
        [Pending { what, until: 10, was: was.as_object().cloned().expect("an object") }]
    }

    fn units(read: i64, write: i64) -> Capacity {
        Capacity { read, write }
    }

    #[test]
    fn what_was_shown_holds_until_the_change_is_done() {
        let five = json!({ "ReadCapacityUnits": 5, "WriteCapacityUnits": 6 });
        let change = pending(What::Throughput, &json!({ "ProvisionedThroughput": five }));
        assert_eq!(of_table(&change, 9).map(|t| t.provisioned), Some(Some(units(5, 6))));
        assert_eq!((of_table(&change, 10), of_index(&change, 9, "a")), (None, None));
        let index = pending(What::IndexUpdating { index: "a".into() }, &json!({ "ProvisionedThroughput": five }));
        assert_eq!(of_index(&index, 9, "a").map(|t| t.provisioned), Some(Some(units(5, 6))));
        assert_eq!((of_index(&index, 10, "a"), of_index(&index, 9, "b"), of_table(&index, 9)), (None, None, None));
        assert_eq!(of_index(&pending(What::IndexUpdating { index: "a".into() }, &json!({})), 9, "a"), None);
    }

    #[test]
    fn a_table_that_leaves_on_demand_has_its_maximums_until_it_has_left() {
        let none = json!({ "ReadCapacityUnits": 0, "WriteCapacityUnits": 0 });
        let index = json!({ "IndexName": "a", "ProvisionedThroughput": none });
        let most = json!({ "MaxWriteRequestUnits": 7 });
        let was = json!({ "ProvisionedThroughput": none, "OnDemandThroughput": most, "GlobalSecondaryIndexes": [index] });
        let change = pending(What::Billing { to_on_demand: false }, &was);
        assert_eq!(of_table(&change, 9), Some(Terms { provisioned: None, maximum: Some(units(-1, 7)) }));
        assert_eq!(of_index(&change, 9, "a"), Some(Terms { provisioned: None, maximum: Some(units(-1, -1)) }));
        assert_eq!(of_index(&change, 9, "new"), None);
    }
}
