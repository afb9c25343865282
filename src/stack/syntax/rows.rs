//! How the rows of a relation become items.

use super::item::{Item, When};
use super::span::At;
use super::union::{Kind, Takes, Union};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows of one relation become items of one entity.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rows {
    /// The entity's name, unique within the table; the relation's name when absent (a query must have one).
    pub entity: Option<At<String>>,
    /// A table or view, optionally `schema.name`. Either this or `query`.
    pub from: Option<At<String>>,
    /// A `select` of your own; it runs in the read-only session. Either this or `from`.
    pub query: Option<At<String>>,
    /// The columns that are unique over the rows: needed for a view or a query, which have no key of their own.
    #[serde(default)]
    pub key: Vec<At<String>>,
    /// Only these rows become items; the others are counted as filtered.
    pub when: Option<At<When>>,
    /// The item: attribute names and what they hold. `"*"` says what happens to the columns that no rule uses.
    #[schemars(required)]
    pub item: Option<At<Item>>,
    /// Child rows that become one attribute of the item, by the attribute's name.
    #[serde(default)]
    pub many: BTreeMap<At<String>, Many>,
    /// Declares that several rows may make one target key, and which of them is the item. Without it that is a finding, and nothing is loaded.
    pub collapse: Option<At<Collapse>>,
    /// The columns that decide which row is first or last; together they must leave no tie.
    #[serde(default)]
    pub collapse_order: Vec<At<String>>,
}

/// Which of several rows with one target key is the item.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Collapse {
    First,
    Last,
}

/// Child rows inside the parent's item.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Many {
    /// The child table or view. Either this or `query`.
    pub from: Option<At<String>>,
    /// A `select` of your own. Either this or `from`.
    pub query: Option<At<String>>,
    /// Child column = parent column.
    #[schemars(required)]
    pub on: Option<At<BTreeMap<At<String>, At<String>>>>,
    /// Child columns that order the list; together they must leave no tie. A list needs them, a map has none.
    #[serde(default)]
    pub order: Vec<At<String>>,
    /// `"list"` (when absent), or `{ map = "{line_no}" }`: a Map from this text to the children.
    #[serde(rename = "as")]
    pub nest: Option<At<Union<NestWord, NestMap>>>,
    /// The nested element: attribute names and what they hold, as in `rows.item`.
    #[schemars(required)]
    pub item: Option<At<Item>>,
}

/// Children as a List of Maps.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NestWord {
    List,
}
impl Takes for NestWord {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}

/// Children as a Map of Maps.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NestMap {
    /// The text that names each child: must be unique among the children of one parent.
    #[schemars(required)]
    pub map: Option<At<String>>,
}
