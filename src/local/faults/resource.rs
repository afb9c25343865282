//! Which tables a request is about, read from its body without reading it whole where that can be avoided.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};

/// The members of any request that name a table.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    table_name: Option<String>,
    #[allow(clippy::zero_sized_map_values, reason = "what is read is a map, of which only the keys matter")]
    request_items: BTreeMap<String, IgnoredAny>,
    transact_items: Vec<BTreeMap<String, Inner>>,
    table_creation_parameters: Inner,
    resource_arn: Option<String>,
    table_arn: Option<String>,
    import_arn: Option<String>,
    stream_arn: Option<String>,
    resource_id: Option<String>,
    key_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Inner {
    table_name: Option<String>,
}

/// Every table that `body` names (a key's or an ARN's last part where it names something else).
pub(crate) fn all(body: &[u8]) -> Vec<String> {
    let Ok(asked) = serde_json::from_slice::<Named>(body) else { return Vec::new() };
    let arns = [asked.resource_arn, asked.table_arn, asked.import_arn, asked.stream_arn, asked.resource_id, asked.key_id];
    let inner = asked.transact_items.into_iter().flat_map(BTreeMap::into_values).chain([asked.table_creation_parameters]);
    let outer = asked.table_name.into_iter().chain(asked.request_items.into_keys());
    let all = outer.chain(inner.filter_map(|i| i.table_name)).chain(arns.into_iter().flatten());
    let names: BTreeSet<String> = all.map(|name| short(&name).to_owned()).collect();
    names.into_iter().collect()
}

/// The first of them, for the record; quick for the large bodies of batches.
pub(crate) fn first(body: &[u8]) -> String {
    let quick = [&b"{\"TableName\":\""[..], b"{\"RequestItems\":{\""].into_iter().find_map(|mark| body.strip_prefix(mark));
    let end = |rest: &[u8]| rest.iter().take(2_048).position(|b| *b == b'"' || *b == b'\\');
    match quick.and_then(|rest| Some((rest, end(rest)?))) {
        Some((rest, at)) if rest[at] == b'"' => short(&String::from_utf8_lossy(&rest[..at])).to_owned(),
        _ => all(body).into_iter().next().unwrap_or_default(),
    }
}

/// `Users` of `arn:aws:dynamodb:us-east-1:123456789012:table/Users/index/ByMail`, and of `table/Users`.
fn short(name: &str) -> &str {
    let after = name.split_once(":table/").map(|(_, rest)| rest).or_else(|| name.strip_prefix("table/"));
    after.map_or(name, |rest| rest.split('/').next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_request_names_its_tables() {
        let table: [(&str, &[&str]); 7] = [
            (r#"{"TableName":"A","Item":{"TableName":{"S":"B"}}}"#, &["A"]),
            (r#"{"TableName":"arn:aws:dynamodb:r:1:table/A"}"#, &["A"]),
            (r#"{"RequestItems":{"B":[],"A":[]}}"#, &["A", "B"]),
            (r#"{"TransactItems":[{"Put":{"TableName":"A"}},{"Delete":{"TableName":"B"}}]}"#, &["A", "B"]),
            (r#"{"TableCreationParameters":{"TableName":"A"}}"#, &["A"]),
            (r#"{"ResourceArn":"arn:aws:dynamodb:r:1:table/A/stream/x"}"#, &["A"]),
            ("not json", &[]),
        ];
        for (body, names) in table {
            assert_eq!(all(body.as_bytes()), names, "{body}");
        }
        assert_eq!(first(br#"{"RequestItems":{"B":[],"A":[]}}"#), "B");
        assert_eq!(first(br#"{"ReturnConsumedCapacity":"NONE","TableName":"A"}"#), "A");
        assert_eq!(first(br#"{"TableName":"\u0041"}"#), "A");
    }
}
