//! `"ORDER#{ord_id}"`: text with placeholders, forward from a row and backward from a key.

use super::Row;
use serde::{Deserialize, Serialize};

/// Text with `{column}` placeholders; `{{` and `}}` are literal braces. One placeholder and nothing else keeps the column's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Text(String),
    Column(String),
}

#[allow(unused_variables, clippy::missing_panics_doc)]
impl Template {
    /// Reads the syntax; the error says what is wrong and at which byte offset of `text`.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        unreachable!()
    }
    /// The column, when the template is one placeholder and nothing else.
    pub fn lone_column(&self) -> Option<&str> {
        unreachable!()
    }
    /// The columns that it names, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| if let Part::Column(c) = p { Some(c.as_str()) } else { None })
    }
    /// Whether any column is named; otherwise it is a constant.
    pub fn is_constant(&self) -> bool {
        self.columns().next().is_none()
    }
    /// Backward: the text of each column, where `text` fits the template in exactly one way.
    pub fn read(&self, text: &str) -> Option<Vec<(String, String)>> {
        unreachable!()
    }
}
