//! The verbs that only look make only these calls, whatever they look at: `plan`, `drift`, `validate`, `throttling`; `check` and `iam` make none.

use crate::between::Between;
use crate::program::{LocalAws, Place};
use crate::rich;
use landfall::iam::{Level, api};
use std::collections::BTreeSet;

/// The written list. Every one of them reads; nothing that is not here may be called.
const READS: [(&str, &str); 30] = [
    ("application-autoscaling", "DescribeScalableTargets"),
    ("application-autoscaling", "DescribeScalingPolicies"),
    ("application-autoscaling", "DescribeScheduledActions"),
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "DescribeContinuousBackups"),
    ("dynamodb", "DescribeContributorInsights"),
    ("dynamodb", "DescribeTable"),
    ("dynamodb", "DescribeTimeToLive"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "GetResourcePolicy"),
    ("dynamodb", "ListImports"),
    ("dynamodb", "ListTables"),
    ("dynamodb", "ListTagsOfResource"),
    ("dynamodb", "Query"),
    ("dynamodb", "Scan"),
    ("kms", "DescribeKey"),
    ("monitoring", "GetMetricData"),
    ("s3", "GetBucketEncryption"),
    ("s3", "GetBucketLifecycleConfiguration"),
    ("s3", "GetBucketOwnershipControls"),
    ("s3", "GetBucketPolicy"),
    ("s3", "GetBucketTagging"),
    ("s3", "GetBucketVersioning"),
    ("s3", "GetPublicAccessBlock"),
    ("s3", "HeadBucket"),
    ("s3", "ListMultipartUploads"),
    ("s3", "ListObjectVersions"),
    ("s3", "ListObjectsV2"),
    ("sts", "GetCallerIdentity"),
    ("dynamodb", "DescribeImport"),
];

fn only_reads(between: &Between, what: &str) -> BTreeSet<(String, String)> {
    let calls = between.take_requests();
    for call in &calls {
        assert!(READS.contains(&(call.service.as_str(), call.operation.as_str())), "{what} calls {call:?}");
    }
    calls.into_iter().map(|call| (call.service, call.operation)).collect()
}

#[test]
fn the_list_holds_no_call_that_writes() {
    for (service, operation) in READS {
        assert_eq!(api(service, operation).unwrap_or_else(|| panic!("{operation} has no row")).level, Level::Read);
    }
}

/// Over nothing, over what a run left, over what somebody changed by hand, and over tables that the file names no more.
fn looks(stack: &str) {
    let local = LocalAws::start();
    let between = Between::start(&local.url, |_, forward| Some(forward()));
    let place = Place::at(&between.url, "local", "local");
    let file = format!("stacks/{stack}.toml");
    if stack == "rich" {
        rich::write(&place);
        rich::key(&place);
        between.take_requests();
    }
    let scales = stack == "rich";
    let look = |when: &str| {
        for verb in ["plan", "plan --out sealed.plan", "drift", "validate", "validate --sample 5", "validate --count-only", "throttling"] {
            let mut words = verb.split(' ');
            let (verb, more) = (words.next().expect("a verb"), words.collect::<Vec<_>>().join(" "));
            place.landfall(&format!("{verb} {file} {more}"));
            let calls = only_reads(&between, &format!("{verb} {more} over {when}"));
            assert!(calls.len() > 1, "{verb} over {when} looked at nothing");
            let scheduled = calls.iter().any(|(_, operation)| operation == "DescribeScheduledActions");
            let has_targets = scales && when != "nothing" && matches!(verb, "plan" | "drift");
            assert_eq!(scheduled, has_targets, "{verb} over {when}: scheduled actions are asked for where there is a target");
        }
    };
    look("nothing");
    place.landfall(&format!("run {file} --yes")).exits(0);
    between.take_requests();
    look("what is as it should be");
    place
        .python("d = c('dynamodb')\nfor t in d.list_tables()['TableNames']:\n  d.update_table(TableName=t, DeletionProtectionEnabled=True)")
        .exits(0);
    place.python("d = c('dynamodb')\nfor t in d.list_tables()['TableNames']:\n  d.tag_resource(ResourceArn=d.describe_table(TableName=t)['Table']['TableArn'], Tags=[{'Key': 'landfall:stack', 'Value': 'another'}])").exits(0);
    between.take_requests();
    look("what another stack took");
}

#[test]
fn looking_at_users_reads() {
    looks("users");
}

#[test]
fn looking_at_vehicle_sales_reads() {
    looks("vehicle-sales-single");
}

#[test]
fn looking_at_a_stack_that_asks_for_everything_reads() {
    looks("rich");
}

#[test]
fn looking_at_a_bucket_that_is_to_go_reads() {
    let local = LocalAws::start();
    let between = Between::start(&local.url, |_, forward| Some(forward()));
    let place = Place::at(&between.url, "local", "local");
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.edit("stacks/users.toml", "[bucket.staging]\nname = \"landfall-sample-users-staging\"\n", "");
    between.take_requests();
    place.landfall("plan stacks/users.toml --destroy s3://landfall-sample-users-staging --with-data").exits(0).says("DeleteBucket");
    let calls = only_reads(&between, "plan --destroy of a bucket");
    for operation in ["ListObjectVersions", "ListMultipartUploads"] {
        assert!(calls.contains(&("s3".to_owned(), operation.to_owned())), "{operation} was not asked: {calls:?}");
    }
}

#[test]
fn check_schema_and_iam_ask_nobody() {
    let local = LocalAws::start();
    let between = Between::start(&local.url, |_, forward| Some(forward()));
    let place = Place::at(&between.url, "local", "local");
    for words in ["check stacks/users.toml", "schema", "iam stacks/users.toml", "iam stacks/users.toml --why"] {
        place.landfall(words).exits(0);
    }
    assert_eq!(between.take_requests(), []);
}
