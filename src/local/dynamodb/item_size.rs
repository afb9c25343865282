//! The size of an item beside local indexes: the engine counts the item alone, and AWS what the indexes keep of it, too.
//!
//! Rule (Amazon DynamoDB Developer Guide, quotas): an item and its entries in all local indexes of its table have 400 KB together; an entry
//! is the keys of both and what the index projects. Nobody documents the words of the refusal; they are those for an item by itself.
//! Called by `data` for every item that is put, and by imports.
//! Left: an update that makes an item so large.

use super::Region;
use super::index_keys::definitions;
use crate::local::fault::Fault;
use dynoxide::types::{Item, KeySchemaElement, LocalSecondaryIndex, MAX_ITEM_SIZE, ProjectionType, item_size};

/// AWS lets a table have so many.
const LOCAL_INDEXES: usize = 5;

/// Refuses an item that has no room beside its entries in local indexes.
pub(super) fn fit(region: &Region, table: &str, item: &Item) -> Result<(), Fault> {
    let own = item_size(item);
    // No entry is larger than its item: nearly all are told apart without a look at the table.
    if own * (1 + LOCAL_INDEXES) <= MAX_ITEM_SIZE {
        return Ok(());
    }
    let Some(table) = region.db().get_table_metadata(table)? else { return Ok(()) };
    let key: Vec<KeySchemaElement> = definitions(Some(&table.key_schema))?;
    let locals: Vec<LocalSecondaryIndex> = definitions(table.lsi_definitions.as_deref())?;
    let entries: usize = locals.iter().map(|local| entry(item, &key, local)).sum();
    if own + entries <= MAX_ITEM_SIZE {
        return Ok(());
    }
    Err(Fault::invalid("Item size has exceeded the maximum allowed size"))
}

/// The bytes that `local` keeps of `item`; 0 where the item is not in it.
fn entry(item: &Item, key: &[KeySchemaElement], local: &LocalSecondaryIndex) -> usize {
    if !local.key_schema.iter().all(|part| item.contains_key(&part.attribute_name)) {
        return 0;
    }
    let is_key = |name: &str| key.iter().chain(&local.key_schema).any(|part| part.attribute_name == name);
    let projected = local.projection.non_key_attributes.as_deref().unwrap_or_default();
    let all = matches!(local.projection.projection_type, None | Some(ProjectionType::ALL));
    let is_kept = |name: &String| all || is_key(name) || projected.contains(name);
    item.iter().filter(|(name, _)| is_kept(name)).map(|(name, value)| name.len() + value.size()).sum()
}
