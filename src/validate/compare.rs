//! One record against another, attribute by attribute, down into maps and lists. Pure.
//!
//! Rules: types count (the number 5 and the text "5" differ); absent, NULL and empty are three things; nothing is rounded.
//! Called by `validate::run` for the few records that the hashes could not clear.

use crate::mapping::{Attribute, Item, wire};
use crate::safe::Masker;
use std::collections::{BTreeMap, BTreeSet};

/// One place where two records differ; `None`: absent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `lastLogin`, `profile.plan`, `lines[2].qty`. Names inside values are row data: make them inert.
    pub path: String,
    pub expected: Option<Attribute>,
    pub found: Option<Attribute>,
}

/// Every place where `found` is not as `expected`, by path.
pub fn differences(expected: &Item, found: &Item) -> Vec<Difference> {
    let mut out = Vec::new();
    maps("", expected, found, &mut out);
    out
}

fn maps(path: &str, expected: &BTreeMap<String, Attribute>, found: &BTreeMap<String, Attribute>, out: &mut Vec<Difference>) {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        values(path, expected.get(name), found.get(name), out);
    }
}

fn values(path: String, expected: Option<&Attribute>, found: Option<&Attribute>, out: &mut Vec<Difference>) {
    match (expected, found) {
        (a, b) if a == b => {}
        (Some(Attribute::M(a)), Some(Attribute::M(b))) => maps(&path, a, b, out),
        (Some(Attribute::L(a)), Some(Attribute::L(b))) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| values(format!("{path}[{i}]"), Some(a), Some(b), out));
        }
        (a, b) => out.push(Difference { path, expected: a.cloned(), found: b.cloned() }),
    }
}

/// `absent`, or type and value: `S ‹#1a2b3c4d›`.
pub fn shown(value: Option<&Attribute>, masker: Masker) -> String {
    value.map_or_else(|| "absent".to_owned(), |v| format!("{} {}", v.type_name(), masker.value(&wire::display(v))))
}

/// A record as text, one attribute a line, for a diff.
pub fn lines(item: &Item, masker: Masker) -> Vec<String> {
    item.iter().map(|(name, value)| format!("{}: {}", crate::safe::text(name), shown(Some(value), masker))).collect()
}

/// What a difference is like, without its values: equal causes are one cause, however many records show it.
pub fn cause(difference: &Difference) -> String {
    let name = general(&difference.path);
    match (&difference.expected, &difference.found) {
        (None, _) => format!("{name} should be absent"),
        (_, None) => format!("{name} is absent"),
        (Some(a), Some(b)) if a.type_name() != b.type_name() => format!("{name} is {} instead of {}", b.type_name(), a.type_name()),
        (Some(Attribute::S(a)), Some(Attribute::S(b))) => match seconds_between(a, b) {
            Some(late) if late > 0 => format!("{name} is {late} s later"),
            Some(early) if early < 0 => format!("{name} is {} s earlier", -early),
            _ if a.trim() == b.trim() => format!("{name} differs in surrounding spaces"),
            _ if a.to_lowercase() == b.to_lowercase() => format!("{name} differs in case"),
            _ => format!("{name} has another value"),
        },
        (Some(Attribute::L(_)), Some(Attribute::L(_))) => format!("{name} has another number of elements"),
        _ => format!("{name} has another value"),
    }
}

/// The path with its positions forgotten, and inert: `lines[].qty`.
fn general(path: &str) -> String {
    let mut out = String::new();
    let mut skipping = false;
    for c in path.chars() {
        skipping = skipping && c != ']';
        if !skipping {
            out.push(c);
        }
        skipping = skipping || c == '[';
    }
    crate::safe::text(&out)
}

/// Seconds from `a` to `b`, where both are moments of the same form.
fn seconds_between(a: &str, b: &str) -> Option<i64> {
    if let (Ok(a), Ok(b)) = (a.parse::<jiff::Timestamp>(), b.parse::<jiff::Timestamp>()) {
        return Some(b.as_second() - a.as_second());
    }
    let (a, b) = (a.parse::<jiff::civil::DateTime>().ok()?, b.parse::<jiff::civil::DateTime>().ok()?);
    Some(a.duration_until(b).as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Number;
    use proptest::prelude::*;

    fn s(text: &str) -> Attribute {
        Attribute::S(text.into())
    }

    fn n(number: i64) -> Attribute {
        Attribute::N(Number::from(number))
    }

    fn item(pairs: &[(&str, Attribute)]) -> Item {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn paths(a: &Item, b: &Item) -> Vec<String> {
        differences(a, b).into_iter().map(|d| d.path).collect()
    }

    #[test]
    fn a_catalogue_of_faults_each_found_where_it_is() {
        let map = |v: Attribute| Attribute::M(item(&[("plan", v), ("same", n(1))]));
        let cases: [(Attribute, Option<Attribute>, &str, &str); 11] = [
            (s("a"), Some(s("b")), "x", "x has another value"),
            (n(5), Some(s("5")), "x", "x is S instead of N"),
            (s("a"), Some(s("a ")), "x", "x differs in surrounding spaces"),
            (s("a"), Some(s("A")), "x", "x differs in case"),
            (s("a"), None, "x", "x is absent"),
            (Attribute::Null, None, "x", "x is absent"),
            (s(""), Some(Attribute::Null), "x", "x is NULL instead of S"),
            (s("2024-03-10T09:30:00Z"), Some(s("2024-03-10T10:30:00Z")), "x", "x is 3600 s later"),
            (map(s("gold")), Some(map(s("free"))), "x.plan", "x.plan has another value"),
            (Attribute::L(vec![n(1), n(2)]), Some(Attribute::L(vec![n(1), n(3)])), "x[1]", "x[] has another value"),
            (Attribute::L(vec![n(1)]), Some(Attribute::L(vec![n(1), n(1)])), "x", "x has another number of elements"),
        ];
        for (expected, found, path, why) in cases {
            let a = item(&[("id", n(1)), ("x", expected)]);
            let b = found.map_or_else(|| item(&[("id", n(1))]), |v| item(&[("id", n(1)), ("x", v)]));
            let found = differences(&a, &b);
            assert_eq!(found.iter().map(|d| (d.path.as_str(), cause(d))).collect::<Vec<_>>(), [(path, why.to_owned())]);
        }
    }

    #[test]
    fn an_extra_attribute_is_a_difference() {
        assert_eq!(paths(&item(&[]), &item(&[("x", n(1))])), ["x"]);
        let extra = Difference { path: "x".into(), expected: None, found: Some(n(1)) };
        assert_eq!(cause(&extra), "x should be absent");
    }

    #[test]
    fn values_are_masked_and_their_types_are_not() {
        let masker = Masker::new(false, 1);
        assert!(!shown(Some(&s("secret")), masker).contains("secret"));
        assert!(shown(Some(&s("secret")), masker).starts_with("S ‹#"));
        assert!(!lines(&item(&[("a", s("secret"))]), masker)[0].contains("secret"));
        assert_eq!(shown(None, masker), "absent");
        assert_eq!(shown(Some(&n(5)), Masker::new(true, 1)), "N 5");
    }

    proptest! {
        #[test]
        fn equal_records_have_no_difference_and_one_change_has(keys in proptest::collection::btree_map("[a-e]{1,3}", any::<i64>(), 1..8), at: prop::sample::Index) {
            let a: Item = keys.iter().map(|(k, v)| (k.clone(), n(*v))).collect();
            prop_assert!(differences(&a, &a).is_empty());
            let name = keys.keys().nth(at.index(keys.len())).expect("in range").clone();
            let mut b = a.clone();
            b.insert(name.clone(), s("changed"));
            prop_assert_eq!(paths(&a, &b), vec![name]);
        }
    }
}
