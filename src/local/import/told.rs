//! DescribeImport and ListImports: running imports too, counters at the end only.

use crate::local::dynamodb::{Import, Region, extras, table_arn};
use crate::local::fault::Fault;
use crate::local::moment::seconds_of;
use serde_json::{Value, json};

/// DescribeImport.
pub(crate) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    let arn = extras::text(request, "ImportArn")?;
    let import = region.notes().imports.get(arn).cloned();
    let import = import
        .map(|import| as_of_now(region, import))
        .ok_or_else(|| Fault::new("ImportNotFoundException", format!("Import not found: {}", crate::safe::text(arn))))?;
    Ok(one(region, &import))
}

/// ListImports: the latest first.
pub(crate) fn list(region: &Region, request: &Value) -> Result<Value, Fault> {
    let size = request.get("PageSize").and_then(Value::as_u64).unwrap_or(25);
    if !(1..=25).contains(&size) {
        return Err(Fault::invalid(format!(
            "1 validation error detected: Value '{size}' at 'pageSize' failed to satisfy constraint: between 1 and 25"
        )));
    }
    let of_table = request.get("TableArn").and_then(Value::as_str);
    let imports: Vec<Import> = region.notes().imports.values().cloned().collect();
    let mut imports: Vec<Import> = imports.into_iter().map(|import| as_of_now(region, import)).collect();
    imports.retain(|i| of_table.is_none_or(|arn| arn == table_arn(region, &i.table)));
    imports.sort_by(|a, b| b.started_ms.cmp(&a.started_ms).then_with(|| b.arn.cmp(&a.arn)));
    let after = match request.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => imports.iter().position(|i| i.arn == token).ok_or_else(|| Fault::invalid("Invalid NextToken"))? + 1,
    };
    let size = usize::try_from(size).unwrap_or(25);
    let page = imports.get(after..).unwrap_or_default();
    let more = page.len() > size;
    let page = &page[..page.len().min(size)];
    let mut reply = json!({ "ImportSummaryList": page.iter().map(|i| summary(region, i)).collect::<Vec<_>>() });
    if let (true, Some(last)) = (more, page.last()) {
        reply["NextToken"] = last.arn.clone().into();
    }
    Ok(reply)
}

/// What is over by the machine may go on by the clock: until then nothing of its end is told.
pub(super) fn as_of_now(region: &Region, import: Import) -> Import {
    if import.ended.is_none_or(|ended| ended <= region.time().now_ms()) {
        return import;
    }
    Import { status: "IN_PROGRESS".into(), ended: None, bytes: None, counts: None, failure: None, ..import }
}

/// `ImportTableDescription`.
pub(super) fn one(region: &Region, import: &Import) -> Value {
    let (imported, errors) = import.counts.unwrap_or_default();
    let mut told = summary(region, import);
    told["ClientToken"] = import.token.clone().into();
    told["InputCompressionType"] = import.compression.clone().into();
    told["TableCreationParameters"] = import.parameters.clone();
    told["ErrorCount"] = errors.into();
    told["ProcessedItemCount"] = (imported + errors).into();
    told["ImportedItemCount"] = imported.into();
    let optional: [(&str, Option<Value>); 4] = [
        ("TableId", import.table_id.clone().map(Value::from)),
        ("ProcessedSizeBytes", import.bytes.map(Value::from)),
        ("FailureCode", import.failure.as_ref().map(|f| f.0.clone().into())),
        ("FailureMessage", import.failure.as_ref().map(|f| f.1.clone().into())),
    ];
    for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        told[name] = value;
    }
    json!({ "ImportTableDescription": told })
}

fn summary(region: &Region, import: &Import) -> Value {
    let mut source = json!({ "S3Bucket": import.bucket });
    if let Some(owner) = &import.bucket_owner {
        source["S3BucketOwner"] = owner.clone().into();
    }
    if !import.prefix.is_empty() {
        source["S3KeyPrefix"] = import.prefix.clone().into();
    }
    let mut told = json!({
        "ImportArn": import.arn,
        "ImportStatus": import.status,
        "TableArn": table_arn(region, &import.table),
        "S3BucketSource": source,
        "InputFormat": "DYNAMODB_JSON",
        "StartTime": seconds_of(import.started_ms),
        "CloudWatchLogGroupArn": format!("arn:aws:logs:{}:{}:log-group:/aws-dynamodb/imports:*", region.name(), region.account()),
    });
    if let Some(ended) = import.ended {
        told["EndTime"] = seconds_of(ended).into();
    }
    told
}
