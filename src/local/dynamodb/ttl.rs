//! Time to live: one change in about half an hour, told of as before for a second or two.

use super::notes::Ttl;
use super::{Region, admission, arn, durations, engine, stale, transition};
use crate::local::fault::Fault;
use dynoxide::actions::describe_time_to_live::DescribeTimeToLiveRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use serde_json::{Value, json};

/// UpdateTimeToLive. What is asked is judged before the cooldown, as AWS does.
pub(super) fn update(region: &Region, body: &[u8]) -> Result<Value, Fault> {
    let mut request: UpdateTimeToLiveRequest = engine::read(body)?;
    request.table_name = arn::table(region, &request.table_name)?;
    let table = request.table_name.clone();
    let length = request.time_to_live_specification.attribute_name.len();
    if !(1..=255).contains(&length) {
        let bound = if length == 0 { "greater than or equal to 1" } else { "less than or equal to 255" };
        return Err(Fault::invalid(format!(
            "1 validation error detected: Value at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must have \
             length {bound}"
        )));
    }
    admission::exists_whole(region, &table)?;
    let now = settled(region, &table)?;
    let status = |v: &Value| v.pointer("/TimeToLiveDescription/TimeToLiveStatus").and_then(Value::as_str).map(str::to_owned);
    let on = status(&now).as_deref() == Some("ENABLED");
    let attribute = now.pointer("/TimeToLiveDescription/AttributeName").and_then(Value::as_str);
    let same = attribute == Some(&request.time_to_live_specification.attribute_name);
    let wanted = request.time_to_live_specification.enabled;
    match (wanted, on) {
        (true, true) if same => return Err(Fault::invalid("TimeToLive is already enabled")),
        (false, false) => return Err(Fault::invalid("TimeToLive is already disabled")),
        (_, true) if !same => {
            let name = crate::safe::text(attribute.unwrap_or_default());
            return Err(Fault::invalid(format!("TimeToLive is active on a different AttributeName: current AttributeName is {name}")));
        }
        _ => {}
    }
    let time = region.time();
    if region.table(&table).ttl.is_some_and(|last| time.within(last.changed, durations::TTL_COOLDOWN)) {
        return Err(Fault::invalid("Time to live has been modified multiple times within a fixed interval"));
    }
    let before = shown(region, &table)?;
    region.writable()?;
    let reply = engine::tree(&region.db().update_time_to_live(request)?)?;
    region.change_table(&table, |notes| {
        notes.changes += 1;
        let until = time.after(durations::TTL.draw(&format!("{table}/ttl/{}", notes.changes)));
        notes.ttl = Some(Ttl { changed: time.now_ms(), until, on: wanted });
        stale::keep(region, notes, "ttl", Some(before), time.lag);
        Ok(())
    })?;
    Ok(reply)
}

/// DescribeTimeToLive.
pub(super) fn describe(region: &Region, body: &[u8]) -> Result<Value, Fault> {
    let request: DescribeTimeToLiveRequest = engine::read(body)?;
    let table = arn::table(region, &request.table_name)?;
    let notes = region.table(&table);
    let in_state = |state: &str| Fault::invalid(format!("Cannot describe time to live while table is in {state} state"));
    if region.deleting(&table).is_some() {
        return Err(in_state("DELETING"));
    }
    let now = region.time().now_ms();
    if transition::is_hidden(&notes.pending, now) {
        return Err(admission::absent(&table));
    }
    if transition::is_creating(&notes.pending, now) {
        return Err(in_state("CREATING"));
    }
    match stale::answer(region, &notes, "ttl").flatten() {
        Some(before) => Ok(before),
        None => shown(region, &table),
    }
}

/// The engine's word, which is the last one.
fn settled(region: &Region, table: &str) -> Result<Value, Fault> {
    let request: DescribeTimeToLiveRequest = engine::typed(json!({ "TableName": table }))?;
    engine::tree(&region.db().describe_time_to_live(request)?)
}

/// What callers see: a change is under way for a moment.
fn shown(region: &Region, table: &str) -> Result<Value, Fault> {
    let mut told = settled(region, table)?;
    let notes = region.table(table);
    if let Some(last) = notes.ttl.filter(|last| region.time().now_ms() < last.until) {
        told["TimeToLiveDescription"]["TimeToLiveStatus"] = if last.on { "ENABLING" } else { "DISABLING" }.into();
    }
    Ok(told)
}
