//! SQLite's values as [`Value`]: by what the column was declared as, and by what the row really holds.
//!
//! Rules: the stored class is the truth, the declared type only says how to read a text or a 0/1; a text that does not read
//! as declared stays what it is, as [`Value::Impossible`] where a calendar or JSON was declared.
//! Facts: "Datatypes In SQLite", sections 2 and 3. Pure; called by the session.

use crate::mapping::{Number, Value, json::Json};
use crate::source::moment;
use rusqlite::types::ValueRef;

/// What a column was declared as, as far as it changes how a value is read or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    /// DATE, DATETIME and TIMESTAMP: the text itself says which of them it is.
    Moment,
    Time,
    Json,
    /// NUMERIC, DECIMAL and their like: a text is read as the number that it spells.
    Decimal,
    /// Integer and floating-point columns: they compare as numbers, and a text in them stays a text.
    Numeric,
    Text,
    /// Without affinity: BLOB, or no declaration at all, as for expressions in queries.
    Any,
}

/// The kind behind a declared type. The order of the questions is that of SQLite's affinity rules, with ours before them.
pub(super) fn kind(declared: Option<&str>) -> Kind {
    let declared = declared.unwrap_or_default().to_ascii_uppercase();
    let word = declared.split(['(', ' ']).next().unwrap_or_default();
    let has = |parts: &[&str]| parts.iter().any(|p| declared.contains(p));
    match word {
        "DATE" | "DATETIME" | "DATETIME2" | "TIMESTAMP" | "TIMESTAMPTZ" | "SMALLDATETIME" => Kind::Moment,
        "TIME" => Kind::Time,
        "JSON" | "JSONB" => Kind::Json,
        "BOOL" | "BOOLEAN" => Kind::Boolean,
        _ if has(&["INT"]) => Kind::Numeric,
        _ if has(&["CHAR", "CLOB", "TEXT"]) => Kind::Text,
        _ if declared.is_empty() || has(&["BLOB"]) => Kind::Any,
        _ if has(&["REAL", "FLOA", "DOUB"]) => Kind::Numeric,
        _ => Kind::Decimal,
    }
}

/// The value that a row holds.
pub(super) fn value(kind: Kind, raw: ValueRef<'_>) -> Value {
    match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(i) => integer(kind, i),
        ValueRef::Real(x) => match kind {
            Kind::Json => json_number(x),
            _ => real(x),
        },
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => self::text(kind, text),
            Err(_) => Value::Impossible(String::from_utf8_lossy(bytes).into_owned()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

fn integer(kind: Kind, i: i64) -> Value {
    match kind {
        Kind::Boolean if i == 0 || i == 1 => Value::Bool(i == 1),
        Kind::Json => Value::Json(Json::Number(Number::from(i))),
        _ => Value::Number(Number::from(i)),
    }
}

/// A float by the shortest text that reads back as it.
fn real(x: f64) -> Value {
    match Number::parse(&format!("{x:e}")) {
        Some(number) => Value::Number(number),
        None if x == f64::INFINITY => Value::NotANumber("Infinity"),
        None if x == f64::NEG_INFINITY => Value::NotANumber("-Infinity"),
        None => Value::NotANumber("NaN"),
    }
}

/// A column declared JSON has numeric affinity, so the JSON text `1.5` is stored as the number.
fn json_number(x: f64) -> Value {
    match real(x) {
        Value::Number(number) => Value::Json(Json::Number(number)),
        other => other,
    }
}

fn text(kind: Kind, text: &str) -> Value {
    let impossible = || Value::Impossible(text.to_owned());
    match kind {
        Kind::Moment => moment::parse(text).unwrap_or_else(impossible),
        Kind::Json => Json::parse(text).map_or_else(|_| impossible(), Value::Json),
        Kind::Time if moment::time(text).is_some() => Value::Time(text.to_owned()),
        Kind::Decimal => Number::parse(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number),
        _ => Value::Text(text.to_owned()),
    }
}
