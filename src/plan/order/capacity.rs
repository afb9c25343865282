//! Billing mode, units, maximums and warm throughput: which of them comes next.
//!
//! Rules: on-demand to provisioned carries the table and every index in one call; an unchanged value is never sent again;
//! maximums belong to on-demand, so they are cleared before it is left, and set after it is reached.
//! A side that auto scaling owns is sent as 0, which keeps it (see [`Step::SetCapacity`]), or as the least of its range where it is below.
//! Called by [`super::next_step`].

use crate::plan::step::{Mode, Step};
use crate::resource::{Capacity, Index, Limits, Maximum, Scaling, Table, Units};
use std::collections::BTreeMap;

/// Changes the billing mode.
pub(super) fn switch(want: &Table, now: &Table) -> Option<Step> {
    match (want.capacity, now.capacity) {
        (Capacity::OnDemand, Capacity::Provisioned(_)) => {
            Some(Step::SetCapacity { mode: Some(Mode::OnDemand), table: None, indexes: BTreeMap::new() })
        }
        (Capacity::Provisioned(units), Capacity::OnDemand) => {
            let all = existing(want, now).filter_map(|(name, wanted, _)| Some((name.clone(), provisioned(wanted.capacity)?)));
            Some(Step::SetCapacity { mode: Some(Mode::Provisioned), table: Some(units), indexes: all.collect() })
        }
        _ => None,
    }
}

/// Changes units under the provisioned mode.
pub(super) fn units(want: &Table, now: &Table) -> Option<Step> {
    let table = moved(want.capacity, now.capacity, want.limits.scaling);
    let of = |wanted: &Index, now: &Index| moved(wanted.capacity, now.capacity, wanted.limits.scaling);
    let indexes: BTreeMap<_, _> = existing(want, now).filter_map(|(name, wanted, now)| Some((name.clone(), of(wanted, now)?))).collect();
    (table.is_some() || !indexes.is_empty()).then_some(Step::SetCapacity { mode: None, table, indexes })
}

/// The indexes that exist and stay: name, wanted, now.
fn existing<'a>(want: &'a Table, now: &'a Table) -> impl Iterator<Item = (&'a String, &'a Index, &'a Index)> {
    now.indexes.iter().filter_map(|(name, now)| Some((name, want.indexes.get(name)?, now)))
}

fn provisioned(capacity: Capacity) -> Option<Units> {
    if let Capacity::Provisioned(units) = capacity { Some(units) } else { None }
}

/// What to send where the units differ.
fn moved(want: Capacity, now: Capacity, scaling: Scaling) -> Option<Units> {
    let (want, now) = (provisioned(want)?, provisioned(now)?);
    let side = |want: u64, now: u64, owned: bool| if owned && want == now { 0 } else { want };
    let sent =
        Units { read: side(want.read, now.read, scaling.read.is_some()), write: side(want.write, now.write, scaling.write.is_some()) };
    (want != now).then_some(sent)
}

/// Takes the maximums off before on-demand is left.
pub(super) fn clear_maximum(want: &Table, now: &Table) -> Option<Step> {
    let leaves = provisioned(want.capacity).is_some() && now.capacity == Capacity::OnDemand;
    leaves.then(|| maximums(want, now)).flatten()
}

/// Sets the maximums of an on-demand table.
pub(super) fn maximum(want: &Table, now: &Table) -> Option<Step> {
    (now.capacity == Capacity::OnDemand).then(|| maximums(want, now)).flatten()
}

/// The table's first, then those of all indexes in one call.
fn maximums(want: &Table, now: &Table) -> Option<Step> {
    let differs = |want: &Limits, now: &Limits| (want.maximum != now.maximum).then_some(want.maximum);
    if let Some(maximum) = differs(&want.limits, &now.limits) {
        return Some(Step::SetMaximum { table: Some(maximum), indexes: BTreeMap::new() });
    }
    let indexes: BTreeMap<String, Maximum> =
        existing(want, now).filter_map(|(name, want, now)| Some((name.clone(), differs(&want.limits, &now.limits)?))).collect();
    (!indexes.is_empty()).then_some(Step::SetMaximum { table: None, indexes })
}

/// Raises warm throughput to its floor, the table's first, then one index a call.
pub(super) fn warm(want: &Table, now: &Table) -> Option<Step> {
    let step = |index: Option<&String>, want: &Limits, now: &Limits| {
        let units = lift(want.warm?, now.warm.unwrap_or(Units { read: 0, write: 0 }))?;
        Some(Step::RaiseWarm { index: index.cloned(), units })
    };
    step(None, &want.limits, &now.limits)
        .or_else(|| existing(want, now).find_map(|(name, want, now)| step(Some(name), &want.limits, &now.limits)))
}

/// What of a raise to `units` AWS has not done by itself meanwhile; `None`: nothing is left.
pub(super) fn left(index: Option<&String>, units: Units, now: &Table) -> Option<Units> {
    let limits = index.map_or(Some(now.limits), |name| now.indexes.get(name).map(|i| i.limits));
    lift(units, limits.unwrap_or_default().warm.unwrap_or(Units { read: 0, write: 0 }))
}

/// The sides that are below the floor; the others are 0, because AWS refuses a value below the present one.
fn lift(want: Units, now: Units) -> Option<Units> {
    let side = |want: u64, now: u64| if now < want { want } else { 0 };
    let sent = Units { read: side(want.read, now.read), write: side(want.write, now.write) };
    (sent.read > 0 || sent.write > 0).then_some(sent)
}
