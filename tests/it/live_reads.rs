//! What a refresh asks AWS and what not, what it believes when reads disagree, and what it does not take for its own.

use crate::reconcile_faults::{FIVE, LATER, World, table, unique};
use landfall::live::refresh::BucketWish;
use landfall::live::{LiveTable, refresh, unmanaged};
use landfall::local::Rule;
use landfall::plan::{Approvals, Desired, Dimension};
use landfall::resource::{Bucket, Capacity, Encryption, Insights, Policy, Range, Scaling, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

async fn made(world: &World, tables: &[(&str, Table)]) {
    let tables = tables.iter().map(|(name, table)| ((*name).to_owned(), table.clone())).collect();
    let desired = Desired { stack: unique("stack"), digest: "d".into(), tables, ..Desired::default() };
    Box::pin(world.converge(&desired, &Approvals::default(), "made")).await;
    world.clock.advance(LATER);
}

async fn read(world: &World, name: &str, want: &Table) -> Result<LiveTable, refresh::Error> {
    let seen = Box::pin(refresh::table(&world.aws, name, Some(want), world.clock.now_ms() + 600_000)).await?;
    Ok(seen.expect("it is there"))
}

/// The calls of one refresh of these tables, by name.
async fn calls(world: &World, wanted: &[(&str, &Table)]) -> BTreeMap<String, usize> {
    let tables = wanted.iter().map(|(name, table)| ((*name).to_owned(), (*table).clone())).collect();
    let before = world.local.calls().len();
    Box::pin(world.live(&Desired { stack: "s".into(), tables, ..Desired::default() }, &Approvals::default())).await;
    let mut out = BTreeMap::new();
    for call in world.local.calls().into_iter().skip(before) {
        *out.entry(call.operation).or_default() += 1;
    }
    out
}

fn asked(calls: &BTreeMap<String, usize>, operation: &str) -> usize {
    calls.get(operation).copied().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_table_does_not_manage_is_not_asked_for() {
    let world = World::start().await;
    let name = unique("reads");
    let plain = table(Capacity::OnDemand, &["a", "b"]);
    made(&world, &[(&name, plain.clone())]).await;
    let seen = calls(&world, &[(&name, &plain)]).await;
    for operation in
        ["DescribeScalableTargets", "DescribeScalingPolicies", "GetResourcePolicy", "DescribeContributorInsights", "DescribeKey"]
    {
        assert_eq!(asked(&seen, operation), 0, "{operation}");
    }
    let mut managed = Table { policy: Some(Policy::Off), insights: Some(Insights::Off), ..plain };
    managed.indexes.get_mut("by-a").expect("an index").insights = Some(Insights::Off);
    // One that is not there cannot be asked about.
    let other = managed.indexes["by-a"].clone();
    managed.indexes.insert("by-c".into(), other);
    let seen = calls(&world, &[(&name, &managed)]).await;
    assert_eq!((asked(&seen, "GetResourcePolicy"), asked(&seen, "DescribeContributorInsights")), (1, 2), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_table_is_shown_its_own_targets_and_one_on_demand_none() {
    let world = World::start().await;
    let scaled = |max| {
        let mut table = table(FIVE, &[]);
        table.limits.scaling = Scaling { read: Some(Range { min: 5, max, target: Some(70) }), write: None };
        table
    };
    let (one, two, left) = (unique("reads"), unique("reads"), unique("reads"));
    made(&world, &[(&one, scaled(50)), (&two, scaled(60)), (&left, table(FIVE, &[]))]).await;
    // What a switch by hand leaves behind does nothing.
    world.aws.scale_target(&left, None, Dimension::Read, 5, 70).await.expect("registered");
    world.aws.set_capacity(&left, Some(landfall::plan::Mode::OnDemand), None, &BTreeMap::new()).await.expect("switched");
    world.clock.advance(LATER);
    let on_demand = table(Capacity::OnDemand, &[]);
    let tables = BTreeMap::from([(one.clone(), scaled(50)), (two.clone(), scaled(60)), (left.clone(), on_demand.clone())]);
    let live = Box::pin(world.live(&Desired { stack: "s".into(), tables, ..Desired::default() }, &Approvals::default())).await;
    let most = |name: &str| live.tables[name].table.limits.scaling.read.map(|range| range.max);
    assert_eq!((most(&one), most(&two), most(&left)), (Some(50), Some(60), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_disagree_are_asked_again_and_told_when_they_go_on_to() {
    let world = World::start().await;
    let (name, plain) = (unique("reads"), table(Capacity::OnDemand, &[]));
    made(&world, &[(&name, plain.clone())]).await;
    let faults = world.local.faults();
    faults.install(Rule::refuse("ResourceNotFoundException").operation("ListTagsOfResource").times(1));
    assert_eq!(read(&world, &name, &plain).await.expect("the second time").table.key, plain.key);
    faults.install(Rule::refuse("ResourceNotFoundException").operation("ListTagsOfResource"));
    let told = read(&world, &name, &plain).await.expect_err("for ever");
    assert!(matches!(&told, refresh::Error::Disagreement(table) if *table == name), "{told:?}");
    faults.clear();
    faults.install(Rule::refuse("ValidationException").operation("ListTagsOfResource"));
    let looks = || world.local.calls().iter().filter(|call| call.operation == "DescribeTable").count();
    let before = looks();
    let told = read(&world, &name, &plain).await.expect_err("another error");
    assert_eq!(looks() - before, 1, "no second look can explain it");
    assert!(told.aws().is_some_and(|error| error.is("ValidationException")), "{told:?}");
}

/// What is new is shown by some reads before others know it: a policy's reader takes a second or two, insights' 20 s.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_being_made_is_given_longer_until_all_reads_know_it() {
    let world = World::start().await;
    let managed = Table { policy: Some(Policy::Off), ..table(Capacity::OnDemand, &[]) };
    let unknown = || Rule::refuse("ResourceNotFoundException").operation("GetResourcePolicy");
    let create = async || {
        let name = unique("reads");
        world.aws.create_table(&name, &managed, "s").await.expect("made");
        name
    };
    let name = create().await;
    world.local.faults().install(unknown().lasts(Duration::from_secs(30)));
    assert_eq!(read(&world, &name, &managed).await.expect("in time").table.policy, Some(Policy::Off));
    world.local.faults().clear();
    world.local.faults().install(unknown());
    let (name, began) = (create().await, world.clock.now_ms());
    let told = read(&world, &name, &managed).await.expect_err("for ever");
    assert!(matches!(&told, refresh::Error::Disagreement(_)), "{told:?}");
    let lasted = world.clock.now_ms() - began;
    assert!((60_000..120_000).contains(&lasted), "{lasted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn insights_of_an_index_in_the_making_are_off_though_aws_does_not_know_it_there() {
    let world = World::start().await;
    let (name, mut managed) = (unique("reads"), table(Capacity::OnDemand, &["a"]));
    managed.indexes.get_mut("by-a").expect("an index").insights = Some(Insights::All);
    world.aws.create_table(&name, &managed, "s").await.expect("made");
    world.local.faults().install(Rule::refuse("ResourceNotFoundException").operation("DescribeContributorInsights"));
    let seen = read(&world, &name, &managed).await.expect("readable");
    assert_eq!(seen.table.indexes["by-a"].insights, Some(Insights::Off));
    assert!(seen.busy.contains(&"index by-a is CREATING".to_owned()), "{:?}", seen.busy);
    let whole = Table { insights: Some(Insights::All), ..managed.clone() };
    assert!(read(&world, &name, &whole).await.is_err(), "of the table there is no such rule");
    // Not so long that a signature by the machine's clock is too old.
    world.clock.advance(Duration::from_mins(3));
    assert!(read(&world, &name, &managed).await.is_err(), "one that is made is known");
    world.local.faults().clear();
    world.local.faults().install(Rule::refuse("ValidationException").operation("DescribeContributorInsights"));
    let name = unique("reads");
    world.aws.create_table(&name, &managed, "s").await.expect("made");
    assert!(read(&world, &name, &managed).await.is_err(), "any other failure is one");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_that_cannot_be_read_yet_keeps_a_table_busy() {
    let world = World::start().await;
    let (name, plain) = (unique("reads"), table(Capacity::OnDemand, &[]));
    made(&world, &[(&name, plain.clone())]).await;
    assert_eq!(read(&world, &name, &plain).await.expect("readable").busy, Vec::<String>::new());
    world.local.faults().install(Rule::refuse("TableNotFoundException").operation("DescribeContinuousBackups"));
    assert_eq!(read(&world, &name, &plain).await.expect("readable").busy, ["point-in-time recovery is not readable yet"]);
}

/// Nothing to tell is not the same as nothing there.
#[tokio::test(flavor = "multi_thread")]
async fn auto_scaling_that_an_endpoint_does_not_know_is_unread_where_capacity_is_provisioned() {
    let world = World::start().await;
    for (capacity, asked) in [(FIVE, true), (Capacity::OnDemand, false)] {
        let (name, plain) = (unique("reads"), table(capacity, &[]));
        made(&world, &[(&name, plain.clone())]).await;
        assert!(!read(&world, &name, &plain).await.expect("readable").trouble.scaling_unread);
        world.local.faults().install(Rule::refuse("UnknownOperationException").operation("DescribeScalableTargets"));
        assert_eq!(read(&world, &name, &plain).await.expect("readable").trouble.scaling_unread, asked, "{capacity:?}");
        world.local.faults().clear();
    }
}

/// A key that we may not ask about is a customer's, unless the wish is AWS's own: then nobody can say.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_asked_about_only_where_the_answer_matters_and_a_denial_is_not_an_answer() {
    let world = World::start().await;
    let name = unique("reads");
    let managed = Table { encryption: Encryption::Managed, ..table(Capacity::OnDemand, &[]) };
    made(&world, &[(&name, managed.clone())]).await;
    let arn = world.aws.describe_table(&name).await.expect("there").and_then(|t| t.encryption?.key).expect("a key");
    // A client that has not asked before: what it learned, it keeps.
    let fresh = || async {
        let settings = landfall::aws::Settings {
            region: Some("us-east-1".into()),
            endpoint: Some(world.local.endpoint()),
            clock: world.clock.clone(),
            ..landfall::aws::Settings::default()
        };
        landfall::aws::Aws::connect(&settings).await.expect("it answers STS")
    };
    let deadline = world.clock.now_ms() + 600_000;
    let keys = || world.local.calls().iter().filter(|call| call.operation == "DescribeKey").count();
    let named = Table { encryption: Encryption::Key(arn.clone()), ..managed.clone() };
    let before = keys();
    let seen = Box::pin(refresh::table(&fresh().await, &name, Some(&named), deadline)).await.expect("readable").expect("there");
    assert_eq!((seen.table.encryption, keys()), (Encryption::Key(arn.clone()), before), "the wish names it: nobody need be asked");
    for (code, want, answer) in [
        ("AccessDeniedException", Encryption::Owned, Some(Encryption::Key(arn.clone()))),
        ("AccessDeniedException", Encryption::Managed, None),
        ("ValidationException", Encryption::Owned, None),
    ] {
        world.local.faults().install(Rule::refuse(code).operation("DescribeKey"));
        let want = Table { encryption: want, ..managed.clone() };
        let seen = Box::pin(refresh::table(&fresh().await, &name, Some(&want), deadline)).await.ok().flatten();
        assert_eq!(seen.map(|live| live.table.encryption), answer, "{code} {:?}", want.encryption);
        world.local.faults().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_goes_between_two_reads_is_gone_and_another_failure_stays_one() {
    let world = World::start().await;
    let name = unique("reads");
    let bucket = Bucket { name: name.clone(), expire_days: 7, tags: BTreeMap::new(), versioning: false, kms_key: None };
    let buckets = BTreeMap::from([(name.clone(), bucket.clone())]);
    let desired = Desired { stack: unique("stack"), digest: "d".into(), buckets, ..Desired::default() };
    Box::pin(world.converge(&desired, &Approvals::default(), "made")).await;
    for (code, gone) in [("NoSuchBucket", true), ("AccessDenied", false)] {
        world.local.faults().install(Rule::refuse(code).operation("GetBucketPolicy"));
        let seen = Box::pin(refresh::bucket(&world.aws, &name, BucketWish::Managed(&bucket), world.clock.now_ms() + 600_000)).await;
        assert_eq!(seen.is_ok_and(|bucket| bucket.is_none()), gone, "{code}");
        world.local.faults().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_outside_of_the_file_is_the_stacks_by_its_tag_or_said_to_be_so_by_its_name_only() {
    let world = World::start().await;
    let (stack, plain) = (unique("shop"), table(Capacity::OnDemand, &[]));
    let named = |rest: &str| format!("{stack}-{rest}");
    let owners =
        [("known", stack.as_str()), ("tagged", &stack), ("others", "another"), ("bare", &stack), ("closed", &stack), ("gone", &stack)];
    for (rest, owner) in owners {
        world.aws.create_table(&named(rest), &plain, owner).await.expect("made");
    }
    world.aws.create_table("elsewhere", &plain, "another").await.expect("made");
    // Not so long that a signature by the machine's clock is too old.
    world.clock.advance(Duration::from_mins(1));
    untag(&world, &world.aws.table_arn(&named("bare"))).await;
    untag(&world, &world.aws.table_arn("elsewhere")).await;
    world.clock.advance(LATER);
    let refuse = |code: &str, table: &str| world.local.faults().install(Rule::refuse(code).operation("ListTagsOfResource").resource(table));
    refuse("AccessDeniedException", &named("closed"));
    refuse("ResourceNotFoundException", &named("gone"));
    let known = BTreeSet::from([named("known")]);
    let found = Box::pin(unmanaged::unmanaged(&world.aws, &stack, &known)).await.expect("listed");
    assert_eq!(found, unmanaged::Unmanaged { tagged: vec![named("tagged")], named: vec![named("bare")], skipped: 1 });
    world.local.faults().clear();
    refuse("ValidationException", &named("gone"));
    assert!(Box::pin(unmanaged::unmanaged(&world.aws, &stack, &known)).await.is_err(), "any other failure is one");
}

/// Takes the ownership tag away, by hand.
async fn untag(world: &World, arn: &str) {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(world.local.url())
        .region(Region::new("us-east-1"))
        .http_client({
            use aws_smithy_http_client::{Builder, tls};
            Builder::new().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build_https()
        })
        .credentials_provider(Credentials::new("local", "local", None, None, "test"));
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    client.untag_resource().resource_arn(arn).tag_keys(landfall::resource::OWNER_TAG).send().await.expect("untagged");
}
