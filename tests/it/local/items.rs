//! The data plane: what callers see of it, and what they asked to see.

use super::{code, on_demand, text, world};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, ReturnConsumedCapacity, WriteRequest};

#[tokio::test(flavor = "multi_thread")]
async fn units_are_told_only_as_far_as_they_were_asked_for() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let put = |wanted: Option<ReturnConsumedCapacity>| {
        let put = client.put_item().table_name("Users").item("id", text("1")).item("mail", text("a@b"));
        put.item("pad", text(&fastrand::u64(..).to_string())).set_return_consumed_capacity(wanted).send()
    };
    assert!(put(None).await.expect("put").consumed_capacity().is_none());
    assert!(put(Some(ReturnConsumedCapacity::None)).await.expect("put").consumed_capacity().is_none());
    let total = put(Some(ReturnConsumedCapacity::Total)).await.expect("put").consumed_capacity.expect("told");
    assert_eq!((total.capacity_units(), total.table().is_none(), total.global_secondary_indexes().is_none()), (Some(2.0), true, true));
    let indexes = put(Some(ReturnConsumedCapacity::Indexes)).await.expect("put").consumed_capacity.expect("told");
    assert_eq!(indexes.global_secondary_indexes().map(std::collections::HashMap::len), Some(1));
    assert_eq!(code(put(Some(ReturnConsumedCapacity::from("SOME"))).await), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_may_be_named_by_its_arn() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Users";
    client.put_item().table_name(arn).item("id", text("1")).send().await.expect("put");
    assert!(client.get_item().table_name(arn).key("id", text("1")).send().await.expect("got").item.is_some());
    let put = PutRequest::builder().item("id", text("2")).build().expect("whole");
    let batch = client.batch_write_item().request_items(arn, vec![WriteRequest::builder().put_request(put).build()]);
    batch.send().await.expect("put");
    let put = aws_sdk_dynamodb::types::Put::builder().table_name(arn).item("id", text("3")).build().expect("whole");
    let put = aws_sdk_dynamodb::types::TransactWriteItem::builder().put(put).build();
    client.transact_write_items().transact_items(put).send().await.expect("put");
    assert_eq!(client.scan().table_name(arn).send().await.expect("scanned").count(), 3);
    let elsewhere = arn.replace("us-east-1", "eu-west-1");
    assert_eq!(code(client.get_item().table_name(elsewhere).key("id", text("1")).send().await), "ResourceNotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_transactions_and_partiql_answer() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let write = |i: i32| {
        let put =
            PutRequest::builder().item("id", text(&i.to_string())).item("n", AttributeValue::N(i.to_string())).build().expect("whole");
        WriteRequest::builder().put_request(put).build()
    };
    let batch = client.batch_write_item().request_items("Users", (0..25).map(write).collect()).send().await.expect("written");
    assert!(batch.unprocessed_items().is_none_or(std::collections::HashMap::is_empty));
    assert_eq!(code(client.batch_write_item().request_items("Users", (0..26).map(write).collect()).send().await), "ValidationException");
    let selected = client.execute_statement().statement("SELECT * FROM \"Users\" WHERE id = '7'").send().await.expect("selected");
    assert_eq!(selected.items().len(), 1);
    let put =
        aws_sdk_dynamodb::types::Put::builder().table_name("Users").item("id", text("1")).condition_expression("attribute_not_exists(id)");
    let item = aws_sdk_dynamodb::types::TransactWriteItem::builder().put(put.build().expect("whole")).build();
    let refused = client.transact_write_items().transact_items(item).send().await.expect_err("refused").into_service_error();
    assert!(refused.is_transaction_canceled_exception(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_names_a_table_twice_is_refused_and_loses_nothing() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let write = |id: &str| {
        let put = PutRequest::builder().item("id", text(id)).build().expect("whole");
        vec![WriteRequest::builder().put_request(put).build()]
    };
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Users";
    let batch = client.batch_write_item().request_items("Users", write("1")).request_items(arn, write("2"));
    assert_eq!(code(batch.send().await), "ValidationException");
    assert_eq!(client.scan().table_name("Users").send().await.expect("scanned").count(), 0);
}
