//! Reads requests of all three protocols from one tree: numbers and times may be texts, since the query protocol has only those.

use crate::local::fault::Fault;
use serde_json::Value;
use std::collections::BTreeMap;

/// One structure of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a>(pub(super) &'a Value);

impl<'a> Ask<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|v| !v.is_null())
    }

    /// A text member.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A text member that must be there.
    pub(super) fn needs(self, name: &str) -> Result<&'a str, Fault> {
        self.text(name).filter(|t| !t.is_empty()).ok_or_else(|| missing(name))
    }

    /// A number.
    pub(super) fn number(self, name: &str) -> Result<Option<f64>, Fault> {
        self.get(name).map(|v| number(v).ok_or_else(|| invalid(name))).transpose()
    }

    /// A whole number.
    pub(super) fn integer(self, name: &str) -> Result<Option<i64>, Fault> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        if number.fract() != 0.0 || number.abs() > 1e15 {
            return Err(invalid(name));
        }
        #[allow(clippy::cast_possible_truncation, reason = "whole and below 10^15")]
        let whole = number as i64;
        Ok(Some(whole))
    }

    /// A time, in seconds since 1970.
    pub(super) fn time(self, name: &str) -> Result<Option<f64>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let iso = value.as_str().and_then(|t| t.parse::<jiff::Timestamp>().ok());
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of this era fit 53 bits")]
        let seconds = iso.map(|t| t.as_millisecond() as f64 / 1000.0);
        seconds.or_else(|| number(value)).map(Some).ok_or_else(|| invalid(name))
    }

    /// A time that must be there.
    pub(super) fn needs_time(self, name: &str) -> Result<f64, Fault> {
        self.time(name)?.ok_or_else(|| missing(name))
    }

    /// The structures of a list; none where there is no list.
    pub(super) fn list(self, name: &str) -> impl Iterator<Item = Ask<'a>> + use<'a> {
        self.values(name).map(Ask)
    }

    /// The values of a list.
    pub(super) fn values(self, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.get(name).and_then(Value::as_array).into_iter().flatten()
    }

    /// A structure.
    pub(super) fn structure(self, name: &str) -> Option<Self> {
        self.get(name).filter(|v| v.is_object()).map(Ask)
    }

    /// `true` or `false`.
    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.get(name).and_then(|v| v.as_bool().or_else(|| v.as_str().map(|t| t == "true")))
    }

    /// `Dimensions` as a map.
    pub(super) fn dimensions(self) -> Result<BTreeMap<String, String>, Fault> {
        self.list("Dimensions").map(|d| Ok((d.needs("Name")?.to_owned(), d.needs("Value")?.to_owned()))).collect()
    }
}

/// A number, or a text that is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(|t| t.parse().ok())).filter(|n| n.is_finite())
}

pub(super) fn missing(name: &str) -> Fault {
    Fault::new("MissingParameter", format!("The parameter {name} is required."))
}

pub(super) fn invalid(name: &str) -> Fault {
    Fault::new("InvalidParameterValue", format!("The value for parameter {name} is invalid."))
}
