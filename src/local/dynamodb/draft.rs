//! Whether a request that there is no capacity for is valid at all: AWS looks at a request before it looks at the capacity, so what is
//! wrong is told as wrong, and neither throttled nor counted as throttled.
//!
//! Rules: the engine's own checks decide, on empty tables of the same schema beside the real ones, so nothing real is read or changed;
//! what only the items of the table could make wrong does not count here. Key insight: the question comes up only for requests that
//! are about to be throttled, so those that are let in pay nothing for it. Called by `data`.

use super::data::Request;
use super::{Region, engine};
use crate::local::fault::Fault;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::types::Item;
use dynoxide::{Database, DynoxideError, TableMetadata};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The engine's words for what depends on the item that is there: an empty table says them of sound requests.
const OF_THE_ITEM: [&str; 4] = [
    "The document path provided in the update expression is invalid for update",
    "The provided expression refers to an attribute that does not exist in the item",
    "An operand in the update expression has an incorrect data type",
    "Type mismatch for attribute to update",
];

/// Empty tables beside a region's own; made when they are first asked for.
#[derive(Default)]
pub(crate) struct Drafts(Mutex<Option<Draft>>);

struct Draft {
    db: Database,
    /// What each table was made from.
    made: HashMap<String, Schema>,
}

/// What of a table the checks depend on.
#[derive(Debug, PartialEq, Eq)]
struct Schema {
    keys: String,
    attributes: String,
    global: Option<String>,
    local: Option<String>,
}

impl Drafts {
    /// What is wrong with `request`, whatever its `tables` hold.
    pub(super) fn wrong<Q: Request, P>(
        &self,
        region: &Region,
        tables: &[String],
        request: Q,
        call: &impl Fn(&Database, Q) -> dynoxide::Result<P>,
    ) -> Option<Fault> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(Draft { db: Database::memory().ok()?, made: HashMap::new() });
        }
        let draft = held.as_mut()?;
        for table in tables {
            draft.make(region, table)?;
        }
        let keys = draft.keys(&request);
        if let Err(error) = call(&draft.db, request) {
            return is_wrong(&error).then(|| error.into());
        }
        draft.empty(keys);
        None
    }
}

impl Draft {
    /// The table, empty and as it is now.
    fn make(&mut self, region: &Region, table: &str) -> Option<()> {
        let real = region.db().get_table_metadata(table).ok()??;
        let schema = Schema::of(&real);
        if self.made.get(table) == Some(&schema) {
            return Some(());
        }
        if self.made.remove(table).is_some() {
            self.db.delete_table(engine::typed(json!({ "TableName": table })).ok()?).ok()?;
        }
        self.db.create_table(engine::typed(schema.creation(table)?).ok()?).ok()?;
        self.made.insert(table.to_owned(), schema);
        Some(())
    }

    /// The keys of the items that `request` writes.
    fn keys<Q: Request>(&self, request: &Q) -> Vec<(String, Item)> {
        let mut keys = Vec::new();
        request.written(&mut |table, item| {
            let names = self.made.get(table).map(|schema| key_names(&schema.keys)).unwrap_or_default();
            keys.extend(key_of(item, &names).map(|key| (table.to_owned(), key)));
        });
        keys
    }

    /// Takes out again what a sound request has put in. A key that cannot be deleted was not written.
    fn empty(&self, keys: Vec<(String, Item)>) {
        for (table_name, key) in keys {
            let _ = self.db.delete_item(DeleteItemRequest { table_name, key, ..DeleteItemRequest::default() });
        }
    }
}

impl Schema {
    fn of(real: &TableMetadata) -> Self {
        Self {
            keys: real.key_schema.clone(),
            attributes: real.attribute_definitions.clone(),
            global: real.gsi_definitions.clone(),
            local: real.lsi_definitions.clone(),
        }
    }

    fn creation(&self, table: &str) -> Option<Value> {
        let read = |text: &str| serde_json::from_str::<Value>(text).ok();
        let mut request = Map::from_iter([
            ("TableName".to_owned(), table.into()),
            ("KeySchema".to_owned(), read(&self.keys)?),
            ("AttributeDefinitions".to_owned(), read(&self.attributes)?),
            ("BillingMode".to_owned(), "PAY_PER_REQUEST".into()),
        ]);
        for (name, text) in [("GlobalSecondaryIndexes", &self.global), ("LocalSecondaryIndexes", &self.local)] {
            if let Some(indexes) = text.as_deref().and_then(read) {
                request.insert(name.to_owned(), without_capacity(indexes));
            }
        }
        Some(Value::Object(request))
    }
}

fn without_capacity(mut indexes: Value) -> Value {
    for index in indexes.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        index.retain(|name, _| ["IndexName", "KeySchema", "Projection"].contains(&name.as_str()));
    }
    indexes
}

/// The attributes of a key schema, as the engine keeps it.
pub(super) fn key_names(schema: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    schema.as_array().into_iter().flatten().filter_map(|k| k.get("AttributeName")?.as_str().map(str::to_owned)).collect()
}

/// The key in an item, or in what is more than a key.
pub(super) fn key_of(item: &Item, names: &[String]) -> Option<Item> {
    names.iter().map(|name| Some((name.clone(), item.get(name)?.clone()))).collect()
}

fn is_wrong(error: &DynoxideError) -> bool {
    let told = error.to_string();
    error.error_type().ends_with("ValidationException") && !OF_THE_ITEM.iter().any(|words| told.contains(words))
}
