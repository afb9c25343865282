//! What is refused while something else is changing, in AWS's words.
//!
//! Rules (one lab, field by field): nothing is taken by a table that is CREATING or DELETING; a table that is UPDATING takes deletion
//! protection and, during a change of capacity, warm throughput; a table with an index in the making takes no second one; a table is not
//! deleted while anything of it changes. Called by every mutation before it looks at what is asked.

use super::notes::TableNotes;
use super::transition::{self, Pending, What};
use super::{Region, rules};
use crate::local::fault::Fault;
use serde_json::{Map, Value};

fn in_use(why: &str) -> Fault {
    Fault::new("ResourceInUseException", format!("Attempt to change a resource which is still in use: {why}"))
}

/// Refuses to change a table that is being created or deleted.
pub(super) fn exists_whole(region: &Region, table: &str) -> Result<(), Fault> {
    if region.deleting(table).is_some() {
        return Err(in_use(&format!("Table is being deleted: {table}")));
    }
    let notes = region.table(table);
    if transition::is_hidden(&notes.pending, region.time().now_ms()) {
        return Err(absent(table));
    }
    if transition::is_creating(&notes.pending, region.time().now_ms()) {
        return Err(in_use(&format!("Table is being created: {table}")));
    }
    Ok(())
}

/// AWS's words for a table that is not there.
pub(super) fn absent(table: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("Requested resource not found: Table: {} not found", crate::safe::text(table)))
}

/// Refuses an UpdateTable of a whole table that cannot begin now.
pub(super) fn update(region: &Region, table: &str, notes: &TableNotes, request: &Map<String, Value>) -> Result<(), Fault> {
    let now = region.time().now_ms();
    let live: Vec<&Pending> = notes.pending.iter().filter(|p| p.is_live(now)).collect();
    index_updates(table, &live, request, now)?;
    let asks = |name: &str| request.get(name).is_some_and(|v| !v.is_null());
    if asks("SSESpecification") && live.iter().any(|p| matches!(p.what, What::Encryption { .. })) {
        return Err(in_use(&format!("Server-Side Encryption is still being updated: {table}")));
    }
    let Some(holding) = live.iter().find(|p| p.holds_table(now)) else { return Ok(()) };
    let about_capacity = matches!(holding.what, What::Throughput | What::Billing { .. });
    if asks("DeletionProtectionEnabled") || (about_capacity && asks("WarmThroughput")) {
        return Ok(());
    }
    Err(in_use(&if about_capacity {
        format!("Table IOPS are currently being updated: {table}")
    } else {
        format!("Table: {table} is in the process of being updated.")
    }))
}

/// One index is in the making at a time, and cannot be given up before resources are allocated.
fn index_updates(table: &str, live: &[&Pending], request: &Map<String, Value>, now: u64) -> Result<(), Fault> {
    let making = live.iter().find(|p| matches!(p.what, What::IndexCreating { .. } | What::IndexDeleting { .. }));
    for update in rules::updates(request) {
        let named = |action: &str| update.get(action).and_then(|a| a.get("IndexName")).and_then(Value::as_str);
        if let (Some(making), Some(name)) = (making, named("Create").or(named("Delete"))) {
            match &making.what {
                What::IndexCreating { index, allocated } if named("Delete") == Some(index) && now < *allocated => {
                    return Err(in_use(&format!(
                        "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is \
                         active. Table: {table} Index: {name}"
                    )));
                }
                What::IndexCreating { index, .. } if named("Delete") == Some(index) => {}
                _ => return Err(rules::one_online_index()),
            }
        }
        if let Some(name) = named("Update") {
            let busy = live.iter().any(|p| p.index() == Some(name) && !matches!(p.what, What::Warm { .. }));
            if busy {
                return Err(in_use(&format!("Index is being updated. Table: {table} Index: {name}")));
            }
        }
    }
    Ok(())
}

/// Refuses to delete a table of which anything is changing.
pub(super) fn delete(region: &Region, table: &str, notes: &TableNotes) -> Result<(), Fault> {
    exists_whole(region, table)?;
    let now = region.time().now_ms();
    if let Some(pending) = notes.pending.iter().find(|p| p.is_live(now)) {
        return Err(in_use(&match &pending.what {
            What::IndexCreating { .. } | What::IndexDeleting { .. } | What::IndexUpdating { .. } => {
                "Cannot delete table while indexes are being created, updated, or deleted.".to_owned()
            }
            What::Throughput | What::Billing { .. } => format!("Table IOPS are currently being updated: {table}"),
            What::Encryption { .. } => format!("Server-Side Encryption is still being updated: {table}"),
            _ => format!("Table: {table} is in the process of being updated."),
        }));
    }
    if now < notes.tags.locked_until {
        return Err(in_use(&format!("Table tags are being updated: {table}")));
    }
    if now < notes.policy_pending {
        return Err(in_use(&format!("Table has a pending resource-based policy update: {table}")));
    }
    Ok(())
}

/// Refuses to read an index that is not filled yet.
pub(super) fn readable(region: &Region, table: &str, index: &str) -> Result<(), Fault> {
    let now = region.time().now_ms();
    let notes = region.notes();
    let pending = notes.tables.get(table).map_or(&[][..], |t| &t.pending);
    let filling = pending.iter().any(|p| p.is_live(now) && matches!(&p.what, What::IndexCreating { index: i, .. } if i == index));
    if filling {
        let message = format!("Cannot read from backfilling global secondary index: {}", crate::safe::text(index));
        return Err(Fault::invalid(message));
    }
    Ok(())
}

/// The most that changes at once in an account, and with indexes in their creation (quotas page).
const AT_ONCE: usize = 500;
const AT_ONCE_WITH_INDEXES: usize = 250;
/// Tables in a region (quotas page).
const TABLES: usize = 2_500;

/// Refuses one table more than the account may have, or change at once.
pub(super) fn create(region: &Region, table: &str, with_indexes: bool) -> Result<(), Fault> {
    if region.deleting(table).is_some() || region.notes().tables.contains_key(table) {
        let creating = transition::is_creating(&region.table(table).pending, region.time().now_ms());
        let why = if creating { "Table is being created" } else { "Table already exists" };
        let fault =
            if creating { in_use(&format!("{why}: {table}")) } else { Fault::new("ResourceInUseException", format!("{why}: {table}")) };
        return Err(fault);
    }
    let busy = Busy::of(region);
    busy.check(with_indexes)
}

/// Refuses a change beyond what the account may change at once.
pub(super) fn one_more(region: &Region) -> Result<(), Fault> {
    Busy { tables: 0, ..Busy::of(region) }.check(false)
}

/// What changes in a region now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Busy {
    tables: usize,
    changing: usize,
    creating_with_indexes: usize,
}

impl Busy {
    fn of(region: &Region) -> Self {
        let now = region.time().now_ms();
        let notes = region.notes();
        let going = notes.deleting.values().filter(|d| now < d.until).count();
        let held = |t: &&TableNotes| transition::is_creating(&t.pending, now) || t.pending.iter().any(|p| p.holds_table(now));
        let with_indexes = |t: &&TableNotes| !t.indexes.is_empty() && transition::is_creating(&t.pending, now);
        Self {
            tables: notes.tables.len() + going,
            changing: going + notes.tables.values().filter(held).count(),
            creating_with_indexes: notes.tables.values().filter(with_indexes).count(),
        }
    }

    fn check(self, with_indexes: bool) -> Result<(), Fault> {
        // The words are those that users report; the figures in them were lower when they did.
        let limit = |why: String| Err(Fault::new("LimitExceededException", format!("Subscriber limit exceeded: {why}")));
        if self.tables >= TABLES {
            return limit(format!("There is a limit of {TABLES} tables per subscriber"));
        }
        if self.changing >= AT_ONCE {
            return limit(format!("Only {AT_ONCE} tables can be created, updated, or deleted simultaneously"));
        }
        if with_indexes && self.creating_with_indexes >= AT_ONCE_WITH_INDEXES {
            return limit("You have exceeded the maximum number of indexed tables that can be created simultaneously".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_changes_so_many_tables_at_once_and_has_so_many() {
        let code = |tables, changing, creating_with_indexes, indexes| {
            Busy { tables, changing, creating_with_indexes }.check(indexes).map_err(|f| f.message)
        };
        assert_eq!(code(2_499, 499, 249, true), Ok(()));
        assert_eq!(code(9, 250, 250, false), Ok(()));
        assert!(code(2_500, 0, 0, false).is_err_and(|m| m.contains("2500 tables per subscriber")));
        assert!(code(9, 500, 0, false).is_err_and(|m| m.contains("Only 500 tables")));
        assert!(code(9, 250, 250, true).is_err_and(|m| m.contains("maximum number of indexed tables")));
    }
}
