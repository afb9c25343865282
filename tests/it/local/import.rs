//! `ImportTable`, measured behaviour by measured behaviour.

use super::{World, attribute, code, everything, hash, still, text, world};
use aws_sdk_dynamodb::operation::import_table::builders::ImportTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    BillingMode, GlobalSecondaryIndex, ImportStatus, ImportTableDescription, InputCompressionType, InputFormat, S3BucketSource,
    TableCreationParameters,
};

/// Two regular items.
const GOOD: &str = "{\"Item\":{\"id\":{\"S\":\"1\"},\"mail\":{\"S\":\"a\"}}}\n{\"Item\":{\"id\":{\"S\":\"2\"}}}\n";

async fn staged(objects: &[(&str, &[u8])]) -> World {
    staged_in(world().await, objects).await
}

async fn staged_in(world: World, objects: &[(&str, &[u8])]) -> World {
    world.s3().create_bucket().bucket("stage").send().await.expect("created");
    for (key, body) in objects {
        world.s3().put_object().bucket("stage").key(*key).body(body.to_vec().into()).send().await.expect("put");
    }
    world
}

fn import(world: &World, table: &str, bucket: &str, prefix: &str) -> ImportTableFluentBuilder {
    let index =
        GlobalSecondaryIndex::builder().index_name("ByMail").key_schema(hash("mail")).projection(everything()).build().expect("whole");
    let parameters = TableCreationParameters::builder().table_name(table).key_schema(hash("id")).billing_mode(BillingMode::PayPerRequest);
    let parameters =
        parameters.attribute_definitions(attribute("id")).attribute_definitions(attribute("mail")).global_secondary_indexes(index);
    let source = S3BucketSource::builder().s3_bucket(bucket).s3_key_prefix(prefix).build().expect("whole");
    let import = world.dynamodb().import_table().s3_bucket_source(source).input_format(InputFormat::DynamodbJson);
    import.table_creation_parameters(parameters.build().expect("whole"))
}

async fn ended(world: &World, import: ImportTableFluentBuilder) -> ImportTableDescription {
    let arn = import.send().await.expect("started").import_table_description.and_then(|d| d.import_arn).expect("an ARN");
    loop {
        let told = world.dynamodb().describe_import().import_arn(&arn).send().await.expect("told").import_table_description.expect("told");
        if told.import_status() != Some(&ImportStatus::InProgress) {
            return told;
        }
        assert_eq!((told.imported_item_count(), told.processed_size_bytes()), (0, None), "counters come at the end");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn told(d: &ImportTableDescription) -> (&str, i64, i64, i64, Option<&str>) {
    let status = d.import_status().map_or("", ImportStatus::as_str);
    (status, d.imported_item_count(), d.error_count(), d.processed_item_count(), d.failure_code())
}

async fn count(world: &World, table: &str) -> i32 {
    world.dynamodb().scan().table_name(table).send().await.expect("scanned").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn good_objects_become_a_table_with_its_index() {
    let zstd = zstd::encode_all(GOOD.as_bytes(), 1).expect("compressed");
    let world = staged(&[("run/a", &zstd), ("run/b", &zstd)]).await;
    let done = ended(&world, import(&world, "Users", "stage", "run/").input_compression_type(InputCompressionType::Zstd)).await;
    // Four writes of two keys: the counter says writes.
    assert_eq!(told(&done), ("COMPLETED", 4, 0, 4, None));
    assert!(done.end_time().is_some() && done.processed_size_bytes().is_some());
    assert_eq!(count(&world, "Users").await, 2);
    let index = world.dynamodb().scan().table_name("Users").index_name("ByMail").send().await.expect("scanned");
    assert_eq!(index.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_abandons_its_object_and_keeps_the_rest() {
    let cut = format!("{GOOD}oops\n{{\"Item\":{{\"id\":{{\"S\":\"9\"}}}}}}\n");
    let world = staged(&[("run/a", cut.as_bytes()), ("run/b", b"\n\n{\"Item\":{\"id\":{\"S\":\"3\"}}}")]).await;
    let done = ended(&world, import(&world, "Users", "stage", "run/")).await;
    assert_eq!(told(&done), ("FAILED", 3, 1, 4, Some("ItemValidationError")));
    assert_eq!(count(&world, "Users").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_the_table_refuses_is_one_error() {
    let no_key = "{\"Item\":{\"mail\":{\"S\":\"x\"}}}\n{\"Item\":{\"id\":{\"N\":\"1\"}}}\n{\"Item\":{\"id\":{\"S\":\"3\"},\"mail\":{\"N\":\"1\"}}}\n";
    let world = staged(&[("run/a", format!("{no_key}{GOOD}").as_bytes())]).await;
    let done = ended(&world, import(&world, "Users", "stage", "run/")).await;
    assert_eq!(told(&done), ("FAILED", 2, 3, 5, Some("ItemValidationError")));
    assert_eq!(count(&world, "Users").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prefix_is_raw_text_and_may_match_nothing() {
    let world = staged(&[("run1/a", GOOD.as_bytes()), ("run10/a", b"{\"Item\":{\"id\":{\"S\":\"77\"}}}")]).await;
    assert_eq!(told(&ended(&world, import(&world, "Both", "stage", "run1")).await).1, 3);
    assert_eq!(told(&ended(&world, import(&world, "One", "stage", "run1/")).await).1, 2);
    assert_eq!(told(&ended(&world, import(&world, "None", "stage", "run2/")).await), ("COMPLETED", 0, 0, 0, None));
    assert_eq!(count(&world, "None").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_bucket_fails_later_and_leaves_no_table() {
    let world = staged(&[]).await;
    let done = ended(&world, import(&world, "Users", "nowhere", "")).await;
    assert_eq!(told(&done), ("FAILED", 0, 0, 0, Some("S3NoSuchBucket")));
    assert_eq!(code(world.dynamodb().describe_table().table_name("Users").send().await), "ResourceNotFoundException");
    let done = ended(&world, import(&world, "Users", "taken-theirs", "")).await;
    assert_eq!(told(&done).4, Some("S3AccessDenied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_hidden_then_creating_while_it_is_filled() {
    let world = staged_in(still().await, &[("run/a", GOOD.as_bytes())]).await;
    import(&world, "Users", "stage", "run/").send().await.expect("started");
    let client = world.dynamodb();
    world.pass(29.0);
    assert_eq!(code(client.describe_table().table_name("Users").send().await), "ResourceNotFoundException");
    world.pass(1.0);
    let status = client.describe_table().table_name("Users").send().await.expect("there").table.and_then(|t| t.table_status);
    assert_eq!(status.map(|s| s.as_str().to_owned()).as_deref(), Some("CREATING"));
    assert_eq!(code(client.put_item().table_name("Users").item("id", text("1")).send().await), "ResourceNotFoundException");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    let listed = client.list_imports().send().await.expect("listed");
    assert_eq!(listed.import_summary_list()[0].import_status().map(ImportStatus::as_str), Some("IN_PROGRESS"));
    world.pass(75.0);
    let table = client.describe_table().table_name("Users").send().await.expect("there").table.and_then(|t| t.table_status);
    assert_eq!(table.map(|s| s.as_str().to_owned()).as_deref(), Some("ACTIVE"), "before the import says so");
    let status = async || client.list_imports().send().await.expect("listed").import_summary_list()[0].import_status().cloned();
    assert_eq!(status().await, Some(ImportStatus::InProgress));
    world.pass(6.0);
    assert_eq!(status().await, Some(ImportStatus::Completed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_means_its_first_import() {
    let world = staged(&[("run/a", GOOD.as_bytes())]).await;
    let first = ended(&world, import(&world, "Users", "stage", "run/").client_token("t")).await;
    let again = import(&world, "Users", "stage", "other/").client_token("t").send().await.expect("the same");
    assert_eq!(again.import_table_description().and_then(|d| d.import_arn()), first.import_arn());
    assert_eq!(code(import(&world, "Other", "stage", "run/").client_token("t").send().await), "ImportConflictException");
    assert_eq!(code(import(&world, "Users", "stage", "run/").send().await), "ResourceInUseException");
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_are_listed_in_pages() {
    let world = staged(&[]).await;
    for i in 0..3 {
        ended(&world, import(&world, &format!("Table{i}"), "stage", "x/")).await;
    }
    let client = world.dynamodb();
    let page = client.list_imports().page_size(2).send().await.expect("listed");
    let rest = client.list_imports().page_size(2).set_next_token(page.next_token.clone()).send().await.expect("listed");
    assert_eq!((page.import_summary_list().len(), rest.import_summary_list().len(), rest.next_token()), (2, 1, None));
    assert_eq!(code(client.list_imports().page_size(26).send().await), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_whose_index_key_is_too_large_is_one_error() {
    let large = format!("{GOOD}{{\"Item\":{{\"id\":{{\"S\":\"3\"}},\"mail\":{{\"S\":\"{}\"}}}}}}\n", "m".repeat(2_049));
    let world = staged(&[("run/a", large.as_bytes())]).await;
    let done = ended(&world, import(&world, "Users", "stage", "run/")).await;
    assert_eq!(told(&done), ("FAILED", 2, 1, 3, Some("ItemValidationError")));
    assert_eq!(count(&world, "Users").await, 2);
}
