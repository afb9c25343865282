//! What an account may have, and do at once, in AWS's words where they are known.

use super::{World, attribute, code, everything, hash, still, text};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex, GlobalSecondaryIndexUpdate, InputFormat, KeySchemaElement,
    KeyType, LocalSecondaryIndex, S3BucketSource, TableCreationParameters,
};

/// The code and the words of a refusal.
fn words<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(result: Result<T, SdkError<E, R>>) -> String {
    let refused = result.expect_err("refused");
    let told = refused.as_service_error().expect("an answer");
    format!("{}: {}", told.code().unwrap_or_default(), told.message().unwrap_or_default())
}

fn sort(name: &str) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Range).build().expect("whole")
}

/// A table with so many global and local indexes.
fn create(world: &World, global: usize, local: usize) -> CreateTableFluentBuilder {
    let create = world.dynamodb().create_table().table_name("Users").billing_mode(BillingMode::PayPerRequest);
    let mut create = create.key_schema(hash("id")).key_schema(sort("at"));
    for name in ["id", "at", "mail"] {
        create = create.attribute_definitions(attribute(name));
    }
    for i in 0..global {
        let index = GlobalSecondaryIndex::builder().index_name(format!("Global{i}")).key_schema(hash("mail")).projection(everything());
        create = create.global_secondary_indexes(index.build().expect("whole"));
    }
    for i in 0..local {
        let index = LocalSecondaryIndex::builder().index_name(format!("Local{i}")).key_schema(hash("id")).key_schema(sort("mail"));
        create = create.local_secondary_indexes(index.projection(everything()).build().expect("whole"));
    }
    create
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_twenty_global_and_five_local_indexes_at_most() {
    let world = still().await;
    let invalid = "ValidationException: One or more parameter values were invalid:";
    let refused = words(create(&world, 21, 0).send().await);
    assert_eq!(refused, format!("{invalid} GlobalSecondaryIndex count exceeds the per-table limit of 20"));
    let refused = words(create(&world, 0, 6).send().await);
    assert_eq!(refused, format!("{invalid} Number of LocalSecondaryIndexes exceeds per-table limit of 5"));
    create(&world, 20, 5).send().await.expect("as many as there may be");
    world.pass(30.0);
    let one = CreateGlobalSecondaryIndexAction::builder().index_name("More").key_schema(hash("city")).projection(everything());
    let one = GlobalSecondaryIndexUpdate::builder().create(one.build().expect("whole")).build();
    let update = world.dynamodb().update_table().table_name("Users").attribute_definitions(attribute("city"));
    let limit = "LimitExceededException: Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20";
    assert_eq!(words(update.global_secondary_index_updates(one).send().await), limit);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_imports_run_at_once_and_one_more_when_one_is_over() {
    let world = still().await;
    world.s3().create_bucket().bucket("stage").send().await.expect("created");
    let import = |i: usize| {
        let parameters = TableCreationParameters::builder().table_name(format!("Table{i}")).key_schema(hash("id"));
        let parameters = parameters.attribute_definitions(attribute("id")).billing_mode(BillingMode::PayPerRequest);
        let source = S3BucketSource::builder().s3_bucket("stage").s3_key_prefix("nothing/").build().expect("whole");
        let import = world.dynamodb().import_table().s3_bucket_source(source).input_format(InputFormat::DynamodbJson);
        import.client_token(format!("token{i}")).table_creation_parameters(parameters.build().expect("whole")).send()
    };
    for i in 0..50 {
        import(i).await.expect("begun");
    }
    let refused = words(import(50).await);
    assert!(refused.starts_with("LimitExceededException: Subscriber limit exceeded: Only 50 tables"), "{refused}");
    assert_eq!(code(import(7).await), "OK", "a token that is known begins nothing");
    world.pass(120.0);
    world.dynamodb().list_imports().send().await.expect("caught up");
    assert_eq!(code(import(50).await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_tables_are_limited_only_where_that_is_asked_for() {
    use landfall::local::{Effect, Options, Rule};
    let world = super::still_with(Options { changes_per_second: Some(6), ..Options::default() }).await;
    let create = |i: usize| {
        let create = world.dynamodb().create_table().table_name(format!("Table{i}")).key_schema(hash("id"));
        create.attribute_definitions(attribute("id")).billing_mode(BillingMode::PayPerRequest).send()
    };
    let mut told = Vec::new();
    for i in 0..10 {
        told.push(code(create(i).await));
    }
    assert_eq!(told.iter().filter(|code| *code == "ThrottlingException").count(), 4, "of ten at once");
    let refused = words(create(10).await);
    assert_eq!(refused, "ThrottlingException: The rate of control plane requests made by this account is too high");
    assert_eq!(code(world.dynamodb().describe_table().table_name("Table0").send().await), "OK", "reads are free");
    world.pass(1.0);
    assert_eq!(code(create(10).await), "OK", "a second later");
    world.local.faults().clear();
    world.local.faults().install(Rule::new(Effect::Limit(1)));
    world.pass(10.0);
    let protect = |on| world.dynamodb().update_table().table_name("Table0").deletion_protection_enabled(on).send();
    assert_eq!([code(create(11).await), code(create(12).await), code(protect(true).await)], ["OK", "ThrottlingException", "OK"]);
    world.pass(10.0);
    assert_eq!(code(world.dynamodb().put_item().table_name("Table0").item("id", text("1")).send().await), "OK");
    // Without the option there is no bound.
    let free = still().await;
    for i in 0..20 {
        let create = free.dynamodb().create_table().table_name(format!("Table{i}")).key_schema(hash("id"));
        create.attribute_definitions(attribute("id")).billing_mode(BillingMode::PayPerRequest).send().await.expect("made");
    }
}
