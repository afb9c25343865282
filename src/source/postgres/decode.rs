//! PostgreSQL's binary values as [`Value`].
//!
//! Rules: every type that is not in [`kind`] is refused before a row is read; numbers, dates and times never pass a float;
//! a day that no calendar here has (`infinity`, the year 12000) is [`Value::Impossible`] with the server's own text.
//! Facts: the `…_send` functions of the server (`numeric_send`, `array_send`, `inet_send`) and "Date/Time Types" in its manual.
//! Pure; called by the snapshot.

use super::number;
use crate::mapping::{Number, Value, json::Json};
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Span, Timestamp};
use std::net::{Ipv4Addr, Ipv6Addr};
use tokio_postgres::types::{Kind as PgKind, Type};

/// What a column's bytes mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    /// Read as `numeric`, so that the server's currency settings do not matter.
    Money,
    Text,
    /// `char(n)`: the padding that the server adds is not part of the value.
    Padded,
    Bytes,
    Bits,
    Uuid,
    Date,
    Time,
    DateTime,
    Instant,
    /// `interval` and `timetz`, read as text.
    Span,
    /// Read as text.
    AsText,
    Json,
    Jsonb,
    Inet,
    Array(Box<Self>),
}

/// The kind of a type; `None`: not mapped.
pub(super) fn kind(ty: &Type) -> Option<Kind> {
    Some(match *ty {
        Type::BOOL => Kind::Bool,
        Type::INT2 => Kind::Int2,
        Type::INT4 => Kind::Int4,
        Type::INT8 => Kind::Int8,
        Type::OID => Kind::Oid,
        Type::FLOAT4 => Kind::Float4,
        Type::FLOAT8 => Kind::Float8,
        Type::NUMERIC => Kind::Numeric,
        Type::MONEY => Kind::Money,
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => Kind::Text,
        Type::BPCHAR => Kind::Padded,
        Type::BYTEA => Kind::Bytes,
        Type::BIT | Type::VARBIT => Kind::Bits,
        Type::UUID => Kind::Uuid,
        Type::DATE => Kind::Date,
        Type::TIME => Kind::Time,
        Type::TIMESTAMP => Kind::DateTime,
        Type::TIMESTAMPTZ => Kind::Instant,
        Type::INTERVAL | Type::TIMETZ => Kind::Span,
        Type::CHAR | Type::MACADDR | Type::MACADDR8 => Kind::AsText,
        Type::JSON => Kind::Json,
        Type::JSONB => Kind::Jsonb,
        Type::INET | Type::CIDR => Kind::Inet,
        _ => return constructed(ty),
    })
}

/// Types that a schema or an extension made.
fn constructed(ty: &Type) -> Option<Kind> {
    match ty.kind() {
        PgKind::Enum(_) => Some(Kind::Text),
        PgKind::Domain(base) => kind(base),
        PgKind::Array(element) => kind(element).map(|k| Kind::Array(Box::new(k))),
        PgKind::Simple if ty.name() == "citext" => Some(Kind::Text),
        _ => None,
    }
}

impl Kind {
    /// The type that the server is asked to give instead of the column's own.
    pub(super) fn cast(&self) -> Option<String> {
        match self {
            Self::Money => Some("pg_catalog.numeric".to_owned()),
            Self::Span | Self::AsText => Some("pg_catalog.text".to_owned()),
            Self::Array(element) => element.cast().map(|c| format!("{c}[]")),
            _ => None,
        }
    }
}

/// The value of one field; `None` for NULL. The error names what is wrong with the bytes, never what they say.
pub(super) fn value(kind: &Kind, raw: Option<&[u8]>) -> Result<Value, String> {
    let Some(raw) = raw else { return Ok(Value::Null) };
    Ok(match kind {
        Kind::Bool => Value::Bool(fixed::<1>(raw)? != [0]),
        Kind::Int2 => integer(i16::from_be_bytes(fixed(raw)?).into()),
        Kind::Int4 => integer(i32::from_be_bytes(fixed(raw)?).into()),
        Kind::Int8 => integer(i64::from_be_bytes(fixed(raw)?)),
        Kind::Oid => integer(u32::from_be_bytes(fixed(raw)?).into()),
        Kind::Float4 => float(f32::from_be_bytes(fixed(raw)?)),
        Kind::Float8 => float(f64::from_be_bytes(fixed(raw)?)),
        Kind::Numeric | Kind::Money => number::numeric(raw)?,
        Kind::Text | Kind::AsText => Value::Text(text(raw)?.to_owned()),
        Kind::Padded => Value::Text(text(raw)?.trim_end_matches(' ').to_owned()),
        Kind::Bytes => Value::Bytes(raw.to_vec()),
        Kind::Bits => Value::Text(bits(raw)?),
        Kind::Uuid => Value::Text(uuid(fixed(raw)?)),
        Kind::Date => date(i32::from_be_bytes(fixed(raw)?)),
        Kind::Time => Value::Time(time(i64::from_be_bytes(fixed(raw)?))),
        Kind::DateTime => date_time(i64::from_be_bytes(fixed(raw)?), ""),
        Kind::Instant => instant(i64::from_be_bytes(fixed(raw)?)),
        Kind::Span => Value::Time(text(raw)?.to_owned()),
        Kind::Json => json(text(raw)?),
        Kind::Jsonb => match raw {
            [1, rest @ ..] => json(text(rest)?),
            _ => return Err("a jsonb of a version that is not known".to_owned()),
        },
        Kind::Inet => Value::Text(inet(raw)?),
        Kind::Array(element) => array(element, raw)?,
    })
}

fn fixed<const N: usize>(raw: &[u8]) -> Result<[u8; N], String> {
    raw.try_into().map_err(|_| format!("{} bytes where {N} belong", raw.len()))
}

fn text(raw: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(raw).map_err(|_| "text that is not UTF-8".to_owned())
}

fn integer(i: i64) -> Value {
    Value::Number(Number::from(i))
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

/// A text that is JSON to the server and not to us (two equal names, too deep) stays visible as what cannot be.
fn json(text: &str) -> Value {
    Json::parse(text).map_or_else(|_| Value::Impossible(text.to_owned()), Value::Json)
}

/// A count of bits, then the bits, padded to bytes: as `0`s and `1`s, because bytes would lose the count.
fn bits(raw: &[u8]) -> Result<String, String> {
    let (count, bytes) = raw.split_first_chunk().ok_or("bits without their count")?;
    let count = usize::try_from(i32::from_be_bytes(*count)).map_err(|_| "a negative count of bits")?;
    let all: String = bytes.iter().flat_map(|b| (0..8).rev().map(move |i| if b >> i & 1 == 1 { '1' } else { '0' })).collect();
    all.get(..count).map(str::to_owned).ok_or_else(|| "fewer bits than their count".to_owned())
}

fn uuid(raw: [u8; 16]) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(raw));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

const DAY: i64 = 86_400_000_000;

/// Days from 2000-01-01.
fn date(days: i32) -> Value {
    match days {
        i32::MAX => Value::Impossible("infinity".to_owned()),
        i32::MIN => Value::Impossible("-infinity".to_owned()),
        _ => match day(days.into()) {
            Some(date) => Value::Date(date),
            None => Value::Impossible(far(days.into(), "")),
        },
    }
}

fn day(days: i64) -> Option<Date> {
    Date::constant(2000, 1, 1).checked_add(Span::new().try_days(days).ok()?).ok().filter(|d| d.year() > 0)
}

/// A day before the year 1 or beyond 9999, with `clock` behind it, as the server writes it. The civil calendar repeats every
/// 146,097 days.
fn far(days: i64, clock: &str) -> String {
    let cycles = days.div_euclid(146_097);
    match day(days.rem_euclid(146_097)) {
        Some(date) => {
            let year = i64::from(date.year()) + cycles * 400;
            let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
            format!("{year:04}-{:02}-{:02}{clock}{era}", date.month(), date.day())
        }
        None => format!("{days} days after 2000-01-01{clock}"),
    }
}

/// Microseconds of a day; 24:00:00 is one of the server's times.
fn time(micros: i64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 { clock } else { format!("{clock}.{fraction:06}").trim_end_matches('0').to_owned() }
}

/// Microseconds from 2000-01-01, without zone.
fn date_time(micros: i64, zone: &str) -> Value {
    match micros {
        i64::MAX => Value::Impossible("infinity".to_owned()),
        i64::MIN => Value::Impossible("-infinity".to_owned()),
        _ => match civil(micros) {
            Some(at) => Value::DateTime(at),
            None => Value::Impossible(far(micros.div_euclid(DAY), &format!(" {}{zone}", time(micros.rem_euclid(DAY))))),
        },
    }
}

fn civil(micros: i64) -> Option<DateTime> {
    DateTime::constant(2000, 1, 1, 0, 0, 0, 0).checked_add(SignedDuration::from_micros(micros)).ok().filter(|at| at.year() > 0)
}

/// Microseconds from 2000-01-01 in UTC.
fn instant(micros: i64) -> Value {
    const EPOCH: i64 = 946_684_800_000_000;
    let at = micros.checked_add(EPOCH).and_then(|m| Timestamp::from_microsecond(m).ok());
    match at {
        Some(at) if civil(micros).is_some() => Value::Instant(at),
        _ => match date_time(micros, "+00") {
            Value::DateTime(at) => Value::Impossible(format!("{at}+00")),
            impossible => impossible,
        },
    }
}

/// Family (2 or 3), bits of the network, whether it is a `cidr`, length, address. Text as the server writes it.
fn inet(raw: &[u8]) -> Result<String, String> {
    let [family, network, cidr, _, address @ ..] = raw else { return Err("an address without its head".to_owned()) };
    let (text, whole) = match family {
        2 => (Ipv4Addr::from(fixed::<4>(address)?).to_string(), 32),
        3 => (Ipv6Addr::from(fixed::<16>(address)?).to_string(), 128),
        _ => return Err("an address of a family that is not known".to_owned()),
    };
    Ok(if *cidr == 0 && *network == whole { text } else { format!("{text}/{network}") })
}

/// Dimensions, flags, element type, then length and lower bound of each dimension, then the elements.
fn array(element: &Kind, raw: &[u8]) -> Result<Value, String> {
    let mut rest = raw;
    let dimensions = take_i32(&mut rest)?;
    take_i32(&mut rest)?;
    take_i32(&mut rest)?;
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(take_i32(&mut rest)?).map_err(|_| "an array of negative length")?);
        take_i32(&mut rest)?;
    }
    if lengths.is_empty() {
        return Ok(Value::List(Vec::new()));
    }
    elements(element, &lengths, &mut rest)
}

fn elements(element: &Kind, lengths: &[usize], rest: &mut &[u8]) -> Result<Value, String> {
    let Some((length, inner)) = lengths.split_first() else { return one(element, rest) };
    (0..*length).map(|_| elements(element, inner, rest)).collect::<Result<_, _>>().map(Value::List)
}

fn one(element: &Kind, rest: &mut &[u8]) -> Result<Value, String> {
    let length = take_i32(rest)?;
    let Ok(length) = usize::try_from(length) else { return Ok(Value::Null) };
    let (raw, tail) = rest.split_at_checked(length).ok_or("an array that ends early")?;
    *rest = tail;
    value(element, Some(raw))
}

fn take_i32(rest: &mut &[u8]) -> Result<i32, String> {
    let (head, tail) = rest.split_first_chunk().ok_or("an array that ends early")?;
    *rest = tail;
    Ok(i32::from_be_bytes(*head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Value {
        Value::Number(Number::parse(text).expect(text))
    }

    #[test]
    fn each_binary_form_lands_in_its_value() {
        let impossible = |t: &str| Value::Impossible(t.to_owned());
        let text = |t: &str| Value::Text(t.to_owned());
        let micros = |m: i64| m.to_be_bytes().to_vec();
        for (kind, raw, expected) in [
            (Kind::Bool, vec![1], Value::Bool(true)),
            (Kind::Int2, vec![0xff, 0xff], number("-1")),
            (Kind::Int8, vec![0x7f, 255, 255, 255, 255, 255, 255, 255], number("9223372036854775807")),
            (Kind::Oid, vec![255; 4], number("4294967295")),
            (Kind::Float4, 0.1_f32.to_be_bytes().to_vec(), number("0.1")),
            (Kind::Float8, 5e-324_f64.to_be_bytes().to_vec(), number("5e-324")),
            (Kind::Float8, f64::NAN.to_be_bytes().to_vec(), Value::NotANumber("NaN")),
            (Kind::Float8, f64::NEG_INFINITY.to_be_bytes().to_vec(), Value::NotANumber("-Infinity")),
            (Kind::Float4, f32::INFINITY.to_be_bytes().to_vec(), Value::NotANumber("Infinity")),
            (Kind::Padded, b" ab  ".to_vec(), text(" ab")),
            (Kind::Text, b"ab  ".to_vec(), text("ab  ")),
            (Kind::Bits, vec![0, 0, 0, 10, 0b1010_0000, 0b0100_0000], text("1010000001")),
            (Kind::Uuid, (0..16).collect(), text("00010203-0405-0607-0809-0a0b0c0d0e0f")),
            (Kind::Date, 0_i32.to_be_bytes().to_vec(), Value::Date("2000-01-01".parse().expect("date"))),
            (Kind::Date, (-1_i32).to_be_bytes().to_vec(), Value::Date("1999-12-31".parse().expect("date"))),
            (Kind::Date, i32::MAX.to_be_bytes().to_vec(), impossible("infinity")),
            (Kind::Date, 3_652_425_i32.to_be_bytes().to_vec(), impossible("12000-01-01")),
            (Kind::Date, (-746_383_i32).to_be_bytes().to_vec(), impossible("0045-06-22 BC")),
            (Kind::Time, micros(DAY), Value::Time("24:00:00".to_owned())),
            (Kind::Time, micros(1_500_000), Value::Time("00:00:01.5".to_owned())),
            (Kind::DateTime, micros(-1), Value::DateTime("1999-12-31T23:59:59.999999".parse().expect("date-time"))),
            (Kind::DateTime, micros(i64::MIN), impossible("-infinity")),
            (Kind::DateTime, micros(3_652_425 * DAY + 1_000_000), impossible("12000-01-01 00:00:01")),
            (Kind::Instant, micros(1), Value::Instant("2000-01-01T00:00:00.000001Z".parse().expect("moment"))),
            (Kind::Instant, micros(i64::MAX), impossible("infinity")),
            (Kind::Instant, micros(3_652_425 * DAY), impossible("12000-01-01 00:00:00+00")),
            (Kind::Jsonb, b"\x01{\"a\":1.10}".to_vec(), Value::Json(Json::parse("{\"a\":1.1}").expect("json"))),
            (Kind::Json, b"{\"a\":1,\"a\":2}".to_vec(), impossible("{\"a\":1,\"a\":2}")),
            (Kind::Inet, vec![2, 32, 0, 4, 10, 0, 0, 1], text("10.0.0.1")),
            (Kind::Inet, vec![2, 24, 0, 4, 10, 0, 0, 1], text("10.0.0.1/24")),
            (Kind::Inet, vec![2, 32, 1, 4, 10, 0, 0, 1], text("10.0.0.1/32")),
            (Kind::Inet, [vec![3, 128, 0, 16], vec![0; 15], vec![1]].concat(), text("::1")),
        ] {
            assert_eq!(value(&kind, Some(&raw)), Ok(expected), "{kind:?}");
            assert_eq!(value(&kind, None), Ok(Value::Null));
        }
    }

    fn words(words: &[i32]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_be_bytes()).collect()
    }

    #[test]
    fn arrays_keep_order_nesting_and_nulls() {
        let kind = Kind::Array(Box::new(Kind::Int4));
        let list = |v: &[Value]| Value::List(v.to_vec());
        assert_eq!(value(&kind, Some(&words(&[0, 0, 23]))), Ok(list(&[])));
        assert_eq!(value(&kind, Some(&words(&[1, 1, 23, 2, 1, 4, 7, -1]))), Ok(list(&[number("7"), Value::Null])));
        let nested = words(&[2, 0, 23, 2, 1, 1, 1, 4, 1, 4, 2]);
        assert_eq!(value(&kind, Some(&nested)), Ok(list(&[list(&[number("1")]), list(&[number("2")])])));
        assert!(value(&kind, Some(&words(&[1, 0, 23, 2, 1, 4, 7]))).is_err(), "an element is missing");
    }

    #[test]
    fn types_without_a_value_are_not_mapped() {
        for ty in [Type::POINT, Type::XML, Type::TS_VECTOR, Type::INT4_RANGE, Type::RECORD, Type::POINT_ARRAY, Type::PG_LSN] {
            assert_eq!(kind(&ty), None, "{ty}");
        }
        assert_eq!(kind(&Type::INTERVAL_ARRAY).and_then(|k| k.cast()), Some("pg_catalog.text[]".to_owned()));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            use Kind::{Array, Bits, Bool, Date, DateTime, Float4, Inet, Instant, Int2, Jsonb, Numeric, Time, Uuid};
            for kind in [Bool, Int2, Float4, Numeric, Bits, Uuid, Date, Time, DateTime, Instant, Jsonb, Inet, Array(Box::new(Int2))] {
                let _ = value(&kind, Some(&raw));
            }
        }

        #[test]
        fn no_moment_panics(micros: i64, days: i32) {
            let _ = value(&Kind::Instant, Some(&micros.to_be_bytes()));
            let _ = value(&Kind::DateTime, Some(&micros.to_be_bytes()));
            let _ = value(&Kind::Time, Some(&micros.to_be_bytes()));
            let _ = value(&Kind::Date, Some(&days.to_be_bytes()));
        }
    }
}
