//! Application Auto Scaling of tables and indexes: scalable targets, their policies, and one call per change.
//!
//! Rules: what landfall did not make is not overwritten and not taken away unseen: a policy that tracks utilisation is changed in place
//! under its own name, its cooldowns kept; beside any other policy, a scheduled action or a suspension every change is refused by name.
//! The plan refuses it before ([`crate::plan::foreign`]); the look directly before each change is the second lock.
//! Facts (Application Auto Scaling API reference): a resource is `table/T` or `table/T/index/I`; deregistering a target deletes its
//! policies and scheduled actions; the service-linked role is made by AWS, so no role is named; a page holds 50 targets; policies and
//! scheduled actions of both sides of a resource are told together.
//! Called by `live::refresh` (reads) and `apply` (writes).

use super::error::from_sdk;
use super::patience::Deadline;
use super::tables::wire::built;
use super::{Aws, Error, limit::Api};
use crate::live::Mover;
use crate::live::normal::{ObservedScaler, ObservedTarget, movers};
use crate::plan::Dimension;
use aws_sdk_applicationautoscaling::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalableTarget, ScalingPolicy, ScheduledAction,
    ServiceNamespace, SuspendedState, TargetTrackingScalingPolicyConfiguration,
};
use aws_smithy_runtime_api::http::Response;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;
use std::time::Duration;

/// Resources asked about at once.
const PARALLEL: usize = 8;
/// Resources named in one `DescribeScalableTargets`.
const BATCH: usize = 50;
/// How long throttling may slow the look before a change.
const LOOK: Duration = Duration::from_mins(1);

/// `table/T` or `table/T/index/I`.
pub fn resource(table: &str, index: Option<&str>) -> String {
    index.map_or_else(|| format!("table/{table}"), |index| format!("table/{table}/index/{index}"))
}

fn call(api: &str, resource: &str) -> String {
    format!("ApplicationAutoScaling {api} {}", crate::safe::text(resource))
}

impl Aws {
    /// The targets of these resources (see [`resource`]), each with what moves it. `None`: this stand-in does not know the service.
    pub async fn scalable_targets(&self, resources: &[String], deadline: Deadline) -> Result<Option<Vec<ObservedTarget>>, Error> {
        let mut targets = Vec::new();
        for batch in resources.chunks(BATCH) {
            let Some(page) = self.target_batch(batch, deadline).await? else { return Ok(None) };
            targets.extend(page);
        }
        let mut by_resource: BTreeMap<&str, Vec<&ScalableTarget>> = BTreeMap::new();
        for target in &targets {
            by_resource.entry(target.resource_id()).or_default().push(target);
        }
        let looks = stream::iter(by_resource).map(|(resource, targets)| async move {
            let movers = self.movers_of(resource, deadline).await?;
            Ok::<_, Error>(targets.into_iter().filter_map(|target| movers.observed(target)).collect::<Vec<_>>())
        });
        let seen: Vec<Vec<ObservedTarget>> = looks.buffered(PARALLEL).try_collect().await?;
        Ok(Some(seen.concat()))
    }

    async fn movers_of(&self, resource: &str, deadline: Deadline) -> Result<Movers, Error> {
        let (policies, scheduled) =
            tokio::try_join!(Box::pin(self.policies_of(resource, deadline)), Box::pin(self.scheduled_of(resource, deadline)))?;
        Ok(Movers { policies, scheduled })
    }

    async fn target_batch(&self, batch: &[String], deadline: Deadline) -> Result<Option<Vec<ScalableTarget>>, Error> {
        let (mut out, mut token) = (Vec::new(), None);
        loop {
            let ask = || {
                let request = self.scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Dynamodb);
                let request = request.set_resource_ids(Some(batch.to_vec())).set_next_token(token.clone());
                async move {
                    match request.send().await {
                        Err(error) if !self.identity.is_aws() && is_unknown(&error) => Ok(None),
                        sent => sent.map(Some).map_err(|e| from_sdk(call("DescribeScalableTargets", &batch.join(" ")), &e)),
                    }
                }
            };
            let Some(page) = self.patiently(Api::Scaling, deadline, ask).await? else { return Ok(None) };
            out.extend(page.scalable_targets.unwrap_or_default());
            token = page.next_token.filter(|t| !t.is_empty());
            if token.is_none() {
                return Ok(Some(out));
            }
        }
    }

    async fn policies_of(&self, resource: &str, deadline: Deadline) -> Result<Vec<ScalingPolicy>, Error> {
        let (mut out, mut token) = (Vec::new(), None);
        loop {
            let ask = || {
                let request = self.scaling.describe_scaling_policies().service_namespace(ServiceNamespace::Dynamodb);
                let request = request.resource_id(resource).set_next_token(token.clone());
                async move { request.send().await.map_err(|e| from_sdk(call("DescribeScalingPolicies", resource), &e)) }
            };
            let page = self.patiently(Api::Scaling, deadline, ask).await?;
            out.extend(page.scaling_policies.unwrap_or_default());
            token = page.next_token.filter(|t| !t.is_empty());
            if token.is_none() {
                // A stand-in may give those of resources whose names are alike.
                out.retain(|policy| policy.resource_id() == resource);
                return Ok(out);
            }
        }
    }

    async fn scheduled_of(&self, resource: &str, deadline: Deadline) -> Result<Vec<ScheduledAction>, Error> {
        let (mut out, mut token) = (Vec::new(), None);
        loop {
            let ask = || {
                let request = self.scaling.describe_scheduled_actions().service_namespace(ServiceNamespace::Dynamodb);
                let request = request.resource_id(resource).set_next_token(token.clone());
                async move {
                    match request.send().await {
                        Err(error) if !self.identity.is_aws() && is_unknown(&error) => Ok(None),
                        sent => sent.map(Some).map_err(|e| from_sdk(call("DescribeScheduledActions", resource), &e)),
                    }
                }
            };
            let Some(page) = self.patiently(Api::Scaling, deadline, ask).await? else { return Ok(Vec::new()) };
            out.extend(page.scheduled_actions.unwrap_or_default());
            token = page.next_token.filter(|t| !t.is_empty());
            if token.is_none() {
                return Ok(out);
            }
        }
    }

    /// `RegisterScalableTarget`.
    pub async fn scale_target(&self, name: &str, index: Option<&str>, dimension: Dimension, min: u64, max: u64) -> Result<(), Error> {
        let resource = resource(name, index);
        self.policy_of_ours("RegisterScalableTarget", &resource, &wire(index, dimension)).await?;
        let signed = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
        let request = self.scaling.register_scalable_target().service_namespace(ServiceNamespace::Dynamodb).resource_id(&resource);
        let request = request.scalable_dimension(wire(index, dimension)).min_capacity(signed(min)).max_capacity(signed(max));
        request.send().await.map(drop).map_err(|e| from_sdk(call("RegisterScalableTarget", &resource), &e))
    }

    /// `PutScalingPolicy`: target tracking of consumed against provisioned units. A tracking policy that is there keeps its name,
    /// its cooldowns and its permission to scale in.
    pub async fn scale_policy(&self, name: &str, index: Option<&str>, dimension: Dimension, target: u64) -> Result<(), Error> {
        let resource = resource(name, index);
        let present = self.policy_of_ours("PutScalingPolicy", &resource, &wire(index, dimension)).await?;
        let config = tracking(dimension, target, present.as_ref().and_then(|p| p.target_tracking_scaling_policy_configuration()));
        let request = self.scaling.put_scaling_policy().service_namespace(ServiceNamespace::Dynamodb).resource_id(&resource);
        let sent = request
            .scalable_dimension(wire(index, dimension))
            .policy_name(present.as_ref().map_or_else(|| own_name(dimension), ScalingPolicy::policy_name))
            .policy_type(PolicyType::TargetTrackingScaling)
            .target_tracking_scaling_policy_configuration(config)
            .send();
        sent.await.map(drop).map_err(|e| from_sdk(call("PutScalingPolicy", &resource), &e))
    }

    /// `DeregisterScalableTarget`; its policy goes with it. One that is gone already is a success.
    pub async fn unscale(&self, name: &str, index: Option<&str>, dimension: Dimension) -> Result<(), Error> {
        let resource = resource(name, index);
        self.policy_of_ours("DeregisterScalableTarget", &resource, &wire(index, dimension)).await?;
        let request = self.scaling.deregister_scalable_target().service_namespace(ServiceNamespace::Dynamodb).resource_id(&resource);
        let sent = request.scalable_dimension(wire(index, dimension)).send().await;
        match sent.map_err(|e| from_sdk(call("DeregisterScalableTarget", &resource), &e)) {
            Err(error) if error.is("ObjectNotFoundException") => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The look before a change: the one tracking policy that is there, or none; anything that landfall cannot put back is a refusal.
    async fn policy_of_ours(&self, api: &str, resource: &str, dimension: &ScalableDimension) -> Result<Option<ScalingPolicy>, Error> {
        let deadline = self.deadline(LOOK);
        let targets = self.target_batch(std::slice::from_ref(&resource.to_owned()), deadline).await?.unwrap_or_default();
        let Some(target) = targets.iter().find(|t| t.scalable_dimension() == dimension) else { return Ok(None) };
        let mut there = self.movers_of(resource, deadline).await?;
        let foreign = there.observed(target).as_ref().map(movers).unwrap_or_default();
        there.policies.retain(|policy| policy.scalable_dimension() == dimension);
        if foreign.is_empty() { Ok(there.policies.pop()) } else { Err(refusal(call(api, resource), dimension, &foreign)) }
    }
}

/// What moves the targets of one resource.
struct Movers {
    policies: Vec<ScalingPolicy>,
    scheduled: Vec<ScheduledAction>,
}

impl Movers {
    /// `None`: not a target of a table or an index.
    fn observed(&self, target: &ScalableTarget) -> Option<ObservedTarget> {
        let name = target.resource_id().strip_prefix("table/")?;
        let (table, index) = name.split_once("/index/").map_or((name, None), |(table, index)| (table, Some(index.to_owned())));
        let unsigned = |n: i32| u64::try_from(n).unwrap_or(0);
        let dimension = target.scalable_dimension();
        let scheduled = self.scheduled.iter().filter(|action| action.scalable_dimension() == Some(dimension));
        Some(ObservedTarget {
            table: table.to_owned(),
            index,
            dimension: dimension.as_str().to_owned(),
            min: unsigned(target.min_capacity()),
            max: unsigned(target.max_capacity()),
            suspended: target.suspended_state().is_some_and(suspended),
            policies: self.policies.iter().filter(|policy| policy.scalable_dimension() == dimension).map(scaler).collect(),
            scheduled: scheduled.map(|action| action.scheduled_action_name().to_owned()).collect(),
        })
    }
}

/// Whether a stand-in says that it has no such call at all: by a code, by a status, or by a refusal without a code, which no service gives
/// that knows the call.
fn is_unknown<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> bool {
    let words = ["UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented", "InvalidRequest"];
    let code = error.as_service_error().and_then(|e| e.code());
    let status = error.raw_response().map(|r| r.status().as_u16());
    code.is_some_and(|code| words.contains(&code))
        || matches!(status, Some(404 | 405 | 501))
        || (code.is_none() && status.is_some_and(|s| (400..500).contains(&s)))
}

fn refusal(call: String, dimension: &ScalableDimension, foreign: &[Mover]) -> Error {
    let foreign = foreign.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = format!(
        "{} is also moved by {foreign}, which landfall did not make and cannot put back; remove it in Application Auto Scaling, then run again",
        dimension.as_str()
    );
    Error { call, code: Some("ForeignScaling".into()), message, request_id: None, throttling_reasons: Vec::new() }
}

fn wire(index: Option<&str>, dimension: Dimension) -> ScalableDimension {
    match (index, dimension) {
        (None, Dimension::Read) => ScalableDimension::DynamoDbTableReadCapacityUnits,
        (None, Dimension::Write) => ScalableDimension::DynamoDbTableWriteCapacityUnits,
        (Some(_), Dimension::Read) => ScalableDimension::DynamoDbIndexReadCapacityUnits,
        (Some(_), Dimension::Write) => ScalableDimension::DynamoDbIndexWriteCapacityUnits,
    }
}

/// The name of landfall's policy.
fn own_name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Read => "landfall-read",
        Dimension::Write => "landfall-write",
    }
}

fn tracking(
    dimension: Dimension,
    target: u64,
    present: Option<&TargetTrackingScalingPolicyConfiguration>,
) -> TargetTrackingScalingPolicyConfiguration {
    let metric = match dimension {
        Dimension::Read => MetricType::DynamoDbReadCapacityUtilization,
        Dimension::Write => MetricType::DynamoDbWriteCapacityUtilization,
    };
    let metric = built(PredefinedMetricSpecification::builder().predefined_metric_type(metric).build());
    #[allow(clippy::cast_precision_loss)] // a percentage
    let config = TargetTrackingScalingPolicyConfiguration::builder().target_value(target as f64).predefined_metric_specification(metric);
    let config = config
        .set_scale_in_cooldown(present.and_then(TargetTrackingScalingPolicyConfiguration::scale_in_cooldown))
        .set_scale_out_cooldown(present.and_then(TargetTrackingScalingPolicyConfiguration::scale_out_cooldown))
        .set_disable_scale_in(present.and_then(TargetTrackingScalingPolicyConfiguration::disable_scale_in));
    built(config.build())
}

fn suspended(state: &SuspendedState) -> bool {
    [state.dynamic_scaling_in_suspended(), state.dynamic_scaling_out_suspended()].contains(&Some(true))
}

fn scaler(policy: &ScalingPolicy) -> ObservedScaler {
    let config = policy.target_tracking_scaling_policy_configuration();
    ObservedScaler {
        name: policy.policy_name().to_owned(),
        kind: policy.policy_type().as_str().to_owned(),
        metric: config.and_then(|c| c.predefined_metric_specification()).map(|m| m.predefined_metric_type().as_str().to_owned()),
        target: config.and_then(|c| whole(c.target_value())),
    }
}

/// A percentage without a fraction.
fn whole(value: f64) -> Option<u64> {
    (1..=100_u8).find(|n| (f64::from(*n) - value).abs() < 1e-9).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_and_an_index_are_named_as_the_service_names_them() {
        assert_eq!(resource("T", None), "table/T");
        assert_eq!(resource("T", Some("I")), "table/T/index/I");
        assert_eq!(wire(Some("I"), Dimension::Write).as_str(), "dynamodb:index:WriteCapacityUnits");
        assert_eq!(wire(None, Dimension::Read).as_str(), "dynamodb:table:ReadCapacityUnits");
    }

    #[test]
    fn a_policy_that_is_there_keeps_what_the_stack_does_not_say() {
        let metric =
            built(PredefinedMetricSpecification::builder().predefined_metric_type(MetricType::DynamoDbReadCapacityUtilization).build());
        let present = TargetTrackingScalingPolicyConfiguration::builder().target_value(50.0).predefined_metric_specification(metric);
        let present = built(present.scale_in_cooldown(7).scale_out_cooldown(8).disable_scale_in(true).build());
        let made = tracking(Dimension::Read, 70, Some(&present));
        assert_eq!((made.scale_in_cooldown(), made.scale_out_cooldown(), made.disable_scale_in()), (Some(7), Some(8), Some(true)));
        assert_eq!(whole(made.target_value()), Some(70));
    }

    #[test]
    fn a_target_of_a_broken_percent_is_none_that_a_stack_can_name() {
        assert_eq!((whole(70.0), whole(72.5), whole(f64::NAN), whole(0.0)), (Some(70), None, None, None));
    }
}
