//! An AWS that answers what a test says, without a socket: also as the real one, which no test may reach.

use super::{Aws, Identity, keys, patience, time};
use crate::clock::Clock;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use std::sync::Arc;

/// What a call gets: status and body, or a connection that breaks.
pub(super) type Answer = Option<(u16, String)>;

/// Gets the operation's name, or `GET ?query` where the protocol has none, and the body.
type Answers = dyn Fn(&str, &str) -> Answer + Send + Sync;

#[derive(Clone)]
struct Staged(Arc<Answers>);

impl std::fmt::Debug for Staged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Staged")
    }
}

impl HttpConnector for Staged {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
        let query = || format!("{} ?{}", request.method(), request.uri().split_once('?').map_or("", |(_, query)| query));
        let name = target.map_or_else(query, str::to_owned);
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        HttpConnectorFuture::ready(match (self.0)(&name, &body) {
            Some((status, body)) => Ok(HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body))),
            None => Err(ConnectorError::io("broken".into())),
        })
    }
}

/// Every call is made once, on a clock that each wait moves. `endpoint`: `aws`, or the address of a stand-in.
pub(super) fn aws(endpoint: &str, answer: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Aws {
    let staged = Staged(Arc::new(answer));
    let http = http_client_fn(move |_, _| SharedHttpConnector::new(staged.clone()));
    let clock = Clock::manual(1_800_000_000_000);
    let time = time::Manual(clock.clone());
    let key = aws_sdk_dynamodb::config::Credentials::new("local", "local", None, None, "test");
    let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).http_client(http);
    let config = config.sleep_impl(time.clone()).time_source(time).retry_config(RetryConfig::disabled());
    let config = config.timeout_config(TimeoutConfig::disabled()).stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let config = config.credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(key)).build();
    Aws {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        scaling: aws_sdk_applicationautoscaling::Client::new(&config),
        kms: aws_sdk_kms::Client::new(&config),
        s3: aws_sdk_s3::Client::new(&config),
        cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
        patience: patience::Patience::new(clock, super::endpoints::is_aws(endpoint)),
        keys: keys::Known::default(),
        identity: Identity {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/t".into(),
            region: "us-east-1".into(),
            endpoint: endpoint.into(),
        },
    }
}

#[allow(clippy::large_futures, reason = "nothing else runs in these threads")]
mod tests;
