//! One table: its settings in the order in which the syntax describes them, then its indexes.

use super::policy::policy;
use super::text::{block, key, list, quoted};
use crate::resource::{
    Capacity, Class, Encryption, Index, Insights, Key, KeyPart, Limits, LocalIndex, Projection, Range, StreamView, Table,
};
use std::collections::BTreeMap;

/// DynamoDB's recovery window where the file says `true`, in days.
const RECOVERY_DAYS: u32 = 35;

pub(super) fn table(name: &str, table: &Table) -> String {
    let path = format!("table.{}", key(name));
    let mut lines = vec![format!("key = {}", parts(table.key.parts()))];
    lines.extend(throughput(table.capacity, &table.limits));
    lines.extend((table.class == Class::InfrequentAccess).then(|| "class = \"infrequent-access\"".to_owned()));
    lines.extend(encryption(&table.encryption));
    lines.extend((!table.protect).then(|| "protect = false".to_owned()));
    lines.extend(table.ttl.as_ref().map(|ttl| format!("ttl = {}", quoted(ttl))));
    lines.extend(table.stream.map(|view| format!("stream = \"{}\"", stream(view))));
    lines.extend(table.recovery.map(recovery));
    lines.extend(table.insights.map(insights));
    lines.extend(table.policy.as_ref().map(policy));
    let own = block(&path, lines, &table.tags);
    let globals = table.indexes.iter().map(|(name, one)| index(&format!("{path}.index.{}", key(name)), one));
    let locals = table.locals.iter().map(|(name, one)| local(&format!("{path}.local.{}", key(name)), one));
    std::iter::once(own).chain(globals).chain(locals).collect::<Vec<_>>().join("\n")
}

fn index(path: &str, index: &Index) -> String {
    let mut lines = vec![format!("key = {}", index_key(&index.key))];
    lines.extend(projection(&index.projection));
    lines.extend(throughput(index.capacity, &index.limits));
    lines.extend(index.insights.map(insights));
    block(path, lines, &BTreeMap::new())
}

fn local(path: &str, local: &LocalIndex) -> String {
    let mut lines = vec![format!("key = {}", parts(&local.key.sort))];
    lines.extend(projection(&local.projection));
    block(path, lines, &BTreeMap::new())
}

fn parts<'k>(parts: impl IntoIterator<Item = &'k KeyPart>) -> String {
    let texts: Vec<String> = parts.into_iter().map(|p| format!("{}:{:?}", p.name, p.kind)).collect();
    list(texts.iter().map(String::as_str))
}

/// A list while it is clear which attribute partitions.
fn index_key(key: &Key) -> String {
    if key.partition.len() == 1 && key.sort.len() <= 1 {
        return parts(key.parts());
    }
    let sort = if key.sort.is_empty() { String::new() } else { format!(", sort = {}", parts(&key.sort)) };
    format!("{{ partition = {}{sort} }}", parts(&key.partition))
}

fn projection(projection: &Projection) -> Option<String> {
    match projection {
        Projection::All => None,
        Projection::Keys => Some("project = \"keys\"".to_owned()),
        Projection::Include(attributes) => Some(format!("project = {}", list(attributes.iter().map(String::as_str)))),
    }
}

/// Capacity with what scales it, maximum, floor.
fn throughput(capacity: Capacity, limits: &Limits) -> Vec<String> {
    let mut lines = Vec::new();
    if let Capacity::Provisioned(units) = capacity {
        let [read, write] = [side(units.read, limits.scaling.read), side(units.write, limits.scaling.write)];
        lines.push(format!("capacity = {{ read = {read}, write = {write} }}"));
    }
    let maximum = [("read", limits.maximum.read), ("write", limits.maximum.write)];
    let maximum: Vec<String> = maximum.into_iter().filter_map(|(name, most)| Some(format!("{name} = {}", most?))).collect();
    if !maximum.is_empty() {
        lines.push(format!("maximum = {{ {} }}", maximum.join(", ")));
    }
    lines.extend(limits.warm.map(|warm| format!("warm = {{ read = {}, write = {} }}", warm.read, warm.write)));
    lines
}

fn side(units: u64, scale: Option<Range>) -> String {
    let Some(Range { min, max, target }) = scale else { return units.to_string() };
    let target = target.map(|t| format!(", target = {t}")).unwrap_or_default();
    format!("{{ min = {min}, max = {max}{target} }}")
}

fn encryption(encryption: &Encryption) -> Option<String> {
    match encryption {
        Encryption::Owned => None,
        Encryption::Managed => Some("encryption = \"managed\"".to_owned()),
        Encryption::Key(key) => Some(format!("encryption = {{ key = {} }}", quoted(key))),
    }
}

fn stream(view: StreamView) -> &'static str {
    match view {
        StreamView::Keys => "keys",
        StreamView::New => "new",
        StreamView::Old => "old",
        StreamView::Both => "both",
    }
}

fn recovery(days: u32) -> String {
    if days == RECOVERY_DAYS { "recovery = true".to_owned() } else { format!("recovery = {{ days = {days} }}") }
}

fn insights(insights: Insights) -> String {
    let value = match insights {
        Insights::Off => "false",
        Insights::Throttled => "\"throttled\"",
        Insights::All => "\"all\"",
    };
    format!("insights = {value}")
}
