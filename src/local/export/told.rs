//! DescribeExport, ListExports and the summary of an export.

use crate::local::dynamodb::{Export, Region, describe_engine, extras, table_arn};
use crate::local::fault::Fault;
use crate::local::moment::{iso_ms, seconds_of};
use serde_json::{Value, json};

/// DescribeExport.
pub(crate) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    let arn = extras::text(request, "ExportArn")?;
    if !arn.contains("/export/") {
        return Err(Fault::invalid("Invalid Export ARN"));
    }
    let export = region.notes().exports.get(arn).cloned();
    let export = export.ok_or_else(|| Fault::new("ExportNotFoundException", format!("Export not found: {}", crate::safe::text(arn))))?;
    Ok(one(region, &export))
}

/// ListExports: the latest first; of a table's ARN only those of the table that is there now.
pub(crate) fn list(region: &Region, request: &Value) -> Result<Value, Fault> {
    let size = match request.get("MaxResults").and_then(Value::as_u64) {
        Some(size) if !(1..=25).contains(&size) => return Err(Fault::invalid("MaxResults must be between 1 and 25")),
        size => usize::try_from(size.unwrap_or(25)).unwrap_or(25),
    };
    let of_table = request.get("TableArn").and_then(Value::as_str);
    let mut exports: Vec<Export> = region.notes().exports.values().cloned().collect();
    exports.retain(|e| of_table.is_none_or(|arn| arn == table_arn(region, &e.table) && is_of_now(region, e)));
    exports.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| b.arn.cmp(&a.arn)));
    let after = request.get("NextToken").and_then(Value::as_str);
    let from = match after {
        None => 0,
        Some(token) => exports.iter().position(|e| e.arn == token).ok_or_else(|| Fault::invalid("Invalid NextToken"))? + 1,
    };
    let rest = exports.get(from..).unwrap_or_default();
    let page = &rest[..rest.len().min(size)];
    let summaries: Vec<Value> =
        page.iter().map(|e| json!({ "ExportArn": e.arn, "ExportStatus": status(region, e), "ExportType": "FULL_EXPORT" })).collect();
    let mut reply = json!({ "ExportSummaries": summaries });
    if let (true, Some(last)) = (rest.len() > page.len(), page.last()) {
        reply["NextToken"] = last.arn.clone().into();
    }
    Ok(reply)
}

fn is_of_now(region: &Region, export: &Export) -> bool {
    describe_engine(region, &export.table).is_ok_and(|told| told["TableId"] == export.table_id.as_str())
}

fn is_over(region: &Region, export: &Export) -> bool {
    export.ends <= region.time().now_ms()
}

fn status(region: &Region, export: &Export) -> &'static str {
    match (is_over(region, export), &export.failure) {
        (false, _) => "IN_PROGRESS",
        (true, None) => "COMPLETED",
        (true, Some(_)) => "FAILED",
    }
}

/// `ExportDescription`.
pub(super) fn one(region: &Region, export: &Export) -> Value {
    let mut told = json!({
        "ExportArn": export.arn,
        "ExportStatus": status(region, export),
        "StartTime": seconds_of(export.started),
        "TableArn": table_arn(region, &export.table),
        "TableId": export.table_id,
        "ExportTime": export.at,
        "ClientToken": export.token,
        "S3Bucket": export.bucket,
        "S3SseAlgorithm": export.request.get("S3SseAlgorithm").and_then(Value::as_str).unwrap_or("AES256"),
        "ExportFormat": "DYNAMODB_JSON",
    });
    for name in ["S3Prefix", "S3BucketOwner", "S3SseKmsKeyId"] {
        if let Some(value) = export.request.get(name).filter(|v| !v.is_null()) {
            told[name] = value.clone();
        }
    }
    if !is_over(region, export) {
        return json!({ "ExportDescription": told });
    }
    told["EndTime"] = seconds_of(export.ends).into();
    if let Some((code, message)) = &export.failure {
        told["FailureCode"] = code.clone().into();
        told["FailureMessage"] = message.clone().into();
    } else {
        told["ExportManifest"] = export.manifest.clone().into();
        told["ItemCount"] = export.items.into();
        told["BilledSizeBytes"] = export.bytes.into();
    }
    json!({ "ExportDescription": told })
}

/// A moment in milliseconds since 1970.
pub(super) fn millis(seconds: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of this era, in milliseconds")]
    let millis = (seconds * 1000.0).round() as u64;
    millis
}

/// `manifest-summary.json`.
pub(super) fn summary(region: &Region, export: &Export, files: &str) -> Value {
    json!({
        "version": "2020-06-30",
        "exportArn": export.arn,
        "startTime": iso_ms(export.started),
        "endTime": iso_ms(export.ends),
        "tableArn": table_arn(region, &export.table),
        "tableId": export.table_id,
        "exportTime": iso_ms(millis(export.at)),
        "s3Bucket": export.bucket,
        "s3Prefix": Some(&export.prefix).filter(|p| !p.is_empty()),
        "s3SseAlgorithm": export.request.get("S3SseAlgorithm").and_then(Value::as_str).unwrap_or("AES256"),
        "s3SseKmsKeyId": export.request.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": files,
        "billedSizeBytes": export.bytes,
        "itemCount": export.items,
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    })
}
