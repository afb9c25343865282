//! Capacity that moves by itself: when, how far, and what holds it back.

use crate::local::trial::{Trial, code};
use serde_json::{Value, json};

fn about(more: &Value) -> Value {
    let mut request =
        json!({ "ServiceNamespace": "dynamodb", "ResourceId": "table/Users", "ScalableDimension": "dynamodb:table:ReadCapacityUnits" });
    request.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    request
}

/// A table with five units of each side, whose reads may be from `min` to `max`.
fn ranged(min: i64, max: i64) -> Trial {
    let trial = Trial::new();
    trial.table("Users", Some(5));
    trial.pass(40.0);
    trial.scale("RegisterScalableTarget", &about(&json!({ "MinCapacity": min, "MaxCapacity": max }))).expect("registered");
    trial
}

/// Half of the capacity is the target; `more` is the rest of the policy's configuration.
fn track(trial: &Trial, more: &Value) {
    let metric = json!({ "PredefinedMetricType": "DynamoDBReadCapacityUtilization" });
    let mut tracking = json!({ "TargetValue": 50.0, "PredefinedMetricSpecification": metric });
    tracking.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    let policy = json!({ "PolicyName": "p", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": tracking });
    trial.scale("PutScalingPolicy", &about(&policy)).expect("put");
}

fn capacity(trial: &Trial) -> i64 {
    let told = trial.ask("DescribeTable", &json!({ "TableName": "Users" })).expect("there");
    told["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"].as_i64().expect("provisioned")
}

fn set(trial: &Trial, read: i64, write: i64) -> String {
    let units = json!({ "ReadCapacityUnits": read, "WriteCapacityUnits": write });
    code(trial.ask("UpdateTable", &json!({ "TableName": "Users", "ProvisionedThroughput": units })))
}

/// Reads `units` in each of `minutes` minutes; the capacity after each.
fn read_for(trial: &Trial, minutes: usize, units: usize) -> Vec<i64> {
    let get = json!({ "TableName": "Users", "Key": { "id": { "S": "1" } }, "ConsistentRead": true });
    let mut told = Vec::new();
    for _ in 0..minutes {
        for second in 0..60 {
            for _ in (units * second / 60)..(units * (second + 1) / 60) {
                let _throttled = trial.ask("GetItem", &get);
            }
            trial.pass(1.0);
        }
        told.push(capacity(trial));
    }
    told
}

#[test]
fn capacity_below_a_new_minimum_is_raised_once_and_then_left_alone() {
    let trial = ranged(8, 50);
    trial.pass(3.9);
    assert_eq!(capacity(&trial), 5, "not before four seconds");
    trial.pass(0.2);
    let _updating = capacity(&trial);
    trial.pass(5.0);
    assert_eq!(capacity(&trial), 8);
    assert_eq!(set(&trial, 6, 5), "OK");
    trial.pass(600.0);
    assert_eq!((capacity(&trial), capacity(&trial)), (6, 6), "a change by hand is not taken back");
}

#[test]
fn a_table_that_is_changing_is_moved_into_the_range_when_it_has_changed() {
    let trial = ranged(8, 50);
    trial.pass(3.5);
    assert_eq!(set(&trial, 5, 6), "OK");
    trial.pass(0.6);
    assert_eq!(capacity(&trial), 5, "it is UPDATING still");
    trial.pass(10.0);
    let _updating = capacity(&trial);
    trial.pass(10.0);
    assert_eq!(capacity(&trial), 8);
}

#[test]
fn capacity_follows_the_load_and_a_cooldown_holds_the_next_step_of_its_kind_back() {
    let free = ranged(5, 50);
    track(&free, &json!({}));
    let (first, second) = (read_for(&free, 4, 240), read_for(&free, 4, 450));
    assert_eq!((first.last(), second.last()), (Some(&8), Some(&15)), "{first:?} {second:?}");
    let held = ranged(5, 50);
    track(&held, &json!({ "ScaleOutCooldown": 900 }));
    let (first, second) = (read_for(&held, 4, 240), read_for(&held, 4, 450));
    assert_eq!((first.last(), second.last()), (Some(&8), Some(&8)), "{first:?} {second:?}");
    let later = read_for(&held, 12, 450);
    assert_eq!(later.last(), Some(&15), "{later:?}");
}

#[test]
fn a_step_that_aws_refuses_counts_for_no_cooldown() {
    let trial = ranged(2, 50);
    for units in [4, 3, 2, 20, 19] {
        assert_eq!(set(&trial, units, 5), "OK");
        trial.pass(5.0);
    }
    track(&trial, &json!({ "ScaleInCooldown": 20_000 }));
    for _ in 0..50 {
        trial.pass(60.0);
        assert_eq!(capacity(&trial), 19, "four decreases were made, and the next is free after an hour without one");
    }
    trial.pass(1_200.0);
    let _updating = capacity(&trial);
    trial.pass(60.0);
    assert_eq!(capacity(&trial), 2);
}
