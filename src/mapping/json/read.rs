//! The reader of JSON text, by RFC 8259. Rules and reasons: [`super`].

use super::Json;
use crate::mapping::Number;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Lists and objects within each other; DynamoDB itself ends at 32.
const MAX_DEPTH: usize = 128;

/// The one value that `text` is.
pub(super) fn whole(text: &str) -> Result<Json, String> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.fault("more text after the value")) } else { Ok(value) }
}

/// `at` is always on a character boundary: it only ever moves over ASCII or over whole strings.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn fault(&self, what: &str) -> String {
        format!("not JSON at byte {}: {what}", self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Moves over `byte` (and blanks before it) if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Json, String> {
        self.blanks();
        match self.peek() {
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.word(),
            None => Err(self.fault("a value is missing")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, String>) -> Result<Json, String> {
        if self.depth == MAX_DEPTH {
            return Err(self.fault("nested more than 128 deep"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Json, String> {
        let mut list = Vec::new();
        if self.take(b']') {
            return Ok(Json::List(list));
        }
        loop {
            list.push(self.value()?);
            if self.take(b']') {
                return Ok(Json::List(list));
            }
            if !self.take(b',') {
                return Err(self.fault("`,` or `]` is missing"));
            }
        }
    }

    fn map(&mut self) -> Result<Json, String> {
        let mut map = BTreeMap::new();
        if self.take(b'}') {
            return Ok(Json::Map(map));
        }
        loop {
            self.member(&mut map)?;
            if self.take(b'}') {
                return Ok(Json::Map(map));
            }
            if !self.take(b',') {
                return Err(self.fault("`,` or `}` is missing"));
            }
        }
    }

    fn member(&mut self, map: &mut BTreeMap<String, Json>) -> Result<(), String> {
        self.blanks();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.fault("a name in quotes is missing"));
        }
        let name = self.string()?;
        if !self.take(b':') {
            return Err(self.fault("`:` is missing"));
        }
        let value = self.value()?;
        match map.entry(name) {
            Entry::Occupied(_) => Err(format!("the JSON name at byte {start} occurs twice in one object; only one value could be kept")),
            Entry::Vacant(entry) => {
                entry.insert(value);
                Ok(())
            }
        }
    }

    fn word(&mut self) -> Result<Json, String> {
        let rest = &self.text[self.at..];
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.fault("no value begins like this"))
    }

    fn number(&mut self) -> Result<Json, String> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|b| !matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')).unwrap_or(rest.len());
        let token = &rest[..length];
        let number = if is_json_number(token) { Number::parse(token) } else { None };
        let number = number.ok_or_else(|| self.fault("a bad number"))?;
        self.at += length;
        Ok(Json::Number(number))
    }

    fn string(&mut self) -> Result<String, String> {
        let (end, escaped) = self.string_end()?;
        let token = &self.text[self.at..end];
        let text = if escaped {
            serde_json::from_str(token).map_err(|_| self.fault("a string with a bad escape (a lone surrogate, or no escape of JSON)"))?
        } else {
            token[1..token.len() - 1].to_owned()
        };
        self.at = end;
        Ok(text)
    }

    /// One past the closing quote of the string that begins at `at`, and whether it holds escapes.
    fn string_end(&self) -> Result<(usize, bool), String> {
        let mut escaped = false;
        let mut bytes = self.text.bytes().enumerate().skip(self.at + 1);
        while let Some((i, byte)) = bytes.next() {
            match byte {
                b'"' => return Ok((i + 1, escaped)),
                b'\\' => {
                    escaped = true;
                    bytes.next();
                }
                0..0x20 => return Err(format!("not JSON at byte {i}: a control character inside a string")),
                _ => {}
            }
        }
        Err(self.fault("a string that does not end"))
    }
}

/// Which spellings [`Number::parse`] takes and JSON does not: `+1`, `.5`, `5.`, `007`.
fn is_json_number(token: &str) -> bool {
    let unsigned = token.strip_prefix('-').unwrap_or(token);
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    !whole.is_empty() && !whole.starts_with('+') && (whole == "0" || !whole.starts_with('0')) && fraction != Some("")
}
