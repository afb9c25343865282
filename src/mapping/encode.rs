//! Forward: one row (with its children) to one item, or the reason why not. Then the rules that DynamoDB has for items.

use super::{Item, Mapping, Row};
use crate::resource::{Key, Table};
use std::collections::BTreeMap;

/// Why a row cannot become an item. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", attribute.as_ref().map(|a| format!("attribute {a}: ")).unwrap_or_default())]
pub struct Unmappable {
    pub attribute: Option<String>,
    pub reason: String,
}

impl Unmappable {
    /// Without an attribute yet: the caller that knows it adds it with [`Unmappable::at`].
    pub(super) fn because(reason: String) -> Self {
        Self { attribute: None, reason }
    }

    /// Names the attribute; inside children the outer name goes before the inner one (`lines.qty`).
    pub(super) fn at(self, attribute: &str) -> Self {
        let inner = self.attribute.map(|inner| format!(".{inner}")).unwrap_or_default();
        Self { attribute: Some(format!("{attribute}{inner}")), reason: self.reason }
    }
}

/// What one row becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Encoded {
    Item(Item),
    /// The mapping's `when` does not hold.
    Filtered,
}

/// A mapping made ready: column positions resolved once, names of the rest computed once.
#[derive(Debug, Clone)]
pub struct Encoder;

#[allow(unused_variables, clippy::missing_panics_doc, clippy::needless_pass_by_value)]
impl Encoder {
    /// `columns`: the relation's columns; `child_columns`: those of each `many`. `zone`: what a zone-less date-time means.
    pub fn new(
        mapping: &Mapping,
        columns: &[String],
        child_columns: &BTreeMap<String, Vec<String>>,
        zone: Option<jiff::tz::TimeZone>,
    ) -> Result<Self, Unmappable> {
        unreachable!()
    }
    /// The item of `row`; `children[attribute]` are its child rows, in order.
    pub fn encode(&self, row: &Row, children: &BTreeMap<String, Vec<Row>>) -> Result<Encoded, Unmappable> {
        unreachable!()
    }
}

/// DynamoDB's rules for `item` in `table`: key present, of the right type, not empty, within 2048/1024 bytes; index keys of the
/// right type and not empty where present; 400 KB; depth 32; no empty set.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn check(item: &Item, table: &Table) -> Result<(), Unmappable> {
    unreachable!()
}

/// The key attributes of `item`; `None` when one is absent.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn key_of(item: &Item, key: &Key) -> Option<Item> {
    unreachable!()
}

/// Backward: which mapping an item's key fits, and the column values (as text) that it names: `("users", [("user_id", "101")])`.
/// Only what the key templates say; `None` when the key fits no template of this mapping.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn read_key(mapping: &Mapping, key: &Item) -> Option<Vec<(String, String)>> {
    unreachable!()
}
