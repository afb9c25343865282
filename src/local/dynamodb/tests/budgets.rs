//! What AWS allows only so often, by whole calls.

use super::budget::{CLASS, ENCRYPTION};
use super::*;

fn limited(refused: &str, what: &str) {
    assert!(refused.starts_with(&format!("LimitExceededException: Subscriber limit exceeded: {what}")), "{refused}");
}

#[test]
fn the_fifth_change_of_the_key_and_the_third_of_the_class_must_wait() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let key = |on: bool| json!({ "SSESpecification": if on { json!({ "Enabled": true, "SSEType": "KMS" }) } else { json!({ "Enabled": false }) } });
    for on in [true, false, true, false] {
        aws.update("Users", key(on));
        aws.pass(A_WHILE);
    }
    limited(&aws.no_update("Users", key(true)), "Updates to Table encryption mode are limited to 4 times in 24 hour(s)");
    let class = |name: &str| json!({ "TableClass": name });
    // Said again, it costs nothing.
    aws.update("Users", class("STANDARD"));
    for name in ["STANDARD_INFREQUENT_ACCESS", "STANDARD"] {
        aws.update("Users", class(name));
        aws.pass(A_WHILE);
    }
    limited(&aws.no_update("Users", class("STANDARD_INFREQUENT_ACCESS")), "Updates to Table class are limited to 2 times in 720 hour(s)");
    assert!(aws.no_update("Users", class("GLACIER")).starts_with("ValidationException"), "what is wrong is told as wrong");
}

#[test]
fn the_fifth_switch_to_on_demand_in_a_day_must_wait() {
    let aws = Aws::new();
    aws.make("Users", provisioned(5, 5));
    let on_demand = || json!({ "BillingMode": "PAY_PER_REQUEST" });
    for _ in 0..4 {
        aws.update("Users", on_demand());
        aws.pass(200);
        aws.update("Users", provisioned(5, 5));
        aws.pass(200);
    }
    limited(&aws.no_update("Users", on_demand()), "Updates to PayPerRequest mode are limited to 4 times in 24 hour(s)");
}

#[test]
fn decreases_that_are_used_up_do_not_hide_what_is_wrong() {
    let aws = Aws::new();
    let mut table = provisioned(9, 9);
    table["AttributeDefinitions"] = strings(&["id", "a"]);
    table["GlobalSecondaryIndexes"] = json!([index("by_a", "a")]);
    table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] = units(9, 9);
    aws.make("Users", table);
    let of_index =
        |read| json!({ "GlobalSecondaryIndexUpdates": [{ "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(read, 9) } }] });
    for read in [8, 7, 6, 5] {
        aws.update("Users", json!({ "ProvisionedThroughput": units(read, 9) }));
        aws.pass(5);
        aws.update("Users", of_index(read));
        aws.pass(5);
    }
    let words = "Provisioned throughput decreases are limited within a given UTC day";
    limited(&aws.no_update("Users", json!({ "ProvisionedThroughput": units(4, 9) })), words);
    limited(&aws.no_update("Users", of_index(4)), words);
    let both = json!({ "BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": units(4, 9) });
    assert!(aws.no_update("Users", both).starts_with("ValidationException"));
}

#[test]
fn only_changes_within_the_window_count_and_others_are_forgotten() {
    let time = Time { clock: Clock::manual(START), lag: Duration::ZERO };
    let hours = |hours: u64| START + hours * 3_600_000;
    time.clock.advance(Duration::from_hours(25));
    let mut past = vec![hours(0), hours(0), hours(0), hours(23)];
    assert_eq!(ENCRYPTION.check(&past, &time), Ok(()));
    ENCRYPTION.note(&mut past, &time);
    assert_eq!(past, [hours(23), hours(25)]);
    // The second of the last thirty days is the last, whatever came before.
    time.clock.advance(Duration::from_hours(30 * 24));
    assert!(CLASS.check(&[hours(0), hours(700), hours(740)], &time).is_err());
}
