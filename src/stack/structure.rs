//! The first pass: a document against the schema, so that every unknown key, missing key and wrong type is found at once.
//!
//! Serde stops at the first of these. This pass does not: it reports one, cuts it out of the document, and goes on, so that what is
//! left can be read by serde and judged by `lower` in the same run.
//! Rules: a message names keys and kinds, never a value (a value may be a secret), except a word that should be one of a few.
//!
//! Key insight: the schema is made from the syntax, so this pass knows what serde knows.
//! Called by `load`.

use super::finding::Findings;
use super::nearest::{hint, list};
use serde_json::Value as Schema;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Cuts out of `document` what the syntax does not know, and says so.
pub(super) fn check(schema: &Schema, document: &mut Spanned<DeTable<'_>>, found: &mut Findings<'_>) {
    Check { found }.table(schema, document.get_mut(), &Place { path: String::new(), span: 0..0 });
}

/// Where the check is: the dotted path that people know, and what to point at.
struct Place {
    path: String,
    span: Range<usize>,
}

impl Place {
    fn key(&self, key: &str, span: Range<usize>) -> Self {
        Self { path: if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }, span }
    }

    /// " in `table.Users`", or nothing at the top.
    fn within(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) }
    }
}

struct Check<'f, 's> {
    found: &'f mut Findings<'s>,
}

impl Check<'_, '_> {
    fn table<'i>(&mut self, schema: &Schema, table: &mut DeTable<'i>, place: &Place) {
        self.missing(schema, table, place);
        let mut kept: DeTable<'i> = DeTable::new();
        for (key, mut value) in std::mem::take(table) {
            let (name, span) = (key.get_ref().to_string(), key.span());
            match property(schema, &name) {
                None => self.unknown(schema, &name, &span, place),
                Some(inner) if self.value(inner, &mut value, &place.key(&name, span)) => {
                    kept.insert(key, value);
                }
                Some(_) => {}
            }
        }
        *table = kept;
    }

    fn missing(&mut self, schema: &Schema, present: &DeTable<'_>, place: &Place) {
        let required = schema.get("required").and_then(Schema::as_array).into_iter().flatten().filter_map(Schema::as_str);
        for key in required.filter(|key| !present.contains_key(*key)) {
            let help = property(schema, key).and_then(|s| s.get("description")).and_then(Schema::as_str).map(|d| format!("`{key}`: {d}"));
            self.found.error_maybe(&place.span, format!("`{key}` is missing{}", place.within()), help);
        }
    }

    fn unknown(&mut self, schema: &Schema, key: &str, span: &Range<usize>, place: &Place) {
        if let Some(thing) = not_managed(key) {
            let message = format!("`{key}`{}: landfall does not manage {thing}", place.within());
            return self.found.error_with(span, message, "remove the key; what landfall does not manage, it neither changes nor checks");
        }
        if is_secret(key) {
            let message = format!("`{key}`{}: a stack file holds no secret", place.within());
            return self.found.error_with(span, message, "put the whole address in the environment and write url = \"env:SOURCE_URL\"");
        }
        let known: Vec<&str> =
            schema.get("properties").and_then(Schema::as_object).into_iter().flat_map(|p| p.keys()).map(String::as_str).collect();
        let ours = called(key).filter(|ours| known.iter().any(|k| ours.split(' ').next() == Some(k)));
        let help = ours.map(|ours| format!("here it is called `{ours}`")).or_else(|| hint(key, "known keys", known));
        self.found.error_maybe(span, format!("unknown key `{key}`{}", place.within()), help);
    }

    /// Whether the value may stay.
    fn value(&mut self, schema: &Schema, value: &mut Spanned<DeValue<'_>>, place: &Place) -> bool {
        let span = value.span();
        let choices = choices(schema);
        let fitting: Vec<&Schema> = choices.iter().copied().filter(|c| takes(c, value.get_ref())).collect();
        let Some(first) = fitting.first() else {
            let expected: Vec<String> = choices.iter().flat_map(|c| expected(c)).collect();
            self.found.error(&span, format!("`{}` must be {}, not {}", place.path, either(&expected), kind(value.get_ref())));
            return false;
        };
        match value.get_mut() {
            DeValue::Table(table) => self.table(first, table, place),
            DeValue::Array(array) => self.array(first, array, place),
            DeValue::String(word) => return self.word(&fitting, word, &span, place),
            DeValue::Integer(number) => return self.integer(first, number, &span, place),
            _ => {}
        }
        true
    }

    fn array(&mut self, schema: &Schema, array: &mut toml::de::DeArray<'_>, place: &Place) {
        let Some(items) = schema.get("items") else { return };
        let all = std::mem::replace(array, toml::de::DeArray::new()).into_iter().enumerate();
        *array = all
            .filter_map(|(i, mut item)| {
                let inner = Place { path: format!("{}[{i}]", place.path), span: item.span() };
                self.value(items, &mut item, &inner).then_some(item)
            })
            .collect();
    }

    /// A string where only some words are known.
    fn word(&mut self, schemas: &[&Schema], word: &str, span: &Range<usize>, place: &Place) -> bool {
        let known: Vec<Vec<&str>> = schemas.iter().map(|s| words(s)).collect();
        if known.iter().any(|words| words.is_empty() || words.contains(&word)) {
            return true;
        }
        let known: Vec<&str> = known.concat();
        let message = format!("`{}` cannot be `{word}`", place.path);
        self.found.error_maybe(span, message, hint(word, "it can be", known));
        false
    }

    fn integer(&mut self, schema: &Schema, number: &toml::de::DeInteger<'_>, span: &Range<usize>, place: &Place) -> bool {
        let problem = match i64::from_str_radix(number.as_str(), number.radix()) {
            Err(_) => "is too large",
            Ok(n) if n < 0 && schema.get("minimum").and_then(Schema::as_u64) == Some(0) => "must not be negative",
            Ok(_) => return true,
        };
        self.found.error(span, format!("`{}` {problem}", place.path));
        false
    }
}

/// What a key's value must be; `None`: the key is unknown.
fn property<'s>(schema: &'s Schema, key: &str) -> Option<&'s Schema> {
    schema.get("properties").and_then(|p| p.get(key)).or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()))
}

/// The ways a value may be written.
fn choices(schema: &Schema) -> Vec<&Schema> {
    match schema.get("anyOf").and_then(Schema::as_array) {
        Some(any) => any.iter().flat_map(choices).collect(),
        None => vec![schema],
    }
}

/// The words that a string schema lists; none: any string will do.
fn words(schema: &Schema) -> Vec<&str> {
    let list = |key| schema.get(key).and_then(Schema::as_array).into_iter().flatten();
    let single = schema.get("const").into_iter();
    list("enum").chain(list("oneOf").filter_map(|c| c.get("const"))).chain(single).filter_map(Schema::as_str).collect()
}

fn types(schema: &Schema) -> Vec<&str> {
    match schema.get("type") {
        Some(Schema::String(one)) => vec![one],
        Some(Schema::Array(many)) => many.iter().filter_map(Schema::as_str).collect(),
        _ if !words(schema).is_empty() => vec!["string"],
        _ => Vec::new(),
    }
}

fn takes(schema: &Schema, value: &DeValue<'_>) -> bool {
    let wanted: &[&str] = match value {
        DeValue::String(_) => &["string"],
        DeValue::Integer(_) => &["integer", "number"],
        DeValue::Float(_) => &["number"],
        DeValue::Boolean(_) => &["boolean"],
        DeValue::Datetime(_) => &[],
        DeValue::Array(_) => &["array"],
        DeValue::Table(_) => &["object"],
    };
    types(schema).iter().any(|t| wanted.contains(t))
}

/// What a schema takes, in words.
fn expected(schema: &Schema) -> Vec<String> {
    let words = words(schema);
    if !words.is_empty() {
        return vec![list(&words).replace(" and ", " or ")];
    }
    types(schema).into_iter().map(|t| say(t).to_owned()).collect()
}

fn say(json_type: &str) -> &str {
    match json_type {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        other => other,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time (put it in quotes)",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn either(expected: &[String]) -> String {
    match expected.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => expected.concat(),
    }
}

/// What DynamoDB and S3 have and no verb honours: said by name, so that nobody believes it was done.
fn not_managed(key: &str) -> Option<&'static str> {
    Some(match key {
        "replica" | "replicas" | "global_table" | "witness" => {
            "global tables: a replica is a table in another region, and a stack is pinned to one; what there is of them stays as it is"
        }
        "kinesis" | "kinesis_stream" => "Kinesis streams of a table; what there is of them stays as it is",
        _ => return None,
    })
}

/// What other tools call a setting that the syntax has under a name of its own, as far as the name is not near enough to be seen.
fn called(key: &str) -> Option<&'static str> {
    Some(match key {
        "warm_throughput" => "warm",
        "autoscaling" | "auto_scaling" | "scaling" => "capacity = { read = { min = 5, max = 100 }, write = { min = 5, max = 100 } }",
        "billing_mode" | "billing" | "provisioned_throughput" => "capacity",
        "table_class" => "class",
        "sse" | "kms_key" | "server_side_encryption" => "encryption",
        "resource_policy" => "policy",
        "contributor_insights" => "insights",
        "max_read" | "max_write" | "on_demand_maximum" | "on_demand_throughput" => "maximum",
        "deletion_protection" => "protect",
        "point_in_time_recovery" | "pitr" => "recovery",
        "time_to_live" => "ttl",
        _ => return None,
    })
}

fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    ["password", "passwd", "pwd", "secret", "token"].iter().any(|s| key.contains(s))
}
