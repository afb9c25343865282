//! A reply as a tree that each protocol writes in its own way.

use crate::local::{form, moment};
use serde_json::Value;
use std::fmt::Write;

/// A value of a reply.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Text(String),
    Number(f64),
    /// Seconds since 1970.
    Time(i64),
    List(Vec<Self>),
    Map(Vec<(&'static str, Self)>),
}

impl Node {
    /// As awsJson writes it.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Time(seconds) => (*seconds).into(),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Map(members) => Value::Object(members.iter().map(|(n, v)| ((*n).to_owned(), v.json())).collect()),
        }
    }

    /// As rpc-v2-cbor writes it: times are tag 1.
    pub(super) fn cbor(&self) -> ciborium::Value {
        use ciborium::Value as Cbor;
        match self {
            Self::Text(text) => Cbor::Text(text.clone()),
            Self::Number(number) => Cbor::Float(*number),
            Self::Time(seconds) => Cbor::Tag(1, Box::new(Cbor::Integer((*seconds).into()))),
            Self::List(items) => Cbor::Array(items.iter().map(Self::cbor).collect()),
            Self::Map(members) => Cbor::Map(members.iter().map(|(n, v)| (Cbor::Text((*n).to_owned()), v.cbor())).collect()),
        }
    }

    /// As the query protocol writes it: what stands between the tags.
    pub(super) fn xml(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&form::xml(text)),
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Time(seconds) => out.push_str(&moment::iso(*seconds)),
            Self::List(items) => items.iter().for_each(|item| element(out, "member", item)),
            Self::Map(members) => members.iter().for_each(|(name, value)| element(out, name, value)),
        }
    }
}

fn element(out: &mut String, name: &str, value: &Node) {
    let _ = write!(out, "<{name}>");
    value.xml(out);
    let _ = write!(out, "</{name}>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reply_in_three_protocols() {
        let node = Node::Map(vec![
            ("Label", Node::Text("a<b".into())),
            ("Timestamps", Node::List(vec![Node::Time(60)])),
            ("Values", Node::List(vec![Node::Number(1.5)])),
        ]);
        insta::assert_snapshot!(node.json().to_string(), @r#"{"Label":"a<b","Timestamps":[60],"Values":[1.5]}"#);
        let mut xml = String::new();
        node.xml(&mut xml);
        insta::assert_snapshot!(xml, @"<Label>a&lt;b</Label><Timestamps><member>1970-01-01T00:01:00Z</member></Timestamps><Values><member>1.5</member></Values>");
        assert!(format!("{:?}", node.cbor()).contains("Tag(1, "));
    }
}
