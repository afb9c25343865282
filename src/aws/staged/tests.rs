//! What the door to AWS makes of answers: a stand-in's, AWS's own, late ones and those about something else.

use super::*;
use crate::aws::buckets::{Upload, Version};
use crate::aws::items::{GET_LIMIT, Query, Scan};
use crate::aws::scaling::resource;
use crate::mapping::{Attribute, Item};
use crate::plan::Dimension;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const TARGET: &str = r#"{"ScalableTargets":[{"ServiceNamespace":"dynamodb","ResourceId":"table/T",
    "ScalableDimension":"dynamodb:table:ReadCapacityUnits","MinCapacity":5,"MaxCapacity":9,"RoleARN":"r","CreationTime":1}]}"#;

/// A bucket and a table with nothing out of the ordinary.
fn plain(call: &str) -> String {
    const ROOTS: [(&str, &str); 9] = [
        ("tagging", "Tagging><TagSet/></Tagging"),
        ("publicAccessBlock", "PublicAccessBlockConfiguration/"),
        ("ownershipControls", "OwnershipControls/"),
        ("encryption", "ServerSideEncryptionConfiguration/"),
        ("lifecycle", "LifecycleConfiguration/"),
        ("versioning", "VersioningConfiguration/"),
        ("versions", "ListVersionsResult/"),
        ("uploads", "ListMultipartUploadsResult/"),
        ("list-type", "ListBucketResult/"),
    ];
    if let Some((_, root)) = ROOTS.iter().find(|(part, _)| call.starts_with("GET ") && call.contains(part)) {
        return format!("<{root}>");
    }
    let body = match call {
        "DescribeScalableTargets" => TARGET,
        call if call.contains("policy") => r#"{"Version":"2012-10-17"}"#,
        _ => "{}",
    };
    body.to_owned()
}

/// As [`plain`], but `call` gets `answer`.
fn but(endpoint: &str, call: &'static str, answer: &Answer) -> Aws {
    let answer = answer.clone();
    aws(endpoint, move |asked, _| if asked.contains(call) { answer.clone() } else { Some((200, plain(asked))) })
}

async fn reads(aws: &Aws, call: &str) -> bool {
    match call {
        "ListImports" => aws.bucket_contents("b").await.is_ok(),
        _ => aws.scalable_targets(&[resource("T", None)], aws.deadline(Duration::from_secs(1))).await.is_ok(),
    }
}

/// AWS itself knows every call: there a refusal without a code is a failure, and what it hides must not pass for "there is none".
#[tokio::test]
async fn only_a_stand_in_may_not_know_a_call_and_only_by_saying_so() {
    let wordless = Some((400, "{}".to_owned()));
    let denied = Some((400, r#"{"__type":"x#AccessDeniedException","message":"m"}"#.to_owned()));
    for call in ["ListImports", "DescribeScalableTargets", "DescribeScheduledActions"] {
        for (endpoint, answer, passes) in [
            ("http://stand-in", &wordless, true),
            ("http://stand-in", &denied, false),
            ("http://stand-in", &None, false),
            ("aws", &wordless, false),
            ("https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com", &wordless, false),
        ] {
            assert_eq!(reads(&but(endpoint, call, answer), call).await, passes, "{call} at {endpoint}: {answer:?}");
        }
        assert!(reads(&but("aws", "none", &None), call).await, "{call}");
    }
}

/// The stand-in wraps what AWS does not: of AWS that would be an answer that nobody understands.
#[tokio::test]
async fn only_a_stand_ins_wrapped_versioning_is_unwrapped_and_no_refusal_that_quotes_one() {
    let wrapped = "<Odd><VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration></Odd>".to_owned();
    let refusal = "<Error><Code>AccessDenied</Code><Message>m</Message><Status>Enabled</Status></Error>".to_owned();
    for (endpoint, status, body, seen) in [
        ("http://stand-in", 200, &wrapped, Some("Enabled")),
        ("http://stand-in", 403, &refusal, None),
        ("aws", 200, &wrapped, None),
        ("https://dynamodb.us-east-1.api.aws", 200, &wrapped, None),
    ] {
        let seen_now = but(endpoint, "versioning", &Some((status, body.clone()))).observe_bucket("b").await;
        assert_eq!(seen_now.as_ref().ok().and_then(|b| b.versioning.as_deref()), seen, "{endpoint} {status}: {seen_now:?}");
        assert_eq!(seen_now.is_ok(), seen.is_some());
    }
}

#[tokio::test]
async fn what_a_bucket_holds_is_told_to_the_last_page_and_of_no_other_bucket() {
    let summary = |table: &str, status: &str, bucket: &str| {
        format!(r#"{{"TableArn":"arn:x:table/{table}","ImportStatus":"{status}","S3BucketSource":{{"S3Bucket":"{bucket}"}}}}"#)
    };
    let first = [summary("Z", "IN_PROGRESS", "b"), summary("Done", "COMPLETED", "b"), summary("Far", "IN_PROGRESS", "c")].join(",");
    let pages = Mutex::new(vec![
        format!(r#"{{"ImportSummaryList":[{}]}}"#, summary("A", "IN_PROGRESS", "b")),
        format!(r#"{{"ImportSummaryList":[{first}],"NextToken":"n"}}"#),
    ]);
    let version = |id: &str| format!("<Version><Key>k</Key><VersionId>{id}</VersionId></Version>");
    let versions = format!("<ListVersionsResult>{}{}</ListVersionsResult>", version(""), version("v1"));
    let aws = aws("aws", move |call, _| {
        let body = match call {
            "ListImports" => pages.lock().expect("unpoisoned").pop()?,
            call if call.contains("versions") => versions.clone(),
            call => plain(call),
        };
        Some((200, body))
    });
    let held = aws.bucket_contents("b").await.expect("told");
    assert_eq!((held.versions, held.uploads, held.imports), (2, 0, vec!["A".to_owned(), "Z".to_owned()]));
    let ids: Vec<_> = aws.versions("b", None).await.expect("listed").found.into_iter().map(|v| v.id).collect();
    assert_eq!(ids, ["null", "v1"], "a version without an id is deleted by the name that S3 has for it");
}

/// Both sides of a table that others scale as well, and a table of a name like it.
fn busy(call: &str) -> String {
    let policy = |name: &str, resource: &str, side: &str| {
        format!(
            r#"{{"PolicyARN":"a","PolicyName":"{name}","ServiceNamespace":"dynamodb","ResourceId":"{resource}","CreationTime":1,
            "ScalableDimension":"dynamodb:table:{side}CapacityUnits","PolicyType":"TargetTrackingScaling","TargetTrackingScalingPolicyConfiguration":
            {{"TargetValue":60.0,"PredefinedMetricSpecification":{{"PredefinedMetricType":"DynamoDB{side}CapacityUtilization"}}}}}}"#
        )
    };
    let policies = [policy("theirs", "table/T", "Read"), policy("other", "table/T", "Write"), policy("far", "table/T2", "Read")].join(",");
    match call {
        "DescribeScalingPolicies" => format!(r#"{{"ScalingPolicies":[{policies}]}}"#),
        "DescribeScheduledActions" => r#"{"ScheduledActions":[{"ScheduledActionName":"nightly","ScheduledActionARN":"a",
            "ServiceNamespace":"dynamodb","Schedule":"s","ResourceId":"table/T","CreationTime":1,
            "ScalableDimension":"dynamodb:table:WriteCapacityUnits"}]}"#
            .to_owned(),
        call => plain(call),
    }
}

#[tokio::test]
async fn what_moves_the_other_side_or_another_table_is_not_this_sides() {
    let put = std::sync::Arc::new(Mutex::new(String::new()));
    let kept = std::sync::Arc::clone(&put);
    let aws = aws("aws", move |call, body| {
        if call == "PutScalingPolicy" {
            body.clone_into(&mut kept.lock().expect("unpoisoned"));
        }
        Some((200, busy(call)))
    });
    let seen = aws.scalable_targets(&[resource("T", None)], aws.deadline(Duration::from_secs(1))).await.expect("told").expect("known");
    let policies: Vec<_> = seen[0].policies.iter().map(|p| p.name.as_str()).collect();
    assert_eq!((seen.len(), policies, seen[0].scheduled.len()), (1, vec!["theirs"], 0));
    aws.scale_policy("T", None, Dimension::Read, 70).await.expect("nothing foreign moves the reads");
    let sent = put.lock().expect("unpoisoned").clone();
    assert!(sent.contains(r#""PolicyName":"theirs""#), "the policy of this side keeps its name: {sent}");
}

#[tokio::test]
async fn scheduled_actions_are_listed_to_their_last_page() {
    let action = |name: &str| {
        format!(
            r#"{{"ScheduledActionName":"{name}","ScheduledActionARN":"a","ServiceNamespace":"dynamodb","Schedule":"s","ResourceId":"table/T",
            "ScalableDimension":"dynamodb:table:ReadCapacityUnits","CreationTime":1}}"#
        )
    };
    let pages = Mutex::new(vec![
        format!(r#"{{"ScheduledActions":[{}],"NextToken":""}}"#, action("late")),
        format!(r#"{{"ScheduledActions":[{}],"NextToken":"n"}}"#, action("early")),
    ]);
    let aws = aws("aws", move |call, _| {
        let page = if call == "DescribeScheduledActions" { pages.lock().expect("unpoisoned").pop()? } else { plain(call) };
        Some((200, page))
    });
    let seen = aws.scalable_targets(&[resource("T", None)], aws.deadline(Duration::from_secs(1))).await.expect("told").expect("known");
    assert_eq!(seen[0].scheduled, ["early", "late"]);
}

#[tokio::test]
async fn a_key_is_asked_about_once_a_run() {
    let asked = std::sync::Arc::new(AtomicU32::new(0));
    let count = std::sync::Arc::clone(&asked);
    let aws = aws("aws", move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        Some((200, r#"{"KeyMetadata":{"KeyId":"k","Arn":"arn:k","KeyManager":"AWS"}}"#.to_owned()))
    });
    for _ in 0..2 {
        assert!(aws.is_aws_managed("arn:k", aws.deadline(Duration::from_secs(1))).await.expect("told"));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// It takes seconds; one that never comes must not hold a run for ever.
#[tokio::test]
async fn the_lease_table_is_waited_for_and_not_for_ever() {
    let state = |status: &str| format!(r#"{{"Table":{{"TableStatus":"{status}"}}}}"#);
    let answers = |ready: u32| {
        let asked = AtomicU32::new(0);
        aws("aws", move |call, _| match call {
            "DescribeTable" if asked.fetch_add(1, Ordering::Relaxed) == 0 => {
                Some((400, r#"{"__type":"ResourceNotFoundException"}"#.to_owned()))
            }
            "DescribeTable" if asked.load(Ordering::Relaxed) > ready => Some((200, state("ACTIVE"))),
            "DescribeTable" => Some((200, state("CREATING"))),
            call => Some((200, plain(call))),
        })
    };
    answers(4).make_lease_table().await.expect("it came");
    let never = answers(u32::MAX);
    let began = never.clock().now_ms();
    let told = never.make_lease_table().await.expect_err("it never came");
    let waited = never.clock().now_ms() - began;
    assert!(told.message.contains("CREATING and not ACTIVE") && (120_000..125_000).contains(&waited), "{told} after {waited} ms");
}

fn key(text: &str) -> Item {
    Item::from([("pk".to_owned(), Attribute::S(text.into()))])
}

#[tokio::test]
async fn a_whole_answer_costs_no_wait() {
    let aws = aws("aws", |_, _| Some((200, r#"{"Responses":{"T":[{"pk":{"S":"a"}}]},"UnprocessedKeys":{}}"#.to_owned())));
    let began = aws.clock().now_ms();
    for _ in 0..GET_LIMIT {
        assert_eq!(aws.batch_get("T", &[key("a")], true).await.expect("read").items.len(), 1);
    }
    assert_eq!(aws.clock().now_ms(), began);
}

/// A machine that slept, or a clock that runs a thousand times as fast: one slow answer is no standstill.
#[tokio::test]
async fn a_read_gives_up_only_after_many_tries_however_long_the_first_took() {
    let clock = std::sync::Arc::new(Mutex::new(None::<Clock>));
    let (hands, tries) = (std::sync::Arc::clone(&clock), AtomicU32::new(0));
    let aws = aws("aws", move |_, _| {
        if let Some(clock) = &*hands.lock().expect("unpoisoned") {
            clock.advance(Duration::from_mins(11));
        }
        let throttle = (400, r#"{"__type":"x#ThrottlingException","message":"m"}"#.to_owned());
        Some(if tries.fetch_add(1, Ordering::Relaxed) < 3 { throttle } else { (200, r#"{"Count":0,"Items":[]}"#.to_owned()) })
    });
    *clock.lock().expect("unpoisoned") = Some(aws.clock().clone());
    aws.scan_page(&Scan { table: "T".into(), ..Scan::default() }, None).await.expect("it came through");
}

/// Only a throttle passes by itself.
#[tokio::test]
async fn a_refusal_of_a_read_is_told_at_once() {
    let aws = aws("aws", |_, _| Some((400, r#"{"__type":"x#AccessDeniedException","message":"m"}"#.to_owned())));
    let began = aws.clock().now_ms();
    assert!(aws.batch_get("T", &[key("a")], true).await.expect_err("refused").is_denied());
    assert!(aws.query(&Query { table: "T".into(), ..Query::default() }).await.expect_err("refused").is_denied());
    assert!(aws.scan_page(&Scan { table: "T".into(), ..Scan::default() }, None).await.expect_err("refused").is_denied());
    assert_eq!(aws.clock().now_ms(), began);
}

#[tokio::test]
async fn what_s3_refuses_is_neither_absent_nor_gone() {
    let refusal = |code: &str| Some((403, format!("<Error><Code>{code}</Code><Message>m</Message></Error>")));
    assert!(but("aws", "tagging", &refusal("AccessDenied")).observe_bucket("b").await.expect_err("not seen").is_denied());
    assert!(but("aws", "tagging", &refusal("NoSuchTagSet")).observe_bucket("b").await.expect("seen").tags.is_empty());
    let (upload, version) = (Upload { key: "k".into(), id: "u".into() }, Version { key: "k".into(), id: "v".into() });
    let denied = but("aws", "", &refusal("AccessDenied"));
    assert!(denied.abort_upload("b", &upload).await.expect_err("it stays").is_denied());
    assert!(denied.delete_versions("b", &[version]).await.expect_err("it stays").is_denied());
    but("aws", "", &refusal("NoSuchUpload")).abort_upload("b", &upload).await.expect("it is finished or aborted");
}

#[derive(Debug)]
struct Silent;

impl HttpConnector for Silent {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(std::future::pending())
    }
}

/// An AWS that never answers, and a client that waits a minute for it.
fn silent() -> Aws {
    let http = http_client_fn(|_, _| SharedHttpConnector::new(Silent));
    let aws = aws("aws", |_, _| None);
    let minute = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_mins(1)).build();
    let sleep = aws_smithy_async::rt::sleep::TokioSleep::new;
    let dynamodb = aws.dynamodb.config().to_builder().http_client(http.clone()).timeout_config(minute.clone()).sleep_impl(sleep());
    let s3 = aws.s3.config().to_builder().http_client(http).timeout_config(minute).sleep_impl(sleep());
    let (dynamodb, s3) = (aws_sdk_dynamodb::Client::from_conf(dynamodb.build()), aws_sdk_s3::Client::from_conf(s3.build()));
    Aws { dynamodb, s3, ..aws }
}

#[tokio::test]
async fn behind_a_fence_a_change_is_given_up_early_and_a_read_or_a_staged_object_is_not() {
    let fence = || crate::aws::leases::Fence::new(|| true);
    let fenced = silent().fenced(fence().within(Duration::from_millis(50)));
    let table = crate::plan::samples::table();
    let waits =
        async |call: &mut (dyn Future<Output = bool> + Unpin)| tokio::time::timeout(Duration::from_millis(500), call).await.is_err();
    let made = |aws: Aws| {
        let table = table.clone();
        async move { aws.create_table("T", &table, "s").await.is_ok() }
    };
    assert!(!waits(&mut Box::pin(made(fenced.clone()))).await, "a change of a table");
    assert!(!waits(&mut Box::pin(async { fenced.delete_bucket("b").await.is_ok() })).await, "a change of a bucket");
    assert!(waits(&mut Box::pin(async { fenced.table_names().await.is_ok() })).await, "a read");
    assert!(waits(&mut Box::pin(async { fenced.put_object("b", "k", Vec::new(), &[0; 32]).await.is_ok() })).await, "a staged object");
    assert!(waits(&mut Box::pin(made(silent().fenced(fence())))).await, "a fence that says nothing of time");
    assert!(waits(&mut Box::pin(made(silent().fenced(fence().within(Duration::from_mins(2)))))).await, "no attempt becomes longer");
}
