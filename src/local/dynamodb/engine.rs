//! Between bytes and the engine's typed calls: reading requests, writing replies, turning its errors into AWS's.

use crate::local::fault::Fault;
use bytes::Bytes;
use dynoxide::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A request's body as `T`.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|e| unreadable(&e))
}

/// A request that was changed on its way, as the engine's `T`.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    serde_json::from_value(value).map_err(|e| unreadable(&e))
}

/// A reply's bytes.
pub(super) fn write<T: Serialize>(reply: &T) -> Result<Bytes, Fault> {
    serde_json::to_vec(reply).map(Bytes::from).map_err(|e| Fault::internal(format!("a reply could not be written: {e}")))
}

/// A reply as a tree, for control-plane replies that are completed here.
pub(super) fn tree<T: Serialize>(reply: &T) -> Result<Value, Fault> {
    serde_json::to_value(reply).map_err(|e| Fault::internal(format!("a reply could not be written: {e}")))
}

/// The engine marks its own checks with a prefix, which tells `ValidationException` from `SerializationException`.
fn unreadable(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
    for mark in ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"] {
        if let Some(message) = text.strip_prefix(mark) {
            return Fault::invalid(message);
        }
    }
    for mark in ["SERIALIZATION_AS_READ:", "SERIALIZATION:"] {
        if let Some(message) = text.strip_prefix(mark) {
            return Fault::new("SerializationException", message);
        }
    }
    let about_values = ["missing field", "unknown variant", "invalid type: null", "AttributeValue", "recursion limit"];
    let code = if about_values.iter().any(|a| text.contains(a)) { "ValidationException" } else { "SerializationException" };
    Fault::new(code, text)
}

impl From<DynoxideError> for Fault {
    fn from(error: DynoxideError) -> Self {
        let code = error.error_type().rsplit('#').next().unwrap_or("InternalServerError").to_owned();
        Self { status: error.status_code(), code, message: error.to_string(), json: Some(error.to_json().into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dynoxide::actions::get_item::GetItemRequest;

    #[test]
    fn what_cannot_be_read_is_told_apart_as_aws_does() {
        let code = |body: &str| read::<GetItemRequest>(body.as_bytes()).err().map(|f| f.code);
        assert_eq!(code("{"), Some("SerializationException".into()));
        assert_eq!(code(r#"{"TableName": 7}"#), Some("SerializationException".into()));
        assert_eq!(code("{}"), Some("ValidationException".into()));
        assert_eq!(code(r#"{"TableName":"abc","Key":{"a":{"S":"x"}}}"#), None);
    }
}
