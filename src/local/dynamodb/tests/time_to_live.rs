//! Time to live: switched once in half an hour, and told of as before for a moment.

use super::*;

fn ttl(on: bool, attribute: &str) -> Value {
    json!({ "TableName": "Users", "TimeToLiveSpecification": { "Enabled": on, "AttributeName": attribute } })
}

const DONE: u64 = 40 * 60;

#[test]
fn time_to_live_is_refused_for_what_is_wrong_with_it() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let length = |bound: &str| {
        format!(
            "ValidationException: 1 validation error detected: Value at 'timeToLiveSpecification.attributeName' failed to satisfy \
             constraint: Member must have length {bound}"
        )
    };
    assert_eq!(aws.refused("UpdateTimeToLive", ttl(true, "")), length("greater than or equal to 1"));
    assert_eq!(aws.refused("UpdateTimeToLive", ttl(true, &"n".repeat(256))), length("less than or equal to 255"));
    assert_eq!(aws.refused("UpdateTimeToLive", ttl(false, "at")), "ValidationException: TimeToLive is already disabled");
    aws.ok("UpdateTimeToLive", ttl(true, "at"));
    let often = "ValidationException: Time to live has been modified multiple times within a fixed interval";
    // What is asked is judged before how often.
    let same = "ValidationException: TimeToLive is already enabled";
    let other = "ValidationException: TimeToLive is active on a different AttributeName: current AttributeName is at";
    assert_eq!(aws.refused("UpdateTimeToLive", ttl(true, "at")), same);
    assert_eq!(aws.refused("UpdateTimeToLive", ttl(true, "until")), other);
    assert_eq!(aws.refused("UpdateTimeToLive", ttl(false, "until")), other);
    assert_eq!(aws.refused("UpdateTimeToLive", ttl(false, "at")), often);
    aws.pass(DONE);
    aws.ok("UpdateTimeToLive", ttl(false, "at"));
}

#[test]
fn a_switch_is_seen_for_a_moment() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let status =
        |aws: &Aws| aws.ok("DescribeTimeToLive", json!({ "TableName": "Users" }))["TimeToLiveDescription"]["TimeToLiveStatus"].clone();
    aws.ok("UpdateTimeToLive", ttl(true, "at"));
    assert_eq!(status(&aws), "ENABLING");
    aws.pass(3);
    assert_eq!(status(&aws), "ENABLED");
    aws.pass(DONE);
    aws.ok("UpdateTimeToLive", ttl(false, "at"));
    assert_eq!(status(&aws), "DISABLING");
    aws.pass(3);
    assert_eq!(status(&aws), "DISABLED");
}
