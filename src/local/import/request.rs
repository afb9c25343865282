//! Reads an ImportTable request.

use crate::local::dynamodb::{Import, Region, extras};
use crate::local::fault::Fault;
use serde_json::{Map, Value};

const KNOWN: &[&str] =
    &["ClientToken", "S3BucketSource", "InputFormat", "InputFormatOptions", "InputCompressionType", "TableCreationParameters"];
const CREATION: &[&str] = &[
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "SSESpecification",
    "GlobalSecondaryIndexes",
];

/// The import that is asked for, not yet started.
pub(super) fn parse(region: &Region, request: &Value) -> Result<Import, Fault> {
    extras::only(&extras::object(request.clone())?, KNOWN, "ImportTable")?;
    let token = extras::text(request, "ClientToken")?;
    let source = request.get("S3BucketSource").filter(|v| v.is_object()).ok_or_else(|| Fault::invalid("S3BucketSource is required"))?;
    match extras::text(request, "InputFormat")? {
        "DYNAMODB_JSON" => {}
        other => return Err(Fault::invalid(format!("the embedded AWS imports DYNAMODB_JSON only, not {}", crate::safe::text(other)))),
    }
    let compression = request.get("InputCompressionType").and_then(Value::as_str).unwrap_or("NONE");
    if !["NONE", "GZIP", "ZSTD"].contains(&compression) {
        return Err(Fault::invalid("InputCompressionType must be NONE, GZIP or ZSTD"));
    }
    let parameters = request.get("TableCreationParameters").filter(|v| v.is_object()).cloned();
    let parameters = parameters.ok_or_else(|| Fault::invalid("TableCreationParameters is required"))?;
    let optional = |name: &str| source.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Import {
        arn: String::new(),
        token: token.to_owned(),
        table: extras::text(&parameters, "TableName")?.to_owned(),
        table_id: None,
        status: "IN_PROGRESS".into(),
        bucket: extras::text(source, "S3Bucket")?.to_owned(),
        bucket_owner: optional("S3BucketOwner"),
        prefix: optional("S3KeyPrefix").unwrap_or_default(),
        compression: compression.to_owned(),
        parameters,
        started_ms: region.time().now_ms(),
        ended: None,
        bytes: None,
        counts: None,
        failure: None,
    })
}

/// The CreateTable request in it.
pub(super) fn creation(import: &Import) -> Result<Map<String, Value>, Fault> {
    let parameters = extras::object(import.parameters.clone())?;
    extras::only(&parameters, CREATION, "ImportTable's TableCreationParameters")?;
    Ok(parameters)
}
