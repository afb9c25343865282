//! Values on their way back into SQLite: as parameters, and as the spellings under which a key may be stored.
//!
//! Key insight: SQLite compares by stored class and by the column's affinity, so one value can be stored in several ways
//! (a number as a number or as text, a date-time with a blank or a `T`). A lookup asks for all of them.
//! Pure; called by the session.

use super::decode::Kind;
use crate::mapping::{Number, Value};
use crate::source::moment;
use base64::Engine;
use jiff::civil::DateTime;
use rusqlite::types::Value as Sql;

/// The one parameter for `value` in a statement of the user's own; `None` where SQLite has no such value.
pub(super) fn parameter(value: &Value) -> Option<Sql> {
    match value {
        Value::Null => Some(Sql::Null),
        Value::DateTime(at) => Some(Sql::Text(moment_text(*at, ' '))),
        other => spellings(other, Kind::Any).into_iter().next(),
    }
}

/// Every way in which `value` may be stored in a column of `kind`; none for NULL, which equals nothing, and for what is no key.
pub(super) fn spellings(value: &Value, kind: Kind) -> Vec<Sql> {
    let mut out = match value {
        Value::Null | Value::Json(_) | Value::List(_) | Value::Set(_) => Vec::new(),
        Value::Bool(b) => vec![Sql::Integer(i64::from(*b))],
        Value::Number(n) => number(n, kind),
        Value::NotANumber(name) => name.parse().map(Sql::Real).into_iter().collect(),
        Value::Bytes(bytes) => vec![Sql::Blob(bytes.clone())],
        Value::Date(date) => vec![Sql::Text(date.to_string())],
        Value::DateTime(at) => date_time(*at, &[""]),
        Value::Instant(at) => date_time(jiff::tz::Offset::UTC.to_datetime(*at), &["Z", "+00:00", "+00"]),
        Value::Time(text) | Value::Impossible(text) => vec![Sql::Text(text.clone())],
        Value::Text(text) => self::text(text, kind),
    };
    let mut kept: Vec<Sql> = Vec::new();
    out.retain(|sql| {
        !kept.contains(sql) && {
            kept.push(sql.clone());
            true
        }
    });
    out
}

/// A number, and where the column would not convert it, its text too.
fn number(number: &Number, kind: Kind) -> Vec<Sql> {
    let text = number.to_string();
    let stored = text.parse().map(Sql::Integer).or_else(|_| text.parse().map(Sql::Real)).ok();
    match kind {
        Kind::Text => vec![Sql::Text(text)],
        Kind::Any => stored.into_iter().chain([Sql::Text(text)]).collect(),
        _ => stored.into_iter().collect(),
    }
}

/// A text may name a number, a boolean or a moment, because keys are also read back from the text of an item's key.
fn text(text: &str, kind: Kind) -> Vec<Sql> {
    let same = Sql::Text(text.to_owned());
    let meant = match kind {
        Kind::Boolean => match text {
            "true" => vec![Sql::Integer(1)],
            "false" => vec![Sql::Integer(0)],
            _ => Vec::new(),
        },
        Kind::Moment => moment::parse(text).map(|m| spellings(&m, kind)).unwrap_or_default(),
        Kind::Any => Number::parse(text).map(|n| number(&n, kind)).unwrap_or_default().into_iter().chain(bytes(text)).collect(),
        Kind::Decimal | Kind::Numeric => Number::parse(text).map(|n| number(&n, Kind::Numeric)).unwrap_or_default(),
        _ => Vec::new(),
    };
    std::iter::once(same).chain(meant).collect()
}

/// The canonical text of bytes is base64.
fn bytes(text: &str) -> Option<Sql> {
    base64::engine::general_purpose::STANDARD.decode(text).ok().map(Sql::Blob)
}

/// `at` with a blank and a `T`, with its fraction trimmed and filled to milli- and microseconds, and each of `zones` behind.
fn date_time(at: DateTime, zones: &[&str]) -> Vec<Sql> {
    let mut out = Vec::new();
    for separator in [' ', 'T'] {
        let text = moment_text(at, separator);
        let fraction = text.split_once('.').map_or("", |(_, f)| f);
        let padded = |width: usize| format!("{}.{fraction:0<width$}", text.split('.').next().unwrap_or_default());
        let mut texts = vec![text.clone()];
        texts.extend([3, 6].into_iter().filter(|w| fraction.len() < *w).map(padded));
        out.extend(texts.iter().flat_map(|t| zones.iter().map(move |z| Sql::Text(format!("{t}{z}")))));
    }
    out
}

fn moment_text(at: DateTime, separator: char) -> String {
    at.to_string().replacen('T', &separator.to_string(), 1)
}
