//! `BatchWriteItem` and `BatchGetItem`: what the table's capacity lets in is done, the rest is handed back.
//!
//! Rule: every item is either done or handed back. A request that is too large is wrong, which `data` asks the engine before any of it is
//! throttled.

use super::capacity::Slot;
use super::data::{EachItem, EachPut, EachTable, Reply, Request};
use super::throttle::{Admit, Demand, Demands, Reason};
use crate::local::fault::Fault;
use dynoxide::actions::batch_get_item::{BatchGetItemRequest, BatchGetItemResponse, KeysAndAttributes};
use dynoxide::actions::batch_write_item::{BatchWriteItemRequest, BatchWriteItemResponse, WriteRequest};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What was not done, by table, as the reply tells it.
pub(super) type Left = HashMap<String, Value>;

impl Demands for BatchWriteItemRequest {}
impl Demands for BatchGetItemRequest {}

impl Request for BatchWriteItemRequest {
    fn capacity(&mut self) -> &mut Option<String> {
        &mut self.return_consumed_capacity
    }

    fn tables(&self, each: &mut EachTable<'_>) -> Result<(), Fault> {
        self.request_items.keys().try_for_each(|name| each(name))
    }

    fn puts(&self, each: &mut EachPut<'_>) -> Result<(), Fault> {
        let writes = self.request_items.iter().flat_map(|(table, writes)| writes.iter().map(move |write| (table, write)));
        writes.filter_map(|(table, write)| Some((table, write.put_request.as_ref()?))).try_for_each(|(table, put)| each(table, &put.item))
    }

    fn split(&mut self, admit: &mut Admit<'_>) -> Result<Left, Reason> {
        let (mut left, mut first) = (Left::new(), None);
        for (table, writes) in &mut self.request_items {
            let mut refused = Vec::new();
            writes.retain(|write| match demand(table, write).map_or(Ok(()), |demand| admit(&demand)) {
                Ok(()) => true,
                Err(reason) => {
                    first.get_or_insert(reason);
                    refused.push(told(write));
                    false
                }
            });
            if !refused.is_empty() {
                left.insert(table.clone(), refused.into());
            }
        }
        self.request_items.retain(|_, writes| !writes.is_empty());
        whole_or(self.request_items.is_empty(), first, left)
    }

    fn written(&self, each: &mut EachItem<'_>) {
        for (table, writes) in &self.request_items {
            for write in writes {
                let put = write.put_request.as_ref().map(|put| &put.item);
                put.or(write.delete_request.as_ref().map(|delete| &delete.key)).into_iter().for_each(|item| each(table, item));
            }
        }
    }
}

impl Reply for BatchWriteItemResponse {
    fn consumed(&mut self) -> Slot<'_> {
        Slot::Many(&mut self.consumed_capacity)
    }

    fn hand_back(&mut self, left: Left) {
        self.unprocessed_items.extend(left);
    }
}

fn demand<'a>(table: &'a str, write: &'a WriteRequest) -> Option<Demand<'a>> {
    let put = write.put_request.as_ref().map(|put| Demand::put(table, &put.item));
    put.or_else(|| write.delete_request.as_ref().map(|delete| Demand::delete(table, &delete.key)))
}

fn told(write: &WriteRequest) -> Value {
    match (&write.put_request, &write.delete_request) {
        (Some(put), _) => json!({ "PutRequest": { "Item": put.item } }),
        (_, Some(delete)) => json!({ "DeleteRequest": { "Key": delete.key } }),
        (None, None) => json!({}),
    }
}

impl Request for BatchGetItemRequest {
    fn capacity(&mut self) -> &mut Option<String> {
        &mut self.return_consumed_capacity
    }

    fn tables(&self, each: &mut EachTable<'_>) -> Result<(), Fault> {
        self.request_items.keys().try_for_each(|name| each(name))
    }

    fn split(&mut self, admit: &mut Admit<'_>) -> Result<Left, Reason> {
        let (mut left, mut first) = (Left::new(), None);
        for (name, table) in &mut self.request_items {
            let (consistent, mut refused) = (table.consistent_read, Vec::new());
            table.keys.retain(|key| match admit(&Demand::get(name, key, consistent)) {
                Ok(()) => true,
                Err(reason) => {
                    first.get_or_insert(reason);
                    refused.push(json!(key));
                    false
                }
            });
            if !refused.is_empty() {
                left.insert(name.clone(), again(table, &refused));
            }
        }
        self.request_items.retain(|_, table| !table.keys.is_empty());
        whole_or(self.request_items.is_empty(), first, left)
    }
}

/// The keys with how they were to be read.
fn again(table: &KeysAndAttributes, keys: &[Value]) -> Value {
    let mut told = json!({ "Keys": keys });
    let members = [
        ("ProjectionExpression", json!(table.projection_expression)),
        ("ExpressionAttributeNames", json!(table.expression_attribute_names)),
        ("ConsistentRead", json!(table.consistent_read)),
        ("AttributesToGet", json!(table.attributes_to_get)),
    ];
    for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
        told[name] = value;
    }
    told
}

impl Reply for BatchGetItemResponse {
    fn consumed(&mut self) -> Slot<'_> {
        Slot::Many(&mut self.consumed_capacity)
    }

    fn hand_back(&mut self, left: Left) {
        for (table, rest) in left {
            // The engine stops at 16 MB and hands keys back itself.
            let joined = match self.unprocessed_keys.remove(&table) {
                Some(own) => joined(own, rest),
                None => rest,
            };
            self.unprocessed_keys.insert(table, joined);
        }
    }
}

fn joined(mut own: Value, mut rest: Value) -> Value {
    if let (Some(own), Some(rest)) = (own["Keys"].as_array_mut(), rest["Keys"].as_array_mut()) {
        own.append(rest);
    }
    own
}

/// The exception only when nothing at all was let in.
fn whole_or(nothing: bool, first: Option<Reason>, left: Left) -> Result<Left, Reason> {
    match first {
        Some(reason) if nothing => Err(reason),
        _ => Ok(left),
    }
}
