//! Resource policies of tables and streams: kept and given back a moment later, never enforced.
//!
//! Rules (one lab): a change is pending for a second or two, then the next different one waits until 15 seconds are over; the same policy
//! again changes nothing; the old one is read for one to three seconds.

use super::notes::{Policy, TableNotes};
use super::{Region, admission, arn, durations, extras, stale, table};
use crate::local::fault::Fault;
use crate::local::moment;
use crate::policy::canonical;
use serde_json::{Value, json};

/// The longest (API reference, `PutResourcePolicy`).
const LONGEST: usize = 20 * 1024;

/// PutResourcePolicy.
pub(super) fn put(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, resource) = resource(region, request)?;
    let policy = checked(region, extras::text(request, "Policy")?.to_owned())?;
    let now = region.table(&name).policies.get(&resource).cloned();
    expected(request, now.as_ref(), &resource)?;
    if let Some(now) = now.as_ref().filter(|now| canonical(&now.text) == canonical(&policy.text)) {
        return Ok(json!({ "RevisionId": now.revision }));
    }
    let revision = policy.revision.clone();
    change(region, &name, &resource, |notes| notes.policies.insert(resource.clone(), policy))?;
    Ok(json!({ "RevisionId": revision }))
}

/// GetResourcePolicy.
pub(super) fn get(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, resource) = resource(region, request)?;
    let notes = region.table(&name);
    match stale::answer(region, &notes, &key(&resource)) {
        Some(before) => before.ok_or_else(|| absent(&resource)),
        None => told(&notes, &resource).ok_or_else(|| absent(&resource)),
    }
}

fn told(notes: &TableNotes, resource: &str) -> Option<Value> {
    notes.policies.get(resource).map(|policy| json!({ "Policy": policy.text, "RevisionId": policy.revision }))
}

fn key(resource: &str) -> String {
    format!("policy of {resource}")
}

/// DeleteResourcePolicy: deleting none is no error.
pub(super) fn delete(region: &Region, request: &Value) -> Result<Value, Fault> {
    let (name, resource) = resource(region, request)?;
    let now = region.table(&name).policies.get(&resource).cloned();
    expected(request, now.as_ref(), &resource)?;
    let Some(now) = now else { return Ok(json!({})) };
    change(region, &name, &resource, |notes| notes.policies.remove(&resource))?;
    Ok(json!({ "RevisionId": now.revision }))
}

/// A policy must be a JSON object; its revision is the time.
pub(super) fn checked(region: &Region, text: String) -> Result<Policy, Fault> {
    let changed = region.time().now_ms();
    if text.len() > LONGEST {
        return Err(Fault::invalid(format!("Resource-based policy is longer than {LONGEST} bytes")));
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_)) => Ok(Policy { text, revision: changed.to_string(), changed }),
        _ => Err(Fault::invalid("Invalid policy document: it is not a JSON object")),
    }
}

/// Refuses a caller who saw another revision.
fn expected(request: &Value, now: Option<&Policy>, resource: &str) -> Result<(), Fault> {
    match (request.get("ExpectedRevisionId").and_then(Value::as_str), now) {
        (None, _) | (Some("NO_POLICY"), None) => Ok(()),
        (Some(expected), Some(now)) if now.revision == expected => Ok(()),
        (Some(_), _) => Err(absent(resource)),
    }
}

fn change<T>(region: &Region, name: &str, resource: &str, act: impl FnOnce(&mut TableNotes) -> T) -> Result<T, Fault> {
    let time = region.time();
    region.change_table(name, |notes| {
        free(region, notes, name)?;
        notes.changes += 1;
        let seed = format!("{name}/policy/{}", notes.changes);
        let lag = durations::POLICY_READ.draw(&seed).max(time.lag);
        let before = told(notes, resource);
        stale::keep(region, notes, &key(resource), before, lag);
        notes.policy_pending = time.after(durations::POLICY_PENDING.draw(&seed));
        notes.policy_changed = Some(time.now_ms());
        Ok(act(notes))
    })
}

/// Refuses a change while another is pending, or too soon after it.
fn free(region: &Region, notes: &TableNotes, name: &str) -> Result<(), Fault> {
    let time = region.time();
    if time.now_ms() < notes.policy_pending {
        let why =
            format!("Attempt to change a resource which is still in use: Table is pending previous resource-based policy update: {name}");
        return Err(Fault::new("ResourceInUseException", why));
    }
    match notes.policy_changed.filter(|at| time.within(*at, durations::COOLDOWN)) {
        None => Ok(()),
        Some(at) => {
            let again = moment::iso_ms(at + time.paced(durations::COOLDOWN));
            Err(Fault::new(
                "ThrottlingException",
                format!(
                    "Resource-based policy for table {name} modified within the previous 15000 milliseconds. Please try again after {again}."
                ),
            ))
        }
    }
}

fn resource(region: &Region, request: &Value) -> Result<(String, String), Fault> {
    let resource = extras::text(request, "ResourceArn")?;
    if !resource.starts_with("arn:") {
        return Err(Fault::invalid(format!("Invalid ResourceArn: {}", crate::safe::text(resource))));
    }
    let name = arn::table(region, resource)?;
    if region.deleting(&name).is_some() {
        admission::exists_whole(region, &name)?;
    }
    table::exists(region, &name, "ResourceNotFoundException")?;
    Ok((name, resource.to_owned()))
}

fn absent(resource: &str) -> Fault {
    let message = format!("Resource-based policy not found for the provided ResourceArn: {}", crate::safe::text(resource));
    Fault::new("PolicyNotFoundException", message)
}
