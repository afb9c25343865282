//! What DynamoDB asks of a query, and what makes an access pattern comparable.
//!
//! Sources: DynamoDB developer guide, "Key condition expressions" and "Multi-attribute keys" (all partition attributes by equality; sort
//! attributes from the left without a gap, only the last by a range).

use crate::resource::{Key, KeyKind, Projection};
use crate::stack::finding::Findings;
use crate::stack::lower::reads;
use crate::stack::model::{AccessQuery, Condition, Operand, TableSpec};
use crate::stack::nearest::{hint, list};
use crate::stack::syntax::access::{Condition as Written, Query};
use crate::stack::syntax::span::At;
use std::collections::{BTreeMap, BTreeSet};

/// What a query reads: the table or one of its indexes.
pub(crate) struct Target<'t> {
    pub name: String,
    pub key: &'t Key,
    projection: &'t Projection,
}

/// The table itself, or the index that the query names.
pub(crate) fn target<'t>(spec: &'t TableSpec, query: &Query, found: &mut Findings<'_>) -> Option<Target<'t>> {
    let table = &spec.table;
    let Some(at) = &query.index else {
        return Some(Target { name: "the table".to_owned(), key: &table.key, projection: &Projection::All });
    };
    let name = format!("index `{}`", at.value);
    if let Some(index) = table.indexes.get(&at.value) {
        return Some(Target { name, key: &index.key, projection: &index.projection });
    }
    if let Some(local) = table.locals.get(&at.value) {
        return Some(Target { name, key: &local.key, projection: &local.projection });
    }
    let names = table.indexes.keys().chain(table.locals.keys()).map(String::as_str);
    let help = hint(&at.value, "its indexes", names).unwrap_or_else(|| "the table has no index: leave `index` out".to_owned());
    found.error_with(&at.span, format!("the table has no index `{}`", at.value), help);
    None
}

/// The type of an attribute, where some key of the table tells it.
pub(crate) fn key_kind(spec: &TableSpec, attribute: &str) -> Option<KeyKind> {
    let others = spec.table.indexes.values().map(|i| &i.key).chain(spec.table.locals.values().map(|l| &l.key));
    std::iter::once(&spec.table.key).chain(others).flat_map(Key::parts).find(|p| p.name == attribute).map(|p| p.kind)
}

/// The key's conditions against the target's key.
pub(crate) fn key_conditions(
    written: &At<BTreeMap<At<String>, At<Written>>>,
    conditions: &[(String, Condition)],
    target: &Target<'_>,
    found: &mut Findings<'_>,
) {
    let parts: Vec<&str> = target.key.parts().map(|p| p.name.as_str()).collect();
    for name in written.value.keys().filter(|n| !parts.contains(&n.value.as_str())) {
        let help = format!("its key is {}; other attributes go into `filter`", list(&parts));
        found.error_with(&name.span, format!("`{}` is not in the key of {}", name.value, target.name), help);
    }
    for part in &target.key.partition {
        match (written.value.get_key_value(part.name.as_str()), conditions.iter().find(|(n, _)| *n == part.name)) {
            (None, _) => found.error(&written.span, format!("a query of {} needs `{}`, which partitions it", target.name, part.name)),
            (Some((at, _)), Some((_, condition))) if !matches!(condition, Condition::Equals(_)) => {
                found.error(&at.span, format!("`{}` partitions {}: a query can only ask for one value of it", part.name, target.name));
            }
            _ => {}
        }
    }
    sort_conditions(written, conditions, target, found);
}

fn sort_conditions(
    written: &At<BTreeMap<At<String>, At<Written>>>,
    conditions: &[(String, Condition)],
    target: &Target<'_>,
    found: &mut Findings<'_>,
) {
    let mut closed: Option<&str> = None;
    for part in &target.key.sort {
        let Some((at, _)) = written.value.get_key_value(part.name.as_str()) else {
            closed = closed.or(Some(&part.name));
            continue;
        };
        if let Some(before) = closed {
            found.error(&at.span, format!("`{}` comes after `{before}` in the key, which must be asked for by equality first", part.name));
        }
        let ranged = conditions.iter().any(|(n, c)| *n == part.name && !matches!(c, Condition::Equals(_)));
        closed = closed.or(ranged.then_some(&part.name));
    }
}

/// Filters and returned attributes: known, carried by the index, and not conditions that belong to the key.
pub(crate) fn attributes(query: &Query, target: &Target<'_>, spec: &TableSpec, found: &mut Findings<'_>) {
    let known = known(spec);
    for name in query.filter.keys() {
        if target.key.parts().any(|p| p.name == name.value) {
            found.error(&name.span, format!("`{}` is in the key of {}: put it into `key`", name.value, target.name));
        }
        attribute(name, known.as_ref(), target, spec, found);
    }
    let Some(returns) = &query.returns else { return };
    if returns.value.is_empty() {
        found.error(&returns.span, "`returns` is empty: there would be nothing to compare");
    }
    for name in &returns.value {
        attribute(name, known.as_ref(), target, spec, found);
    }
}

fn attribute(name: &At<String>, known: Option<&BTreeSet<&str>>, target: &Target<'_>, spec: &TableSpec, found: &mut Findings<'_>) {
    if let Some(known) = known.filter(|k| !k.contains(name.value.as_str())) {
        let help = hint(&name.value, "its attributes", known.iter().copied());
        found.error_maybe(&name.span, format!("no rows block of the table makes `{}`", name.value), help);
        return;
    }
    let in_key = spec.table.key.parts().chain(target.key.parts()).any(|p| p.name == name.value);
    let carried = match target.projection {
        Projection::All => true,
        Projection::Keys => in_key,
        Projection::Include(names) => in_key || names.contains(&name.value),
    };
    if !carried {
        found.error_with(&name.span, format!("{} does not carry `{}`", target.name, name.value), "project it, or query the table");
    }
}

/// The attributes that the table's items can have; `None`: nobody can tell (no rows, or a `"*"` rule).
fn known(spec: &TableSpec) -> Option<BTreeSet<&str>> {
    if spec.rows.is_empty() || spec.rows.iter().any(|m| m.shape.rest.is_some()) {
        return None;
    }
    Some(spec.rows.iter().flat_map(|m| m.shape.rules.keys().chain(m.many.keys())).map(String::as_str).collect())
}

/// Parameters: where they come from, and that both halves ask the same question.
pub(crate) fn parameters(sql: &At<String>, from: Option<&At<String>>, query: &AccessQuery, found: &mut Findings<'_>) {
    if !reads(&sql.value) {
        found.error_with(&sql.span, "`sql` is no query", "it begins with select, with or values");
    }
    if let Some(from) = from.filter(|f| !reads(&f.value)) {
        found.error_with(&from.span, "`params_from` is no query", "it begins with select, with or values");
    }
    let asked = sql_names(&sql.value);
    let used: BTreeSet<&str> = query.key.iter().chain(&query.filter).flat_map(|(_, c)| operands(c)).flat_map(names).collect();
    for name in used.iter().filter(|n| !asked.contains(**n)) {
        let help = hint(name, "its parameters", asked.iter().copied()).unwrap_or_else(|| format!("use :{name} in `sql` too"));
        found.error_with(&sql.span, format!("the query uses `:{name}` and the SQL does not: they ask different questions"), help);
    }
    match from {
        None if !asked.is_empty() => {
            let names: Vec<&str> = asked.iter().copied().collect();
            let help = format!("write params_from = \"select {} from …\"", names.join(", "));
            found.error_with(&sql.span, format!("nothing says which values {} take", list(&names)), help);
        }
        Some(from) if asked.is_empty() => found.error(&from.span, "`params_from` has no use: the SQL has no parameter"),
        _ => {}
    }
}

fn operands(condition: &Condition) -> Vec<&str> {
    let all = match condition {
        Condition::Equals(o) | Condition::BeginsWith(o) | Condition::AtLeast(o) | Condition::AtMost(o) => vec![o],
        Condition::Between(low, high) => vec![low, high],
    };
    all.into_iter().filter_map(|o| if let Operand::Parameters(text) = o { Some(text.as_str()) } else { None }).collect()
}

/// The names of `:name` parameters in an operand's text.
pub(crate) fn names(text: &str) -> Vec<&str> {
    text.match_indices(':').filter_map(|(at, _)| name_at(&text[at + 1..])).collect()
}

/// The names of `:name` parameters in SQL: not in quotes or comments, not `::casts`.
fn sql_names(sql: &str) -> BTreeSet<&str> {
    let (mut found, mut at) = (BTreeSet::new(), 0);
    while let Some(rest) = sql.get(at..).filter(|r| !r.is_empty()) {
        let first = rest.chars().next().map_or(1, char::len_utf8);
        at += match rest.as_bytes()[0] {
            quote @ (b'\'' | b'"' | b'`') => 1 + rest[1..].find(quote as char).map_or(rest.len(), |end| end + 1),
            b'-' if rest.starts_with("--") => rest.find('\n').map_or(rest.len(), |end| end + 1),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            b':' if rest.starts_with("::") => 2,
            b':' => {
                found.extend(name_at(&rest[1..]));
                1
            }
            _ => first,
        };
    }
    found
}

fn name_at(rest: &str) -> Option<&str> {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    rest.get(..end).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_operands() {
        for (text, want) in [
            (":p", vec!["p"]),
            ("DETL|:cat|:n_1", vec!["cat", "n_1"]),
            ("12:30", vec![]),
            ("a", vec![]),
            (":", vec![]),
            ("é:é:x", vec!["x"]),
        ] {
            assert_eq!(names(text), want, "{text}");
        }
    }

    #[test]
    fn parameters_of_sql_are_not_quotes_casts_or_comments() {
        let sql = "select ':a', \":b\", x::text -- :c\n /* :d */ from t where e = :e and f = :f and '12:g";
        assert_eq!(sql_names(sql).into_iter().collect::<Vec<_>>(), ["e", "f"]);
    }

    #[test]
    fn a_difference_and_a_quotient_are_no_comments() {
        assert_eq!(sql_names("select a-:b, a/:c from t").into_iter().collect::<Vec<_>>(), ["b", "c"]);
    }
}
