//! What must hold between a table's key, its indexes and its settings.
//!
//! Sources: DynamoDB developer guide, "Service, account, and table quotas" (20 global and 5 local indexes, 100 projected attributes
//! over all indexes) and API reference, `CreateTable` and `UpdateTimeToLive`.

use crate::resource::{Key, KeyKind, Table};
use crate::stack::finding::Findings;
use crate::stack::lint::name;
use crate::stack::syntax::span::At;
use crate::stack::syntax::table::Table as Syntax;
use crate::stack::syntax::union::Union;
use std::collections::BTreeMap;
use std::ops::Range;

const MOST_GLOBAL: usize = 20;
const MOST_LOCAL: usize = 5;
const MOST_PROJECTED: usize = 100;
/// Source: API reference, `Projection`.
const MOST_PROJECTED_BY_ONE: usize = 20;

pub(crate) fn check(at: &At<String>, syntax: &Syntax, table: &Table, found: &mut Findings<'_>) {
    counts(syntax, found);
    shared_names(syntax, found);
    local_needs_sort(at, syntax, table, found);
    one_type_each(syntax, table, found);
    projections(syntax, table, found);
    ttl(syntax, table, found);
}

fn counts(syntax: &Syntax, found: &mut Findings<'_>) {
    if let Some((at, _)) = syntax.index.iter().nth(MOST_GLOBAL) {
        let message = format!("{} global indexes: DynamoDB takes {MOST_GLOBAL} a table", syntax.index.len());
        found.error_with(&at.span, message, "entities with different attributes can share one index on a common attribute");
    }
    if let Some((at, _)) = syntax.local.iter().nth(MOST_LOCAL) {
        found.error(&at.span, format!("{} local indexes: DynamoDB takes {MOST_LOCAL} a table", syntax.local.len()));
    }
}

fn shared_names(syntax: &Syntax, found: &mut Findings<'_>) {
    for at in syntax.local.keys().filter(|at| syntax.index.contains_key(*at)) {
        found.error(&at.span, format!("`{}` is a global index too: the indexes of a table share their names", at.value));
    }
}

fn local_needs_sort(at: &At<String>, syntax: &Syntax, table: &Table, found: &mut Findings<'_>) {
    if let Some(local) = syntax.local.keys().next().filter(|_| table.key.sort.is_empty()) {
        let message = format!("table `{}` has no sort attribute, so it can have no local index", at.value);
        found.error_with(&local.span, message, "give the table a sort attribute, or make this a global index");
    }
}

/// `AttributeDefinitions` give each attribute one type for the whole table.
fn one_type_each(syntax: &Syntax, table: &Table, found: &mut Findings<'_>) {
    let mut kinds: BTreeMap<&str, (KeyKind, String)> = BTreeMap::new();
    for (whose, span, key) in keys(syntax, table) {
        for part in key.parts() {
            let (first, by) = kinds.entry(&part.name).or_insert_with(|| (part.kind, whose.clone()));
            if *first != part.kind {
                let message = format!("`{}` is {:?} here and {first:?} in the key of {by}", part.name, part.kind);
                found.error_with(&span, message, "an attribute has one type in all the keys of a table");
            }
        }
    }
}

/// Every key of the table: whose it is, where it stands, what it is.
fn keys<'t>(syntax: &Syntax, table: &'t Table) -> Vec<(String, Range<usize>, &'t Key)> {
    let own = syntax.key.as_ref().map_or(0..0, |k| k.span.clone());
    let globals = table.indexes.iter().map(|(name, index)| {
        let span = syntax.index.get(name.as_str()).and_then(|s| s.key.as_ref()).map_or(0..0, |k| k.span.clone());
        (format!("index `{name}`"), span, &index.key)
    });
    let locals = table.locals.iter().map(|(name, local)| {
        let span = syntax.local.get(name.as_str()).and_then(|s| s.key.as_ref()).map_or(0..0, |k| k.span.clone());
        (format!("local index `{name}`"), span, &local.key)
    });
    std::iter::once(("the table".to_owned(), own, &table.key)).chain(globals).chain(locals).collect()
}

fn projections(syntax: &Syntax, table: &Table, found: &mut Findings<'_>) {
    let globals = syntax.index.iter().map(|(at, s)| (at, &s.project, table.indexes.get(&at.value).map(|i| &i.key)));
    let locals = syntax.local.iter().map(|(at, s)| (at, &s.project, table.locals.get(&at.value).map(|i| &i.key)));
    let mut total = 0;
    for (at, project, key) in globals.chain(locals) {
        let Some(At { value: Union::Long(list), span }) = project.as_ref() else { continue };
        total += list.len();
        projected(at, list, span, [Some(&table.key), key].into_iter().flatten(), found);
        if total > MOST_PROJECTED {
            found.error(span, format!("{total} projected attributes: DynamoDB takes {MOST_PROJECTED} over all indexes of a table"));
        }
    }
}

fn projected<'k>(at: &At<String>, list: &[At<String>], span: &Range<usize>, keys: impl Iterator<Item = &'k Key>, found: &mut Findings<'_>) {
    if list.is_empty() {
        found.error(span, format!("index `{}` projects an empty list: write \"keys\" for the keys alone", at.value));
    }
    if list.len() > MOST_PROJECTED_BY_ONE {
        let message = format!("index `{}` projects {} attributes: DynamoDB takes {MOST_PROJECTED_BY_ONE} an index", at.value, list.len());
        found.error_with(span, message, "leave some out, or write \"all\"");
    }
    let keys: Vec<&str> = keys.flat_map(Key::parts).map(|p| p.name.as_str()).collect();
    for (i, attribute) in list.iter().enumerate() {
        if keys.contains(&attribute.value.as_str()) {
            found.error(
                &attribute.span,
                format!("`{}` is a key attribute: keys are always projected, take it out of the list", attribute.value),
            );
        } else if list[..i].contains(attribute) {
            found.error(&attribute.span, format!("`{}` is projected twice", attribute.value));
        } else if let Err(reason) = name::attribute(&attribute.value, true) {
            found.error(&attribute.span, reason);
        }
    }
}

/// The expiry time is a number beside the table's key; in an index's key it may be, as a number.
fn ttl(syntax: &Syntax, table: &Table, found: &mut Findings<'_>) {
    let Some(ttl) = &syntax.ttl else { return };
    if let Err(reason) = name::attribute(&ttl.value, true) {
        found.error(&ttl.span, reason);
    }
    if table.key.parts().any(|p| p.name == ttl.value) {
        found.error(&ttl.span, format!("`{}` is a key attribute: time to live needs an attribute of its own", ttl.value));
        return;
    }
    let others = table.indexes.values().map(|i| &i.key).chain(table.locals.values().map(|l| &l.key));
    if others.flat_map(Key::parts).any(|p| p.name == ttl.value && p.kind != KeyKind::N) {
        let message = format!("`{}` is not a number in an index's key: time to live only sees numbers", ttl.value);
        found.error_with(&ttl.span, message, format!("write \"{}:N\" there", ttl.value));
    }
}
