//! MySQL's and MariaDB's binary-protocol values as [`Value`].
//!
//! Rules: every type that is not in [`kind`] is refused before a row is read; numbers and dates never pass a float;
//! `0000-00-00` and its like are [`Value::Impossible`]; `tinyint(1)` and `bit(1)` are booleans only where they hold 0 or 1.
//! Facts: "Column Definition Packet" and "Binary Protocol Value" of the server's internals manual.
//! Pure; called by the snapshot.

use crate::mapping::{Number, Value, json::Json};
use jiff::civil::{Date, Time};
use mysql_async::Value as Raw;
use mysql_async::consts::{ColumnFlags, ColumnType};

/// What a column's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    /// `tinyint(1)`.
    Bool,
    /// `bit(1)`.
    BoolBit,
    Bits,
    Decimal {
        precision: u32,
        scale: u32,
    },
    Float,
    Double,
    Text,
    /// Ordered by position but compared as text.
    Enum,
    Set,
    Bytes,
    Date,
    DateTime,
    /// `timestamp`: a moment, shown in the session's zone, which is UTC.
    Instant,
    Time,
    Json,
}

/// The character set number that means bytes.
const BINARY: u16 = 63;

/// The kind behind a column of a result; `None`: not mapped.
pub(super) fn kind(column: &mysql_async::Column) -> Option<Kind> {
    use ColumnType as T;
    let length = column.column_length();
    Some(match column.column_type() {
        T::MYSQL_TYPE_TINY if length == 1 => Kind::Bool,
        T::MYSQL_TYPE_TINY
        | T::MYSQL_TYPE_SHORT
        | T::MYSQL_TYPE_INT24
        | T::MYSQL_TYPE_LONG
        | T::MYSQL_TYPE_LONGLONG
        | T::MYSQL_TYPE_YEAR => Kind::Int,
        T::MYSQL_TYPE_BIT if length == 1 => Kind::BoolBit,
        T::MYSQL_TYPE_BIT => Kind::Bits,
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => decimal(column),
        T::MYSQL_TYPE_FLOAT => Kind::Float,
        T::MYSQL_TYPE_DOUBLE => Kind::Double,
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => Kind::Date,
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => Kind::DateTime,
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => Kind::Instant,
        T::MYSQL_TYPE_TIME | T::MYSQL_TYPE_TIME2 => Kind::Time,
        T::MYSQL_TYPE_JSON => Kind::Json,
        T::MYSQL_TYPE_ENUM => Kind::Enum,
        T::MYSQL_TYPE_SET => Kind::Set,
        T::MYSQL_TYPE_STRING
        | T::MYSQL_TYPE_VAR_STRING
        | T::MYSQL_TYPE_VARCHAR
        | T::MYSQL_TYPE_TINY_BLOB
        | T::MYSQL_TYPE_MEDIUM_BLOB
        | T::MYSQL_TYPE_LONG_BLOB
        | T::MYSQL_TYPE_BLOB => string(column),
        // A column that is NULL and nothing else, as `select null` gives.
        T::MYSQL_TYPE_NULL => Kind::Text,
        _ => return None,
    })
}

/// The announced length counts the digits, a point where there is a scale, and a sign where there can be one.
fn decimal(column: &mysql_async::Column) -> Kind {
    let scale = u32::from(column.decimals());
    let signed = !column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    Kind::Decimal { precision: column.column_length().saturating_sub(u32::from(scale > 0) + u32::from(signed)), scale }
}

fn string(column: &mysql_async::Column) -> Kind {
    if column.flags().contains(ColumnFlags::ENUM_FLAG) {
        Kind::Enum
    } else if column.flags().contains(ColumnFlags::SET_FLAG) {
        Kind::Set
    } else if column.character_set() == BINARY {
        Kind::Bytes
    } else {
        Kind::Text
    }
}

/// The value of one field. The error names what is wrong, never what the field says.
pub(super) fn value(kind: Kind, raw: Raw) -> Result<Value, String> {
    Ok(match (raw, kind) {
        (Raw::NULL, _) => Value::Null,
        (Raw::Int(i), Kind::Bool) if i == 0 || i == 1 => Value::Bool(i == 1),
        (Raw::UInt(i), Kind::Bool) if i == 0 || i == 1 => Value::Bool(i == 1),
        (Raw::Int(i), _) => Value::Number(Number::from(i)),
        (Raw::UInt(i), _) => Value::Number(Number::from(i)),
        (Raw::Float(x), _) => float(x),
        (Raw::Double(x), _) => float(x),
        (Raw::Date(y, mo, d, ..), Kind::Date) => date(y, mo, d),
        (Raw::Date(y, mo, d, h, mi, s, us), _) => date_time(kind, (y, mo, d), (h, mi, s, us))?,
        (Raw::Time(negative, days, h, m, s, us), _) => Value::Time(duration(negative, days, (h, m, s, us))),
        (Raw::Bytes(bytes), Kind::BoolBit) if bytes == [0] || bytes == [1] => Value::Bool(bytes == [1]),
        (Raw::Bytes(bytes), Kind::Bytes | Kind::Bits | Kind::BoolBit) => Value::Bytes(bytes),
        (Raw::Bytes(bytes), _) => match String::from_utf8(bytes) {
            Ok(text) => self::text(kind, text)?,
            Err(e) => Value::Impossible(String::from_utf8_lossy(e.as_bytes()).into_owned()),
        },
    })
}

fn text(kind: Kind, text: String) -> Result<Value, String> {
    Ok(match kind {
        Kind::Decimal { .. } => Value::Number(Number::parse(&text).ok_or("a decimal that does not read as a number")?),
        Kind::Set => Value::Set(text.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect()),
        Kind::Json => Json::parse(&text).map_or(Value::Impossible(text), Value::Json),
        Kind::Text | Kind::Enum => Value::Text(text),
        _ => return Err("text where the column's type has none".to_owned()),
    })
}

/// A float by the shortest text that reads back as it in its own width.
fn float(x: impl std::fmt::LowerExp) -> Value {
    let text = format!("{x:e}");
    match (Number::parse(&text), text.as_str()) {
        (Some(number), _) => Value::Number(number),
        (None, "inf") => Value::NotANumber("Infinity"),
        (None, "-inf") => Value::NotANumber("-Infinity"),
        (None, _) => Value::NotANumber("NaN"),
    }
}

/// A day of the years 1 to 9999; the server also holds days that no calendar has.
fn day(y: u16, m: u8, d: u8) -> Option<Date> {
    let date = Date::new(i16::try_from(y).ok()?, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()?;
    (y > 0).then_some(date)
}

fn date(y: u16, m: u8, d: u8) -> Value {
    day(y, m, d).map_or_else(|| Value::Impossible(format!("{y:04}-{m:02}-{d:02}")), Value::Date)
}

fn date_time(kind: Kind, (y, mo, d): (u16, u8, u8), (h, mi, s, us): (u8, u8, u8, u32)) -> Result<Value, String> {
    let (Ok(hour), Ok(minute), Ok(second)) = (i8::try_from(h), i8::try_from(mi), i8::try_from(s)) else {
        return Err("a time of day that does not exist".to_owned());
    };
    let nanos = i32::try_from(us).ok().and_then(|us| us.checked_mul(1000)).ok_or("a fraction of a second over one")?;
    let time = Time::new(hour, minute, second, nanos).map_err(|_| "a time of day that does not exist")?;
    Ok(match day(y, mo, d) {
        None => Value::Impossible(format!("{y:04}-{mo:02}-{d:02} {}", clock(u32::from(h), mi, s, us))),
        Some(date) if kind == Kind::Instant => {
            let at = jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(time)).map_err(|_| "a moment that does not exist")?;
            Value::Instant(at)
        }
        Some(date) => Value::DateTime(date.to_datetime(time)),
    })
}

/// A TIME, which is a duration of up to 838 hours, with a fraction only where it is not zero.
fn duration(negative: bool, days: u32, (h, m, s, us): (u8, u8, u8, u32)) -> String {
    let sign = if negative { "-" } else { "" };
    format!("{sign}{}", clock(days.saturating_mul(24).saturating_add(h.into()), m, s, us))
}

fn clock(h: u32, m: u8, s: u8, us: u32) -> String {
    let clock = format!("{h:02}:{m:02}:{s:02}");
    if us == 0 { clock } else { format!("{clock}.{us:06}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mysql_async::Column;

    fn number(text: &str) -> Value {
        Value::Number(Number::parse(text).expect(text))
    }

    #[test]
    fn each_binary_form_lands_in_its_value() {
        let bytes = |t: &str| Raw::Bytes(t.as_bytes().to_vec());
        let impossible = |t: &str| Value::Impossible(t.to_owned());
        let time = |t: &str| Value::Time(t.to_owned());
        let decimal = Kind::Decimal { precision: 65, scale: 30 };
        for (kind, raw, expected) in [
            (Kind::Int, Raw::UInt(u64::MAX), number("18446744073709551615")),
            (Kind::Int, Raw::Int(-5), number("-5")),
            (Kind::Bool, Raw::Int(1), Value::Bool(true)),
            (Kind::Bool, Raw::UInt(0), Value::Bool(false)),
            (Kind::Bool, Raw::Int(-7), number("-7")),
            (Kind::BoolBit, Raw::Bytes(vec![1]), Value::Bool(true)),
            (Kind::Bits, Raw::Bytes(vec![1, 2]), Value::Bytes(vec![1, 2])),
            (
                decimal,
                bytes("-12345678901234567890123456789012345.000000000000000000000000000001"),
                number("-12345678901234567890123456789012345.000000000000000000000000000001"),
            ),
            (Kind::Float, Raw::Float(0.1), number("0.1")),
            (Kind::Float, Raw::Float(16_777_216.0), number("16777216")),
            (Kind::Double, Raw::Double(0.1), number("0.1")),
            (Kind::Text, bytes("née 𝄞 "), Value::Text("née 𝄞 ".to_owned())),
            (Kind::Text, Raw::Bytes(vec![0xff, b'A']), impossible("\u{fffd}A")),
            (Kind::Bytes, Raw::Bytes(vec![0xff]), Value::Bytes(vec![0xff])),
            (Kind::Set, bytes("a,b"), Value::Set(vec!["a".to_owned(), "b".to_owned()])),
            (Kind::Set, bytes(""), Value::Set(Vec::new())),
            (Kind::Enum, bytes(""), Value::Text(String::new())),
            (Kind::Json, bytes("{\"a\":1.10}"), Value::Json(Json::parse("{\"a\":1.1}").expect("json"))),
            (Kind::Json, bytes("{\"a\":1,\"a\":2}"), impossible("{\"a\":1,\"a\":2}")),
            (Kind::Date, Raw::Date(2024, 2, 29, 0, 0, 0, 0), Value::Date("2024-02-29".parse().expect("date"))),
            (Kind::Date, Raw::Date(0, 0, 0, 0, 0, 0, 0), impossible("0000-00-00")),
            (Kind::Date, Raw::Date(2024, 0, 10, 0, 0, 0, 0), impossible("2024-00-10")),
            (Kind::Date, Raw::Date(2024, 2, 31, 0, 0, 0, 0), impossible("2024-02-31")),
            (Kind::Date, Raw::Date(0, 1, 1, 0, 0, 0, 0), impossible("0000-01-01")),
            (
                Kind::DateTime,
                Raw::Date(2024, 2, 29, 23, 59, 59, 1),
                Value::DateTime("2024-02-29T23:59:59.000001".parse().expect("date-time")),
            ),
            (Kind::DateTime, Raw::Date(0, 0, 0, 0, 0, 0, 0), impossible("0000-00-00 00:00:00")),
            (Kind::Instant, Raw::Date(2024, 2, 29, 23, 59, 59, 0), Value::Instant("2024-02-29T23:59:59Z".parse().expect("moment"))),
            (Kind::Instant, Raw::Date(0, 0, 0, 0, 0, 0, 0), impossible("0000-00-00 00:00:00")),
            (Kind::Time, Raw::Time(true, 34, 22, 59, 59, 1), time("-838:59:59.000001")),
            (Kind::Time, Raw::Time(false, 0, 1, 2, 3, 0), time("01:02:03")),
            (Kind::Time, Raw::Time(false, 0, 1, 2, 3, 500_000), time("01:02:03.5")),
            (Kind::Int, Raw::NULL, Value::Null),
        ] {
            assert_eq!(value(kind, raw), Ok(expected), "{kind:?}");
        }
    }

    #[test]
    fn what_a_type_cannot_hold_is_an_error_without_the_value() {
        for (kind, raw) in [
            (Kind::Decimal { precision: 5, scale: 0 }, Raw::Bytes(b"hunter2".to_vec())),
            (Kind::Int, Raw::Bytes(b"hunter2".to_vec())),
            (Kind::DateTime, Raw::Date(2024, 1, 1, 25, 0, 0, 0)),
        ] {
            let why = value(kind, raw).expect_err("refused");
            assert!(!why.contains("hunter2"));
        }
    }

    #[test]
    fn columns_are_told_apart_by_type_flags_length_and_character_set() {
        use ColumnType as T;
        let column = |ty, length, charset, flags| {
            Column::new(ty).with_column_length(length).with_character_set(charset).with_flags(flags).with_decimals(0)
        };
        let none = ColumnFlags::empty();
        for (column, expected) in [
            (column(T::MYSQL_TYPE_TINY, 1, 63, none), Some(Kind::Bool)),
            (column(T::MYSQL_TYPE_TINY, 4, 63, none), Some(Kind::Int)),
            (column(T::MYSQL_TYPE_BIT, 1, 63, none), Some(Kind::BoolBit)),
            (column(T::MYSQL_TYPE_BIT, 9, 63, none), Some(Kind::Bits)),
            (column(T::MYSQL_TYPE_STRING, 9, 45, ColumnFlags::ENUM_FLAG), Some(Kind::Enum)),
            (column(T::MYSQL_TYPE_STRING, 9, 45, ColumnFlags::SET_FLAG), Some(Kind::Set)),
            (column(T::MYSQL_TYPE_STRING, 16, 63, none), Some(Kind::Bytes)),
            (column(T::MYSQL_TYPE_BLOB, 9, 45, none), Some(Kind::Text)),
            (column(T::MYSQL_TYPE_BLOB, 9, 63, none), Some(Kind::Bytes)),
            (column(T::MYSQL_TYPE_GEOMETRY, 9, 63, none), None),
            (column(T::MYSQL_TYPE_NEWDECIMAL, 11, 63, none), Some(Kind::Decimal { precision: 10, scale: 0 })),
            (column(T::MYSQL_TYPE_NEWDECIMAL, 11, 63, none).with_decimals(2), Some(Kind::Decimal { precision: 9, scale: 2 })),
            (
                column(T::MYSQL_TYPE_NEWDECIMAL, 11, 63, ColumnFlags::UNSIGNED_FLAG).with_decimals(2),
                Some(Kind::Decimal { precision: 10, scale: 2 }),
            ),
        ] {
            assert_eq!(kind(&column), expected, "{column:?}");
        }
    }
}
