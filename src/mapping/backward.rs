//! Backward: the SQL row behind an item's key.
//!
//! Purpose: an orphan item names the row that it should have come from, and a sample drawn from the table finds its rows.
//! Rules: only what the key's rules say, and only what they say exactly. `None` where a rule loses the column's text: seconds
//! since 1970, a column's text as binary, numbers made of composed text. The texts are canonical ([`Value::text`](super::Value::text)):
//! who looks them up in SQL gives them the column's own type (a moment with `Z` for a zone-less time where a zone is declared).
//! Called by `validate` and `repair`.

use super::convert::{Made, convert};
use super::rule::{As, AttributeRule, Rest};
use super::template::agree;
use super::{Attribute, Item, Mapping, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A column and its text.
type Found = Vec<(String, String)>;

/// Backward: which mapping an item's key fits, and the column values (as text) that it names: `("users", [("user_id", "101")])`.
/// Only what the key templates say; `None` when the key fits no template of this mapping. Columns of the `"*"` rule are found
/// where their name is kept, or among the mapping's declared `key`; [`read_key_among`] finds them all.
pub fn read_key(mapping: &Mapping, key: &Item) -> Option<Found> {
    read_key_among(mapping, &mapping.key, key)
}

/// As [`read_key`], with the relation's columns, so that attributes made by a renaming `"*"` rule are read too.
pub fn read_key_among(mapping: &Mapping, columns: &[String], key: &Item) -> Option<Found> {
    let found: Option<Vec<Found>> = key
        .iter()
        .map(|(name, value)| match mapping.shape.rules.get(name) {
            Some(rule) => read_rule(rule, value),
            None => Some(vec![(rest_column(mapping, columns, name)?, column_text(value)?)]),
        })
        .collect();
    agree(found?.into_iter().flatten())
}

fn read_rule(rule: &AttributeRule, value: &Attribute) -> Option<Found> {
    if rule.from.is_constant() {
        let text =
            rule.from.parts.iter().map(|part| if let super::template::Part::Text(text) = part { text.as_str() } else { "" }).collect();
        let made = convert(&Value::Text(text), rule.kind, None).ok()?;
        return (made == Made::Is(value.clone())).then(Vec::new);
    }
    match (rule.from.lone_column(), rule.kind, value) {
        (Some(column), None, value) => Some(vec![(column.to_owned(), column_text(value)?)]),
        (Some(column), Some(As::S), Attribute::S(_)) | (Some(column), Some(As::N), Attribute::N(_)) => {
            Some(vec![(column.to_owned(), column_text(value)?)])
        }
        (None, None | Some(As::S), Attribute::S(text)) => rule.from.read(text),
        (None, Some(As::B), Attribute::B(bytes)) => rule.from.read(std::str::from_utf8(bytes).ok()?),
        _ => None,
    }
}

/// A key is a string, a number or binary; nothing else has a text.
fn column_text(value: &Attribute) -> Option<String> {
    match value {
        Attribute::S(text) => Some(text.clone()),
        Attribute::N(number) => Some(number.to_string()),
        Attribute::B(bytes) => Some(STANDARD.encode(bytes)),
        _ => None,
    }
}

/// The one column that the `"*"` rule makes `attribute` of.
fn rest_column(mapping: &Mapping, columns: &[String], attribute: &str) -> Option<String> {
    let rest = mapping.shape.rest?;
    let free = |column: &str| {
        !mapping.shape.except.iter().any(|c| c == column)
            && !mapping.shape.rules.values().any(|rule| rule.from.columns().any(|c| c == column))
    };
    if rest == Rest::Same {
        return free(attribute).then(|| attribute.to_owned());
    }
    let mut made = columns.iter().filter(|column| free(column) && rest.name(column).as_deref() == Some(attribute));
    match (made.next(), made.next()) {
        (Some(column), None) => Some(column.clone()),
        _ => None,
    }
}
