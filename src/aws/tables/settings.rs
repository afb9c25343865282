//! A table's settings beside its keys and capacity: one method per call and concern, as in [`super`].
//!
//! Called by `apply`.

use crate::aws::{Aws, Error};
use crate::plan::Dimension;
use crate::resource::{Class, Encryption, Insights, Maximum, Units};
use std::collections::BTreeMap;

impl Aws {
    /// `UpdateTable`: on-demand maximums of the table, or of some indexes. A side that is `None` is sent as -1, which clears it.
    pub async fn set_maximum(&self, name: &str, table: Option<Maximum>, indexes: &BTreeMap<String, Maximum>) -> Result<(), Error> {
        let _ = (name, table, indexes);
        unreachable!()
    }

    /// `UpdateTable`: warm throughput of the table or of one index. AWS only raises it.
    pub async fn raise_warm(&self, name: &str, index: Option<&str>, units: Units) -> Result<(), Error> {
        let _ = (name, index, units);
        unreachable!()
    }

    /// `UpdateTable`: the table class.
    pub async fn set_class(&self, name: &str, class: Class) -> Result<(), Error> {
        let _ = (name, class);
        unreachable!()
    }

    /// `UpdateTable`: encryption at rest. A resend of the same key re-encrypts and costs one of the day's changes: send only what changes.
    pub async fn encrypt(&self, name: &str, with: &Encryption) -> Result<(), Error> {
        let _ = (name, with);
        unreachable!()
    }

    /// `PutResourcePolicy`, or `DeleteResourcePolicy` for `None`.
    pub async fn set_policy(&self, arn: &str, policy: Option<&str>) -> Result<(), Error> {
        let _ = (arn, policy);
        unreachable!()
    }

    /// `UpdateContributorInsights` of the table or of one index.
    pub async fn set_insights(&self, name: &str, index: Option<&str>, insights: Insights) -> Result<(), Error> {
        let _ = (name, index, insights);
        unreachable!()
    }

    /// `RegisterScalableTarget`.
    pub async fn scale_target(&self, name: &str, index: Option<&str>, dimension: Dimension, min: u64, max: u64) -> Result<(), Error> {
        let _ = (name, index, dimension, min, max);
        unreachable!()
    }

    /// `PutScalingPolicy`: target tracking of consumed against provisioned units.
    pub async fn scale_policy(&self, name: &str, index: Option<&str>, dimension: Dimension, target: u64) -> Result<(), Error> {
        let _ = (name, index, dimension, target);
        unreachable!()
    }

    /// `DeregisterScalableTarget`; its policies go with it. One that is gone already is a success.
    pub async fn unscale(&self, name: &str, index: Option<&str>, dimension: Dimension) -> Result<(), Error> {
        let _ = (name, index, dimension);
        unreachable!()
    }
}
