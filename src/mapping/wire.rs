//! DynamoDB JSON, written and read: the staging format, the quarantine file, texts for people.
//!
//! Purpose: what ImportTable reads, one item a line, written straight into bytes without building a document first.
//! Rules: one line per item, whatever a value holds; reading refuses what writing would not write (unknown types, more than
//! one type per value, repeated set members, numbers that are no numbers, base64 with errors). Errors name attributes and never
//! hold a value.
//! Key insight: reading goes through [`Json`], which keeps digits and refuses repeated names, so nothing is lost on the way in.
//! Called by `load` (staging, quarantine), `repair`, `report` (display) and by the embedded AWS (imports).

use super::json::{Json, quote, sequence};
use super::{Attribute, Item, Number};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, BTreeSet};

/// Appends `{"a":{"S":"x"},…}` to `out`, on one line.
pub fn write(item: &Item, out: &mut Vec<u8>) {
    sequence(out, [b'{', b'}'], item, |(name, value), out| {
        quote(name, out);
        out.push(b':');
        write_value(value, out);
    });
}

/// Appends `{"S":"x"}`.
pub fn write_value(value: &Attribute, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(value.type_name().as_bytes());
    out.extend_from_slice(b"\":");
    match value {
        Attribute::S(text) => quote(text, out),
        Attribute::N(number) => write_number(number, out),
        Attribute::B(bytes) => write_binary(bytes, out),
        Attribute::Bool(true) | Attribute::Null => out.extend_from_slice(b"true"),
        Attribute::Bool(false) => out.extend_from_slice(b"false"),
        Attribute::M(map) => write(map, out),
        Attribute::L(list) => sequence(out, [b'[', b']'], list, write_value),
        Attribute::Ss(set) => sequence(out, [b'[', b']'], set, |text, out| quote(text, out)),
        Attribute::Ns(set) => sequence(out, [b'[', b']'], set, write_number),
        Attribute::Bs(set) => sequence(out, [b'[', b']'], set, |bytes, out| write_binary(bytes, out)),
    }
    out.push(b'}');
}

fn write_number(number: &Number, out: &mut Vec<u8>) {
    out.push(b'"');
    number.spell(|piece| out.extend_from_slice(piece.as_bytes()));
    out.push(b'"');
}

fn write_binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// Reads what [`write`] writes, strictly. Nests as deep as [`Json`] reads, twice what DynamoDB stores.
pub fn read(json: &[u8]) -> Result<Item, String> {
    let text = std::str::from_utf8(json).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to()))?;
    match Json::parse(text)? {
        Json::Map(map) => map
            .into_iter()
            .map(|(name, value)| match read_value(value) {
                Ok(value) => Ok((name, value)),
                Err(fault) => Err(format!("attribute {name}: {fault}")),
            })
            .collect(),
        _ => Err("an item is a JSON object of attributes".to_owned()),
    }
}

/// Names within a map may be row data (a map by e-mail address), so they are not named.
fn read_map(map: BTreeMap<String, Json>) -> Result<Item, String> {
    map.into_iter().map(|(name, value)| Ok((name, read_value(value)?))).collect()
}

/// Reads `{"S":"x"}`: an object with one type descriptor.
pub fn read_value(value: Json) -> Result<Attribute, String> {
    let one_type = "a value is an object with one type, like {\"S\":\"text\"}";
    let Json::Map(map) = value else { return Err(one_type.to_owned()) };
    let mut members = map.into_iter();
    let (Some((kind, value)), None) = (members.next(), members.next()) else { return Err(one_type.to_owned()) };
    match (kind.as_str(), value) {
        ("S", value) => text(value).map(Attribute::S),
        ("N", value) => number(value).map(Attribute::N),
        ("B", value) => binary(value).map(Attribute::B),
        ("BOOL", Json::Bool(value)) => Ok(Attribute::Bool(value)),
        ("NULL", Json::Bool(true)) => Ok(Attribute::Null),
        ("M", Json::Map(map)) => read_map(map).map(Attribute::M),
        ("L", Json::List(list)) => list.into_iter().map(read_value).collect::<Result<_, _>>().map(Attribute::L),
        ("SS", Json::List(list)) => set(list, text).map(Attribute::Ss),
        ("NS", Json::List(list)) => set(list, number).map(Attribute::Ns),
        ("BS", Json::List(list)) => set(list, binary).map(Attribute::Bs),
        ("BOOL" | "NULL" | "M" | "L" | "SS" | "NS" | "BS", _) => Err(format!("type {kind} has a value of another kind")),
        _ => Err("an unknown type; DynamoDB has S, N, B, BOOL, NULL, M, L, SS, NS and BS".to_owned()),
    }
}

fn text(value: Json) -> Result<String, String> {
    if let Json::Text(text) = value { Ok(text) } else { Err("a string is missing".to_owned()) }
}

fn number(value: Json) -> Result<Number, String> {
    Number::parse(&text(value)?).ok_or_else(|| "not a number".to_owned())
}

fn binary(value: Json) -> Result<Vec<u8>, String> {
    STANDARD.decode(text(value)?).map_err(|_| "not base64".to_owned())
}

fn set<T: Ord>(list: Vec<Json>, read: fn(Json) -> Result<T, String>) -> Result<BTreeSet<T>, String> {
    let length = list.len();
    let set: BTreeSet<T> = list.into_iter().map(read).collect::<Result<_, _>>()?;
    if set.len() == length { Ok(set) } else { Err("a set holds a value twice".to_owned()) }
}

/// An attribute's value for people, without its type: `alice`, `10.5`, `{"plan":"gold"}`, base64 for binary. Raw: the caller masks or makes it inert.
pub fn display(value: &Attribute) -> String {
    match value {
        Attribute::S(text) => text.clone(),
        Attribute::B(bytes) => STANDARD.encode(bytes),
        other => {
            let mut out = Vec::new();
            plain(other, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
    }
}

fn plain(value: &Attribute, out: &mut Vec<u8>) {
    match value {
        Attribute::S(text) => quote(text, out),
        Attribute::N(number) => number.spell(|piece| out.extend_from_slice(piece.as_bytes())),
        Attribute::B(bytes) => write_binary(bytes, out),
        Attribute::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Attribute::Null => out.extend_from_slice(b"null"),
        Attribute::M(map) => sequence(out, [b'{', b'}'], map, |(name, value), out| {
            quote(name, out);
            out.push(b':');
            plain(value, out);
        }),
        Attribute::L(list) => sequence(out, [b'[', b']'], list, plain),
        Attribute::Ss(set) => sequence(out, [b'[', b']'], set, |text, out| quote(text, out)),
        Attribute::Ns(set) => {
            sequence(out, [b'[', b']'], set, |number, out| number.spell(|piece| out.extend_from_slice(piece.as_bytes())));
        }
        Attribute::Bs(set) => sequence(out, [b'[', b']'], set, |bytes, out| write_binary(bytes, out)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_attribute() -> impl Strategy<Value = Attribute> {
        let number = || "-?[0-9]{1,30}(\\.[0-9]{1,8})?(e-?[0-9]{1,2})?|-?[0-3]".prop_filter_map("a number", |t| Number::parse(&t));
        let leaf = prop_oneof![
            any::<String>().prop_map(Attribute::S),
            "[ab,]{0,3}".prop_map(Attribute::S),
            number().prop_map(Attribute::N),
            prop::collection::vec(any::<u8>(), 0..20).prop_map(Attribute::B),
            any::<bool>().prop_map(Attribute::Bool),
            Just(Attribute::Null),
            prop::collection::btree_set(any::<String>(), 0..4).prop_map(Attribute::Ss),
            prop::collection::btree_set(number(), 0..4).prop_map(Attribute::Ns),
            prop::collection::btree_set(prop::collection::vec(any::<u8>(), 0..5), 0..4).prop_map(Attribute::Bs),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Attribute::L),
                prop::collection::btree_map("[ab]{0,2}|\\PC{0,3}", inner, 0..4).prop_map(Attribute::M),
            ]
        })
    }

    pub(crate) fn any_item() -> impl Strategy<Value = Item> {
        prop::collection::btree_map("[ab]{1,2}|\\PC{0,6}", any_attribute(), 0..5)
    }

    fn written(item: &Item) -> String {
        let mut out = Vec::new();
        write(item, &mut out);
        String::from_utf8(out).expect("utf-8")
    }

    #[test]
    fn an_item_of_every_type_is_one_line_of_dynamodb_json() {
        let item: Item = [
            ("s", Attribute::S("a\"b\\c\n\u{1}\u{2028}é".to_owned())),
            ("n", Attribute::N(Number::parse("-1.50").expect("a number"))),
            ("b", Attribute::B(vec![0, 255])),
            ("t", Attribute::Bool(true)),
            ("z", Attribute::Null),
            ("l", Attribute::L(vec![Attribute::S(String::new()), Attribute::M(Item::new())])),
            ("ns", Attribute::Ns([10_u64, 9].map(Number::from).into())),
            ("ss", Attribute::Ss(["x".to_owned()].into())),
            ("bs", Attribute::Bs([vec![1]].into())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let expected = concat!(
            r#"{"b":{"B":"AP8="},"bs":{"BS":["AQ=="]},"l":{"L":[{"S":""},{"M":{}}]},"n":{"N":"-1.5"},"ns":{"NS":["9","10"]},"#,
            "\"s\":{\"S\":\"a\\\"b\\\\c\\n\\u0001\u{2028}é\"},",
            r#""ss":{"SS":["x"]},"t":{"BOOL":true},"z":{"NULL":true}}"#
        );
        assert_eq!(written(&item), expected);
        assert_eq!(read(written(&item).as_bytes()), Ok(item));
    }

    #[test]
    fn what_writing_would_not_write_is_refused() {
        let table = [
            ("[]", "JSON object"),
            (r#"{"a":{"S":"x"}} {}"#, "more text"),
            (r#"{"a":"x"}"#, "one type"),
            (r#"{"a":{}}"#, "one type"),
            (r#"{"a":{"S":"x","N":"1"}}"#, "one type"),
            (r#"{"a":{"S":1}}"#, "string is missing"),
            (r#"{"a":{"N":1}}"#, "string is missing"),
            (r#"{"a":{"N":"hunter2"}}"#, "not a number"),
            (r#"{"a":{"N":"NaN"}}"#, "not a number"),
            (r#"{"a":{"B":"!"}}"#, "not base64"),
            (r#"{"a":{"B":"AP8"}}"#, "not base64"),
            (r#"{"a":{"B":"AP9="}}"#, "not base64"),
            (r#"{"a":{"NULL":false}}"#, "another kind"),
            (r#"{"a":{"BOOL":"true"}}"#, "another kind"),
            (r#"{"a":{"NS":["1","1.0"]}}"#, "twice"),
            (r#"{"a":{"SS":["x","x"]}}"#, "twice"),
            (r#"{"a":{"X":"x"}}"#, "unknown type"),
            (r#"{"a":{"S":"x"},"a":{"S":"y"}}"#, "twice"),
            (r#"{"a":{"M":{"hunter2":{"N":"x"}}}}"#, "attribute a: not a number"),
        ];
        for (json, fault) in table {
            let message = read(json.as_bytes()).expect_err(json);
            assert!(message.contains(fault), "{json}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(read(&[b'"', 0xff]).is_err());
    }

    #[test]
    fn thirty_two_levels_are_read() {
        let deep = (0..32).fold(Attribute::Null, |inner, _| Attribute::M([("a".to_owned(), inner)].into()));
        let item: Item = [("a".to_owned(), deep)].into();
        assert_eq!(read(written(&item).as_bytes()), Ok(item));
    }

    #[test]
    fn people_see_values_without_types() {
        let map: Item = [
            ("n".to_owned(), Attribute::N(Number::from(5_u64))),
            ("s".to_owned(), Attribute::Ss(["a".to_owned()].into())),
            ("b".to_owned(), Attribute::B(vec![1])),
            ("z".to_owned(), Attribute::Null),
        ]
        .into();
        assert_eq!(display(&Attribute::M(map)), r#"{"b":"AQ==","n":5,"s":["a"],"z":null}"#);
        assert_eq!(display(&Attribute::S("a\"b".to_owned())), "a\"b");
        assert_eq!(display(&Attribute::N(Number::parse("10.50").expect("a number"))), "10.5");
        assert_eq!(display(&Attribute::B(vec![0, 255])), "AP8=");
        assert_eq!(display(&Attribute::Bool(false)), "false");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_is_one_line(item in any_item()) {
            let text = written(&item);
            prop_assert!(!text.bytes().any(|b| b < 0x20), "{}", text);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
            prop_assert_eq!(read(text.as_bytes()), Ok(item));
        }

        #[test]
        fn no_bytes_panic(json in prop::collection::vec(any::<u8>(), 0..60)) {
            let _unused = read(&json);
        }
    }
}
