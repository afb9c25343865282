//! One of every attribute, as far as a stand-in knows it: made, changed by hand behind the stack, changed in the file.
//!
//! Each change by hand must show as drift in exactly its own field, and an apply must put it back; what AWS may move on its own must not
//! show at all. What a stand-in does not know is in `tests/capabilities.md`.

use super::*;
use aws_sdk_applicationautoscaling::types::{
    CustomizedMetricSpecification, MetricStatistic, PolicyType, ScalableDimension, ScalableTargetAction, ServiceNamespace, SuspendedState,
    TargetTrackingScalingPolicyConfiguration,
};
use landfall::aws;
use landfall::plan::Dimension;
use landfall::policy;
use landfall::report::model::PlanReport;
use landfall::resource::{Class, Encryption, Insights, Limits, Maximum, Policy, Range, Scaling};

const ALIAS: &str = "alias/aws/dynamodb";
const RANGE: Range = Range { min: 5, max: 50, target: Some(70) };

/// A policy that lets the account read.
fn reader(action: &str) -> Policy {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"one","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::123456789012:root"}},
            "Action":"dynamodb:{action}","Resource":"*"}}]}}"#
    );
    Policy::On(policy::canonical(&text).expect("a policy"))
}

fn on_demand_limits(knows: &Knows, maximum: bool) -> Limits {
    Limits {
        maximum: if maximum { Maximum { read: Some(70), write: Some(60) } } else { Maximum::default() },
        warm: knows.warm.then_some(Units { read: 13_000, write: 5_000 }),
        ..Limits::default()
    }
}

/// On demand, with everything that goes with it.
fn lazy(knows: &Knows, key: &str) -> Table {
    let limits = on_demand_limits(knows, knows.maximum);
    let insights = knows.insights.then_some(Insights::All);
    let of_index = insights.filter(|_| knows.of_index);
    let mail = Index {
        limits: on_demand_limits(knows, knows.maximum && knows.of_index),
        insights: of_index,
        ..Index::plain(super::key("mail", None))
    };
    Table {
        indexes: BTreeMap::from([("byMail".to_owned(), mail)]),
        protect: true,
        ttl: Some("expires".into()),
        stream: Some(StreamView::Both),
        recovery: Some(35),
        tags: BTreeMap::from([("team".to_owned(), "migration".to_owned())]),
        limits,
        class: if knows.class { Class::InfrequentAccess } else { Class::Standard },
        encryption: if knows.encryption { Encryption::Key(key.to_owned()) } else { Encryption::Owned },
        policy: knows.policy.then(|| reader("GetItem")),
        insights,
        ..Table::plain(super::key("pk", Some("sk")))
    }
}

/// Provisioned, with auto scaling where it is known.
fn steady(knows: &Knows) -> Table {
    let scaling = Scaling { read: knows.scaling.then_some(RANGE), write: None };
    let limits = Limits { scaling, ..Limits::default() };
    let name = Index { capacity: FIVE, limits, ..Index::plain(super::key("name", None)) };
    Table { capacity: FIVE, limits, indexes: BTreeMap::from([("byName".to_owned(), name)]), ..plain() }
}

/// A stack with one of everything, and leave for every change that needs one.
fn scene(stand: &Stand, key: &str) -> Scene {
    let mut scene = Scene::new();
    let (first, second) = (scene.rich.clone(), scene.plain.clone());
    *scene.table(&first) = lazy(&stand.knows, key);
    *scene.table(&second) = steady(&stand.knows);
    let bucket = scene.desired.buckets.get_mut(&scene.bucket).expect("the scene's own");
    (bucket.versioning, bucket.kms_key) = (true, stand.knows.encryption.then(|| key.to_owned()));
    for leave in ["recovery", "stream", "encryption", "ttl"] {
        scene.approvals.destroy.insert(format!("{first}:{leave}"));
    }
    scene
}

/// A key of the customer's, made as a customer makes it.
pub(super) async fn customer_key(stand: &Stand) -> String {
    use aws_sdk_kms::{Client, Config, config};
    let credentials = config::Credentials::new(&stand.key, &stand.key, None, None, "test");
    let config = Config::builder().behavior_version_latest().region(config::Region::new("us-east-1")).endpoint_url(&stand.url);
    let http = aws_smithy_http_client::Builder::new().build_http();
    let client = Client::from_conf(config.credentials_provider(credentials).http_client(http).build());
    let made = client.create_key().send().await.expect("made");
    made.key_metadata().and_then(|k| k.arn()).expect("an ARN").to_owned()
}

/// Every field that a plan would change, with its resource's kind.
async fn drift(aws: &Aws, scene: &Scene) -> Vec<String> {
    let plan = scene.plan(aws).await;
    assert!(plan.refusals.is_empty(), "{:#?}", plan.refusals);
    let changes = plan.works.iter().filter_map(|w| w.change.as_ref());
    changes.flat_map(|c| c.fields.iter().map(|f| f.path.clone())).collect()
}

/// Until nothing of the stack is in motion.
async fn quiet(aws: &Aws, scene: &Scene) {
    for _ in 0..200 {
        let live = scene.live(aws).await;
        if live.tables.values().all(|t| t.busy.is_empty()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never quiet");
}

/// What can be changed behind the stack, and the fields that show it (a policy has one for each member).
const BY_HAND: [(&str, &[&str]); 20] = [
    ("protect", &["protect"]),
    ("ttl", &["ttl"]),
    ("stream", &["stream"]),
    ("recovery", &["recovery"]),
    ("tag", &["tag team"]),
    ("class", &["class"]),
    ("encryption", &["encryption"]),
    ("policy", &["policy statement one"]),
    ("insights", &["insights"]),
    ("index insights", &["index byMail.insights"]),
    ("maximum", &["maximum"]),
    ("index maximum", &["index byMail.maximum"]),
    ("warm", &[]),
    ("capacity", &["capacity"]),
    ("index capacity", &["index byName.capacity"]),
    ("scaled capacity", &[]),
    ("target", &["scaling of reads"]),
    ("range", &["index byName.scaling of reads"]),
    ("unscaled", &["capacity", "scaling of reads"]), // the capacity is ours to say again
    ("versioning", &["expire old versions", "versioning"]), // there are none to expire where none is kept
];

async fn by_hand(aws: &Aws, scene: &Scene, what: &str) -> Result<(), aws::Error> {
    let (lazy, steady) = (scene.rich.as_str(), scene.plain.as_str());
    let arn = aws.table_arn(lazy);
    let none = BTreeMap::new();
    let less = Maximum { read: Some(50), write: Some(60) };
    match what {
        "protect" => aws.set_protection(lazy, false).await,
        "ttl" => aws.set_ttl(lazy, "expires", false).await,
        "stream" => aws.set_stream(lazy, None).await,
        "recovery" => aws.set_recovery(lazy, None).await,
        "tag" => aws.tag_table(&arn, &BTreeMap::from([("team".to_owned(), "other".to_owned())])).await,
        "class" => aws.set_class(lazy, Class::Standard).await,
        "encryption" => aws.encrypt(lazy, &Encryption::Managed).await,
        "policy" => {
            let Policy::On(text) = reader("Query") else { return Ok(()) };
            aws.set_policy(&arn, Some(&text)).await
        }
        "insights" => aws.set_insights(lazy, None, Insights::Off).await,
        "index insights" => aws.set_insights(lazy, Some("byMail"), Insights::Throttled).await,
        "maximum" => aws.set_maximum(lazy, Some(less), &none).await,
        "index maximum" => aws.set_maximum(lazy, None, &BTreeMap::from([("byMail".to_owned(), less)])).await,
        "warm" => aws.raise_warm(lazy, None, Units { read: 14_000, write: 6_000 }).await,
        "capacity" => aws.set_capacity(steady, None, Some(Units { read: 5, write: 7 }), &BTreeMap::new()).await,
        "index capacity" => {
            aws.set_capacity(steady, None, None, &BTreeMap::from([("byName".to_owned(), Units { read: 5, write: 8 })])).await
        }
        "scaled capacity" => aws.set_capacity(steady, None, Some(Units { read: 9, write: 6 }), &BTreeMap::new()).await,
        "target" => aws.scale_policy(steady, None, Dimension::Read, 40).await,
        "range" => aws.scale_target(steady, Some("byName"), Dimension::Read, 5, 60).await,
        "unscaled" => aws.unscale(steady, None, Dimension::Read).await,
        _ => aws.set_versioning(&scene.bucket, false).await,
    }
}

/// A change by hand waits for AWS's own cooldowns, as a person would.
async fn insist(aws: &Aws, scene: &Scene, what: &str) {
    for _ in 0..100 {
        match by_hand(aws, scene, what).await {
            Ok(()) => return quiet(aws, scene).await,
            Err(error) if error.is("ValidationException") || error.is("ResourceInUseException") || error.is("LimitExceededException") => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
    panic!("{what}: refused for 10 s");
}

async fn every_attribute_is_made_and_seen(stand: &Stand) {
    let aws = stand.connect().await;
    let scene = scene(stand, &customer_key(stand).await);
    scene.converge(&aws).await;
    let live = scene.live(&aws).await;
    for (name, table) in &scene.desired.tables {
        assert_eq!(&live.tables[name].table, table);
    }
    assert_eq!(&live.buckets[&scene.bucket].bucket, &scene.desired.buckets[&scene.bucket]);
}

async fn each_change_by_hand_is_drift_in_its_own_field_and_is_put_back(stand: &Stand) {
    let aws = stand.connect().await;
    let scene = scene(stand, &customer_key(stand).await);
    scene.converge(&aws).await;
    for (what, fields) in BY_HAND.into_iter().filter(|(what, _)| stand.knows.attribute(what) && (stand.streams_change || *what != "stream"))
    {
        insist(&aws, &scene, what).await;
        assert_eq!(drift(&aws, &scene).await, fields, "{what}");
        scene.converge(&aws).await;
    }
}

async fn each_change_in_the_file_is_made(stand: &Stand) {
    let aws = stand.connect().await;
    let mut scene = scene(stand, &customer_key(stand).await);
    scene.converge(&aws).await;
    let (first, second) = (scene.rich.clone(), scene.plain.clone());
    let knows = stand.knows;
    let table = scene.table(&first);
    (table.protect, table.ttl, table.recovery) = (false, Some("gone_at".into()), None);
    table.stream = if stand.streams_change { Some(StreamView::Keys) } else { table.stream };
    table.tags.insert("team".into(), "other".into());
    table.class = Class::Standard;
    table.encryption = if knows.encryption { Encryption::Managed } else { Encryption::Owned };
    table.policy = knows.policy.then_some(Policy::Off);
    table.insights = knows.insights.then_some(if knows.modes { Insights::Throttled } else { Insights::Off });
    table.limits.maximum = Maximum { write: table.limits.maximum.write.map(|_| 80), read: None };
    table.limits.warm = table.limits.warm.map(|_| Units { read: 14_000, write: 5_000 });
    for index in table.indexes.values_mut() {
        (index.limits.maximum, index.insights) = (Maximum::default(), index.insights.map(|_| Insights::Off));
    }
    let table = scene.table(&second);
    let other = Range { min: 6, max: 40, target: Some(50) };
    table.limits.scaling = Scaling { read: None, write: knows.scaling.then_some(other) };
    table.capacity = Capacity::Provisioned(Units { read: 7, write: 6 });
    let index = table.indexes.get_mut("byName").expect("there");
    let least = if knows.lifts { 6 } else { 5 };
    index.limits.scaling.read = knows.scaling.then_some(Range { min: least, ..other });
    index.capacity = Capacity::Provisioned(Units { read: least, write: 6 });
    let bucket = scene.desired.buckets.get_mut(&scene.bucket).expect("there");
    (bucket.versioning, bucket.kms_key) = (false, None);
    scene.approvals.destroy.extend(["versioning", "encryption"].map(|aspect| format!("s3://{}:{aspect}", scene.bucket)));
    scene.converge(&aws).await;
    let live = scene.live(&aws).await;
    for (name, table) in &scene.desired.tables {
        assert_eq!(&live.tables[name].table, table);
    }
}

/// A provisioned, scaled table alone, made and applied. On moto, because the embedded AWS takes only the policies that `DynamoDB` has a
/// use for, and no scheduled actions.
async fn scaled_alone() -> (Stand, Aws, Scene, String) {
    let stand = Stand::moto();
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    let (name, other) = (scene.plain.clone(), scene.rich.clone());
    (scene.desired.buckets, *scene.table(&name)) = (BTreeMap::new(), steady(&stand.knows));
    scene.desired.tables.remove(&other);
    scene.converge(&aws).await;
    (stand, aws, scene, name)
}

#[tokio::test]
async fn a_policy_that_landfall_did_not_make_is_not_taken_away_with_the_target() {
    let (stand, aws, mut scene, name) = scaled_alone().await;
    let mut without = scene.desired.clone();
    without.tables.get_mut(&name).expect("there").limits.scaling.read = None;
    std::mem::swap(&mut scene.desired, &mut without);
    let early = scene.plan(&aws).await;
    foreign_policy(&stand, &name).await;
    let outcome = apply_plan(&aws, &early).await;
    assert_eq!(outcome.exit(), Exit::Stale, "{:?}", outcome.problems);
    assert!(format!("{:?}", outcome.problems).contains("foreign scaling of reads"), "{:?}", outcome.problems);
    let giving_up = scene.plan(&aws).await;
    std::mem::swap(&mut scene.desired, &mut without);
    for plan in [giving_up, scene.plan(&aws).await] {
        let [refusal] = plan.refusals.as_slice() else { panic!("{:?}", plan.refusals) };
        assert!(refusal.reason.contains("reads of the table") && refusal.reason.contains("the policy foreign-metric"), "{refusal:?}");
        assert_eq!(plan.calls(), 0);
        assert_eq!(apply_plan(&aws, &plan).await.exit(), Exit::Refused);
    }
    let said = aws.unscale(&name, None, Dimension::Read).await.expect_err("the second lock").to_string();
    assert!(said.contains("foreign-metric") && said.contains("landfall did not make"), "{said}");
}

#[tokio::test]
async fn a_scheduled_action_and_a_suspension_are_seen_and_kept() {
    let (stand, aws, mut scene, name) = scaled_alone().await;
    let index = ScalableDimension::DynamoDbIndexReadCapacityUnits;
    let action = ScalableTargetAction::builder().max_capacity(50).build();
    let request = scaling_client(&stand).put_scheduled_action().service_namespace(ServiceNamespace::Dynamodb);
    let request = request.resource_id(format!("table/{name}/index/byName")).scalable_dimension(index).scheduled_action_name("nightly");
    request.schedule("cron(0 2 * * ? *)").scalable_target_action(action).send().await.expect("put");
    let plan = scene.plan(&aws).await;
    assert!(plan.is_empty() && plan.refusals.is_empty(), "nothing differs");
    let report = PlanReport::from(&plan);
    assert!(report.notes.iter().any(|n| n.contains("reads of index byName") && n.contains("nightly; it is left alone")), "{report:?}");
    scene.table(&name).indexes.get_mut("byName").expect("there").limits.scaling.read = Some(Range { max: 60, ..RANGE });
    let refused = scene.plan(&aws).await;
    assert!(refused.refusals[0].reason.contains("the scheduled action nightly"), "{:?}", refused.refusals);
    let said = aws.scale_target(&name, Some("byName"), Dimension::Read, 5, 60).await.expect_err("the second lock").to_string();
    assert!(said.contains("nightly"), "{said}");
    let suspended = SuspendedState::builder().dynamic_scaling_in_suspended(true).build();
    let request = scaling_client(&stand).register_scalable_target().service_namespace(ServiceNamespace::Dynamodb);
    let request = request.resource_id(format!("table/{name}")).scalable_dimension(ScalableDimension::DynamoDbTableReadCapacityUnits);
    request.suspended_state(suspended).send().await.expect("suspended");
    let refused = scene.plan(&aws).await;
    assert!(refused.refusals.iter().any(|r| r.reason.ends_with("a suspension")), "{:?}", refused.refusals);
}

fn scaling_client(stand: &Stand) -> aws_sdk_applicationautoscaling::Client {
    use aws_sdk_applicationautoscaling::{Client, Config, config};
    let credentials = config::Credentials::new(&stand.key, &stand.key, None, None, "test");
    let config = Config::builder().behavior_version_latest().region(config::Region::new("us-east-1")).endpoint_url(&stand.url);
    let http = aws_smithy_http_client::Builder::new().build_http();
    Client::from_conf(config.credentials_provider(credentials).http_client(http).build())
}

/// Somebody else's policy on the reads of `table`: it follows a metric of its own. (`DynamoDB` takes no step policies.)
async fn foreign_policy(stand: &Stand, table: &str) {
    let client = scaling_client(stand);
    let metric = CustomizedMetricSpecification::builder().metric_name("Queue").namespace("Shop").statistic(MetricStatistic::Sum).build();
    let tracking = TargetTrackingScalingPolicyConfiguration::builder().target_value(50.0).customized_metric_specification(metric);
    let request = client.put_scaling_policy().service_namespace(ServiceNamespace::Dynamodb).resource_id(format!("table/{table}"));
    let request = request.scalable_dimension(ScalableDimension::DynamoDbTableReadCapacityUnits).policy_name("foreign-metric");
    let tracking = tracking.build().expect("complete");
    let request = request.policy_type(PolicyType::TargetTrackingScaling).target_tracking_scaling_policy_configuration(tracking);
    request.send().await.expect("put");
}

#[tokio::test]
async fn keys_are_told_apart_by_name_state_and_manager() {
    let stand = Stand::embedded().await;
    let aws = stand.connect().await;
    let soon = aws.deadline(Duration::from_secs(5));
    let managed = aws.describe_key(ALIAS, soon).await.expect("asked").expect("AWS makes it");
    assert!(managed.aws_managed && managed.arn.starts_with("arn:aws:kms:us-east-1:"), "{managed:?}");
    let own = customer_key(&stand).await;
    let key = aws.describe_key(&own, soon).await.expect("asked").expect("made above");
    assert_eq!((key.arn.as_str(), key.aws_managed, key.unusable), (own.as_str(), false, None));
    assert_eq!(aws.describe_key("alias/no-such-key", soon).await.expect("asked"), None);
}

on_each_stand!(
    every_attribute_is_made_and_seen,
    each_change_by_hand_is_drift_in_its_own_field_and_is_put_back,
    each_change_in_the_file_is_made,
);
