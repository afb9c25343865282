//! `init --from-live`: tables and buckets that were made by hand, written as a stack file that would change nothing of them.

use crate::program::Place;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ServiceNamespace, TargetTrackingScalingPolicyConfiguration,
};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, ContributorInsightsAction, ContributorInsightsMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    LocalSecondaryIndex, OnDemandThroughput, PointInTimeRecoverySpecification, Projection, ProjectionType, ProvisionedThroughput,
    ScalarAttributeType, SseSpecification, SseType, StreamSpecification, StreamViewType, TableClass, Tag, TimeToLiveSpecification,
};
use landfall::clock::Clock;
use landfall::local::{Local, Options};
use std::time::Duration;

/// An embedded AWS and the clients of somebody who works by hand.
struct World {
    local: Local,
    dynamodb: aws_sdk_dynamodb::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    kms: aws_sdk_kms::Client,
    s3: aws_sdk_s3::Client,
}

macro_rules! client {
    ($sdk:ident, $url:expr $(, $extra:ident($value:expr))?) => {{
        let credentials = $sdk::config::Credentials::new("local", "local", None, None, "test");
        let config = $sdk::Config::builder().behavior_version_latest().region($sdk::config::Region::new("us-east-1"));
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = config.endpoint_url($url).credentials_provider(credentials).http_client(http);
        $sdk::Client::from_conf(config $(.$extra($value))? .build())
    }};
}

impl World {
    async fn new() -> Self {
        let options = Options { clock: Clock::scaled(20_000.0), ..Options::default() };
        let local = Local::start(options).await.expect("a free port");
        let url = local.url();
        Self {
            dynamodb: client!(aws_sdk_dynamodb, &url),
            scaling: client!(aws_sdk_applicationautoscaling, &url),
            kms: client!(aws_sdk_kms, &url),
            s3: client!(aws_sdk_s3, &url, force_path_style(true)),
            local,
        }
    }

    fn place(&self) -> Place {
        Place::at(&self.local.url(), "local", "local")
    }

    /// Until AWS has finished what was asked of the table.
    async fn settled(&self, table: &str) -> String {
        for _ in 0..400 {
            let seen = self.dynamodb.describe_table().table_name(table).send().await.expect("described");
            let seen = seen.table().expect("a table").clone();
            let indexes = seen.global_secondary_indexes().iter().all(|i| i.index_status().is_some_and(|s| s.as_str() == "ACTIVE"));
            if seen.table_status().is_some_and(|s| s.as_str() == "ACTIVE") && indexes {
                return seen.table_arn().expect("an ARN").to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{table} never settled");
    }

    /// A key of the customer's; its ARN.
    async fn key(&self) -> String {
        let made = self.kms.create_key().send().await.expect("a key");
        let arn = made.key_metadata().and_then(|k| k.arn()).expect("an ARN").to_owned();
        self.kms.create_alias().alias_name("alias/acme").target_key_id(&arn).send().await.expect("an alias");
        arn
    }

    /// A provisioned table with one of everything that goes with units.
    async fn orders(&self, kms_key: &str) {
        let both = |index: &str| {
            let builder = GlobalSecondaryIndex::builder().index_name(index).key_schema(element("status", KeyType::Hash));
            let projection = Projection::builder().projection_type(ProjectionType::Include).non_key_attributes("total \"net\"").build();
            builder.projection(projection).provisioned_throughput(units(3)).build().expect("an index")
        };
        let local = LocalSecondaryIndex::builder().index_name("ByDate").key_schema(element("id", KeyType::Hash));
        let local = local.key_schema(element("date", KeyType::Range)).projection(kind(ProjectionType::KeysOnly)).build().expect("an index");
        let create = self.dynamodb.create_table().table_name("Orders.v2");
        let create = create.key_schema(element("id", KeyType::Hash)).key_schema(element("line", KeyType::Range));
        let create = create.set_attribute_definitions(Some(vec![
            attribute("id", ScalarAttributeType::S),
            attribute("line", ScalarAttributeType::N),
            attribute("status", ScalarAttributeType::S),
            attribute("date", ScalarAttributeType::B),
        ]));
        let sse = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).kms_master_key_id(kms_key).build();
        let stream =
            StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage).build().expect("a stream");
        let create = create.global_secondary_indexes(both("ByStatus")).local_secondary_indexes(local).provisioned_throughput(units(5));
        let create = create.table_class(TableClass::StandardInfrequentAccess).sse_specification(sse).stream_specification(stream);
        let tag = |k: &str, v: &str| Tag::builder().key(k).value(v).build().expect("a tag");
        create.tags(tag("team", "blue/green")).tags(tag("a key", "x=y")).deletion_protection_enabled(true).send().await.expect("created");
        let arn = self.settled("Orders.v2").await;
        self.backups("Orders.v2", 7).await;
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires at").build().expect("a TTL");
        self.dynamodb.update_time_to_live().table_name("Orders.v2").time_to_live_specification(ttl).send().await.expect("TTL");
        self.dynamodb.put_resource_policy().resource_arn(&arn).policy(POLICY).send().await.expect("a policy");
        let insights = self.dynamodb.update_contributor_insights().table_name("Orders.v2");
        let insights = insights.contributor_insights_action(ContributorInsightsAction::Enable);
        insights.contributor_insights_mode(ContributorInsightsMode::ThrottledKeys).send().await.expect("insights");
        let insights = self.dynamodb.update_contributor_insights().table_name("Orders.v2").index_name("ByStatus");
        insights.contributor_insights_action(ContributorInsightsAction::Enable).send().await.expect("insights");
        self.scale("table/Orders.v2", ScalableDimension::DynamoDbTableWriteCapacityUnits).await;
        self.scale("table/Orders.v2/index/ByStatus", ScalableDimension::DynamoDbIndexWriteCapacityUnits).await;
    }

    async fn backups(&self, table: &str, days: i32) {
        let spec = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).recovery_period_in_days(days);
        let spec = spec.build().expect("a specification");
        for _ in 0..100 {
            let update = self.dynamodb.update_continuous_backups().table_name(table);
            // Not before some seconds after the table is ACTIVE.
            if update.point_in_time_recovery_specification(spec.clone()).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{table} never took recovery");
    }

    async fn scale(&self, resource: &str, dimension: ScalableDimension) {
        let target = self.scaling.register_scalable_target().service_namespace(ServiceNamespace::Dynamodb).resource_id(resource);
        target.scalable_dimension(dimension.clone()).min_capacity(2).max_capacity(40).send().await.expect("a target");
        let metric = PredefinedMetricSpecification::builder().predefined_metric_type(MetricType::DynamoDbWriteCapacityUtilization);
        let policy = TargetTrackingScalingPolicyConfiguration::builder().target_value(55.0);
        let policy = policy.predefined_metric_specification(metric.build().expect("a metric")).build().expect("a policy");
        let put = self.scaling.put_scaling_policy().service_namespace(ServiceNamespace::Dynamodb).resource_id(resource);
        let put = put.scalable_dimension(dimension).policy_name("by hand").policy_type(PolicyType::TargetTrackingScaling);
        put.target_tracking_scaling_policy_configuration(policy).send().await.expect("a policy");
    }

    /// An on-demand table with a maximum, and encryption by AWS's own key.
    async fn users(&self) {
        let maximum = OnDemandThroughput::builder().max_read_request_units(1000).build();
        let index = GlobalSecondaryIndex::builder().index_name("ByName").key_schema(element("name", KeyType::Hash));
        let index = index.projection(kind(ProjectionType::All)).on_demand_throughput(maximum.clone()).build().expect("an index");
        let create = self.dynamodb.create_table().table_name("Users").key_schema(element("id", KeyType::Hash));
        let create = create.attribute_definitions(attribute("id", ScalarAttributeType::S)).global_secondary_indexes(index);
        let create = create.attribute_definitions(attribute("name", ScalarAttributeType::S)).billing_mode(BillingMode::PayPerRequest);
        let sse = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).build();
        create.on_demand_throughput(maximum).sse_specification(sse).send().await.expect("created");
        self.settled("Users").await;
    }

    async fn own(&self, table: &str) {
        let arn = self.settled(table).await;
        let tag = Tag::builder().key("landfall:stack").value("shop").build().expect("a tag");
        self.dynamodb.tag_resource().resource_arn(arn).tags(tag).send().await.expect("tagged");
    }
}

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "reads", "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": ["dynamodb:Query", "dynamodb:GetItem"], "Resource": "*"}}"#;

fn element(name: &str, role: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(role).build().expect("an element")
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().expect("a definition")
}

fn units(n: i64) -> ProvisionedThroughput {
    ProvisionedThroughput::builder().read_capacity_units(n).write_capacity_units(n).build().expect("units")
}

fn kind(kind: ProjectionType) -> Projection {
    Projection::builder().projection_type(kind).build()
}

/// Every difference that the plan in `json` shows, as `address: path`.
fn differences(json: &str) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let changes = report["plan"]["changes"].as_array().unwrap_or_else(|| panic!("no changes in {report:#}"));
    let fields = |change: &serde_json::Value| {
        let address = change["address"].as_str().unwrap_or_default().to_owned();
        let fields = change["fields"].as_array().cloned().unwrap_or_default();
        fields.into_iter().map(move |f| format!("{address}: {}", f["path"].as_str().unwrap_or_default())).collect::<Vec<_>>()
    };
    changes.iter().flat_map(fields).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_made_by_hand_become_a_stack_that_would_only_own_them() {
    let world = World::new().await;
    let key = world.key().await;
    world.orders(&key).await;
    world.users().await;
    world.settled("Orders.v2").await;
    let place = world.place();
    let ran = place.landfall("init --from-live --name shop --out shop.toml").exits(0);
    let text = place.read("shop.toml");
    for line in [
        "class = \"infrequent-access\"",
        "capacity = { read = 5, write = { min = 2, max = 40, target = 55 } }",
        "capacity = { read = 3, write = { min = 2, max = 40, target = 55 } }",
        &format!("encryption = {{ key = \"{key}\" }}"),
        "encryption = \"managed\"",
        "maximum = { read = 1000 }",
        "insights = \"throttled\"",
        "insights = \"all\"",
        "recovery = { days = 7 }",
        "ttl = \"expires at\"",
        "stream = \"new\"",
        "protect = false",
        "project = [\"total \\\"net\\\"\"]",
        "policy = '''",
        "\"team\" = ",
    ] {
        let line = line.replace("\"team\" = ", "team = ");
        assert!(text.contains(&line), "no {line} in\n{text}\n{}", ran.stderr);
    }
    assert!(!text.contains("warm"), "{text}");
    let plan = place.landfall("plan shop.toml --adopt Orders.v2 --adopt Users -o json").exits(0);
    assert_eq!(differences(&plan.stdout), ["table Orders.v2: owner", "table Users: owner"], "{text}");
    world.own("Orders.v2").await;
    world.own("Users").await;
    let plan = place.landfall("plan shop.toml -o json").exits(0);
    assert_eq!(differences(&plan.stdout), Vec::<String>::new());
    place.write("kept.toml", &text);
    every_word_counts(&place);
}

/// What the file says is compared: each setting that is changed in it is a difference, and nothing else is.
fn every_word_counts(place: &Place) {
    for (from, to) in [
        ("class = \"infrequent-access\"\n", ""),
        ("max = 40, target = 55", "max = 41, target = 55"),
        ("max = 40, target = 55", "max = 40, target = 56"),
        ("read = 5,", "read = 6,"),
        ("maximum = { read = 1000 }", "maximum = { read = 1000, write = 7 }"),
        ("insights = \"throttled\"", "insights = \"all\""),
        ("insights = \"all\"", "insights = false"),
        ("encryption = \"managed\"\n", ""),
        ("days = 7", "days = 8"),
        ("ttl = \"expires at\"", "ttl = \"expires\""),
        ("stream = \"new\"", "stream = \"old\""),
        ("dynamodb:query", "dynamodb:scan"),
        ("protect = false\n", ""),
        ("blue/green", "blue"),
    ] {
        place.edit("shop.toml", from, to);
        let plan = place.landfall("plan shop.toml -o json");
        assert_eq!(
            differences(&plan.stdout).len(),
            place.read("kept.toml").matches(from).count(),
            "{from} -> {to}: {:?}",
            differences(&plan.stdout)
        );
        place.write("shop.toml", &place.read("kept.toml"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_table_and_a_bucket_go_to_stdout_with_notes_on_what_no_stack_can_say() {
    let world = World::new().await;
    let create = world.dynamodb.create_table().table_name("Plain").billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(element("id", KeyType::Hash)).attribute_definitions(attribute("id", ScalarAttributeType::S));
    let tag = Tag::builder().key("ManagedBy").value("terraform").build().expect("a tag");
    create.tags(tag).send().await.expect("created");
    world.settled("Plain").await;
    world.users().await;
    world.s3.create_bucket().bucket("acme-stage").send().await.expect("created");
    let place = world.place();
    let ran = place.landfall("init --from-live --name shop --prefix Pl --bucket acme-stage").exits(0).never_says("Users");
    let ran = ran.says("[table.Plain]").says("[bucket.staging]").says("expire_days = 3650").says("tags = { ManagedBy = \"terraform\" }");
    let noted = "# table Plain belongs to Terraform (tag ManagedBy=terraform)";
    assert!(ran.stdout.contains(noted) && ran.stderr.contains(&noted[2..]), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("# bucket acme-stage has no expiry rule of landfall's"), "{}", ran.stdout);
    let calls = world.local.calls();
    let looked_into = calls.iter().any(|call| ["ListObjectVersions", "ListImports"].contains(&call.operation.as_str()));
    assert!(!looked_into, "what a bucket holds is not its stack's: {calls:?}");
    place.write("shop.toml", &ran.stdout);
    place.landfall("check shop.toml").exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_refused_before_or_said() {
    let world = World::new().await;
    let place = world.place();
    place.landfall("init --from-live --name shop").exits(4).says("has no table in us-east-1: there is nothing to write");
    place.landfall("init --from-live --name shop --prefix X").exits(4).says("whose name begins with X");
    place.landfall("init --from-live --name shop --table Missing").exits(2).says("there is no table Missing in account 123456789012");
    place.landfall("init --from-live --name shop --bucket acme-missing").exits(2).says("there is no bucket acme-missing");
    place.landfall("init --from-live --name a/b").exits(2).says("a stack's name has 1 to 128 of");
    let leases = "landfall-leases";
    place
        .landfall(&format!("init --from-live --name shop --table {leases}"))
        .exits(2)
        .says("landfall's own leases")
        .never_says("account 1");
    place.landfall("init --name shop").exits(2).says("--from-live");
    place.write("there.toml", "mine");
    place.landfall("init --from-live --name shop --out there.toml").exits(5).says("there.toml is there already").never_says("account 1");
    assert_eq!(place.read("there.toml"), "mine");
    let create = world.dynamodb.create_table().table_name("Plain").billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(element("id", KeyType::Hash)).attribute_definitions(attribute("id", ScalarAttributeType::S));
    create.send().await.expect("created");
    world.settled("Plain").await;
    let create = world.dynamodb.create_table().table_name(leases).billing_mode(BillingMode::PayPerRequest);
    let create = create.key_schema(element("stack", KeyType::Hash)).attribute_definitions(attribute("stack", ScalarAttributeType::S));
    create.send().await.expect("created");
    place.landfall("init --from-live --name shop --prefix landfall-").exits(4).says("whose name begins with landfall-");
    let ran =
        place.landfall("init --from-live --name shop --out there.toml --force").exits(0).says("landfall plan there.toml --adopt Plain");
    ran.never_says(leases);
    assert!(place.read("there.toml").contains("[table.Plain]") && !place.read("there.toml").contains(leases));
}
