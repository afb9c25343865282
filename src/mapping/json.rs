//! JSON with its digits kept, its object order forgotten, its duplicate names refused.

use super::Number;
use std::collections::BTreeMap;

/// A JSON value whose numbers keep every digit.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
}

#[allow(unused_variables, clippy::missing_panics_doc)]
impl Json {
    /// Reads JSON text; duplicate names, nesting over 128 and bad numbers are errors.
    pub fn parse(text: &str) -> Result<Self, String> {
        unreachable!()
    }
}
