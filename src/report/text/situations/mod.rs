//! Situations as a person meets them: a file, a live table and what was allowed, and the plan that is shown for it.
//!
//! Rule: each is planned for real and rendered whole. Unless said otherwise, an apply has finished on the table before and
//! the file has changed since.

mod buckets;
mod capacity;
mod indexes;
mod settings;
mod whole;

use super::{PLAIN, render};
use crate::live::{Live, LiveTable};
use crate::plan::samples::{context, desired, live, seen, table};
use crate::plan::{Approvals, Context, Desired, diff, make};
use crate::report::model::PlanReport;
use crate::resource::Table;

/// Some noon, UTC.
const NOON_MS: u64 = 1_795_262_400_000;
const HOUR_MS: u64 = 3_600_000;

/// `table` as the last apply left it.
fn applied(table: Table) -> LiveTable {
    LiveTable { applied: Some(diff::applied(&table)), ..live(table) }
}

/// `--adopt NAME` and `--destroy WHAT`, as `adopt:NAME` and the plain word.
fn allowing(words: &[&str]) -> Approvals {
    let mut out = Approvals::default();
    for word in words {
        match word.strip_prefix("adopt:") {
            Some(name) => out.adopt.insert(name.to_owned()),
            None => out.destroy.insert((*word).to_owned()),
        };
    }
    out
}

fn shown(desired: &Desired, live: &Live, approvals: &Approvals, context: Context) -> String {
    render(&PlanReport::from(&make(desired, live, approvals, context)), PLAIN)
}

/// The plan of the table `T`.
fn plan(want: &Table, live: Option<LiveTable>, allowed: &[&str]) -> String {
    let live = seen(live.map(|live| ("T", live)));
    shown(&desired([("T", want.clone())]), &live, &allowing(allowed), context(NOON_MS))
}

/// The plan of a table that is as the file says, after `spoil`.
fn in_sync(spoil: impl FnOnce(&mut LiveTable)) -> String {
    let mut live = applied(table());
    spoil(&mut live);
    plan(&table(), Some(live), &[])
}

/// From what was applied to what the file says now.
fn change(now: &Table, want: &Table, allowed: &[&str]) -> String {
    plan(want, Some(applied(now.clone())), allowed)
}
