//! ARNs: the engine writes its own region and account into them, callers see the real ones.
//!
//! Rule: only members that hold ARNs are rewritten, never row data.

use super::Region;
use crate::local::fault::Fault;
use serde_json::Value;

const ENGINE: &str = "arn:aws:dynamodb:dynoxide:000000000000:";

/// The engine's ARN with the region and account that callers know.
pub(super) fn outward(region: &Region, text: &str) -> String {
    text.strip_prefix(ENGINE).map_or_else(|| text.to_owned(), |rest| format!("{}{rest}", prefix(region)))
}

/// The caller's ARN as the engine knows it; another region's or account's is not here.
pub(super) fn inward(region: &Region, text: &str) -> Result<String, Fault> {
    match text.strip_prefix(&prefix(region)) {
        Some(rest) => Ok(format!("{ENGINE}{rest}")),
        None if text.starts_with("arn:aws:dynamodb:") => Err(Fault::new(
            "ResourceNotFoundException",
            format!("Requested resource not found: {} is not of this region and account", crate::safe::text(text)),
        )),
        // Not an ARN at all: the engine has AWS's words for it.
        None => Ok(text.to_owned()),
    }
}

/// A table's name from a `TableName` member, which may be an ARN.
pub(super) fn table(region: &Region, text: &str) -> Result<String, Fault> {
    if !text.starts_with("arn:") {
        return Ok(text.to_owned());
    }
    let inner = inward(region, text)?;
    let name = inner.strip_prefix(ENGINE).and_then(|rest| rest.strip_prefix("table/")).and_then(|rest| rest.split('/').next());
    name.map(str::to_owned).ok_or_else(|| Fault::invalid(format!("Invalid table ARN: {}", crate::safe::text(text))))
}

/// Writes the names of tables where a request of the data plane has their ARNs; whether there were any.
pub(super) fn tables(region: &Region, request: &mut Value) -> Result<bool, Fault> {
    let mut any = false;
    if let Some(Value::String(text)) = request.get_mut("TableName").filter(|t| t.as_str().is_some_and(|t| t.starts_with("arn:"))) {
        *text = table(region, text)?;
        any = true;
    }
    for action in request.get_mut("TransactItems").and_then(Value::as_array_mut).into_iter().flatten() {
        for of in action.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
            any |= tables(region, of)?;
        }
    }
    if let Some(Value::Object(items)) = request.get_mut("RequestItems") {
        for arn in items.keys().filter(|name| name.starts_with("arn:")).cloned().collect::<Vec<_>>() {
            let (name, of) = (table(region, &arn)?, items.remove(&arn));
            if let Some(of) = of
                && items.insert(name.clone(), of).is_some()
            {
                // Whichever were kept, the other's writes would be lost.
                return Err(Fault::invalid(format!("RequestItems names the table {} more than once", crate::safe::text(&name))));
            }
            any = true;
        }
    }
    Ok(any)
}

/// The table's ARN.
pub(crate) fn of_table(region: &Region, table: &str) -> String {
    format!("{}table/{table}", prefix(region))
}

/// Rewrites every member of `value` that holds an ARN.
pub(super) fn outward_all(region: &Region, value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name.ends_with("Arn") => *text = outward(region, text),
                    other => outward_all(region, other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| outward_all(region, item)),
        _ => {}
    }
}

fn prefix(region: &Region) -> String {
    format!("arn:aws:dynamodb:{}:{}:", region.name(), region.account())
}
