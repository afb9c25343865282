//! What loading writes, and what validation and throttling read.

use super::need::{Needs, On};
use crate::resource::Encryption;
use crate::stack::Stack;

const LEFT: &str = "a table that is not there (yet): whether an import of an earlier run is making it";

/// `load`: through the staging bucket where ImportTable can make the table, by BatchWriteItem into one that is there.
pub(super) fn load(stack: &Stack, needs: &mut Needs) {
    let staging = stack.buckets.values().next();
    for (name, spec) in stack.tables.iter().filter(|(_, spec)| !spec.rows.is_empty()) {
        let on = On::Table(name.clone());
        for operation in ["DescribeTable", "Scan", "BatchWriteItem"] {
            needs.call("dynamodb", operation, &on);
        }
        needs.rare("dynamodb", "ListImports", &On::Any, LEFT);
        items_through_key(&spec.table.encryption, "BatchWriteItem", needs);
        if let Some(bucket) = staging.filter(|_| spec.table.locals.is_empty()) {
            import(name, &bucket.name, &format!("{}/", stack.name), needs);
            bucket.kms_key.iter().for_each(|key| {
                let actions = ["kms:Decrypt", "kms:GenerateDataKey"];
                needs.implied("PutObject", &actions, &On::KeyThrough(key.clone(), "s3"));
            });
        }
    }
}

/// What `ImportTable` asks of its caller: `DynamoDB` developer guide, "Requesting a table import in `DynamoDB`".
fn import(table: &str, bucket: &str, prefix: &str, needs: &mut Needs) {
    let objects = On::Objects(bucket.to_owned(), prefix.to_owned());
    needs.call("s3", "ListObjectsV2", &On::Bucket(bucket.to_owned()));
    needs.call("s3", "PutObject", &objects);
    needs.call("s3", "DeleteObjects", &objects);
    needs.call("dynamodb", "ImportTable", &On::Table(table.to_owned()));
    needs.call("dynamodb", "DescribeImport", &On::Imports(table.to_owned()));
    needs.call("dynamodb", "ListImports", &On::Any);
    needs.implied("ImportTable", &["s3:GetObject"], &objects);
    needs.implied("ImportTable", &["s3:ListBucket"], &On::Bucket(bucket.to_owned()));
    let logs = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "logs:PutRetentionPolicy",
    ];
    needs.implied("ImportTable", &logs, &On::ImportLogs);
}

/// `validate`: what is there of every table, and the items and indexes of those with rows.
pub(super) fn validate(stack: &Stack, needs: &mut Needs) {
    for name in stack.tables.keys() {
        needs.call("dynamodb", "DescribeTable", &On::Table(name.clone()));
    }
    for (name, spec) in stack.tables.iter().filter(|(_, spec)| !spec.rows.is_empty()) {
        let on = On::Table(name.clone());
        needs.call("dynamodb", "Scan", &on);
        needs.rare("dynamodb", "BatchGetItem", &on, "a sample, and looking again at what differed");
        if !spec.table.indexes.is_empty() || !spec.table.locals.is_empty() {
            needs.call("dynamodb", "Scan", &On::Indexes(name.clone()));
        }
        items_through_key(&spec.table.encryption, "Scan", needs);
    }
    for access in &stack.access {
        let table = access.query.table.clone();
        let on = if access.query.index.is_some() { On::Indexes(table) } else { On::Table(table) };
        needs.call("dynamodb", "Query", &on);
    }
}

/// `throttling`: metrics have no resource of their own.
pub(super) fn throttling(stack: &Stack, needs: &mut Needs) {
    if !stack.tables.is_empty() {
        needs.call("monitoring", "GetMetricData", &On::Any);
    }
}

fn items_through_key(encryption: &Encryption, call: &'static str, needs: &mut Needs) {
    if let Encryption::Key(key) = encryption {
        needs.implied(call, &["kms:Decrypt"], &On::KeyThrough(key.clone(), "dynamodb"));
    }
}
