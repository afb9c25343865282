//! BatchWriteItem, one request at a time: what was not taken comes back to the caller.

use super::{convert, ours, total};
use crate::aws::{Aws, Error};
use crate::mapping::Item;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::{PutRequest, ReturnConsumedCapacity, WriteRequest};

/// What one BatchWriteItem did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Items that AWS did not take: to be sent again. A non-empty answer means that something is throttled.
    pub unprocessed: Vec<Item>,
    /// Write capacity units.
    pub units: f64,
}

impl Aws {
    /// The same, but its DynamoDB calls are tried once: for a caller that paces and repeats by itself.
    #[must_use]
    pub fn once(&self) -> Self {
        let config = self.dynamodb.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self { dynamodb: aws_sdk_dynamodb::Client::from_conf(config), ..self.clone() }
    }

    /// Puts `items` into `table`: 1 to 25, no key twice, 16 MB at most (API reference). Not atomic, and without order.
    pub async fn batch_write(&self, table: &str, items: &[&Item]) -> Result<Written, Error> {
        let call = || format!("DynamoDB BatchWriteItem {table}");
        let requests = items.iter().map(|item| put(item).map_err(|e| ours(call(), &e))).collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .dynamodb
            .batch_write_item()
            .request_items(table, requests)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| crate::aws::error::from_sdk(call(), &e))?;
        let units = total(answer.consumed_capacity());
        let left = answer.unprocessed_items.into_iter().flatten().flat_map(|(_, requests)| requests);
        let unprocessed = left
            .filter_map(|request| request.put_request)
            .map(|put| convert::item_from_wire(put.item).map_err(|e| ours(call(), &e)))
            .collect::<Result<_, _>>()?;
        Ok(Written { unprocessed, units })
    }
}

fn put(item: &Item) -> Result<WriteRequest, String> {
    let put = PutRequest::builder().set_item(Some(convert::item_to_wire(item))).build().map_err(|e| e.to_string())?;
    Ok(WriteRequest::builder().put_request(put).build())
}
