//! The only door to AWS: `aws_sdk_*` is named here and nowhere else (and in `local` for wire types); outside it, our own words.
//!
//! Rules: one client per service for the whole run; every failure is an [`Error`] with the call's name; no call is made
//! before [`Resolved::identify`] has asked STS who we are.
//! Called by the loops of rank 5 and the verbs.

pub mod buckets;
mod endpoints;
pub mod error;
pub mod imports;
pub mod items;
pub mod keys;
pub mod leases;
pub mod limit;
pub mod metrics;
pub mod objects;
pub mod patience;
mod profile;
pub mod provenance;
pub mod scaling;
#[cfg(test)]
mod staged;
pub mod tables;
mod time;

pub use error::Error;

use crate::clock::Clock;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use endpoints::Endpoints;
use std::time::Duration;

/// How to reach AWS. `None` everywhere means the standard chain decides.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Given by name, it goes before every other source of credentials, the environment's keys too.
    pub profile: Option<String>,
    pub region: Option<String>,
    /// Where neither the flag, the environment nor the profile names a region.
    pub fallback_region: Option<String>,
    /// The embedded AWS, or another stand-in.
    pub endpoint: Option<Endpoint>,
    /// What waits for AWS waits on it.
    pub clock: Clock,
}

/// An endpoint with credentials of its own (the embedded AWS).
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub url: String,
    pub access_key: String,
    pub secret_key: String,
}

/// Who and where we are: the first line of every run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    pub account: String,
    pub arn: String,
    pub region: String,
    /// `aws`, or the URL at which `DynamoDB` is asked; where a stand-in of another service is elsewhere, that too.
    pub endpoint: String,
}

impl Identity {
    /// Whether this is AWS itself, by whatever address, and not a stand-in.
    pub fn is_aws(&self) -> bool {
        endpoints::is_aws(&self.endpoint)
    }
}

/// The clients and the caller's identity.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) scaling: aws_sdk_applicationautoscaling::Client,
    pub(crate) kms: aws_sdk_kms::Client,
    pub(crate) identity: Identity,
    patience: patience::Patience,
    keys: keys::Known,
}

/// A configuration that the standard chain has settled, before any call was made.
#[derive(Debug)]
pub struct Resolved {
    config: SdkConfig,
    region: String,
    endpoint: String,
    clock: Clock,
    /// Whose credentials were asked for by name.
    profile: Option<String>,
}

impl Resolved {
    /// Settles region, endpoints and credentials provider; makes no call to AWS (credentials are fetched when first needed).
    pub async fn new(settings: &Settings) -> Result<Self, Error> {
        let config = load(settings).await;
        let region = config.region().map(ToString::to_string).or_else(|| settings.fallback_region.clone()).ok_or_else(no_region)?;
        let config = config.into_builder().region(Region::new(region.clone())).build();
        let endpoints = Endpoints::new(&config);
        endpoints.one_world()?;
        // An endpoint of our own has credentials of its own.
        let profile = settings.profile.clone().filter(|_| settings.endpoint.is_none());
        let config = profile.as_deref().map_or_else(|| config.clone(), |name| profile::of(&config, name));
        Ok(Self { config, region, endpoint: endpoints.shown(), clock: settings.clock.clone(), profile })
    }

    /// The region that every call will go to.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Asks STS who we are: the first call of a run.
    pub async fn identify(self) -> Result<Aws, Error> {
        let identity =
            identify(&self.config, self.region, self.endpoint).await.map_err(|error| profile::named(error, self.profile.as_deref()))?;
        let s3 = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(!identity.is_aws()).build();
        let beside = endpoints::beside(&self.config);
        Ok(Aws {
            dynamodb: aws_sdk_dynamodb::Client::new(&self.config),
            scaling: aws_sdk_applicationautoscaling::Client::new(&beside),
            kms: aws_sdk_kms::Client::new(&beside),
            patience: patience::Patience::new(self.clock, identity.is_aws()),
            keys: keys::Known::default(),
            s3: aws_sdk_s3::Client::from_conf(s3),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&self.config),
            identity,
        })
    }
}

impl Aws {
    /// Both halves of [`Resolved`] at once.
    pub async fn connect(settings: &Settings) -> Result<Self, Error> {
        Resolved::new(settings).await?.identify().await
    }

    /// Who and where we are.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

async fn load(settings: &Settings) -> SdkConfig {
    let http = Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts()).retry_config(retries());
    if settings.clock.is_manual() {
        let time = time::Manual(settings.clock.clone());
        loader = loader
            .sleep_impl(time.clone())
            .time_source(time)
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &settings.endpoint {
        let key = aws_sdk_dynamodb::config::Credentials::new(&endpoint.access_key, &endpoint.secret_key, None, None, "local");
        loader = loader.endpoint_url(&endpoint.url).credentials_provider(key);
    }
    loader.load().await
}

/// The SDK's own first wait is up to a second, which makes a run of some hundred calls under heavy throttling take minutes.
fn retries() -> RetryConfig {
    let standard = RetryConfig::standard().with_max_attempts(8);
    standard.with_initial_backoff(Duration::from_millis(100)).with_max_backoff(Duration::from_secs(5))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_mins(1))
        // An endpoint that accepts and never answers: all tries together, not five full ones.
        .operation_timeout(Duration::from_secs(150))
        .build()
}

fn no_region() -> Error {
    Error {
        call: "AWS configuration".into(),
        code: None,
        message: "no region: pass --region, set AWS_REGION, or add `region` to the profile".into(),
        request_id: None,
        throttling_reasons: Vec::new(),
    }
}

async fn identify(config: &SdkConfig, region: String, endpoint: String) -> Result<Identity, Error> {
    let sts = aws_sdk_sts::Client::new(config);
    let caller = sts.get_caller_identity().send().await.map_err(|e| error::from_sdk("STS GetCallerIdentity", &e))?;
    Ok(Identity {
        account: caller.account().unwrap_or_default().to_owned(),
        arn: crate::safe::text(caller.arn().unwrap_or_default()),
        region,
        endpoint,
    })
}
