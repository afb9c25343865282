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
    for name in ["ShardId", "ExclusiveStartShardId"] {
        if request.get(name).and_then(Value::as_str) == Some(SHARD) {
            request[name] = format!("shardId-00000001-{}", table_of(&request)).into();
        }
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
    for shard in reply.pointer_mut("/StreamDescription/Shards").and_then(Value::as_array_mut).into_iter().flatten() {
        shard["ShardId"] = SHARD.into();
    }
    Ok(reply)
}

const SHARD: &str = "shardId-00000000000000000001-00000001";

/// The table in `arn:...:table/NAME/stream/LABEL`.
fn table_of(request: &Value) -> &str {
    request.get("StreamArn").and_then(Value::as_str).and_then(|arn| arn.split('/').nth(1)).unwrap_or_default()
}
