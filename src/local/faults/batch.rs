//! Part of a batch is taken out before it is done, and handed back as unprocessed.

use bytes::Bytes;
use serde_json::{Map, Value};

/// A batch after something was taken out.
#[derive(Debug, PartialEq)]
pub(crate) struct Thinned {
    /// What is to be done; `None` when nothing is.
    pub(crate) request: Option<Bytes>,
    /// `UnprocessedItems` or `UnprocessedKeys`.
    member: &'static str,
    /// By table, in the request's own form.
    left: Map<String, Value>,
}

/// Takes each item out with probability `share`; `None` when nothing is taken, or when this is no batch.
pub(super) fn thin(operation: &str, body: &[u8], share: f64, seed: u64) -> Option<Thinned> {
    let (member, inner) = match operation {
        "BatchWriteItem" => ("UnprocessedItems", None),
        "BatchGetItem" => ("UnprocessedKeys", Some("Keys")),
        _ => return None,
    };
    let mut random = fastrand::Rng::with_seed(seed);
    let mut request: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let tables = request.get_mut("RequestItems")?.as_object_mut()?;
    let (mut done, mut left) = (Map::new(), Map::new());
    for (name, table) in std::mem::take(tables) {
        let list = inner.map_or(Some(&table), |member| table.get(member))?.as_array()?;
        let (taken, kept): (Vec<Value>, Vec<Value>) = list.iter().cloned().partition(|_| random.f64() < share);
        for (into, part) in [(&mut left, taken), (&mut done, kept)] {
            if !part.is_empty() {
                into.insert(name.clone(), with(&table, inner, part));
            }
        }
    }
    if left.is_empty() {
        return None;
    }
    let nothing = done.is_empty();
    request.insert("RequestItems".into(), done.into());
    Some(Thinned { request: (!nothing).then(|| Value::Object(request).to_string().into()), member, left })
}

/// The table's part of the request with other items in it.
fn with(table: &Value, inner: Option<&str>, items: Vec<Value>) -> Value {
    let Some(member) = inner else { return Value::Array(items) };
    let mut whole = table.clone();
    whole[member] = Value::Array(items);
    whole
}

impl Thinned {
    /// The answer with what was taken out added to what was left undone anyway.
    pub(crate) fn answer(self, answer: &[u8]) -> Bytes {
        let mut answer: Map<String, Value> = serde_json::from_slice(answer).unwrap_or_default();
        let told = answer.entry(self.member).or_insert_with(|| Map::new().into());
        if let Some(told) = told.as_object_mut() {
            for (table, part) in self.left {
                join(told.entry(table).or_insert(Value::Null), part);
            }
        }
        if self.member == "UnprocessedKeys" {
            answer.entry("Responses").or_insert_with(|| Map::new().into());
        }
        Value::Object(answer).to_string().into()
    }
}

fn join(into: &mut Value, part: Value) {
    match (into, part) {
        (Value::Array(into), Value::Array(part)) => into.extend(part),
        (into @ Value::Object(_), mut part) => join(&mut into["Keys"], part["Keys"].take()),
        (into, part) => *into = part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(thinned: &Thinned) -> (usize, usize) {
        let request: Value = serde_json::from_slice(thinned.request.as_ref().expect("some are done")).expect("JSON");
        (request["RequestItems"]["T"].as_array().map_or(0, Vec::len), thinned.left["T"].as_array().map_or(0, Vec::len))
    }

    #[test]
    fn every_item_is_either_done_or_handed_back() {
        let items: Vec<Value> = (0..25).map(|i| serde_json::json!({"PutRequest": {"Item": {"id": {"N": i.to_string()}}}})).collect();
        let body = serde_json::json!({"RequestItems": {"T": items}}).to_string();
        let thinned = thin("BatchWriteItem", body.as_bytes(), 0.3, 5).expect("thinned");
        let (done, left) = parts(&thinned);
        assert!(done > 0 && left > 0 && done + left == 25, "{done} {left}");
        let told: Value = serde_json::from_slice(&thinned.answer(br#"{"UnprocessedItems":{"T":[{}],"U":[{}]}}"#)).expect("JSON");
        assert_eq!(told["UnprocessedItems"]["T"].as_array().map(Vec::len), Some(left + 1));
        assert!(told["UnprocessedItems"]["U"].is_array());
        assert_eq!(thin("BatchWriteItem", body.as_bytes(), 0.0, 5), None);
        assert_eq!(thin("BatchWriteItem", body.as_bytes(), 1.0, 5).expect("thinned").request, None);
        assert_eq!(thin("PutItem", body.as_bytes(), 1.0, 5), None);
    }

    #[test]
    fn keys_are_handed_back_with_how_they_were_to_be_read() {
        let body = br#"{"RequestItems":{"T":{"Keys":[{"id":{"N":"1"}}],"ConsistentRead":true}}}"#;
        let told = thin("BatchGetItem", body, 1.0, 0).expect("thinned").answer(b"{}");
        let told: Value = serde_json::from_slice(&told).expect("JSON");
        assert_eq!(told["UnprocessedKeys"]["T"], serde_json::json!({"Keys": [{"id": {"N": "1"}}], "ConsistentRead": true}));
        assert_eq!(told["Responses"], serde_json::json!({}));
    }
}
