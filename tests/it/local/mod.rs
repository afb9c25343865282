//! The embedded AWS, seen by the real SDK.

#![allow(clippy::redundant_closure_for_method_calls, reason = "the SDK's long type names would hide what is asserted")]

mod cloudwatch;
mod control;
mod corrections;
mod exports;
mod faults;
mod import;
mod items;
mod kept;
mod keys;
mod limits;
mod s3;
mod scaling;
mod settings;
mod signature;
mod tables;
mod throttling;
mod versions;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ProvisionedThroughput, ScalarAttributeType,
};
use landfall::clock::Clock;
use landfall::local::{Local, Options};
use std::path::Path;
use std::time::Duration;

/// A running embedded AWS and how to speak to it.
struct World {
    local: Local,
}

/// Who speaks.
#[derive(Clone, Copy)]
struct Caller<'a> {
    region: &'a str,
    key: &'a str,
    secret: &'a str,
}

const ME: Caller<'static> = Caller { region: "us-east-1", key: "local", secret: "local" };

async fn world() -> World {
    World { local: Local::start(Options::default()).await.expect("starts") }
}

/// One whose time stands still until the test moves it.
async fn still() -> World {
    still_with(Options::default()).await
}

async fn still_with(options: Options) -> World {
    // 2026-10-09T00:00:01Z: the day's budgets are whole.
    let clock = Clock::manual(1_791_504_001_000);
    World { local: Local::start(Options { clock, ..options }).await.expect("starts") }
}

async fn world_in(dir: &Path) -> World {
    world_in_at(dir, Options::default().clock).await
}

async fn world_in_at(dir: &Path, clock: Clock) -> World {
    let options = Options { dir: Some(dir.to_owned()), clock, ..Options::default() };
    World { local: Local::start(options).await.expect("starts") }
}

macro_rules! client {
    ($name:ident, $sdk:ident $(, $extra:ident($value:expr))?) => {
        fn $name(&self, caller: Caller<'_>) -> $sdk::Client {
            let config = $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(http())
                .endpoint_url(self.local.url())
                .region(Region::new(caller.region.to_owned()))
                .credentials_provider(Credentials::new(caller.key, caller.secret, None, None, "test"))
                .retry_config(RetryConfig::disabled())
                $(.$extra($value))?;
            $sdk::Client::from_conf(config.build())
        }
    };
}

impl World {
    client!(dynamodb_as, aws_sdk_dynamodb);
    client!(s3_as, aws_sdk_s3, force_path_style(true));
    client!(cloudwatch_as, aws_sdk_cloudwatch);
    client!(sts_as, aws_sdk_sts);
    client!(scaling_as, aws_sdk_applicationautoscaling);
    client!(kms_as, aws_sdk_kms);

    /// Lets `seconds` of AWS's time go by.
    fn pass(&self, seconds: f64) {
        self.local.clock().advance(Duration::from_secs_f64(seconds));
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb_as(ME)
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        self.s3_as(ME)
    }

    fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        self.cloudwatch_as(ME)
    }
}

fn http() -> aws_sdk_dynamodb::config::SharedHttpClient {
    use aws_smithy_http_client::{Builder, tls};
    Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
}

/// The service's error code, or `OK`.
fn code<T, E: ProvideErrorMetadata, R>(result: Result<T, aws_sdk_dynamodb::error::SdkError<E, R>>) -> String {
    match result {
        Ok(_) => "OK".into(),
        Err(error) => error.as_service_error().and_then(|e| e.code()).unwrap_or("no code").to_owned(),
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().expect("whole")
}

fn hash(name: &str) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build().expect("whole")
}

fn units(read: i64, write: i64) -> ProvisionedThroughput {
    ProvisionedThroughput::builder().read_capacity_units(read).write_capacity_units(write).build().expect("whole")
}

fn everything() -> Projection {
    Projection::builder().projection_type(ProjectionType::All).build()
}

/// Waits until the table and all its indexes are ACTIVE and nothing of it changes.
async fn settled(client: &aws_sdk_dynamodb::Client, name: &str) {
    for _ in 0..2_000 {
        let told = client.describe_table().table_name(name).send().await.expect("there").table.expect("a table");
        let indexes = told.global_secondary_indexes().iter().all(|i| i.index_status().is_some_and(|s| s.as_str() == "ACTIVE"));
        let encryption = told.sse_description().and_then(|s| s.status()).is_none_or(|s| s.as_str() == "ENABLED");
        let warm = told.warm_throughput().and_then(|w| w.status()).is_none_or(|s| s.as_str() == "ACTIVE");
        if told.table_status().is_some_and(|s| s.as_str() == "ACTIVE") && indexes && encryption && warm {
            // Backups and tags take a moment more.
            return tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("{name} does not settle");
}

/// Waits until the table is gone.
async fn gone(client: &aws_sdk_dynamodb::Client, name: &str) {
    while client.describe_table().table_name(name).send().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// An on-demand table with the key `id` and an index on `mail`, ACTIVE.
async fn on_demand(client: &aws_sdk_dynamodb::Client, name: &str) {
    make_on_demand(client, name).await;
    settled(client, name).await;
}

/// The same, not waited for.
async fn make_on_demand(client: &aws_sdk_dynamodb::Client, name: &str) {
    let index =
        GlobalSecondaryIndex::builder().index_name("ByMail").key_schema(hash("mail")).projection(everything()).build().expect("whole");
    let create = client.create_table().table_name(name).key_schema(hash("id")).billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(attribute("id")).attribute_definitions(attribute("mail")).global_secondary_indexes(index);
    create.send().await.expect("created");
}

/// A provisioned table (5 read, 5 write) with an index (3 read, 3 write), ACTIVE.
async fn provisioned(client: &aws_sdk_dynamodb::Client, name: &str) {
    make_provisioned(client, name).await;
    settled(client, name).await;
}

/// The same, not waited for.
async fn make_provisioned(client: &aws_sdk_dynamodb::Client, name: &str) {
    let index = GlobalSecondaryIndex::builder().index_name("ByMail").key_schema(hash("mail")).projection(everything());
    let index = index.provisioned_throughput(units(3, 3)).build().expect("whole");
    let create = client.create_table().table_name(name).key_schema(hash("id")).provisioned_throughput(units(5, 5));
    let create = create.attribute_definitions(attribute("id")).attribute_definitions(attribute("mail")).global_secondary_indexes(index);
    create.send().await.expect("created");
}
