//! Streams, with our ARNs and one shard.

use super::*;

fn table(aws: &Aws) -> String {
    aws.make("Users", json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" } }));
    aws.shown("Users")["LatestStreamArn"].as_str().expect("told").to_owned()
}

#[test]
fn a_stream_is_read_by_its_arn_shard_and_records() {
    let aws = Aws::new();
    let arn = table(&aws);
    assert!(arn.starts_with("arn:aws:dynamodb:eu-central-1:123456789012:table/Users/stream/"), "{arn}");
    let listed = aws.ok("ListStreams", json!({ "TableName": "Users" }));
    assert_eq!(listed["Streams"][0]["StreamArn"], arn.as_str());
    let shards = |request: Value| aws.ok("DescribeStream", request)["StreamDescription"]["Shards"].clone();
    let shard = shards(json!({ "StreamArn": arn }))[0]["ShardId"].as_str().expect("one").to_owned();
    assert!(shard.len() >= 28, "clients check");
    assert_eq!(shards(json!({ "StreamArn": arn, "ExclusiveStartShardId": null })).as_array().map(Vec::len), Some(1));
    assert_eq!(shards(json!({ "StreamArn": arn, "ExclusiveStartShardId": shard })), json!([]), "there is one");
    let from = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    let iterator = aws.ok("GetShardIterator", from)["ShardIterator"].clone();
    aws.put("Users", json!({ "id": s("1"), "table_arn": s("arn:aws:dynamodb:dynoxide:000000000000:table/Mine") }));
    let told = aws.ok("GetRecords", json!({ "ShardIterator": iterator, "Limit": null }));
    let record = &told["Records"][0];
    assert_eq!((&record["eventName"], &record["awsRegion"]), (&json!("INSERT"), &json!(REGION)));
    assert_eq!(record["dynamodb"]["NewImage"]["table_arn"], s("arn:aws:dynamodb:dynoxide:000000000000:table/Mine"), "data is left alone");
}

#[test]
fn what_would_not_be_honoured_is_refused_by_whole_calls_too() {
    let aws = Aws::new();
    let arn = table(&aws);
    for (operation, request, words) in [
        (
            "DescribeStream",
            json!({ "StreamArn": arn, "ShardFilter": { "Type": "CHILD_SHARDS" } }),
            "ValidationException: the embedded AWS does not know ShardFilter of DescribeStream: leave it out",
        ),
        (
            "GetRecords",
            json!({ "ShardIterator": "x", "Limit": 1_001 }),
            "ValidationException: 1 validation error detected: Value '1001' at 'limit' failed to satisfy constraint: Member must have value \
             between 1 and 1000",
        ),
    ] {
        assert_eq!(aws.refused(operation, request), words);
    }
    aws.ok("DescribeStream", json!({ "StreamArn": arn, "ShardFilter": null, "Limit": null }));
}
