//! Where a table came from, in AWS's own records: how a run finds the tables that an earlier, killed run imported.
//!
//! Fact (`ListImports`, DynamoDB API reference): imports of the last 90 days, with their S3 source, by table ARN.

use super::{Aws, Error, error::from_sdk};

impl Aws {
    /// Whether some import made the table with this ARN from `bucket`, under a key prefix that begins with `prefix`.
    pub async fn was_imported_from(&self, table_arn: &str, bucket: &str, prefix: &str) -> Result<bool, Error> {
        let mut token = None;
        loop {
            let request = self.dynamodb.list_imports().table_arn(table_arn).page_size(25).set_next_token(token);
            let page = request.send().await.map_err(|e| from_sdk(format!("DynamoDB ListImports {table_arn}"), &e))?;
            let ours = page
                .import_summary_list()
                .iter()
                .filter_map(|s| s.s3_bucket_source())
                .any(|source| source.s3_bucket() == bucket && source.s3_key_prefix().is_some_and(|p| p.starts_with(prefix)));
            token = page.next_token;
            if ours || token.is_none() {
                return Ok(ours);
            }
        }
    }
}
