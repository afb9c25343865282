//! The attributes of an item: rules by name, and `"*"` for the rest of the columns.

use super::span::At;
use super::union::{Kind, Scalar, Takes, Union};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// Attribute names to rules, with the `"*"` rule apart.
#[derive(Default)]
pub(crate) struct Item {
    pub rules: BTreeMap<At<String>, At<Rule>>,
    pub rest: Option<At<Rest>>,
}

/// `"ORDER#{ord_id}"` (one placeholder and nothing else keeps the column's type), a constant whole number or boolean, or a table.
pub(crate) type Rule = Union<Scalar, RuleTable>;

/// What becomes of the columns that no rule uses: the case of their attribute names, or a table with exceptions.
pub(crate) type Rest = Union<Case, RestTable>;

/// One attribute, in full.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    /// The template: text with `{column}` placeholders; `{{` and `}}` are braces.
    #[schemars(required)]
    pub from: Option<At<String>>,
    /// The DynamoDB type, where the column's own is not wanted. `M` and `L` read JSON text; `epoch` is a time in epoch seconds, as TTL needs.
    #[serde(rename = "type")]
    pub kind: Option<At<RuleType>>,
    /// What NULL becomes: no attribute (`omit`, when absent) or an attribute of type NULL (`null`).
    pub null: Option<At<OnNull>>,
    /// What empty text becomes: empty text (`keep`, when absent) or no attribute (`omit`).
    pub empty: Option<At<OnEmpty>>,
    /// Only rows that satisfy this have the attribute.
    pub when: Option<At<When>>,
}

/// A DynamoDB type, or `epoch`.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum RuleType {
    S,
    N,
    B,
    #[serde(rename = "BOOL")]
    Bool,
    M,
    L,
    #[serde(rename = "SS")]
    Ss,
    #[serde(rename = "NS")]
    Ns,
    #[serde(rename = "epoch")]
    Epoch,
}

/// What NULL becomes.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnNull {
    Omit,
    Null,
}

/// What empty text becomes.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnEmpty {
    Keep,
    Omit,
}

/// A condition on a column: exactly one of `not_null`, `is_null` and `one_of`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    /// The column.
    #[schemars(required)]
    pub column: Option<At<String>>,
    /// `true`: the column is not NULL.
    pub not_null: Option<At<bool>>,
    /// `true`: the column is NULL.
    pub is_null: Option<At<bool>>,
    /// The column's text form is one of these.
    pub one_of: Option<At<Vec<At<String>>>>,
}

/// How a column's name becomes an attribute's.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum Case {
    #[serde(rename = "same")]
    Same,
    #[serde(rename = "camelCase")]
    Camel,
    #[serde(rename = "PascalCase")]
    Pascal,
    #[serde(rename = "snake_case")]
    Snake,
}
impl Takes for Case {
    fn takes(kind: Kind) -> bool {
        kind == Kind::Text
    }
}

/// The rest of the columns, without some.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestTable {
    /// How a column's name becomes an attribute's.
    #[schemars(required)]
    pub case: Option<Case>,
    /// Columns that stay behind.
    #[serde(default)]
    pub except: Vec<At<String>>,
}

/// The name of the rule for the rest.
pub(crate) const REST: &str = "*";

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of attributes")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Item, M::Error> {
        let mut item = Item::default();
        while let Some(name) = map.next_key::<At<String>>()? {
            if name.value == REST {
                item.rest = Some(map.next_value()?);
            } else {
                item.rules.insert(name, map.next_value()?);
            }
        }
        Ok(item)
    }
}

impl JsonSchema for Item {
    fn schema_name() -> Cow<'static, str> {
        "Item".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (mut rest, mut rule) = (generator.subschema_for::<Rest>(), generator.subschema_for::<Rule>());
        let say = |schema: &mut Schema, text: &str| schema.insert("description".to_owned(), text.into());
        say(
            &mut rest,
            "The columns that no rule uses: the case of their attribute names, or `{ case = \"camelCase\", except = [\"secret\"] }`.",
        );
        say(&mut rule, "A template such as `ORDER#{ord_id}`, a constant, or a table with `from` and how to read it.");
        json_schema!({ "type": "object", "properties": { REST: rest }, "additionalProperties": rule })
    }
}
