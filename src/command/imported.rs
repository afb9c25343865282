//! Tables that a killed run of this stack imported, and could not tag any more: ours, though nothing on them says so.
//!
//! Rules: `ImportTable` cannot tag what it makes, so AWS's record of the import is the proof, and only of the very table that it made;
//! what is taken over by that is told in the plan. Where AWS does not let us ask, that is told: the refusal that follows would else look
//! like somebody else's table. Called by [`super::provision::make`].

use super::session::Session;
use crate::aws;
use crate::aws::provenance::Which;
use crate::live::{Live, LiveTable};
use crate::plan::Approvals;
use crate::safe;

/// A day: what is older was in use meanwhile, and is taken over as any other table.
const FRESH_MS: u64 = 24 * 3_600_000;

/// Adds this stack's own imports to what may be taken over; what to note in the plan about it.
pub(super) async fn adopt(session: &Session, live: &Live, approvals: &mut Approvals) -> Vec<String> {
    let Some(bucket) = session.stack.buckets.values().next() else { return Vec::new() };
    let mut notes = Vec::new();
    for (name, table) in live.tables.iter().filter(|(name, table)| table.owner.is_none() && session.stack.tables.contains_key(*name)) {
        // What a person takes over by name, or this run has imported itself, needs no proof.
        if approvals.adopt.contains(name) {
            continue;
        }
        let prefix = format!("{}/{name}/", session.stack.name);
        match session.aws.was_imported_from(which(table), &bucket.name, &prefix).await {
            Ok(false) => {}
            Ok(true) => {
                notes.push(taken_over(name));
                if is_fresh(table, session.aws.clock().now_ms()) {
                    approvals.imported.insert(name.clone());
                }
                approvals.adopt.insert(name.clone());
            }
            Err(error) => notes.push(unknown(name, &session.stack.name, &error)),
        }
    }
    notes
}

/// Notes which tables were used since a run made them and did not finish: their items are not only what the file's rows would be.
pub(super) fn note_use(live: &mut Live, now_ms: u64) {
    for table in live.tables.values_mut() {
        table.usage.in_use = table.applied.is_none() && table.usage.items > 0 && !is_fresh(table, now_ms);
    }
}

/// Whether nothing but the run that made it will have filled the table: its making is so young that only a killed run lies between.
fn is_fresh(table: &LiveTable, now_ms: u64) -> bool {
    now_ms.saturating_sub(table.created_ms) < FRESH_MS
}

fn which(table: &LiveTable) -> Which<'_> {
    Which { arn: &table.arn, id: &table.id, created_ms: table.created_ms }
}

fn taken_over(name: &str) -> String {
    format!(
        "table {} has no owner's tag and is taken over: an earlier run of this stack imported it, and ended before it was tagged",
        safe::text(name)
    )
}

fn unknown(name: &str, stack: &str, error: &aws::Error) -> String {
    let help = if error.is_denied() { "; allow dynamodb:ListImports (`landfall iam` tells the whole policy) and plan again" } else { "" };
    let (name, stack) = (safe::text(name), safe::text(stack));
    format!("table {name} may be what an earlier run of {stack} imported, and that is not known: {error}{help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_was_imported_days_ago_is_no_longer_only_what_the_import_made() {
        use crate::plan::samples::{live, table};
        let made = LiveTable { created_ms: 1_000, ..live(table()) };
        assert!(is_fresh(&made, 1_000 + FRESH_MS - 1) && is_fresh(&made, 0), "a clock that is behind makes no table old");
        assert!(!is_fresh(&made, 1_000 + FRESH_MS));
    }

    #[test]
    fn a_table_is_used_that_was_left_unfinished_for_days_and_holds_items() {
        use crate::live::Usage;
        use crate::plan::samples::{live, table};
        let used = |applied: Option<&str>, items, now_ms| {
            let usage = Usage { items, ..Usage::default() };
            let found = LiveTable { created_ms: 1_000, applied: applied.map(str::to_owned), usage, ..live(table()) };
            let mut all = Live { tables: [("T".to_owned(), found)].into(), ..Live::default() };
            note_use(&mut all, now_ms);
            all.tables["T"].usage.in_use
        };
        let later = 1_000 + FRESH_MS;
        assert!(used(None, 1, later));
        assert!(!used(None, 0, later) && !used(None, 1, later - 1) && !used(Some("a"), 1, later));
    }

    #[test]
    fn only_a_denied_question_names_the_permission() {
        let error = |code: &str| aws::Error {
            call: "DynamoDB ListImports".into(),
            code: Some(code.into()),
            message: "m".into(),
            request_id: None,
            throttling_reasons: Vec::new(),
        };
        assert!(unknown("T", "s", &error("AccessDeniedException")).contains("allow dynamodb:ListImports"));
        let failed = unknown("T", "s", &error("InternalServerError"));
        assert!(failed.contains("InternalServerError") && !failed.contains("allow"), "{failed}");
    }
}
