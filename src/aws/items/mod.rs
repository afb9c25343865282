//! DynamoDB's data plane in our nouns: items go out by BatchWriteItem and come back by BatchGetItem, Scan and Query.
//!
//! Rules: a read goes on until everything asked for was answered, or it is an error; a throttle slows a read and never
//! ends it while there is patience left; a write is one request, because its retries belong to the loader that paces it.
//! Called by `load` and `validate`.

mod convert;
mod query;
mod scan;
mod sweep;
mod write;

pub use query::{Query, Test};
pub use scan::{Page, Scan};
pub use sweep::{Broken, Swept, all_segments, count, sweep};
pub use write::Written;

use super::{Aws, Error};
use crate::clock::Clock;
use crate::mapping::{Attribute, Item};
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity};
use std::collections::HashMap;
use std::time::Duration;

/// BatchGetItem's limit (API reference).
pub const GET_LIMIT: usize = 100;

/// How long a read may stand still under throttling before it is an error.
const PATIENCE_MS: u64 = 10 * 60_000;
/// Fewer tries than that are a slow answer, not a standstill: a rehearsal's clock goes a thousand times as fast as the machine.
const TRIES: u32 = 20;

/// What a read brought, and what it cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Got {
    pub items: Vec<Item>,
    /// Read capacity units.
    pub units: f64,
}

impl Aws {
    /// The items of `keys` in `table` (in no order; absent keys give none). At most [`GET_LIMIT`] keys, all different.
    pub async fn batch_get(&self, table: &str, keys: &[Item], consistent: bool) -> Result<Got, Error> {
        let mut left: Vec<HashMap<String, AttributeValue>> = keys.iter().map(convert::item_to_wire).collect();
        let mut got = Got::default();
        let mut patience = Patience::new(self.clock());
        while !left.is_empty() {
            let before = left.len();
            match self.batch_get_once(table, left.clone(), consistent, &mut got).await {
                Ok(unprocessed) => left = unprocessed,
                Err(error) if error.is_throttle() => patience.check(error)?,
                Err(error) => return Err(error),
            }
            if left.is_empty() {
                break;
            }
            if left.len() < before {
                patience = Patience::new(self.clock());
            }
            patience.check(unprocessed(table, left.len()))?;
            patience.wait().await;
        }
        Ok(got)
    }

    async fn batch_get_once(
        &self,
        table: &str,
        keys: Vec<HashMap<String, AttributeValue>>,
        consistent: bool,
        got: &mut Got,
    ) -> Result<Vec<HashMap<String, AttributeValue>>, Error> {
        let call = || format!("DynamoDB BatchGetItem {table}");
        let request = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build();
        let request = request.map_err(|e| ours(call(), &e.to_string()))?;
        let answer = self
            .dynamodb
            .batch_get_item()
            .request_items(table, request)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| super::error::from_sdk(call(), &e))?;
        got.units += total(answer.consumed_capacity());
        for wire in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
            got.items.push(convert::item_from_wire(wire).map_err(|e| ours(call(), &e))?);
        }
        Ok(answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, rest)| rest.keys).collect())
    }
}

/// Waits with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter") on the run's clock until the patience is over.
#[derive(Debug)]
struct Patience {
    clock: Clock,
    since_ms: u64,
    tries: u32,
}

impl Patience {
    fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), since_ms: clock.now_ms(), tries: 0 }
    }

    /// `error`, once the patience is over.
    fn check(&self, mut error: Error) -> Result<(), Error> {
        if self.tries < TRIES || self.clock.now_ms().saturating_sub(self.since_ms) < PATIENCE_MS {
            return Ok(());
        }
        error.message.push_str("; nothing came through for 10 minutes: raise the table's read capacity and run again");
        Err(error)
    }

    async fn wait(&mut self) {
        self.clock.sleep(backoff(self.tries)).await;
        self.tries += 1;
    }
}

/// A random wait of at most 50 ms doubled `tries` times, never over 20 s.
pub fn backoff(tries: u32) -> Duration {
    let most = 50_u64.saturating_mul(1 << tries.min(20)).min(20_000);
    Duration::from_millis(fastrand::u64(0..=most))
}

fn unprocessed(table: &str, keys: usize) -> Error {
    Error {
        call: format!("DynamoDB BatchGetItem {table}"),
        code: Some("UnprocessedKeys".into()),
        message: format!("{keys} keys were not processed"),
        request_id: None,
        throttling_reasons: Vec::new(),
    }
}

/// An error that AWS did not send.
fn ours(call: String, message: &str) -> Error {
    Error { call, code: None, message: message.to_owned(), request_id: None, throttling_reasons: Vec::new() }
}

fn total(consumed: &[ConsumedCapacity]) -> f64 {
    consumed.iter().filter_map(ConsumedCapacity::capacity_units).sum()
}

fn value(attribute: &Attribute) -> AttributeValue {
    convert::to_wire(attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_never_exceeds_its_cap_and_grows_from_50_ms() {
        for tries in [0, 1, 5, 30, u32::MAX] {
            for _ in 0..50 {
                assert!(backoff(tries) <= Duration::from_secs(20));
            }
        }
        assert!((0..50).all(|_| backoff(0) <= Duration::from_millis(50)));
    }
}
