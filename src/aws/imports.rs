//! ImportTable: from staged objects to a new table.
//!
//! Facts ("DynamoDB data import from Amazon S3"; measured in `ScyllaDB`'s `test/alternator/test_import.py`): the counters stay 0
//! until the end; `ImportedItemCount` counts writes and not surviving keys; an import that skipped an item ends FAILED and leaves
//! the table with the good items; an empty prefix completes with an empty table. So none of this is a proof: `load` counts.
//! Local indexes, tags, TTL, streams, recovery and protection cannot be set by the call.

use super::{Aws, Error, error::from_sdk};
use crate::resource::{Capacity, Index, Key, KeyKind, KeyPart, Projection, Table, Units};
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types as sdk;
use std::collections::BTreeSet;

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
    let indexes = table.indexes.iter().map(|(name, index)| global(name, index)).collect::<Result<Vec<_>, _>>()?;
    let (mode, units) = billing(table.capacity);
    sdk::TableCreationParameters::builder()
        .table_name(name)
        .set_attribute_definitions(Some(definitions(table)?))
        .set_key_schema(Some(schema(&table.key)?))
        .billing_mode(mode)
        .set_provisioned_throughput(units.map(throughput).transpose()?)
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .build()
}

fn global(name: &str, index: &Index) -> Result<sdk::GlobalSecondaryIndex, BuildError> {
    let (_, units) = billing(index.capacity);
    sdk::GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(schema(&index.key)?))
        .projection(projection(&index.projection))
        .set_provisioned_throughput(units.map(throughput).transpose()?)
        .build()
}

/// Exactly the attributes that keys name: one more is a `ValidationException`.
fn definitions(table: &Table) -> Result<Vec<sdk::AttributeDefinition>, BuildError> {
    let keys = std::iter::once(&table.key).chain(table.indexes.values().map(|i| &i.key));
    let parts: BTreeSet<&KeyPart> = keys.flat_map(Key::parts).collect();
    let define = |part: &KeyPart| sdk::AttributeDefinition::builder().attribute_name(&part.name).attribute_type(kind(part.kind)).build();
    parts.into_iter().map(define).collect()
}

fn kind(kind: KeyKind) -> sdk::ScalarAttributeType {
    match kind {
        KeyKind::S => sdk::ScalarAttributeType::S,
        KeyKind::N => sdk::ScalarAttributeType::N,
        KeyKind::B => sdk::ScalarAttributeType::B,
    }
}

fn schema(key: &Key) -> Result<Vec<sdk::KeySchemaElement>, BuildError> {
    let element = |part: &KeyPart, kind| sdk::KeySchemaElement::builder().attribute_name(&part.name).key_type(kind).build();
    let partition = key.partition.iter().map(|p| element(p, sdk::KeyType::Hash));
    partition.chain(key.sort.iter().map(|p| element(p, sdk::KeyType::Range))).collect()
}

fn projection(projection: &Projection) -> sdk::Projection {
    let builder = sdk::Projection::builder();
    match projection {
        Projection::All => builder.projection_type(sdk::ProjectionType::All),
        Projection::Keys => builder.projection_type(sdk::ProjectionType::KeysOnly),
        Projection::Include(names) => {
            builder.projection_type(sdk::ProjectionType::Include).set_non_key_attributes(Some(names.iter().cloned().collect()))
        }
    }
    .build()
}

fn billing(capacity: Capacity) -> (sdk::BillingMode, Option<Units>) {
    match capacity {
        Capacity::OnDemand => (sdk::BillingMode::PayPerRequest, None),
        Capacity::Provisioned(units) => (sdk::BillingMode::Provisioned, Some(units)),
    }
}

fn throughput(units: Units) -> Result<sdk::ProvisionedThroughput, BuildError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    sdk::ProvisionedThroughput::builder().read_capacity_units(number(units.read)).write_capacity_units(number(units.write)).build()
}

fn ours(call: String, message: &str) -> Error {
    Error { call, code: None, message: message.to_owned(), request_id: None, throttling_reasons: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
