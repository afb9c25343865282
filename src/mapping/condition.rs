//! `when`: whether a row becomes an item, or a rule an attribute.
//!
//! Rules: NULL (SQL's, or a JSON column's `null`) satisfies only "is null"; any other value is compared by its canonical text.
//! Called by `encode` and `shape`.

use super::column::position;
use super::rule::{Test, When};
use super::{Row, Unmappable};
use jiff::tz::TimeZone;

/// A `when` with its column's position.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    at: usize,
    test: Test,
}

impl Condition {
    pub(super) fn new(when: &When, columns: &[String]) -> Result<Self, Unmappable> {
        let at = position(&when.column, columns).map_err(|e| Unmappable::because(format!("`when`: {}", e.reason)))?;
        Ok(Self { at, test: when.test.clone() })
    }

    /// The row is known to fit.
    pub(super) fn holds(&self, row: &Row, zone: Option<&TimeZone>) -> Result<bool, Unmappable> {
        let value = &row.values[self.at];
        Ok(match &self.test {
            Test::IsNull => value.is_null(),
            Test::NotNull => !value.is_null(),
            Test::OneOf(texts) => value.text(zone)?.is_some_and(|text| texts.contains(&text)),
        })
    }
}
