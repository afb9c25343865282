//! Who may: the key pair, the expected owner, other people's buckets, the bucket's region, and the gate.

use super::Objects;
use crate::local::faults::Stop;
use crate::local::gate::{Asked, Gate, Slip};
use crate::local::signature::Keys;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use std::sync::Arc;

/// The one key pair.
pub(super) struct Known(pub(super) Keys);

#[async_trait::async_trait]
impl S3Auth for Known {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.0.access {
            return Ok(SecretKey::from(self.0.secret.clone()));
        }
        Err(s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records."))
    }
}

/// Checks every call before its operation runs.
pub(super) struct Doorkeeper {
    pub(super) account: String,
    pub(super) gate: Gate,
    pub(super) objects: Arc<Objects>,
}

#[async_trait::async_trait]
impl S3Access for Doorkeeper {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if cx.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        let slip = cx.extensions_mut().get::<Slip>().cloned();
        let (operation, region) = (cx.s3_op().name(), region(cx));
        self.pass(slip, cx.s3_path(), operation).await?;
        for header in ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"] {
            if cx.headers().get(header).is_some_and(|owner| owner.as_bytes() != self.account.as_bytes()) {
                return Err(s3_error!(AccessDenied, "Access Denied"));
            }
        }
        match cx.s3_path() {
            S3Path::Root => Ok(()),
            S3Path::Bucket { bucket } | S3Path::Object { bucket, .. } => self.check_bucket(bucket, operation, &region),
        }
    }
}

impl Doorkeeper {
    /// Through the gate; what became of it goes back to the server on the slip that the request brought.
    async fn pass(&self, slip: Option<Slip>, path: &S3Path, operation: &str) -> S3Result<()> {
        let resource = match path {
            S3Path::Root => "",
            S3Path::Bucket { bucket } | S3Path::Object { bucket, .. } => bucket,
        };
        let pass = self.gate.pass(&Asked { service: "s3", operation, resource, body: b"" });
        let passed = pass.before().await;
        if let Some(slip) = slip {
            slip.put(pass, matches!(passed, Err(Stop::Tear)));
        }
        passed.map_err(|stop| match stop {
            Stop::Refuse(fault) => refused(&fault.code, fault.message, fault.status),
            // Nobody sees this: the server tears the connection.
            Stop::Tear => s3_error!(InternalError),
        })
    }

    fn check_bucket(&self, bucket: &str, operation: &str, region: &str) -> S3Result<()> {
        let creates = operation == "CreateBucket";
        if bucket.starts_with("taken-") {
            let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the system.";
            return Err(if creates { s3_error!(BucketAlreadyExists, "{message}") } else { s3_error!(AccessDenied, "Access Denied") });
        }
        let home = self.objects.all().get(bucket).map(|b| b.config.region.clone());
        match home {
            // AWS answers these from any region.
            Some(home) if home != region && !creates && operation != "GetBucketLocation" => Err(elsewhere(&home)),
            _ => Ok(()),
        }
    }
}

/// The region that the request was signed for.
fn region(cx: &S3AccessContext<'_>) -> String {
    let header = cx.headers().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let query = cx.uri().query().unwrap_or_default().replace("%2F", "/").replace("%2f", "/");
    let scope = |text: &str| text.split("Credential=").nth(1).and_then(|c| c.split('/').nth(2)).map(str::to_owned);
    scope(header).or_else(|| scope(&query)).unwrap_or_default()
}

fn elsewhere(home: &str) -> S3Error {
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint.";
    let mut error = refused("PermanentRedirect", format!("{message} Its region is {home}."), 301);
    let mut headers = http::HeaderMap::new();
    if let Ok(value) = home.parse() {
        headers.insert("x-amz-bucket-region", value);
    }
    error.set_headers(headers);
    error
}

/// A refusal in any code, with its HTTP status.
pub(super) fn refused(code: &str, message: impl Into<std::borrow::Cow<'static, str>>, status: u16) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, message);
    if let Ok(status) = http::StatusCode::from_u16(status) {
        error.set_status_code(status);
    }
    error
}
