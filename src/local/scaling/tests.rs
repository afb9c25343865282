//! Targets and policies: what is kept, what is told of it, and what is refused in which words.

use super::*;
use crate::local::trial::{Trial, said};
use serde_json::json;

const READ: &str = "dynamodb:table:ReadCapacityUnits";
const WRITE: &str = "dynamodb:table:WriteCapacityUnits";

/// A request about a dimension of `table/Users`, with the `more` that it says; a null takes a member away.
fn about(dimension: &str, more: &Value) -> Value {
    let mut request = json!({ "ServiceNamespace": "dynamodb", "ResourceId": "table/Users", "ScalableDimension": dimension });
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    request
}

fn target(more: &Value) -> Value {
    let mut request = about(READ, &json!({ "MinCapacity": 5, "MaxCapacity": 50 }));
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    request
}

/// A policy for `dimension`, whose configuration says `more`.
fn policy(dimension: &str, name: &str, more: &Value) -> Value {
    let side = if dimension == READ { "Read" } else { "Write" };
    let metric = json!({ "PredefinedMetricType": format!("DynamoDB{side}CapacityUtilization") });
    let mut tracking = json!({ "TargetValue": 70.0, "PredefinedMetricSpecification": metric });
    for (name, value) in more.as_object().into_iter().flatten() {
        tracking[name] = value.clone();
    }
    let said = json!({ "PolicyName": name, "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": tracking });
    about(dimension, &said)
}

fn with_table() -> Trial {
    let trial = Trial::new();
    trial.table("Users", Some(5));
    trial
}

#[test]
fn a_target_that_cannot_be_is_refused_in_words_and_not_kept() {
    let trial = with_table();
    let cases = [
        json!({ "ServiceNamespace": "ecs" }),
        json!({ "ServiceNamespace": null }),
        json!({ "ResourceId": "" }),
        json!({ "ResourceId": "table/Nobody" }),
        json!({ "ResourceId": "table/Users/index/Nobody", "ScalableDimension": "dynamodb:index:ReadCapacityUnits" }),
        json!({ "MinCapacity": 51 }),
        json!({ "MinCapacity": 0 }),
        json!({ "MaxCapacity": 1.5 }),
        json!({ "MinCapacity": null }),
        json!({ "SuspendedState": { "DynamicScalingInSuspended": true } }),
    ];
    let all: Vec<String> = cases.iter().map(|more| said(trial.scale("RegisterScalableTarget", &target(more)))).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    ValidationException: the embedded AWS scales dynamodb only, not ecs
    ValidationException: 1 validation error detected: Value null at 'serviceNamespace' failed to satisfy constraint: Member must not be null
    ValidationException: 1 validation error detected: Value null at 'resourceId' failed to satisfy constraint: Member must not be null
    ValidationException: DynamoDB table does not exist: table/Nobody
    ValidationException: DynamoDB index does not exist: table/Users/index/Nobody
    ValidationException: Maximum capacity cannot be less than minimum capacity
    ValidationException: MinCapacity of a DynamoDB dimension must be at least 1, not 0
    SerializationException: MaxCapacity is not a whole number
    ValidationException: MinCapacity is required when a scalable target is registered
    ValidationException: the embedded AWS does not know SuspendedState of RegisterScalableTarget: leave it out
    ");
    let told = trial.scale("DescribeScalableTargets", &json!({ "ServiceNamespace": "dynamodb" })).expect("told");
    assert_eq!(told["ScalableTargets"], json!([]));
    assert_eq!(said(trial.scale("RegisterScalableTarget", &target(&json!({ "MinCapacity": 50 })))), "OK", "a range of one");
}

#[test]
fn a_policy_that_cannot_be_is_refused_in_words_and_not_kept() {
    let trial = with_table();
    assert_eq!(said(trial.scale("RegisterScalableTarget", &target(&json!({})))), "OK");
    let plain = || policy(READ, "p", &json!({}));
    let with = |name: &str, value: Value| {
        let mut request = plain();
        request[name] = value;
        request
    };
    let cases = [
        with("PolicyType", json!("StepScaling")),
        with("TargetTrackingScalingPolicyConfiguration", json!("70")),
        with("PolicyName", json!("")),
        policy(READ, "p", &json!({ "TargetValue": 19.9 })),
        policy(READ, "p", &json!({ "TargetValue": 90.1 })),
        policy(READ, "p", &json!({ "PredefinedMetricSpecification": { "PredefinedMetricType": "DynamoDBWriteCapacityUtilization" } })),
        policy(READ, "p", &json!({ "PredefinedMetricSpecification": null })),
        policy(WRITE, "p", &json!({})),
    ];
    let all: Vec<String> = cases.iter().map(|request| said(trial.scale("PutScalingPolicy", request))).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    ValidationException: the embedded AWS knows policies of the type TargetTrackingScaling only, as DynamoDB does
    ValidationException: TargetTrackingScalingPolicyConfiguration is required
    ValidationException: 1 validation error detected: Value null at 'policyName' failed to satisfy constraint: Member must not be null
    ValidationException: Target value must be between 20 and 90 for DynamoDB, not 19.9
    ValidationException: Target value must be between 20 and 90 for DynamoDB, not 90.1
    ValidationException: DynamoDBWriteCapacityUtilization does not fit the dimension: it takes DynamoDBReadCapacityUtilization
    ValidationException: the embedded AWS tracks PredefinedMetricSpecification only
    ObjectNotFoundException: No scalable target found for service namespace: dynamodb, resource ID: table/Users, scalable dimension: dynamodb:table:WriteCapacityUnits
    ");
    let told = trial.scale("DescribeScalingPolicies", &json!({ "ServiceNamespace": "dynamodb" })).expect("told");
    assert_eq!(told["ScalingPolicies"], json!([]));
    for bound in [20.0, 90.0] {
        assert_eq!(said(trial.scale("PutScalingPolicy", &policy(READ, "p", &json!({ "TargetValue": bound })))), "OK", "{bound}");
    }
}

/// A target and a policy for reads and for writes.
fn two_sides() -> Trial {
    let trial = with_table();
    for (dimension, name) in [(READ, "reads"), (WRITE, "writes")] {
        let mut range = target(&json!({}));
        range["ScalableDimension"] = json!(dimension);
        trial.scale("RegisterScalableTarget", &range).expect("registered");
        trial.scale("PutScalingPolicy", &policy(dimension, name, &json!({}))).expect("put");
    }
    trial
}

#[test]
fn lists_tell_what_was_asked_for_and_an_empty_list_asks_for_all() {
    let trial = two_sides();
    let listed = |operation: &str, more: &Value| -> Vec<String> {
        let mut request = json!({ "ServiceNamespace": "dynamodb" });
        request.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let told = trial.scale(operation, &request).expect("told");
        let of = |name: &str| told[name].as_array().cloned().unwrap_or_default();
        let dimension = |v: &Value| v["ScalableDimension"].as_str().unwrap_or_default().replace("dynamodb:table:", "");
        of("ScalableTargets").iter().chain(&of("ScalingPolicies")).map(dimension).collect()
    };
    let (reads, writes) = ("ReadCapacityUnits".to_owned(), "WriteCapacityUnits".to_owned());
    for operation in ["DescribeScalableTargets", "DescribeScalingPolicies"] {
        let both = vec![reads.clone(), writes.clone()];
        for all in [json!({}), json!({ "ResourceIds": [], "PolicyNames": [] }), json!({ "ResourceIds": ["table/Users"] })] {
            assert_eq!(listed(operation, &all), both, "{operation} {all}");
        }
        assert_eq!(listed(operation, &json!({ "ResourceIds": ["table/Users"], "ScalableDimension": WRITE })), vec![writes.clone()]);
        assert_eq!(listed(operation, &json!({ "ResourceIds": ["table/Other"] })), Vec::<String>::new());
        assert_eq!(said(trial.scale(operation, &json!({ "ServiceNamespace": "ecs" }))).split(':').next(), Some("ValidationException"));
    }
    assert_eq!(listed("DescribeScalingPolicies", &json!({ "PolicyNames": ["reads"] })), vec![reads]);
    assert_eq!(listed("DescribeScalingPolicies", &json!({ "PolicyNames": ["no"] })), Vec::<String>::new());
}

#[test]
fn a_resource_and_its_dimension_belong_together() {
    let about = |resource: &str, dimension: &str| {
        About::of(&json!({ "ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension })).map(|a| a.index)
    };
    assert_eq!(about("table/Users", "dynamodb:table:ReadCapacityUnits"), Ok(None));
    assert_eq!(about("table/Users/index/ByMail", "dynamodb:index:WriteCapacityUnits"), Ok(Some("ByMail".into())));
    for (resource, dimension) in [
        ("table/Users", "dynamodb:index:ReadCapacityUnits"),
        ("table/Users/index/ByMail", "dynamodb:table:ReadCapacityUnits"),
        ("Users", "dynamodb:table:ReadCapacityUnits"),
        ("table/Users", "ecs:service:DesiredCount"),
    ] {
        assert_eq!(about(resource, dimension).map_err(|f| f.code), Err("ValidationException".into()), "{resource} {dimension}");
    }
}

#[test]
fn pages_meet_without_a_gap() {
    let all: Vec<(String, Value)> = (0..120).map(|i| (format!("{i:03}"), json!(i))).collect();
    let (mut seen, mut token) = (Vec::new(), None::<String>);
    loop {
        let (values, next) = page(&json!({ "NextToken": token }), all.clone()).expect("a page");
        assert!(values.len() <= 50);
        seen.extend(values);
        token = next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..120).map(|i| json!(i)).collect::<Vec<_>>());
}
