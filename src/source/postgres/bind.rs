//! Values on their way back into PostgreSQL: as text that the server reads by the parameter's own type.
//!
//! Key insight: a parameter sent in text form is cast by the server to the type of the column that it is compared with, so a key that was
//! read from text and a key that was read from a column look the same. Called by the snapshot.

use super::decode::Kind;
use crate::mapping::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use std::fmt::Write;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// A parameter in text form; `None` is NULL.
#[derive(Debug)]
pub(super) struct Parameter(pub(super) Option<String>);

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(text) = &self.0 else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }
    to_sql_checked!();
}

/// What `value` is as a parameter of `ty`; `None` where it is nothing that `ty` can hold or be compared with.
pub(super) fn parameter(value: &Value, ty: &Type) -> Option<Parameter> {
    let bytes = super::decode::kind(ty) == Some(Kind::Bytes);
    match value {
        Value::Null => Some(Parameter(None)),
        Value::List(_) | Value::Set(_) => None,
        Value::Bytes(raw) if bytes => Some(Parameter(Some(hex(raw)))),
        // The canonical text of bytes is base64.
        Value::Text(text) if bytes => STANDARD.decode(text).ok().map(|raw| Parameter(Some(hex(&raw)))),
        // No text of this server holds a NUL.
        other => other.text(None).ok().flatten().filter(|t| !t.contains('\0')).map(|t| Parameter(Some(t))),
    }
}

fn hex(raw: &[u8]) -> String {
    raw.iter().fold("\\x".to_owned(), |mut out, b| {
        // Writing to a string does not fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Number;

    #[test]
    fn values_are_sent_as_the_text_that_the_server_reads() {
        let text = |t: &str| Value::Text(t.to_owned());
        for (value, ty, sent) in [
            (Value::Number(Number::parse("1e20").expect("number")), Type::NUMERIC, Some("100000000000000000000")),
            (Value::Bool(true), Type::BOOL, Some("true")),
            (Value::Bytes(vec![0, 255]), Type::BYTEA, Some("\\x00ff")),
            (text("AP8="), Type::BYTEA, Some("\\x00ff")),
            (text("no base64"), Type::BYTEA, None),
            (text("a\0b"), Type::TEXT, None),
            (Value::DateTime("2024-01-02T03:04:05.5".parse().expect("date-time")), Type::TIMESTAMP, Some("2024-01-02T03:04:05.5")),
            (Value::Instant("2024-01-02T03:04:05Z".parse().expect("moment")), Type::TIMESTAMPTZ, Some("2024-01-02T03:04:05Z")),
            (Value::List(Vec::new()), Type::INT4_ARRAY, None),
        ] {
            assert_eq!(parameter(&value, &ty).and_then(|p| p.0).as_deref(), sent, "{value:?} as {ty}");
        }
    }
}
