//! Scalable targets.

use super::{About, asked_for, page};
use crate::local::dynamodb::{Region, Target, capacity_of, extras};
use crate::local::fault::Fault;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is honoured of a target; it cannot be suspended or tagged here.
const KNOWN: &[&str] = &["ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "RoleARN"];

/// Capacity below a new minimum is raised so soon (one lab).
const ACTS_AFTER: Duration = Duration::from_secs(4);

/// RegisterScalableTarget: makes one, or changes what is said of it.
pub(super) fn register(region: &Region, request: &Value) -> Result<Value, Fault> {
    let about = About::of(request)?;
    extras::only(&extras::object(request.clone())?, KNOWN, "RegisterScalableTarget")?;
    let (min, max) = (side(request, "MinCapacity")?, side(request, "MaxCapacity")?);
    if capacity_of(region, &about.table, about.index.as_deref()).is_none() {
        let what = if about.index.is_some() { "index" } else { "table" };
        return Err(Fault::invalid(format!("DynamoDB {what} does not exist: {}", crate::safe::text(&about.resource))));
    }
    let old = region.notes().scaling.get(&about.key()).cloned();
    let bound = |given: Option<i64>, old: Option<i64>, name: &str| {
        given.or(old).ok_or_else(|| Fault::invalid(format!("{name} is required when a scalable target is registered")))
    };
    let min = bound(min, old.as_ref().map(|t| t.min), "MinCapacity")?;
    let max = bound(max, old.as_ref().map(|t| t.max), "MaxCapacity")?;
    if min > max {
        return Err(Fault::invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    let linked = format!(
        "arn:aws:iam::{}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
        region.account()
    );
    let target = Target {
        min,
        max,
        role: request.get("RoleARN").and_then(Value::as_str).map_or(linked, str::to_owned),
        created: old.as_ref().map_or_else(|| region.time().now(), |t| t.created),
        acts_at: region.time().after(ACTS_AFTER),
        out_at: old.as_ref().map_or(0, |t| t.out_at),
        in_at: old.as_ref().map_or(0, |t| t.in_at),
        policies: old.map_or_else(BTreeMap::new, |t| t.policies),
        resource: about.resource.clone(),
        dimension: about.dimension.clone(),
    };
    region.change(|all| {
        all.scaling.insert(about.key(), target);
        Ok(())
    })?;
    Ok(json!({ "ScalableTargetARN": arn(region, &about.key()) }))
}

fn side(request: &Value, name: &str) -> Result<Option<i64>, Fault> {
    match request.get(name).filter(|v| !v.is_null()) {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(units) if units >= 1 => Ok(Some(units)),
            Some(units) => Err(Fault::invalid(format!("{name} of a DynamoDB dimension must be at least 1, not {units}"))),
            None => Err(Fault::new("SerializationException", format!("{name} is not a whole number"))),
        },
    }
}

/// DescribeScalableTargets.
pub(super) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    super::namespace(request)?;
    let targets = region.notes().scaling.clone();
    let asked = targets.into_iter().filter(|(_, t)| asked_for(request, &t.resource, &t.dimension));
    let all = asked.map(|(key, target)| {
        let told = told(region, &key, &target);
        (key, told)
    });
    let (targets, next) = page(request, all.collect())?;
    Ok(json!({ "ScalableTargets": targets, "NextToken": next }))
}

fn told(region: &Region, key: &str, target: &Target) -> Value {
    json!({
        "ServiceNamespace": "dynamodb",
        "ResourceId": target.resource,
        "ScalableDimension": target.dimension,
        "MinCapacity": target.min,
        "MaxCapacity": target.max,
        "RoleARN": target.role,
        "CreationTime": target.created,
        "SuspendedState": { "DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false },
        "ScalableTargetARN": arn(region, key),
    })
}

fn arn(region: &Region, key: &str) -> String {
    let id = crate::local::dynamodb::hash(key);
    format!("arn:aws:application-autoscaling:{}:{}:scalable-target/{id:016x}", region.name(), region.account())
}

/// DeregisterScalableTarget: its policies go with it.
pub(super) fn deregister(region: &Region, request: &Value) -> Result<Value, Fault> {
    let about = About::of(request)?;
    let gone = region.change(|all| Ok(all.scaling.remove(&about.key())))?;
    gone.map(|_| json!({})).ok_or_else(|| about.absent())
}
