//! Tags: one change at a time, read back a moment later.

use super::*;

fn pairs(tags: &[(&str, &str)]) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

fn tag(arn: &str, tags: &[(&str, &str)]) -> Value {
    json!({ "ResourceArn": arn, "Tags": pairs(tags) })
}

fn users(aws: &Aws) -> String {
    aws.make("Users", json!({}));
    table_arn(&aws.region(), "Users")
}

#[test]
fn a_change_of_tags_keeps_others_out_unless_they_contain_it() {
    let aws = Aws::new();
    let arn = users(&aws);
    aws.ok("TagResource", tag(&arn, &[("team", "a")]));
    let busy = "LimitExceededException: Table tags are being updated: Users";
    assert_eq!(aws.refused("TagResource", tag(&arn, &[("team", "b")])), busy);
    assert_eq!(aws.refused("UntagResource", json!({ "ResourceArn": arn, "TagKeys": ["team"] })), busy);
    // What changes nothing is free, and what contains the first is taken.
    aws.ok("TagResource", tag(&arn, &[("team", "a")]));
    aws.ok("TagResource", tag(&arn, &[("cost", "1")]));
    aws.pass(2);
    aws.ok("TagResource", tag(&arn, &[("team", "b")]));
    // Only what this one added counts.
    aws.ok("TagResource", tag(&arn, &[("cost", "2")]));
}

#[test]
fn what_is_free_keeps_nobody_out() {
    let aws = Aws::new();
    let arn = users(&aws);
    aws.ok("TagResource", tag(&arn, &[("team", "a")]));
    aws.pass(2);
    aws.ok("TagResource", tag(&arn, &[("team", "a")]));
    aws.ok("TagResource", tag(&arn, &[("team", "b")]));
}

#[test]
fn tags_are_read_back_some_seconds_later() {
    let aws = Aws::new();
    let arn = users(&aws);
    let read = |aws: &Aws| aws.ok("ListTagsOfResource", json!({ "ResourceArn": arn }))["Tags"].clone();
    aws.ok("TagResource", tag(&arn, &[("team", "a")]));
    assert_eq!(read(&aws), json!([]));
    aws.pass(4);
    assert_eq!(read(&aws), pairs(&[("team", "a")]));
    aws.ok("UntagResource", json!({ "ResourceArn": arn, "TagKeys": ["team"] }));
    assert_eq!(read(&aws), pairs(&[("team", "a")]));
    aws.pass(4);
    assert_eq!(read(&aws), json!([]));
}

#[test]
fn tags_are_refused_for_what_is_wrong_with_them() {
    let aws = Aws::new();
    let arn = users(&aws);
    let index = format!("{arn}/index/by_a");
    let nobody = table_arn(&aws.region(), "Nobody");
    let elsewhere = "arn:aws:dynamodb:eu-central-1:999999999999:table/Users";
    let many: Vec<(String, &str)> = (0..51).map(|i| (format!("k{i}"), "v")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    for (request, words) in [
        (tag(&arn, &[("team", "a;b")]), format!("{INVALID}the tag a;b has a character that is not allowed")),
        (tag(&arn, &many), format!("{INVALID}Too many tags: a table has 50 at most")),
        (tag(&index, &[("team", "a")]), format!("ValidationException: Invalid TableArn: Invalid ResourceArn provided as input {index}")),
        (
            tag(elsewhere, &[("team", "a")]),
            format!("AccessDeniedException: User is not authorized to perform: dynamodb:TagResource on resource: {elsewhere}"),
        ),
        (
            tag(&nobody, &[("team", "a")]),
            format!("ResourceNotFoundException: Requested resource not found: ResourcArn: {nobody} not found"),
        ),
    ] {
        assert_eq!(aws.refused("TagResource", request), words);
    }
    aws.ok("CreateTable", of("Coming", json!({})));
    let told = aws.refused("TagResource", tag("Coming", &[("team", "a")]));
    assert!(told.starts_with("ValidationException"), "a name is no ARN, whatever its table does: {told}");
    assert!(aws.refused("TagResource", tag(&arn, &[("", "a")])).starts_with("ValidationException"));
    aws.ok("TagResource", tag(&arn, &many[..50]));
}
