//! What the engine and the notes say of tables is brought together when a region opens: a kill can come between their two changes.
//!
//! Rules: rows are in the engine, so it has the last word on which tables and indexes there are; a table without notes gets plain
//! ones, as if its last change were long over. One is dropped all the same: an import's, which no import goes on with, so that it would be
//! CREATING for ever. Key insight: whoever changes both has asked first whether the notes can be written, so this is about kills alone.
//! Called by `region`.

use super::notes::{IndexNotes, Notes, TableNotes};
use super::transition::What;
use super::{Region, engine, extras, table};
use crate::local::fault::Fault;
use dynoxide::actions::TableDescription;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Mends the notes, and keeps them where they changed.
pub(super) fn agree(region: &Region) -> Result<(), Fault> {
    let orphans = orphans(&region.notes());
    for orphan in orphans {
        table::drop_whole(region, &orphan)?;
    }
    let there = tables(region)?;
    let mut next = region.notes().tables.clone();
    next.retain(|name, _| there.contains_key(name));
    for (name, told) in &there {
        indexes_agree(next.entry(name.clone()).or_insert_with(|| plain(told)), told);
    }
    if next == region.notes().tables {
        return Ok(());
    }
    region.change(|all| {
        all.tables = next;
        Ok(())
    })
}

/// Tables that wait for the end of an import: no import goes on when a region opens.
fn orphans(notes: &Notes) -> Vec<String> {
    let waits = |table: &TableNotes| table.pending.iter().any(|p| matches!(p.what, What::Creating { .. }) && p.until == u64::MAX);
    notes.tables.iter().filter(|(_, table)| waits(table)).map(|(name, _)| name.clone()).collect()
}

/// All tables of the engine.
fn tables(region: &Region) -> Result<BTreeMap<String, TableDescription>, Fault> {
    let (mut found, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let page = region.db().list_tables(engine::typed(json!({ "ExclusiveStartTableName": after }))?)?;
        for name in page.table_names {
            found.insert(name.clone(), table::engine_description(region, &name)?);
        }
        match page.last_evaluated_table_name {
            Some(last) => after = last.into(),
            None => return Ok(found),
        }
    }
}

fn plain(told: &TableDescription) -> TableNotes {
    TableNotes { provisioned: capacity(told), ..TableNotes::default() }
}

/// Indexes without notes get plain ones; notes of indexes that are gone go.
fn indexes_agree(notes: &mut TableNotes, told: &TableDescription) {
    let there: Vec<Value> = engine::tree(&told.global_secondary_indexes).ok().and_then(|all| all.as_array().cloned()).unwrap_or_default();
    let name = |index: &Value| index["IndexName"].as_str().unwrap_or_default().to_owned();
    notes.indexes.retain(|known, _| there.iter().any(|index| name(index) == *known));
    for index in &there {
        let fresh = || IndexNotes { provisioned: capacity(index), ..IndexNotes::default() };
        notes.indexes.entry(name(index)).or_insert_with(fresh);
    }
}

/// What is provisioned of the table or of an index; the engine tells nothing, or nothing but zeros, where all is on demand.
fn capacity<T: serde::Serialize>(of: &T) -> Option<super::Capacity> {
    extras::provisioned(&engine::tree(of).ok()?).ok().flatten()
}
