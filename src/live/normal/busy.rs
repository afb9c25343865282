//! What keeps a table from being quiescent. ACTIVE alone is not enough: an index, a backfill or a setting may still be in motion,
//! and AWS refuses, or silently drops, a change that comes too early.
//!
//! Rules: every part that has a status of its own is asked; "settled" is a short list of words, so that a status which AWS invents
//! tomorrow counts as motion. For a table and its replicas "in motion" is the short list: what is neither at work nor on its way there
//! is [`trouble`], because waiting for it may never end. Called by [`super::table`].

use super::observed::{ObservedAll, ObservedIndex, ObservedInsights, ObservedTable};
use crate::live::model::{FailedInsights, Trouble};
use crate::safe;

/// The words of a table or replica that is on its way.
const MOVING: [&str; 3] = ["CREATING", "UPDATING", "DELETING"];

/// The words of a setting at rest. A failed one is at rest too: waiting does not help it.
const SETTLED: [&str; 4] = ["ACTIVE", "ENABLED", "DISABLED", "FAILED"];

/// One line for each thing in motion; empty: ready.
pub fn busy(seen: &ObservedAll) -> Vec<String> {
    let table = &seen.table;
    let mut out = Vec::new();
    if MOVING.contains(&table.status.as_str()) {
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
        let status = replica.status.as_deref().filter(|status| MOVING.contains(status));
        moving(&format!("the replica in {}", safe::text(&replica.region)), status, out);
    }
}

/// What no waiting mends.
pub(super) fn trouble(all: &ObservedAll) -> Trouble {
    let seen = &all.table;
    let ill = |status: &&str| *status != "ACTIVE" && !MOVING.contains(status);
    let replicas = seen.replicas.iter().filter_map(|replica| {
        let status = replica.status.as_deref().filter(ill)?;
        Some(format!("the replica in {} is {}", safe::text(&replica.region), safe::text(status)))
    });
    Trouble {
        status: Some(seen.status.as_str()).filter(ill).map(safe::text),
        replicas: replicas.collect(),
        insights: all.insights.iter().filter(|(_, seen)| seen.status.as_deref() == Some("FAILED")).map(failed).collect(),
        scaling_unread: all.scaling_unread,
    }
}

fn failed((index, seen): (&Option<String>, &ObservedInsights)) -> FailedInsights {
    let why = seen.failure.as_deref().map_or_else(|| "AWS does not say why".to_owned(), safe::text);
    FailedInsights { index: index.clone(), why }
}

/// The line of a table whose recovery AWS does not show in its first seconds.
pub const UNREAD: &str = "point-in-time recovery is not readable yet";

/// Whether a line of [`busy`] says that something is being made or filled: it cannot be used yet, its making can fail, and nobody knows
/// how long it takes.
pub fn is_creating(line: &str) -> bool {
    line.contains(" is CREATING") || line.ends_with(" is backfilling")
}

/// Whether the lines of [`busy`] say that AWS fills an index, for as long as the table is large. A table that is itself being made has
/// nothing to fill it from.
pub fn is_filling(lines: &[String]) -> bool {
    lines.iter().any(|line| line.starts_with("index ") && is_creating(line)) && !lines.iter().any(|line| line == "table is CREATING")
}

/// Whether it says that nobody can tell yet that all is as it should be: what is made or turned on may fail, what was not read may
/// differ, and what is changed shows as it was.
pub fn is_unproved(line: &str) -> bool {
    let begins = line.starts_with("contributor insights") && line.ends_with(" are ENABLING");
    begins || is_creating(line) || line.ends_with(UNREAD) || is_changing(line)
}

/// Whether it says that AWS changes what it still shows as before ("responses echo old values" holds for descriptions too until the change
/// is done): over soon, as what is made need not be. Warm throughput only rises, so what it shows meanwhile is a floor that holds.
pub fn is_changing(line: &str) -> bool {
    let proves_enough = line.starts_with("the replica in ") || line.contains("warm throughput");
    line.ends_with(" is UPDATING") && !proves_enough
}

/// The line of [`busy`] that is worth a little wait: a change, and nothing that takes as long as a table is large.
pub fn soon_done(lines: &[String]) -> Option<&String> {
    lines.iter().find(|line| is_changing(line)).filter(|_| !lines.iter().any(|line| is_creating(line)))
}

fn moving(what: &str, status: Option<&str>, out: &mut Vec<String>) {
    if let Some(status) = status.filter(|s| !SETTLED.contains(s)) {
        out.push(format!("{what} is {}", safe::text(status)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_or_changed_or_turned_on_is_not_proved_and_what_is_turned_off_is() {
        for line in ["table is CREATING", "index I is CREATING (backfilling)", "contributor insights of index I are ENABLING", UNREAD] {
            assert!(is_unproved(line) && !is_changing(line), "{line}");
        }
        for line in ["table is UPDATING", "index I is UPDATING", "encryption is UPDATING"] {
            assert!(is_unproved(line) && is_changing(line), "{line}");
        }
        let others =
            ["the replica in eu-west-1 is UPDATING", "contributor insights are DISABLING", "TTL is ENABLING", "index I is DELETING"];
        let warm = ["warm throughput is UPDATING", "index I's warm throughput is UPDATING"];
        for line in others.into_iter().chain(warm) {
            assert!(!is_unproved(line), "{line}");
        }
    }

    #[test]
    fn a_change_is_worth_a_wait_unless_something_is_made_beside_it() {
        let soon = |lines: &[&str]| soon_done(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()).cloned();
        assert_eq!(soon(&["TTL is ENABLING", "table is UPDATING"]).as_deref(), Some("table is UPDATING"));
        assert_eq!(soon(&["table is UPDATING", "index I is CREATING"]), None);
        assert_eq!(soon(&["TTL is ENABLING"]), None);
    }

    #[test]
    fn an_index_is_filled_only_from_a_table_that_is_there() {
        let filling = |lines: &[&str]| is_filling(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
        assert!(filling(&["table is UPDATING", "index I is CREATING"]) && filling(&["index I is backfilling"]));
        assert!(filling(&["table is UPDATING", "index I is CREATING (backfilling)"]));
        assert!(!filling(&["table is CREATING", "index I is CREATING"]));
        assert!(!filling(&["table is UPDATING", "index I is UPDATING"]) && !filling(&[]));
    }
}
