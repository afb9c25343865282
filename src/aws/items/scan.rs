//! Scan, page by page: of a table or an index, whole items, some attributes, or only their number.

use super::{Patience, convert, ours};
use crate::aws::{Aws, Error};
use crate::mapping::Item;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, Select};
use std::collections::HashMap;

/// What is scanned, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    pub table: String,
    pub index: Option<String>,
    /// This scan's part and the number of parts; `None`: the whole.
    pub segment: Option<(u32, u32)>,
    /// Strongly consistent: twice the units, and no index can.
    pub consistent: bool,
    /// Attributes that are wanted; empty: all (of an index: all that it projects).
    pub attributes: Vec<String>,
    /// Only the number of items.
    pub count: bool,
    /// Items that one page may look at; `None`: 1 MB.
    pub limit: Option<u32>,
}

/// One page. The scan is over when `next` is `None`, and only then.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    pub items: Vec<Item>,
    pub count: u64,
    pub next: Option<Item>,
    pub units: f64,
}

impl Aws {
    /// The page of `scan` after `start`. Throttles are waited out.
    pub async fn scan_page(&self, scan: &Scan, start: Option<&Item>) -> Result<Page, Error> {
        let mut patience = Patience::new(self.clock());
        loop {
            match self.scan_page_once(scan, start).await {
                Err(error) if error.is_throttle() => patience.check(error)?,
                other => return other,
            }
            patience.wait().await;
        }
    }

    async fn scan_page_once(&self, scan: &Scan, start: Option<&Item>) -> Result<Page, Error> {
        let names = placeholders(&scan.attributes);
        let call = || format!("DynamoDB Scan {}{}", scan.table, scan.index.as_ref().map(|i| format!("/{i}")).unwrap_or_default());
        let answer = self
            .dynamodb
            .scan()
            .table_name(&scan.table)
            .set_index_name(scan.index.clone())
            .set_segment(scan.segment.map(|(part, _)| part.cast_signed()))
            .set_total_segments(scan.segment.map(|(_, parts)| parts.cast_signed()))
            .consistent_read(scan.consistent)
            .set_limit(scan.limit.map(u32::cast_signed))
            .set_select(scan.count.then_some(Select::Count))
            .set_projection_expression((!names.is_empty()).then(|| expression(&names)))
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_exclusive_start_key(start.map(convert::item_to_wire))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| crate::aws::error::from_sdk(call(), &e))?;
        let ours = |e: String| ours(call(), &e);
        Ok(Page {
            count: u64::try_from(answer.count()).map_err(|_| ours("AWS counted fewer than no items".into()))?,
            units: answer.consumed_capacity().and_then(aws_sdk_dynamodb::types::ConsumedCapacity::capacity_units).unwrap_or(0.0),
            next: answer.last_evaluated_key.map(convert::item_from_wire).transpose().map_err(ours)?,
            items: answer.items.unwrap_or_default().into_iter().map(convert::item_from_wire).collect::<Result<_, _>>().map_err(ours)?,
        })
    }

    /// Whether `table` holds anything now: a strongly consistent read of one item. `ItemCount` would be up to six hours old.
    pub async fn holds_items(&self, table: &str) -> Result<bool, Error> {
        let scan = Scan { table: table.to_owned(), consistent: true, count: true, limit: Some(1), ..Scan::default() };
        let mut start = None;
        loop {
            let page = self.scan_page(&scan, start.as_ref()).await?;
            if page.count > 0 || page.next.is_none() {
                return Ok(page.count > 0);
            }
            start = page.next;
        }
    }
}

/// `#a0` and so on, because an attribute may have any name.
fn placeholders(attributes: &[String]) -> HashMap<String, String> {
    attributes.iter().enumerate().map(|(i, name)| (format!("#a{i}"), name.clone())).collect()
}

fn expression(names: &HashMap<String, String>) -> String {
    let mut names: Vec<&str> = names.keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(", ")
}
