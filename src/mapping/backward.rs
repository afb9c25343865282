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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Number;
    use crate::mapping::encode::tests::{mapping, names, row, rule, shape};
    use crate::mapping::encode::{Encoded, Encoder};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn s(text: &str) -> Attribute {
        Attribute::S(text.to_owned())
    }

    fn key<const K: usize>(parts: [(&str, Attribute); K]) -> Item {
        parts.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn found<const K: usize>(columns: [(&str, &str); K]) -> Found {
        columns.map(|(column, text)| (column.to_owned(), text.to_owned())).to_vec()
    }

    #[test]
    fn a_composed_key_names_its_row() {
        let orders = mapping(shape([("PK", rule("CUST#{cust_id}")), ("SK", rule("ORDER#{ord_id}#{line}"))], None));
        let read = |pk: &str, sk: &str| read_key(&orders, &key([("PK", s(pk)), ("SK", s(sk))]));
        assert_eq!(read("CUST#7", "ORDER#17#2"), Some(found([("cust_id", "7"), ("ord_id", "17"), ("line", "2")])));
        assert_eq!(read("CUST#7", "INVOICE#17#2"), None);
        assert_eq!(read("CUST#7", "ORDER#17#2#3"), None);
        assert_eq!(read_key(&orders, &key([("PK", s("CUST#7")), ("other", s("x"))])), None);
        assert_eq!(read_key(&orders, &key([("PK", Attribute::N(Number::from(7_u64)))])), None);
    }

    #[test]
    fn one_column_in_two_attributes_must_agree() {
        let orders = mapping(shape([("PK", rule("CUST#{id}")), ("SK", rule("PROFILE#{id}"))], None));
        assert_eq!(read_key(&orders, &key([("PK", s("CUST#7")), ("SK", s("PROFILE#7"))])), Some(found([("id", "7")])));
        assert_eq!(read_key(&orders, &key([("PK", s("CUST#7")), ("SK", s("PROFILE#8"))])), None);
    }

    #[test]
    fn constants_must_match_in_value_and_type() {
        let number = AttributeRule { kind: Some(As::N), ..rule("0") };
        let users = mapping(shape([("PK", rule("U#{id}")), ("SK", rule("PROFILE")), ("v", number)], None));
        let zero = Attribute::N(Number::from(0_u64));
        assert_eq!(read_key(&users, &key([("PK", s("U#1")), ("SK", s("PROFILE")), ("v", zero)])), Some(found([("id", "1")])));
        assert_eq!(read_key(&users, &key([("PK", s("U#1")), ("SK", s("ORDER"))])), None);
        assert_eq!(read_key(&users, &key([("v", s("0"))])), None);
    }

    #[test]
    fn a_lone_column_of_any_key_type_is_its_text() {
        let asked = |kind| AttributeRule { kind: Some(kind), ..rule("{a}") };
        let n = Attribute::N(Number::parse("10.50").expect("a number"));
        let table = [
            (rule("{a}"), n.clone(), Some("10.5")),
            (rule("{a}"), s("x"), Some("x")),
            (rule("{a}"), Attribute::B(vec![0, 255]), Some("AP8=")),
            (rule("{a}"), Attribute::Null, None),
            (asked(As::S), s("10.5"), Some("10.5")),
            (asked(As::S), n.clone(), None),
            (asked(As::N), n.clone(), Some("10.5")),
            (asked(As::Epoch), n, None),
            (asked(As::B), Attribute::B(vec![65]), None),
        ];
        for (rule, value, text) in table {
            let kind = rule.kind;
            let found = read_key(&mapping(shape([("k", rule)], None)), &key([("k", value.clone())]));
            assert_eq!(found, text.map(|text| vec![("a".to_owned(), text.to_owned())]), "{kind:?} {value:?}");
        }
    }

    #[test]
    fn columns_of_the_rest_are_found_where_only_one_fits() {
        let mut users = mapping(shape([("x", rule("{used}"))], Some(Rest::CamelCase)));
        let id = key([("userId", s("1"))]);
        assert_eq!(read_key(&users, &id), None);
        assert_eq!(read_key_among(&users, &names(["mail", "user_id"]), &id), Some(found([("user_id", "1")])));
        assert_eq!(read_key_among(&users, &names(["userId", "user_id"]), &id), None);
        users.key = names(["user_id"]);
        assert_eq!(read_key(&users, &id), Some(found([("user_id", "1")])));
        users.shape.rest = Some(Rest::Same);
        assert_eq!(read_key(&users, &id), Some(found([("userId", "1")])));
        assert_eq!(read_key(&users, &key([("used", s("1"))])), None);
        users.shape.except = names(["userId"]);
        assert_eq!(read_key(&users, &id), None);
        users.shape.rest = None;
        assert_eq!(read_key(&users, &id), None);
    }

    proptest! {
        #[test]
        fn forward_then_backward_is_the_row_or_nothing(a in "[a#|]{0,4}", b in "[a#|]{0,4}", digits in "[1-9][0-9]{0,6}") {
            let columns = names(["a", "b", "n"]);
            let all = mapping(shape([("PK", rule("X#{a}|{b}")), ("SK", rule("{n}"))], None));
            let row = row(&columns, vec![Value::Text(a), Value::Text(b), Value::Number(Number::parse(&digits).expect("a number"))]);
            let encoder = Encoder::new(&all, &columns, &BTreeMap::new(), None).expect("ready");
            let Encoded::Item(item) = encoder.encode(&row, &BTreeMap::new()).expect("an item") else { panic!("no filter") };
            for (column, text) in read_key(&all, &item).unwrap_or_default() {
                prop_assert_eq!(row.get(&column).expect("a column").text(None), Ok(Some(text)));
            }
        }
    }
}
