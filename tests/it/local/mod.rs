//! The embedded AWS, seen by the real SDK.

#![allow(clippy::redundant_closure_for_method_calls, reason = "the SDK's long type names would hide what is asserted")]

mod cloudwatch;
mod corrections;
mod faults;
mod import;
mod items;
mod kept;
mod s3;
mod signature;
mod tables;
mod throttling;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ProvisionedThroughput, ScalarAttributeType,
};
use landfall::local::{Local, Options};
use std::path::Path;

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

async fn world_in(dir: &Path) -> World {
    let options = Options { dir: Some(dir.to_owned()), ..Options::default() };
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

/// An on-demand table with the key `id` and an index on `mail`.
async fn on_demand(client: &aws_sdk_dynamodb::Client, name: &str) {
    let index =
        GlobalSecondaryIndex::builder().index_name("ByMail").key_schema(hash("mail")).projection(everything()).build().expect("whole");
    let create = client.create_table().table_name(name).key_schema(hash("id")).billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(attribute("id")).attribute_definitions(attribute("mail")).global_secondary_indexes(index);
    create.send().await.expect("created");
}

/// A provisioned table (5 read, 5 write) with an index (3 read, 3 write).
async fn provisioned(client: &aws_sdk_dynamodb::Client, name: &str) {
    let index = GlobalSecondaryIndex::builder().index_name("ByMail").key_schema(hash("mail")).projection(everything());
    let index = index.provisioned_throughput(units(3, 3)).build().expect("whole");
    let create = client.create_table().table_name(name).key_schema(hash("id")).provisioned_throughput(units(5, 5));
    let create = create.attribute_definitions(attribute("id")).attribute_definitions(attribute("mail")).global_secondary_indexes(index);
    create.send().await.expect("created");
}
