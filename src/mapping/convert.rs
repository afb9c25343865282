//! One SQL value to one DynamoDB attribute: by its own type, or by the `type` that a rule asks for.
//!
//! Rules: what is asked for is made only where it is exact; anything else is [`Unmappable`], naming the kinds and the way out,
//! never the value. NULL (SQL's, or a JSON column's `null`) is told apart from an empty set, which DynamoDB cannot hold and
//! which is therefore no attribute at all.
//! Called by `encode`; by `backward` for constants.

use super::json::Json;
use super::rule::As;
use super::text::moment;
use super::{Attribute, Number, Unmappable, Value};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What a value becomes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Made {
    Is(Attribute),
    /// The rule's `on_null` decides.
    Null,
    /// An empty set.
    Absent,
}

/// `value` as `kind`, or by its own type. `zone` as in [`Value::text`].
pub(super) fn convert(value: &Value, kind: Option<As>, zone: Option<&TimeZone>) -> Result<Made, Unmappable> {
    if value.is_null() {
        return Ok(Made::Null);
    }
    let Some(kind) = kind else { return natural(value, zone) };
    let made = match kind {
        As::S => value.text(zone)?.map(Attribute::S),
        As::N => Some(Attribute::N(number(value)?)),
        As::B => Some(Attribute::B(binary(value)?)),
        As::Bool => Some(Attribute::Bool(boolean(value)?)),
        As::M => return map(value),
        As::L => return list(value, zone),
        As::Ss => return texts(value, zone),
        As::Ns => return numbers(value),
        As::Epoch => Some(Attribute::N(epoch(value, zone)?)),
    };
    Ok(made.map_or(Made::Null, Made::Is))
}

fn natural(value: &Value, zone: Option<&TimeZone>) -> Result<Made, Unmappable> {
    Ok(Made::Is(match value {
        Value::Null => return Ok(Made::Null),
        Value::Bool(value) => Attribute::Bool(*value),
        Value::Number(number) => Attribute::N(fitting(number)?),
        Value::Text(text) => Attribute::S(text.clone()),
        Value::Bytes(bytes) => Attribute::B(bytes.clone()),
        Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Instant(_) => return convert(value, Some(As::S), zone),
        Value::Json(value) => json(value)?,
        Value::List(_) => return list(value, zone),
        Value::Set(_) => return texts(value, zone),
        Value::NotANumber(_) | Value::Impossible(_) => {
            return Err(Unmappable::because(format!(
                "the column holds {}; correct the row, or keep the text of it with `type = \"S\"`",
                value.kind_name()
            )));
        }
    }))
}

fn json(value: &Json) -> Result<Attribute, Unmappable> {
    Ok(match value {
        Json::Null => Attribute::Null,
        Json::Bool(value) => Attribute::Bool(*value),
        Json::Number(number) => Attribute::N(fitting(number)?),
        Json::Text(text) => Attribute::S(text.clone()),
        Json::List(list) => Attribute::L(list.iter().map(json).collect::<Result<_, _>>()?),
        Json::Map(map) => Attribute::M(map.iter().map(|(name, value)| Ok((name.clone(), json(value)?))).collect::<Result<_, _>>()?),
    })
}

/// The number itself, where DynamoDB can hold it.
fn fitting(number: &Number) -> Result<Number, Unmappable> {
    if number.fits() {
        return Ok(number.clone());
    }
    let (_, digits, point) = number.parts();
    let trouble = if digits.len() > super::number::MAX_DIGITS {
        format!("a number of {} significant digits, and DynamoDB keeps 38", digits.len())
    } else {
        format!("a number near 1E{:+}, and DynamoDB keeps 1E-130 to 9.99E+125", point.saturating_sub(1))
    };
    Err(Unmappable::because(format!("{trouble}; keep it exactly as text with `type = \"S\"`, or round it in a query of your own")))
}

fn number(value: &Value) -> Result<Number, Unmappable> {
    match value {
        Value::Number(number) | Value::Json(Json::Number(number)) => fitting(number),
        Value::Bool(value) => Ok(Number::from(u64::from(*value))),
        Value::Text(text) | Value::Json(Json::Text(text)) => {
            let number = Number::parse(text).ok_or_else(|| refuse("text that is no number", "N"))?;
            fitting(&number)
        }
        Value::Date(_) | Value::DateTime(_) | Value::Instant(_) => Err(Unmappable::because(format!(
            "{} is no number by itself; ask for seconds since 1970 with `type = \"epoch\"`",
            value.kind_name()
        ))),
        other => Err(refuse(other.kind_name(), "N")),
    }
}

fn binary(value: &Value) -> Result<Vec<u8>, Unmappable> {
    match value {
        Value::Bytes(bytes) => Ok(bytes.clone()),
        Value::Text(text) => Ok(text.clone().into_bytes()),
        other => Err(refuse(other.kind_name(), "B")),
    }
}

fn boolean(value: &Value) -> Result<bool, Unmappable> {
    match value {
        Value::Bool(value) | Value::Json(Json::Bool(value)) => Ok(*value),
        Value::Number(number) if *number == Number::from(0_u64) => Ok(false),
        Value::Number(number) if *number == Number::from(1_u64) => Ok(true),
        Value::Number(_) => Err(refuse("a number other than 0 and 1", "BOOL")),
        Value::Text(text) if text == "1" || text.eq_ignore_ascii_case("true") => Ok(true),
        Value::Text(text) if text == "0" || text.eq_ignore_ascii_case("false") => Ok(false),
        Value::Text(_) => Err(refuse("text other than 0, 1, true and false", "BOOL")),
        other => Err(refuse(other.kind_name(), "BOOL")),
    }
}

/// The JSON value of a JSON column, or of text that holds JSON.
fn as_json(value: &Value) -> Result<Option<Json>, Unmappable> {
    match value {
        Value::Json(value) => Ok(Some(value.clone())),
        Value::Text(text) => {
            Json::parse(text).map(Some).map_err(|fault| Unmappable::because(format!("text that should be JSON is {fault}")))
        }
        _ => Ok(None),
    }
}

fn map(value: &Value) -> Result<Made, Unmappable> {
    match as_json(value)? {
        Some(Json::Null) => Ok(Made::Null),
        Some(found @ Json::Map(_)) => json(&found).map(Made::Is),
        Some(_) => Err(refuse("JSON that is no object", "M")),
        None => Err(refuse(value.kind_name(), "M")),
    }
}

fn list(value: &Value, zone: Option<&TimeZone>) -> Result<Made, Unmappable> {
    let elements = match value {
        Value::List(list) => list.iter().map(|element| list_element(element, zone)).collect::<Result<_, _>>()?,
        Value::Set(members) => members.iter().cloned().map(Attribute::S).collect(),
        other => match as_json(other)? {
            Some(Json::Null) => return Ok(Made::Null),
            Some(found @ Json::List(_)) => return json(&found).map(Made::Is),
            Some(_) => return Err(refuse("JSON that is no array", "L")),
            None => return Err(refuse(other.kind_name(), "L")),
        },
    };
    Ok(Made::Is(Attribute::L(elements)))
}

fn list_element(element: &Value, zone: Option<&TimeZone>) -> Result<Attribute, Unmappable> {
    match natural(element, zone)? {
        Made::Is(attribute) => Ok(attribute),
        Made::Null => Ok(Attribute::Null),
        Made::Absent => Err(Unmappable::because("an array holds an empty set, which DynamoDB has no value for".to_owned())),
    }
}

fn texts(value: &Value, zone: Option<&TimeZone>) -> Result<Made, Unmappable> {
    let element = |value: &Value| value.text(zone)?.ok_or_else(|| refuse("an array with a NULL in it", "SS"));
    let texts: Vec<String> = match value {
        Value::Set(members) => members.clone(),
        Value::List(list) => list.iter().map(element).collect::<Result<_, _>>()?,
        other => match as_json(other)? {
            Some(Json::Null) => return Ok(Made::Null),
            Some(Json::List(list)) => list.into_iter().map(json_text).collect::<Result<_, _>>()?,
            _ => return Err(refuse(other.kind_name(), "SS")),
        },
    };
    set(texts, "SS", Attribute::Ss)
}

fn json_text(value: Json) -> Result<String, Unmappable> {
    if let Json::Text(text) = value { Ok(text) } else { Err(refuse("a JSON array of other things than strings", "SS")) }
}

fn numbers(value: &Value) -> Result<Made, Unmappable> {
    let numbers: Vec<Number> = match value {
        Value::Set(members) => members.iter().map(|text| number(&Value::Text(text.clone()))).collect::<Result<_, _>>()?,
        Value::List(list) => list.iter().map(number).collect::<Result<_, _>>()?,
        other => match as_json(other)? {
            Some(Json::Null) => return Ok(Made::Null),
            Some(Json::List(list)) => list.into_iter().map(|value| number(&Value::Json(value))).collect::<Result<_, _>>()?,
            _ => return Err(refuse(other.kind_name(), "NS")),
        },
    };
    set(numbers, "NS", Attribute::Ns)
}

fn set<T: Ord>(elements: Vec<T>, kind: &str, make: fn(BTreeSet<T>) -> Attribute) -> Result<Made, Unmappable> {
    let count = elements.len();
    let set: BTreeSet<T> = elements.into_iter().collect();
    match (set.is_empty(), set.len() == count) {
        (true, _) => Ok(Made::Absent),
        (false, true) => Ok(Made::Is(make(set))),
        (false, false) => {
            Err(Unmappable::because(format!("{kind} holds every value once, and here one occurs twice; a list keeps both: `type = \"L\"`")))
        }
    }
}

/// Whole seconds since 1970, rounded down.
fn epoch(value: &Value, zone: Option<&TimeZone>) -> Result<Number, Unmappable> {
    let declared = || {
        zone.ok_or_else(|| {
            Unmappable::because(
                "a date or time without zone is no moment; declare the source's `timezone` to use `type = \"epoch\"`".to_owned(),
            )
        })
    };
    let at: Timestamp = match value {
        Value::Instant(at) => *at,
        Value::DateTime(local) => moment(*local, declared()?)?,
        Value::Date(date) => moment(date.to_datetime(Time::midnight()), declared()?)?,
        Value::Number(_) => return Err(Unmappable::because("the column is a number already; drop `type = \"epoch\"`".to_owned())),
        other => return Err(refuse(other.kind_name(), "epoch")),
    };
    let seconds = at.as_nanosecond().div_euclid(1_000_000_000);
    Ok(Number::from(i64::try_from(seconds).expect("invariant: a timestamp's seconds fit")))
}

fn refuse(what: &str, kind: &str) -> Unmappable {
    Unmappable::because(format!("{what} cannot become `{kind}` exactly; drop `type = \"{kind}\"`, or convert it in a query of your own"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn number_of(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    fn n(text: &str) -> Attribute {
        Attribute::N(number_of(text))
    }

    fn s(text: &str) -> Attribute {
        Attribute::S(text.to_owned())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn json_value(text: &str) -> Value {
        Value::Json(Json::parse(text).expect("JSON"))
    }

    fn made(value: &Value, kind: Option<As>) -> Made {
        convert(value, kind, None).unwrap_or_else(|e| panic!("{value:?} as {kind:?}: {e}"))
    }

    fn refused(value: &Value, kind: Option<As>) -> String {
        convert(value, kind, None).expect_err(&format!("{value:?} as {kind:?}")).to_string()
    }

    #[test]
    fn every_value_has_its_own_type() {
        let at: Timestamp = "2024-03-10T09:30:00Z".parse().expect("valid");
        let table = [
            (Value::Bool(true), Attribute::Bool(true)),
            (Value::Number(number_of("1.10")), n("1.1")),
            (text(""), s("")),
            (Value::Bytes(vec![1]), Attribute::B(vec![1])),
            (Value::Date(date(2023, 1, 15)), s("2023-01-15")),
            (Value::DateTime(date(2023, 1, 15).at(1, 2, 3, 0)), s("2023-01-15T01:02:03")),
            (Value::Instant(at), s("2024-03-10T09:30:00Z")),
            (Value::Time("09:00:00".to_owned()), s("09:00:00")),
            (json_value("\"x\""), s("x")),
            (json_value("1.50"), n("1.5")),
            (json_value("true"), Attribute::Bool(true)),
            (
                json_value(r#"{"a":[null,{}]}"#),
                Attribute::M([("a".to_owned(), Attribute::L(vec![Attribute::Null, Attribute::M([].into())]))].into()),
            ),
            (Value::List(vec![text("b"), Value::Null, text("b")]), Attribute::L(vec![s("b"), Attribute::Null, s("b")])),
            (Value::List(vec![]), Attribute::L(vec![])),
            (Value::Set(vec!["b".to_owned(), "a".to_owned()]), Attribute::Ss(["a".to_owned(), "b".to_owned()].into())),
        ];
        for (value, attribute) in table {
            assert_eq!(made(&value, None), Made::Is(attribute));
        }
        assert_eq!(made(&Value::Null, None), Made::Null);
        assert_eq!(made(&json_value("null"), None), Made::Null);
        assert_eq!(made(&Value::Set(vec![]), None), Made::Absent);
    }

    #[test]
    fn a_type_asked_for_is_made_where_it_is_exact() {
        let set = Value::Set(vec!["2".to_owned(), "1".to_owned()]);
        let table = [
            (Value::Number(number_of("7.0")), As::S, s("7")),
            (Value::Impossible("0000-00-00".to_owned()), As::S, s("0000-00-00")),
            (Value::NotANumber("NaN"), As::S, s("NaN")),
            (json_value(r#"{"b":1,"a":"x"}"#), As::S, s(r#"{"a":"x","b":1}"#)),
            (text("007.50"), As::N, n("7.5")),
            (Value::Bool(true), As::N, n("1")),
            (text("é"), As::B, Attribute::B("é".as_bytes().to_vec())),
            (Value::Number(number_of("0.0")), As::Bool, Attribute::Bool(false)),
            (text("TRUE"), As::Bool, Attribute::Bool(true)),
            (text(r#"{"a":1}"#), As::M, Attribute::M([("a".to_owned(), n("1"))].into())),
            (text("[1]"), As::L, Attribute::L(vec![n("1")])),
            (set.clone(), As::L, Attribute::L(vec![s("2"), s("1")])),
            (set, As::Ns, Attribute::Ns([number_of("1"), number_of("2")].into())),
            (text(r#"["a"]"#), As::Ss, Attribute::Ss(["a".to_owned()].into())),
            (Value::List(vec![Value::Number(number_of("1")), text("x")]), As::Ss, Attribute::Ss(["1".to_owned(), "x".to_owned()].into())),
        ];
        for (value, kind, attribute) in table {
            assert_eq!(made(&value, Some(kind)), Made::Is(attribute), "{value:?} as {kind:?}");
        }
        for kind in [As::S, As::N, As::B, As::Bool, As::M, As::L, As::Ss, As::Ns, As::Epoch] {
            assert_eq!(made(&Value::Null, Some(kind)), Made::Null);
        }
        assert_eq!(made(&text("null"), Some(As::M)), Made::Null);
        assert_eq!(made(&text("[]"), Some(As::Ss)), Made::Absent);
    }

    #[test]
    fn what_is_not_exact_is_refused_with_a_way_out_and_without_the_value() {
        let long = Value::Number(number_of(&"7".repeat(39)));
        let table = [
            (long.clone(), None, "39 significant digits"),
            (Value::Number(number_of("7e200")), None, "near 1E+200"),
            (Value::Number(number_of("7e-200")), Some(As::N), "near 1E-200"),
            (json_value(&format!("[{}]", "7".repeat(39))), None, "39 significant digits"),
            (Value::NotANumber("NaN"), None, "NaN or infinity"),
            (Value::Impossible("7777-00-00".to_owned()), None, "no calendar"),
            (Value::List(vec![Value::Impossible("7777-00-00".to_owned())]), None, "no calendar"),
            (text("77x"), Some(As::N), "no number"),
            (text(" 77"), Some(As::N), "no number"),
            (Value::Date(date(2077, 7, 7)), Some(As::N), "epoch"),
            (Value::Number(number_of("77")), Some(As::Bool), "0 and 1"),
            (text("77"), Some(As::Bool), "0, 1, true and false"),
            (Value::Number(number_of("77")), Some(As::B), "`B`"),
            (text("77"), Some(As::M), "no object"),
            (text("{77"), Some(As::M), "not JSON"),
            (text("{}"), Some(As::L), "no array"),
            (Value::Bytes(vec![77]), Some(As::L), "binary"),
            (Value::List(vec![Value::Null]), Some(As::Ss), "NULL in it"),
            (Value::List(vec![text("77"), text("77")]), Some(As::Ss), "occurs twice"),
            (Value::List(vec![text("77"), text("77.0")]), Some(As::Ns), "occurs twice"),
            (Value::Number(number_of("77")), Some(As::Epoch), "drop `type"),
            (Value::Date(date(2077, 7, 7)), Some(As::Epoch), "timezone"),
            (text("2077-07-07"), Some(As::Epoch), "`epoch`"),
        ];
        for (value, kind, reason) in table {
            let message = refused(&value, kind);
            assert!(message.contains(reason), "{value:?} as {kind:?}: {message}");
            assert!(!message.contains("77"), "{message}");
        }
        assert_eq!(made(&long, Some(As::S)), Made::Is(s(&"7".repeat(39))));
    }

    #[test]
    fn epoch_is_whole_seconds_rounded_down() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let at = |text: &str| Value::Instant(text.parse().expect("a timestamp"));
        let table = [
            (at("2024-03-10T09:30:00.9Z"), "1710063000"),
            (at("1969-12-31T23:59:59.5Z"), "-1"),
            (Value::DateTime(date(2024, 7, 1).at(2, 0, 0, 0)), "1719792000"),
            (Value::Date(date(2024, 7, 1)), "1719784800"),
        ];
        for (value, seconds) in table {
            assert_eq!(convert(&value, Some(As::Epoch), Some(&zone)), Ok(Made::Is(n(seconds))), "{value:?}");
        }
        let skipped = Value::DateTime(date(2024, 3, 31).at(2, 30, 0, 0));
        assert!(convert(&skipped, Some(As::Epoch), Some(&zone)).is_err());
    }
}
