//! Which IAM actions a call to AWS needs: the names differ (`HeadBucket` needs `s3:ListBucket`), so this is a table and not a rule.
//!
//! Source: Service Authorization Reference, pages "Amazon `DynamoDB`", "Amazon S3", "AWS Application Auto Scaling", "AWS KMS",
//! "Amazon `CloudWatch`"; for S3 also "Required permissions for Amazon S3 API operations" (S3 user guide). `GetCallerIdentity` needs no
//! permission (STS API reference).
//! Rule: every call that landfall makes has a row; a call without one is a defect, found by the tests that record calls.

/// What a call can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Changes nothing: settings, names, metrics, items.
    Read,
    Write,
}

/// One call of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// As in the signature's scope: `dynamodb`, `s3`, `monitoring`.
    pub service: &'static str,
    /// The API's name.
    pub operation: &'static str,
    pub level: Level,
    /// Every one of them is needed.
    pub actions: &'static [&'static str],
}

const fn read(service: &'static str, operation: &'static str, actions: &'static [&'static str]) -> Api {
    Api { service, operation, level: Level::Read, actions }
}

const fn write(service: &'static str, operation: &'static str, actions: &'static [&'static str]) -> Api {
    Api { service, operation, level: Level::Write, actions }
}

/// Every call that landfall makes.
pub const APIS: &[Api] = &[
    read("sts", "GetCallerIdentity", &[]),
    read("dynamodb", "DescribeTable", &["dynamodb:DescribeTable"]),
    read("dynamodb", "DescribeTimeToLive", &["dynamodb:DescribeTimeToLive"]),
    read("dynamodb", "DescribeContinuousBackups", &["dynamodb:DescribeContinuousBackups"]),
    read("dynamodb", "DescribeContributorInsights", &["dynamodb:DescribeContributorInsights"]),
    read("dynamodb", "GetResourcePolicy", &["dynamodb:GetResourcePolicy"]),
    read("dynamodb", "ListTagsOfResource", &["dynamodb:ListTagsOfResource"]),
    read("dynamodb", "ListTables", &["dynamodb:ListTables"]),
    read("dynamodb", "DescribeImport", &["dynamodb:DescribeImport"]),
    read("dynamodb", "ListImports", &["dynamodb:ListImports"]),
    read("dynamodb", "GetItem", &["dynamodb:GetItem"]),
    read("dynamodb", "BatchGetItem", &["dynamodb:BatchGetItem"]),
    read("dynamodb", "Query", &["dynamodb:Query"]),
    read("dynamodb", "Scan", &["dynamodb:Scan"]),
    write("dynamodb", "CreateTable", &["dynamodb:CreateTable"]),
    write("dynamodb", "UpdateTable", &["dynamodb:UpdateTable"]),
    write("dynamodb", "DeleteTable", &["dynamodb:DeleteTable"]),
    write("dynamodb", "UpdateTimeToLive", &["dynamodb:UpdateTimeToLive"]),
    write("dynamodb", "UpdateContinuousBackups", &["dynamodb:UpdateContinuousBackups"]),
    write("dynamodb", "UpdateContributorInsights", &["dynamodb:UpdateContributorInsights"]),
    write("dynamodb", "PutResourcePolicy", &["dynamodb:PutResourcePolicy"]),
    write("dynamodb", "DeleteResourcePolicy", &["dynamodb:DeleteResourcePolicy"]),
    write("dynamodb", "TagResource", &["dynamodb:TagResource"]),
    write("dynamodb", "ImportTable", &["dynamodb:ImportTable"]),
    write("dynamodb", "BatchWriteItem", &["dynamodb:BatchWriteItem"]),
    write("dynamodb", "PutItem", &["dynamodb:PutItem"]),
    read("application-autoscaling", "DescribeScalableTargets", &["application-autoscaling:DescribeScalableTargets"]),
    read("application-autoscaling", "DescribeScalingPolicies", &["application-autoscaling:DescribeScalingPolicies"]),
    read("application-autoscaling", "DescribeScheduledActions", &["application-autoscaling:DescribeScheduledActions"]),
    write("application-autoscaling", "RegisterScalableTarget", &["application-autoscaling:RegisterScalableTarget"]),
    write("application-autoscaling", "PutScalingPolicy", &["application-autoscaling:PutScalingPolicy"]),
    write("application-autoscaling", "DeregisterScalableTarget", &["application-autoscaling:DeregisterScalableTarget"]),
    read("kms", "DescribeKey", &["kms:DescribeKey"]),
    read("monitoring", "GetMetricData", &["cloudwatch:GetMetricData"]),
    read("s3", "HeadBucket", &["s3:ListBucket"]),
    read("s3", "ListObjectsV2", &["s3:ListBucket"]),
    read("s3", "ListObjectVersions", &["s3:ListBucketVersions"]),
    read("s3", "ListMultipartUploads", &["s3:ListBucketMultipartUploads"]),
    read("s3", "GetBucketTagging", &["s3:GetBucketTagging"]),
    read("s3", "GetPublicAccessBlock", &["s3:GetBucketPublicAccessBlock"]),
    read("s3", "GetBucketOwnershipControls", &["s3:GetBucketOwnershipControls"]),
    read("s3", "GetBucketEncryption", &["s3:GetEncryptionConfiguration"]),
    read("s3", "GetBucketPolicy", &["s3:GetBucketPolicy"]),
    read("s3", "GetBucketLifecycleConfiguration", &["s3:GetLifecycleConfiguration"]),
    read("s3", "GetBucketVersioning", &["s3:GetBucketVersioning"]),
    write("s3", "CreateBucket", &["s3:CreateBucket"]),
    write("s3", "PutBucketTagging", &["s3:PutBucketTagging"]),
    write("s3", "PutPublicAccessBlock", &["s3:PutBucketPublicAccessBlock"]),
    write("s3", "PutBucketOwnershipControls", &["s3:PutBucketOwnershipControls"]),
    write("s3", "PutBucketEncryption", &["s3:PutEncryptionConfiguration"]),
    write("s3", "PutBucketPolicy", &["s3:PutBucketPolicy"]),
    write("s3", "PutBucketLifecycleConfiguration", &["s3:PutLifecycleConfiguration"]),
    write("s3", "PutBucketVersioning", &["s3:PutBucketVersioning"]),
    write("s3", "PutObject", &["s3:PutObject"]),
    write("s3", "DeleteObjects", &["s3:DeleteObject"]),
    write("s3", "AbortMultipartUpload", &["s3:AbortMultipartUpload"]),
    write("s3", "DeleteBucket", &["s3:DeleteBucket"]),
];

/// The row of a call; `None`: landfall is not known to make it.
pub fn api(service: &str, operation: &str) -> Option<&'static Api> {
    APIS.iter().find(|api| api.service == service && api.operation == operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_call_has_one_row_and_no_row_asks_for_everything() {
        let names: BTreeSet<_> = APIS.iter().map(|api| (api.service, api.operation)).collect();
        assert_eq!(names.len(), APIS.len());
        assert!(APIS.iter().flat_map(|api| api.actions).all(|action| !action.contains('*') && action.contains(':')));
    }

    #[test]
    fn a_call_that_reads_by_name_is_a_read_and_every_other_is_a_write() {
        let reads = ["Describe", "Get", "List", "Head", "BatchGet", "Query", "Scan"];
        for api in APIS {
            let by_name = reads.iter().any(|verb| api.operation.starts_with(verb));
            assert_eq!(api.level == Level::Read, by_name, "{}", api.operation);
        }
    }
}
