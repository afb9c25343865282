//! Tags of tables, by ARN: one change at a time, read back a moment later.
//!
//! Rules (one lab): a change keeps others out for a second and a half, unless they contain what is being written; a call that changes
//! nothing is free; the list is the old one for some seconds.

use super::notes::TableNotes;
use super::{Region, admission, arn, durations, engine, stale};
use crate::local::fault::Fault;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// TagResource, UntagResource, ListTagsOfResource.
pub(super) fn answer(region: &Region, operation: &str, request: Value) -> Result<Value, Fault> {
    let resource = request.get("ResourceArn").and_then(Value::as_str).unwrap_or_default().to_owned();
    if resource.split(':').nth(4).is_some_and(|account| account != region.account()) {
        let resource = crate::safe::text(&resource);
        let message = format!("User is not authorized to perform: dynamodb:{operation} on resource: {resource}");
        return Err(Fault::new("AccessDeniedException", message));
    }
    if resource.contains("/index/") {
        return Err(Fault::invalid(format!("Invalid TableArn: Invalid ResourceArn provided as input {}", crate::safe::text(&resource))));
    }
    told(region, operation, request).map_err(|fault| absent(fault, &resource))
}

/// The engine takes a table of ours that is not there for another account's, and refuses access; AWS says that it is not there.
fn absent(fault: Fault, resource: &str) -> Fault {
    if fault.code != "AccessDeniedException" {
        return fault;
    }
    Fault::new("ResourceNotFoundException", format!("Requested resource not found: ResourcArn: {} not found", crate::safe::text(resource)))
}

fn told(region: &Region, operation: &str, mut request: Value) -> Result<Value, Fault> {
    let table = request.get("ResourceArn").and_then(Value::as_str).filter(|a| a.starts_with("arn:")).map(|a| arn::table(region, a));
    let table = table.transpose()?.unwrap_or_default();
    let resource = request.get("ResourceArn").cloned();
    if let Some(Value::String(text)) = request.get_mut("ResourceArn") {
        *text = arn::inward(region, text)?;
    }
    let db = region.db();
    if operation == "ListTagsOfResource" {
        let listed = engine::tree(&db.list_tags_of_resource(engine::typed(request)?)?)?;
        return Ok(stale::answer(region, &region.table(&table), "tags").flatten().unwrap_or(listed));
    }
    if !table.is_empty() {
        admission::exists_whole(region, &table)?;
    }
    let before = list(region, resource.as_ref())?;
    let after = wanted(&before, &request);
    if after == before {
        return act(region, operation, request);
    }
    allowed(&after)?;
    let notes = region.table(&table);
    free(region, &notes, &table, operation, &after)?;
    region.writable()?;
    let reply = act(region, operation, request)?;
    region.change_table(&table, |notes| {
        notes.changes += 1;
        let lag = durations::TAG_READ.draw(&format!("{table}/tags/{}", notes.changes)).max(region.time().lag);
        notes.tags.locked_until = region.time().after(durations::TAG_LOCK);
        notes.tags.adding = after.iter().filter(|(k, v)| before.get(*k) != Some(v)).map(|(k, v)| (k.clone(), v.clone())).collect();
        stale::keep(region, notes, "tags", Some(json!({ "Tags": as_list(&before) })), lag);
        Ok(())
    })?;
    Ok(reply)
}

/// Tags of a table (quotas page).
const MOST: usize = 50;

/// Refuses tags that AWS does not take ("Tagging restrictions in DynamoDB").
pub(super) fn allowed(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    let fits = |c: char| c.is_alphanumeric() || c.is_whitespace() || "+-=._:/@".contains(c);
    if let Some(text) = tags.iter().flat_map(|(key, value)| [key, value]).find(|text| !text.chars().all(fits)) {
        let text = crate::safe::text(text);
        return Err(Fault::invalid(format!(
            "One or more parameter values were invalid: the tag {text} has a character that is not allowed"
        )));
    }
    if tags.len() > MOST {
        return Err(Fault::invalid(format!("One or more parameter values were invalid: Too many tags: a table has {MOST} at most")));
    }
    Ok(())
}

fn act(region: &Region, operation: &str, request: Value) -> Result<Value, Fault> {
    let db = region.db();
    match operation {
        "TagResource" => db.tag_resource(engine::typed(request)?).map(|_| json!({})).map_err(Fault::from),
        _ => db.untag_resource(engine::typed(request)?).map(|_| json!({})).map_err(Fault::from),
    }
}

/// Refuses a change while another is being written, unless it contains that one.
fn free(region: &Region, notes: &TableNotes, table: &str, operation: &str, after: &BTreeMap<String, String>) -> Result<(), Fault> {
    let contains =
        operation == "TagResource" && !notes.tags.adding.is_empty() && notes.tags.adding.iter().all(|(k, v)| after.get(k) == Some(v));
    if region.time().now_ms() < notes.tags.locked_until && !contains {
        return Err(Fault::new("LimitExceededException", format!("Table tags are being updated: {table}")));
    }
    Ok(())
}

/// The tags as the engine has them; none for what is not there, which the engine refuses in AWS's words.
fn list(region: &Region, resource: Option<&Value>) -> Result<BTreeMap<String, String>, Fault> {
    let Some(Value::String(resource)) = resource else { return Ok(BTreeMap::new()) };
    let request = json!({ "ResourceArn": arn::inward(region, resource)? });
    let listed = engine::tree(&region.db().list_tags_of_resource(engine::typed(request)?)?)?;
    Ok(pairs(&listed["Tags"]))
}

pub(super) fn pairs(list: &Value) -> BTreeMap<String, String> {
    let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    list.as_array().into_iter().flatten().filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect()
}

fn as_list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// The tags after `request`.
fn wanted(before: &BTreeMap<String, String>, request: &Value) -> BTreeMap<String, String> {
    let mut after = before.clone();
    after.extend(pairs(request.get("Tags").unwrap_or(&Value::Null)));
    for key in request.get("TagKeys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        after.remove(key);
    }
    after
}
