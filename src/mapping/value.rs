//! The SQL side of the canonical value layer: what any engine's value is, once.

use super::{json::Json, number::Number};
use std::sync::Arc;

/// One SQL value. Engines differ in how they send it, never in what it is here.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// Integers to u64, decimals, and finite floats by their shortest round-trip text.
    Number(Number),
    /// NaN and the infinities: DynamoDB has no number for them; a policy or a refusal decides.
    NotANumber(&'static str),
    Text(String),
    Bytes(Vec<u8>),
    Date(jiff::civil::Date),
    /// A time of day or a duration, as the engine's canonical text (`-838:59:59.000001` in MySQL).
    Time(String),
    /// Date and time without a zone.
    DateTime(jiff::civil::DateTime),
    /// A moment, in UTC.
    Instant(jiff::Timestamp),
    Json(Json),
    /// An array, in order, with NULLs.
    List(Vec<Self>),
    /// MySQL SET members.
    Set(Vec<String>),
    /// A value that the engine holds and no calendar does (`0000-00-00`, `infinity`): the engine's text.
    Impossible(String),
}

/// The column names of a relation, in order, shared by all its rows.
pub type Columns = Arc<[String]>;

/// One row: `values[i]` belongs to `columns[i]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub columns: Columns,
    pub values: Vec<Value>,
}

impl Row {
    /// The value of `column`, if the row has it. Names are compared as the catalogue spells them.
    pub fn get(&self, column: &str) -> Option<&Value> {
        self.columns.iter().position(|c| c == column).and_then(|i| self.values.get(i))
    }
}
