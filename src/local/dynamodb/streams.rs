//! DynamoDB Streams: the engine's, with the right ARNs, region and shard names.
//!
//! The engine has one shard per stream and calls it too shortly for clients that check (28 characters at least).

use super::{Region, arn, engine};
use crate::local::fault::Fault;
use serde_json::Value;

/// The four operations of `DynamoDBStreams_20120810`.
pub(super) fn answer(region: &Region, operation: &str, mut request: Value) -> Result<Value, Fault> {
    for name in ["StreamArn", "ExclusiveStartStreamArn"] {
        if let Some(Value::String(text)) = request.get_mut(name) {
            *text = arn::inward(region, text)?;
        }
    }
    check(operation, &request)?;
    let after_last = request.as_object_mut().and_then(|r| r.remove("ExclusiveStartShardId")).is_some_and(|v| !v.is_null());
    if request.get("ShardId").and_then(Value::as_str) == Some(SHARD) {
        request["ShardId"] = format!("shardId-00000001-{}", table_of(&request)).into();
    }
    let db = region.db();
    if operation == "GetRecords" {
        let mut reply = db.get_records(engine::typed(request)?)?;
        for record in &mut reply.records {
            region.name().clone_into(&mut record.aws_region);
        }
        return engine::tree(&reply);
    }
    let mut reply = match operation {
        "ListStreams" => engine::tree(&db.list_streams(engine::typed(request)?)?)?,
        "DescribeStream" => engine::tree(&db.describe_stream(engine::typed(request)?)?)?,
        _ => engine::tree(&db.get_shard_iterator(engine::typed(request)?)?)?,
    };
    arn::outward_all(region, &mut reply);
    if let Some(shards) = reply.pointer_mut("/StreamDescription/Shards").and_then(Value::as_array_mut) {
        // There is one shard: none comes after it.
        shards.retain(|_| !after_last);
        for shard in shards {
            shard["ShardId"] = SHARD.into();
        }
    }
    Ok(reply)
}

/// Refuses what the engine would take and not honour: a filter of shards, a shard that is not there, more records than a page may have.
fn check(operation: &str, request: &Value) -> Result<(), Fault> {
    let given = |name: &str| request.get(name).filter(|v| !v.is_null());
    if operation == "DescribeStream" && given("ShardFilter").is_some() {
        return Err(Fault::invalid("the embedded AWS does not know ShardFilter of DescribeStream: leave it out"));
    }
    if operation == "GetShardIterator" && given("ShardId").is_some_and(|shard| shard != SHARD) {
        let shard = crate::safe::text(given("ShardId").and_then(Value::as_str).unwrap_or_default());
        let why = format!("Requested resource not found: Shard: {shard} in Stream does not exist");
        return Err(Fault::new("ResourceNotFoundException", why));
    }
    let most = if operation == "GetRecords" { 1000 } else { 100 };
    match given("Limit").and_then(Value::as_i64).filter(|limit| !(1..=most).contains(limit)) {
        None => Ok(()),
        Some(limit) => Err(Fault::invalid(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value between 1 and {most}"
        ))),
    }
}

const SHARD: &str = "shardId-00000000000000000001-00000001";

/// The table in `arn:...:table/NAME/stream/LABEL`.
fn table_of(request: &Value) -> &str {
    request.get("StreamArn").and_then(Value::as_str).and_then(|arn| arn.split('/').nth(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_would_not_be_honoured_is_refused() {
        let told = |operation: &str, request: Value| check(operation, &request).map_err(|f| f.code);
        assert_eq!(told("DescribeStream", json!({ "StreamArn": "a", "Limit": 100 })), Ok(()));
        assert_eq!(told("GetRecords", json!({ "Limit": 1000 })), Ok(()));
        assert_eq!(told("GetShardIterator", json!({ "ShardId": SHARD })), Ok(()));
        for (operation, request, code) in [
            ("DescribeStream", json!({ "ShardFilter": { "Type": "CHILD_SHARDS", "ShardId": SHARD } }), "ValidationException"),
            ("GetRecords", json!({ "Limit": 1001 }), "ValidationException"),
            ("ListStreams", json!({ "Limit": 0 }), "ValidationException"),
            ("GetShardIterator", json!({ "ShardId": "shardId-00000000000000000002-00000002" }), "ResourceNotFoundException"),
        ] {
            assert_eq!(told(operation, request), Err(code.into()), "{operation}");
        }
    }
}
