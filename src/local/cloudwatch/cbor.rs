//! smithy rpc-v2-cbor: the only protocol that the Rust SDK speaks with CloudWatch.

use super::node::Node;
use crate::local::fault::Fault;
use bytes::Bytes;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

/// A request as the common tree.
pub(super) fn read(body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let parsed: Cbor = ciborium::from_reader(body).map_err(|e| Fault::new("SerializationException", format!("not CBOR: {e}")))?;
    tree(parsed).ok_or_else(|| Fault::new("SerializationException", "the CBOR has a value that CloudWatch has no use for"))
}

/// A reply's bytes.
pub(super) fn write(node: &Node) -> Result<Bytes, Fault> {
    let mut out = Vec::new();
    ciborium::into_writer(&node.cbor(), &mut out).map_err(|e| Fault::internal(e.to_string()))?;
    Ok(out.into())
}

fn tree(value: Cbor) -> Option<Value> {
    Some(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(b) => b.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Float(number) => Number::from_f64(number)?.into(),
        Cbor::Integer(number) => i64::try_from(number).ok()?.into(),
        // Tag 1 is a time in seconds.
        Cbor::Tag(1, inner) => tree(*inner)?,
        Cbor::Array(items) => items.into_iter().map(tree).collect::<Option<Vec<_>>>()?.into(),
        Cbor::Map(members) => {
            let named = members.into_iter().map(|(name, value)| Some((name.into_text().ok()?, tree(value)?)));
            Value::Object(named.collect::<Option<Map<_, _>>>()?)
        }
        _ => return None,
    })
}
