//! The declared correspondence: which rows of which relation become which item, attribute by attribute.

use super::template::Template;
use serde::{Deserialize, Serialize};

/// What rows are read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// A table or view, by name (optionally `schema.name`).
    Named(String),
    /// A `select` of the user's own; it runs in the read-only session.
    Query(String),
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Query(_) => f.write_str("(query)"),
        }
    }
}

/// The DynamoDB type that a rule asks for, where the column's own type is not wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum As {
    S,
    N,
    B,
    #[serde(rename = "BOOL")]
    Bool,
    /// JSON text to Map.
    M,
    /// JSON text or array to List.
    L,
    #[serde(rename = "SS")]
    Ss,
    #[serde(rename = "NS")]
    Ns,
    /// A date or time as epoch seconds (N): what TTL needs.
    #[serde(rename = "epoch")]
    Epoch,
}

/// What a SQL NULL becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnNull {
    /// No attribute: DynamoDB's sparse way.
    #[default]
    Omit,
    /// An attribute of type NULL.
    Null,
}

/// What an empty string becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// The empty string itself (allowed outside keys).
    #[default]
    Keep,
    Omit,
}

/// A condition on a column, for sparse attributes and filters: `{ column = "rating", not_null = true }` and the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    pub column: String,
    pub test: Test,
}

/// What a [`When`] asks of its column. NULL satisfies only [`Test::IsNull`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    IsNull,
    NotNull,
    /// The column's text form is one of these.
    OneOf(Vec<String>),
}

/// How one attribute gets its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeRule {
    pub from: Template,
    pub kind: Option<As>,
    pub on_null: OnNull,
    pub on_empty: OnEmpty,
    pub when: Option<When>,
}

/// How column names that no rule mentions become attribute names (the `"*"` rule).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rest {
    /// As the column is spelled.
    Same,
    CamelCase,
    PascalCase,
    SnakeCase,
}

/// The attributes of an item or of a nested element: named rules in order, then the rest of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shape {
    /// Attribute name to rule, sorted by name.
    pub rules: std::collections::BTreeMap<String, AttributeRule>,
    pub rest: Option<Rest>,
    /// Columns that the rest leaves out, beside those that a rule uses.
    pub except: Vec<String>,
}

/// How child rows sit inside the parent's item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nest {
    /// In `order`, as a List of Maps.
    List,
    /// As a Map from this template's text to Maps.
    Map(Template),
}

/// Child rows that become one attribute of the parent's item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Children {
    pub from: Relation,
    /// Child column to parent column, in order.
    pub on: Vec<(String, String)>,
    /// Child columns that order a list; must make the order total.
    pub order: Vec<String>,
    pub nest: Nest,
    pub shape: Shape,
}

/// What happens when several rows make the same target key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Collapse {
    /// It is a finding, and nothing is loaded.
    #[default]
    Refuse,
    /// Declared: the row that comes first in `order` is the item.
    First,
    /// Declared: the row that comes last in `order` is the item.
    Last,
}

/// One `rows` block of a table: rows of one relation become items of one entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The entity's name; unique within the table. Defaults to the relation's name.
    pub entity: String,
    pub from: Relation,
    /// The relation's unique key columns, where the stack declares them (views and queries have none of their own).
    pub key: Vec<String>,
    /// Only rows that satisfy this become items; the others are counted as filtered.
    pub when: Option<When>,
    pub shape: Shape,
    /// Attribute name to child rows.
    pub many: std::collections::BTreeMap<String, Children>,
    pub collapse: Collapse,
    /// Columns that decide which row wins a declared collapse; must make the order total.
    pub collapse_order: Vec<String>,
}
