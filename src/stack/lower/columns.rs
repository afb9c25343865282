//! Lists of columns, relations and conditions on columns: what `rows` and `many` have in common.

use crate::mapping::Relation;
use crate::mapping::rule::{Test, When};
use crate::stack::finding::Findings;
use crate::stack::syntax::item::When as WhenSyntax;
use crate::stack::syntax::span::At;
use std::ops::Range;

/// The names, none empty, none twice.
pub(super) fn list(columns: &[At<String>], what: &str, found: &mut Findings<'_>) -> Vec<String> {
    for (i, column) in columns.iter().enumerate() {
        if column.value.is_empty() {
            found.error(&column.span, format!("{what} names an empty column"));
        } else if columns[..i].contains(column) {
            found.error(&column.span, format!("{what} names `{}` twice", column.value));
        }
    }
    columns.iter().map(|c| c.value.clone()).collect()
}

/// Exactly one of `from` and `query`.
pub(super) fn relation(
    whose: &str,
    place: &Range<usize>,
    from: Option<&At<String>>,
    query: Option<&At<String>>,
    found: &mut Findings<'_>,
) -> Option<Relation> {
    match (from, query) {
        (Some(name), None) if name.value.trim().is_empty() => found.error(&name.span, format!("`from` of {whose} is empty")),
        (Some(name), None) => return Some(Relation::Named(name.value.clone())),
        (None, Some(query)) if !reads(&query.value) => {
            found.error_with(&query.span, format!("`query` of {whose} is no query"), "it begins with select, with or values");
        }
        (None, Some(query)) => return Some(Relation::Query(query.value.clone())),
        (None, None) => {
            found.error_with(place, format!("{whose} reads from nothing"), "write from = \"a table or view\", or query = '''select …'''");
        }
        (Some(_), Some(query)) => found.error(&query.span, format!("{whose} has `from` and `query`: it reads from one of them")),
    }
    None
}

/// Whether SQL text begins as a statement that reads. The session is read-only whatever this says; this only finds slips early.
pub(crate) fn reads(sql: &str) -> bool {
    let mut rest = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    ["select", "with", "values"].contains(&word.as_str())
}

/// Exactly one test on one column.
pub(super) fn when(at: &At<WhenSyntax>, found: &mut Findings<'_>) -> Option<When> {
    let syntax = &at.value;
    let mut tests = Vec::new();
    for (flag, name, other, test) in
        [(&syntax.not_null, "not_null", "is_null", Test::NotNull), (&syntax.is_null, "is_null", "not_null", Test::IsNull)]
    {
        match flag {
            Some(on) if on.value => tests.push(test),
            Some(off) => {
                found.error_with(&off.span, format!("`{name} = false` says nothing"), format!("write {other} = true"));
                return None;
            }
            None => {}
        }
    }
    if let Some(values) = &syntax.one_of {
        if values.value.is_empty() {
            found.error(&values.span, "`one_of` is empty: no row would satisfy it");
        }
        // Values and not columns: the empty text is one.
        tests.push(Test::OneOf(values.value.iter().map(|v| v.value.clone()).collect()));
    }
    let column = syntax.column.as_ref()?;
    let (1, Some(test)) = (tests.len(), tests.pop()) else {
        found.error(&at.span, "a condition has exactly one of `not_null = true`, `is_null = true` and `one_of = [\"A\", \"B\"]`");
        return None;
    };
    Some(When { column: column.value.clone(), test })
}
