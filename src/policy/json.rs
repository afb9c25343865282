//! JSON of which nothing may be lost: a key that stands twice and a number that would lose digits are errors, where most readers
//! keep one of the two and round the other.
//!
//! Key insight: `serde_json`'s depth limit (128) guards this reader too, so hostile nesting ends as an error and not as a full stack.
//! Called by `policy`.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// Whole numbers up to here are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A JSON value with its keys in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As it is written out again.
    Number(serde_json::Number),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

impl Node {
    /// One text, the same for equal values.
    pub(super) fn render(&self) -> String {
        serde_json::to_string(self).expect("invariant: text, numbers and string keys are always JSON")
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(b) => to.serialize_bool(*b),
            Self::Number(n) => n.serialize(to),
            Self::Text(t) => to.serialize_str(t),
            Self::List(list) => list.serialize(to),
            Self::Object(object) => object.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        let exact = serde_json::Number::from_f64(value).filter(|_| value.abs() < EXACT);
        exact.map(Node::Number).ok_or_else(|| E::custom("a number has more digits than JSON readers keep: put it in quotes"))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Node, S::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(Node::List(list))
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Node, M::Error> {
        let mut object = BTreeMap::new();
        while let Some((key, node)) = map.next_entry::<String, Node>()? {
            if object.contains_key(&key) {
                return Err(M::Error::custom(format!("the key `{}` stands twice in one object", crate::safe::text(&key))));
            }
            object.insert(key, node);
        }
        Ok(Node::Object(object))
    }
}
