//! ImportTable (thin for now).
use super::dynamodb::Region;
use super::fault::Fault;
use super::s3::Objects;
use serde_json::Value;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(crate) struct Runner;
impl Runner {
    pub(crate) fn start(&self, _r: &Arc<Region>, _o: &Arc<Objects>, _v: Value) -> Result<Value, Fault> {
        Err(Fault::new("UnknownOperationException", "ImportTable"))
    }
    pub(crate) async fn finish(&self) {}
}
pub(crate) fn abandon(_r: &Region) -> Result<(), Fault> {
    Ok(())
}
pub(crate) fn describe(_r: &Region, _v: &Value) -> Result<Value, Fault> {
    Err(Fault::new("UnknownOperationException", "DescribeImport"))
}
pub(crate) fn list(_r: &Region, _v: &Value) -> Result<Value, Fault> {
    Err(Fault::new("UnknownOperationException", "ListImports"))
}
