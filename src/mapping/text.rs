//! The one place where a value becomes text: keys made by templates, `type = "S"`, `when`, and what a sample looks up again.
//!
//! Rules: one spelling per value. Numbers plain, booleans `true` and `false`, dates ISO 8601, moments in UTC with `Z`, bytes
//! base64, JSON compact with names in order, a SET as its members with commas. Fractions of a second only where they are not zero.
//! Key insight: a zone-less time is a moment only where the declared zone has it exactly once; a skipped or repeated hour is
//! refused, because either choice would be a guess that validation repeats and so never sees.
//! Called by `template` and `convert`.

use super::{Unmappable, Value, json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil::DateTime};
use std::fmt::Write;

impl Value {
    /// The value's canonical text; `None` for NULL (also JSON's). `zone`: what a zone-less date-time means; without one it
    /// stays zone-less text. NaN and impossible dates give the engine's own text: ask [`Value::is_impossible`] first.
    pub fn text(&self, zone: Option<&TimeZone>) -> Result<Option<String>, Unmappable> {
        let mut out = String::new();
        Ok(self.push_text(zone, &mut out)?.then_some(out))
    }

    /// Appends what [`Value::text`] gives; `false` for NULL, with nothing appended.
    pub fn push_text(&self, zone: Option<&TimeZone>, out: &mut String) -> Result<bool, Unmappable> {
        match self {
            Self::Null | Self::Json(json::Json::Null) => return Ok(false),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => number.spell(|piece| out.push_str(piece)),
            Self::NotANumber(name) => out.push_str(name),
            Self::Text(text) | Self::Time(text) | Self::Impossible(text) => out.push_str(text),
            Self::Bytes(bytes) => STANDARD.encode_string(bytes, out),
            Self::Date(date) => push(out, date),
            Self::DateTime(local) => match zone {
                None => push(out, local),
                Some(zone) => push(out, &moment(*local, zone)?),
            },
            Self::Instant(at) => push(out, at),
            Self::Json(value) => push_json(out, |bytes| {
                value.write(bytes);
                Ok(())
            })?,
            Self::List(_) => push_json(out, |bytes| write_list_element(self, zone, bytes))?,
            Self::Set(members) => out.push_str(&members.join(",")),
        }
        Ok(true)
    }

    /// Whether it holds something that no number or calendar does: NaN, an infinity, `0000-00-00`.
    pub fn is_impossible(&self) -> bool {
        match self {
            Self::NotANumber(_) | Self::Impossible(_) => true,
            Self::List(list) => list.iter().any(Self::is_impossible),
            _ => false,
        }
    }

    /// Whether it is SQL's NULL or JSON's.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null | Self::Json(json::Json::Null))
    }

    /// What kind of value it is, for people: never the value.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::NotANumber(_) => "not a number (NaN or infinity)",
            Self::Text(_) => "text",
            Self::Bytes(_) => "binary",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time of day",
            Self::DateTime(_) => "a date-time without zone",
            Self::Instant(_) => "a moment in time",
            Self::Json(_) => "JSON",
            Self::List(_) => "an array",
            Self::Set(_) => "a SET",
            Self::Impossible(_) => "a date or time that no calendar has",
        }
    }
}

fn push(out: &mut String, value: &impl std::fmt::Display) {
    write!(out, "{value}").expect("invariant: writing to a String cannot fail");
}

fn push_json(out: &mut String, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Unmappable>) -> Result<(), Unmappable> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    out.push_str(std::str::from_utf8(&bytes).expect("invariant: JSON made of strings is UTF-8"));
    Ok(())
}

fn write_list_element(value: &Value, zone: Option<&TimeZone>, out: &mut Vec<u8>) -> Result<(), Unmappable> {
    match value {
        Value::List(list) => {
            let mut result = Ok(());
            json::sequence(out, [b'[', b']'], list, |element, out| {
                if result.is_ok() {
                    result = write_list_element(element, zone, out);
                }
            });
            return result;
        }
        Value::Null => out.extend_from_slice(b"null"),
        Value::Json(json) => json.write(out),
        Value::Bool(_) | Value::Number(_) => out.extend_from_slice(value.text(zone)?.unwrap_or_default().as_bytes()),
        other => json::quote(&other.text(zone)?.unwrap_or_default(), out),
    }
    Ok(())
}

/// The moment that `local` is in `zone`; refused where the zone skips that time or has it twice.
pub(super) fn moment(local: DateTime, zone: &TimeZone) -> Result<Timestamp, Unmappable> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let trouble = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => {
            return ambiguous.unambiguous().map_err(|_| Unmappable::because("a date-time outside the years -9999 to 9999".to_owned()));
        }
        AmbiguousOffset::Gap { .. } => "never happened there (the clock was put forward over it)",
        AmbiguousOffset::Fold { .. } => "happened twice there (the clock was put back over it)",
    };
    let zone = zone.iana_name().unwrap_or("the source's zone");
    Err(Unmappable::because(format!(
        "a date-time without zone is read in {zone}, and this one {trouble}; correct the row, say which is meant in a query of your own, \
         or remove the source's `timezone` so that it stays text without zone"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Number, json::Json};
    use jiff::civil::date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    fn number(text: &str) -> Value {
        Value::Number(Number::parse(text).expect("a number"))
    }

    #[test]
    fn every_kind_has_one_text() {
        let local = date(2024, 3, 10).at(9, 30, 0, 0);
        let list = Value::List(vec![
            number("1.50"),
            Value::Null,
            Value::Text("a\"b".to_owned()),
            Value::Date(date(2023, 1, 15)),
            Value::List(vec![]),
        ]);
        let table = [
            (Value::Bool(true), "true"),
            (number("1.10"), "1.1"),
            (Value::Text(" x ".to_owned()), " x "),
            (Value::Bytes(vec![0, 255, 1]), "AP8B"),
            (Value::Date(date(2023, 1, 15)), "2023-01-15"),
            (Value::Time("-838:59:59".to_owned()), "-838:59:59"),
            (Value::DateTime(local), "2024-03-10T09:30:00"),
            (Value::DateTime(local.with().subsec_nanosecond(120_000_000).build().expect("valid")), "2024-03-10T09:30:00.12"),
            (Value::DateTime(local.with().subsec_nanosecond(1_000).build().expect("valid")), "2024-03-10T09:30:00.000001"),
            (Value::Instant("2024-03-10T09:30:00Z".parse().expect("valid")), "2024-03-10T09:30:00Z"),
            (Value::Instant("2024-03-10T09:30:00.5+01:00".parse().expect("valid")), "2024-03-10T08:30:00.5Z"),
            (Value::Json(Json::parse(r#"{"b":1.0,"a":"x"}"#).expect("valid")), r#"{"a":"x","b":1}"#),
            (list, r#"[1.5,null,"a\"b","2023-01-15",[]]"#),
            (Value::Set(vec!["b".to_owned(), "a".to_owned()]), "b,a"),
            (Value::Impossible("0000-00-00".to_owned()), "0000-00-00"),
            (Value::NotANumber("NaN"), "NaN"),
        ];
        for (value, text) in table {
            assert_eq!(value.text(None), Ok(Some(text.to_owned())));
        }
        assert_eq!(Value::Null.text(None), Ok(None));
        assert_eq!(Value::Json(Json::Null).text(None), Ok(None));
    }

    #[test]
    fn a_declared_zone_turns_local_times_into_moments() {
        let local = Value::DateTime(date(2024, 7, 1).at(12, 0, 0, 0));
        assert_eq!(local.text(Some(&TimeZone::UTC)), Ok(Some("2024-07-01T12:00:00Z".to_owned())));
        assert_eq!(local.text(Some(&zone("America/New_York"))), Ok(Some("2024-07-01T16:00:00Z".to_owned())));
    }

    #[test]
    fn skipped_and_repeated_hours_are_refused_without_the_value() {
        let zone = zone("America/New_York");
        let skipped = Value::DateTime(date(2024, 3, 10).at(2, 30, 0, 0)).text(Some(&zone)).expect_err("a gap").to_string();
        let repeated = Value::DateTime(date(2024, 11, 3).at(1, 30, 0, 0)).text(Some(&zone)).expect_err("a fold").to_string();
        assert!(skipped.contains("America/New_York") && skipped.contains("never happened"), "{skipped}");
        assert!(repeated.contains("happened twice"), "{repeated}");
        assert!(!skipped.contains("02:30") && !skipped.contains("2024"), "{skipped}");
    }

    #[test]
    fn a_trouble_inside_a_list_is_not_lost() {
        let skipped = Value::DateTime(date(2024, 3, 10).at(2, 30, 0, 0));
        assert!(Value::List(vec![skipped, Value::Bool(true)]).text(Some(&zone("America/New_York"))).is_err());
        assert!(Value::List(vec![Value::NotANumber("NaN")]).is_impossible());
    }
}
