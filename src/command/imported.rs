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
                approvals.imported.insert(name.clone());
                approvals.adopt.insert(name.clone());
            }
            Err(error) => notes.push(unknown(name, &session.stack.name, &error)),
        }
    }
    notes
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
