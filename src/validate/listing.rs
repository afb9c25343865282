//! Mismatches as the report lists them: masked, and with the SQL row that the key names.

use super::compare;
use super::error::Error;
use super::run::Context;
use crate::mapping::encode::{key_of, read_key};
use crate::mapping::{Item, Mapping, Value, wire};
use crate::report::model::{AttributeDifference, Mismatch, MismatchKind};
use crate::safe::{self, Masker};
use crate::source::Snapshot;
use crate::stack::model::TableSpec;

pub(super) fn missing(table: &str, spec: &TableSpec, entity: usize, expected: &Item, masker: Masker) -> Mismatch {
    made(table, MismatchKind::Missing, spec, Some(entity), expected, masker)
}

pub(super) fn different(table: &str, spec: &TableSpec, entity: usize, expected: &Item, found: &Item, masker: Masker) -> Mismatch {
    let attribute = |d: compare::Difference| AttributeDifference {
        name: safe::text(&d.path),
        expected: compare::shown(d.expected.as_ref(), masker),
        found: compare::shown(d.found.as_ref(), masker),
    };
    Mismatch {
        attributes: compare::differences(expected, found).into_iter().map(attribute).collect(),
        expected: compare::lines(expected, masker),
        found: compare::lines(found, masker),
        ..made(table, MismatchKind::Different, spec, Some(entity), expected, masker)
    }
}

pub(super) fn unexpected(table: &str, spec: &TableSpec, item: &Item, claim: Claim, masker: Masker) -> Mismatch {
    let row = claim.row.map(|(relation, columns)| format!("{}, {}", named(&relation, &columns, masker), claim.says));
    Mismatch { row, ..made(table, MismatchKind::Unexpected, spec, claim.entity, item, masker) }
}

fn made(table: &str, kind: MismatchKind, spec: &TableSpec, entity: Option<usize>, item: &Item, masker: Masker) -> Mismatch {
    let mapping = entity.and_then(|e| spec.rows.get(e));
    let key = key_of(item, &spec.table.key).unwrap_or_default();
    let one =
        |(name, value): (&String, &crate::mapping::Attribute)| format!("{}={}", safe::text(name), masker.value(&wire::display(value)));
    Mismatch {
        table: table.to_owned(),
        kind,
        key: key.iter().map(one).collect::<Vec<_>>().join(", "),
        entity: mapping.map(|m| m.entity.clone()),
        row: mapping.and_then(|m| read_key(m, &key).map(|columns| named(&m.from.to_string(), &columns, masker))),
        attributes: Vec::new(),
        expected: Vec::new(),
        found: Vec::new(),
    }
}

/// `users where user_id = ‹#1a2b3c4d›`.
fn named(relation: &str, columns: &[(String, String)], masker: Masker) -> String {
    let columns: Vec<String> = columns.iter().map(|(c, text)| format!("{} = {}", safe::text(c), masker.value(text))).collect();
    if columns.is_empty() { safe::text(relation) } else { format!("{} where {}", safe::text(relation), columns.join(" and ")) }
}

/// Columns and their texts.
type Columns = Vec<(String, String)>;

/// Whose item an unexpected one says it is.
#[derive(Debug, Default)]
pub(super) struct Claim {
    /// The mapping, when exactly one mapping's key fits.
    pub(super) entity: Option<usize>,
    /// Its relation, and the columns that the key names.
    row: Option<(String, Columns)>,
    says: String,
}

/// Reads the key backward, and looks whether that row exists.
pub(super) async fn claim(context: &Context<'_>, snapshot: &mut Snapshot, spec: &TableSpec, item: &Item) -> Result<Claim, Error> {
    let Some((entity, mapping, columns)) = fitting(spec, item) else { return Ok(Claim::default()) };
    let mut claim = Claim { entity: Some(entity), row: Some((mapping.from.to_string(), columns.clone())), says: String::new() };
    if !context.lists() || columns.is_empty() {
        "whose item this is not".clone_into(&mut claim.says);
        return Ok(claim);
    }
    let (names, texts): (Vec<String>, Vec<Value>) = columns.into_iter().map(|(c, text)| (c, Value::Text(text))).unzip();
    let rows = snapshot.lookup(&mapping.from, &names, &[texts], &[]).await?;
    claim.says = if rows.is_empty() { "which does not exist".into() } else { "which exists, but becomes another item or none".into() };
    Ok(claim)
}

/// The one mapping whose key templates fit.
pub(super) fn fitting<'a>(spec: &'a TableSpec, item: &Item) -> Option<(usize, &'a Mapping, Columns)> {
    let key = key_of(item, &spec.table.key)?;
    let mut fits = spec.rows.iter().enumerate().filter_map(|(e, m)| read_key(m, &key).map(|columns| (e, m, columns)));
    let first = fits.next()?;
    fits.next().is_none().then_some(first)
}
