//! Values that may be written in two ways, such as `capacity = "on-demand"` and `capacity = { read = 5, write = 5 }`.
//!
//! Key insight: the TOML kind alone decides which way was meant, so an error is about that way and not about both
//! (which is what serde's untagged enums cannot do).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// The kinds of TOML value that a union tells apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Float,
    Bool,
    List,
    Table,
}

/// Which kinds the first way of a [`Union`] takes; all others belong to the second.
pub(crate) trait Takes {
    fn takes(kind: Kind) -> bool;
}
impl Takes for String {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}
impl Takes for bool {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Bool
    }
}
impl Takes for u64 {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Integer
    }
}
impl<T> Takes for Vec<T> {
    fn takes(kind: Kind) -> bool {
        kind == Kind::List
    }
}

/// One of two ways to write a value.
#[derive(Clone)]
pub(crate) enum Union<A, B> {
    Short(A),
    Long(B),
}

impl<'de, A: Takes + Deserialize<'de>, B: Deserialize<'de>> Deserialize<'de> for Union<A, B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnionVisitor(PhantomData))
    }
}

struct UnionVisitor<A, B>(PhantomData<(A, B)>);

impl<'de, A: Takes + Deserialize<'de>, B: Deserialize<'de>> UnionVisitor<A, B> {
    fn read<D: Deserializer<'de>>(kind: Kind, from: D) -> Result<Union<A, B>, D::Error> {
        if A::takes(kind) { A::deserialize(from).map(Union::Short) } else { B::deserialize(from).map(Union::Long) }
    }
}

impl<'de, A: Takes + Deserialize<'de>, B: Deserialize<'de>> Visitor<'de> for UnionVisitor<A, B> {
    type Value = Union<A, B>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in one of the ways that the schema lists")
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Self::read(Kind::Text, value.into_deserializer())
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Self::read(Kind::Bool, value.into_deserializer())
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Self::read(Kind::Integer, value.into_deserializer())
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Self::read(Kind::Integer, value.into_deserializer())
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Self::read(Kind::Float, value.into_deserializer())
    }
    fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<Self::Value, S::Error> {
        Self::read(Kind::List, SeqAccessDeserializer::new(seq))
    }
    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        Self::read(Kind::Table, MapAccessDeserializer::new(map))
    }
}

impl<A: JsonSchema, B: JsonSchema> JsonSchema for Union<A, B> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_{}", A::schema_name(), B::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<A>(), generator.subschema_for::<B>()] })
    }
}

/// A constant: text, a whole number or a boolean. Fractions are written as text, so that every digit is kept.
#[derive(Clone)]
pub(crate) enum Scalar {
    Text(String),
    Integer(i64),
    Bool(bool),
}

impl Takes for Scalar {
    fn takes(kind: Kind) -> bool {
        !matches!(kind, Kind::Table | Kind::List)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a whole number, true or false")
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(value))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }
}

impl JsonSchema for Scalar {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer", "boolean"] })
    }
}
