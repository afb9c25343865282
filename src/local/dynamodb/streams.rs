//! DynamoDB Streams: the engine's, with the right ARNs and region.

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
    Ok(reply)
}
