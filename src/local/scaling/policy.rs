//! Target-tracking policies: one per dimension, known by name.

use super::{About, asked_for, page, text};
use crate::local::dynamodb::{Region, hash};
use crate::local::fault::Fault;
use serde_json::{Value, json};

/// PutScalingPolicy. A second name takes the place of the first (one lab).
pub(super) fn put(region: &Region, request: &Value) -> Result<Value, Fault> {
    let about = About::of(request)?;
    let name = text(request, "PolicyName")?.to_owned();
    if request.get("PolicyType").and_then(Value::as_str) != Some("TargetTrackingScaling") {
        return Err(Fault::invalid("the embedded AWS knows policies of the type TargetTrackingScaling only, as DynamoDB does"));
    }
    let tracking = request.get("TargetTrackingScalingPolicyConfiguration").filter(|v| v.is_object());
    let tracking = tracking.ok_or_else(|| Fault::invalid("TargetTrackingScalingPolicyConfiguration is required"))?;
    check(&about, tracking)?;
    let arn = format!(
        "arn:aws:autoscaling:{}:{}:scalingPolicy:{:016x}:resource/dynamodb/{}:policyName/{name}",
        region.name(),
        region.account(),
        hash(&format!("{} {name}", about.key())),
        about.resource
    );
    let alarms = alarms(&about, &arn);
    let policy = json!({
        "PolicyARN": arn,
        "PolicyName": name,
        "ServiceNamespace": "dynamodb",
        "ResourceId": about.resource,
        "ScalableDimension": about.dimension,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
        "Alarms": alarms,
        "CreationTime": region.time().now(),
    });
    region.change(|all| {
        let target = all.scaling.get_mut(&about.key()).ok_or_else(|| about.absent())?;
        target.policies.clear();
        target.policies.insert(name, policy);
        Ok(())
    })?;
    Ok(json!({ "PolicyARN": arn, "Alarms": alarms }))
}

/// The target is 20 to 90 percent, and the metric is the dimension's own.
fn check(about: &About, tracking: &Value) -> Result<(), Fault> {
    let target = tracking.get("TargetValue").and_then(Value::as_f64).ok_or_else(|| Fault::invalid("TargetValue is required"))?;
    if !(20.0..=90.0).contains(&target) {
        return Err(Fault::invalid(format!("Target value must be between 20 and 90 for DynamoDB, not {target}")));
    }
    let side = if about.dimension.ends_with("ReadCapacityUnits") { "Read" } else { "Write" };
    let own = format!("DynamoDB{side}CapacityUtilization");
    match tracking.pointer("/PredefinedMetricSpecification/PredefinedMetricType").and_then(Value::as_str) {
        Some(metric) if metric == own => Ok(()),
        Some(metric) => Err(Fault::invalid(format!("{} does not fit the dimension: it takes {own}", crate::safe::text(metric)))),
        None => Err(Fault::invalid("the embedded AWS tracks PredefinedMetricSpecification only")),
    }
}

/// The four alarms that AWS makes, by name.
fn alarms(about: &About, policy: &str) -> Vec<Value> {
    let alarm = |kind: &str| {
        let name = format!("TargetTracking-{}-{kind}-{:016x}", about.resource, hash(&format!("{policy}{kind}")));
        json!({ "AlarmName": name, "AlarmARN": policy.replacen(":autoscaling:", ":cloudwatch:", 1).split(":scalingPolicy").next().map(|p| format!("{p}:alarm:{name}")) })
    };
    ["AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow"].map(alarm).to_vec()
}

/// DescribeScalingPolicies.
pub(super) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    super::namespace(request)?;
    let names = request.get("PolicyNames").and_then(Value::as_array).filter(|n| !n.is_empty()).cloned();
    let targets = region.notes().scaling.clone();
    let all = targets
        .into_iter()
        .filter(|(_, t)| asked_for(request, &t.resource, &t.dimension))
        .flat_map(|(key, target)| target.policies.into_iter().map(move |(name, policy)| (format!("{key} {name}"), policy)));
    let asked = all.filter(|(_, policy)| names.as_ref().is_none_or(|names| names.contains(&policy["PolicyName"])));
    let (policies, next) = page(request, asked.collect())?;
    Ok(json!({ "ScalingPolicies": policies, "NextToken": next }))
}

/// DeleteScalingPolicy.
pub(super) fn delete(region: &Region, request: &Value) -> Result<Value, Fault> {
    let about = About::of(request)?;
    let name = text(request, "PolicyName")?;
    let gone = region.change(|all| Ok(all.scaling.get_mut(&about.key()).and_then(|t| t.policies.remove(name))))?;
    gone.map(|_| json!({})).ok_or_else(|| {
        let why = format!(
            "No scaling policy found for service namespace: dynamodb, resource ID: {}, scalable dimension: {}, policy name: {}",
            crate::safe::text(&about.resource),
            about.dimension,
            crate::safe::text(name)
        );
        Fault::new("ObjectNotFoundException", why)
    })
}
