//! What every resource policy of DynamoDB's has. Sources: IAM user guide, "Grammar of the IAM JSON policy language"; DynamoDB developer
//! guide, "Resource-based policy considerations": 20 KB, white space counted (what is sent has none).

use serde_json::Value;

const MOST_BYTES: usize = 20 * 1024;

/// `canonical`: a policy as `crate::policy` writes it. The error says what is missing, by the statement's number in that order or its Sid.
pub(crate) fn check(canonical: &str) -> Result<(), String> {
    if canonical.len() > MOST_BYTES {
        return Err(format!("it has {} bytes without white space, and DynamoDB takes {MOST_BYTES}", canonical.len()));
    }
    let policy: Value = serde_json::from_str(canonical).map_err(|e| format!("not JSON: {e}"))?;
    policy["Statement"].as_array().into_iter().flatten().try_for_each(statement)
}

fn statement(statement: &Value) -> Result<(), String> {
    let whose = statement["Sid"].as_str().map_or_else(|| "a statement".to_owned(), |sid| format!("statement `{}`", crate::safe::text(sid)));
    if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
        return Err(format!("{whose} has no `Effect` that is \"Allow\" or \"Deny\""));
    }
    for part in ["Principal", "Action", "Resource"] {
        if statement.get(part).is_none() && statement.get(format!("Not{part}")).is_none() {
            return Err(format!("{whose} has no `{part}`"));
        }
    }
    Ok(())
}
