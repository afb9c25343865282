//! The rules that DynamoDB has for items, applied before the service does.
//!
//! Purpose: every row that the service would refuse is found in the data plan, with its reason, before the first write.
//! Rules: where AWS leaves a figure open, this errs on the refusing side, and says so here. Reasons name attributes, sizes and
//! limits, never values.
//! Facts: developer guide, "Constraints" (key sizes, names, depth, numbers, empty values), "Item sizes and formats" (400 KB; beside local
//! indexes of the item and its entries in all of them together), "Data types" (empty strings are allowed within sets, empty sets are
//! not). Depth counts the attribute itself as the first of 32 levels. For a global index with several partition or sort attributes the
//! limits are held to their sum. Called by `load` (the data plan, and before a write) and by `validate` for what should be.

use super::{Attribute, Item, Number, Unmappable, size};
use crate::resource::{Key, KeyKind, KeyPart, Table};
use std::collections::BTreeSet;

const PARTITION_LIMIT: usize = 2048;
const SORT_LIMIT: usize = 1024;
const NAME_LIMIT: usize = 65_535;
const KEY_NAME_LIMIT: usize = 255;
const DEPTH_LIMIT: usize = 32;

/// DynamoDB's rules for `item` in `table`: key present, of the right type, not empty, within 2048/1024 bytes; index keys of the right
/// type and not empty where present; 400 KB, its entries in local indexes included; depth 32; no empty set; names of 1 byte to 64 KB (255
/// bytes in keys); numbers that fit.
pub fn check(item: &Item, table: &Table) -> Result<(), Unmappable> {
    check_table_key(item, &table.key)?;
    for (name, index) in &table.indexes {
        check_key(item, &index.key, &format!("index {name}"))?;
    }
    for (name, local) in &table.locals {
        check_key(item, &local.key, &format!("index {name}"))?;
    }
    for (name, value) in item {
        check_name(name).and_then(|()| check_value(value, 1)).map_err(|e| e.at(name))?;
    }
    check_size(item, table)
}

fn check_table_key(item: &Item, key: &Key) -> Result<(), Unmappable> {
    if let Some(absent) = key.parts().find(|part| !item.contains_key(&part.name)) {
        let reason = "part of the table's key, and this row gives it no value (NULL, omitted, or no rule makes it); every item needs one";
        return Err(Unmappable::because(reason.to_owned()).at(&absent.name));
    }
    check_key(item, key, "the table")
}

/// Types, emptiness and sizes of the key attributes that are present.
fn check_key(item: &Item, key: &Key, of: &str) -> Result<(), Unmappable> {
    check_side(item, &key.partition, PARTITION_LIMIT, &format!("the partition key of {of}"))?;
    check_side(item, &key.sort, SORT_LIMIT, &format!("the sort key of {of}"))
}

fn check_side(item: &Item, parts: &[KeyPart], limit: usize, role: &str) -> Result<(), Unmappable> {
    let mut total = 0;
    for part in parts {
        let Some(value) = item.get(&part.name) else { continue };
        let fault = check_key_part(part, value, role).err();
        total += size::of_value(value);
        let large = || (total > limit).then(|| format!("{role} has {total} bytes, and {limit} is the limit"));
        if let Some(reason) = fault.or_else(large) {
            return Err(Unmappable::because(reason).at(&part.name));
        }
    }
    Ok(())
}

fn check_key_part(part: &KeyPart, value: &Attribute, role: &str) -> Result<(), String> {
    let empty = match (part.kind, value) {
        (KeyKind::S, Attribute::S(text)) => text.is_empty(),
        (KeyKind::B, Attribute::B(bytes)) => bytes.is_empty(),
        (KeyKind::N, Attribute::N(_)) => false,
        (kind, other) => {
            return Err(format!(
                "{role} is of type {kind:?}, and this row makes {}; ask for `type = \"{kind:?}\"` in its rule, change the key, or omit it",
                other.type_name()
            ));
        }
    };
    match (empty, part.name.len() > KEY_NAME_LIMIT) {
        (true, _) => Err(format!(
            "{role} is empty, which DynamoDB refuses; omit it with `empty = \"omit\"` if it is no table key, or filter such rows with `when`"
        )),
        (_, true) => Err(format!("{role} has a name of {} bytes, and {KEY_NAME_LIMIT} is the limit in keys", part.name.len())),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), Unmappable> {
    match name.len() {
        0 => Err(Unmappable::because(
            "an attribute or a map entry has an empty name, which DynamoDB refuses; keep the column as text with `type = \"S\"`".to_owned(),
        )),
        1..=NAME_LIMIT => Ok(()),
        length => Err(Unmappable::because(format!("a name of {length} bytes, and {NAME_LIMIT} is the limit"))),
    }
}

/// `level`: 1 for an attribute's own value.
fn check_value(value: &Attribute, level: usize) -> Result<(), Unmappable> {
    if level > DEPTH_LIMIT {
        let reason =
            format!("nested more than {DEPTH_LIMIT} levels deep, which DynamoDB refuses; keep the column as text with `type = \"S\"`");
        return Err(Unmappable::because(reason));
    }
    match value {
        Attribute::M(map) => map.iter().try_for_each(|(name, value)| check_name(name).and_then(|()| check_value(value, level + 1))),
        Attribute::L(list) => list.iter().try_for_each(|value| check_value(value, level + 1)),
        Attribute::N(number) => check_number(number),
        Attribute::Ns(set) => check_set(set).and_then(|()| set.iter().try_for_each(check_number)),
        Attribute::Ss(set) => check_set(set),
        Attribute::Bs(set) => check_set(set),
        Attribute::S(_) | Attribute::B(_) | Attribute::Bool(_) | Attribute::Null => Ok(()),
    }
}

fn check_set<T>(set: &BTreeSet<T>) -> Result<(), Unmappable> {
    if set.is_empty() {
        Err(Unmappable::because("an empty set, which DynamoDB refuses; leave the attribute out".to_owned()))
    } else {
        Ok(())
    }
}

fn check_number(number: &Number) -> Result<(), Unmappable> {
    if number.fits() {
        return Ok(());
    }
    let digits = number.significant_digits();
    Err(Unmappable::because(format!(
        "a number of {digits} significant digits or out of range; DynamoDB keeps 38, from 1E-130 to 9.99E+125"
    )))
}

fn check_size(item: &Item, table: &Table) -> Result<(), Unmappable> {
    let own = size::of(item);
    let entries: Vec<_> = table.locals.iter().map(|(name, local)| (name, size::of_entry(item, table, local))).filter(|e| e.1 > 0).collect();
    let size = own + entries.iter().map(|entry| entry.1).sum::<usize>();
    if size <= size::LIMIT {
        return Ok(());
    }
    let largest = largest(item).unwrap_or_default();
    let reason = if own > size::LIMIT || entries.is_empty() {
        format!("the item has {own} bytes, and {} is the limit{largest}; split the item, or leave the attribute out", size::LIMIT)
    } else {
        let parts: Vec<_> = entries.iter().map(|(name, size)| format!("{size} in {name}")).collect();
        format!(
            "the item has {own} bytes and its entries in local indexes {} ({}): {size} together, and {} is the limit{largest}; split the \
             item, leave the attribute out, or let the indexes project less",
            size - own,
            parts.join(", "),
            size::LIMIT
        )
    };
    Err(Unmappable::because(reason))
}

fn largest(item: &Item) -> Option<String> {
    let (name, value) = item.iter().max_by_key(|(name, value)| name.len() + size::of_value(value))?;
    Some(format!(" (the largest attribute, {name}, has {})", name.len() + size::of_value(value)))
}

/// The key attributes of `item`; `None` when one is absent.
pub fn key_of(item: &Item, key: &Key) -> Option<Item> {
    key.parts().map(|part| item.get_key_value(&part.name).map(|(name, value)| (name.clone(), value.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Index, LocalIndex, Projection};

    fn part(name: &str, kind: KeyKind) -> KeyPart {
        KeyPart { name: name.to_owned(), kind }
    }

    fn key(partition: KeyPart, sort: KeyPart) -> Key {
        Key { partition: vec![partition], sort: vec![sort] }
    }

    /// `PK:S`, `SK:S`; index `ByMail` on `mail:S`, `age:N`; a global index of two sort parts; a local index on `raw:B`.
    fn table() -> Table {
        let index = Index::plain;
        let wide = Key { partition: vec![part("w", KeyKind::S)], sort: vec![part("w1", KeyKind::S), part("w2", KeyKind::S)] };
        let local = LocalIndex { key: key(part("PK", KeyKind::S), part("raw", KeyKind::B)), projection: Projection::Keys };
        Table {
            indexes: [
                ("ByMail".to_owned(), index(key(part("mail", KeyKind::S), part("age", KeyKind::N)))),
                ("Wide".to_owned(), index(wide)),
            ]
            .into(),
            locals: [("Raw".to_owned(), local)].into(),
            ..Table::plain(key(part("PK", KeyKind::S), part("SK", KeyKind::S)))
        }
    }

    fn s(length: usize) -> Attribute {
        Attribute::S("x".repeat(length))
    }

    fn item<const K: usize>(more: [(&str, Attribute); K]) -> Item {
        let mut item: Item = [("PK".to_owned(), s(1)), ("SK".to_owned(), s(1))].into();
        item.extend(more.map(|(name, value)| (name.to_owned(), value)));
        item
    }

    /// Nested so that its deepest value is at `levels`.
    fn nested(levels: usize) -> Attribute {
        (1..levels).fold(Attribute::Null, |inner, _| Attribute::L(vec![inner]))
    }

    #[test]
    fn what_dynamodb_takes_passes() {
        let number = |text: &str| Attribute::N(Number::parse(text).expect("a number"));
        let items = [
            item([]),
            item([("PK", s(2048)), ("SK", s(1024))]),
            item([("mail", s(1)), ("age", number("1")), ("raw", Attribute::B(vec![1]))]),
            item([("w", s(2048)), ("w1", s(512)), ("w2", s(512))]),
            item([("w1", s(1))]),
            item([("deep", nested(32)), ("empty", s(0)), ("set", Attribute::Ss([String::new()].into()))]),
            item([("l", Attribute::L(vec![])), ("m", Attribute::M(Item::new()))]),
            item([("big", s(size::LIMIT - 2 - 2 - 2 - 3))]),
        ];
        for item in items {
            assert_eq!(check(&item, &table()), Ok(()), "{:?}", item.keys());
        }
    }

    #[test]
    fn what_dynamodb_refuses_is_named_with_sizes_and_limits() {
        let big = Attribute::N(Number::parse(&"7".repeat(39)).expect("a number"));
        let without = |name: &str| {
            let mut item = item([]);
            item.remove(name);
            item
        };
        let name_of = |length: usize| Attribute::M([("n".repeat(length), Attribute::Null)].into());
        let table_of = [
            (without("SK"), "attribute SK: part of the table's key, and this row gives it no value"),
            (item([("PK", Attribute::Null)]), "attribute PK: the partition key of the table is of type S, and this row makes NULL"),
            (item([("SK", big.clone())]), "attribute SK: the sort key of the table is of type S, and this row makes N"),
            (item([("PK", s(0))]), "attribute PK: the partition key of the table is empty"),
            (item([("PK", s(2049))]), "attribute PK: the partition key of the table has 2049 bytes, and 2048 is the limit"),
            (item([("SK", s(1025))]), "attribute SK: the sort key of the table has 1025 bytes, and 1024 is the limit"),
            (item([("mail", s(0))]), "attribute mail: the partition key of index ByMail is empty"),
            (item([("age", s(1))]), "attribute age: the sort key of index ByMail is of type N, and this row makes S"),
            (item([("age", Attribute::Null)]), "attribute age: the sort key of index ByMail is of type N, and this row makes NULL"),
            (item([("mail", s(2049))]), "attribute mail: the partition key of index ByMail has 2049 bytes"),
            (item([("w1", s(512)), ("w2", s(513))]), "attribute w2: the sort key of index Wide has 1025 bytes, and 1024 is the limit"),
            (item([("raw", Attribute::B(vec![]))]), "attribute raw: the sort key of index Raw is empty"),
            (item([("deep", nested(33))]), "attribute deep: nested more than 32 levels deep"),
            (item([("set", Attribute::Ss([].into()))]), "attribute set: an empty set"),
            (item([("set", Attribute::L(vec![Attribute::Ns([].into())]))]), "attribute set: an empty set"),
            (item([("set", Attribute::Bs([].into()))]), "attribute set: an empty set"),
            (item([("n", big.clone())]), "attribute n: a number of 39 significant digits"),
            (item([("n", Attribute::L(vec![big]))]), "attribute n: a number of 39 significant digits"),
            (item([("", Attribute::Null)]), "attribute : an attribute or a map entry has an empty name"),
            (item([("m", name_of(0))]), "attribute m: an attribute or a map entry has an empty name"),
            (item([("m", name_of(65_536))]), "attribute m: a name of 65536 bytes, and 65535 is the limit"),
            (
                item([("big", s(size::LIMIT - 2 - 2 - 2 - 2))]),
                "the item has 409601 bytes, and 409600 is the limit (the largest attribute, big, has",
            ),
        ];
        for (item, reason) in table_of {
            let message = check(&item, &table()).expect_err(reason).to_string();
            assert!(message.starts_with(reason), "{message}\nnot\n{reason}");
            assert!(!message.contains("xxx") && !message.contains("777"), "{message}");
        }
    }

    #[test]
    fn a_key_name_over_255_bytes_is_refused() {
        let name = "k".repeat(256);
        let mut table = table();
        table.key = Key { partition: vec![part(&name, KeyKind::S)], sort: vec![] };
        let message = check(&item([(&name, s(1))]), &table).expect_err("too long").reason;
        assert!(message.contains("256 bytes, and 255"), "{message}");
    }

    #[test]
    fn an_item_and_its_entries_in_local_indexes_have_400_kb_together() {
        let local = |sort: &str, projection| LocalIndex { key: key(part("PK", KeyKind::S), part(sort, KeyKind::B)), projection };
        let some = Projection::Include(["big".to_owned()].into());
        let locals = [("All", "a", Projection::All), ("Keys", "k", Projection::Keys), ("Some", "s", some)];
        let locals = locals.map(|(name, sort, projection)| (name.to_owned(), local(sort, projection))).into();
        let table = Table { locals, ..table() };
        let key = |name| (name, Attribute::B(vec![1]));
        // PK and SK have 3 bytes each, an index's key 2, `big` 3 and its text. In no index: 9 + n = 409,600.
        let cases = [
            (vec![], 409_591, "the item has 409601 bytes, and 409600 is the limit"),
            // 2 * (11 + n)
            (vec![key("a")], 204_789, "the item has 204801 bytes and its entries in local indexes 204801 (204801 in All): 409602 together"),
            // 11 + n, and 8
            (vec![key("k")], 409_581, "the item has 409593 bytes and its entries in local indexes 8 (8 in Keys): 409601 together"),
            // 2 * (15 + n), and 8, and 11 + n
            (
                vec![key("a"), key("k"), key("s")],
                136_517,
                "the item has 136533 bytes and its entries in local indexes 273070 (136533 in All, 8 in Keys, 136529 in Some): 409603",
            ),
        ];
        for (keys, longest, words) in cases {
            let of = |length: usize| {
                let mut item = item([("big", s(length))]);
                item.extend(keys.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                item
            };
            assert_eq!(check(&of(longest), &table), Ok(()), "{words}");
            let message = check(&of(longest + 1), &table).expect_err("too large").to_string();
            assert!(message.starts_with(words), "{message}");
            assert!(!message.contains("xxx"), "{message}");
        }
    }

    #[test]
    fn the_key_of_an_item_is_whole_or_none() {
        let key = table().key;
        let whole = item([("other", Attribute::Null)]);
        assert_eq!(key_of(&whole, &key), Some(item([])));
        assert_eq!(key_of(&[("PK".to_owned(), s(1))].into(), &key), None);
    }
}
