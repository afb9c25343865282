//! What a request meets on its way, short of the port.

use super::*;
use crate::clock::Clock;
use crate::local::dynamodb::capacity_of;
use crate::local::trial::creation;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn who_asks_cloudwatch_finds_capacity_moved_that_was_due_to_move() {
    let clock = Clock::manual(1_791_504_000_000);
    let world = World::open(&Options { clock: clock.clone(), ..Options::default() }).expect("opens");
    let act = async |protocol: Protocol, operation: &str, request: serde_json::Value| {
        world.act(&protocol, operation, "us-east-1".into(), request.to_string().into(), "id").await.expect("answered");
    };
    let mut table = creation("Users");
    table["ProvisionedThroughput"] = json!({ "ReadCapacityUnits": 5, "WriteCapacityUnits": 5 });
    act(Protocol::Dynamo("CreateTable".into()), "CreateTable", table).await;
    clock.advance(Duration::from_secs(20));
    let target = json!({
        "ServiceNamespace": "dynamodb", "ResourceId": "table/Users", "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "MinCapacity": 8, "MaxCapacity": 50,
    });
    act(Protocol::Scaling("RegisterScalableTarget".into()), "RegisterScalableTarget", target).await;
    clock.advance(Duration::from_secs(61));
    act(Protocol::CloudWatchJson("ListMetrics".into()), "ListMetrics", json!({})).await;
    let region = world.dynamodb.region("us-east-1").expect("open");
    assert_eq!(capacity_of(&region, "Users", None).flatten().map(|c| c.read), Some(8));
}
