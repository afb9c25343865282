//! Takes out of a CreateTable or UpdateTable request what the engine does not keep, and refuses what nobody would honour.

use super::Region;
use super::notes::{Capacity, IndexNotes};
use crate::local::fault::Fault;
use serde_json::{Map, Value};

/// Refuses every member of `request` that is not in `known`: a silent no would look like success.
pub(crate) fn only(request: &Map<String, Value>, known: &[&str], operation: &str) -> Result<(), Fault> {
    match request.iter().find(|(name, value)| !known.contains(&name.as_str()) && !value.is_null()) {
        None => Ok(()),
        Some((name, _)) => {
            Err(Fault::invalid(format!("the embedded AWS does not know {} of {operation}: leave it out", crate::safe::text(name))))
        }
    }
}

/// Removes `name` unless it is null.
pub(super) fn take(request: &mut Map<String, Value>, name: &str) -> Option<Value> {
    request.remove(name).filter(|v| !v.is_null())
}

/// The request as an object.
pub(crate) fn object(request: Value) -> Result<Map<String, Value>, Fault> {
    match request {
        Value::Object(map) => Ok(map),
        _ => Err(Fault::new("SerializationException", "the request is not a JSON object")),
    }
}

/// A member that must be a string.
pub(crate) fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, Fault> {
    match request.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Null) | None => Err(Fault::invalid(format!(
            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
        ))),
        Some(_) => Err(Fault::new("SerializationException", format!("{name} is not a string"))),
    }
}

/// The longest name of a key attribute, in bytes (quotas page).
const NAME: usize = 255;

/// Refuses key attributes with names that are too long.
pub(super) fn names(request: &Map<String, Value>) -> Result<(), Fault> {
    let definitions = request.get("AttributeDefinitions").and_then(Value::as_array).into_iter().flatten();
    let long = definitions.map(|d| d.get("AttributeName").and_then(Value::as_str).unwrap_or_default()).position(|n| n.len() > NAME);
    long.map_or(Ok(()), |at| {
        Err(Fault::invalid(format!(
            "1 validation error detected: Value at 'attributeDefinitions.{}.member.attributeName' failed to satisfy constraint: Member must \
             have length less than or equal to {NAME}",
            at + 1
        )))
    })
}

/// `ProvisionedThroughput`.
pub(super) fn provisioned(of: &Value) -> Result<Option<Capacity>, Fault> {
    pair(of.get("ProvisionedThroughput"), "ReadCapacityUnits", "WriteCapacityUnits", None)
}

/// `OnDemandThroughput`; a side that is not given stays as in `now`, and has no maximum (-1) when there is none.
pub(super) fn on_demand(of: &Value, now: Option<Capacity>) -> Result<Option<Capacity>, Fault> {
    let given = pair(of.get("OnDemandThroughput"), "MaxReadRequestUnits", "MaxWriteRequestUnits", Some(-1))?;
    let said = |name: &str| of.get("OnDemandThroughput").and_then(|o| o.get(name)).is_some_and(|v| !v.is_null());
    let now = now.unwrap_or(Capacity { read: -1, write: -1 });
    Ok(given.map(|given| Capacity {
        read: if said("MaxReadRequestUnits") { given.read } else { now.read },
        write: if said("MaxWriteRequestUnits") { given.write } else { now.write },
    }))
}

/// `WarmThroughput`; a side that is not given is 0 here and takes the current one.
pub(super) fn warm(of: &Value) -> Result<Option<Capacity>, Fault> {
    pair(of.get("WarmThroughput"), "ReadUnitsPerSecond", "WriteUnitsPerSecond", Some(0))
}

fn pair(of: Option<&Value>, read: &str, write: &str, absent: Option<i64>) -> Result<Option<Capacity>, Fault> {
    let Some(of) = of.filter(|v| !v.is_null()) else { return Ok(None) };
    let side = |name: &str| match of.get(name).filter(|v| !v.is_null()) {
        Some(value) => match value.as_i64() {
            Some(units) if units >= 1 || (units == -1 && absent == Some(-1)) => Ok(units),
            Some(units) => Err(Fault::invalid(format!(
                "1 validation error detected: Value '{units}' at '{name}' failed to satisfy constraint: Member must have value greater than or equal to 1"
            ))),
            None => Err(Fault::new("SerializationException", format!("{name} is not a whole number"))),
        },
        None => absent.ok_or_else(|| {
            Fault::invalid(format!(
                "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
            ))
        }),
    };
    Ok(Some(Capacity { read: side(read)?, write: side(write)? }))
}

/// What a global index's definition says that the engine does not keep, taken out of it.
pub(super) fn index(definition: &mut Value) -> Result<IndexNotes, Fault> {
    let notes = IndexNotes {
        provisioned: provisioned(definition)?,
        on_demand: on_demand(definition, None)?,
        warm: warm(definition)?,
        ..IndexNotes::default()
    };
    if let Value::Object(map) = definition {
        map.remove("OnDemandThroughput");
        map.remove("WarmThroughput");
    }
    Ok(notes)
}

/// What `SSESpecification` asks for.
pub(super) struct Encryption {
    /// The key's ARN; `None` is AWS's own.
    pub(super) key: Option<String>,
    /// Said as the very ARN, which AWS recognises as no change.
    pub(super) by_arn: bool,
}

/// `SSESpecification`; `None` when it is not said. A key that cannot be used is refused at once.
pub(super) fn encryption(said: Option<Value>, region: &Region) -> Result<Option<Encryption>, Fault> {
    let Some(said) = said else { return Ok(None) };
    let invalid = |why: &str| Err(Fault::invalid(format!("One or more parameter values were invalid: {why}")));
    let key = said.get("KMSMasterKeyId").and_then(Value::as_str);
    let kind = said.get("SSEType").and_then(Value::as_str);
    let on = said.get("Enabled").and_then(Value::as_bool).unwrap_or(kind == Some("KMS"));
    match (on, kind, key) {
        (_, Some("AES256"), _) => invalid("SSEType AES256 is not supported"),
        (false, None, None) => Ok(Some(Encryption { key: None, by_arn: false })),
        (false, ..) => invalid("SSEType or KMSMasterKeyId cannot be specified when SSE is disabled"),
        (true, None, Some(_)) => invalid("KMSMasterKeyId can be specified only if SSEType is KMS"),
        (true, _, None) => Ok(Some(Encryption { key: Some(region.keys().managed(region.name())?), by_arn: false })),
        (true, _, Some(id)) => {
            let key = region.keys().usable(region.name(), id)?;
            Ok(Some(Encryption { by_arn: key == id, key: Some(key) }))
        }
    }
}
