//! Reads what the stack manages, with the fewest calls: per table `DescribeTable`, TTL, recovery and tags; policy and insights only where
//! the wish manages them, auto scaling only where capacity is provisioned; per bucket its guards. Nothing else, nothing twice.
//!
//! Rules: resources in parallel, bounded; a throttle slows the read and never fails it; what another account holds is an
//! error of its own, never "absent". Auto scaling is asked once for all tables, so tables are described first.
//! Called by the verbs for a plan, and by `apply` before every mutation.

use super::keys;
use super::model::{Live, LiveBucket, LiveTable, Wanted};
use super::normal::{self, ObservedAll, ObservedIndex, ObservedRecovery, ObservedTable, ObservedTarget};
use crate::aws::buckets::Head;
use crate::aws::limit::Api;
use crate::aws::patience::{Deadline, jitter};
use crate::aws::{self, Aws};
use crate::event::Events;
use crate::resource::{Bucket, Capacity, Scaling, Table};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Resources read at once.
const PARALLEL: usize = 16;
/// How long throttling may slow one refresh down.
pub(super) const PATIENCE: Duration = Duration::from_mins(10);
/// Tries when AWS's own reads disagree about whether a table exists.
const DISAGREEMENTS: u32 = 6;
/// How long they may go on to where the table is just being made.
const NEWBORN_MS: u64 = 60_000;
const CREATING: &str = "CREATING";
const DELETING: &str = "DELETING";

/// Why live could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Aws(#[from] aws::Error),
    #[error(transparent)]
    Unknown(#[from] normal::Unknown),
    /// Bucket names are global.
    #[error(
        "bucket {0} is taken: it belongs to another account, or this role may not see it (s3:ListBucket); choose another name in the stack file"
    )]
    Taken(String),
    #[error("bucket {bucket} is in the region {region}, and the run is in {wanted}: choose another name in the stack file")]
    Elsewhere { bucket: String, region: String, wanted: String },
    /// Named by `--destroy`.
    #[error("bucket {0} is not in this account and region, or this role may not see it (s3:ListBucket), so it is not deleted")]
    NotHere(String),
    #[error("table {0}: DescribeTable shows it and the other reads do not; run again in a minute")]
    Disagreement(String),
    #[error(
        "{0} has no Application Auto Scaling, and table {1} asks for it: take `scaling` out of the stack file for this endpoint, or use the embedded AWS"
    )]
    NoScaling(String, String),
}

impl Error {
    /// What AWS itself said, where it did.
    pub fn aws(&self) -> Option<&aws::Error> {
        if let Self::Aws(error) = self { Some(error) } else { None }
    }

    /// Whether it is a guard's no, and not a failure.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Taken(_) | Self::Elsewhere { .. } | Self::NotHere(_))
    }
}

/// Everything `wanted`, as it is now.
pub async fn refresh(aws: &Aws, wanted: &Wanted, events: &Events) -> Result<Live, Error> {
    let deadline = aws.deadline(PATIENCE);
    let progress = Progress { events, total: (wanted.tables.len() * 2 + wanted.buckets.len()) as u64 };
    let mut live = Live::default();
    let mut done = 0;
    let mut buckets = stream::iter(&wanted.buckets)
        .map(|(name, want)| async move { bucket(aws, name, of(wanted, name, want.as_ref()), deadline).await.map(|b| (name, b)) })
        .buffer_unordered(PARALLEL);
    while let Some((name, seen)) = buckets.try_next().await? {
        live.buckets.extend(seen.map(|b| (name.clone(), b)));
        progress.step(&mut done);
    }
    drop(buckets);
    let described = describe_all(aws, wanted, deadline, &progress, &mut done).await?;
    let scaled = scaling(aws, &described, deadline).await?;
    let mut tables = stream::iter(&described)
        .map(|looked| async { Box::pin(finish(aws, looked, scaled.get(looked.name), deadline)).await.map(|t| (looked.name, t)) })
        .buffer_unordered(PARALLEL);
    while let Some((name, seen)) = tables.try_next().await? {
        live.tables.extend(seen.map(|t| (name.to_owned(), t)));
        progress.step(&mut done);
    }
    drop(tables);
    events.finished("read AWS");
    Ok(live)
}

/// Two steps a table, one a bucket.
struct Progress<'a> {
    events: &'a Events,
    total: u64,
}

impl Progress<'_> {
    fn step(&self, done: &mut u64) {
        *done += 1;
        self.events.progress("read AWS", *done, self.total, "reads");
    }
}

/// A table that exists, what it showed, and what is wanted of it.
struct Looked<'a> {
    name: &'a str,
    want: Option<&'a Table>,
    seen: ObservedTable,
}

async fn describe_all<'a>(
    aws: &Aws,
    wanted: &'a Wanted,
    deadline: Deadline,
    progress: &Progress<'_>,
    done: &mut u64,
) -> Result<Vec<Looked<'a>>, Error> {
    let mut out = Vec::new();
    let mut looks = stream::iter(&wanted.tables)
        .map(|(name, want)| async move { describe(aws, name, deadline).await.map(|seen| (name.as_str(), want.as_ref(), seen)) })
        .buffer_unordered(PARALLEL);
    while let Some((name, want, seen)) = looks.try_next().await? {
        out.extend(seen.map(|seen| Looked { name, want, seen }));
        progress.step(done);
    }
    out.sort_by_key(|looked| looked.name);
    Ok(out)
}

async fn describe(aws: &Aws, name: &str, deadline: Deadline) -> Result<Option<ObservedTable>, Error> {
    Ok(aws.patiently(Api::DescribeTable, deadline, || Box::pin(aws.describe_table(name))).await?)
}

/// What was told of a table's auto scaling.
#[derive(Clone, Default)]
struct Scaled {
    targets: Vec<ObservedTarget>,
    /// Nothing was: the endpoint does not know the question.
    unread: bool,
}

/// That of all tables that can have any, by table.
async fn scaling<'a>(aws: &Aws, tables: &'a [Looked<'a>], deadline: Deadline) -> Result<BTreeMap<&'a str, Scaled>, Error> {
    let asked: Vec<_> = tables.iter().filter(|looked| may_scale(looked)).collect();
    let resources: Vec<String> = asked.iter().flat_map(|looked| resources(looked)).collect();
    let Some(targets) = Box::pin(aws.scalable_targets(&resources, deadline)).await? else {
        let wishing = asked.iter().find(|looked| looked.want.is_some_and(scales));
        if let Some(looked) = wishing {
            return Err(Error::NoScaling(crate::safe::text(&aws.identity().endpoint), crate::safe::text(looked.name)));
        }
        return Ok(asked.into_iter().map(|looked| (looked.name, Scaled { unread: true, ..Scaled::default() })).collect());
    };
    let of = |name: &str| Scaled { targets: targets.iter().filter(|t| t.table == name).cloned().collect(), unread: false };
    Ok(asked.into_iter().map(|looked| (looked.name, of(looked.name))).collect())
}

/// On demand there is nothing to scale, and targets that a switch left behind do nothing.
fn may_scale(looked: &Looked<'_>) -> bool {
    let provisioned = looked.want.is_some_and(|w| w.capacity != Capacity::OnDemand);
    provisioned || looked.want.is_some_and(scales) || looked.seen.billing.as_deref() != Some("PAY_PER_REQUEST")
}

/// Whether the wish has auto scaling own any dimension.
fn scales(want: &Table) -> bool {
    let all = std::iter::once(&want.limits).chain(want.indexes.values().map(|i| &i.limits));
    all.into_iter().any(|limits| limits.scaling != Scaling::default())
}

/// The table and every index that it has or shall have: a target may outlive its index, and then it is in the way of the next one.
fn resources(looked: &Looked<'_>) -> Vec<String> {
    let wanted = looked.want.into_iter().flat_map(|w| w.indexes.keys());
    let indexes: BTreeSet<&String> = looked.seen.globals.iter().map(|i| &i.name).chain(wanted).collect();
    let of_indexes = indexes.into_iter().map(|index| aws::scaling::resource(looked.name, Some(index)));
    std::iter::once(aws::scaling::resource(looked.name, None)).chain(of_indexes).collect()
}

/// What of a table is in motion, as far as `DescribeTable` alone shows it: the least call to wait with. Empty: nothing, or no table.
pub async fn motion(aws: &Aws, name: &str, deadline: impl Into<Deadline>) -> Result<Vec<String>, Error> {
    let seen = describe(aws, name, deadline.into()).await?;
    Ok(seen.map(|table| normal::busy(&ObservedAll { table, ..ObservedAll::default() })).unwrap_or_default())
}

/// One table; `None`: absent. `want`: what the stack says of it; what it does not manage is not read, or folded away.
pub async fn table(aws: &Aws, name: &str, want: Option<&Table>, deadline: impl Into<Deadline>) -> Result<Option<LiveTable>, Error> {
    let deadline = deadline.into();
    let Some(seen) = describe(aws, name, deadline).await? else { return Ok(None) };
    let looked = [Looked { name, want, seen }];
    let scaled = scaling(aws, &looked, deadline).await?;
    Box::pin(finish(aws, &looked[0], scaled.get(name), deadline)).await
}

/// The other reads of a table that was described; they may disagree with `DescribeTable` for a moment.
async fn finish(aws: &Aws, looked: &Looked<'_>, scaled: Option<&Scaled>, deadline: Deadline) -> Result<Option<LiveTable>, Error> {
    let mut seen = looked.seen.clone();
    let known_ms = aws.clock().now_ms() + if seen.status == CREATING { NEWBORN_MS } else { 0 };
    for attempt in 0.. {
        if attempt >= DISAGREEMENTS && aws.clock().now_ms() >= known_ms {
            break;
        }
        let Scaled { targets: scaling, unread: scaling_unread } = scaled.cloned().unwrap_or_default();
        let mut all = ObservedAll { table: seen, scaling, scaling_unread, ..ObservedAll::default() };
        let denied = match Box::pin(rest(aws, looked, &mut all, deadline)).await {
            // Deleted in between, or just made: ask DescribeTable again.
            Err(error) if error.is("ResourceNotFoundException") => {
                aws.clock().sleep(jitter(attempt + 2)).await;
                None
            }
            // AWS denies the tags of a table that is gone: ask DescribeTable again whether it is.
            Err(error) if error.is_denied() => Some(error),
            Err(error) => return Err(error.into()),
            Ok(readable) => return fold(looked, &all, readable).map(Some),
        };
        seen = match (describe(aws, looked.name, deadline).await?, denied) {
            (None, _) => return Ok(None),
            (Some(again), Some(error)) if again.status != DELETING => return Err(error.into()),
            (Some(again), _) => again,
        };
    }
    Err(Error::Disagreement(crate::safe::text(looked.name)))
}

fn fold(looked: &Looked<'_>, all: &ObservedAll, recovery_readable: bool) -> Result<LiveTable, Error> {
    let mut live = normal::table(looked.name, all, looked.want)?;
    if !recovery_readable {
        live.busy.push(normal::UNREAD.to_owned());
    }
    Ok(live)
}

/// Everything that `DescribeTable` does not show; whether recovery could be read.
async fn rest(aws: &Aws, looked: &Looked<'_>, all: &mut ObservedAll, deadline: Deadline) -> Result<bool, aws::Error> {
    if all.table.status == DELETING {
        // The other reads forget a table before DescribeTable does.
        return Ok(true);
    }
    let (name, want, arn) = (looked.name, looked.want, all.table.arn.clone());
    let (ttl, recovery, tags, policy, insights, managed_key) = tokio::try_join!(
        aws.patiently(Api::DescribeTimeToLive, deadline, || aws.describe_ttl(name)),
        aws.patiently(Api::DescribeContinuousBackups, deadline, || aws.describe_recovery(name)),
        aws.patiently(Api::ListTagsOfResource, deadline, || aws.table_tags(&arn)),
        policy(aws, &arn, want, deadline),
        insights(aws, name, &all.table.globals, want, deadline),
        keys::managed(aws, &all.table, want, deadline),
    )?;
    let readable = recovery.is_some();
    (all.ttl, all.recovery, all.tags) = (ttl, recovery.unwrap_or_else(ObservedRecovery::default), tags);
    (all.policy, all.insights, all.managed_key) = (policy, insights, managed_key);
    Ok(readable)
}

async fn policy(aws: &Aws, arn: &str, want: Option<&Table>, deadline: Deadline) -> Result<Option<Option<String>>, aws::Error> {
    if want.and_then(|w| w.policy.as_ref()).is_none() {
        return Ok(None);
    }
    aws.patiently(Api::GetResourcePolicy, deadline, || aws.resource_policy(arn)).await.map(Some)
}

async fn insights(
    aws: &Aws,
    name: &str,
    present: &[ObservedIndex],
    want: Option<&Table>,
    deadline: Deadline,
) -> Result<BTreeMap<Option<String>, normal::ObservedInsights>, aws::Error> {
    let mut out = BTreeMap::new();
    let Some(want) = want else { return Ok(out) };
    let table = want.insights.map(|_| None);
    let here = |index: &&String| present.iter().any(|i| i.name == **index && i.status.as_deref() != Some("DELETING"));
    // AWS does not know a new index here for the first 20 s or so of its making (one lab); its insights are off until somebody asks.
    let new = |index: Option<&String>| present.iter().any(|i| Some(&i.name) == index && i.status.as_deref() == Some(CREATING));
    let indexes = want.indexes.iter().filter(|(_, i)| i.insights.is_some()).map(|(index, _)| index).filter(here);
    for index in table.into_iter().chain(indexes.map(|index| Some(index.clone()))) {
        let ask = || aws.describe_insights(name, index.as_deref());
        let seen = match aws.patiently(Api::DescribeContributorInsights, deadline, ask).await {
            Err(error) if error.is("ResourceNotFoundException") && new(index.as_ref()) => normal::ObservedInsights::default(),
            answer => answer?,
        };
        out.insert(index, seen);
    }
    Ok(out)
}

/// What is wanted of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketWish<'a> {
    /// To be as the stack says.
    Managed(&'a Bucket),
    /// Only to be told as it is.
    Seen,
    /// To be deleted: what it holds is looked at too.
    Gone,
}

fn of<'a>(wanted: &Wanted, name: &str, want: Option<&'a Bucket>) -> BucketWish<'a> {
    let unmanaged = if wanted.leaving.contains(name) { BucketWish::Gone } else { BucketWish::Seen };
    want.map_or(unmanaged, BucketWish::Managed)
}

/// One bucket; `None`: the name is free.
pub async fn bucket(aws: &Aws, name: &str, want: BucketWish<'_>, deadline: impl Into<Deadline>) -> Result<Option<LiveBucket>, Error> {
    let deadline = deadline.into();
    match aws.patiently(Api::Buckets, deadline, || Box::pin(aws.head_bucket(name))).await? {
        Head::Absent => Ok(None),
        Head::Taken | Head::Elsewhere(_) if want == BucketWish::Gone => Err(Error::NotHere(crate::safe::text(name))),
        Head::Taken => Err(Error::Taken(crate::safe::text(name))),
        Head::Elsewhere(region) => Err(Error::Elsewhere {
            bucket: crate::safe::text(name),
            region: region.unwrap_or_else(|| "of another endpoint".to_owned()),
            wanted: aws.identity().region.clone(),
        }),
        Head::Ours => match Box::pin(observe(aws, name, want, deadline)).await {
            Ok(seen) => Ok(Some(seen)),
            Err(error) if error.is("NoSuchBucket") => Ok(None),
            Err(error) => Err(error.into()),
        },
    }
}

async fn observe(aws: &Aws, name: &str, want: BucketWish<'_>, deadline: Deadline) -> Result<LiveBucket, aws::Error> {
    let mut seen = aws.patiently(Api::Buckets, deadline, || Box::pin(aws.observe_bucket(name))).await?;
    if let BucketWish::Managed(want) = want {
        keys::by_arn(aws, &mut seen.encryption, want, deadline).await?;
    }
    let (contents, want) = match want {
        BucketWish::Managed(want) => (None, Some(want)),
        BucketWish::Seen => (None, None),
        BucketWish::Gone => (Some(aws.patiently(Api::Buckets, deadline, || Box::pin(aws.bucket_contents(name))).await?), None),
    };
    Ok(LiveBucket { contents, ..normal::bucket(name, &seen, want) })
}
