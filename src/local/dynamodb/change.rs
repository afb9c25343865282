//! One UpdateTable's meaning for the notes: what is true from now on, what is still seen of before, and which budget it costs.
//!
//! Rule: nothing here touches the engine or the notes of the region; a refusal leaves no trace.
//! Called by `update` between the checks and the act.

use super::notes::{Capacity, TableNotes};
use super::transition::{self, Pending, What};
use super::{Region, arn, budget, durations, extras, index, quota, update, warm};
use crate::local::fault::Fault;
use dynoxide::actions::TableDescription;
use serde_json::{Map, Value};
use std::time::Duration;

/// What is asked, of what.
pub(super) struct Asked<'a> {
    pub(super) region: &'a Region,
    pub(super) table: &'a str,
    /// The description as callers see it now.
    pub(super) shown: &'a Value,
    pub(super) engine: &'a TableDescription,
}

/// The table after the change.
pub(super) struct Change<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) notes: TableNotes,
    pub(super) was_on_demand: bool,
    pub(super) on_demand: bool,
    /// Nothing changes, and the reply says UPDATING all the same.
    pub(super) says_updating: bool,
}

impl<'a> Change<'a> {
    /// Reads `request`, and takes out of it what the engine does not keep or would do twice.
    pub(super) fn of(asked: &'a Asked<'a>, request: &mut Map<String, Value>) -> Result<Self, Fault> {
        let was_on_demand = update::is_on_demand(asked.engine);
        let mode = request.get("BillingMode").and_then(Value::as_str);
        let on_demand = mode.map_or(was_on_demand, |mode| mode == "PAY_PER_REQUEST");
        let mut notes = asked.region.table(asked.table);
        transition::settle(&mut notes.pending, asked.region.time().now_ms());
        notes.changes += 1;
        let mut change = Self { asked, notes, was_on_demand, on_demand, says_updating: false };
        change.encryption(request)?;
        change.warm(request)?;
        change.protection(request)?;
        change.class(request)?;
        change.stream(request)?;
        change.maximum(request);
        change.capacity(request)?;
        index::apply(&mut change, request)?;
        change.billing(request)?;
        change.quota(request)?;
        Ok(change)
    }

    pub(super) fn switching(&self) -> bool {
        self.was_on_demand != self.on_demand
    }

    /// How long this change takes, by the clock: the moment of its end.
    pub(super) fn ends(&self, range: &durations::Range, what: &str) -> u64 {
        let seed = format!("{}/{what}/{}", self.asked.table, self.notes.changes);
        self.asked.region.time().after(range.draw(&seed))
    }

    /// Begins `what`, which hides the `members` of the table until its end.
    fn begin(&mut self, what: What, range: &durations::Range, members: &[&str]) {
        let until = self.ends(range, members.first().unwrap_or(&"stream"));
        self.notes.pending.push(Pending { what, until, was: transition::members(self.asked.shown, members) });
    }

    /// `SSESpecification`.
    fn encryption(&mut self, request: &mut Map<String, Value>) -> Result<(), Fault> {
        let Some(asked) = extras::encryption(extras::take(request, "SSESpecification"), self.asked.region)? else { return Ok(()) };
        let same = if asked.key.is_none() { self.notes.kms.is_none() } else { asked.by_arn && asked.key == self.notes.kms };
        if same {
            let how = if asked.key.is_none() { "by default" } else { "by given KMSMasterKeyId" };
            return Err(Fault::invalid(format!("One or more parameter values were invalid: Table is already encrypted {how}")));
        }
        let time = self.asked.region.time();
        budget::ENCRYPTION.check(&self.notes.encryptions, time)?;
        budget::ENCRYPTION.note(&mut self.notes.encryptions, time);
        self.notes.kms = asked.key;
        let old_key = self.ends(&durations::OLD_KEY, "old key");
        self.begin(What::Encryption { old_key }, &durations::ENCRYPTION, &["SSEDescription"]);
        Ok(())
    }

    /// `WarmThroughput` of the table: raised only; a second raise while one is under way takes its place.
    fn warm(&mut self, request: &mut Map<String, Value>) -> Result<(), Fault> {
        let Some(asked) = extras::warm(&Value::Object(request.clone()))? else { return Ok(()) };
        request.remove("WarmThroughput");
        let now = warm::current(self.notes.warm, self.engine_capacity(), self.was_on_demand);
        let raised = warm::raise(now, asked, "table")?;
        self.notes.warm = Some(raised);
        if raised != now {
            self.warming(None, transition::members(self.asked.shown, &["WarmThroughput"]));
        }
        Ok(())
    }

    /// A raise of warm throughput begins, of the table or of an index that looked as in `was`.
    pub(super) fn warming(&mut self, index: Option<&str>, was: Map<String, Value>) {
        let what = What::Warm { index: index.map(str::to_owned) };
        let until = self.ends(&durations::WARM, &format!("warm {}", index.unwrap_or_default()));
        let before = self.notes.pending.iter().position(|p| p.what == what).map(|at| self.notes.pending.remove(at));
        self.notes.pending.push(Pending { what, until, was: before.map_or(was, |p| p.was) });
    }

    /// `DeletionProtectionEnabled`: at once, but not twice within 15 seconds.
    fn protection(&mut self, request: &mut Map<String, Value>) -> Result<(), Fault> {
        let Some(on) = request.get("DeletionProtectionEnabled").and_then(Value::as_bool) else { return Ok(()) };
        if self.asked.shown["DeletionProtectionEnabled"] == on {
            request.remove("DeletionProtectionEnabled");
            return Ok(());
        }
        let time = self.asked.region.time();
        if let Some(at) = self.notes.protected_at.filter(|at| time.within(*at, durations::COOLDOWN)) {
            let again = crate::local::moment::iso_ms(at + time.paced(durations::COOLDOWN));
            return Err(Fault::new(
                "ThrottlingException",
                format!(
                    "Deletion protection setting for table {} modified within the previous 15000 milliseconds. Please try again after {again}",
                    self.asked.table
                ),
            ));
        }
        self.notes.protected_at = Some(time.now_ms());
        Ok(())
    }

    /// `TableClass`.
    fn class(&mut self, request: &mut Map<String, Value>) -> Result<(), Fault> {
        let Some(class) = request.get("TableClass").and_then(Value::as_str) else { return Ok(()) };
        if !["STANDARD", "STANDARD_INFREQUENT_ACCESS"].contains(&class) {
            // The engine has AWS's words for it.
            return Ok(());
        }
        let now = self.asked.shown.pointer("/TableClassSummary/TableClass").and_then(Value::as_str).unwrap_or("STANDARD");
        let (same, time) = (class == now, self.asked.region.time());
        budget::CLASS.check(&self.notes.classes, time)?;
        if same {
            request.remove("TableClass");
            self.says_updating = true;
            return Ok(());
        }
        budget::CLASS.note(&mut self.notes.classes, time);
        self.begin(What::Class, &durations::CLASS, &["TableClassSummary"]);
        Ok(())
    }

    /// `StreamSpecification`: shown as asked at once. The engine takes a stream that is switched on twice; AWS does not.
    fn stream(&mut self, request: &Map<String, Value>) -> Result<(), Fault> {
        let asked = request.get("StreamSpecification").and_then(|s| s.get("StreamEnabled")).and_then(Value::as_bool);
        let on = self.asked.engine.stream_specification.as_ref().is_some_and(|s| s.stream_enabled);
        let table = self.asked.table;
        match asked {
            Some(true) if on => Err(Fault::invalid(format!("Table already has an enabled stream: TableName: {table}"))),
            Some(false) if !on => Err(Fault::invalid(format!("Table has no stream to disable: TableName: {table}"))),
            Some(_) => {
                self.begin(What::Stream, &durations::STREAM, &[]);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// `OnDemandThroughput`: at once; a side that is not said stays.
    fn maximum(&self, request: &mut Map<String, Value>) {
        let Some(Value::Object(asked)) = request.get_mut("OnDemandThroughput") else { return };
        for name in ["MaxReadRequestUnits", "MaxWriteRequestUnits"] {
            let now = self.asked.shown.pointer(&format!("/OnDemandThroughput/{name}")).cloned().unwrap_or_else(|| (-1).into());
            let side = asked.entry(name).or_insert(Value::Null);
            if side.is_null() {
                *side = now;
            }
        }
    }

    /// `ProvisionedThroughput` of a table that stays provisioned.
    fn capacity(&mut self, request: &Map<String, Value>) -> Result<(), Fault> {
        let Some(new) = extras::provisioned(&Value::Object(request.clone()))? else { return Ok(()) };
        let old = self.engine_capacity();
        // A switch brings its own; and what the engine refuses in AWS's words costs nothing.
        let Some(old) = old.filter(|_| !self.switching()) else { return Ok(()) };
        self.notes.throughput = budget::change(&self.notes.throughput, old, new, self.asked.region.time())?;
        self.notes.warm = Some(warm::current(self.notes.warm, Some(old), false));
        self.begin(What::Throughput, &durations::THROUGHPUT, &["ProvisionedThroughput", "WarmThroughput"]);
        Ok(())
    }

    /// `BillingMode`, when it is another one; said again it is a 200 that does nothing.
    fn billing(&mut self, request: &mut Map<String, Value>) -> Result<(), Fault> {
        if !self.switching() {
            if self.on_demand && request.remove("BillingMode").is_some() {
                self.says_updating = true;
            }
            return Ok(());
        }
        let time = self.asked.region.time();
        let before = warm::current(self.notes.warm, self.engine_capacity(), self.was_on_demand);
        let range = if self.on_demand {
            budget::ON_DEMAND.check(&self.notes.to_on_demand, time)?;
            budget::ON_DEMAND.note(&mut self.notes.to_on_demand, time);
            let first = self.notes.on_demand_since.is_none();
            self.notes.on_demand_since = Some(time.now_ms());
            if first { durations::TO_ON_DEMAND_FIRST } else { durations::TO_ON_DEMAND }
        } else {
            durations::TO_PROVISIONED
        };
        self.notes.warm = Some(before);
        index::switched(&mut self.notes, self.on_demand)?;
        let mut members = vec!["ProvisionedThroughput", "BillingModeSummary", "OnDemandThroughput", "WarmThroughput"];
        if self.asked.shown.get("GlobalSecondaryIndexes").is_some() {
            members.push("GlobalSecondaryIndexes");
        }
        self.begin(What::Billing { to_on_demand: self.on_demand }, &range, &members);
        Ok(())
    }

    /// What the table and its indexes will have together with all others.
    fn quota(&self, request: &Map<String, Value>) -> Result<(), Fault> {
        let asked = extras::provisioned(&Value::Object(request.clone()))?;
        let provisioned = asked.or_else(|| self.engine_capacity());
        quota::of_changed(self.asked.region, self.asked.table, provisioned, &self.notes.indexes)
    }

    pub(super) fn engine_capacity(&self) -> Option<Capacity> {
        let throughput = self.asked.engine.provisioned_throughput.as_ref()?;
        let side = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
        Some(Capacity { read: side(throughput.read_capacity_units), write: side(throughput.write_capacity_units) })
    }

    /// The notes once the engine has done its part and tells of it.
    pub(super) fn done(self, told: &TableDescription) -> TableNotes {
        let mut notes = self.notes;
        let side = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
        let units = told.provisioned_throughput.as_ref().filter(|_| !update::is_on_demand(told));
        notes.provisioned = units.map(|t| Capacity { read: side(t.read_capacity_units), write: side(t.write_capacity_units) });
        if let (Some(arn), Some(label)) = (&told.latest_stream_arn, &told.latest_stream_label) {
            // The last stream is told of even when it is off.
            notes.stream = Some((arn::outward(self.asked.region, arn), label.clone()));
        }
        notes
    }
}

/// Two seconds: an index's on-demand maximum is UPDATING for so long (one lab).
pub(super) const INDEX_MAXIMUM: Duration = Duration::from_secs(2);

/// The index `name` as it is shown.
pub(super) fn shown_index<'a>(shown: &'a Value, name: &str) -> Option<&'a Value> {
    shown.get("GlobalSecondaryIndexes")?.as_array()?.iter().find(|i| i["IndexName"] == name)
}
