//! `"ORDER#{ord_id}"`: text with placeholders, forward from a row and backward from a key.
//!
//! Purpose: one declaration makes the key of an item and, read backward, names the SQL row behind an item.
//! Rules: backward answers only when the text fits in exactly one way; two ways are no answer, never a choice. Forward, a NULL
//! column makes the whole text NULL: `CUST#` is nobody's key.
//! Key insight: match every separator as early as possible, then as late as possible; equal answers mean there is only one.
//! Called by `stack` (parse), `encode` (forward), `validate` (backward, through [`read_key`](super::encode::read_key)).

use super::{Row, Unmappable, Value};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Text with `{column}` placeholders; `{{` and `}}` are literal braces. One placeholder and nothing else keeps the column's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Text(String),
    Column(String),
}

impl Template {
    /// Reads the syntax; the error says what is wrong and at which byte offset of `text`.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let offset = text.len() - rest.len() + at;
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(after) = after.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
            } else if brace == "}" {
                return Err((offset, "a `}` that closes nothing; write `}}` for a brace in the text".to_owned()));
            } else {
                let name = column_name(after).map_err(|what| (offset, what))?;
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                parts.push(Part::Column(name.to_owned()));
                rest = &after[name.len() + 1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The column, when the template is one placeholder and nothing else.
    pub fn lone_column(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Column(column)] => Some(column),
            _ => None,
        }
    }

    /// The columns that it names, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| if let Part::Column(c) = p { Some(c.as_str()) } else { None })
    }

    /// Whether any column is named; otherwise it is a constant.
    pub fn is_constant(&self) -> bool {
        self.columns().next().is_none()
    }

    /// Forward: the text for `row`; `None` when a column of it is NULL. `zone` as in [`Value::text`].
    pub fn render(&self, row: &Row, zone: Option<&TimeZone>) -> Result<Option<String>, Unmappable> {
        self.render_with(zone, |_, column| row.get(column))
    }

    /// As [`Template::render`], from values found by the caller: `value(i, name)` is that of the i-th column named.
    pub fn render_with<'v>(
        &self,
        zone: Option<&TimeZone>,
        value: impl Fn(usize, &str) -> Option<&'v Value>,
    ) -> Result<Option<String>, Unmappable> {
        let mut out = String::new();
        let mut nth = 0;
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Column(column) => {
                    let value = value(nth, column).ok_or_else(|| Unmappable::because(format!("the row has no column `{column}`")))?;
                    nth += 1;
                    if !push_value(column, value, zone, &mut out)? {
                        return Ok(None);
                    }
                }
            }
        }
        Ok(Some(out))
    }

    /// Backward: the text of each column, where `text` fits the template in exactly one way. A column named twice must have
    /// the same text in both places, and is given once.
    pub fn read(&self, text: &str) -> Option<Vec<(String, String)>> {
        let (columns, literals) = self.alternate();
        let (prefix, between, suffix) = match literals.as_slice() {
            [only] => return (only == text).then(Vec::new),
            [prefix, between @ .., suffix] => (prefix, between, suffix),
            [] => return None,
        };
        let middle = text.strip_prefix(prefix.as_str())?.strip_suffix(suffix.as_str())?;
        let early = split_early(middle, between)?;
        if early != split_late(middle, between)? {
            return None;
        }
        agree(columns.into_iter().zip(early).map(|(column, text)| (column.to_owned(), text.to_owned())))
    }

    /// The columns, and the literal text before, between and after them (one more than columns; may be empty).
    fn alternate(&self) -> (Vec<&str>, Vec<String>) {
        let mut columns = Vec::new();
        let mut literals = vec![String::new()];
        for part in &self.parts {
            match part {
                Part::Text(text) => literals.last_mut().expect("invariant: never empty").push_str(text),
                Part::Column(column) => {
                    columns.push(column.as_str());
                    literals.push(String::new());
                }
            }
        }
        (columns, literals)
    }
}

/// The name up to the closing brace.
fn column_name(after: &str) -> Result<&str, String> {
    let end = after.find(['{', '}']).filter(|end| after[*end..].starts_with('}'));
    let name = after[..end.ok_or("a `{` that is never closed; write `{column}`, or `{{` for a brace in the text")?].trim();
    match (name.is_empty(), end.is_some_and(|end| name.len() < end)) {
        (true, _) => Err("a placeholder without a column name; write `{column}`".to_owned()),
        (_, true) => Err(format!("blanks inside a placeholder; write `{{{name}}}`")),
        _ => Ok(name),
    }
}

fn push_value(column: &str, value: &Value, zone: Option<&TimeZone>, out: &mut String) -> Result<bool, Unmappable> {
    if value.is_impossible() {
        return Err(Unmappable::because(format!(
            "column `{column}` holds {}, which has no place in composed text; correct the row, or give it an attribute of its own with `type = \"S\"`",
            value.kind_name()
        )));
    }
    value.push_text(zone, out).map_err(|e| Unmappable::because(format!("column `{column}` holds {}", e.reason)))
}

/// Every separator as early as it can be; the last column takes what is left.
fn split_early<'t>(mut text: &'t str, between: &[String]) -> Option<Vec<&'t str>> {
    let mut found = Vec::with_capacity(between.len() + 1);
    for separator in between {
        let (column, rest) = text.split_once(separator.as_str())?;
        found.push(column);
        text = rest;
    }
    found.push(text);
    Some(found)
}

/// Every separator as late as it can be; the first column takes what is left.
fn split_late<'t>(mut text: &'t str, between: &[String]) -> Option<Vec<&'t str>> {
    let mut found = Vec::with_capacity(between.len() + 1);
    for separator in between.iter().rev() {
        let (rest, column) = text.rsplit_once(separator.as_str())?;
        found.push(column);
        text = rest;
    }
    found.push(text);
    found.reverse();
    Some(found)
}

/// Each column once, in order of first mention; `None` where two texts of one column differ.
pub(super) fn agree(found: impl IntoIterator<Item = (String, String)>) -> Option<Vec<(String, String)>> {
    let mut columns: Vec<(String, String)> = Vec::new();
    for (column, text) in found {
        match columns.iter().find(|(known, _)| *known == column) {
            Some((_, known)) if *known != text => return None,
            Some(_) => {}
            None => columns.push((column, text)),
        }
    }
    Some(columns)
}

impl std::fmt::Display for Template {
    /// The syntax that [`Template::parse`] reads.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Part::Column(column) => write!(f, "{{{column}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"))
    }

    fn read(syntax: &str, text: &str) -> Option<Vec<(String, String)>> {
        template(syntax).read(text)
    }

    fn columns(found: &[(&str, &str)]) -> Vec<(String, String)> {
        found.iter().map(|(c, t)| ((*c).to_owned(), (*t).to_owned())).collect()
    }

    #[test]
    fn the_syntax_is_text_placeholders_and_doubled_braces() {
        let parts = template("a{{b}}#{c d}-{é}").parts;
        let text = |t: &str| Part::Text(t.to_owned());
        let column = |c: &str| Part::Column(c.to_owned());
        assert_eq!(parts, [text("a{b}#"), column("c d"), text("-"), column("é")]);
        assert_eq!(template("").parts, []);
        assert_eq!(template("{{{a}}}").parts, [text("{"), column("a"), text("}")]);
        assert_eq!(template("{user_id}").lone_column(), Some("user_id"));
        assert_eq!(template("U#{user_id}").lone_column(), None);
        assert!(template("CONST").is_constant());
    }

    #[test]
    fn faults_say_where_and_what_to_write() {
        let table = [
            ("é{a", 2, "never closed"),
            ("ab}", 2, "closes nothing"),
            ("x{}", 1, "without a column name"),
            ("{ }", 0, "without a column name"),
            ("{ a }", 0, "write `{a}`"),
            ("{a{b}}", 0, "never closed"),
            ("{{a}", 3, "closes nothing"),
        ];
        for (text, offset, what) in table {
            let (at, message) = Template::parse(text).expect_err(text);
            assert_eq!(at, offset, "{text}");
            assert!(message.contains(what), "{text}: {message}");
        }
    }

    #[test]
    fn backward_answers_only_where_one_split_fits() {
        assert_eq!(read("ORDER#{id}", "ORDER#17"), Some(columns(&[("id", "17")])));
        assert_eq!(read("ORDER#{id}", "CUST#17"), None);
        assert_eq!(read("{a}#{b}", "1#2"), Some(columns(&[("a", "1"), ("b", "2")])));
        assert_eq!(read("{a}#{b}", "1#2#3"), None);
        assert_eq!(read("{a}#{b}", "12"), None);
        assert_eq!(read("{a}{b}", "12"), None);
        assert_eq!(read("{a}{b}", ""), Some(columns(&[("a", ""), ("b", "")])));
        assert_eq!(read("{a}##{b}", "1###2"), None);
        assert_eq!(read("C#{a}#END", "C##END"), Some(columns(&[("a", "")])));
        assert_eq!(read("aba{x}aba", "ababa"), None);
        assert_eq!(read("{a}#{a}", "x#x"), Some(columns(&[("a", "x")])));
        assert_eq!(read("{a}#{a}", "x#y"), None);
        assert_eq!(read("PROFILE", "PROFILE"), Some(columns(&[])));
        assert_eq!(read("PROFILE", "PROFILE2"), None);
    }

    #[test]
    fn a_null_column_makes_the_text_null_and_an_impossible_one_refuses() {
        let row = |value| Row { columns: vec!["a".to_owned()].into(), values: vec![value] };
        let made = template("A#{a}");
        assert_eq!(made.render(&row(Value::Null), None), Ok(None));
        assert_eq!(made.render(&row(Value::Text("x".to_owned())), None), Ok(Some("A#x".to_owned())));
        let refused = made.render(&row(Value::Impossible("0000-00-00".to_owned())), None).expect_err("refused").to_string();
        assert!(refused.contains("`a`") && !refused.contains("0000"), "{refused}");
        assert!(template("{b}").render(&row(Value::Null), None).is_err());
    }

    fn any_template() -> impl Strategy<Value = Template> {
        let part = prop_oneof!["[#|{}a-c]{1,3}".prop_map(Part::Text), "[a-d]".prop_map(Part::Column)];
        prop::collection::vec(part, 0..6).prop_map(|parts| Template { parts })
    }

    /// Every way in which `text` fits, by brute force.
    fn ways(parts: &[Part], text: &str) -> Vec<Vec<(String, String)>> {
        match parts.split_first() {
            None => {
                if text.is_empty() {
                    vec![vec![]]
                } else {
                    vec![]
                }
            }
            Some((Part::Text(literal), rest)) => text.strip_prefix(literal.as_str()).map_or(vec![], |text| ways(rest, text)),
            Some((Part::Column(column), rest)) => (0..=text.len())
                .flat_map(|at| {
                    ways(rest, &text[at..]).into_iter().map(move |way| {
                        let mut all = vec![(column.clone(), text[..at].to_owned())];
                        all.extend(way);
                        all
                    })
                })
                .collect(),
        }
    }

    proptest! {
        #[test]
        fn syntax_round_trips(made in any_template()) {
            let again = template(&made.to_string());
            prop_assert_eq!(again.to_string(), made.to_string());
            prop_assert_eq!(again.alternate(), made.alternate());
        }

        #[test]
        fn backward_finds_what_brute_force_finds(made in any_template(), text in "[#|{}a-c]{0,8}") {
            let all = ways(&made.parts, &text);
            let expected = if all.len() == 1 { agree(all.into_iter().next().expect("one")) } else { None };
            prop_assert_eq!(made.read(&text), expected);
        }

        #[test]
        fn forward_then_backward_is_the_row_or_nothing(made in any_template(), values in prop::collection::vec("[#|xyz]{0,3}", 4)) {
            let columns: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
            let row = Row { columns: columns.into(), values: values.into_iter().map(Value::Text).collect() };
            let text = made.render(&row, None).expect("renders").expect("no NULL");
            for (column, found) in made.read(&text).unwrap_or_default() {
                prop_assert_eq!(row.get(&column), Some(&Value::Text(found)));
            }
        }

        #[test]
        fn a_separator_that_no_value_holds_makes_it_invertible(values in prop::collection::vec("[^#]{0,5}", 3)) {
            let made = template("P#{a}#{b}#{c}");
            let text = format!("P#{}", values.join("#"));
            let found: Vec<String> = made.read(&text).expect("one way").into_iter().map(|(_, t)| t).collect();
            prop_assert_eq!(found, values);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}|[{}a ]{0,12}") {
            if let Ok(made) = Template::parse(&text) {
                let _unused = made.read(&text);
            }
        }
    }
}
