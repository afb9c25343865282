//! The sizes of index keys: the engine checks the table's own only, and would index what AWS refuses to write.
//!
//! Rule (Amazon DynamoDB Developer Guide, quotas): a partition key has 2,048 bytes at most, a sort key 1,024, several attributes together.
//! Called by `data` for every item that is put. Left: an update that makes a key too large, and a new index over items that have one.

use super::Region;
use crate::local::fault::Fault;
use dynoxide::types::{AttributeValue, GlobalSecondaryIndex, Item, KeySchemaElement, KeyType, LocalSecondaryIndex};

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

fn definitions<T: serde::de::DeserializeOwned>(kept: Option<&str>) -> Result<Vec<T>, Fault> {
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
