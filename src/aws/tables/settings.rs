//! A table's settings beside its keys and capacity: one method per call and concern, as in [`super`]; what auto scaling has to say is in
//! [`crate::aws::scaling`].
//!
//! Called by `live::refresh` (reads) and `apply` (writes).

use super::{call, wire};
use crate::aws::error::from_sdk;
use crate::aws::{Aws, Error};
use crate::live::normal::ObservedInsights;
use crate::resource::{Class, Encryption, Insights, Maximum, Units};
use aws_sdk_dynamodb::types::{
    ContributorInsightsAction, ContributorInsightsMode, FailureException, GlobalSecondaryIndexUpdate, UpdateGlobalSecondaryIndexAction,
};
use std::collections::BTreeMap;

impl Aws {
    /// `GetResourcePolicy`: the JSON text; `None`: the table has none.
    pub async fn resource_policy(&self, arn: &str) -> Result<Option<String>, Error> {
        let sent = self.dynamodb.get_resource_policy().resource_arn(arn).send().await;
        match sent.map_err(|e| from_sdk(call("GetResourcePolicy", arn), &e)) {
            Ok(answer) => Ok(answer.policy().filter(|p| !p.is_empty()).map(str::to_owned)),
            Err(error) if error.is("PolicyNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `DescribeContributorInsights` of the table or of one index.
    pub async fn describe_insights(&self, name: &str, index: Option<&str>) -> Result<ObservedInsights, Error> {
        let request = self.dynamodb.describe_contributor_insights().table_name(name).set_index_name(index.map(str::to_owned));
        let answer = request.send().await.map_err(|e| from_sdk(call("DescribeContributorInsights", &part(name, index)), &e))?;
        Ok(ObservedInsights {
            status: answer.contributor_insights_status().map(|s| s.as_str().to_owned()),
            mode: answer.contributor_insights_mode().map(|m| m.as_str().to_owned()),
            failure: answer.failure_exception().and_then(failure),
        })
    }

    /// `UpdateTable`: on-demand maximums of the table, or of some indexes. A side that is `None` is sent as -1, which clears it.
    pub async fn set_maximum(&self, name: &str, table: Option<Maximum>, indexes: &BTreeMap<String, Maximum>) -> Result<(), Error> {
        let update = |(index, maximum): (&String, &Maximum)| {
            let action = UpdateGlobalSecondaryIndexAction::builder().index_name(index).on_demand_throughput(wire::whole_maximum(*maximum));
            GlobalSecondaryIndexUpdate::builder().update(wire::built(action.build())).build()
        };
        let request = self
            .dynamodb
            .update_table()
            .table_name(name)
            .set_on_demand_throughput(table.map(wire::whole_maximum))
            .set_global_secondary_index_updates(super::some(indexes.iter().map(update).collect()));
        request.send().await.map(drop).map_err(|e| from_sdk(call("UpdateTable (on-demand maximums)", name), &e))
    }

    /// `UpdateTable`: warm throughput of the table or of one index. AWS only raises it.
    pub async fn raise_warm(&self, name: &str, index: Option<&str>, units: Units) -> Result<(), Error> {
        let request = self.dynamodb.update_table().table_name(name);
        let request = match index {
            None => request.warm_throughput(wire::warm(units)),
            Some(index) => {
                let action = UpdateGlobalSecondaryIndexAction::builder().index_name(index).warm_throughput(wire::warm(units));
                request.global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().update(wire::built(action.build())).build())
            }
        };
        request.send().await.map(drop).map_err(|e| from_sdk(call("UpdateTable (warm throughput)", &part(name, index)), &e))
    }

    /// `UpdateTable`: the table class.
    pub async fn set_class(&self, name: &str, class: Class) -> Result<(), Error> {
        let sent = self.dynamodb.update_table().table_name(name).table_class(wire::class(class)).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateTable (table class)", name), &e))
    }

    /// `UpdateTable`: encryption at rest. A resend of the same key re-encrypts and costs one of the day's changes: send only what changes.
    pub async fn encrypt(&self, name: &str, with: &Encryption) -> Result<(), Error> {
        let sent = self.dynamodb.update_table().table_name(name).sse_specification(wire::encryption(with)).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateTable (encryption)", name), &e))
    }

    /// `PutResourcePolicy`, or `DeleteResourcePolicy` for `None`; one that is gone already is a success.
    pub async fn set_policy(&self, arn: &str, policy: Option<&str>) -> Result<(), Error> {
        let Some(policy) = policy else { return self.delete_policy(arn).await };
        let sent = self.dynamodb.put_resource_policy().resource_arn(arn).policy(policy).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("PutResourcePolicy", arn), &e))
    }

    async fn delete_policy(&self, arn: &str) -> Result<(), Error> {
        let sent = self.dynamodb.delete_resource_policy().resource_arn(arn).send().await;
        match sent.map_err(|e| from_sdk(call("DeleteResourcePolicy", arn), &e)) {
            Err(error) if error.is("PolicyNotFoundException") => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// `UpdateContributorInsights` of the table or of one index.
    pub async fn set_insights(&self, name: &str, index: Option<&str>, insights: Insights) -> Result<(), Error> {
        let (action, mode) = match insights {
            Insights::Off => (ContributorInsightsAction::Disable, None),
            Insights::Throttled => (ContributorInsightsAction::Enable, Some(ContributorInsightsMode::ThrottledKeys)),
            Insights::All => (ContributorInsightsAction::Enable, Some(ContributorInsightsMode::AccessedAndThrottledKeys)),
        };
        let request = self.dynamodb.update_contributor_insights().table_name(name).set_index_name(index.map(str::to_owned));
        let sent = request.contributor_insights_action(action).set_contributor_insights_mode(mode).send().await;
        sent.map(drop).map_err(|e| from_sdk(call("UpdateContributorInsights", &part(name, index)), &e))
    }
}

/// Name and description; `None`: neither is told.
fn failure(told: &FailureException) -> Option<String> {
    let words: Vec<&str> = [told.exception_name(), told.exception_description()].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(": "))
}

/// The table, or an index of it.
fn part(name: &str, index: Option<&str>) -> String {
    index.map_or_else(|| name.to_owned(), |index| format!("{name}/{index}"))
}
