//! What keeps a table from being quiescent. ACTIVE alone is not enough: an index, a backfill or a setting may still be in motion,
//! and AWS refuses, or silently drops, a change that comes too early.
//!
//! Rule: every part that has a status of its own is asked; "settled" is a short list of words, so that a status which AWS invents
//! tomorrow counts as motion. Called by [`super::table`].

use super::observed::{ObservedAll, ObservedIndex, ObservedTable};
use crate::safe;

/// The words of a setting at rest. A failed one is at rest too: waiting does not help it.
const SETTLED: [&str; 4] = ["ACTIVE", "ENABLED", "DISABLED", "FAILED"];

/// One line for each thing in motion; empty: ready.
pub fn busy(seen: &ObservedAll) -> Vec<String> {
    let table = &seen.table;
    let mut out = Vec::new();
    if table.status != "ACTIVE" {
        out.push(format!("table is {}", safe::text(&table.status)));
    }
    table.globals.iter().for_each(|i| index(i, &mut out));
    settings(table, &mut out);
    moving("TTL", seen.ttl.status.as_deref(), &mut out);
    moving("point-in-time recovery", seen.recovery.status.as_deref(), &mut out);
    for (index, insights) in &seen.insights {
        let of = index.as_ref().map_or_else(String::new, |name| format!(" of index {name}"));
        if let Some(status) = insights.status.as_deref().filter(|s| !SETTLED.contains(s)) {
            out.push(format!("contributor insights{of} are {}", safe::text(status)));
        }
    }
    out
}

fn index(index: &ObservedIndex, out: &mut Vec<String>) {
    match index.status.as_deref() {
        Some("ACTIVE") if index.backfilling => out.push(format!("index {} is backfilling", index.name)),
        Some("ACTIVE") | None => {}
        Some(status) => {
            let backfill = if index.backfilling { " (backfilling)" } else { "" };
            out.push(format!("index {} is {}{backfill}", index.name, safe::text(status)));
        }
    }
    moving(&format!("index {}'s warm throughput", index.name), index.warm_status.as_deref(), out);
}

fn settings(table: &ObservedTable, out: &mut Vec<String>) {
    moving("encryption", table.encryption.as_ref().and_then(|e| e.status.as_deref()), out);
    moving("warm throughput", table.warm_status.as_deref(), out);
    for replica in &table.replicas {
        moving(&format!("the replica in {}", safe::text(&replica.region)), replica.status.as_deref(), out);
    }
}

fn moving(what: &str, status: Option<&str>, out: &mut Vec<String>) {
    if let Some(status) = status.filter(|s| !SETTLED.contains(s)) {
        out.push(format!("{what} is {}", safe::text(status)));
    }
}
