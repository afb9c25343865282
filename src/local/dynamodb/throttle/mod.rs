//! Capacity that means something: who asks for more than a table or an index has is throttled, with AWS's reasons.
//!
//! The model, all of it by the embedded AWS's clock (at `--time-scale 1000` a table refills a thousand times as fast):
//! * provisioned tables and global indexes have a bucket per side that keeps 300 s of what was left unused; a new one is not full;
//! * a write that goes to an index that has nothing left is refused for the index, whatever the table has;
//! * an on-demand maximum is a bucket that keeps one second, and so are the 40,000 units that an account lets an on-demand table or index
//!   without one serve;
//! * another capacity or billing mode holds when DescribeTable shows it: until then the table has what it had;
//! * each partition serves 3,000 read and 1,000 write units a second, found by a hash of the partition key. A provisioned table or index
//!   has as many as its capacity needs, an on-demand one four, a table also as many as twice its busiest minute needs; there are never
//!   fewer again. A write is refused where the partition of an index that it puts an item into has nothing left;
//! * a batch does what fits and hands back the rest, and is refused when nothing fits; a transaction is cancelled whole; a query or a
//!   scan is let in or refused whole, and may leave a debt.
//!
//! Left out: which partitions a query reads, and into which of an index an update or a deletion writes; `PartiQL` is counted, never refused.
//! Key insight: what a request takes is guessed when it comes in and settled from the engine's own figures when it is done.
//! Called by `data` around every call of the engine.

mod before;
mod bucket;
mod demand;
mod limits;
mod load;
mod reason;
mod state;

pub(super) use demand::{Demand, Demands};
pub(crate) use limits::units_of;
pub(super) use limits::{Side, maximum};
pub(crate) use load::Load;
pub(super) use reason::Reason;
pub(super) use state::Taken;

use super::{Region, arn, engine};
use crate::local::fault::Fault;
use dynoxide::types::Item;
use limits::Limits;
use serde_json::json;
use state::{Now, State};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lets one item of a batch in.
pub(super) type Admit<'a> = dyn FnMut(&Demand<'_>) -> Result<(), Reason> + 'a;

/// How long bounds are gone by before they are read anew, in milliseconds: they also change by time alone.
const FRESH: u64 = 100;

/// A region's tables.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Arc<Mutex<Known>>>>);

/// A table's state, and when its bounds were read.
#[derive(Debug)]
struct Known {
    state: State,
    at: u64,
    generation: u64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Throttle {
    /// Runs `act` on a table's state, with its bounds as they are now; `None` for a table that is not there.
    fn with<T>(&self, region: &Region, table: &str, act: impl FnOnce(&mut State, Now) -> T) -> Option<T> {
        let now = now(region);
        let known = self.known(region, table, now)?;
        let mut known = locked(&known);
        let generation = region.metrics().generation();
        if known.generation != generation || now.ms.abs_diff(known.at) >= FRESH {
            known.state.fit(Limits::of(region, table)?, now);
            (known.at, known.generation) = (now.ms, generation);
        }
        Some(act(&mut known.state, now))
    }

    /// What is known of a table; a table that is not there leaves nothing behind. It is looked for under the lock, so that what
    /// `forget` drops does not come back.
    fn known(&self, region: &Region, table: &str, now: Now) -> Option<Arc<Mutex<Known>>> {
        let mut tables = locked(&self.0);
        if let Some(known) = tables.get(table) {
            return Some(Arc::clone(known));
        }
        let generation = region.metrics().generation();
        let state = State::new(Limits::of(region, table)?, now);
        let known = Arc::new(Mutex::new(Known { state, at: now.ms, generation }));
        tables.insert(table.to_owned(), Arc::clone(&known));
        Some(known)
    }

    /// The table is gone: one that is made under its name owes nothing, and has consumed nothing.
    pub(super) fn forget(&self, table: &str) {
        locked(&self.0).remove(table);
    }
}

fn now(region: &Region) -> Now {
    let clock = &region.time().clock;
    let second = clock.pace(Duration::from_secs(1)).as_secs_f64();
    Now { ms: clock.now_ms(), speed: if second > 0.0 { 1.0 / second } else { 1.0 } }
}

/// Lets one demand in, or says why not.
pub(super) fn admit(region: &Region, demand: &Demand<'_>) -> Result<Option<Taken>, Reason> {
    let before = || as_it_is(region, demand);
    let admitted = region.throttle().with(region, demand.table, |state, now| {
        state.admit(demand, now, before).map_err(|(index, cause)| (index, cause, state.limits.on_demand))
    });
    let (index, cause, on_demand) = match admitted {
        None => return Ok(None),
        Some(Ok(taken)) => return Ok(Some(taken)),
        Some(Err(refused)) => refused,
    };
    let table = arn::of_table(region, demand.table);
    let arn = index.as_ref().map_or_else(|| table.clone(), |name| format!("{table}/index/{name}"));
    Err(Reason { table: demand.table.to_owned(), index, side: demand.side, cause, on_demand, arn })
}

/// Counts events where AWS counts them.
pub(super) fn count(region: &Region, events: &[Reason]) {
    for reason in events {
        for metric in reason.metrics() {
            region.metrics().throttled(region.name(), &reason.table, reason.index.as_ref(), metric);
        }
    }
}

/// Counts a request of which nothing was done; its exception is `refusal`.
pub(super) fn refused(region: &Region, operation: &str, events: &[Reason], refusal: Fault) -> Fault {
    if let Some(first) = events.first() {
        region.metrics().event(region.name(), "ThrottledRequests", &[("TableName", &first.table), ("Operation", operation)]);
    }
    refusal
}

/// What was taken ahead goes back, since it is known by now what was consumed.
pub(super) fn give_back(region: &Region, taken: &[Taken]) {
    for one in taken {
        region.throttle().with(region, &one.table, |state, _| state.give(one, 1.0));
    }
}

/// What was consumed, as the engine told it.
pub(super) fn spend(region: &Region, table: &str, index: Option<&str>, side: Side, units: f64) {
    region.throttle().with(region, table, |state, now| state.spend(index, side, units, now));
}

/// What was consumed of a table, of the partitions that the request was let into.
pub(super) fn spread(region: &Region, table: &str, side: Side, units: f64, taken: &[Taken]) {
    let theirs: Vec<&Taken> = taken.iter().filter(|one| one.table == table && one.side == side).collect();
    if !theirs.is_empty() {
        region.throttle().with(region, table, |state, _| state.spread(&theirs, units));
    }
}

/// The AWS minute that it is.
pub(crate) fn minute(region: &Region) -> u64 {
    now(region).minute()
}

/// The AWS minute of a moment in seconds since 1970.
pub(super) fn minute_of(region: &Region, seconds: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970")]
    let ms = (seconds * 1000.0) as u64;
    Now { ms, ..now(region) }.minute()
}

/// What was consumed of a table or an index lately.
pub(crate) fn load_of(region: &Region, table: &str, index: Option<&str>, reads: bool) -> Load {
    let side = if reads { Side::Read } else { Side::Write };
    region.throttle().with(region, table, |state, _| state.load(index, side)).unwrap_or_default()
}

/// The item as it is before a write: read only when an index has nothing left.
fn as_it_is(region: &Region, demand: &Demand<'_>) -> Option<Item> {
    let told = engine::tree(&region.db().describe_table(engine::typed(json!({ "TableName": demand.table })).ok()?).ok()?).ok()?;
    let schema = told.pointer("/Table/KeySchema")?.as_array()?;
    let item = demand.key?;
    let names = schema.iter().filter_map(|k| k.get("AttributeName")?.as_str());
    let key: Item = names.map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect::<Option<_>>()?;
    let request = dynoxide::actions::get_item::GetItemRequest { table_name: demand.table.to_owned(), key, ..Default::default() };
    region.db().get_item(request).ok()?.item
}
