//! `ExportTableToPointInTime`: a table as DynamoDB JSON in a bucket, with manifests, over time.
//!
//! Rules: point-in-time recovery must be on and the time within its window, at once; what is wrong with the bucket shows minutes later,
//! as FAILED; a token is its first export, and another request under it is a conflict; counters and manifest are told at the end only.
//! The items are those that the table held at the time that was asked for. Known and left: how far back that goes is bounded (see
//! `dynamodb`'s history), and a time before that is refused; only full exports, only `DYNAMODB_JSON`. Source of the file layout: Developer Guide, "DynamoDB table export output format".

mod told;
mod write;

pub(crate) use told::{describe, list};

use super::dynamodb::{Export, Range, Region, exists, extras, table_arn, window};
use super::fault::Fault;
use super::s3::{Objects, Undelivered};
use serde_json::Value;

/// An empty table and one with items (one lab, few samples).
const EMPTY: Range = Range(125_000..=155_000);
const FILLED: Range = Range(706_000..=726_000);

const KNOWN: &[&str] = &[
    "TableArn",
    "ExportTime",
    "ClientToken",
    "S3Bucket",
    "S3BucketOwner",
    "S3Prefix",
    "S3SseAlgorithm",
    "S3SseKmsKeyId",
    "ExportFormat",
    "ExportType",
];

/// ExportTableToPointInTime.
pub(crate) fn start(region: &Region, objects: &Objects, request: &Value) -> Result<Value, Fault> {
    let map = extras::object(request.clone())?;
    extras::only(&map, KNOWN, "ExportTableToPointInTime")?;
    let table = table(region, extras::text(request, "TableArn")?)?;
    let bucket = extras::text(request, "S3Bucket")?.to_owned();
    only(request, "ExportFormat", "DYNAMODB_JSON")?;
    only(request, "ExportType", "FULL_EXPORT")?;
    if let Some(same) = by_token(region, request)? {
        return Ok(told::one(region, &same));
    }
    exists(region, &table, "TableNotFoundException")?;
    let at = time(region, &table, request)?;
    let started = region.time().now_ms();
    let (token, table_id) = (token(request), write::table_id(region, &table)?);
    let id = format!("{started:014}-{:08x}", super::dynamodb::hash(&token) & 0xffff_ffff);
    let mut export = Export {
        arn: format!("{}/export/{id}", table_arn(region, &table)),
        token,
        table,
        table_id,
        request: request.clone(),
        bucket,
        prefix: request.get("S3Prefix").and_then(Value::as_str).unwrap_or_default().to_owned(),
        at,
        started,
        ends: 0,
        items: 0,
        bytes: 0,
        manifest: String::new(),
        failure: None,
    };
    fill(region, objects, &mut export, &id)?;
    region.change(|notes| {
        notes.exports.insert(export.arn.clone(), export.clone());
        Ok(())
    })?;
    Ok(told::one(region, &export))
}

/// Writes the files, and notes how it went and when that is known.
fn fill(region: &Region, objects: &Objects, export: &mut Export, id: &str) -> Result<(), Fault> {
    let owner = export.request.get("S3BucketOwner").and_then(Value::as_str);
    let denied = export.bucket.starts_with("taken-") || owner.is_some_and(|owner| owner != region.account());
    let took = |range: &Range| region.time().after(range.draw(id));
    export.ends = took(&EMPTY);
    if denied {
        export.failure = Some(("S3AccessDenied".into(), "Access Denied".into()));
        return Ok(());
    }
    match write::all(region, objects, export, id, |items| took(if items == 0 { &EMPTY } else { &FILLED })) {
        Ok(()) => Ok(()),
        Err(write::Failed::Bucket(Undelivered::NoSuchBucket)) => {
            export.failure = Some(("S3NoSuchBucket".into(), "The specified bucket does not exist".into()));
            Ok(())
        }
        Err(write::Failed::Bucket(Undelivered::Io(error))) => Err(error.into()),
        Err(write::Failed::Table(fault)) => Err(fault),
    }
}

fn table(region: &Region, arn: &str) -> Result<String, Fault> {
    let prefix = table_arn(region, "");
    let name = arn.strip_prefix(&prefix).filter(|name| !name.is_empty() && !name.contains('/'));
    name.map(str::to_owned).ok_or_else(|| Fault::invalid(format!("Invalid Table ARN: {}", crate::safe::text(arn))))
}

fn only(request: &Value, name: &str, known: &str) -> Result<(), Fault> {
    match request.get(name).and_then(Value::as_str) {
        None => Ok(()),
        Some(value) if value == known => Ok(()),
        Some(value) => Err(Fault::invalid(format!("the embedded AWS knows {name} {known} only, not {}", crate::safe::text(value)))),
    }
}

fn token(request: &Value) -> String {
    let given = request.get("ClientToken").and_then(Value::as_str).map(str::to_owned);
    given.unwrap_or_else(|| format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)))
}

/// The export that this token started already.
fn by_token(region: &Region, request: &Value) -> Result<Option<Export>, Fault> {
    let Some(token) = request.get("ClientToken").and_then(Value::as_str) else { return Ok(None) };
    let same = region.notes().exports.values().find(|e| e.token == token).cloned();
    match same {
        Some(same) if same.request != *request => {
            Err(Fault::new("ExportConflictException", "Export conflict: Duplicate request detected with conflicting parameters"))
        }
        same => Ok(same),
    }
}

/// The time to export, within the recovery window.
fn time(region: &Region, table: &str, request: &Value) -> Result<f64, Fault> {
    let Some((earliest, latest)) = window(region, table) else {
        let why = format!("Point in time recovery is not enabled for table '{table}'");
        return Err(Fault::new("PointInTimeRecoveryUnavailableException", why));
    };
    let now = region.time().now();
    match request.get("ExportTime").and_then(Value::as_f64) {
        None => Ok(now),
        Some(at) if at >= earliest.floor() && at <= latest.max(now) => region.history().knows(table, told::millis(at)).map(|()| at),
        Some(_) => Err(Fault::new("InvalidExportTimeException", "ExportTime is outside of the point in time recovery window")),
    }
}

#[cfg(test)]
mod tests;
