//! JSON with its digits kept, its object order forgotten, its duplicate names refused.
//!
//! Purpose: a JSON column must arrive with every digit, and no general reader gives that beside a refusal of duplicate names
//! (PostgreSQL's `json` may hold them; whoever takes the last one loses the first in silence).
//! Rules: RFC 8259 to the letter; nothing of the text appears in an error, only byte offsets; nesting is capped, so hostile
//! text cannot exhaust the stack.
//! Key insight: only strings with escapes are hard, and those are handed to `serde_json` one string at a time.
//! Called by `source` (JSON columns), `encode` (`type = "M"`) and `wire`.

mod read;

use super::Number;
use std::collections::BTreeMap;

/// A JSON value whose numbers keep every digit.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

impl Json {
    /// Reads JSON text; duplicate names, nesting over 128 and bad numbers are errors.
    pub fn parse(text: &str) -> Result<Self, String> {
        read::whole(text)
    }

    /// Appends compact JSON text, names in order: one spelling per value, and [`Json::parse`] reads it back.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(number) => number.spell(|piece| out.extend_from_slice(piece.as_bytes())),
            Self::Text(text) => quote(text, out),
            Self::List(list) => sequence(out, [b'[', b']'], list, Self::write),
            Self::Map(map) => sequence(out, [b'{', b'}'], map, |(name, value), out| {
                quote(name, out);
                out.push(b':');
                value.write(out);
            }),
        }
    }
}

/// Appends `text` as a JSON string on one line: quotes, backslashes and control characters escaped, everything else as it is.
pub fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|b| needs_escape(*b)) {
        let (clean, from) = rest.split_at(at);
        out.extend_from_slice(clean);
        escape(from[0], out);
        rest = &from[1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\' || byte == 0x7f
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        other => out.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[usize::from(other >> 4)], HEX[usize::from(other & 15)]]),
    }
}

/// Appends `items` between brackets, with commas.
pub fn sequence<T>(out: &mut Vec<u8>, [open, close]: [u8; 2], items: impl IntoIterator<Item = T>, mut write: impl FnMut(T, &mut Vec<u8>)) {
    out.push(open);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Json {
        Json::Number(Number::parse(text).expect("a number"))
    }

    fn text(value: &Json) -> String {
        let mut out = Vec::new();
        value.write(&mut out);
        String::from_utf8(out).expect("utf-8")
    }

    #[test]
    fn digits_survive_where_floats_would_round() {
        let read = Json::parse(" { \"b\" : [ 12345678901234567890.123456789 , -0 , 1e2 ], \"a\":null } ").expect("reads");
        let list = Json::List(vec![number("12345678901234567890.123456789"), number("0"), number("100")]);
        assert_eq!(read, Json::Map([("a".to_owned(), Json::Null), ("b".to_owned(), list)].into()));
        assert_eq!(text(&read), r#"{"a":null,"b":[12345678901234567890.123456789,0,100]}"#);
    }

    #[test]
    fn strings_are_unescaped_strictly() {
        assert_eq!(Json::parse(r#""a\u00e9\n\ud83d\ude00\"\\é""#), Ok(Json::Text("aé\n😀\"\\é".to_owned())));
        for bad in [r#""\ud800""#, r#""\x""#, "\"a\nb\"", "\"abc", r#""abc\"#, r#""\u12""#] {
            assert!(Json::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_control_character_is_escaped() {
        for c in (0..0x20_u8).chain([0x7f]).map(char::from) {
            let written = text(&Json::Text(format!("a{c}b")));
            assert!(!written.contains(c), "{written:?}");
            assert_eq!(Json::parse(&written), Ok(Json::Text(format!("a{c}b"))));
        }
    }

    #[test]
    fn duplicate_names_are_refused_also_when_spelled_differently() {
        assert_eq!(
            Json::parse(r#"{"secret":1,"secr\u0065t":2}"#),
            Err("the JSON name at byte 12 occurs twice in one object; only one value could be kept".to_owned())
        );
    }

    #[test]
    fn what_json_forbids_is_refused() {
        let table = [
            "",
            " ",
            "+1",
            ".5",
            "5.",
            "007",
            "-",
            "1e",
            "--1",
            "01",
            "1.e5",
            "NaN",
            "Infinity",
            "nul",
            "tru",
            "[1,]",
            "[1 2]",
            "[",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "1 2",
            "null x",
            "]",
            "1e99999999999999999999",
            "é",
            "\u{feff}1",
        ];
        for bad in table {
            assert!(Json::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn nesting_ends_in_an_error_and_not_in_the_stack() {
        assert!(Json::parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
        assert!(Json::parse(&format!("{}{}", "[".repeat(129), "]".repeat(129))).is_err());
        assert_eq!(Json::parse(&"[".repeat(1_000_000)), Err("not JSON at byte 128: nested more than 128 deep".to_owned()));
        assert!(Json::parse(&"{\"a\":".repeat(1_000_000)).is_err());
    }

    #[test]
    fn errors_never_hold_the_text() {
        for bad in [r#"{"hunter2":hunter2}"#, r#"["hunter2" 1]"#, r#"{"hunter2":1,"hunter2":1}"#, r#""hunter2\x""#, "hunter2"] {
            assert!(!Json::parse(bad).expect_err("bad").contains("hunter2"), "{bad}");
        }
    }

    pub(crate) fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            "-?[0-9]{1,30}(\\.[0-9]{1,10})?(e-?[0-9]{1,3})?".prop_map(|t| number(&t)),
            any::<String>().prop_map(Json::Text),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::List),
                prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(Json::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in any_json()) {
            let written = text(&value);
            prop_assert!(!written.bytes().any(|b| b < 0x20));
            prop_assert_eq!(Json::parse(&written), Ok(value));
        }

        #[test]
        fn agrees_with_serde_json_on_what_is_json(text in "[\\[\\]{}:,\"a0-9.eE+\\-nultrfs \\\\]{0,16}") {
            let ours = Json::parse(&text);
            let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text);
            // RawValue skips over duplicate names and numbers of any size, as do we but for duplicates.
            if ours.is_ok() {
                prop_assert!(theirs.is_ok(), "{}", text);
            } else if theirs.is_ok() {
                let fault = ours.expect_err("checked");
                prop_assert!(fault.contains("twice") || fault.contains("number"), "{} {}", text, fault);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _unused = Json::parse(&text);
        }
    }
}
