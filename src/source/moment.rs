//! Dates and times written as text, read strictly: `2024-03-01`, `2024-03-01 10:20[:30[.5]]` (or with `T`), with or without an offset.
//!
//! Rule: a text is read whole or not at all; nothing is completed, rounded or shifted. Called by the engines, to decode
//! what SQLite keeps as text and to read keys that were written as text.

use crate::mapping::Value;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// The date, date-time or moment that `text` is; `None` when it is none of them.
pub(super) fn parse(text: &str) -> Option<Value> {
    let (day, rest) = text.split_at_checked(10)?;
    let date = date(day)?;
    let Some(clock) = rest.strip_prefix([' ', 'T']) else {
        return rest.is_empty().then_some(Value::Date(date));
    };
    let end = clock.find(['Z', '+', '-', ' ']).unwrap_or(clock.len());
    let moment = DateTime::from_parts(date, time(&clock[..end])?);
    match clock[end..].trim_start_matches(' ') {
        "" if end == clock.len() => Some(Value::DateTime(moment)),
        zone => offset(zone)?.to_timestamp(moment).ok().map(Value::Instant),
    }
}

/// `YYYY-MM-DD` of a day that exists.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (y, m, d) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    Date::new(i16::try_from(y).ok()?, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()
}

/// `HH:MM[:SS[.f]]` of a day that has no leap second.
pub(super) fn time(text: &str) -> Option<Time> {
    let mut parts = text.splitn(3, ':');
    let (h, m) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (second, fraction) = parts.next().map_or(Some((0, 0)), seconds)?;
    Time::new(i8::try_from(h).ok()?, i8::try_from(m).ok()?, i8::try_from(second).ok()?, fraction).ok()
}

/// `SS[.f]` as seconds and nanoseconds.
fn seconds(text: &str) -> Option<(u32, i32)> {
    let Some((whole, fraction)) = text.split_once('.') else { return Some((digits(text, 2)?, 0)) };
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let nanos = digits(&format!("{fraction:0<9}"), 9)?;
    Some((digits(whole, 2)?, i32::try_from(nanos).ok()?))
}

/// `Z`, `+HH`, `+HHMM` or `+HH:MM`.
fn offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let rest = text.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match (rest.len(), rest.split_once(':')) {
        (5, Some((h, m))) => (digits(h, 2)?, digits(m, 2)?),
        (4, None) => (digits(rest.get(..2)?, 2)?, digits(rest.get(2..)?, 2)?),
        (2, None) => (digits(rest, 2)?, 0),
        _ => return None,
    };
    let minutes = (minutes < 60).then_some(hours * 60 + minutes)?;
    Offset::from_seconds(sign * i32::try_from(minutes * 60).ok()?).ok()
}

/// Exactly `count` decimal digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_read_as_what_they_say() {
        for (text, value) in [
            ("2024-02-29", Value::Date("2024-02-29".parse().expect("date"))),
            ("0001-01-01", Value::Date("0001-01-01".parse().expect("date"))),
            ("2024-02-29 10:20", Value::DateTime("2024-02-29T10:20:00".parse().expect("date-time"))),
            ("2024-02-29T10:20:30.000001", Value::DateTime("2024-02-29T10:20:30.000001".parse().expect("date-time"))),
            ("2024-02-29T10:20:30Z", Value::Instant("2024-02-29T10:20:30Z".parse().expect("moment"))),
            ("2024-02-29 10:20:30.5+02:00", Value::Instant("2024-02-29T08:20:30.5Z".parse().expect("moment"))),
            ("2024-02-29 10:20:30 -0330", Value::Instant("2024-02-29T13:50:30Z".parse().expect("moment"))),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_no_calendar_has_is_not_read() {
        for text in [
            "",
            "2024-02-30",
            "2023-02-29",
            "0000-00-00",
            "2024-00-10",
            "2024-1-1",
            "2024-01-01T",
            "2024-01-01 24:00:00",
            "2024-01-01 10:20:60",
            "2024-01-01 10:20:30.",
            "2024-01-01 10:20:30.1234567890",
            "2024-01-01 10:20:30+",
            "2024-01-01 10:20:30+2",
            "2024-01-01 10:20:30 ",
            "2024-01-01 10:20:30+02:60",
            "2024-01-01x",
            "２０２４-01-01",
            "+024-01-01",
            "infinity",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn near_misses_do_not_panic(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.+Zé-]{0,20}") {
            let _ = parse(&text);
        }
    }
}
