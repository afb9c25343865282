//! One byte form per item: sorted names, type tags, lengths, normalised numbers; and its keyed 128-bit hash.
//!
//! Purpose: both sides of a validation are reduced to this, so a record is compared by sixteen bytes.
//! Rules: injective. Everything of variable length is preceded by its length, every value by its type, so that no two items
//! share bytes (`"a,b"` beside `"c"` is not `"a"` beside `"b,c"`); maps and sets come sorted out of their types.
//! Key insight: the sum of the hashes over a table may be compared only because equal items have equal bytes and no others do.
//! Called by `validate`. The form lives for one run: it is not stored, so it may change between versions.

use super::{Attribute, Item, Number};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The canonical bytes of `item`: equal bytes if and only if equal items.
pub fn bytes(item: &Item, out: &mut Vec<u8>) {
    put_length(item.len(), out);
    for (name, value) in item {
        put_slice(name.as_bytes(), out);
        put(value, out);
    }
}

/// xxh3-128 of the canonical bytes, with the run's seed.
pub fn hash(item: &Item, seed: u64) -> u128 {
    let mut out = Vec::with_capacity(512);
    bytes(item, &mut out);
    xxh3_128_with_seed(&out, seed)
}

fn put(value: &Attribute, out: &mut Vec<u8>) {
    out.push(tag(value));
    match value {
        Attribute::S(text) => put_slice(text.as_bytes(), out),
        Attribute::N(number) => put_number(number, out),
        Attribute::B(bytes) => put_slice(bytes, out),
        Attribute::Bool(value) => out.push(u8::from(*value)),
        Attribute::Null => {}
        Attribute::M(map) => bytes(map, out),
        Attribute::L(list) => put_all(list, put, out),
        Attribute::Ss(set) => put_all(set, |text, out| put_slice(text.as_bytes(), out), out),
        Attribute::Ns(set) => put_all(set, put_number, out),
        Attribute::Bs(set) => put_all(set, |bytes, out| put_slice(bytes, out), out),
    }
}

fn tag(value: &Attribute) -> u8 {
    match value {
        Attribute::S(_) => 1,
        Attribute::N(_) => 2,
        Attribute::B(_) => 3,
        Attribute::Bool(_) => 4,
        Attribute::Null => 5,
        Attribute::M(_) => 6,
        Attribute::L(_) => 7,
        Attribute::Ss(_) => 8,
        Attribute::Ns(_) => 9,
        Attribute::Bs(_) => 10,
    }
}

fn put_all<T, C: IntoIterator<Item = T, IntoIter: ExactSizeIterator>>(items: C, put: impl Fn(T, &mut Vec<u8>), out: &mut Vec<u8>) {
    let items = items.into_iter();
    put_length(items.len(), out);
    items.for_each(|item| put(item, out));
}

fn put_number(number: &Number, out: &mut Vec<u8>) {
    let (negative, digits, point) = number.parts();
    out.push(u8::from(negative));
    out.extend_from_slice(&point.to_le_bytes());
    put_slice(digits.as_bytes(), out);
}

fn put_slice(slice: &[u8], out: &mut Vec<u8>) {
    put_length(slice.len(), out);
    out.extend_from_slice(slice);
}

/// LEB128: no length is a prefix of another.
fn put_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(0x80 | u8::try_from(length & 0x7f).expect("invariant: seven bits"));
        length >>= 7;
    }
    out.push(u8::try_from(length).expect("invariant: seven bits"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::wire::tests::any_item;
    use proptest::prelude::*;

    fn of(item: &Item) -> Vec<u8> {
        let mut out = Vec::new();
        bytes(item, &mut out);
        out
    }

    fn item<const K: usize>(pairs: [(&str, Attribute); K]) -> Item {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn s(text: &str) -> Attribute {
        Attribute::S(text.to_owned())
    }

    fn n(text: &str) -> Attribute {
        Attribute::N(Number::parse(text).expect("a number"))
    }

    #[test]
    fn moving_a_border_between_values_changes_the_bytes() {
        let list = |texts: &[&str]| item([("a", Attribute::L(texts.iter().map(|t| s(t)).collect()))]);
        assert_ne!(of(&list(&["a,b", "c"])), of(&list(&["a", "b,c"])));
        assert_ne!(of(&list(&["ab", ""])), of(&list(&["a", "b"])));
        assert_ne!(of(&item([("ab", s("c"))])), of(&item([("a", s("bc"))])));
        let nested = |inner: Attribute, outer: Attribute| item([("m", Attribute::L(vec![Attribute::L(vec![inner]), outer]))]);
        assert_ne!(of(&nested(s("a"), s("b"))), of(&item([("m", Attribute::L(vec![Attribute::L(vec![s("a"), s("b")])]))])));
    }

    /// The tag of a string is byte 1: without lengths these would be the same bytes.
    #[test]
    fn text_that_imitates_the_form_does_not_move_a_border() {
        let list = |texts: &[&str]| item([("a", Attribute::L(texts.iter().map(|t| s(t)).collect()))]);
        assert_ne!(of(&list(&["a\u{1}b", "c"])), of(&list(&["a", "b\u{1}c"])));
        assert_ne!(of(&item([("a\u{1}b", s("c"))])), of(&item([("a", s("b\u{1}c"))])));
        let set = |texts: &[&str]| item([("a", Attribute::Ss(texts.iter().map(|t| (*t).to_owned()).collect()))]);
        assert_ne!(of(&set(&["a", "bc"])), of(&set(&["ab", "c"])));
        let null = || Attribute::Null;
        let inside = item([("m", Attribute::M(item([("a", null()), ("n", null())])))]);
        assert_ne!(of(&inside), of(&item([("m", Attribute::M(item([("a", null())]))), ("n", null())])));
    }

    #[test]
    fn a_type_is_part_of_a_value() {
        let values = [
            s("1"),
            n("1"),
            Attribute::B(b"1".to_vec()),
            Attribute::Bool(true),
            Attribute::Null,
            Attribute::L(vec![s("1")]),
            Attribute::M(item([("1", s("1"))])),
            Attribute::Ss(["1".to_owned()].into()),
            Attribute::Bs([b"1".to_vec()].into()),
            Attribute::Ns([Number::from(1_u64)].into()),
            s(""),
            Attribute::B(vec![]),
            Attribute::L(vec![]),
            Attribute::M(Item::new()),
        ];
        let forms: std::collections::BTreeSet<_> = values.iter().map(|v| of(&item([("a", v.clone())]))).collect();
        assert_eq!(forms.len(), values.len());
    }

    #[test]
    fn spelling_and_set_order_do_not_count() {
        assert_eq!(of(&item([("a", n("1.0"))])), of(&item([("a", n("1"))])));
        assert_eq!(of(&item([("a", n("-0"))])), of(&item([("a", n("0e5"))])));
        assert_ne!(of(&item([("a", n("1"))])), of(&item([("a", n("-1"))])));
        assert_ne!(of(&item([("a", n("1"))])), of(&item([("a", n("10"))])));
        let set = |texts: &[&str]| item([("a", Attribute::Ns(texts.iter().filter_map(|t| Number::parse(t)).collect()))]);
        assert_eq!(of(&set(&["10", "9", "1.50"])), of(&set(&["9.0", "1.5", "1e1"])));
    }

    #[test]
    fn the_seed_keys_the_hash() {
        let one = item([("a", s("x"))]);
        assert_eq!(hash(&one, 7), hash(&one.clone(), 7));
        assert_ne!(hash(&one, 7), hash(&one, 8));
        assert_ne!(hash(&one, 7), hash(&item([("a", s("y"))]), 7));
    }

    #[test]
    fn lengths_on_the_border_of_a_byte_stay_apart() {
        let forms: std::collections::BTreeSet<_> =
            [0, 1, 127, 128, 129, 16383, 16384].map(|length| of(&item([("a", s(&"x".repeat(length)))]))).into();
        assert_eq!(forms.len(), 7);
    }

    proptest! {
        #[test]
        fn bytes_are_equal_if_and_only_if_items_are(a in any_item(), b in any_item()) {
            prop_assert_eq!(of(&a) == of(&b), a == b);
            prop_assert_eq!(of(&a), of(&a.clone()));
        }

        #[test]
        fn one_change_is_always_seen(a in any_item(), name in any::<prop::sample::Index>(), value in crate::mapping::wire::tests::any_attribute()) {
            prop_assume!(!a.is_empty());
            let name = name.get(&a.keys().cloned().collect::<Vec<_>>()).clone();
            let mut changed = a.clone();
            changed.insert(name, value);
            prop_assert_eq!(hash(&a, 1) == hash(&changed, 1), a == changed);
        }
    }
}
