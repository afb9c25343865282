//! Access patterns: an SQL question and the DynamoDB query that replaces it.

use super::span::At;
use super::union::{Scalar, Union};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// An access pattern: the SQL answer must be the DynamoDB answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Access {
    /// The pattern's name, unique in the stack.
    #[schemars(required)]
    pub name: Option<At<String>>,
    /// The SQL question, with `:name` parameters; its columns are compared with `query.returns`, by position.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// SQL whose columns are the parameters, one set in each row.
    pub params_from: Option<At<String>>,
    /// The DynamoDB half.
    #[schemars(required)]
    pub query: Option<At<Query>>,
}

/// A DynamoDB query.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// The table.
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// The index; the table itself when absent.
    pub index: Option<At<String>>,
    /// Conditions on key attributes: `":email"`, `"USER#:id"`, `5`, or `{ begins_with = "DETL|" }` and the like on a sort attribute.
    #[schemars(required)]
    pub key: Option<At<BTreeMap<At<String>, At<Condition>>>>,
    /// Conditions on other attributes, all of which must hold.
    #[serde(default)]
    pub filter: BTreeMap<At<String>, At<Condition>>,
    /// The attributes that are compared with the SQL columns, by position.
    #[schemars(required)]
    pub returns: Option<At<Vec<At<String>>>>,
    /// Whether the order of the answers counts; false when absent.
    pub ordered: Option<bool>,
}

/// A value that must be equal, or a table with one comparison.
pub(crate) type Condition = Union<Scalar, Comparison>;

/// Exactly one comparison. Text with `:name` in it takes the parameter; everything else is a constant.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparison {
    /// Equal to this.
    pub equals: Option<At<Scalar>>,
    /// Text that begins with this.
    pub begins_with: Option<At<Scalar>>,
    /// This or more.
    pub at_least: Option<At<Scalar>>,
    /// This or less.
    pub at_most: Option<At<Scalar>>,
    /// From the first to the second, both included.
    pub between: Option<At<Vec<At<Scalar>>>>,
}
