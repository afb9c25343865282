//! A table's rows against its keys: every item has its key, of a type that the key can have.
//!
//! What only the rows themselves can show (NULL in a key, two rows with one key) is the data plan's to find, before a load.

use crate::mapping::rule::{As, AttributeRule, Collapse, OnEmpty, OnNull, Rest};
use crate::resource::{Key, KeyKind, KeyPart, Table};
use crate::stack::finding::Findings;
use crate::stack::lower::{Lowered, type_word};
use crate::stack::syntax::table::Table as Syntax;
use std::collections::BTreeSet;
use std::ops::Range;

pub(crate) fn check(syntax: &Syntax, table: &Table, mappings: &[Lowered<'_>], found: &mut Findings<'_>) {
    for lowered in mappings {
        table.key.parts().for_each(|part| table_key(part, lowered, found));
        constant_key(table, lowered, found);
        index_keys(table, lowered, found);
        expiry(table, lowered, found);
        rest_collisions(lowered, found);
    }
    // A block that could not be read may have made what seems to be missing.
    if !mappings.is_empty() && mappings.len() == syntax.rows.len() {
        empty_indexes(syntax, table, mappings, found);
    }
}

/// Where an attribute's rule stands.
fn place(lowered: &Lowered<'_>, attribute: &str) -> Range<usize> {
    let item = lowered.at.value.item.as_ref();
    let rule = item.and_then(|i| i.value.rules.get(attribute)).map(|r| r.span.clone());
    let many = || lowered.at.value.many.get_key_value(attribute).map(|(name, _)| name.span.clone());
    rule.or_else(many).or_else(|| item.map(|i| i.span.clone())).unwrap_or_else(|| lowered.at.span.clone())
}

/// Whether the file has a rule for the attribute, even one that could not be read.
fn written(lowered: &Lowered<'_>, attribute: &str) -> bool {
    lowered.at.value.item.as_ref().is_some_and(|i| i.value.rules.contains_key(attribute))
}

/// Whether the `"*"` rule can make an attribute of this name from some column: a name in the rule's own style is its own renaming.
fn rest_makes(lowered: &Lowered<'_>, attribute: &str) -> bool {
    let shape = &lowered.mapping.shape;
    match shape.rest {
        None => false,
        Some(Rest::Same) => !shape.except.iter().any(|c| c == attribute),
        Some(rest) => rest.name(attribute).as_deref() == Some(attribute),
    }
}

/// A column that is known to be there (the block names it elsewhere) and whose renaming is already an attribute of its own.
fn rest_collisions(lowered: &Lowered<'_>, found: &mut Findings<'_>) {
    let (mapping, shape) = (&lowered.mapping, &lowered.mapping.shape);
    let Some(rest) = shape.rest else { return };
    let tested = mapping.when.iter().chain(shape.rules.values().filter_map(|r| r.when.as_ref())).map(|w| &w.column);
    let joined = mapping.many.values().flat_map(|m| m.on.iter().map(|(_, parent)| parent));
    let known: BTreeSet<&String> = mapping.key.iter().chain(&mapping.collapse_order).chain(tested).chain(joined).collect();
    let used: BTreeSet<&str> = shape.rules.values().flat_map(|r| r.from.columns()).chain(shape.except.iter().map(String::as_str)).collect();
    for column in known.into_iter().filter(|c| !used.contains(c.as_str())) {
        let Some(name) = rest.name(column).filter(|n| shape.rules.contains_key(n) || mapping.many.contains_key(n)) else { continue };
        let message = format!("`{name}` is made here, and by column `{column}` through \"*\" too");
        found.error_with(&place(lowered, &name), message, format!("leave the column out: \"*\" = {{ case = …, except = [\"{column}\"] }}"));
    }
}

fn table_key(part: &KeyPart, lowered: &Lowered<'_>, found: &mut Findings<'_>) {
    let (name, entity, span) = (&part.name, &lowered.mapping.entity, place(lowered, &part.name));
    if lowered.mapping.many.contains_key(name) {
        return found.error(&span, format!("`{name}` is the table's key and cannot be a list or map of children"));
    }
    let Some(rule) = lowered.mapping.shape.rules.get(name) else {
        if !written(lowered, name) && !rest_makes(lowered, name) {
            let message = format!("rows `{entity}` make no `{name}`, which is in the table's key");
            found.error_with(&span, message, format!("add {name} = \"{{column}}\" to the item"));
        }
        return;
    };
    key_rule(part, rule, &span, found);
    let dropped = if rule.when.is_some() {
        "`when`"
    } else if rule.on_empty == OnEmpty::Omit {
        "`empty = \"omit\"`"
    } else {
        return;
    };
    let message = format!("`{name}` is in the table's key, and {dropped} would leave some items without it");
    found.error_with(&span, message, "to leave rows out, put `when` on the rows block");
}

/// What holds for the keys of tables and indexes alike.
fn key_rule(part: &KeyPart, rule: &AttributeRule, span: &Range<usize>, found: &mut Findings<'_>) {
    let name = &part.name;
    if rule.on_null == OnNull::Null {
        found.error(span, format!("`{name}` is a key attribute: DynamoDB takes no NULL there"));
    }
    let wanted = part.kind;
    let (fits, made) = match (rule.kind, wanted) {
        (Some(As::S) | None, KeyKind::S) | (Some(As::N | As::Epoch), KeyKind::N) | (Some(As::B), KeyKind::B) => (true, ""),
        (Some(kind), _) => (false, type_word(kind)),
        (None, _) => (rule.from.lone_column().is_some(), "text"),
    };
    if !fits {
        let message = format!("`{name}` is a key attribute of type {wanted:?}, and this rule makes {made}");
        let help = match wanted {
            KeyKind::N if made == "text" => "write { from = \"…\", type = \"N\" }, or make the key attribute S".to_owned(),
            _ => format!("make the rule's type {wanted:?}, or change the type in the key"),
        };
        found.error_with(span, message, help);
    }
}

/// A key without any column is one item for all rows.
fn constant_key(table: &Table, lowered: &Lowered<'_>, found: &mut Findings<'_>) {
    let rules: Vec<Option<&AttributeRule>> = table.key.parts().map(|p| lowered.mapping.shape.rules.get(&p.name)).collect();
    let constant = rules.iter().all(|r| r.is_some_and(|r| r.from.is_constant()));
    if constant && lowered.mapping.collapse == Collapse::Refuse {
        let name = table.key.parts().next().map_or("", |p| p.name.as_str());
        let message = format!("the key of rows `{}` names no column: every row would be the same item", lowered.mapping.entity);
        found.error_with(&place(lowered, name), message, "put a {column} in the key");
    }
}

fn index_keys(table: &Table, lowered: &Lowered<'_>, found: &mut Findings<'_>) {
    let own: BTreeSet<&str> = table.key.parts().map(|p| p.name.as_str()).collect();
    let parts: BTreeSet<&KeyPart> = other_keys(table).flat_map(Key::parts).filter(|p| !own.contains(p.name.as_str())).collect();
    for part in parts {
        let span = place(lowered, &part.name);
        if lowered.mapping.many.contains_key(&part.name) {
            found.error(&span, format!("`{}` is an index's key and cannot be a list or map of children", part.name));
        } else if let Some(rule) = lowered.mapping.shape.rules.get(&part.name) {
            key_rule(part, rule, &span, found);
        }
    }
}

fn other_keys(table: &Table) -> impl Iterator<Item = &Key> {
    table.indexes.values().map(|i| &i.key).chain(table.locals.values().map(|l| &l.key))
}

/// An index that no rows block can put an item into.
fn empty_indexes(syntax: &Syntax, table: &Table, mappings: &[Lowered<'_>], found: &mut Findings<'_>) {
    let globals = table.indexes.iter().map(|(name, index)| (name, &index.key, syntax.index.get_key_value(name.as_str()).map(|(at, _)| at)));
    let locals = table.locals.iter().map(|(name, local)| (name, &local.key, syntax.local.get_key_value(name.as_str()).map(|(at, _)| at)));
    for (name, key, at) in globals.chain(locals) {
        let makes = |lowered: &Lowered<'_>, part: &KeyPart| written(lowered, &part.name) || rest_makes(lowered, &part.name);
        if mappings.iter().any(|lowered| key.parts().all(|part| makes(lowered, part))) {
            continue;
        }
        let missing: Vec<&str> = key.parts().filter(|part| !mappings.iter().any(|l| makes(l, part))).map(|p| p.name.as_str()).collect();
        let why = if missing.is_empty() { "all of its key attributes together".to_owned() } else { format!("`{}`", missing.join("`, `")) };
        let span = at.map_or(0..0, |at| at.span.clone());
        found.error_with(
            &span,
            format!("index `{name}` would stay empty: no rows block makes {why}"),
            "add the attribute to an item, or correct its name in the index's key",
        );
    }
}

/// DynamoDB only expires items whose attribute is a Number.
fn expiry(table: &Table, lowered: &Lowered<'_>, found: &mut Findings<'_>) {
    let Some((name, rule)) = table.ttl.as_ref().and_then(|t| lowered.mapping.shape.rules.get_key_value(t)) else { return };
    let number = match rule.kind {
        Some(As::N | As::Epoch) => true,
        Some(_) => false,
        None => rule.from.lone_column().is_some(),
    };
    if !number {
        let message = format!("`{name}` is the expiry time, and this rule makes no number: the items would never expire");
        found.error_with(&place(lowered, name), message, "write { from = \"{column}\", type = \"epoch\" }");
    }
}
