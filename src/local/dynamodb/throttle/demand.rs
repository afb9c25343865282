//! What a request will take, as far as it can be known before it is done.

use super::limits::Side;
use dynoxide::actions::{delete_item, get_item, put_item, query, scan, transact_get_items, transact_write_items, update_item};
use dynoxide::types::{AttributeValue, Item, item_size};
use std::collections::HashMap;

/// One item's part of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand<'a> {
    pub(super) table: &'a str,
    pub(super) side: Side,
    /// At least so much; the rest is settled once it is known.
    pub(super) units: f64,
    /// The index that is read.
    pub(super) index: Option<&'a str>,
    /// Where the partition key's value is.
    pub(super) key: Option<&'a Item>,
    pub(super) change: Change<'a>,
}

/// What a write does to its item, to tell the indexes that it touches.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change<'a> {
    Nothing,
    Put(&'a Item),
    Delete,
    /// The text of an update, and its names for attributes.
    Update(Option<&'a str>, Option<&'a HashMap<String, String>>),
}

impl<'a> Demand<'a> {
    pub(crate) fn put(table: &'a str, item: &'a Item) -> Self {
        let units = kilobytes(item_size(item));
        Self { table, side: Side::Write, units, index: None, key: Some(item), change: Change::Put(item) }
    }

    pub(crate) fn delete(table: &'a str, key: &'a Item) -> Self {
        Self { table, side: Side::Write, units: 1.0, index: None, key: Some(key), change: Change::Delete }
    }

    fn update(table: &'a str, key: &'a Item, text: Option<&'a str>, names: Option<&'a HashMap<String, String>>) -> Self {
        Self { table, side: Side::Write, units: 1.0, index: None, key: Some(key), change: Change::Update(text, names) }
    }

    pub(crate) fn get(table: &'a str, key: &'a HashMap<String, AttributeValue>, consistent: Option<bool>) -> Self {
        let units = if consistent == Some(true) { 1.0 } else { 0.5 };
        Self { table, side: Side::Read, units, index: None, key: Some(key), change: Change::Nothing }
    }

    /// A query or a scan: throttled whole.
    fn read(table: &'a str, index: Option<&'a str>) -> Self {
        Self { table, side: Side::Read, units: 0.5, index, key: None, change: Change::Nothing }
    }

    /// The table and the item (its key, or more than that) that is written; a condition check writes none.
    pub(crate) fn written(&self) -> Option<(&'a str, &'a Item)> {
        let writes = self.side == Side::Write && !matches!(self.change, Change::Nothing);
        self.key.filter(|_| writes).map(|key| (self.table, key))
    }

    /// The whole item that is put.
    pub(super) fn put_item(&self) -> Option<&'a Item> {
        if let Change::Put(item) = self.change { Some(item) } else { None }
    }

    /// Whether this writes to an index with these key attributes; `before` reads the item as it is, only when that matters.
    pub(super) fn touches(&self, keys: &[String], before: impl Fn() -> Option<Item>) -> bool {
        let has = |item: &Item| keys.iter().all(|key| item.contains_key(key));
        match self.change {
            Change::Nothing => false,
            Change::Put(item) => has(item) || before().is_some_and(|old| has(&old)),
            Change::Delete => before().is_some_and(|old| has(&old)),
            Change::Update(text, names) => {
                let said =
                    |key: &String| text.is_some_and(|t| t.contains(key.as_str())) || names.is_some_and(|n| n.values().any(|v| v == key));
                keys.iter().any(said) || before().is_some_and(|old| has(&old))
            }
        }
    }
}

pub(super) fn kilobytes(bytes: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "items have at most 400 KB")]
    let units = bytes.div_ceil(1024).max(1) as f64;
    units
}

/// What a request of the data plane takes. Statements of `PartiQL` are let in, and settled afterwards.
pub(crate) trait Demands {
    fn demands(&self) -> Vec<Demand<'_>> {
        Vec::new()
    }
}

impl Demands for put_item::PutItemRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        vec![Demand::put(&self.table_name, &self.item)]
    }
}

impl Demands for delete_item::DeleteItemRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        vec![Demand::delete(&self.table_name, &self.key)]
    }
}

impl Demands for update_item::UpdateItemRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        let text = self.update_expression.as_deref();
        vec![Demand::update(&self.table_name, &self.key, text, self.expression_attribute_names.as_ref())]
    }
}

impl Demands for get_item::GetItemRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        vec![Demand::get(&self.table_name, &self.key, self.consistent_read)]
    }
}

impl Demands for query::QueryRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        vec![Demand::read(&self.table_name, self.index_name.as_deref())]
    }
}

impl Demands for scan::ScanRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        vec![Demand::read(&self.table_name, self.index_name.as_deref())]
    }
}

impl Demands for transact_get_items::TransactGetItemsRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        self.transact_items.iter().map(|item| Demand::get(&item.get.table_name, &item.get.key, Some(true))).collect()
    }
}

impl Demands for transact_write_items::TransactWriteItemsRequest {
    fn demands(&self) -> Vec<Demand<'_>> {
        self.transact_items.iter().filter_map(action).collect()
    }
}

fn action(item: &transact_write_items::TransactWriteItem) -> Option<Demand<'_>> {
    let put = item.put.as_ref().map(|a| Demand::put(&a.table_name, &a.item));
    let update = || {
        let a = item.update.as_ref()?;
        Some(Demand::update(&a.table_name, &a.key, Some(&a.update_expression), a.expression_attribute_names.as_ref()))
    };
    let delete = || item.delete.as_ref().map(|a| Demand::delete(&a.table_name, &a.key));
    let check = || item.condition_check.as_ref().map(|a| Demand { change: Change::Nothing, ..Demand::delete(&a.table_name, &a.key) });
    put.or_else(update).or_else(delete).or_else(check)
}
