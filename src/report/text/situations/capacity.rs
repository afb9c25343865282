//! Capacity: units, billing mode, maximums, warm throughput, auto scaling, and what AWS allows of it in a day.

use super::*;
use crate::live::{ForeignScaling, Mover, Usage};
use crate::plan::samples::{index, table};
use crate::resource::{Capacity, Dimension, Limits, Maximum, Range, Scaling, Units};
use std::collections::BTreeMap;

/// A table and an index of these units.
fn fixed(read: u64, write: u64) -> Table {
    let capacity = Capacity::Provisioned(Units { read, write });
    Table { capacity, indexes: BTreeMap::from([("byMail".to_owned(), index("mail", capacity))]), ..table() }
}

fn on_demand() -> Table {
    Table { indexes: BTreeMap::from([("byMail".to_owned(), index("mail", Capacity::OnDemand))]), ..table() }
}

fn limited(limits: Limits) -> Table {
    Table { limits, ..table() }
}

fn scaled(read: Option<(u64, u64, u64)>) -> Table {
    let read = read.map(|(min, max, target)| Range { min, max, target: Some(target) });
    let limits = Limits { scaling: Scaling { read, write: None }, ..Limits::default() };
    let capacity = Capacity::Provisioned(Units { read: read.map_or(5, |r| r.min), write: 5 });
    Table { capacity, limits, ..table() }
}

#[test]
fn more_units() {
    insta::assert_snapshot!(change(&fixed(5, 5), &fixed(10, 5), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ capacity               5 read, 5 write -> 10 read, 5 write
          ~ index byMail.capacity  5 read, 5 write -> 10 read, 5 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable capacity: table 10 read, 5 write; index byMail 10 read, 5 write  (2 s to 60 s)
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 3 s to 63 s.
    ");
}

#[test]
fn fewer_units_within_the_budget() {
    let usage = Usage { decreases: BTreeMap::from([(String::new(), (2, NOON_MS - HOUR_MS))]), ..Usage::default() };
    let live = LiveTable { usage, ..applied(fixed(10, 10)) };
    insta::assert_snapshot!(plan(&fixed(10, 5), Some(live), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ capacity               10 read, 10 write -> 10 read, 5 write
          ~ index byMail.capacity  10 read, 10 write -> 10 read, 5 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable capacity: table 10 read, 5 write; index byMail 10 read, 5 write  (2 s to 60 s)
        2. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: capacity decreases: uses 1; AWS allows 4 on a UTC day, then one an hour; 1 left
      table T: capacity decreases of index byMail: uses 1; AWS allows 4 on a UTC day, then one an hour; 3 left

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 3 s to 63 s.
    ");
}

#[test]
fn fewer_units_over_the_budget() {
    let spent = (4, NOON_MS - HOUR_MS / 4);
    let decreases = BTreeMap::from([(String::new(), spent), ("byMail".to_owned(), (1, NOON_MS - HOUR_MS))]);
    let live = LiveTable { usage: Usage { decreases, ..Usage::default() }, ..applied(fixed(10, 10)) };
    insta::assert_snapshot!(plan(&fixed(10, 5), Some(live), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ capacity               10 read, 10 write -> 10 read, 5 write
          ~ index byMail.capacity  10 read, 10 write -> 10 read, 5 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable capacity: table 10 read, 5 write; index byMail 10 read, 5 write  (46 min)
             not before 2026-11-21T12:45:00Z: AWS's budget is spent until then
        2. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: capacity decreases: uses 1; AWS allows 4 on a UTC day, then one an hour; 0 left
      table T: capacity decreases of index byMail: uses 1; AWS allows 4 on a UTC day, then one an hour; 2 left

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 46 min to 47 min.
    ");
}

#[test]
fn on_demand_to_provisioned() {
    insta::assert_snapshot!(change(&on_demand(), &fixed(5, 5), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ capacity               on-demand -> 5 read, 5 write
          ~ index byMail.capacity  on-demand -> 5 read, 5 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable capacity: provisioned; table 5 read, 5 write; index byMail 5 read, 5 write  (60 s to 100 s)
             billed by the hour from then on, and requests over the units are throttled
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 61 s to 103 s.
    ");
}

#[test]
fn provisioned_to_on_demand() {
    let usage = Usage { to_on_demand_ms: Some(NOON_MS - 48 * HOUR_MS), ..Usage::default() };
    insta::assert_snapshot!(plan(&on_demand(), Some(LiveTable { usage, ..applied(fixed(5, 5)) }), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ capacity               5 read, 5 write -> on-demand
          ~ index byMail.capacity  5 read, 5 write -> on-demand

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable capacity: on-demand  (4 s to 3 min)
             billed by the request from then on
        2. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: changes to on-demand: uses 1; AWS allows 4 in 24 hours; 3 left

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 5 s to 3 min.
    ");
}

#[test]
fn maximums_set_and_cleared() {
    let of = |read, write| limited(Limits { maximum: Maximum { read, write }, ..Limits::default() });
    insta::assert_snapshot!(change(&of(Some(500), Some(100)), &of(None, Some(200)), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ maximum  500 read, 100 write -> unlimited read, 200 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable on-demand maximum: table unlimited read, 200 write  (2 s to 60 s)
             requests over a maximum are throttled; without one the cost follows the traffic
        2. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 2 calls, about 3 s to 63 s.
    ");
}

#[test]
fn warm_throughput_raised() {
    let of = |read, write| limited(Limits { warm: Some(Units { read, write }), ..Limits::default() });
    insta::assert_snapshot!(change(&of(20_000, 4000), &of(20_000, 10_000), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ warm  at least 20000 read, 4000 write -> at least 20000 read, 10000 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable warm throughput of the table: 10000 write  (5 min to 9 min)
             charged once for what is added, and never lowered again

    Plan: 0 to create, 1 to change, 0 to delete; 1 call, about 5 min to 9 min.
    ");
}

#[test]
fn scaling_added() {
    insta::assert_snapshot!(change(&scaled(None), &scaled(Some((5, 100, 70))), &[]), @r"
    Changes (+ create   ~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ capacity          5 read, 5 write -> scaled read, 5 write
          + scaling of reads  5 to 100, at 70%

    Calls, in this order for each resource (times are estimates):
      table T
        1. RegisterScalableTarget table reads, 5 to 100  (1 s to 3 s)
             the capacity, and its cost, moves between these bounds by itself
        2. PutScalingPolicy table reads, hold 70%  (1 s to 3 s)
        3. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 3 calls, about 3 s to 9 s.
    ");
}

#[test]
fn scaling_changed() {
    insta::assert_snapshot!(change(&scaled(Some((5, 100, 70))), &scaled(Some((5, 200, 60))), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ scaling of reads  5 to 100, at 70% -> 5 to 200, at 60%

    Calls, in this order for each resource (times are estimates):
      table T
        1. RegisterScalableTarget table reads, 5 to 200  (1 s to 3 s)
             the capacity, and its cost, moves between these bounds by itself
        2. PutScalingPolicy table reads, hold 60%  (1 s to 3 s)
        3. TagResource landfall:applied  (1 s to 3 s)

    Plan: 0 to create, 1 to change, 0 to delete; 3 calls, about 3 s to 9 s.
    ");
}

#[test]
fn scaling_removed() {
    let now = Table { capacity: Capacity::Provisioned(Units { read: 17, write: 5 }), ..scaled(Some((5, 100, 70))) };
    insta::assert_snapshot!(change(&now, &scaled(None), &[]), @r"
    Changes (~ change in place   - delete):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ capacity          scaled read, 5 write -> 5 read, 5 write
          - scaling of reads  5 to 100, at 70%

    Calls, in this order for each resource (times are estimates):
      table T
        1. DeregisterScalableTarget table reads  (1 s to 3 s)
             the capacity stays as it is at that moment
        2. UpdateTable capacity: table 5 read, 5 write  (2 s to 60 s)
        3. TagResource landfall:applied  (1 s to 3 s)

    Budgets after:
      table T: capacity decreases: uses 1; AWS allows 4 on a UTC day, then one an hour; 3 left

    Plan: 0 to create, 1 to change, 0 to delete; 3 calls, about 4 s to 66 s.
    ");
}

/// AWS leaves it there: a range is enforced when it is set.
#[test]
fn scaled_capacity_that_somebody_set_below_its_range() {
    let want = scaled(Some((5, 50, 70)));
    let now = Table { capacity: Capacity::Provisioned(Units { read: 1, write: 5 }), ..want.clone() };
    let live = LiveTable { table: now, ..applied(want.clone()) };
    insta::assert_snapshot!(plan(&want, Some(live), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in AWS since the last apply; the file is as it was applied
          ~ capacity  1 read, 5 write -> scaled read, 5 write

    Calls, in this order for each resource (times are estimates):
      table T
        1. UpdateTable capacity: table 5 read, 5 write  (2 s to 60 s)

    Plan: 0 to create, 1 to change, 0 to delete; 1 call, about 2 s to 60 s.
    ");
}

/// Reads scaled from 5 to `max`, and what somebody else did to them.
fn scaled_beside(max: u64, by: Mover) -> LiveTable {
    let foreign_scaling = vec![ForeignScaling { index: None, dimension: Dimension::Read, by }];
    LiveTable { foreign_scaling, ..applied(scaled(Some((5, max, 70)))) }
}

#[test]
fn scaling_that_somebody_else_moves_is_not_changed() {
    let live = scaled_beside(50, Mover::Policy("queue-length".into()));
    insta::assert_snapshot!(plan(&scaled(Some((5, 60, 70))), Some(live), &[]), @r"
    Changes (~ change in place):

      ~ table T   # id 7c1e0000
          # changed in the file since the last apply; AWS is as it was left
          ~ scaling of reads  5 to 50, at 70% -> 5 to 60, at 70%

    Refused:
      table T: auto scaling of reads of the table has what landfall did not make and cannot put back: the policy queue-length
          in Application Auto Scaling, delete the policy (`aws application-autoscaling delete-scaling-policy`); then plan again

    Plan: 0 to create, 1 to change, 0 to delete, 1 refused; 0 calls.
    ");
}

#[test]
fn scaling_that_somebody_else_moves_and_nobody_changes_is_told() {
    let live = scaled_beside(50, Mover::ScheduledAction("nightly".into()));
    insta::assert_snapshot!(plan(&scaled(Some((5, 50, 70))), Some(live), &[]), @r"
    No changes. Live AWS is what the stack says.
    Note: table T: auto scaling of reads of the table has what landfall did not make and cannot put back: the scheduled action nightly; it is left alone
    ");
}
