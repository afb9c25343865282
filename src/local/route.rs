//! Which service a request is for, in which protocol, and how a reply or a refusal is written in it.
//!
//! Key insight: AWS tells services apart by host name; one loopback port cannot, but every SDK also says it in the
//! `x-amz-target`, in the smithy path, or in the credential scope of its signature.

use super::fault::Fault;
use super::form;
use super::signature::{Authorization, Denial};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use s3s::Body;

/// A service and the way it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// DynamoDB and its streams: awsJson1.0, the operation in the target.
    Dynamo(String),
    /// CloudWatch as awsJson1.0.
    CloudWatchJson(String),
    /// CloudWatch as smithy rpc-v2-cbor.
    CloudWatchCbor(String),
    /// CloudWatch as the classic query protocol.
    CloudWatchQuery,
    /// Application Auto Scaling: awsJson1.1.
    Scaling(String),
    /// KMS: awsJson1.1.
    Kms(String),
    /// STS as the query protocol.
    Sts,
    /// Everything else is S3.
    S3,
}

const CBOR_PATH: &str = "/service/GraniteServiceVersion20100801/operation/";

impl Protocol {
    /// Reads the request's head.
    pub(crate) fn of(parts: &Parts) -> Self {
        if let Some(operation) = parts.uri.path().strip_prefix(CBOR_PATH) {
            return Self::CloudWatchCbor(operation.to_owned());
        }
        let target = parts.headers.get("x-amz-target").and_then(|v| v.to_str().ok());
        if let Some((service, operation)) = target.and_then(|t| t.split_once('.')) {
            return match service {
                "GraniteServiceVersion20100801" => Self::CloudWatchJson(operation.to_owned()),
                "AnyScaleFrontendService" => Self::Scaling(operation.to_owned()),
                "TrentService" => Self::Kms(operation.to_owned()),
                // A target that nobody knows is refused by DynamoDB as an unknown operation.
                "DynamoDB_20120810" | "DynamoDBStreams_20120810" => Self::Dynamo(operation.to_owned()),
                _ => Self::Dynamo(String::new()),
            };
        }
        match Authorization::of(parts).map(|a| a.service).as_deref() {
            Ok("monitoring") => Self::CloudWatchQuery,
            Ok("sts") => Self::Sts,
            Ok("dynamodb") => Self::Dynamo(String::new()),
            Err(Denial::Missing) if is_form(parts) => Self::Sts,
            _ => Self::S3,
        }
    }

    /// The service's name in a credential scope.
    pub(crate) fn service(&self) -> &'static str {
        match self {
            Self::Dynamo(_) => "dynamodb",
            Self::CloudWatchJson(_) | Self::CloudWatchCbor(_) | Self::CloudWatchQuery => "monitoring",
            Self::Scaling(_) => "application-autoscaling",
            Self::Kms(_) => "kms",
            Self::Sts => "sts",
            Self::S3 => "s3",
        }
    }

    /// The API's name of what is asked.
    pub(crate) fn operation(&self, body: &[u8]) -> String {
        match self {
            Self::Dynamo(operation)
            | Self::CloudWatchJson(operation)
            | Self::CloudWatchCbor(operation)
            | Self::Scaling(operation)
            | Self::Kms(operation) => operation.clone(),
            Self::CloudWatchQuery | Self::Sts => form::get(&form::parse(body), "Action").unwrap_or_default().to_owned(),
            Self::S3 => String::new(),
        }
    }

    /// The refusal that AWS gives in this service for a request that is not believed.
    pub(crate) fn denied(&self, denial: Denial) -> Fault {
        let dynamo = matches!(self, Self::Dynamo(_) | Self::Scaling(_) | Self::Kms(_));
        let pick = |json: &str, query: &str| if dynamo { json.to_owned() } else { query.to_owned() };
        let (code, message) = match denial {
            Denial::Missing => (
                pick("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
                "Request is missing Authentication Token".into(),
            ),
            Denial::Incomplete(why) => (pick("IncompleteSignatureException", "IncompleteSignature"), why),
            Denial::UnknownKey => (
                pick("UnrecognizedClientException", "InvalidClientTokenId"),
                "The security token included in the request is invalid.".into(),
            ),
            Denial::Mismatch(why) => (pick("InvalidSignatureException", "SignatureDoesNotMatch"), why),
        };
        Fault::new(&code, message).with_status(if dynamo { 400 } else { 403 })
    }

    /// Writes a reply that the service made in this protocol's own form.
    pub(crate) fn reply(&self, body: Bytes, id: &str) -> Response<Body> {
        self.respond(200, body, id)
    }

    /// Writes a refusal.
    pub(crate) fn refuse(&self, fault: &Fault, id: &str) -> Response<Body> {
        let body = match self {
            Self::Dynamo(_) => fault.json.clone().unwrap_or_else(|| json(fault, "com.amazonaws.dynamodb.v20120810#")),
            Self::CloudWatchJson(_) => json(fault, "com.amazonaws.cloudwatch.v2010_08_01#"),
            Self::Scaling(_) | Self::Kms(_) => json(fault, ""),
            Self::CloudWatchCbor(_) => cbor(fault),
            Self::CloudWatchQuery | Self::Sts => xml(fault, id),
            Self::S3 => bare_xml(fault, id),
        };
        let mut response = self.respond(fault.status, body, id);
        let sender = if fault.status >= 500 { "Receiver" } else { "Sender" };
        if let (false, Ok(value)) = (matches!(self, Self::Dynamo(_)), HeaderValue::from_str(&format!("{};{sender}", fault.code))) {
            response.headers_mut().insert("x-amzn-query-error", value);
        }
        response
    }

    fn respond(&self, status: u16, body: Bytes, id: &str) -> Response<Body> {
        let content = match self {
            Self::Dynamo(_) | Self::CloudWatchJson(_) => "application/x-amz-json-1.0",
            Self::Scaling(_) | Self::Kms(_) => "application/x-amz-json-1.1",
            Self::CloudWatchCbor(_) => "application/cbor",
            Self::CloudWatchQuery | Self::Sts | Self::S3 => "text/xml",
        };
        let mut builder = Response::builder().status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        builder = builder.header(CONTENT_TYPE, content).header("x-amzn-RequestId", id);
        if matches!(self, Self::Dynamo(_)) {
            builder = builder.header("x-amz-crc32", s3s::crypto::Crc32::checksum_u32(&body));
        }
        if matches!(self, Self::CloudWatchCbor(_)) {
            builder = builder.header("smithy-protocol", "rpc-v2-cbor");
        }
        builder.body(Body::from(body)).unwrap_or_else(|_| Response::new(Body::empty()))
    }
}

fn is_form(parts: &Parts) -> bool {
    parts.headers.get(CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

fn json(fault: &Fault, namespace: &str) -> Bytes {
    serde_json::json!({"__type": format!("{namespace}{}", fault.code), "message": fault.message}).to_string().into()
}

fn cbor(fault: &Fault) -> Bytes {
    let map = std::collections::BTreeMap::from([("__type", &fault.code), ("message", &fault.message)]);
    let mut out = Vec::new();
    // Writing strings to memory cannot fail; an empty body would still carry the status.
    let _ = ciborium::into_writer(&map, &mut out);
    out.into()
}

fn xml(fault: &Fault, id: &str) -> Bytes {
    let kind = if fault.status >= 500 { "Receiver" } else { "Sender" };
    let (code, message) = (form::xml(&fault.code), form::xml(&fault.message));
    format!("<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>").into()
}

/// S3's errors have no envelope.
fn bare_xml(fault: &Fault, id: &str) -> Bytes {
    let (code, message) = (form::xml(&fault.code), form::xml(&fault.message));
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId></Error>").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(request: http::request::Builder) -> Protocol {
        Protocol::of(&request.body(()).expect("a request").into_parts().0)
    }

    fn scoped(service: &str) -> http::request::Builder {
        let value = format!("AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0");
        http::Request::post("/").header("authorization", value)
    }

    #[test]
    fn services_are_told_apart_as_their_clients_say_it() {
        let target = |t: &str| http::Request::post("/").header("x-amz-target", t);
        let table = [
            (target("DynamoDB_20120810.PutItem"), Protocol::Dynamo("PutItem".into())),
            (target("DynamoDBStreams_20120810.GetRecords"), Protocol::Dynamo("GetRecords".into())),
            (target("GraniteServiceVersion20100801.ListMetrics"), Protocol::CloudWatchJson("ListMetrics".into())),
            (target("Kinesis_20131202.PutRecord"), Protocol::Dynamo(String::new())),
            (target("AnyScaleFrontendService.RegisterScalableTarget"), Protocol::Scaling("RegisterScalableTarget".into())),
            (target("TrentService.DescribeKey"), Protocol::Kms("DescribeKey".into())),
            (http::Request::post(format!("{CBOR_PATH}GetMetricData")), Protocol::CloudWatchCbor("GetMetricData".into())),
            (scoped("monitoring"), Protocol::CloudWatchQuery),
            (scoped("sts"), Protocol::Sts),
            (scoped("s3"), Protocol::S3),
            (http::Request::get("/bucket/key"), Protocol::S3),
        ];
        for (request, protocol) in table {
            assert_eq!(of(request), protocol);
        }
    }
}
