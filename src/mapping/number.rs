//! DynamoDB's number: up to 38 significant digits, 1E-130 to 9.99…E+125, never a float on the way.

use serde::{Deserialize, Serialize};

/// A decimal of any length, normalised (no leading or trailing zeros, one spelling), so that equal numbers are equal values.
/// Its order is numeric.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Number(String);

#[allow(unused_variables, clippy::missing_panics_doc)]
impl Number {
    /// Reads integer, decimal or exponent notation; `None` when it is no number.
    pub fn parse(text: &str) -> Option<Self> {
        unreachable!()
    }
    /// Whether DynamoDB can hold it: at most 38 digits, and in range.
    pub fn fits(&self) -> bool {
        unreachable!()
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}
impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.to_string())
    }
}
impl std::fmt::Display for Number {
    /// Plain decimal where short, exponent where long; DynamoDB reads it back as the same number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
