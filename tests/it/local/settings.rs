//! Everything beside capacity and indexes that takes AWS its time, or that it allows only so often.

use super::{World, code, make_on_demand, still};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    ContributorInsightsAction, ContributorInsightsMode, PointInTimeRecoverySpecification, SseSpecification, SseType, StreamSpecification,
    StreamViewType, TableClass, TableDescription, Tag, TimeToLiveSpecification, WarmThroughput,
};

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/Users";

async fn table(client: &Client) -> TableDescription {
    client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table")
}

async fn with_table() -> (World, Client) {
    let world = still().await;
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    world.pass(25.0);
    (world, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn time_to_live_changes_once_in_half_an_hour() {
    let (world, client) = with_table().await;
    let ttl = |on| {
        let switch = TimeToLiveSpecification::builder().attribute_name("gone").enabled(on).build().expect("whole");
        client.update_time_to_live().table_name("Users").time_to_live_specification(switch).send()
    };
    let status = async || {
        let told = client.describe_time_to_live().table_name("Users").send().await.expect("told");
        told.time_to_live_description().and_then(|t| t.time_to_live_status().cloned()).map(|s| s.as_str().to_owned())
    };
    assert_eq!(code(ttl(true).await), "OK");
    assert_eq!(status().await.as_deref(), Some("ENABLING"));
    world.pass(2.2);
    assert_eq!(status().await.as_deref(), Some("ENABLED"));
    world.pass(1_800.0);
    let refused = format!("{:?}", ttl(false).await.expect_err("too soon"));
    assert!(refused.contains("Time to live has been modified multiple times within a fixed interval"), "{refused}");
    world.pass(60.0);
    assert_eq!(code(ttl(false).await), "OK");
    assert_eq!(status().await.as_deref(), Some("DISABLING"));
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_is_refused_until_a_moment_after_the_table_is_active() {
    let world = still().await;
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    let on = || {
        let spec = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build().expect("whole");
        client.update_continuous_backups().table_name("Users").point_in_time_recovery_specification(spec).send()
    };
    while table(&client).await.table_status().is_some_and(|s| s.as_str() == "CREATING") {
        world.pass(0.1);
    }
    assert_eq!(code(on().await), "ContinuousBackupsUnavailableException");
    world.pass(2.7);
    assert_eq!(code(on().await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_is_updating_for_seconds_and_changes_four_times_a_day() {
    let (world, client) = with_table().await;
    let made = world.kms_as(super::ME).create_key().send().await.expect("made").key_metadata.expect("told");
    let key = made.arn.expect("an ARN");
    let with = |key: Option<&str>| {
        let spec = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).set_kms_master_key_id(key.map(str::to_owned)).build();
        client.update_table().table_name("Users").sse_specification(spec).send()
    };
    let shown = async || {
        let told = table(&client).await;
        told.sse_description().map(|s| (s.status().map(|s| s.as_str().to_owned()), s.kms_master_key_arn().map(str::to_owned)))
    };
    assert_eq!(code(with(Some("alias/nobody")).await), "ValidationException");
    assert_eq!(shown().await, None);
    with(Some(&key)).await.expect("begun");
    world.pass(20.0);
    assert_eq!(shown().await, Some((Some("UPDATING".into()), Some(key.clone()))));
    assert_eq!(table(&client).await.table_status().map(|s| s.as_str().to_owned()).as_deref(), Some("ACTIVE"));
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    world.pass(4.0);
    assert_eq!(shown().await, Some((Some("ENABLED".into()), Some(key.clone()))));
    assert_eq!(code(with(Some(&key)).await), "ValidationException", "the very key it has");
    for _ in 0..3 {
        with(Some(&made.key_id)).await.expect("said in another way, it is done again");
        world.pass(24.0);
    }
    assert_eq!(code(with(None).await), "LimitExceededException");
    world.pass(6.0 * 3_600.0);
    assert_eq!(code(with(None).await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_class_is_told_once_chosen_and_changes_twice_a_month() {
    let (world, client) = with_table().await;
    let set = |class: TableClass| client.update_table().table_name("Users").table_class(class).send();
    let shown = async || table(&client).await.table_class_summary().and_then(|c| c.table_class().cloned());
    assert_eq!(shown().await, None);
    set(TableClass::StandardInfrequentAccess).await.expect("begun");
    assert_eq!(shown().await, None, "not yet");
    world.pass(6.2);
    assert_eq!(shown().await, Some(TableClass::StandardInfrequentAccess));
    assert!(table(&client).await.table_class_summary().and_then(|c| c.last_update_date_time()).is_some());
    set(TableClass::Standard).await.expect("the second");
    world.pass(6.2);
    assert_eq!(shown().await, Some(TableClass::Standard));
    assert_eq!(code(set(TableClass::StandardInfrequentAccess).await), "LimitExceededException");
    world.pass(30.0 * 86_400.0);
    assert_eq!(code(set(TableClass::StandardInfrequentAccess).await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_throughput_is_raised_in_minutes_beside_an_active_table() {
    let (world, client) = with_table().await;
    let raise = |read| {
        let asked = WarmThroughput::builder().read_units_per_second(read).build();
        client.update_table().table_name("Users").warm_throughput(asked).send()
    };
    let shown = async || {
        let told = table(&client).await;
        let warm = told.warm_throughput().expect("always told").clone();
        (warm.read_units_per_second(), warm.status().map(|s| s.as_str().to_owned()))
    };
    assert_eq!(shown().await, (Some(12_000), Some("ACTIVE".into())));
    raise(15_000).await.expect("begun");
    world.pass(271.0);
    assert_eq!(shown().await, (Some(12_000), Some("UPDATING".into())));
    world.pass(240.0);
    assert_eq!(shown().await, (Some(15_000), Some("ACTIVE".into())));
    assert_eq!(code(raise(14_000).await), "ValidationException");
    assert_eq!(code(raise(15_000).await), "OK");
    assert_eq!(shown().await.1.as_deref(), Some("ACTIVE"), "nothing to raise");
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_protection_is_at_once_and_rests_for_fifteen_seconds() {
    let (world, client) = with_table().await;
    let protect = |on| client.update_table().table_name("Users").deletion_protection_enabled(on).send();
    protect(true).await.expect("set");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ValidationException");
    assert_eq!(code(protect(true).await), "OK", "what it is already");
    let refused = format!("{:?}", protect(false).await.expect_err("too soon"));
    assert!(refused.contains("ThrottlingException") && refused.contains("2026-10-09T00:00:41.000Z"), "{refused}");
    world.pass(15.0);
    assert_eq!(code(protect(false).await), "OK");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_has_an_arn_of_its_own_and_the_last_one_stays_known() {
    let (world, client) = with_table().await;
    let stream = |view: Option<StreamViewType>| {
        let switch = StreamSpecification::builder().stream_enabled(view.is_some()).set_stream_view_type(view).build().expect("whole");
        client.update_table().table_name("Users").stream_specification(switch).send()
    };
    stream(Some(StreamViewType::KeysOnly)).await.expect("on");
    let first = table(&client).await;
    assert_eq!((first.table_status().map(|s| s.as_str()), first.stream_specification().is_some()), (Some("UPDATING"), true));
    assert_eq!(code(stream(None).await), "ResourceInUseException");
    world.pass(5.1);
    stream(None).await.expect("off");
    world.pass(5.1);
    let off = table(&client).await;
    assert_eq!((off.stream_specification().is_none(), off.latest_stream_arn()), (true, first.latest_stream_arn()));
    stream(Some(StreamViewType::NewImage)).await.expect("on");
    assert_ne!(table(&client).await.latest_stream_arn(), first.latest_stream_arn());
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_written_one_call_at_a_time_and_read_later() {
    let (world, client) = with_table().await;
    let tag = |pairs: &[(&str, &str)]| {
        let tags = pairs.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().expect("whole"));
        client.tag_resource().resource_arn(ARN).set_tags(Some(tags.collect())).send()
    };
    let listed = async || client.list_tags_of_resource().resource_arn(ARN).send().await.expect("listed").tags().len();
    tag(&[("a", "1")]).await.expect("tagged");
    assert_eq!(listed().await, 0, "not read yet");
    assert_eq!(code(tag(&[("b", "2")]).await), "OK", "nothing of the first is taken back");
    assert_eq!(code(client.untag_resource().resource_arn(ARN).tag_keys("a").send().await), "LimitExceededException");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    assert_eq!(code(client.untag_resource().resource_arn(ARN).tag_keys("z").send().await), "OK", "nothing to do");
    world.pass(3.1);
    assert_eq!(listed().await, 2);
    assert_eq!(code(client.untag_resource().resource_arn(ARN).tag_keys("a").send().await), "OK");
    assert_eq!(listed().await, 2, "not read yet");
    world.pass(3.1);
    assert_eq!(listed().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_read_seconds_later_and_rests_for_fifteen() {
    let (world, client) = with_table().await;
    let put = |sid: &str| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{sid}"}}]}}"#);
        client.put_resource_policy().resource_arn(ARN).policy(text).send()
    };
    let first = put("one").await.expect("put").revision_id;
    assert_eq!(code(client.get_resource_policy().resource_arn(ARN).send().await), "PolicyNotFoundException", "not read yet");
    assert_eq!(code(put("two").await), "ResourceInUseException");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    world.pass(3.0);
    assert_eq!(client.get_resource_policy().resource_arn(ARN).send().await.expect("read").revision_id, first);
    assert_eq!(code(put("two").await), "ThrottlingException");
    let spaced = r#"{ "Version": "2012-10-17", "Statement": [ { "Sid": "one" } ] }"#;
    let same = client.put_resource_policy().resource_arn(ARN).policy(spaced).send().await.expect("the same");
    assert_eq!(same.revision_id, first, "nothing changed");
    world.pass(12.0);
    put("two").await.expect("put");
    assert_eq!(client.get_resource_policy().resource_arn(ARN).send().await.expect("the old one").revision_id, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn insights_are_enabling_and_have_a_mode_per_table_and_index() {
    let (world, client) = with_table().await;
    let set = |action, mode, index: Option<&str>| {
        let call = client.update_contributor_insights().table_name("Users").set_index_name(index.map(str::to_owned));
        call.contributor_insights_action(action).set_contributor_insights_mode(mode).send()
    };
    let shown = async |index: Option<&str>| {
        let told = client.describe_contributor_insights().table_name("Users").set_index_name(index.map(str::to_owned)).send().await;
        let told = told.expect("told");
        (told.contributor_insights_status().map(|s| s.as_str().to_owned()), told.contributor_insights_mode().cloned())
    };
    set(ContributorInsightsAction::Enable, Some(ContributorInsightsMode::ThrottledKeys), Some("ByMail")).await.expect("begun");
    assert_eq!(shown(Some("ByMail")).await.0.as_deref(), Some("ENABLING"));
    assert_eq!(shown(None).await, (Some("DISABLED".into()), None));
    world.pass(17.0);
    assert_eq!(shown(Some("ByMail")).await, (Some("ENABLED".into()), Some(ContributorInsightsMode::ThrottledKeys)));
    set(ContributorInsightsAction::Enable, None, Some("ByMail")).await.expect("another mode");
    assert_eq!(shown(Some("ByMail")).await, (Some("ENABLING".into()), Some(ContributorInsightsMode::AccessedAndThrottledKeys)));
    world.pass(17.0);
    let listed = client.list_contributor_insights().send().await.expect("listed");
    assert_eq!(listed.contributor_insights_summaries().len(), 1);
    set(ContributorInsightsAction::Disable, None, Some("ByMail")).await.expect("off");
    assert_eq!(shown(Some("ByMail")).await.0.as_deref(), Some("DISABLING"));
    world.pass(2.1);
    assert_eq!(shown(Some("ByMail")).await.0.as_deref(), Some("DISABLED"));
    assert_eq!(code(set(ContributorInsightsAction::Enable, None, Some("Nobody")).await), "ResourceNotFoundException");
}
