//! Resource policies as meaning, not as text: the canonical form in which equal policies are equal strings.
//!
//! Called by `stack` (desired) and `live::normal` (live), so both sides pass the same door.

use serde_json::Value;

/// The canonical JSON of a policy document; an error says what is wrong with it, without repeating it.
///
/// # Errors
/// The text is not JSON, or not an object.
pub fn canonical(text: &str) -> Result<String, String> {
    let policy: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    if policy.is_object() { Ok(policy.to_string()) } else { Err("a policy is a JSON object".into()) }
}
