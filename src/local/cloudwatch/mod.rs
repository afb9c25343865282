//! CloudWatch (thin for now).
use super::dynamodb::Capacity;
use super::fault::Fault;
use bytes::Bytes;
use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub(crate) struct CloudWatch;

impl CloudWatch {
    pub(crate) fn consumed(&self, _region: &str, _table: &str, _index: Option<&String>, _metric: &'static str, _value: f64) {}
    pub(crate) fn succeeded(&self, _region: &str, _table: &str, _operation: &str, _took: Duration) {}
    pub(crate) fn refused(&self, _region: &str, _operation: &str, _fault: &Fault) {}
    pub(crate) fn provisioned(&self, _region: &str, _table: &str, _index: Option<&String>, _capacity: Option<Capacity>) {}
    pub(crate) fn json(&self, _region: &str, operation: &str, _body: &[u8]) -> Result<Bytes, Fault> {
        Err(Fault::new("UnknownOperationException", operation))
    }
    pub(crate) fn cbor(&self, _region: &str, operation: &str, _body: &[u8]) -> Result<Bytes, Fault> {
        Err(Fault::new("UnknownOperationException", operation))
    }
    pub(crate) fn query(&self, _region: &str, operation: &str, _body: &[u8], _id: &str) -> Result<Bytes, Fault> {
        Err(Fault::new("InvalidAction", operation))
    }
}
