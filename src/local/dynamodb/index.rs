//! Global index changes of one UpdateTable: what the engine would ignore is checked and kept here.

use super::change::{self, Change};
use super::notes::{Capacity, IndexNotes, TableNotes};
use super::transition::{self, Pending, What};
use super::{budget, durations, extras, warm};
use crate::local::fault::Fault;
use serde_json::{Map, Value};

/// Global indexes of a table (quotas page).
const MOST: usize = 20;

/// Takes the `Update` actions out of the request and into the notes, and notes what `Create` and `Delete` mean for them.
pub(super) fn apply(change: &mut Change<'_>, request: &mut Map<String, Value>) -> Result<(), Fault> {
    let Some(Value::Array(updates)) = request.get_mut("GlobalSecondaryIndexUpdates") else { return Ok(()) };
    for update in &mut *updates {
        if let Some(asked) = action(update, "Update") {
            let name = extras::text(asked, "IndexName")?.to_owned();
            change_index(change, asked, &name)?;
        } else if let Some(create) = update.get_mut("Create").filter(|v| !v.is_null()) {
            begin(change, create)?;
        } else if let Some(delete) = action(update, "Delete") {
            end(change, extras::text(delete, "IndexName")?);
        }
    }
    updates.retain(|u| action(u, "Update").is_none());
    Ok(())
}

fn action<'a>(update: &'a Value, name: &str) -> Option<&'a Value> {
    update.get(name).filter(|v| !v.is_null())
}

/// A new index: allocated first, then filled.
fn begin(change: &mut Change<'_>, create: &mut Value) -> Result<(), Fault> {
    let own = extras::index(create)?;
    let name = extras::text(create, "IndexName")?.to_owned();
    capacity_fits(own.provisioned, &name, change.on_demand)?;
    maximum_fits(own.on_demand, &name, change.on_demand)?;
    warm::born(own.warm, own.provisioned, &format!("index {name}"))?;
    if change.notes.indexes.len() >= MOST {
        return Err(Fault::new(
            "LimitExceededException",
            format!("Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of {MOST}"),
        ));
    }
    let allocated = change.ends(&durations::INDEX_ALLOCATION, &format!("allocate {name}"));
    let until = change.ends(&durations::INDEX_CREATE, &format!("create {name}"));
    change.notes.pending.push(Pending { what: What::IndexCreating { index: name.clone(), allocated }, until, was: Map::new() });
    change.notes.indexes.insert(name, own);
    Ok(())
}

/// An index goes: it is listed until it is gone. An index that is not there is the engine's to refuse.
fn end(change: &mut Change<'_>, name: &str) {
    change.notes.indexes.remove(name);
    change.notes.insight.remove(name);
    change.notes.pending.retain(|p| p.index() != Some(name));
    let Some(index) = change::shown_index(change.asked.shown, name) else { return };
    let until = change.ends(&durations::INDEX_DELETE, &format!("delete {name}"));
    let mut was = transition::members(change.asked.shown, &["AttributeDefinitions"]);
    was.insert("Index".into(), index.clone());
    change.notes.pending.push(Pending { what: What::IndexDeleting { index: name.to_owned() }, until, was });
}

fn absent(name: &str, table: &str) -> Fault {
    let name = crate::safe::text(name);
    Fault::new("ResourceNotFoundException", format!("Requested resource not found: Index {name} for table {table}"))
}

/// A provisioned table's new index needs capacity, an on-demand one's must not have any (one lab's words, here and below).
fn capacity_fits(given: Option<Capacity>, name: &str, on_demand: bool) -> Result<(), Fault> {
    match (given, on_demand) {
        (Some(_), true) => {
            invalid(&format!("ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"))
        }
        (None, false) => invalid(&format!("Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: {name}")),
        _ => Ok(()),
    }
}

/// Only an on-demand table's index has a maximum.
pub(super) fn maximum_fits(given: Option<Capacity>, name: &str, on_demand: bool) -> Result<(), Fault> {
    if given.is_some() && !on_demand {
        return invalid(&format!(
            "MaxReadRequestUnits for OnDemandThroughput for index : {} cannot be specified when the table BillingMode is PROVISIONED",
            crate::safe::text(name)
        ));
    }
    Ok(())
}

fn invalid(why: &str) -> Result<(), Fault> {
    Err(Fault::invalid(format!("One or more parameter values were invalid: {why}")))
}

fn change_index(change: &mut Change<'_>, asked: &Value, name: &str) -> Result<(), Fault> {
    let mut own = change.notes.indexes.get(name).cloned().ok_or_else(|| absent(name, change.asked.table))?;
    let shown = change::shown_index(change.asked.shown, name).cloned().unwrap_or(Value::Null);
    if let Some(new) = extras::provisioned(asked)? {
        if change.on_demand {
            let only = "can be to OnDemandThroughput, WarmThroughput";
            return invalid(&format!("The only Updates for index: {name} when TableThroughputMode is PAY_PER_REQUEST {only}"));
        }
        set_capacity(change, &mut own, new, name)?;
        if !change.switching() {
            let until = change.ends(&durations::INDEX_THROUGHPUT, name);
            updating(change, name, until, transition::members(&shown, &["ProvisionedThroughput", "WarmThroughput"]));
        }
    }
    if let Some(most) = extras::on_demand(asked, own.on_demand)? {
        maximum_fits(Some(most), name, change.on_demand)?;
        own.on_demand = Some(most);
        updating(change, name, change.asked.region.time().after(change::INDEX_MAXIMUM), Map::new());
    }
    if let Some(raise) = extras::warm(asked)? {
        let now = warm::current(own.warm, own.provisioned, change.on_demand);
        let raised = warm::raise(now, raise, &format!("index {name}"))?;
        own.warm = Some(raised);
        if raised != now {
            change.warming(Some(name), transition::members(&shown, &["WarmThroughput"]));
        }
    }
    change.notes.indexes.insert(name.to_owned(), own);
    Ok(())
}

fn updating(change: &mut Change<'_>, name: &str, until: u64, was: Map<String, Value>) {
    change.notes.pending.push(Pending { what: What::IndexUpdating { index: name.to_owned() }, until, was });
}

fn set_capacity(change: &Change<'_>, own: &mut IndexNotes, new: Capacity, name: &str) -> Result<(), Fault> {
    let old = own.provisioned;
    if old == Some(new) && !change.switching() {
        return Err(Fault::invalid(format!(
            "The provisioned throughput for the index {name} will not change. The requested value equals the current value. \
             Current ReadCapacityUnits provisioned for index {name}: {0}. Requested ReadCapacityUnits: {0}. \
             Current WriteCapacityUnits provisioned for index {name}: {1}. Requested WriteCapacityUnits: {1}.",
            new.read, new.write
        )));
    }
    // An index of a table that leaves on-demand had none.
    if let Some(old) = old {
        own.throughput = budget::change(&own.throughput, old, new, change.asked.region.time())?;
        own.warm = Some(warm::current(own.warm, Some(old), false));
    }
    own.provisioned = Some(new);
    Ok(())
}

/// Leaving on-demand, every index needs its capacity in the same call; entering it, none keeps any. Maximums end either way.
pub(super) fn switched(notes: &mut TableNotes, on_demand: bool) -> Result<(), Fault> {
    for (name, own) in &mut notes.indexes {
        if !on_demand && own.provisioned.is_none() {
            return invalid(&format!("ProvisionedThroughput must be specified for index: {name}"));
        }
        own.warm = Some(warm::current(own.warm, own.provisioned, true));
        if on_demand {
            own.provisioned = None;
        }
        own.on_demand = None;
    }
    Ok(())
}
