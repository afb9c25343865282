//! DynamoDB: the engine's data plane behind our own front, one database per region.
//!
//! Rules: what the engine does wrong is corrected here and nowhere else, each with a test; what it does not know is kept
//! in [`notes`] beside it; a request's member that nobody honours is refused by name, never ignored.
//! Known and left: expired items stay (AWS deletes them within days), a failed condition's units are not counted.

mod admission;
mod agree;
mod arn;
mod backups;
mod batch;
mod budget;
mod capacity;
mod change;
mod data;
mod describe;
mod draft;
mod durations;
mod engine;
mod expression;
pub(crate) mod extras;
mod format;
mod history;
mod index;
mod index_keys;
mod insights;
mod item_size;
mod notes;
mod policy;
mod projection;
mod quota;
mod region;
mod rules;
mod stale;
mod streams;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod throttle;
mod transition;
mod ttl;
mod update;
mod warm;

pub(crate) use arn::of_table as table_arn;
pub(crate) use backups::window;
pub(crate) use data::fit as item_fit;
pub(crate) use durations::{Range, hash};
#[cfg(test)]
pub(crate) use notes::Notes;
pub(crate) use notes::{Capacity, Export, Import, Target};
pub(crate) use region::{Region, Shared, check as check_kept};
pub(crate) use table::{capacity_of, describe_engine, drop_whole as drop_table, exists, imported, make as make_table, set_capacity};
pub(crate) use throttle::{Load, load_of, minute, units_of};

use super::cloudwatch::CloudWatch;
use super::fault::Fault;
use super::kms::Keyring;
use super::moment::Time;
use super::s3::Objects;
use super::store::Store;
use super::{Error, Options, export, import, scaling};
use bytes::Bytes;
use engine::read;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// All regions.
pub(crate) struct DynamoDb {
    shared: Arc<Shared>,
    store: Arc<Store>,
    objects: Arc<Objects>,
    regions: Mutex<BTreeMap<String, Arc<Region>>>,
    imports: import::Runner,
}

impl DynamoDb {
    /// Opens the regions that the store holds.
    pub(crate) fn open(options: &Options, store: &Arc<Store>, objects: &Arc<Objects>, metrics: &CloudWatch) -> Result<Self, Error> {
        let time = Time { clock: options.clock.clone(), lag: options.lag };
        let shared = Arc::new(Shared {
            account: options.account.clone(),
            keys: Arc::new(Keyring::open(&options.account, &time, store)?),
            time,
            metrics: metrics.clone(),
            planted: options.planted.clone(),
        });
        let mut regions = BTreeMap::new();
        for name in region::kept(store)? {
            let region = Region::open(&name, &shared, store)?;
            import::abandon(&region).map_err(|f| Error::Corrupt { path: store.dir().to_owned(), reason: f.message })?;
            regions.insert(name, Arc::new(region));
        }
        Ok(Self {
            shared,
            store: Arc::clone(store),
            objects: Arc::clone(objects),
            regions: Mutex::new(regions),
            imports: import::Runner::default(),
        })
    }

    /// Answers one call; blocks while the engine works.
    pub(crate) fn answer(&self, region: &str, operation: &str, body: &[u8]) -> Result<Bytes, Fault> {
        let region = self.region(region)?;
        region.minutely()?;
        let answer = match readable(&region, operation, body).and_then(|()| data::answer(&region, operation, body).transpose()) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => self.control(&region, operation, body).and_then(|v| engine::write(&v)),
            Err(fault) => Err(fault),
        };
        if let Err(fault) = &answer {
            region.metrics().refused(region.name(), operation, fault);
        }
        answer
    }

    /// Answers a call of Application Auto Scaling.
    pub(crate) fn scale(&self, region: &str, operation: &str, body: &[u8]) -> Result<Bytes, Fault> {
        let region = self.region(region)?;
        let _alone = region.alone();
        scaling::answer(&region, operation, &read(body)?).and_then(|v| engine::write(&v))
    }

    /// Does what is due in a region, before somebody looks at its metrics.
    pub(crate) fn settle(&self, region: &str) -> Result<(), Fault> {
        let known = self.regions.lock().unwrap_or_else(PoisonError::into_inner).get(region).cloned();
        known.map_or(Ok(()), |region| region.minutely())
    }

    /// Answers a call of KMS.
    pub(crate) fn keep_keys(&self, region: &str, operation: &str, body: &[u8]) -> Result<Bytes, Fault> {
        self.shared.keys.answer(region, operation, &read(body)?).and_then(|v| engine::write(&v))
    }

    /// Everything that is not about items. One call at a time per region, so that two cannot cross.
    fn control(&self, region: &Arc<Region>, operation: &str, body: &[u8]) -> Result<Value, Fault> {
        self.imports.catch_up(region, operation);
        let _alone = region.alone();
        scaling::act(region)?;
        match operation {
            "CreateTable" => table::create(region, read(body)?),
            "DescribeTable" => table::describe(region, read(body)?),
            "DeleteTable" => table::delete(region, read(body)?),
            "ListTables" => table::list(region, body),
            "UpdateTable" => update::update(region, read(body)?),
            "UpdateTimeToLive" => ttl::update(region, body),
            "DescribeTimeToLive" => ttl::describe(region, body),
            "TagResource" | "UntagResource" | "ListTagsOfResource" => tags::answer(region, operation, read(body)?),
            "ListStreams" | "DescribeStream" | "GetShardIterator" | "GetRecords" => streams::answer(region, operation, read(body)?),
            "DescribeContinuousBackups" => backups::describe(region, &read(body)?),
            "UpdateContinuousBackups" => backups::update(region, &read(body)?),
            "PutResourcePolicy" => policy::put(region, &read(body)?),
            "GetResourcePolicy" => policy::get(region, &read(body)?),
            "DeleteResourcePolicy" => policy::delete(region, &read(body)?),
            "DescribeContributorInsights" => insights::describe(region, &read(body)?),
            "UpdateContributorInsights" => insights::update(region, &read(body)?),
            "DescribeKinesisStreamingDestination" => insights::kinesis(region, &read(body)?),
            "DescribeTableReplicaAutoScaling" => insights::replicas(region, &read(body)?),
            "ListContributorInsights" => insights::list(region, &read(body)?),
            "ExportTableToPointInTime" => export::start(region, &self.objects, &read(body)?),
            "DescribeExport" => export::describe(region, &read(body)?),
            "ListExports" => export::list(region, &read(body)?),
            "DescribeLimits" => Ok(quota::told()),
            "ImportTable" => self.imports.start(region, &self.objects, &read(body)?),
            "DescribeImport" => import::describe(region, &read(body)?),
            "ListImports" => import::list(region, &read(body)?),
            _ => Err(unknown(operation)),
        }
    }

    pub(super) fn region(&self, name: &str) -> Result<Arc<Region>, Fault> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(region) = regions.get(name) {
            return Ok(Arc::clone(region));
        }
        let opened = Region::open(name, &self.shared, &self.store);
        let region = Arc::new(opened.map_err(|e| Fault::internal(e.to_string()))?);
        regions.insert(name.to_owned(), Arc::clone(&region));
        Ok(region)
    }

    /// Returns once no import runs.
    pub(crate) async fn finish_imports(&self) {
        self.imports.finish().await;
    }
}

/// An index that is not filled yet cannot be read; the engine has it whole already.
fn readable(region: &Region, operation: &str, body: &[u8]) -> Result<(), Fault> {
    if !matches!(operation, "Query" | "Scan") || !region.has_unfinished_index() {
        return Ok(());
    }
    let Ok(request) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    let member = |name: &str| request.get(name).and_then(Value::as_str);
    let (Some(table), Some(index)) = (member("TableName"), member("IndexName")) else { return Ok(()) };
    admission::readable(region, &arn::table(region, table)?, index)
}

fn unknown(operation: &str) -> Fault {
    let name = if operation.is_empty() { "an operation without a known x-amz-target" } else { operation };
    Fault::new("UnknownOperationException", format!("the embedded AWS does not answer {}", crate::safe::text(name)))
}
