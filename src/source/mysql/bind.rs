//! Values on their way back into MySQL: keys with the type of their column, parameters of the user's own statements.
//!
//! Rule: the server would silently turn `'12abc'` into 12, so nothing is left to its conversions: a key is turned into the
//! column's own type here, and what cannot be turned is no key. Key insight: the same turning serves lookups and paging, because
//! a page begins behind the key of the last row that was read. Pure; called by the snapshot.

use super::decode::Kind;
use crate::mapping::{Number, Value};
use crate::source::moment;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use mysql_async::Value as Raw;

/// How a parameter of a column of `kind` stands in SQL.
pub(super) fn placeholder(kind: Kind) -> String {
    match kind {
        Kind::Decimal { precision, scale } => format!("cast(? as decimal({precision},{scale}))"),
        Kind::Bytes => "cast(? as binary)".to_owned(),
        Kind::Date => "cast(? as date)".to_owned(),
        Kind::DateTime | Kind::Instant => "cast(? as datetime(6))".to_owned(),
        Kind::Time => "cast(? as time(6))".to_owned(),
        _ => "?".to_owned(),
    }
}

/// `value` as a column of `kind` may hold it; `None`: it cannot, or it is NULL, which equals nothing.
pub(super) fn key(value: &Value, kind: Kind) -> Option<Raw> {
    match (kind, value) {
        (_, Value::Null) | (Kind::Text | Kind::Enum | Kind::Set, Value::Impossible(_) | Value::Json(_) | Value::List(_)) => None,
        (Kind::Int | Kind::Bool | Kind::BoolBit, Value::Bool(b)) => Some(Raw::Int((*b).into())),
        (Kind::Bool | Kind::BoolBit, Value::Text(t)) if t == "true" || t == "false" => Some(Raw::Int((t == "true").into())),
        (Kind::Int | Kind::Bool | Kind::BoolBit, Value::Number(_) | Value::Text(_)) => whole(&number(value)?),
        (Kind::Decimal { precision, scale }, Value::Number(_) | Value::Text(_)) => decimal(&number(value)?, precision, scale),
        // A float column is compared as the double that its float is.
        (Kind::Float, _) => number(value)?.to_string().parse::<f32>().ok().map(|x| Raw::Double(x.into())),
        (Kind::Double, _) => number(value)?.to_string().parse().ok().map(Raw::Double),
        (Kind::Bits | Kind::BoolBit, Value::Bytes(b)) => unsigned(b),
        (Kind::Bits, Value::Text(t)) => unsigned(&STANDARD.decode(t).ok()?),
        (Kind::Bytes, Value::Bytes(b)) => Some(Raw::Bytes(b.clone())),
        (Kind::Bytes, Value::Text(t)) => STANDARD.decode(t).ok().map(Raw::Bytes),
        (Kind::Date | Kind::DateTime | Kind::Instant, Value::Text(t)) => date_or_time(&moment::parse(t)?, kind),
        (Kind::Date | Kind::DateTime | Kind::Instant, _) => date_or_time(value, kind),
        (Kind::Time, Value::Time(t) | Value::Text(t)) => is_time(t).then(|| text(t)),
        (Kind::Text | Kind::Enum | Kind::Set, other) => other.text(None).ok().flatten().map(|t| text(&t)),
        _ => None,
    }
}

/// The one parameter for `value` in a statement of the user's own; `None` where MySQL has no such value.
pub(super) fn parameter(value: &Value) -> Option<Raw> {
    match value {
        Value::Null => Some(Raw::NULL),
        Value::Bool(b) => Some(Raw::Int((*b).into())),
        Value::Number(n) => whole(n).or_else(|| Some(text(&n.to_string()))),
        Value::Bytes(b) => Some(Raw::Bytes(b.clone())),
        Value::Date(_) => date_or_time(value, Kind::Date),
        Value::DateTime(_) | Value::Instant(_) => date_or_time(value, Kind::DateTime),
        Value::List(_) | Value::NotANumber(_) => None,
        other => other.text(None).ok().flatten().map(|t| text(&t)),
    }
}

fn text(text: &str) -> Raw {
    Raw::Bytes(text.as_bytes().to_vec())
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(n) => Some(n.clone()),
        Value::Text(t) => Number::parse(t),
        _ => None,
    }
}

fn whole(number: &Number) -> Option<Raw> {
    let text = plain(number)?;
    text.parse().map(Raw::Int).or_else(|_| text.parse().map(Raw::UInt)).ok()
}

/// Without exponent, as the value room writes numbers.
fn plain(number: &Number) -> Option<String> {
    Value::Number(number.clone()).text(None).ok().flatten()
}

/// A decimal that the column can hold to the last digit: a cast would round or clamp any other to a wrong neighbour.
fn decimal(number: &Number, precision: u32, scale: u32) -> Option<Raw> {
    let spelled = plain(number)?;
    let (whole, fraction) = spelled.trim_start_matches('-').split_once('.').unwrap_or((spelled.trim_start_matches('-'), ""));
    let digits = whole.trim_start_matches('0').len();
    let plain = digits + fraction.len() <= 65 && !spelled.contains(['e', 'E']);
    let fits = plain && digits <= usize::try_from(precision.checked_sub(scale)?).ok()? && fraction.len() <= usize::try_from(scale).ok()?;
    fits.then(|| text(&spelled))
}

/// Up to eight bytes, most significant first.
fn unsigned(bytes: &[u8]) -> Option<Raw> {
    (bytes.len() <= 8).then(|| Raw::UInt(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))))
}

/// The text that a cast to the column's type reads; `None` where it would drop something.
fn date_or_time(value: &Value, kind: Kind) -> Option<Raw> {
    match value {
        Value::Date(date) => Some(text(&date.to_string())),
        Value::DateTime(at) => date_time(*at, kind),
        Value::Instant(at) => date_time(jiff::tz::Offset::UTC.to_datetime(*at), kind),
        // What the server holds and no calendar does, it reads back from its own text.
        Value::Impossible(t) => Some(text(t)),
        _ => None,
    }
}

fn date_time(at: DateTime, kind: Kind) -> Option<Raw> {
    let whole_micros = at.subsec_nanosecond() % 1000 == 0;
    (kind != Kind::Date && whole_micros).then(|| text(&at.to_string().replacen('T', " ", 1)))
}

/// `[-]H+:MM:SS[.f]`, as the decoder writes it.
fn is_time(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str, lengths: std::ops::RangeInclusive<usize>| lengths.contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    let mut parts = clock.split(':');
    let [h, m, s, end] = std::array::from_fn(|_| parts.next());
    end.is_none()
        && h.is_some_and(|h| digits(h, 1..=3))
        && [m, s].iter().all(|p| p.is_some_and(|p| digits(p, 2..=2) && p < "60"))
        && digits(fraction, 1..=6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_the_columns_type_or_none_at_all() {
        let t = |t: &str| Value::Text(t.to_owned());
        let n = |t: &str| Value::Number(Number::parse(t).expect(t));
        let bytes = |t: &str| Some(text(t));
        let money = Kind::Decimal { precision: 5, scale: 2 };
        for (kind, value, expected) in [
            (Kind::Int, t("12"), Some(Raw::Int(12))),
            (Kind::Int, t("12abc"), None),
            (Kind::Int, t("1.5"), None),
            (Kind::Int, n("18446744073709551615"), Some(Raw::UInt(u64::MAX))),
            (Kind::Int, Value::Null, None),
            (Kind::Bool, t("true"), Some(Raw::Int(1))),
            (Kind::Bool, n("7"), Some(Raw::Int(7))),
            (Kind::Bits, Value::Bytes(vec![1, 2]), Some(Raw::UInt(258))),
            (money, n("123.4"), bytes("123.4")),
            (money, n("1234"), None),
            (money, n("0.001"), None),
            (money, n("-0.01"), bytes("-0.01")),
            (money, t("0x10"), None),
            (Kind::Float, t("0.1"), Some(Raw::Double(f64::from(0.1_f32)))),
            (Kind::Double, n("0.1"), Some(Raw::Double(0.1))),
            (Kind::Text, n("7"), bytes("7")),
            (Kind::Bytes, t("AP8="), Some(Raw::Bytes(vec![0, 255]))),
            (Kind::Bytes, t("?"), None),
            (Kind::Date, t("2024-01-02"), bytes("2024-01-02")),
            (Kind::Date, t("2024-01-02T00:00:01"), None),
            (Kind::Date, Value::Impossible("0000-00-00".to_owned()), bytes("0000-00-00")),
            (Kind::DateTime, t("2024-01-02T03:04:05.5"), bytes("2024-01-02 03:04:05.5")),
            (Kind::Instant, t("2024-01-02T03:04:05+01:00"), bytes("2024-01-02 02:04:05")),
            (Kind::DateTime, t("2024-01-02T03:04:05.1234567"), None),
            (Kind::Time, t("-838:59:59.000001"), bytes("-838:59:59.000001")),
            (Kind::Time, t("10:60:00"), None),
            (Kind::Set, Value::Set(vec!["a".to_owned(), "b".to_owned()]), bytes("a,b")),
            (Kind::Json, t("{}"), None),
        ] {
            assert_eq!(key(&value, kind), expected, "{value:?} in {kind:?}");
        }
    }
}
