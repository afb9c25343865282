//! Global index changes of one UpdateTable: what the engine would ignore is checked and kept here.

use super::notes::{Capacity, IndexNotes, TableNotes};
use super::{extras, warm};
use crate::local::fault::Fault;
use crate::local::moment;
use serde_json::Value;

/// AWS builds or drops one index per call.
pub(super) fn one_at_a_time(updates: &[Value]) -> Result<(), Fault> {
    let building = updates.iter().filter(|u| ["Create", "Delete"].iter().any(|a| u.get(a).is_some_and(|v| !v.is_null()))).count();
    if building > 1 {
        let message = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";
        return Err(Fault::new("LimitExceededException", message));
    }
    Ok(())
}

/// Takes the `Update` actions out of `updates` and into `notes`, and notes what `Create` and `Delete` mean for them.
pub(super) fn apply(updates: &mut Vec<Value>, notes: &mut TableNotes, on_demand: bool, switching: bool) -> Result<(), Fault> {
    for update in &mut *updates {
        if let Some(change) = action(update, "Update") {
            let name = extras::text(change, "IndexName")?.to_owned();
            let own = notes.indexes.get_mut(&name).ok_or_else(|| absent(&name))?;
            change_index(own, change, &name, on_demand, switching)?;
        } else if let Some(create) = update.get_mut("Create").filter(|v| !v.is_null()) {
            let own = extras::index(create)?;
            let name = extras::text(create, "IndexName")?.to_owned();
            capacity_fits(own.provisioned, &name, on_demand)?;
            notes.indexes.insert(name, own);
        } else if let Some(delete) = action(update, "Delete") {
            notes.indexes.remove(extras::text(delete, "IndexName")?);
        }
    }
    updates.retain(|u| action(u, "Update").is_none());
    Ok(())
}

fn action<'a>(update: &'a Value, name: &str) -> Option<&'a Value> {
    update.get(name).filter(|v| !v.is_null())
}

fn absent(name: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("Requested resource not found: index {} is not on this table", crate::safe::text(name)))
}

/// A provisioned table's index needs capacity, an on-demand one's must not have any.
fn capacity_fits(given: Option<Capacity>, name: &str, on_demand: bool) -> Result<(), Fault> {
    match (given, on_demand) {
        (Some(_), true) => Err(Fault::invalid(format!(
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: {name} \
             when BillingMode is PAY_PER_REQUEST"
        ))),
        (None, false) => Err(Fault::invalid(format!(
            "One or more parameter values were invalid: ProvisionedThroughput must be specified for index: {name}"
        ))),
        _ => Ok(()),
    }
}

fn change_index(own: &mut IndexNotes, change: &Value, name: &str, on_demand: bool, switching: bool) -> Result<(), Fault> {
    if let Some(new) = extras::provisioned(change)? {
        capacity_fits(Some(new), name, on_demand)?;
        set_capacity(own, new, name, switching)?;
    }
    if let Some(most) = extras::on_demand(change)? {
        if !on_demand {
            return Err(Fault::invalid(format!(
                "One or more parameter values were invalid: OnDemandThroughput cannot be specified for index: {name} when BillingMode is PROVISIONED"
            )));
        }
        own.on_demand = Some(most).filter(|m| m.read != -1 || m.write != -1);
    }
    if let Some(asked) = extras::warm(change)? {
        let now = warm::current(own.warm, own.provisioned, on_demand);
        own.warm = Some(warm::raise(now, asked, &format!("index {name}"))?);
    }
    Ok(())
}

fn set_capacity(own: &mut IndexNotes, new: Capacity, name: &str, switching: bool) -> Result<(), Fault> {
    let old = own.provisioned;
    if old == Some(new) && !switching {
        return Err(Fault::invalid(format!(
            "The provisioned throughput for the index {name} will not change. The requested value equals the current value. \
             Current ReadCapacityUnits provisioned for the index: {0}. Requested ReadCapacityUnits: {0}. \
             Current WriteCapacityUnits provisioned for the index: {1}. Requested WriteCapacityUnits: {1}.",
            new.read, new.write
        )));
    }
    let now = moment::seconds();
    if let Some(old) = old {
        if new.read < old.read || new.write < old.write {
            let same_day = own.decreased.map(|at| at / 86_400) == Some(now / 86_400);
            own.decreases = if same_day { own.decreases + 1 } else { 1 };
            own.decreased = Some(now);
        }
        if new.read > old.read || new.write > old.write {
            own.increased = Some(now);
        }
    }
    own.provisioned = Some(new);
    Ok(())
}
