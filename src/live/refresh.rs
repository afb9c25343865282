//! Reads what the stack manages: per table `DescribeTable`, TTL, recovery and tags; per bucket its guards. Nothing else, nothing twice.
//!
//! Rules: resources in parallel, bounded; a throttle slows the read and never fails it; what another account holds is an
//! error of its own, never "absent". Called by the verbs for a plan, and by `apply` before every mutation.

use super::model::{Live, LiveBucket, LiveTable, Wanted};
use super::normal::{self, ObservedRecovery, ObservedTable};
use crate::aws::buckets::Head;
use crate::aws::patience::{jitter, patiently};
use crate::aws::{self, Aws};
use crate::event::Events;
use crate::resource::{Bucket, OWNER_TAG, Table};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Resources read at once.
const PARALLEL: usize = 16;
/// How long throttling may slow one refresh down.
const PATIENCE: Duration = Duration::from_mins(10);
/// Tries when AWS's own reads disagree about whether a table exists.
const DISAGREEMENTS: u32 = 6;
/// Tables outside the file whose tags are read to find forgotten ones.
const LOOK_AT_MOST: usize = 100;

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
    #[error("table {0}: DescribeTable shows it and the other reads do not; run again in a minute")]
    Disagreement(String),
}

/// Everything `wanted`, as it is now.
pub async fn refresh(aws: &Aws, wanted: &Wanted, events: &Events) -> Result<Live, Error> {
    let deadline = Instant::now() + PATIENCE;
    let total = (wanted.tables.len() + wanted.buckets.len()) as u64;
    let mut live = Live::default();
    let mut done = 0;
    let mut buckets = stream::iter(&wanted.buckets)
        .map(|(name, want)| async move { bucket(aws, name, want.as_ref(), deadline).await.map(|b| (name, b)) })
        .buffer_unordered(PARALLEL);
    while let Some((name, seen)) = buckets.try_next().await? {
        live.buckets.extend(seen.map(|b| (name.clone(), b)));
        done += 1;
        events.progress("read AWS", done, total, "resources");
    }
    drop(buckets);
    let mut tables = stream::iter(&wanted.tables)
        .map(|(name, want)| async move { table(aws, name, want.as_ref(), deadline).await.map(|t| (name, t)) })
        .buffer_unordered(PARALLEL);
    while let Some((name, seen)) = tables.try_next().await? {
        live.tables.extend(seen.map(|t| (name.clone(), t)));
        done += 1;
        events.progress("read AWS", done, total, "resources");
    }
    drop(tables);
    events.finished("read AWS");
    Ok(live)
}

/// One table; `None`: absent. `want`: what the stack says of it; what it does not manage is folded away.
pub async fn table(aws: &Aws, name: &str, want: Option<&Table>, deadline: Instant) -> Result<Option<LiveTable>, Error> {
    for attempt in 0..DISAGREEMENTS {
        let Some(seen) = patiently(deadline, || Box::pin(aws.describe_table(name))).await? else { return Ok(None) };
        match Box::pin(rest(aws, name, &seen, want, deadline)).await {
            // Deleted in between, or just made: ask DescribeTable again.
            Err(Error::Aws(error)) if error.is("ResourceNotFoundException") => tokio::time::sleep(jitter(attempt + 2)).await,
            answer => return answer.map(Some),
        }
    }
    Err(Error::Disagreement(crate::safe::text(name)))
}

async fn rest(aws: &Aws, name: &str, seen: &ObservedTable, want: Option<&Table>, deadline: Instant) -> Result<LiveTable, Error> {
    let (ttl, recovery, tags) = tokio::try_join!(
        patiently(deadline, || aws.describe_ttl(name)),
        patiently(deadline, || aws.describe_recovery(name)),
        patiently(deadline, || aws.table_tags(&seen.arn)),
    )?;
    let mut live = normal::table(name, seen, &ttl, &recovery.clone().unwrap_or_else(ObservedRecovery::default), &tags, want)?;
    if recovery.is_none() {
        live.busy.push("point-in-time recovery is not readable yet".to_owned());
    }
    Ok(live)
}

/// One bucket; `None`: the name is free.
pub async fn bucket(aws: &Aws, name: &str, want: Option<&Bucket>, deadline: Instant) -> Result<Option<LiveBucket>, Error> {
    match patiently(deadline, || Box::pin(aws.head_bucket(name))).await? {
        Head::Absent => Ok(None),
        Head::Taken => Err(Error::Taken(crate::safe::text(name))),
        Head::Elsewhere(region) => Err(Error::Elsewhere {
            bucket: crate::safe::text(name),
            region: region.unwrap_or_else(|| "of another endpoint".to_owned()),
            wanted: aws.identity().region.clone(),
        }),
        Head::Ours => match patiently(deadline, || Box::pin(aws.observe_bucket(name))).await {
            Ok(seen) => Ok(Some(normal::bucket(name, &seen, want))),
            Err(error) if error.is("NoSuchBucket") => Ok(None),
            Err(error) => Err(error.into()),
        },
    }
}

/// Tables that carry the stack's tag and are not `known`, and how many others were not looked at. One `ListTables`, and the
/// tags of at most 100 tables beside the known ones: those whose names begin most like a known one's come first. What a table
/// that is not ours forbids or has become is no failure: it was not looked at, or is gone.
pub async fn unmanaged(aws: &Aws, stack: &str, known: &BTreeSet<String>) -> Result<(Vec<String>, usize), Error> {
    let deadline = Instant::now() + PATIENCE;
    let mut others = patiently(deadline, || Box::pin(aws.table_names())).await?;
    others.retain(|name| !known.contains(name));
    others.sort_by_key(|name| (std::cmp::Reverse(likeness(name, known)), name.clone()));
    let mut skipped = others.len().saturating_sub(LOOK_AT_MOST);
    others.truncate(LOOK_AT_MOST);
    let looks = stream::iter(others)
        .map(|name| async move {
            let arn = aws.table_arn(&name);
            let tags = match patiently(deadline, || aws.table_tags(&arn)).await {
                Ok(tags) => tags,
                Err(error) if error.is("AccessDeniedException") => return Ok(None),
                Err(error) if error.is("ResourceNotFoundException") => Vec::new(),
                Err(error) => return Err(error),
            };
            Ok::<_, aws::Error>(Some((name, tags.iter().any(|(key, value)| key == OWNER_TAG && value == stack))))
        })
        .buffer_unordered(PARALLEL);
    let looks: Vec<Option<(String, bool)>> = looks.try_collect().await?;
    skipped += looks.iter().filter(|look| look.is_none()).count();
    let mut found: Vec<String> = looks.into_iter().flatten().filter(|(_, ours)| *ours).map(|(name, _)| name).collect();
    found.sort();
    Ok((found, skipped))
}

/// How many leading bytes `name` shares with the known name that is most like it.
fn likeness(name: &str, known: &BTreeSet<String>) -> usize {
    let shared = |other: &String| name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    known.iter().map(shared).max().unwrap_or(0)
}
