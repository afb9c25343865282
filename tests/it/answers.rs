//! What the door to AWS makes of answers: lists that go on, refusals that are an answer and those that are none, and what it sends along.

use crate::reconcile_faults::{LATER, World, table, unique};
use crate::scripted::Script;
use landfall::aws::buckets::{Head, Upload, Version};
use landfall::aws::items::{self, Broken, Query, Scan, Test};
use landfall::aws::provenance::Which;
use landfall::aws::scaling;
use landfall::local::{Effect, Rule};
use landfall::mapping::{Attribute, Item};
use landfall::plan::Dimension;
use landfall::resource::Capacity;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::mpsc;

const IMPORT: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/T/import/";

/// Whoever asks for ever fails here, and not when the suite's patience ends.
fn ends<T>(what: impl Future<Output = T>) -> impl Future<Output = T> {
    let what = Box::pin(what);
    async move { tokio::time::timeout(Duration::from_mins(1), what).await.expect("it ends") }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tables_tags_and_imports_are_listed_to_their_last_page() {
    let script = Script::default();
    let aws = script.connect().await;
    script.answer("ListTagsOfResource", 200, r#"{"Tags":[{"Key":"a","Value":"1"}],"NextToken":"n"}"#);
    script.answer("ListTagsOfResource", 200, r#"{"Tags":[{"Key":"b","Value":"2"}],"NextToken":""}"#);
    let tags = ends(aws.table_tags("arn")).await.expect("listed");
    assert_eq!(tags, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    assert_eq!(script.take_asked().len(), 2);
    let summary = |n: u32, status: &str, bucket: &str| {
        format!(
            r#"{{"ImportArn":"{IMPORT}{n}","ImportStatus":"{status}","S3BucketSource":{{"S3Bucket":"{bucket}","S3KeyPrefix":"s/T/{n}"}}}}"#
        )
    };
    let first = format!(r#"{{"ImportSummaryList":[{},{}],"NextToken":"n"}}"#, summary(1, "COMPLETED", "b"), summary(2, "IN_PROGRESS", "b"));
    let second = format!(r#"{{"ImportSummaryList":[{},{}]}}"#, summary(3, "IN_PROGRESS", "b"), summary(4, "FAILED", "c"));
    let list = || [&first, &second].map(|page| script.answer("ListImports", 200, page));
    list();
    assert_eq!(ends(aws.running_imports("arn")).await.expect("listed"), [format!("{IMPORT}2"), format!("{IMPORT}3")]);
    assert_eq!(script.take_asked().len(), 2);
    let made = |id: &str| script.answer("DescribeImport", 200, &format!(r#"{{"ImportTableDescription":{{"TableId":"{id}"}}}}"#));
    let table = Which { arn: "arn", id: "t", created_ms: 1 };
    list();
    made("t");
    assert!(ends(aws.was_imported_from(table, "c", "s/T/")).await.expect("listed"), "the second page has it");
    list();
    assert!(!ends(aws.was_imported_from(table, "d", "s/T/")).await.expect("listed"), "neither page has it");
    list();
    assert!(!ends(aws.was_imported_from(table, "c", "s/U/")).await.expect("listed"), "another table's rows");
    assert_eq!(script.take_asked().len(), 7);
    script.answer("ListImports", 200, &first);
    made("t");
    assert!(ends(aws.was_imported_from(table, "b", "s/T/")).await.expect("listed"));
    assert_eq!(script.take_asked().len(), 2, "what is found needs no other page");
}

/// Names are used again, and ARNs with them: the import of a table that is gone says nothing of the next one.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_of_the_table_whose_id_it_tells_and_else_of_the_one_that_was_made_meanwhile() {
    let script = Script::default();
    let aws = script.connect().await;
    let list = |times: &str| {
        let source = r#""S3BucketSource":{"S3Bucket":"b","S3KeyPrefix":"s/T/1"}"#;
        script.answer("ListImports", 200, &format!(r#"{{"ImportSummaryList":[{{"ImportArn":"{IMPORT}1"{times},{source}}}]}}"#));
    };
    let told = |id: &str| script.answer("DescribeImport", 200, &format!(r#"{{"ImportTableDescription":{{"TableId":"{id}"}}}}"#));
    let asked = async |created_ms| ends(aws.was_imported_from(Which { arn: "arn", id: "t", created_ms }, "b", "s/T/")).await;
    let (began, whole) = (r#","StartTime":100.9"#, r#","StartTime":100.9,"EndTime":200.1"#);
    for (id, ours) in [("t", true), ("u", false)] {
        list(whole);
        told(id);
        assert_eq!(asked(150_000).await.expect("told"), ours, "{id}: times are not asked where the id is told");
    }
    let by_time = [(whole, 99, false), (whole, 100, true), (whole, 200, true), (whole, 201, false), (began, 999, true), ("", 150, false)];
    for (times, created, ours) in by_time {
        list(times);
        told("");
        assert_eq!(asked(created * 1000).await.expect("told"), ours, "{times}, made at {created}");
        list(times);
        script.refuse("DescribeImport", "AccessDeniedException", "m");
        assert_eq!(asked(created * 1000).await.expect("told"), ours, "{times}, made at {created}, and the import may not be looked at");
    }
    list(whole);
    script.refuse("DescribeImport", "ValidationException", "m");
    assert!(asked(150_000).await.is_err(), "what is not known is no answer");
    script.refuse("ListImports", "AccessDeniedException", "m");
    assert!(asked(150_000).await.expect_err("none").is_denied());
    script.take_asked();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_that_knows_no_imports_is_asked_once_and_one_that_stumbles_again() {
    let script = Script::default();
    let aws = script.connect().await;
    let contents = async |imports: &[(u16, &str)]| {
        script.answer("GET /b?versions", 200, "<ListVersionsResult></ListVersionsResult>");
        script.answer("GET /b?uploads", 200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>");
        for (status, body) in imports {
            script.answer("ListImports", *status, body);
        }
        let contents = ends(aws.bucket_contents("b")).await;
        let asked = if contents.is_ok() { script.take_asked() } else { script.asked_in_part() };
        (contents, asked.iter().filter(|asked| asked.name == "ListImports").count())
    };
    let (unknown, asked) = contents(&[(500, "<p>NotImplementedError")]).await;
    assert_eq!((unknown.expect("an answer").imports, asked), (Vec::<String>::new(), 1));
    let stumbles = (500, r#"{"__type":"x#InternalServerError"}"#);
    let running = format!(
        r#"{{"ImportSummaryList":[{{"ImportArn":"{IMPORT}1","TableArn":"arn:aws:dynamodb:us-east-1:1:table/T","ImportStatus":"IN_PROGRESS","S3BucketSource":{{"S3Bucket":"b"}}}}]}}"#
    );
    let (found, asked) = contents(&[stumbles, stumbles, (200, &running)]).await;
    assert_eq!((found.expect("an answer").imports, asked), (vec!["T".to_owned()], 3));
    let (denied, asked) = contents(&[(400, r#"{"__type":"x#AccessDeniedException"}"#); 2]).await;
    assert!(denied.expect_err("none").is_denied());
    assert_eq!(asked, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_and_policies_are_listed_to_their_last_page_and_a_stand_in_may_not_know_them() {
    let script = Script::default();
    let aws = script.connect().await;
    let target = |side: &str| {
        format!(
            r#"{{"ServiceNamespace":"dynamodb","ResourceId":"table/T","ScalableDimension":"dynamodb:table:{side}CapacityUnits","MinCapacity":5,"MaxCapacity":9,"RoleARN":"r","CreationTime":1}}"#
        )
    };
    let policy = |name: &str| {
        format!(
            r#"{{"PolicyARN":"a","PolicyName":"{name}","ServiceNamespace":"dynamodb","ResourceId":"table/T","ScalableDimension":"dynamodb:table:ReadCapacityUnits","PolicyType":"StepScaling","CreationTime":1}}"#
        )
    };
    script.answer("DescribeScalableTargets", 200, &format!(r#"{{"ScalableTargets":[{}],"NextToken":"n"}}"#, target("Read")));
    script.answer("DescribeScalableTargets", 200, &format!(r#"{{"ScalableTargets":[{}],"NextToken":""}}"#, target("Write")));
    script.answer("DescribeScalingPolicies", 200, &format!(r#"{{"ScalingPolicies":[{}],"NextToken":"n"}}"#, policy("one")));
    script.answer("DescribeScalingPolicies", 200, &format!(r#"{{"ScalingPolicies":[{}],"NextToken":""}}"#, policy("two")));
    script.refuse("DescribeScheduledActions", "UnknownOperationException", "m");
    let (resources, deadline) = ([scaling::resource("T", None)], aws.deadline(Duration::from_mins(1)));
    let seen = ends(aws.scalable_targets(&resources, deadline)).await.expect("listed").expect("known");
    let names: Vec<_> = seen.iter().map(|t| t.policies.iter().map(|p| p.name.as_str()).collect::<Vec<_>>()).collect();
    assert_eq!(names, [vec!["one", "two"], vec![]]);
    script.take_asked();
    script.refuse("DescribeScalableTargets", "UnknownOperationException", "m");
    assert_eq!(ends(aws.scalable_targets(&resources, deadline)).await.expect("an answer"), None);
    script.refuse("DescribeScalableTargets", "AccessDeniedException", "m");
    assert!(ends(aws.scalable_targets(&resources, deadline)).await.expect_err("none").is_denied());
    script.answer("DescribeScalableTargets", 200, &format!(r#"{{"ScalableTargets":[{}]}}"#, target("Read")));
    script.answer("DescribeScalingPolicies", 200, r#"{"ScalingPolicies":[]}"#);
    script.refuse("DescribeScheduledActions", "AccessDeniedException", "m");
    assert!(ends(aws.scalable_targets(&resources, deadline)).await.expect_err("none").is_denied());
    script.take_asked();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_landfall_cannot_put_back_keeps_each_change_of_scaling_from_leaving() {
    let script = Script::default();
    let aws = script.connect().await;
    for change in 0..3 {
        script.answer(
            "DescribeScalableTargets",
            200,
            r#"{"ScalableTargets":[{"ServiceNamespace":"dynamodb","ResourceId":"table/T","ScalableDimension":"dynamodb:table:ReadCapacityUnits","MinCapacity":5,"MaxCapacity":9,"RoleARN":"r","CreationTime":1,"SuspendedState":{"DynamicScalingInSuspended":true}}]}"#,
        );
        script.answer("DescribeScalingPolicies", 200, "{}");
        script.answer("DescribeScheduledActions", 200, "{}");
        let refused = match change {
            0 => ends(aws.scale_target("T", None, Dimension::Read, 5, 9)).await,
            1 => ends(aws.scale_policy("T", None, Dimension::Read, 70)).await,
            _ => ends(aws.unscale("T", None, Dimension::Read)).await,
        };
        assert!(refused.as_ref().is_err_and(|error| error.is("ForeignScaling")), "{refused:?}");
        assert!(script.take_asked().iter().all(|asked| asked.name.starts_with("Describe")));
    }
}

/// Each refusal that is an answer, and beside it one that is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_says_nothing_is_there_is_an_answer_and_no_other_is() {
    let script = Script::default();
    let aws = script.connect().await;
    let deadline = aws.deadline(Duration::from_mins(1));
    for (code, absent) in [("ResourceNotFoundException", true), ("ValidationException", false)] {
        script.refuse("DescribeTable", code, "m");
        assert_eq!(ends(aws.describe_table("T")).await.is_ok_and(|t| t.is_none()), absent, "{code}");
        script.refuse("DescribeTable", code, "m");
        assert_eq!(ends(aws.table_state("T")).await.is_ok_and(|t| t.is_none()), absent, "{code}");
    }
    for (code, message, absent) in [
        ("ValidationException", "Cannot describe time to live while table is in CREATING state", true),
        ("ValidationException", "another", false),
        ("InternalFailure", "while table is in doubt", false),
    ] {
        script.refuse("DescribeTimeToLive", code, message);
        assert_eq!(ends(aws.describe_ttl("T")).await.is_ok(), absent, "{code} {message}");
    }
    for (code, absent) in [("TableNotFoundException", true), ("ValidationException", false)] {
        script.refuse("DescribeContinuousBackups", code, "m");
        assert_eq!(ends(aws.describe_recovery("T")).await.is_ok_and(|t| t.is_none()), absent, "{code}");
    }
    for (code, absent) in [("PolicyNotFoundException", true), ("ValidationException", false)] {
        script.refuse("GetResourcePolicy", code, "m");
        assert_eq!(ends(aws.resource_policy("arn")).await.is_ok_and(|t| t.is_none()), absent, "{code}");
        script.refuse("DeleteResourcePolicy", code, "m");
        assert_eq!(ends(aws.set_policy("arn", None)).await.is_ok(), absent, "{code}");
    }
    script.answer("GetResourcePolicy", 200, r#"{"Policy":""}"#);
    assert_eq!(ends(aws.resource_policy("arn")).await.expect("an answer"), None);
    for (code, absent) in [("NotFoundException", true), ("ValidationException", false)] {
        script.refuse("DescribeKey", code, "m");
        assert_eq!(ends(aws.describe_key("k", deadline)).await.is_ok_and(|t| t.is_none()), absent, "{code}");
    }
    for (code, absent) in [("ObjectNotFoundException", true), ("ValidationException", false)] {
        script.answer("DescribeScalableTargets", 200, "{}");
        script.refuse("DeregisterScalableTarget", code, "m");
        assert_eq!(ends(aws.unscale("T", None, Dimension::Read)).await.is_ok(), absent, "{code}");
    }
    script.take_asked();
}

#[tokio::test(flavor = "multi_thread")]
async fn insights_that_failed_tell_why_as_far_as_aws_does() {
    let script = Script::default();
    let aws = script.connect().await;
    for (told, why) in [
        (r#","FailureException":{"ExceptionName":"LimitExceededException","ExceptionDescription":"m"}"#, Some("LimitExceededException: m")),
        (r#","FailureException":{"ExceptionDescription":"m"}"#, Some("m")),
        (r#","FailureException":{}"#, None),
        ("", None),
    ] {
        script.answer("DescribeContributorInsights", 200, &format!(r#"{{"ContributorInsightsStatus":"FAILED"{told}}}"#));
        let seen = ends(aws.describe_insights("T", None)).await.expect("an answer");
        assert_eq!((seen.status.as_deref(), seen.failure.as_deref()), (Some("FAILED"), why), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_tells_its_reasons() {
    let script = Script::default();
    let aws = script.connect().await.once();
    let reason = r#"{"reason":"TableWriteProvisionedThroughputExceeded","resource":"table/T"}"#;
    let body = format!(r#"{{"__type":"x#ProvisionedThroughputExceededException","message":"m","ThrottlingReasons":[{reason}]}}"#);
    script.answer("BatchWriteItem", 400, &body);
    let error = ends(aws.batch_write("T", &[&item("a")])).await.expect_err("a throttle");
    assert_eq!(error.throttling_reasons, ["TableWriteProvisionedThroughputExceeded on table/T"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_holds_items_once_a_page_shows_one_and_none_only_at_the_end() {
    let script = Script::default();
    let aws = script.connect().await;
    let page = |count: u32, more: bool| {
        let key = if more { r#","LastEvaluatedKey":{"pk":{"S":"k"}}"# } else { "" };
        script.answer("Scan", 200, &format!(r#"{{"Count":{count},"ScannedCount":{count}{key}}}"#));
    };
    page(1, true);
    assert!(ends(aws.holds_items("T")).await.expect("read"), "the first page is enough");
    assert_eq!(script.take_asked().len(), 1);
    page(0, true);
    page(1, false);
    assert!(ends(aws.holds_items("T")).await.expect("read"), "the second page has one");
    page(0, true);
    page(0, false);
    assert!(!ends(aws.holds_items("T")).await.expect("read"));
    assert_eq!(script.take_asked().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_listed_to_the_end_and_a_deletion_that_failed_is_told() {
    let script = Script::default();
    let aws = script.connect().await;
    let page = |key: &str, cut: bool, token: &str| {
        let body = format!(
            "<ListBucketResult><IsTruncated>{cut}</IsTruncated>{token}<Contents><Key>{key}</Key><Size>1</Size></Contents></ListBucketResult>"
        );
        script.answer("GET /b", 200, &body);
    };
    page("one", true, "<NextContinuationToken>n</NextContinuationToken>");
    page("two", false, "");
    let keys: Vec<_> = ends(aws.list_objects("b", "p/")).await.expect("listed").into_iter().map(|o| o.key).collect();
    assert_eq!(keys, ["one", "two"]);
    page("one", true, "");
    let cut = ends(aws.list_objects("b", "p/")).await.expect_err("no token to go on");
    assert!(cut.message.contains("truncated"), "{cut}");
    script.take_asked();
    script.answer("POST /b", 200, "<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message>m</Message></Error></DeleteResult>");
    assert!(ends(aws.delete_objects("b", &["k".to_owned()])).await.expect_err("it is still there").is_denied());
    script.answer("POST /b", 200, "<DeleteResult></DeleteResult>");
    script.answer("POST /b", 200, "<DeleteResult></DeleteResult>");
    let many: Vec<String> = (0..1001).map(|n| format!("k{n}")).collect();
    ends(aws.delete_objects("b", &many)).await.expect("deleted");
    let bodies: Vec<_> = script.take_asked().into_iter().skip(1).map(|asked| asked.body.matches("<Key>").count()).collect();
    assert_eq!(bodies, [1000, 1]);
}

/// Far more than the SDK repeats by itself, and not for ever.
#[tokio::test(flavor = "multi_thread")]
async fn staging_is_slowed_by_throttling_and_does_not_fail_of_it() {
    let script = Script::default();
    let aws = script.connect().await;
    let slow = |call: &str, times| (0..times).for_each(|_| script.answer(call, 503, "<Error><Code>SlowDown</Code></Error>"));
    let put = || ends(aws.put_object("b", "k", b"x".to_vec(), &[0; 32]));
    let list = || ends(aws.list_objects("b", "p/"));
    slow("PUT /b/k", 20);
    script.answer("PUT /b/k", 200, "");
    put().await.expect("written");
    assert_eq!(script.take_asked().len(), 21);
    slow("GET /b", 20);
    script.answer("GET /b", 200, "<ListBucketResult></ListBucketResult>");
    assert_eq!((list().await.expect("listed"), script.take_asked().len()), (vec![], 21));
    slow("PUT /b/k", 1000);
    slow("GET /b", 1000);
    assert!(put().await.expect_err("five minutes are over").is_throttle());
    assert!(list().await.expect_err("five minutes are over").is_throttle());
    script.asked_in_part();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_ours_only_in_our_region_and_where_s3_lets_us_see_it() {
    let script = Script::default();
    let aws = script.connect().await;
    for (status, region, head) in [
        (200, "us-east-1", Head::Ours),
        (200, "eu-west-1", Head::Elsewhere(Some("eu-west-1".into()))),
        (301, "eu-west-1", Head::Elsewhere(Some("eu-west-1".into()))),
        (403, "us-east-1", Head::Taken),
        (404, "us-east-1", Head::Absent),
    ] {
        script.answer_with("HEAD /b", status, &format!("x-amz-bucket-region: {region}\r\n"), "");
        assert_eq!(ends(aws.head_bucket("b")).await.expect("told"), head, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buckets_foreign_tags_go_and_awss_own_tags_and_foreign_rules_stay() {
    let script = Script::default();
    let aws = script.connect().await;
    let tag = |key: &str| format!("<Tag><Key>{key}</Key><Value>v</Value></Tag>");
    script.answer("GET /b", 200, &format!("<Tagging><TagSet>{}{}</TagSet></Tagging>", tag("aws:stack"), tag("old")));
    script.answer("PUT /b", 200, "");
    let tags = BTreeMap::from([("new".to_owned(), "v".to_owned())]);
    ends(aws.tag_bucket("b", &tags)).await.expect("tagged");
    let sent = script.take_asked().pop().expect("asked").body;
    assert!(sent.contains("<Key>aws:stack<") && sent.contains("<Key>new<") && !sent.contains("<Key>old<"), "{sent}");
    script.answer("GET /b", 200, "<Tagging><TagSet></TagSet></Tagging>");
    script.answer("PUT /b", 403, "<Error><Code>AccessDenied</Code><Message>m</Message></Error>");
    assert!(ends(aws.tag_bucket("b", &tags)).await.expect_err("refused").is_denied());
    let rule = |id: &str| format!("<Rule><ID>{id}</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status></Rule>");
    let rules = format!("<LifecycleConfiguration>{}{}</LifecycleConfiguration>", rule("landfall-staging"), rule("theirs"));
    script.answer("GET /b", 200, &rules);
    script.answer("PUT /b", 200, "");
    ends(aws.expire_objects("b", 7, false)).await.expect("set");
    let sent = script.take_asked().pop().expect("asked").body;
    assert_eq!((sent.matches("<Rule>").count(), sent.matches("<ID>theirs<").count()), (2, 1), "{sent}");
}

/// S3 refuses a rule that names its prefix in the older way beside one with a filter.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_rule_of_the_older_form_stays_in_the_form_that_s3_takes_beside_ours() {
    let script = Script::default();
    let aws = script.connect().await;
    let rule = |prefix: &str| format!("<Rule><ID>old{prefix}</ID><Prefix>{prefix}</Prefix><Status>Enabled</Status></Rule>");
    script.answer("GET /b", 200, &format!("<LifecycleConfiguration>{}{}</LifecycleConfiguration>", rule("logs/"), rule("")));
    script.answer("PUT /b", 200, "");
    ends(aws.expire_objects("b", 7, false)).await.expect("set");
    let sent = script.take_asked().pop().expect("asked").body;
    let filtered = |prefix: &str| sent.matches(&format!("<Filter><Prefix>{prefix}</Prefix></Filter>")).count();
    assert_eq!((filtered("logs/"), filtered(""), sent.matches("<Prefix>").count()), (1, 2, 3), "{sent}");
}

/// S3 sets what the call leaves out back to its default, and the foreign rules that stay would mean something else.
#[tokio::test(flavor = "multi_thread")]
async fn the_least_size_that_foreign_rules_move_stays_as_it_is() {
    let script = Script::default();
    let aws = script.connect().await;
    let rules = "<LifecycleConfiguration><Rule><ID>theirs</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status></Rule></LifecycleConfiguration>";
    for size in [Some("varies_by_storage_class"), Some("all_storage_classes_128K"), None] {
        let head = size.map(|size| format!("x-amz-transition-default-minimum-object-size: {size}\r\n")).unwrap_or_default();
        script.answer_with("GET /b", 200, &head, rules);
        script.answer("PUT /b", 200, "");
        ends(aws.expire_objects("b", 7, false)).await.expect("set");
        let sent = script.take_asked().pop().expect("asked").head.to_lowercase();
        let lines = sent.lines().filter_map(|line| line.strip_prefix("x-amz-transition-default-minimum-object-size:"));
        assert_eq!(lines.map(str::trim).next(), size.map(str::to_lowercase).as_deref(), "{sent}");
    }
}

/// Another account's bucket of the same name must answer 403, whatever is asked of it.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_s3_but_the_creation_names_the_owner_it_expects() {
    let script = Script::default();
    let aws = script.connect().await;
    let upload = Upload { key: "k".into(), id: "u".into() };
    let version = Version { key: "k".into(), id: "v".into() };
    let none = BTreeMap::new();
    // Those that look first get an answer, so that they go on to write.
    script.answer("GET /b?tagging", 200, "<Tagging><TagSet></TagSet></Tagging>");
    script.answer("GET /b?lifecycle", 404, "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>");
    script.answer("GET /b?policy", 404, "<Error><Code>NoSuchBucketPolicy</Code></Error>");
    let _ = ends(aws.tag_bucket("b", &none)).await;
    let _ = ends(aws.expire_objects("b", 7, false)).await;
    let _ = ends(aws.deny_plain_http("b")).await;
    let _ = ends(aws.head_bucket("b")).await;
    let _ = ends(aws.observe_bucket("b")).await;
    let _ = ends(aws.block_public_access("b")).await;
    let _ = ends(aws.enforce_owner("b")).await;
    let _ = ends(aws.set_versioning("b", true)).await;
    let _ = ends(aws.encrypt_bucket("b", None)).await;
    let _ = ends(aws.versions("b", None)).await;
    let _ = ends(aws.uploads("b", None)).await;
    let _ = ends(aws.delete_versions("b", &[version])).await;
    let _ = ends(aws.abort_upload("b", &upload)).await;
    let _ = ends(aws.delete_bucket("b")).await;
    let _ = ends(aws.put_object("b", "k", b"x".to_vec(), &[0; 32])).await;
    let _ = ends(aws.get_object("b", "k")).await;
    let _ = ends(aws.list_objects("b", "p")).await;
    let _ = ends(aws.delete_objects("b", &["k".to_owned()])).await;
    let asked = script.take_asked();
    assert!(asked.len() >= 20, "{}", asked.len());
    for call in asked {
        assert!(call.head.to_lowercase().contains("x-amz-expected-bucket-owner: 123456789012"), "{}", call.head);
    }
}

fn item(key: &str) -> Item {
    Item::from([("pk".to_owned(), Attribute::S(key.into()))])
}

/// A table with three items.
async fn filled(world: &World) -> String {
    let name = unique("items");
    world.aws.create_table(&name, &table(Capacity::OnDemand, &[]), "s").await.expect("made");
    world.clock.advance(LATER);
    let settings = landfall::aws::Settings {
        region: Some("us-east-1".into()),
        endpoint: Some(world.local.endpoint()),
        clock: world.clock.clone(),
        ..landfall::aws::Settings::default()
    };
    let aws = landfall::aws::Aws::connect(&settings).await.expect("it answers STS");
    aws.batch_write(&name, &[&item("a"), &item("b"), &item("c")]).await.expect("written");
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_waits_a_throttle_out_and_tells_of_one_that_does_not_end() {
    let world = World::start().await;
    let name = filled(&world).await;
    let keys = ["a", "b", "c"].map(item);
    let query = Query { table: name.clone(), key: vec![("pk".into(), Test::Equals(Attribute::S("a".into())))], ..Query::default() };
    let scan = Scan { table: name.clone(), ..Scan::default() };
    let throttle = || Effect::Refuse {
        code: "ProvisionedThroughputExceededException".into(),
        status: None,
        message: None,
        at: landfall::local::Moment::Before,
    };
    for (operation, effect) in
        [("BatchGetItem", throttle()), ("BatchGetItem", Effect::Unprocessed(1.0)), ("Query", throttle()), ("Scan", throttle())]
    {
        let read = || async {
            match operation {
                "BatchGetItem" => ends(world.aws.batch_get(&name, &keys, true)).await.map(|got| got.items.len()),
                "Query" => ends(world.aws.query(&query)).await.map(|got| got.items.len()),
                _ => ends(world.aws.scan_page(&scan, None)).await.map(|page| page.items.len()),
            }
        };
        // More than the SDK's own tries.
        world.local.faults().install(Rule::new(effect.clone()).operation(operation).times(9));
        assert_eq!(read().await.expect("waited out"), if operation == "Query" { 1 } else { 3 }, "{operation}");
        world.local.faults().clear();
        world.local.faults().install(Rule::new(effect.clone()).operation(operation));
        let began = world.clock.now_ms();
        let told = read().await.expect_err("for ever");
        assert!(told.message.contains("10 minutes") && world.clock.now_ms() - began >= 600_000, "{operation} {effect:?}: {told}");
        world.local.faults().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_stopped_or_whose_pages_nobody_takes_is_no_sweep() {
    let world = World::start().await;
    let name = filled(&world).await;
    let scan = Scan { table: name, ..Scan::default() };
    for (stop, takes) in [(true, true), (false, false), (false, true)] {
        let (out, mut pages) = mpsc::channel(100);
        if !takes {
            pages.close();
        }
        let stop_flag = Arc::new(AtomicBool::new(stop));
        let swept = ends(items::sweep(&world.aws, &scan, &items::all_segments(2), &stop_flag, Arc::new(|items| items.len()), out)).await;
        match swept {
            Ok(swept) => assert!(!stop && takes && swept.count == 3, "{swept:?}"),
            Err(broken) => assert!((stop || !takes) && matches!(broken, Broken::Stopped), "{broken:?}"),
        }
    }
}
