//! One table: its key, capacity, indexes and settings, and the rows that fill it.

use super::capacity::{self, Written};
use super::{Around, key, limits, rows, security};
use crate::resource::{Capacity, Class, Index, Insights, Key, Limits, LocalIndex, Projection, StreamView, Table};
use crate::stack::finding::Findings;
use crate::stack::lint::{mapping as mapping_lint, name, table as table_lint, tag};
use crate::stack::model::TableSpec;
use crate::stack::syntax::span::At;
use crate::stack::syntax::table::{
    Class as ClassSyntax, Index as IndexSyntax, Insights as InsightsSyntax, InsightsWord, Local, Project, ProjectWord, Recovery, Stream,
    Table as Syntax,
};
use crate::stack::syntax::throughput::{Maximum, Warm};
use crate::stack::syntax::union::Union;
use std::collections::BTreeMap;

/// `None`: something that the rest of the table hangs on is wrong, and was said.
pub(super) fn table(at: &At<String>, syntax: &Syntax, around: &mut Around<'_>, found: &mut Findings<'_>) -> Option<TableSpec> {
    if let Err(reason) = name::table(&at.value) {
        found.error(&at.span, format!("table `{}`: {reason}", at.value));
    }
    if let Err(reason) = name::not_leases(&at.value) {
        found.error_with(&at.span, format!("table `{}`: {reason}", at.value), "take it out of the file: no stack manages it");
    }
    let key = syntax.key.as_ref().and_then(|k| key::table(k, found));
    let written = capacity::of_table(syntax.capacity.as_ref(), found);
    let limits = limits(&format!("table `{}`", at.value), syntax.maximum.as_ref(), syntax.warm.as_ref(), written, found);
    let table = key.map(|key| Table {
        indexes: indexes(&syntax.index, written.map(|w| w.capacity), found),
        locals: locals(&syntax.local, &key, found),
        key,
        capacity: written.unwrap_or(Written::ON_DEMAND).capacity,
        protect: syntax.protect.unwrap_or(true),
        ttl: syntax.ttl.as_ref().map(|t| t.value.clone()),
        stream: syntax.stream.map(stream),
        recovery: syntax.recovery.as_ref().and_then(|r| recovery(r, found)),
        tags: tag::tags(&syntax.tags, found),
        limits,
        class: syntax.class.map_or(Class::Standard, class),
        encryption: security::encryption(syntax.encryption.as_ref(), around.region, found),
        policy: security::policy(syntax.policy.as_ref(), around.files, found),
        insights: insights(syntax.insights.as_ref(), found),
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
        let written = table.and_then(|t| capacity::of_index(&at.value, &at.span, syntax.capacity.as_ref(), t, found));
        let limits = limits(&format!("index `{}`", at.value), syntax.maximum.as_ref(), syntax.warm.as_ref(), written, found);
        let insights = insights(syntax.insights.as_ref(), found);
        // Where the capacity is wrong the index still takes part in the other checks: the error is already said.
        if let Some(key) = key {
            let capacity = written.unwrap_or(Written::ON_DEMAND).capacity;
            indexes.insert(at.value.clone(), Index { projection, capacity, limits, insights, ..Index::plain(key) });
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

/// What bounds the throughput of `whose`; `written`: its capacity, unless that was wrong.
fn limits(
    whose: &str,
    maximum: Option<&At<Maximum>>,
    warm: Option<&At<Warm>>,
    written: Option<Written>,
    found: &mut Findings<'_>,
) -> Limits {
    let capacity = written.map(|w| w.capacity);
    let limits = Limits {
        maximum: limits::maximum(whose, maximum, capacity, found),
        warm: limits::warm(warm, found),
        scaling: written.unwrap_or(Written::ON_DEMAND).scaling,
    };
    if let Some(at) = warm {
        limits::warm_fits(whose, &at.span, limits.warm, capacity, found);
    }
    limits
}

pub(super) fn class(class: ClassSyntax) -> Class {
    match class {
        ClassSyntax::Standard => Class::Standard,
        ClassSyntax::InfrequentAccess => Class::InfrequentAccess,
    }
}

fn insights(at: Option<&At<InsightsSyntax>>, found: &mut Findings<'_>) -> Option<Insights> {
    let at = at?;
    match at.value {
        Union::Short(InsightsWord::All) => Some(Insights::All),
        Union::Short(InsightsWord::Throttled) => Some(Insights::Throttled),
        Union::Long(false) => Some(Insights::Off),
        Union::Long(true) => {
            found.error_with(
                &at.span,
                "`insights` cannot be true",
                "write \"all\" for every key, or \"throttled\" for those that were throttled",
            );
            None
        }
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
