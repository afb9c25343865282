//! Time to live. The engine takes the same switch twice; AWS refuses it.

use super::{Region, arn, engine};
use crate::local::fault::Fault;
use dynoxide::actions::describe_time_to_live::DescribeTimeToLiveRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use serde_json::{Value, json};

/// UpdateTimeToLive.
pub(super) fn update(region: &Region, body: &[u8]) -> Result<Value, Fault> {
    let mut request: UpdateTimeToLiveRequest = engine::read(body)?;
    request.table_name = arn::table(region, &request.table_name)?;
    region.settled(&request.table_name)?;
    let now: DescribeTimeToLiveRequest = engine::typed(json!({ "TableName": request.table_name }))?;
    let now = engine::tree(&region.db().describe_time_to_live(now)?)?;
    let on = now.pointer("/TimeToLiveDescription/TimeToLiveStatus").and_then(Value::as_str) == Some("ENABLED");
    let same = now.pointer("/TimeToLiveDescription/AttributeName").and_then(Value::as_str)
        == Some(&request.time_to_live_specification.attribute_name);
    match (request.time_to_live_specification.enabled, on) {
        (true, true) if same => return Err(Fault::invalid("TimeToLive is already enabled")),
        (false, false) => return Err(Fault::invalid("TimeToLive is already disabled")),
        (false, true) if !same => {
            return Err(Fault::invalid("TimeToLive is active on a different AttributeName: the current one must be named"));
        }
        _ => {}
    }
    engine::tree(&region.db().update_time_to_live(request)?)
}

/// DescribeTimeToLive.
pub(super) fn describe(region: &Region, body: &[u8]) -> Result<Value, Fault> {
    let mut request: DescribeTimeToLiveRequest = engine::read(body)?;
    request.table_name = arn::table(region, &request.table_name)?;
    engine::tree(&region.db().describe_time_to_live(request)?)
}
