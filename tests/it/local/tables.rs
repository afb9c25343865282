//! The control plane as a provisioner uses it.

use super::{code, gone, on_demand, provisioned, settled, units, world};
use aws_sdk_dynamodb::types::{
    BillingMode, ContributorInsightsAction, GlobalSecondaryIndexUpdate, PointInTimeRecoverySpecification, SseSpecification, SseType, Tag,
    UpdateGlobalSecondaryIndexAction,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn point_in_time_recovery_keeps_its_window() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let set =
        PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).recovery_period_in_days(7).build().expect("whole");
    client.update_continuous_backups().table_name("Users").point_in_time_recovery_specification(set).send().await.expect("set");
    let told = client.describe_continuous_backups().table_name("Users").send().await.expect("told");
    let told = told.continuous_backups_description().and_then(|d| d.point_in_time_recovery_description().cloned()).expect("told");
    assert_eq!(told.recovery_period_in_days(), Some(7));
    assert_eq!(code(client.describe_continuous_backups().table_name("Nobody").send().await), "TableNotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_billing_switch_carries_the_indexes_with_it() {
    let world = world().await;
    let client = world.dynamodb();
    provisioned(&client, "Users").await;
    client.update_table().table_name("Users").billing_mode(BillingMode::PayPerRequest).send().await.expect("switched");
    settled(&client, "Users").await;
    let back = || client.update_table().table_name("Users").billing_mode(BillingMode::Provisioned).provisioned_throughput(units(5, 5));
    assert_eq!(code(back().send().await), "ValidationException", "the index needs its own capacity");
    let index =
        UpdateGlobalSecondaryIndexAction::builder().index_name("ByMail").provisioned_throughput(units(4, 4)).build().expect("whole");
    let index = GlobalSecondaryIndexUpdate::builder().update(index).build();
    assert_eq!(code(back().global_secondary_index_updates(index).send().await), "OK");
    settled(&client, "Users").await;
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    let index = told.global_secondary_indexes()[0].provisioned_throughput().expect("capacity");
    assert_eq!(index.read_capacity_units(), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_tags_policies_and_insights_are_kept() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let sse = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).build();
    client.update_table().table_name("Users").sse_specification(sse).send().await.expect("encrypted");
    settled(&client, "Users").await;
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    let key = told.sse_description().and_then(|s| s.kms_master_key_arn()).expect("a key");
    let managed = world.kms_as(super::ME).describe_key().key_id("alias/aws/dynamodb").send().await.expect("told").key_metadata;
    assert_eq!(managed.and_then(|k| k.arn).as_deref(), Some(key));

    let arn = told.table_arn().expect("an ARN").to_owned();
    let tag = Tag::builder().key("owner").value("me").build().expect("whole");
    client.tag_resource().resource_arn(&arn).tags(tag.clone()).send().await.expect("tagged");
    tokio::time::sleep(Duration::from_millis(5)).await;
    let tags = client.list_tags_of_resource().resource_arn(&arn).send().await.expect("listed");
    assert_eq!(tags.tags(), [tag]);

    assert_eq!(code(client.get_resource_policy().resource_arn(&arn).send().await), "PolicyNotFoundException");
    let put = client.put_resource_policy().resource_arn(&arn).policy(r#"{"Statement":[]}"#).send().await.expect("put");
    tokio::time::sleep(Duration::from_millis(5)).await;
    let stale = client.delete_resource_policy().resource_arn(&arn).expected_revision_id("1").send().await;
    assert_eq!(code(stale), "PolicyNotFoundException");
    let got = client.get_resource_policy().resource_arn(&arn).send().await.expect("got");
    assert_eq!((got.policy(), got.revision_id()), (Some(r#"{"Statement":[]}"#), put.revision_id()));

    let on = client.update_contributor_insights().table_name("Users").index_name("ByMail");
    on.contributor_insights_action(ContributorInsightsAction::Enable).send().await.expect("on");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let told = client.describe_contributor_insights().table_name("Users").index_name("ByMail").send().await.expect("told");
    assert_eq!(told.contributor_insights_status().map(|s| s.as_str()), Some("ENABLED"));
    let told = client.describe_contributor_insights().table_name("Users").send().await.expect("told");
    assert_eq!(told.contributor_insights_status().map(|s| s.as_str()), Some("DISABLED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_honours_is_refused_by_name() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let replicas = aws_sdk_dynamodb::types::ReplicationGroupUpdate::builder().build();
    let refused = client.update_table().table_name("Users").replica_updates(replicas).send().await.expect_err("refused");
    assert!(format!("{refused:?}").contains("ReplicaUpdates"), "{refused:?}");
    assert_eq!(code(client.list_backups().send().await), "UnknownOperationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_table_of_an_old_name_remembers_nothing() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build().expect("whole");
    client.update_continuous_backups().table_name("Users").point_in_time_recovery_specification(on).send().await.expect("set");
    client.delete_table().table_name("Users").send().await.expect("deleted");
    gone(&client, "Users").await;
    on_demand(&client, "Users").await;
    let told = client.describe_continuous_backups().table_name("Users").send().await.expect("told");
    let status = told
        .continuous_backups_description()
        .and_then(|d| d.point_in_time_recovery_description()?.point_in_time_recovery_status().cloned());
    assert_eq!(status.map(|s| s.as_str().to_owned()).as_deref(), Some("DISABLED"));
}
