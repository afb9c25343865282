//! Takes out of a CreateTable or UpdateTable request what the engine does not keep, and refuses what nobody would honour.

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

/// `ProvisionedThroughput`.
pub(super) fn provisioned(of: &Value) -> Result<Option<Capacity>, Fault> {
    pair(of.get("ProvisionedThroughput"), "ReadCapacityUnits", "WriteCapacityUnits", None)
}

/// `OnDemandThroughput`; a side that is not given has no maximum (-1).
pub(super) fn on_demand(of: &Value) -> Result<Option<Capacity>, Fault> {
    pair(of.get("OnDemandThroughput"), "MaxReadRequestUnits", "MaxWriteRequestUnits", Some(-1))
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
        on_demand: on_demand(definition)?,
        warm: warm(definition)?,
        ..IndexNotes::default()
    };
    if let Value::Object(map) = definition {
        map.remove("OnDemandThroughput");
        map.remove("WarmThroughput");
    }
    Ok(notes)
}

/// `SSESpecification`: whose key encrypts. The outer `None` is "not said", the inner one is AWS's own key.
#[allow(clippy::option_option, reason = "not said, AWS's own key, and a KMS key are three things")]
pub(super) fn encryption(said: Option<Value>, region: &str, account: &str) -> Result<Option<Option<String>>, Fault> {
    let Some(said) = said else { return Ok(None) };
    let key = said.get("KMSMasterKeyId").and_then(Value::as_str);
    match (said.get("Enabled").and_then(Value::as_bool), key) {
        (Some(false), Some(_)) => {
            Err(Fault::invalid("One or more parameter values were invalid: KMSMasterKeyId cannot be given when SSE is disabled"))
        }
        (Some(false) | None, None) => Ok(Some(None)),
        (_, Some(arn)) if arn.starts_with("arn:") => Ok(Some(Some(arn.to_owned()))),
        (_, Some(id)) => Ok(Some(Some(format!(
            "arn:aws:kms:{region}:{account}:{}",
            if id.starts_with("alias/") { id.to_owned() } else { format!("key/{id}") }
        )))),
        // The account's AWS-managed key.
        (Some(true), None) => Ok(Some(Some(format!("arn:aws:kms:{region}:{account}:alias/aws/dynamodb")))),
    }
}
