//! Where a table came from, in AWS's own records: how a run finds the tables that an earlier, killed run imported.
//!
//! Facts (DynamoDB API reference): `ListImports` keeps the imports of the last 90 days, with their S3 source, by table ARN; the table
//! itself may be gone by then, and another of its name has the same ARN. `DescribeImport` tells the id of the table that was made.

use super::{Aws, Error, error::from_sdk};
use aws_sdk_dynamodb::types::ImportSummary;

/// One table of all those that ever had its name.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    pub arn: &'a str,
    pub id: &'a str,
    /// Epoch milliseconds.
    pub created_ms: u64,
}

impl Aws {
    /// Whether some import made this very table from `bucket`, under a key prefix that begins with `prefix`.
    pub async fn was_imported_from(&self, table: Which<'_>, bucket: &str, prefix: &str) -> Result<bool, Error> {
        let mut token = None;
        loop {
            let request = self.dynamodb.list_imports().table_arn(table.arn).page_size(25).set_next_token(token);
            let page = request.send().await.map_err(|e| from_sdk(format!("DynamoDB ListImports {}", table.arn), &e))?;
            for import in page.import_summary_list().iter().filter(|import| is_from(import, bucket, prefix)) {
                if self.made(import, table).await? {
                    return Ok(true);
                }
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(false);
            }
        }
    }

    /// By the table's id where AWS tells it, else by when the table was made.
    async fn made(&self, import: &ImportSummary, table: Which<'_>) -> Result<bool, Error> {
        let id = match import.import_arn() {
            Some(arn) => self.imported_id(arn).await?,
            None => None,
        };
        Ok(id.map_or_else(|| within(import, table.created_ms), |id| id == table.id))
    }

    /// The id of the table that the import made; `None`: not told, as to a role that may list imports and not look at one.
    async fn imported_id(&self, arn: &str) -> Result<Option<String>, Error> {
        let answer = self.dynamodb.describe_import().import_arn(arn).send().await;
        match answer.map_err(|e| from_sdk(format!("DynamoDB DescribeImport {arn}"), &e)) {
            Ok(answer) => Ok(answer.import_table_description.and_then(|told| told.table_id).filter(|id| !id.is_empty())),
            Err(error) if error.is_denied() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_from(import: &ImportSummary, bucket: &str, prefix: &str) -> bool {
    let source = import.s3_bucket_source();
    source.is_some_and(|source| source.s3_bucket() == bucket && source.s3_key_prefix().is_some_and(|p| p.starts_with(prefix)))
}

/// An import makes its table between its start and its end. By the second, as not everybody tells more.
fn within(import: &ImportSummary, created_ms: u64) -> bool {
    let created = i64::try_from(created_ms / 1000).unwrap_or(i64::MAX);
    let began = import.start_time().is_some_and(|at| at.secs() <= created);
    began && import.end_time().is_none_or(|at| created <= at.secs())
}
