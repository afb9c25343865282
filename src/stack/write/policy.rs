//! A resource policy laid out for people: in the order in which policies are written by hand, one part of a statement a line.

use super::text::literal;
use crate::resource::Policy;
use serde_json::{Map, Value};

/// The order of IAM's own examples; what is not named here comes behind.
const ORDER: [&str; 12] = [
    "Version",
    "Id",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "Statement",
];

/// The setting's line or lines.
pub(super) fn policy(policy: &Policy) -> String {
    let Policy::On(text) = policy else { return "policy = false".to_owned() };
    // What is no JSON object is nobody's policy; it is written as it is, and reading it says so.
    let laid_out = match serde_json::from_str(text) {
        Ok(Value::Object(policy)) => object(&policy, "", &|value| statements(value)),
        _ => text.clone(),
    };
    format!("policy = {}", literal(&laid_out))
}

fn statements(value: &Value) -> String {
    let Value::Array(list) = value else { return value.to_string() };
    let one = |statement: &Value| match statement {
        Value::Object(statement) => format!("    {}", object(statement, "    ", &Value::to_string)),
        other => format!("    {other}"),
    };
    if list.iter().any(Value::is_object) {
        format!("[\n{}\n  ]", list.iter().map(one).collect::<Vec<_>>().join(",\n"))
    } else {
        value.to_string()
    }
}

/// One key a line, each two blanks deeper than `indent`.
fn object(object: &Map<String, Value>, indent: &str, inner: &dyn Fn(&Value) -> String) -> String {
    let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
    let mut pairs: Vec<(&String, &Value)> = object.iter().collect();
    pairs.sort_by_key(|(key, _)| (place(key), *key));
    let line = |(key, value): (&String, &Value)| format!("{indent}  {}: {}", Value::from(key.as_str()), inner(value));
    format!("{{\n{}\n{indent}}}", pairs.into_iter().map(line).collect::<Vec<_>>().join(",\n"))
}
