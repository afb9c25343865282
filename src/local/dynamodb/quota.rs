//! How much capacity a new account may provision in a region.
//!
//! Rules: a new table and its global indexes have so much together (API reference, `DescribeLimits`); an existing table, and each of its
//! indexes, so much by itself (Developer Guide, "Throughput default quotas"); all tables and indexes of the region so much together. What
//! asks for no more than there is passes, whatever the sums. The code is AWS's; the words are ours, as AWS's are documented nowhere.
//! Called by `table` and `change` before the engine acts.

use super::Region;
use super::notes::{Capacity, IndexNotes, TableNotes};
use crate::local::fault::Fault;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Units of a side, of one table and of all; on demand, one table or index serves as many a second.
pub(super) const TABLE: i64 = 40_000;
const ACCOUNT: i64 = 80_000;
const NOTHING: Capacity = Capacity { read: 0, write: 0 };

/// `DescribeLimits`.
pub(super) fn told() -> Value {
    json!({
        "AccountMaxReadCapacityUnits": ACCOUNT, "AccountMaxWriteCapacityUnits": ACCOUNT,
        "TableMaxReadCapacityUnits": TABLE, "TableMaxWriteCapacityUnits": TABLE,
    })
}

/// Refuses a new table with too much.
pub(super) fn of_new(region: &Region, table: &TableNotes) -> Result<(), Fault> {
    let asked = whole(table.provisioned, &table.indexes);
    within(NOTHING, asked, TABLE, "a new table and its global secondary indexes")?;
    of_all(region, NOTHING, asked)
}

/// Refuses a change after which the table and its indexes would have too much.
pub(super) fn of_changed(
    region: &Region,
    table: &str,
    provisioned: Option<Capacity>,
    indexes: &BTreeMap<String, IndexNotes>,
) -> Result<(), Fault> {
    let before = region.table(table);
    let or_nothing = |capacity: Option<Capacity>| capacity.unwrap_or(NOTHING);
    within(or_nothing(before.provisioned), or_nothing(provisioned), TABLE, "a table")?;
    for (name, own) in indexes {
        let old = before.indexes.get(name).and_then(|old| old.provisioned);
        within(or_nothing(old), or_nothing(own.provisioned), TABLE, "a global secondary index")?;
    }
    of_all(region, whole(before.provisioned, &before.indexes), whole(provisioned, indexes))
}

/// Refuses to have `asked` in the place of `old` where that makes too much of all tables.
fn of_all(region: &Region, old: Capacity, asked: Capacity) -> Result<(), Fault> {
    let before = region.notes().tables.values().map(|t| whole(t.provisioned, &t.indexes)).fold(NOTHING, plus);
    let rest = Capacity { read: before.read - old.read, write: before.write - old.write };
    within(before, plus(rest, asked), ACCOUNT, "all tables and global secondary indexes of a region")
}

/// A table's and its indexes'.
fn whole(table: Option<Capacity>, indexes: &BTreeMap<String, IndexNotes>) -> Capacity {
    table.into_iter().chain(indexes.values().filter_map(|own| own.provisioned)).fold(NOTHING, plus)
}

fn plus(one: Capacity, other: Capacity) -> Capacity {
    Capacity { read: one.read.saturating_add(other.read), write: one.write.saturating_add(other.write) }
}

fn within(before: Capacity, after: Capacity, most: i64, of: &str) -> Result<(), Fault> {
    for (side, before, after) in [("read", before.read, after.read), ("write", before.write, after.write)] {
        if after > before && after > most {
            return Err(Fault::new(
                "LimitExceededException",
                format!("Subscriber limit exceeded: {most} {side} capacity units may be provisioned for {of}, and {after} were asked for"),
            ));
        }
    }
    Ok(())
}
