//! The `rows` blocks of a table to [`Mapping`]s.

use super::{columns, item};
use crate::mapping::rule::{Children, Collapse, Nest};
use crate::mapping::{Mapping, Relation};
use crate::stack::finding::Findings;
use crate::stack::lint::name;
use crate::stack::syntax::rows::{Collapse as CollapseWord, Many, NestMap, Rows};
use crate::stack::syntax::span::At;
use crate::stack::syntax::union::Union;
use std::collections::BTreeMap;

/// A mapping and the block that it was written in.
pub(crate) struct Lowered<'s> {
    pub at: &'s At<Rows>,
    pub mapping: Mapping,
}

/// Every block that can be read; what cannot was said.
pub(super) fn mappings<'s>(blocks: &'s [At<Rows>], found: &mut Findings<'_>) -> Vec<Lowered<'s>> {
    let mut all: Vec<Lowered<'s>> = Vec::new();
    for at in blocks {
        let Some(mapping) = mapping(at, found) else { continue };
        if all.iter().any(|other| other.mapping.entity == mapping.entity) {
            let place = at.value.entity.as_ref().or(at.value.from.as_ref()).map_or(&at.span, |e| &e.span);
            let message = format!("another rows block of this table is entity `{}` too", mapping.entity);
            found.error_with(place, message, "give each block its own: entity = \"…\"");
        }
        all.push(Lowered { at, mapping });
    }
    all
}

fn mapping(at: &At<Rows>, found: &mut Findings<'_>) -> Option<Mapping> {
    let syntax = &at.value;
    let whose = whose(syntax);
    let relation = columns::relation(&whose, &at.span, syntax.from.as_ref(), syntax.query.as_ref(), found);
    let entity = entity(at, relation.as_ref(), found);
    let key = columns::list(&syntax.key, "`key`", found);
    let when = syntax.when.as_ref().map(|w| columns::when(w, found));
    let shape = syntax.item.as_ref().map(|i| item::shape(i, &whose, found));
    let many = syntax.many.iter().filter_map(|(name, many)| Some((name.value.clone(), children(name, many, syntax, found)?))).collect();
    let collapse_order = columns::list(&syntax.collapse_order, "`collapse_order`", found);
    let collapse = collapse(at, found);
    Some(Mapping { entity: entity?, from: relation?, key, when: when.flatten(), shape: shape?, many, collapse, collapse_order })
}

fn whose(syntax: &Rows) -> String {
    let name = syntax.entity.as_ref().or(syntax.from.as_ref());
    name.map_or_else(|| "this rows block".to_owned(), |n| format!("rows `{}`", n.value))
}

fn entity(at: &At<Rows>, relation: Option<&Relation>, found: &mut Findings<'_>) -> Option<String> {
    match (&at.value.entity, relation) {
        (Some(entity), _) if name::stack(&entity.value).is_err() => {
            found.error(&entity.span, "an entity's name has 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`");
            None
        }
        (Some(entity), _) => Some(entity.value.clone()),
        (None, Some(Relation::Named(name))) => Some(name.clone()),
        (None, Some(Relation::Query(_))) => {
            found.error_with(&at.span, "rows of a query need a name", "write entity = \"…\": reports and counts are by entity");
            None
        }
        (None, None) => None,
    }
}

fn collapse(at: &At<Rows>, found: &mut Findings<'_>) -> Collapse {
    let syntax = &at.value;
    match &syntax.collapse {
        None => {
            if let Some(first) = syntax.collapse_order.first() {
                found.error_with(
                    &first.span,
                    "`collapse_order` without `collapse` says nothing",
                    "write collapse = \"first\" or \"last\" too",
                );
            }
            Collapse::Refuse
        }
        Some(word) => {
            if syntax.collapse_order.is_empty() {
                let message = "`collapse` needs an order: without one, chance would decide which row is the item";
                found.error_with(&word.span, message, "write collapse_order = [\"…\"] with columns that leave no tie");
            }
            match word.value {
                CollapseWord::First => Collapse::First,
                CollapseWord::Last => Collapse::Last,
            }
        }
    }
}

fn children(name: &At<String>, many: &Many, parent: &Rows, found: &mut Findings<'_>) -> Option<Children> {
    if let Err(reason) = name::attribute(&name.value, false) {
        found.error(&name.span, reason);
    }
    if parent.item.as_ref().is_some_and(|i| i.value.rules.contains_key(name)) {
        found.error(&name.span, format!("`{}` is a rule of the item too: an attribute comes from one of them", name.value));
    }
    let whose = format!("many `{}`", name.value);
    let from = columns::relation(&whose, &name.span, many.from.as_ref(), many.query.as_ref(), found);
    let on = many.on.as_ref().map(|on| join(on, &whose, found));
    let order = columns::list(&many.order, "`order`", found);
    let nest = nest(name, many, found);
    let shape = many.item.as_ref().map(|i| item::shape(i, &whose, found));
    Some(Children { from: from?, on: on?, order, nest: nest?, shape: shape? })
}

/// Child column to parent column, in the order of the file.
fn join(on: &At<BTreeMap<At<String>, At<String>>>, whose: &str, found: &mut Findings<'_>) -> Vec<(String, String)> {
    if on.value.is_empty() {
        found.error_with(&on.span, format!("`on` of {whose} is empty"), "write on = { child_column = \"parent_column\" }");
    }
    let mut pairs: Vec<_> = on.value.iter().collect();
    pairs.sort_by_key(|(child, _)| child.span.start);
    pairs.into_iter().map(|(child, parent)| (child.value.clone(), parent.value.clone())).collect()
}

fn nest(name: &At<String>, many: &Many, found: &mut Findings<'_>) -> Option<Nest> {
    match many.nest.as_ref().map(|n| &n.value) {
        None | Some(Union::Short(_)) => {
            if many.order.is_empty() {
                let message = format!("the list `{}` needs an order: SQL rows have none of their own", name.value);
                found.error_with(&name.span, message, "write order = [\"…\"] with child columns that leave no tie");
            }
            Some(Nest::List)
        }
        Some(Union::Long(map)) => as_map(map, many, found),
    }
}

fn as_map(map: &NestMap, many: &Many, found: &mut Findings<'_>) -> Option<Nest> {
    if let Some(first) = many.order.first() {
        found.error(&first.span, "a map has no order: remove `order`, or make it a list");
    }
    let text = map.map.as_ref()?;
    let template = item::template(text, found)?;
    if template.is_constant() {
        found.error_with(&text.span, "every child would have this one name", "name a column: as = { map = \"{line_no}\" }");
    }
    Some(Nest::Map(template))
}
