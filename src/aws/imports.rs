//! ImportTable: from staged objects to a new table.
//!
//! Facts ("DynamoDB data import from Amazon S3"; measured in `ScyllaDB`'s `test/alternator/test_import.py`): the counters stay 0
//! until the end; `ImportedItemCount` counts writes and not surviving keys; an import that skipped an item ends FAILED and leaves
//! the table with the good items; an empty prefix completes with an empty table. So none of this is a proof: `load` counts.
//! Local indexes, tags, TTL, streams, recovery, protection, class, warm throughput and policy cannot be set by the call.

use super::tables::wire;
use super::{Aws, Error, error::from_sdk};
use crate::resource::Table;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types as sdk;
use std::collections::BTreeMap;

/// Where an import stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub arn: String,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`, `CANCELLING`, `CANCELLED`.
    pub status: String,
    pub processed: u64,
    pub imported: u64,
    pub errors: u64,
    /// AWS's code and message, where it failed.
    pub failure: Option<String>,
}

impl Import {
    /// Whether AWS still works on it.
    pub fn running(&self) -> bool {
        matches!(self.status.as_str(), "IN_PROGRESS" | "CANCELLING")
    }
}

/// A table as far as a load has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableState {
    pub arn: String,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING` and so on.
    pub status: String,
}

/// What an import reads, and what it makes.
#[derive(Debug, Clone)]
pub struct ImportRequest<'a> {
    pub name: &'a str,
    pub table: &'a Table,
    pub bucket: &'a str,
    /// Ends in `/`: AWS compares prefixes as raw text.
    pub prefix: &'a str,
    /// At most 36 characters; the same token and table again is the same import.
    pub token: &'a str,
}

impl Aws {
    /// Starts an import of zstd-compressed DynamoDB JSON into the new table `request.name`, with all its global indexes.
    pub async fn import_table(&self, request: &ImportRequest<'_>) -> Result<Import, Error> {
        let call = || format!("DynamoDB ImportTable {}", request.name);
        let parameters = parameters(request.name, request.table).map_err(|e| ours(call(), &e.to_string()))?;
        let source = sdk::S3BucketSource::builder()
            .s3_bucket(request.bucket)
            .s3_bucket_owner(&self.identity.account)
            .s3_key_prefix(request.prefix)
            .build()
            .map_err(|e| ours(call(), &e.to_string()))?;
        let answer = self
            .dynamodb
            .import_table()
            .client_token(request.token)
            .s3_bucket_source(source)
            .input_format(sdk::InputFormat::DynamodbJson)
            .input_compression_type(sdk::InputCompressionType::Zstd)
            .table_creation_parameters(parameters)
            .send()
            .await
            .map_err(|e| from_sdk(call(), &e))?;
        answer.import_table_description.map(|d| observed(&d)).ok_or_else(|| ours(call(), "AWS accepted the import and did not say which"))
    }

    /// Where the import `arn` stands.
    pub async fn describe_import(&self, arn: &str) -> Result<Import, Error> {
        let call = || format!("DynamoDB DescribeImport {arn}");
        let answer = self.dynamodb.describe_import().import_arn(arn).send().await.map_err(|e| from_sdk(call(), &e))?;
        answer.import_table_description.map(|d| observed(&d)).ok_or_else(|| ours(call(), "AWS did not describe the import"))
    }

    /// Imports of `table` (by its ARN) that AWS still works on.
    pub async fn running_imports(&self, table_arn: &str) -> Result<Vec<String>, Error> {
        let call = || format!("DynamoDB ListImports {table_arn}");
        let mut arns = Vec::new();
        let mut token = None;
        loop {
            let request = self.dynamodb.list_imports().table_arn(table_arn).page_size(25).set_next_token(token);
            let page = request.send().await.map_err(|e| from_sdk(call(), &e))?;
            let running = page.import_summary_list().iter().filter(|s| s.import_status() == Some(&sdk::ImportStatus::InProgress));
            arns.extend(running.filter_map(|s| s.import_arn().map(str::to_owned)));
            token = page.next_token;
            if token.is_none() {
                return Ok(arns);
            }
        }
    }

    /// The state of `table`; `None` when there is none.
    pub async fn table_state(&self, table: &str) -> Result<Option<TableState>, Error> {
        let answer = self.dynamodb.describe_table().table_name(table).send().await;
        match answer.map_err(|e| from_sdk(format!("DynamoDB DescribeTable {table}"), &e)) {
            Ok(answer) => Ok(answer.table.map(|t| TableState {
                arn: t.table_arn().unwrap_or_default().to_owned(),
                status: t.table_status().map(|s| s.as_str().to_owned()).unwrap_or_default(),
            })),
            Err(error) if error.is("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn observed(description: &sdk::ImportTableDescription) -> Import {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let failure = description.failure_code().map(|code| format!("{code}: {}", description.failure_message().unwrap_or("no reason given")));
    Import {
        arn: description.import_arn().unwrap_or_default().to_owned(),
        status: description.import_status().map(|s| s.as_str().to_owned()).unwrap_or_default(),
        processed: count(description.processed_item_count()),
        imported: count(description.imported_item_count()),
        errors: count(description.error_count()),
        failure: failure.map(|text| crate::safe::text(&text)),
    }
}

fn parameters(name: &str, table: &Table) -> Result<sdk::TableCreationParameters, BuildError> {
    let mut indexes = wire::globals(&table.indexes);
    // Raised by a step of its own: the table's cannot be said here either, and an import does not use it.
    for index in &mut indexes {
        index.warm_throughput = None;
    }
    let globals = Table { locals: BTreeMap::new(), ..table.clone() };
    sdk::TableCreationParameters::builder()
        .table_name(name)
        .set_attribute_definitions(Some(wire::attributes(&crate::plan::order::attributes(&globals))))
        .set_key_schema(Some(wire::key(&table.key)))
        .billing_mode(wire::billing(table.capacity))
        .set_provisioned_throughput(wire::throughput(table.capacity))
        .set_on_demand_throughput(wire::maximum(table.limits.maximum))
        .set_sse_specification(wire::new_encryption(&table.encryption))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .build()
}

fn ours(call: String, message: &str) -> Error {
    Error { call, code: None, message: message.to_owned(), request_id: None, throttling_reasons: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Capacity, Encryption, Index, Key, KeyKind, KeyPart, Limits, Maximum, Projection, Units};

    fn part(name: &str, kind: KeyKind) -> KeyPart {
        KeyPart { name: name.into(), kind }
    }

    fn table() -> Table {
        let units = Capacity::Provisioned(Units { read: 5, write: 6 });
        let index = Index {
            projection: Projection::Include(["b".to_owned(), "a".to_owned()].into()),
            capacity: units,
            ..Index::plain(Key { partition: vec![part("email", KeyKind::S)], sort: vec![part("id", KeyKind::N)] })
        };
        Table {
            capacity: units,
            indexes: [("ByEmail".to_owned(), index)].into(),
            ..Table::plain(Key { partition: vec![part("id", KeyKind::N)], sort: Vec::new() })
        }
    }

    #[test]
    fn the_import_creates_every_index_and_defines_each_key_attribute_once() {
        let made = parameters("Users", &table()).expect("valid");
        let names: Vec<_> = made.attribute_definitions().iter().map(sdk::AttributeDefinition::attribute_name).collect();
        assert_eq!(names, ["email", "id"]);
        let index = &made.global_secondary_indexes()[0];
        assert_eq!((index.index_name(), index.key_schema().len()), ("ByEmail", 2));
        assert_eq!(index.provisioned_throughput().map(sdk::ProvisionedThroughput::write_capacity_units), Some(6));
        assert_eq!(made.billing_mode(), Some(&sdk::BillingMode::Provisioned));
    }

    #[test]
    fn an_on_demand_table_names_no_throughput() {
        let made = parameters("Users", &Table { capacity: Capacity::OnDemand, indexes: [].into(), ..table() }).expect("valid");
        assert_eq!(made.provisioned_throughput(), None);
        assert!(made.global_secondary_indexes.is_none());
    }

    #[test]
    fn the_import_carries_encryption_and_maximums_and_leaves_warm_throughput_to_a_later_step() {
        let maximum = Maximum { read: Some(9), write: None };
        let limits = Limits { maximum, warm: Some(Units { read: 1, write: 1 }), ..Limits::default() };
        let mut wish = Table { capacity: Capacity::OnDemand, encryption: Encryption::Managed, limits, ..table() };
        wish.indexes.values_mut().for_each(|i| (i.capacity, i.limits) = (Capacity::OnDemand, limits));
        let made = parameters("Users", &wish).expect("valid");
        let read = |m: Option<&sdk::OnDemandThroughput>| m.and_then(sdk::OnDemandThroughput::max_read_request_units);
        assert_eq!(read(made.on_demand_throughput()), Some(9));
        assert_eq!(made.sse_specification().and_then(sdk::SseSpecification::enabled), Some(true));
        let index = &made.global_secondary_indexes()[0];
        assert_eq!((read(index.on_demand_throughput()), index.warm_throughput()), (Some(9), None));
    }
}
