//! An item's size by DynamoDB's own formula ("DynamoDB item sizes and formats" in the developer guide).

use super::Item;

/// Bytes that DynamoDB counts for `item`: names and values; at most [`LIMIT`] may be stored.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn of(item: &Item) -> usize {
    unreachable!()
}

/// 400 KB.
pub const LIMIT: usize = 400 * 1024;
