//! `AttributeValue` to [`Attribute`] and back: the only place where the SDK's value and ours meet.
//!
//! Rule: what AWS sends and we do not know is an error, never dropped.

use crate::mapping::{Attribute, Item, Number};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue as Wire;
use std::collections::HashMap;

/// `item` in the SDK's form.
pub(super) fn item_to_wire(item: &Item) -> HashMap<String, Wire> {
    item.iter().map(|(name, value)| (name.clone(), to_wire(value))).collect()
}

/// An item that AWS sent, in ours.
pub(super) fn item_from_wire(wire: HashMap<String, Wire>) -> Result<Item, String> {
    wire.into_iter().map(|(name, value)| from_wire(value).map(|v| (name, v))).collect()
}

/// One value in the SDK's form.
pub(super) fn to_wire(value: &Attribute) -> Wire {
    match value {
        Attribute::S(text) => Wire::S(text.clone()),
        Attribute::N(number) => Wire::N(number.to_string()),
        Attribute::B(bytes) => Wire::B(Blob::new(bytes.clone())),
        Attribute::Bool(flag) => Wire::Bool(*flag),
        Attribute::Null => Wire::Null(true),
        Attribute::M(map) => Wire::M(item_to_wire(map)),
        Attribute::L(list) => Wire::L(list.iter().map(to_wire).collect()),
        Attribute::Ss(set) => Wire::Ss(set.iter().cloned().collect()),
        Attribute::Ns(set) => Wire::Ns(set.iter().map(ToString::to_string).collect()),
        Attribute::Bs(set) => Wire::Bs(set.iter().cloned().map(Blob::new).collect()),
    }
}

fn from_wire(value: Wire) -> Result<Attribute, String> {
    Ok(match value {
        Wire::S(text) => Attribute::S(text),
        Wire::N(text) => Attribute::N(number(&text)?),
        Wire::B(blob) => Attribute::B(blob.into_inner()),
        Wire::Bool(flag) => Attribute::Bool(flag),
        Wire::Null(_) => Attribute::Null,
        Wire::M(map) => Attribute::M(item_from_wire(map)?),
        Wire::L(list) => Attribute::L(list.into_iter().map(from_wire).collect::<Result<_, _>>()?),
        Wire::Ss(set) => Attribute::Ss(set.into_iter().collect()),
        Wire::Ns(set) => Attribute::Ns(set.iter().map(|n| number(n)).collect::<Result<_, _>>()?),
        Wire::Bs(set) => Attribute::Bs(set.into_iter().map(Blob::into_inner).collect()),
        _ => return Err("AWS sent an attribute of a type that this version does not know: update landfall".into()),
    })
}

fn number(text: &str) -> Result<Number, String> {
    Number::parse(text).ok_or_else(|| "AWS sent a number that is none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_comes_back_as_it_went() {
        let number = || Number::from(5_i64);
        let values = [
            Attribute::S("ü".into()),
            Attribute::N(number()),
            Attribute::B(vec![0, 255]),
            Attribute::Bool(true),
            Attribute::Null,
            Attribute::Ss(["a".to_owned(), "b".to_owned()].into()),
            Attribute::Ns([number()].into()),
            Attribute::Bs([vec![1], vec![2]].into()),
        ];
        let nested = Attribute::L(vec![Attribute::M(values.iter().cloned().enumerate().map(|(i, v)| (i.to_string(), v)).collect())]);
        for value in values.into_iter().chain([nested]) {
            assert_eq!(from_wire(to_wire(&value)), Ok(value));
        }
    }

    #[test]
    fn a_number_that_is_none_is_an_error_not_a_text() {
        assert!(from_wire(Wire::N("NaN".into())).is_err());
    }
}
