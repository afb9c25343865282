//! Access patterns to the model: conditions and their operands, typed by the key where the key tells the type.

use crate::mapping::{Number, Value};
use crate::resource::KeyKind;
use crate::stack::finding::Findings;
use crate::stack::lint::access as lint;
use crate::stack::model::{Access, AccessQuery, Condition, Operand, TableSpec};
use crate::stack::nearest::hint;
use crate::stack::syntax::File;
use crate::stack::syntax::access::{Access as Syntax, Comparison, Condition as Written, Query};
use crate::stack::syntax::span::At;
use crate::stack::syntax::union::{Scalar, Union};
use std::collections::BTreeMap;

/// Every pattern that can be read; what cannot was said.
pub(super) fn patterns(file: &File, tables: &BTreeMap<String, TableSpec>, found: &mut Findings<'_>) -> Vec<Access> {
    let mut all: Vec<Access> = Vec::new();
    for at in &file.access {
        let Some(access) = pattern(at, file, tables, found) else { continue };
        if let Some(name) = at.value.name.as_ref().filter(|n| all.iter().any(|a| a.name == n.value)) {
            found.error(&name.span, format!("another access pattern is called `{}` too", name.value));
        }
        all.push(access);
    }
    all
}

fn pattern(at: &At<Syntax>, file: &File, tables: &BTreeMap<String, TableSpec>, found: &mut Findings<'_>) -> Option<Access> {
    let syntax = &at.value;
    if let Some(name) = syntax.name.as_ref().filter(|n| n.value.trim().is_empty()) {
        found.error(&name.span, "an access pattern has a name");
    }
    let query = syntax.query.as_ref().and_then(|q| query(q, file, tables, found));
    let (name, sql, query) = (syntax.name.as_ref()?, syntax.sql.as_ref()?, query?);
    lint::parameters(sql, syntax.params_from.as_ref(), &query, found);
    Some(Access {
        name: name.value.clone(),
        sql: sql.value.clone(),
        query,
        params_from: syntax.params_from.as_ref().map(|p| p.value.clone()),
    })
}

fn query(at: &At<Query>, file: &File, tables: &BTreeMap<String, TableSpec>, found: &mut Findings<'_>) -> Option<AccessQuery> {
    let syntax = &at.value;
    let table = syntax.table.as_ref()?;
    if !file.table.contains_key(table) {
        let help = hint(&table.value, "tables of this stack", file.table.keys().map(|k| k.value.as_str()));
        found.error_maybe(&table.span, format!("this stack has no table `{}`", table.value), help);
    }
    // Without a table that could be read there is nothing to check the rest against, and that table's errors are already said.
    let spec = tables.get(&table.value)?;
    let target = lint::target(spec, syntax, found)?;
    let kind = |attribute: &str| target.key.parts().find(|p| p.name == attribute).map(|p| p.kind);
    let written = syntax.key.as_ref()?;
    let mut key = conditions(&written.value, kind, found);
    let position = |name: &str| target.key.parts().position(|p| p.name == name);
    key.sort_by_key(|(name, _)| position(name));
    let filter = conditions(&syntax.filter, |name| lint::key_kind(spec, name), found);
    let returns = syntax.returns.as_ref()?;
    lint::key_conditions(written, &key, &target, found);
    lint::attributes(syntax, &target, spec, found);
    Some(AccessQuery {
        table: table.value.clone(),
        index: syntax.index.as_ref().map(|i| i.value.clone()),
        key,
        filter,
        returns: returns.value.iter().map(|r| r.value.clone()).collect(),
        ordered: syntax.ordered.unwrap_or(false),
    })
}

/// `kind`: the attribute's type, where a key tells it.
fn conditions(
    written: &BTreeMap<At<String>, At<Written>>,
    kind: impl Fn(&str) -> Option<KeyKind>,
    found: &mut Findings<'_>,
) -> Vec<(String, Condition)> {
    let mut all = Vec::new();
    for (attribute, at) in written {
        let kind = kind(&attribute.value);
        let read = match &at.value {
            Union::Short(scalar) => operand(&At { span: at.span.clone(), value: scalar.clone() }, kind, found).map(Condition::Equals),
            Union::Long(comparison) => compare(&At { span: at.span.clone(), value: comparison }, kind, found),
        };
        all.extend(read.map(|condition| (attribute.value.clone(), condition)));
    }
    all
}

fn compare(at: &At<&Comparison>, kind: Option<KeyKind>, found: &mut Findings<'_>) -> Option<Condition> {
    let c = at.value;
    let given = [c.equals.is_some(), c.begins_with.is_some(), c.at_least.is_some(), c.at_most.is_some(), c.between.is_some()];
    if given.iter().filter(|g| **g).count() != 1 {
        let help = "for a range write between = [from, to]";
        found.error_with(&at.span, "a condition has exactly one of `equals`, `begins_with`, `at_least`, `at_most` and `between`", help);
        return None;
    }
    if let Some(prefix) = &c.begins_with {
        if kind == Some(KeyKind::N) {
            found.error(&prefix.span, "`begins_with` needs text, and this attribute is a number");
            return None;
        }
        return operand(prefix, kind, found).map(Condition::BeginsWith);
    }
    if let Some(between) = &c.between {
        let [low, high] = between.value.as_slice() else {
            found.error(&between.span, "`between` has two values: from and to");
            return None;
        };
        let (low, high) = (operand(low, kind, found), operand(high, kind, found));
        return Some(Condition::Between(low?, high?));
    }
    let single = |value: &Option<At<Scalar>>, found: &mut Findings<'_>| value.as_ref().and_then(|v| operand(v, kind, found));
    single(&c.equals, found)
        .map(Condition::Equals)
        .or_else(|| single(&c.at_least, found).map(Condition::AtLeast))
        .or_else(|| single(&c.at_most, found).map(Condition::AtMost))
}

/// A constant where no `:name` stands in it.
fn operand(at: &At<Scalar>, kind: Option<KeyKind>, found: &mut Findings<'_>) -> Option<Operand> {
    match (&at.value, kind) {
        (Scalar::Text(text), kind) if !lint::names(text).is_empty() => parametrised(&at.span, text, kind, found),
        (Scalar::Text(text), Some(KeyKind::N)) => match Number::parse(text) {
            Some(number) => Some(Operand::Constant(Value::Number(number))),
            None => refuse(&at.span, "this attribute is a number, and the constant is none", found),
        },
        (_, Some(KeyKind::B)) => refuse(&at.span, "this attribute is binary: only a parameter can be compared with it", found),
        (Scalar::Text(text), _) => Some(Operand::Constant(Value::Text(text.clone()))),
        (Scalar::Integer(_), Some(KeyKind::S)) => refuse(&at.span, "this attribute is text: put the constant in quotes", found),
        (Scalar::Integer(number), _) => Some(Operand::Constant(Value::Number(Number::from(*number)))),
        (Scalar::Bool(_), Some(_)) => refuse(&at.span, "a key attribute is never true or false", found),
        (Scalar::Bool(flag), None) => Some(Operand::Constant(Value::Bool(*flag))),
    }
}

fn parametrised(span: &std::ops::Range<usize>, text: &str, kind: Option<KeyKind>, found: &mut Findings<'_>) -> Option<Operand> {
    let lone = lint::names(text).first().is_some_and(|name| text.len() == name.len() + 1);
    if !lone && matches!(kind, Some(KeyKind::N | KeyKind::B)) {
        return refuse(span, "this attribute is not text: the parameter stands alone, as in \":id\"", found);
    }
    Some(Operand::Parameters(text.to_owned()))
}

fn refuse(span: &std::ops::Range<usize>, message: &str, found: &mut Findings<'_>) -> Option<Operand> {
    found.error(span, message);
    None
}
