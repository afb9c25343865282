//! The JSON Schema of a stack file, made from the syntax, so that it cannot lag behind it.
//!
//! Draft 7 with everything inline: what the TOML editors understand best. TOML has no null, so no value may be null.
//! Called by the `schema` verb, and by `structure`, which checks a document against it.

use super::syntax::File;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The schema, with the syntax's doc comments as descriptions.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|s| s.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<File>().to_value();
    tidy(&mut schema);
    schema
}

/// Drops what TOML cannot say (null), and what Rust's integer widths add.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            drop_null_type(object);
            drop_null_choice(object);
            object.remove("format");
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn drop_null_type(object: &mut serde_json::Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|t| t != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|w| !w.is_null());
    }
}

/// `anyOf [X, null]` is X.
fn drop_null_choice(object: &mut serde_json::Map<String, Value>) {
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|c| c.get("type").is_none_or(|t| t != "null"));
    if let [Value::Object(one)] = choices.as_mut_slice() {
        let one = std::mem::take(one);
        object.remove("anyOf");
        for (key, value) in one {
            object.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/stacks/stack.schema.json");

    /// `LANDFALL_BLESS=1 cargo test the_file_beside_the_stacks` writes the file anew.
    #[test]
    fn the_file_beside_the_stacks_is_this_schema() {
        let text = serde_json::to_string_pretty(&schema()).expect("invariant: JSON values print") + "\n";
        if std::env::var_os("LANDFALL_BLESS").is_some() {
            std::fs::write(FILE, &text).expect("write the schema");
        }
        let file = std::fs::read_to_string(FILE).expect("read the schema");
        assert!(file == text, "stacks/stack.schema.json is stale; write it anew with LANDFALL_BLESS=1");
    }

    #[test]
    fn every_property_has_a_description_and_every_table_is_closed() {
        fn walk(at: &str, schema: &Value) {
            if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                assert!(schema.get("additionalProperties").is_some(), "{at} is open");
                for (name, property) in properties {
                    assert!(property.get("description").is_some(), "{at}.{name} has no description");
                    walk(&format!("{at}.{name}"), property);
                }
            }
            for key in ["additionalProperties", "items"] {
                schema.get(key).into_iter().for_each(|s| walk(&format!("{at}.{key}"), s));
            }
            schema.get("anyOf").and_then(Value::as_array).into_iter().flatten().for_each(|s| walk(at, s));
        }
        walk("", &schema());
    }

    #[test]
    fn nothing_may_be_null() {
        fn walk(schema: &Value) {
            if let Some(types) = schema.get("type") {
                assert!(!types.to_string().contains("null"), "{schema}");
            }
            assert!(schema.get("anyOf").and_then(Value::as_array).is_none_or(|any| any.len() > 1), "{schema}");
            match schema {
                Value::Object(object) => object.iter().filter(|(key, _)| *key != "description").for_each(|(_, s)| walk(s)),
                Value::Array(items) => items.iter().for_each(walk),
                _ => {}
            }
        }
        walk(&schema());
    }

    #[test]
    fn what_must_be_there_is_required() {
        assert_eq!(schema()["required"], serde_json::json!(["name", "account", "region"]));
        assert_eq!(schema()["properties"]["table"]["additionalProperties"]["required"], serde_json::json!(["key"]));
    }
}
