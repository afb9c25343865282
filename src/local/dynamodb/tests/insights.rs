//! Contributor insights.

use super::*;

fn switch(table: &str, index: &str, action: &str) -> Value {
    let mut request = json!({ "TableName": table, "ContributorInsightsAction": action });
    if !index.is_empty() {
        request["IndexName"] = index.into();
    }
    request
}

#[test]
fn insights_are_of_what_is_there_and_made() {
    let aws = Aws::new();
    aws.ok("CreateTable", of("Users", indexed()));
    let on = |table: &str, index: &str| aws.refused("UpdateContributorInsights", switch(table, index, "ENABLE"));
    assert_eq!(on("Users", ""), "ValidationException: TableStatus must be ACTIVE to enable ContributorInsights");
    aws.pass(A_WHILE);
    assert_eq!(on("Nobody", ""), "ResourceNotFoundException: Requested resource not found: Table: Nobody not found");
    assert_eq!(on("Users", "by_b"), "ResourceNotFoundException: Requested resource not found: Index: by_b not found");
    aws.update("Users", begin("by_b", "b"));
    assert_eq!(on("Users", "by_b"), "ValidationException: IndexStatus must be ACTIVE to enable ContributorInsights");
    for index in ["", "by_a"] {
        let told = aws.ok("UpdateContributorInsights", switch("Users", index, "ENABLE"));
        assert_eq!(told["ContributorInsightsStatus"], "ENABLING");
    }
    aws.pass(600);
    aws.ok("UpdateContributorInsights", switch("Users", "by_b", "ENABLE"));
    let of = |index: &str| json!({ "TableName": "Users", "IndexName": index });
    assert_eq!(aws.ok("DescribeContributorInsights", of("by_a"))["ContributorInsightsStatus"], "ENABLED");
}

#[test]
fn the_list_is_of_one_table_and_of_what_is_on_or_was_a_moment_ago() {
    let aws = Aws::new();
    aws.make("Users", indexed());
    aws.make("Others", json!({}));
    let summaries = |request: Value| aws.ok("ListContributorInsights", request)["ContributorInsightsSummaries"].clone();
    for (table, index) in [("Users", ""), ("Users", "by_a"), ("Others", "")] {
        aws.ok("UpdateContributorInsights", switch(table, index, "ENABLE"));
    }
    aws.pass(A_WHILE);
    aws.ok("UpdateContributorInsights", switch("Users", "by_a", "DISABLE"));
    let on = |table: &str| json!({ "TableName": table, "ContributorInsightsStatus": "ENABLED", "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS" });
    let mut going = on("Users");
    going["ContributorInsightsStatus"] = "DISABLING".into();
    going["IndexName"] = "by_a".into();
    assert_eq!(summaries(json!({ "TableName": "Users" })), json!([on("Users"), going]));
    aws.pass(A_WHILE);
    assert_eq!(summaries(json!({ "TableName": "Users" })), json!([on("Users")]));
    assert_eq!(summaries(json!({})), json!([on("Others"), on("Users")]));
}
