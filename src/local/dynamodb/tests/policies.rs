//! Resource policies: pending for a second or two, and changed once in fifteen seconds.

use super::*;

const A: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const B: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"dynamodb:DeleteTable","Resource":"*"}]}"#;

fn users(aws: &Aws) -> String {
    aws.make("Users", json!({}));
    table_arn(&aws.region(), "Users")
}

#[test]
fn a_policy_is_changed_when_the_last_change_is_over() {
    let aws = Aws::new();
    let arn = users(&aws);
    let put = |text: &str| json!({ "ResourceArn": arn, "Policy": text });
    let read = |aws: &Aws| aws.ok("GetResourcePolicy", json!({ "ResourceArn": arn }))["Policy"].clone();
    let first = aws.ok("PutResourcePolicy", put(A));
    let none = format!("PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: {arn}");
    assert_eq!(aws.refused("GetResourcePolicy", json!({ "ResourceArn": arn })), none);
    assert_eq!(aws.refused("PutResourcePolicy", put(B)), format!("{IN_USE}Table is pending previous resource-based policy update: Users"));
    // The same again changes nothing, however it is written.
    assert_eq!(aws.ok("PutResourcePolicy", put(r#"{ "Statement": [], "Version": "2012-10-17" }"#)), first);
    aws.pass(3);
    assert_eq!(read(&aws), A);
    let again = "ThrottlingException: Resource-based policy for table Users modified within the previous 15000 milliseconds. Please try \
                 again after 2026-10-09T00:22:19.000Z.";
    assert_eq!(aws.refused("PutResourcePolicy", put(B)), again);
    assert_eq!(aws.refused("DeleteResourcePolicy", json!({ "ResourceArn": arn })), again);
    aws.pass(12);
    aws.ok("PutResourcePolicy", put(B));
    assert_eq!(read(&aws), A, "the old one is read for some seconds");
    aws.pass(15);
    assert_eq!(read(&aws), B);
    aws.ok("DeleteResourcePolicy", json!({ "ResourceArn": arn }));
    aws.pass(15);
    assert_eq!(aws.refused("GetResourcePolicy", json!({ "ResourceArn": arn })), none);
    assert_eq!(aws.ok("DeleteResourcePolicy", json!({ "ResourceArn": arn })), json!({}));
}

#[test]
fn who_saw_another_revision_is_refused() {
    let aws = Aws::new();
    let arn = users(&aws);
    let none = format!("PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: {arn}");
    let put = |text: &str, expected: &str| json!({ "ResourceArn": arn, "Policy": text, "ExpectedRevisionId": expected });
    assert_eq!(aws.refused("PutResourcePolicy", put(A, "1")), none);
    let first = aws.ok("PutResourcePolicy", put(A, "NO_POLICY"))["RevisionId"].as_str().expect("told").to_owned();
    aws.pass(A_WHILE);
    for expected in ["1", "NO_POLICY"] {
        assert_eq!(aws.refused("PutResourcePolicy", put(B, expected)), none);
        assert_eq!(aws.refused("DeleteResourcePolicy", json!({ "ResourceArn": arn, "ExpectedRevisionId": expected })), none);
    }
    let second = aws.ok("PutResourcePolicy", put(B, &first))["RevisionId"].as_str().expect("told").to_owned();
    aws.pass(A_WHILE);
    aws.ok("DeleteResourcePolicy", json!({ "ResourceArn": arn, "ExpectedRevisionId": second }));
}

#[test]
fn a_policy_is_refused_for_what_is_wrong_with_it() {
    let aws = Aws::new();
    let arn = users(&aws);
    let long = format!(r#"{{"Id":"{}"}}"#, "x".repeat(20 * 1024));
    let nobody = table_arn(&aws.region(), "Nobody");
    for (arn, text, words) in [
        (arn.as_str(), long.as_str(), "ValidationException: Resource-based policy is longer than 20480 bytes"),
        (&arn, "[]", "ValidationException: Invalid policy document: it is not a JSON object"),
        ("Users", A, "ValidationException: Invalid ResourceArn: Users"),
        (&nobody, A, "ResourceNotFoundException: Requested resource not found: Table: Nobody not found"),
    ] {
        assert_eq!(aws.refused("PutResourcePolicy", json!({ "ResourceArn": arn, "Policy": text })), words);
    }
    let fits = format!(r#"{{"Id":"{}"}}"#, "x".repeat(20 * 1024 - 9));
    assert_eq!(fits.len(), 20 * 1024);
    aws.ok("PutResourcePolicy", json!({ "ResourceArn": arn, "Policy": fits }));
}
