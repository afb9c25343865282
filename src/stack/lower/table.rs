//! One table: its key, capacity, indexes and settings, and the rows that fill it.

use super::{capacity, key, rows};
use crate::resource::{Capacity, Class, Encryption, Index, Key, Limits, LocalIndex, Projection, StreamView, Table};
use crate::stack::finding::Findings;
use crate::stack::lint::{mapping as mapping_lint, name, table as table_lint, tag};
use crate::stack::model::TableSpec;
use crate::stack::syntax::span::At;
use crate::stack::syntax::table::{Index as IndexSyntax, Local, Project, ProjectWord, Recovery, Stream, Table as Syntax};
use crate::stack::syntax::union::Union;
use std::collections::BTreeMap;

/// `None`: something that the rest of the table hangs on is wrong, and was said.
pub(super) fn table(at: &At<String>, syntax: &Syntax, found: &mut Findings<'_>) -> Option<TableSpec> {
    if let Err(reason) = name::table(&at.value) {
        found.error(&at.span, format!("table `{}`: {reason}", at.value));
    }
    let key = syntax.key.as_ref().and_then(|k| key::table(k, found));
    let capacity = capacity::of_table(syntax.capacity.as_ref(), found);
    let table = key.map(|key| Table {
        indexes: indexes(&syntax.index, capacity, found),
        locals: locals(&syntax.local, &key, found),
        key,
        capacity: capacity.unwrap_or(Capacity::OnDemand),
        protect: syntax.protect.unwrap_or(true),
        ttl: syntax.ttl.as_ref().map(|t| t.value.clone()),
        stream: syntax.stream.map(stream),
        recovery: syntax.recovery.as_ref().and_then(|r| recovery(r, found)),
        tags: tag::tags(&syntax.tags, found),
        limits: Limits::default(),
        class: Class::default(),
        encryption: Encryption::default(),
        policy: None,
        insights: None,
    });
    let mappings = rows::mappings(&syntax.rows, found);
    let table = table?;
    table_lint::check(at, syntax, &table, found);
    mapping_lint::check(syntax, &table, &mappings, found);
    Some(TableSpec { table, rows: mappings.into_iter().map(|m| m.mapping).collect() })
}

fn indexes(all: &BTreeMap<At<String>, IndexSyntax>, table: Option<Capacity>, found: &mut Findings<'_>) -> BTreeMap<String, Index> {
    let mut indexes = BTreeMap::new();
    for (at, syntax) in all {
        index_name(at, found);
        let key = syntax.key.as_ref().and_then(|k| key::index(k, found));
        let projection = projection(syntax.project.as_ref());
        let capacity = table.and_then(|t| capacity::of_index(&at.value, &at.span, syntax.capacity.as_ref(), t, found));
        // Where the capacity is wrong the index still takes part in the other checks: the error is already said.
        if let Some(key) = key {
            indexes.insert(at.value.clone(), Index { projection, capacity: capacity.unwrap_or(Capacity::OnDemand), ..Index::plain(key) });
        }
    }
    indexes
}

fn locals(all: &BTreeMap<At<String>, Local>, table: &Key, found: &mut Findings<'_>) -> BTreeMap<String, LocalIndex> {
    let mut locals = BTreeMap::new();
    for (at, syntax) in all {
        index_name(at, found);
        if let Some(key) = syntax.key.as_ref().and_then(|k| key::local(k, table, found)) {
            locals.insert(at.value.clone(), LocalIndex { key, projection: projection(syntax.project.as_ref()) });
        }
    }
    locals
}

fn index_name(at: &At<String>, found: &mut Findings<'_>) {
    if let Err(reason) = name::table(&at.value) {
        found.error(&at.span, format!("index `{}`: {reason}", at.value));
    }
}

fn projection(project: Option<&At<Project>>) -> Projection {
    match project.map(|p| &p.value) {
        None | Some(Union::Short(ProjectWord::All)) => Projection::All,
        Some(Union::Short(ProjectWord::Keys)) => Projection::Keys,
        Some(Union::Long(list)) => Projection::Include(list.iter().map(|a| a.value.clone()).collect()),
    }
}

fn stream(stream: Stream) -> StreamView {
    match stream {
        Stream::Keys => StreamView::Keys,
        Stream::New => StreamView::New,
        Stream::Old => StreamView::Old,
        Stream::Both => StreamView::Both,
    }
}

/// DynamoDB API reference, `PointInTimeRecoverySpecification`: `RecoveryPeriodInDays` is 1 to 35, 35 where it is not given.
fn recovery(recovery: &Union<bool, Recovery>, found: &mut Findings<'_>) -> Option<u32> {
    match recovery {
        Union::Short(on) => on.then_some(35),
        Union::Long(window) => {
            let days = window.days.as_ref()?;
            let valid = u32::try_from(days.value).ok().filter(|d| (1..=35).contains(d));
            if valid.is_none() {
                found.error(&days.span, "a recovery window has 1 to 35 days");
            }
            valid
        }
    }
}
