//! The sizes of index keys: the engine checks the table's own only, and would index what AWS refuses to write.
//!
//! Rule (Amazon DynamoDB Developer Guide, quotas): a partition key has 2,048 bytes at most, a sort key 1,024, several attributes together.
//! And what an index built later leaves out, as the guide tells under "Detecting and correcting index key violations": items that were
//! there before it with a key of another type, an empty or too large one. The engine has them in the index; they are taken out of what is
//! read of it. Called by `data` for every item that is put and every page of an index, and by imports.
//! Left: an update that makes a key too large; a page that does not show the key (a projection, a count) is as the engine gives it.

use super::Region;
use crate::local::fault::Fault;
use dynoxide::Database;
use dynoxide::types::{
    AttributeDefinition, AttributeValue, GlobalSecondaryIndex, Item, KeySchemaElement, KeyType, LocalSecondaryIndex, ScalarAttributeType,
};

const PARTITION: usize = 2048;
const SORT: usize = 1024;

/// Refuses an item with an index key that is too large.
pub(super) fn fit(region: &Region, table: &str, item: &Item) -> Result<(), Fault> {
    if item.values().map(size).sum::<usize>() <= SORT {
        return Ok(());
    }
    let Some(table) = region.db().get_table_metadata(table)? else { return Ok(()) };
    let global: Vec<GlobalSecondaryIndex> = definitions(table.gsi_definitions.as_deref())?;
    let local: Vec<LocalSecondaryIndex> = definitions(table.lsi_definitions.as_deref())?;
    let mut keys = global.iter().map(|i| &i.key_schema).chain(local.iter().map(|i| &i.key_schema));
    keys.try_for_each(|key| one_fits(key, item))
}

/// Takes out of a page of `index` what AWS has not put into it; how many those were.
pub(super) fn leave_out(db: &Database, table: &str, index: Option<&str>, items: &mut Option<Vec<Item>>) -> dynoxide::Result<usize> {
    let (Some(index), Some(items)) = (index, items) else { return Ok(0) };
    let Some(table) = db.get_table_metadata(table)? else { return Ok(0) };
    let read = |fault: Fault| dynoxide::DynoxideError::InternalServerError(fault.message);
    let global: Vec<GlobalSecondaryIndex> = definitions(table.gsi_definitions.as_deref()).map_err(read)?;
    let Some(global) = global.into_iter().find(|i| i.index_name == index) else { return Ok(0) };
    let types: Vec<AttributeDefinition> = definitions(Some(&table.attribute_definitions)).map_err(read)?;
    let before = items.len();
    items.retain(|item| one_fits(&global.key_schema, item).is_ok() && global.key_schema.iter().all(|key| is_key(key, &types, item)));
    Ok(before - items.len())
}

/// Whether the attribute of `key` can be one; what a page does not show cannot be judged.
fn is_key(key: &KeySchemaElement, types: &[AttributeDefinition], item: &Item) -> bool {
    let declared = types.iter().find(|d| d.attribute_name == key.attribute_name).map(|d| &d.attribute_type);
    match (item.get(&key.attribute_name), declared) {
        (None, _) | (_, None) | (Some(AttributeValue::N(_)), Some(ScalarAttributeType::N)) => true,
        (Some(AttributeValue::S(text)), Some(ScalarAttributeType::S)) => !text.is_empty(),
        (Some(AttributeValue::B(bytes)), Some(ScalarAttributeType::B)) => !bytes.is_empty(),
        _ => false,
    }
}

pub(super) fn definitions<T: serde::de::DeserializeOwned>(kept: Option<&str>) -> Result<Vec<T>, Fault> {
    let read = |text| serde_json::from_str(text).map_err(|e| Fault::internal(format!("an index's definition is unreadable: {e}")));
    kept.map_or_else(|| Ok(Vec::new()), read)
}

fn one_fits(key: &[KeySchemaElement], item: &Item) -> Result<(), Fault> {
    let sum =
        |kind: KeyType| -> usize { key.iter().filter(|k| k.key_type == kind).filter_map(|k| item.get(&k.attribute_name)).map(size).sum() };
    let refuse = |why: &str| Err(Fault::invalid(format!("One or more parameter values were invalid: {why}")));
    if sum(KeyType::HASH) > PARTITION {
        return refuse("Size of hashkey has exceeded the maximum size limit of2048 bytes");
    }
    if sum(KeyType::RANGE) > SORT {
        return refuse("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    }
    Ok(())
}

/// The bytes of a value that can be a key; the engine keeps a number in normal form.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.len(),
        _ => 0,
    }
}
