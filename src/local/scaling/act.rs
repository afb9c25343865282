//! What auto scaling does on its own, by an UpdateTable like any other: capacity out of its range is moved into it (seconds after a range
//! was registered, else in the next minute; with a policy or without), and capacity under a policy follows the load.
//!
//! Rules: nothing runs in the background, whoever calls DynamoDB or asks CloudWatch does what is due; what AWS refuses is tried again
//! in a later minute (a table that is changing, a day's decreases that are used up); minutes from before a restart are not known, and
//! count for nothing. Known and left: a step that nobody looked for is dated by who comes first; a change by hand within the range stays
//! until the load asks for another, where one lab saw it taken back after a minute and a half.

use super::follow::{Step, Tracking};
use crate::local::dynamodb::{Load, Region, Target, capacity_of, load_of, minute, set_capacity};
use crate::local::fault::Fault;
use std::time::Duration;

/// More whole minutes than any rule looks at.
const MINUTES: u64 = 20;

/// Does what is due.
pub(crate) fn act(region: &Region) -> Result<(), Fault> {
    let (now, minute) = (region.time().now_ms(), minute(region));
    let all: Vec<(String, Target)> = {
        let notes = region.notes();
        let due = |key: &String, t: &Target| (t.acts_at > 0 && t.acts_at <= now) || region.followed(key) < minute;
        notes.scaling.iter().filter(|(key, t)| due(key, t)).map(|(key, target)| (key.clone(), target.clone())).collect()
    };
    for (key, target) in all {
        if target.acts_at > 0 && target.acts_at <= now {
            move_in(region, &key, &target)?;
        } else {
            follow(region, &key, &target, minute)?;
        }
    }
    Ok(())
}

/// A table that is changing is tried again by the next caller; what AWS refuses is left to the minutes that follow.
fn move_in(region: &Region, key: &str, target: &Target) -> Result<(), Fault> {
    let side = Side::of(target);
    let moved = side.capacity(region).map_or(Ok(()), |now| side.set(region, now.clamp(target.min, target.max)));
    if matches!(moved, Err(fault) if is_busy(&fault)) {
        return Ok(());
    }
    region.change(|all| {
        all.scaling.entry(key.to_owned()).and_modify(|t| t.acts_at = 0);
        Ok(())
    })
}

/// Goes through the minutes since somebody last looked, up to the first in which there is something to do.
fn follow(region: &Region, key: &str, target: &Target, minute: u64) -> Result<(), Fault> {
    let side = Side::of(target);
    let policy = target.policies.values().next();
    let capacity = side.capacity(region);
    if let Some(out) = capacity.filter(|units| target.acts_at == 0 && !(target.min..=target.max).contains(units)) {
        if !matches!(side.set(region, out.clamp(target.min, target.max)), Err(fault) if is_busy(&fault)) {
            region.follow(key, minute);
        }
        return Ok(());
    }
    let (Some(tracking), Some(capacity)) = (policy.and_then(Tracking::of), capacity) else {
        region.follow(key, minute);
        return Ok(());
    };
    let load = load_of(region, side.table, side.index, side.reads);
    let since = policy.and_then(|p| p["CreationTime"].as_f64()).map_or(0, |at| region.minute_of(at)).max(region.opened()) + 1;
    let last = region.followed(key).max(minute.saturating_sub(Load::KEPT)).max(since);
    let step = (last + 1..=minute).find_map(|end| {
        let used: Vec<f64> = (end.saturating_sub(MINUTES).max(since)..end).map(|m| load.used(m)).collect();
        tracking.step(&used, capacity, (target.min, target.max))
    });
    let step = step.filter(|step| is_cool(region, &tracking, target, *step));
    let done = step.map_or(Ok(()), |step| side.set(region, step.to()));
    if !matches!(&done, Err(fault) if is_busy(fault)) {
        region.follow(key, minute);
    }
    let Some(step) = step.filter(|_| done.is_ok()) else { return Ok(()) };
    region.change(|all| {
        let now = region.time().now_ms();
        all.scaling.entry(key.to_owned()).and_modify(|t| match step {
            Step::Out(_) => t.out_at = now,
            Step::In(_) => t.in_at = now,
        });
        Ok(())
    })
}

fn is_busy(fault: &Fault) -> bool {
    fault.code == "ResourceInUseException"
}

fn is_cool(region: &Region, tracking: &Tracking, target: &Target, step: Step) -> bool {
    let last = if matches!(step, Step::Out(_)) { target.out_at } else { target.in_at };
    !region.time().within(last, Duration::from_secs(tracking.cooldown(step)))
}

/// The side of a table or an index that a target is about.
struct Side<'a> {
    table: &'a str,
    index: Option<&'a str>,
    reads: bool,
}

impl<'a> Side<'a> {
    fn of(target: &'a Target) -> Self {
        let mut parts = target.resource.split('/').skip(1);
        Self { table: parts.next().unwrap_or_default(), index: parts.nth(1), reads: target.dimension.ends_with("ReadCapacityUnits") }
    }

    /// `None` when it is not there, or on demand.
    fn capacity(&self, region: &Region) -> Option<i64> {
        let now = capacity_of(region, self.table, self.index)??;
        Some(if self.reads { now.read } else { now.write })
    }

    fn set(&self, region: &Region, units: i64) -> Result<(), Fault> {
        let Some(Some(now)) = capacity_of(region, self.table, self.index) else { return Ok(()) };
        let mut wanted = now;
        *(if self.reads { &mut wanted.read } else { &mut wanted.write }) = units;
        if wanted == now { Ok(()) } else { set_capacity(region, self.table, self.index, wanted) }
    }
}

#[cfg(test)]
mod tests;
