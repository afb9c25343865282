//! `DynamoDB`'s control plane in our nouns: one method per call and concern.
//!
//! Rules: every `UpdateTable` carries one concern (or the one legal bundle, [`Aws::set_capacity`]); answers to mutations are
//! not read, because they echo the old values; nothing is retried here beyond what the SDK does.
//! Called by `live::refresh` (reads) and `apply` (writes).

mod kept;
mod seen;
mod settings;
pub(crate) mod wire;

use super::error::from_sdk;
use super::{Aws, Error};
use crate::live::normal::{ObservedRecovery, ObservedTable, ObservedTtl};
use crate::plan::Mode;
use crate::resource::{Class, Index, KeyKind, OWNER_TAG, Policy, StreamView, Table, Units};
use aws_sdk_dynamodb::types::{
    BillingMode, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate, PointInTimeRecoverySpecification, TimeToLiveSpecification,
    UpdateGlobalSecondaryIndexAction,
};
use std::collections::BTreeMap;

/// The call's name for errors.
fn call(api: &str, object: &str) -> String {
    format!("DynamoDB {api} {}", crate::safe::text(object))
}

impl Aws {
    /// `DescribeTable`; `None`: there is no such table.
    pub async fn describe_table(&self, name: &str) -> Result<Option<ObservedTable>, Error> {
        let answer = self.dynamodb.describe_table().table_name(name).send().await;
        match answer.map_err(|e| from_sdk(call("DescribeTable", name), &e)) {
            Ok(answer) => Ok(answer.table().map(seen::table)),
            Err(error) if error.is("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `DescribeTimeToLive`.
    pub async fn describe_ttl(&self, name: &str) -> Result<ObservedTtl, Error> {
        let answer = self.dynamodb.describe_time_to_live().table_name(name).send().await;
        match answer.map_err(|e| from_sdk(call("DescribeTimeToLive", name), &e)) {
            Ok(answer) => Ok(answer.time_to_live_description().map(seen::ttl).unwrap_or_default()),
            // "Cannot describe time to live while table is in CREATING state": there is none yet, or none any more.
            Err(error) if error.is("ValidationException") && error.message.contains("while table is in") => Ok(ObservedTtl::default()),
            Err(error) => Err(error),
        }
    }

    /// `DescribeContinuousBackups`; `None`: AWS does not show them yet (a table just made).
    pub async fn describe_recovery(&self, name: &str) -> Result<Option<ObservedRecovery>, Error> {
        let answer = self.dynamodb.describe_continuous_backups().table_name(name).send().await;
        match answer.map_err(|e| from_sdk(call("DescribeContinuousBackups", name), &e)) {
            Ok(answer) => Ok(Some(answer.continuous_backups_description().map(seen::recovery).unwrap_or_default())),
            Err(error) if error.is("TableNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The ARN that a table of this name has in our account and region, without asking: its form is fixed
    /// (Service Authorization Reference, Amazon DynamoDB); the partition is the caller's own.
    pub fn table_arn(&self, name: &str) -> String {
        let id = self.identity();
        let partition = id.arn.split(':').nth(1).unwrap_or("aws");
        format!("arn:{partition}:dynamodb:{}:{}:table/{name}", id.region, id.account)
    }

    /// `ListTagsOfResource`, every page.
    pub async fn table_tags(&self, arn: &str) -> Result<Vec<(String, String)>, Error> {
        let mut out = Vec::new();
        let mut token = None;
        loop {
            let sent = self.dynamodb.list_tags_of_resource().resource_arn(arn).set_next_token(token).send().await;
            let page = sent.map_err(|e| from_sdk(call("ListTagsOfResource", arn), &e))?;
            out.extend(page.tags().iter().map(|t| (t.key().to_owned(), t.value().to_owned())));
            token = page.next_token().filter(|t| !t.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(out);
            }
        }
    }

    /// `ListTables`, every page.
    pub async fn table_names(&self) -> Result<Vec<String>, Error> {
        let mut out = Vec::new();
        let mut pages = self.dynamodb.list_tables().into_paginator().send();
        while let Some(page) = pages.next().await {
            out.extend(page.map_err(|e| from_sdk("DynamoDB ListTables", &e))?.table_names().iter().cloned());
        }
        Ok(out)
    }

    /// `CreateTable` with all that the call can carry: every index, stream, protection, limits, class, encryption, policy, tags and the
    /// ownership tag. TTL, recovery, insights and auto scaling have calls of their own.
    pub async fn create_table(&self, name: &str, table: &Table, owner: &str) -> Result<(), Error> {
        let mut tags = table.tags.clone();
        tags.insert(OWNER_TAG.to_owned(), owner.to_owned());
        let policy = table.policy.as_ref().and_then(|p| if let Policy::On(text) = p { Some(text.clone()) } else { None });
        let request = self
            .dynamodb
            .create_table()
            .table_name(name)
            .set_attribute_definitions(Some(wire::attributes(&crate::plan::order::attributes(table))))
            .set_key_schema(Some(wire::key(&table.key)))
            .billing_mode(wire::billing(table.capacity))
            .set_provisioned_throughput(wire::throughput(table.capacity))
            .set_global_secondary_indexes(some(wire::globals(&table.indexes)))
            .set_local_secondary_indexes(some(wire::locals(&table.locals)))
            .set_stream_specification(table.stream.map(|view| wire::stream(Some(view))))
            .set_deletion_protection_enabled(table.protect.then_some(true))
            .set_on_demand_throughput(wire::maximum(table.limits.maximum))
            .set_warm_throughput(wire::new_warm(table.limits.warm, table.capacity))
            .set_table_class((table.class != Class::default()).then(|| wire::class(table.class)))
            .set_sse_specification(wire::new_encryption(&table.encryption))
            .set_resource_policy(policy)
            .set_tags(Some(wire::tags(&tags)));
        request.send().await.map(drop).map_err(|e| from_sdk(call("CreateTable", name), &e))
    }

    /// `UpdateTable`: billing mode, table and index capacity, the one bundle that AWS takes. Send only what changes.
    /// A side of 0 stays as it is at that moment ([`kept`]).
    pub async fn set_capacity(
        &self,
        name: &str,
        mode: Option<Mode>,
        table: Option<Units>,
        indexes: &BTreeMap<String, Units>,
    ) -> Result<(), Error> {
        let now = if kept::partial(table, indexes) { self.describe_table(name).await? } else { None };
        let (table, indexes) = now.map_or_else(|| (table, indexes.clone()), |now| kept::filled(&now, table, indexes));
        let mode = mode.map(|m| if m == Mode::OnDemand { BillingMode::PayPerRequest } else { BillingMode::Provisioned });
        let update = |(index, units): (&String, &Units)| {
            let action = UpdateGlobalSecondaryIndexAction::builder().index_name(index).provisioned_throughput(wire::units(*units)).build();
            GlobalSecondaryIndexUpdate::builder().update(wire::built(action)).build()
        };
        let request = self
            .dynamodb
            .update_table()
            .table_name(name)
            .set_billing_mode(mode)
            .set_provisioned_throughput(table.map(wire::units))
            .set_global_secondary_index_updates(some(indexes.iter().map(update).collect()));
        request.send().await.map(drop).map_err(|e| from_sdk(call("UpdateTable (capacity)", name), &e))
    }

    /// `UpdateTable`: one index more. `attributes`: all that the table's keys use, the new index's among them.
    pub async fn create_index(&self, name: &str, index: &str, spec: &Index, attributes: &BTreeMap<String, KeyKind>) -> Result<(), Error> {
        let update = GlobalSecondaryIndexUpdate::builder().create(wire::create_index(index, spec)).build();
        let request = self.dynamodb.update_table().table_name(name).set_attribute_definitions(Some(wire::attributes(attributes)));
        let sent = request.global_secondary_index_updates(update).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateTable (create index)", &format!("{name}/{index}")), &e))
    }

    /// `UpdateTable`: one index less.
    pub async fn delete_index(&self, name: &str, index: &str) -> Result<(), Error> {
        let action = wire::built(DeleteGlobalSecondaryIndexAction::builder().index_name(index).build());
        let update = GlobalSecondaryIndexUpdate::builder().delete(action).build();
        let sent = self.dynamodb.update_table().table_name(name).global_secondary_index_updates(update).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateTable (delete index)", &format!("{name}/{index}")), &e))
    }

    /// `UpdateTable`: stream on with a view, or off.
    pub async fn set_stream(&self, name: &str, view: Option<StreamView>) -> Result<(), Error> {
        let sent = self.dynamodb.update_table().table_name(name).stream_specification(wire::stream(view)).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateTable (stream)", name), &e))
    }

    /// `UpdateTable`: deletion protection.
    pub async fn set_protection(&self, name: &str, on: bool) -> Result<(), Error> {
        let sent = self.dynamodb.update_table().table_name(name).deletion_protection_enabled(on).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateTable (deletion protection)", name), &e))
    }

    /// `UpdateTimeToLive`. A second change within about an hour is refused by AWS with a `ValidationException`.
    pub async fn set_ttl(&self, name: &str, attribute: &str, on: bool) -> Result<(), Error> {
        let spec = wire::built(TimeToLiveSpecification::builder().attribute_name(attribute).enabled(on).build());
        let sent = self.dynamodb.update_time_to_live().table_name(name).time_to_live_specification(spec).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateTimeToLive", name), &e))
    }

    /// `UpdateContinuousBackups`: on with a window in days, or off.
    pub async fn set_recovery(&self, name: &str, days: Option<u32>) -> Result<(), Error> {
        let window = days.map(|d| i32::try_from(d).unwrap_or(i32::MAX));
        let spec =
            PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(days.is_some()).set_recovery_period_in_days(window);
        let sent = self
            .dynamodb
            .update_continuous_backups()
            .table_name(name)
            .point_in_time_recovery_specification(wire::built(spec.build()))
            .send();
        sent.await.map(drop).map_err(|e| from_sdk(call("UpdateContinuousBackups", name), &e))
    }

    /// `TagResource`: adds or overwrites.
    pub async fn tag_table(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), Error> {
        let sent = self.dynamodb.tag_resource().resource_arn(arn).set_tags(Some(wire::tags(tags))).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("TagResource", arn), &e))
    }

    /// `DeleteTable`.
    pub async fn delete_table(&self, name: &str) -> Result<(), Error> {
        let sent = self.dynamodb.delete_table().table_name(name).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("DeleteTable", name), &e))
    }
}

/// Absent rather than empty: AWS refuses empty lists of indexes.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
