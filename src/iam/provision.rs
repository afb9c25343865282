//! What planning reads and applying writes, by what the stack's tables and buckets say.

use super::need::{Needs, On};
use crate::resource::{Bucket, Capacity, Class, Encryption, Policy, Scaling, Table};
use crate::stack::Stack;

const UNDO: &str = "a setting that somebody changed by hand, or that the file gave up";
const BARE: &str = "a bucket without landfall's lifecycle rule: whether a killed run made it, or somebody uses it";
const BARE_VERSIONED: &str = "a bucket without landfall's lifecycle rule that keeps versions, or did: whether it holds one";
const FORGOTTEN: &str = "tables that the file does not name: whether they carry the stack's tag";
const KILLED_IMPORT: &str = "a table of the file without an owner: whether a killed run of this stack imported it";
const PROVISIONED: &str = "a table that is provisioned though the file does not say so";
const TARGET: &str = "a scalable target that the file does not ask for";
const GIVEN_BACK: &str = "auto scaling that the file does not ask for (any more)";

/// What `plan` reads of every resource of the file.
pub(super) fn reads(stack: &Stack, needs: &mut Needs) {
    needs.call("dynamodb", "ListTables", &On::Any);
    needs.rare("dynamodb", "ListTagsOfResource", &On::AnyTable, FORGOTTEN);
    if !stack.buckets.is_empty() && !stack.tables.is_empty() {
        needs.rare("dynamodb", "ListImports", &On::Any, KILLED_IMPORT);
        stack.tables.keys().for_each(|name| needs.rare("dynamodb", "DescribeImport", &On::Imports(name.clone()), KILLED_IMPORT));
    }
    for (name, spec) in &stack.tables {
        any_table_reads(name, needs);
        table_reads(name, &spec.table, needs);
    }
    scaling_reads(stack, needs);
    stack.buckets.values().for_each(|bucket| bucket_reads(bucket, needs));
}

/// What is read of every table, whatever is wanted of it.
pub(super) fn any_table_reads(name: &str, needs: &mut Needs) {
    for operation in ["DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups", "ListTagsOfResource"] {
        needs.call("dynamodb", operation, &On::Table(name.to_owned()));
    }
}

/// A table that is still provisioned, or once was, is asked about as well.
fn scaling_reads(stack: &Stack, needs: &mut Needs) {
    let tables = || stack.tables.values().map(|spec| &spec.table);
    let on = On::Any;
    if tables().any(may_scale) {
        needs.call("application-autoscaling", "DescribeScalableTargets", &on);
    } else {
        needs.rare("application-autoscaling", "DescribeScalableTargets", &on, PROVISIONED);
    }
    for operation in ["DescribeScalingPolicies", "DescribeScheduledActions"] {
        if tables().any(scales) {
            needs.call("application-autoscaling", operation, &on);
        } else {
            needs.rare("application-autoscaling", operation, &on, TARGET);
        }
    }
}

fn table_reads(name: &str, table: &Table, needs: &mut Needs) {
    if table.policy.is_some() {
        needs.call("dynamodb", "GetResourcePolicy", &On::Table(name.to_owned()));
    }
    if table.insights.is_some() {
        needs.call("dynamodb", "DescribeContributorInsights", &On::Table(name.to_owned()));
    }
    if table.indexes.values().any(|index| index.insights.is_some()) {
        needs.call("dynamodb", "DescribeContributorInsights", &On::Table(name.to_owned()));
        needs.call("dynamodb", "DescribeContributorInsights", &On::Indexes(name.to_owned()));
    }
    match &table.encryption {
        Encryption::Key(key) => needs.call("kms", "DescribeKey", &On::Key(key.clone())),
        Encryption::Managed => needs.call("kms", "DescribeKey", &On::Key("alias/aws/dynamodb".to_owned())),
        Encryption::Owned => {}
    }
}

fn bucket_reads(bucket: &Bucket, needs: &mut Needs) {
    any_bucket_reads(&bucket.name, needs);
    if let Some(key) = &bucket.kms_key {
        needs.call("kms", "DescribeKey", &On::Key(key.clone()));
    }
}

/// What is read of every bucket, whatever is wanted of it.
pub(super) fn any_bucket_reads(name: &str, needs: &mut Needs) {
    let on = On::Bucket(name.to_owned());
    for operation in [
        "HeadBucket",
        "GetBucketTagging",
        "GetPublicAccessBlock",
        "GetBucketOwnershipControls",
        "GetBucketEncryption",
        "GetBucketPolicy",
        "GetBucketLifecycleConfiguration",
        "GetBucketVersioning",
    ] {
        needs.call("s3", operation, &on);
    }
    for (operation, path) in [("ListObjectsV2", BARE), ("ListMultipartUploads", BARE), ("ListObjectVersions", BARE_VERSIONED)] {
        needs.rare("s3", operation, &on, path);
    }
}

/// What `apply` writes.
pub(super) fn writes(stack: &Stack, needs: &mut Needs) {
    for (name, spec) in &stack.tables {
        needs.call("dynamodb", "CreateTable", &On::Table(name.clone()));
        needs.implied("CreateTable", &["dynamodb:TagResource"], &On::Table(name.clone()));
        needs.call("dynamodb", "UpdateTable", &On::Table(name.clone()));
        changes(name, &spec.table, needs);
        made("CreateTable", name, &spec.table, needs);
    }
    stack.buckets.values().for_each(|bucket| bucket_writes(bucket, needs));
}

/// What a load does after an import, which can set only some of a table.
pub(super) fn after_import(name: &str, table: &Table, needs: &mut Needs) {
    let on = On::Table(name.to_owned());
    if table.protect || table.stream.is_some() || table.class != Class::Standard || table.limits.warm.is_some() {
        needs.call("dynamodb", "UpdateTable", &on);
    } else {
        needs.rare("dynamodb", "UpdateTable", &on, UNDO);
    }
    changes(name, table, needs);
    made("ImportTable", name, table, needs);
}

/// What AWS asks for while `call` makes the table.
fn made(call: &'static str, name: &str, table: &Table, needs: &mut Needs) {
    if call == "CreateTable" && matches!(table.policy, Some(Policy::On(_))) {
        needs.implied(call, &["dynamodb:PutResourcePolicy"], &On::Table(name.to_owned()));
    }
    if let Encryption::Key(key) = &table.encryption {
        key_for_table(call, key, needs);
    }
}

/// What changes a table that is there, beside `UpdateTable`.
fn changes(name: &str, table: &Table, needs: &mut Needs) {
    let on = On::Table(name.to_owned());
    needs.call("dynamodb", "TagResource", &on);
    let unless = |wanted: bool| if wanted { None } else { Some(UNDO) };
    for (operation, rare) in
        [("UpdateTimeToLive", unless(table.ttl.is_some())), ("UpdateContinuousBackups", unless(table.recovery.is_some()))]
    {
        match rare {
            None => needs.call("dynamodb", operation, &on),
            Some(path) => needs.rare("dynamodb", operation, &on, path),
        }
    }
    policy(table, &on, needs);
    insights(name, table, needs);
    scaling(name, table, needs);
}

fn policy(table: &Table, on: &On, needs: &mut Needs) {
    match &table.policy {
        None => {}
        Some(Policy::On(_)) => needs.call("dynamodb", "PutResourcePolicy", on),
        Some(Policy::Off) => needs.rare("dynamodb", "DeleteResourcePolicy", on, UNDO),
    }
}

/// The role: `DynamoDB` developer guide, "Using IAM with `CloudWatch` Contributor Insights for `DynamoDB`".
fn insights(name: &str, table: &Table, needs: &mut Needs) {
    let of_indexes = table.indexes.values().any(|index| index.insights.is_some());
    if table.insights.is_none() && !of_indexes {
        return;
    }
    needs.call("dynamodb", "UpdateContributorInsights", &On::Table(name.to_owned()));
    if of_indexes {
        needs.call("dynamodb", "UpdateContributorInsights", &On::Indexes(name.to_owned()));
    }
    let role = On::ServiceRole("contributorinsights.dynamodb.amazonaws.com");
    needs.implied("UpdateContributorInsights", &["iam:CreateServiceLinkedRole"], &role);
}

/// What else it takes: Application Auto Scaling user guide, "Permissions required for API actions on target services and `CloudWatch`".
fn scaling(name: &str, table: &Table, needs: &mut Needs) {
    needs.rare("application-autoscaling", "DeregisterScalableTarget", &On::ScalableTargets, GIVEN_BACK);
    if !scales(table) {
        return;
    }
    needs.call("application-autoscaling", "RegisterScalableTarget", &On::ScalableTargets);
    needs.call("application-autoscaling", "PutScalingPolicy", &On::ScalableTargets);
    let alarms = ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"];
    needs.implied("PutScalingPolicy", &alarms, &On::ScalingAlarms(format!("{name}-")));
    needs.implied("PutScalingPolicy", &alarms, &On::ScalingAlarms(format!("{name}/index/")));
    let role = On::ServiceRole("dynamodb.application-autoscaling.amazonaws.com");
    needs.implied("RegisterScalableTarget", &["iam:CreateServiceLinkedRole"], &role);
}

/// `DynamoDB` developer guide, "`DynamoDB` encryption at rest: authorizing use of your customer managed key".
fn key_for_table(call: &'static str, key: &str, needs: &mut Needs) {
    let actions = [
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ];
    needs.implied(call, &actions, &On::KeyThrough(key.to_owned(), "dynamodb"));
}

fn bucket_writes(bucket: &Bucket, needs: &mut Needs) {
    let on = On::Bucket(bucket.name.clone());
    for operation in [
        "CreateBucket",
        "ListObjectsV2", // a new bucket is bare until it has its rule
        "ListMultipartUploads",
        "PutBucketTagging",
        "PutPublicAccessBlock",
        "PutBucketOwnershipControls",
        "PutBucketEncryption",
        "PutBucketLifecycleConfiguration",
        "PutBucketPolicy",
    ] {
        needs.call("s3", operation, &on);
    }
    if bucket.versioning {
        needs.call("s3", "PutBucketVersioning", &on);
    } else {
        needs.rare("s3", "PutBucketVersioning", &on, UNDO);
    }
}

/// Whether auto scaling may hold something of the table: only provisioned capacity is scaled.
fn may_scale(table: &Table) -> bool {
    matches!(table.capacity, Capacity::Provisioned(_)) || scales(table)
}

fn scales(table: &Table) -> bool {
    let any = |scaling: &Scaling| scaling.read.is_some() || scaling.write.is_some();
    any(&table.limits.scaling) || table.indexes.values().any(|index| any(&index.limits.scaling))
}
