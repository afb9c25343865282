//! Resource policies of tables and streams: kept and given back, never enforced.

use super::notes::{Policy, TableNotes};
use super::{Region, arn, extras, table};
use crate::local::fault::Fault;
use serde_json::{Value, json};

/// PutResourcePolicy.
pub(super) fn put(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, resource) = resource(region, request)?;
    let policy = checked(extras::text(request, "Policy")?.to_owned())?;
    change(region, request, &name, &resource, |notes| {
        let revision = policy.revision.clone();
        notes.policies.insert(resource.clone(), policy);
        Ok(json!({ "RevisionId": revision }))
    })
}

/// GetResourcePolicy.
pub(super) fn get(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, resource) = resource(region, request)?;
    let notes = region.table(&name);
    let policy = notes.policies.get(&resource).ok_or_else(|| absent(&resource))?;
    Ok(json!({ "Policy": policy.text, "RevisionId": policy.revision }))
}

/// DeleteResourcePolicy: deleting none is no error.
pub(super) fn delete(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, resource) = resource(region, request)?;
    change(region, request, &name, &resource, |notes| {
        let gone = notes.policies.remove(&resource);
        Ok(gone.map_or_else(|| json!({}), |p| json!({ "RevisionId": p.revision })))
    })
}

/// A policy must be a JSON object; its revision is new each time.
pub(super) fn checked(text: String) -> Result<Policy, Fault> {
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_)) => Ok(Policy { text, revision: fastrand::u64(1_000_000_000_000..).to_string() }),
        _ => Err(Fault::invalid("Invalid policy document: it is not a JSON object")),
    }
}

fn change(
    region: &Region,
    request: &Value,
    name: &str,
    resource: &str,
    act: impl FnOnce(&mut TableNotes) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    let expected = request.get("ExpectedRevisionId").and_then(Value::as_str);
    region.change(|all| {
        let notes = all.tables.entry(name.to_owned()).or_default();
        let now = notes.policies.get(resource).map(|p| p.revision.as_str());
        match expected {
            None => {}
            Some("NO_POLICY") if now.is_none() => {}
            Some(expected) if now == Some(expected) => {}
            Some(_) => return Err(absent(resource)),
        }
        act(notes)
    })
}

fn resource(region: &Region, request: &Value) -> Result<(String, String), Fault> {
    let resource = extras::text(request, "ResourceArn")?;
    let name = arn::table(region, resource)?;
    table::exists(region, &name, "ResourceNotFoundException")?;
    Ok((name, resource.to_owned()))
}

fn absent(resource: &str) -> Fault {
    let message = format!("Resource-based policy not found for the provided ResourceArn: {}", crate::safe::text(resource));
    Fault::new("PolicyNotFoundException", message)
}
