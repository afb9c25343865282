//! Killed, refused, throttled or left without an answer at every call: run again, and it is finished.

use super::proxy::{Call, Proxy, Spoil};
use super::*;
use crate::reconcile_faults::World;
use landfall::resource::Insights;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many mutations the scene takes when nothing goes wrong.
async fn calls(stand: &Stand) -> usize {
    let aws = stand.connect().await;
    let calls = Scene::new().plan(&aws).await.calls();
    assert!(calls > 8, "a scene that exercises little");
    calls
}

/// The scene with what the run did not finish is finished by another run, with no approval and no destructive step.
async fn finish(stand: &Stand, scene: &Scene) {
    let aws = stand.connect().await;
    let plan = scene.plan(&aws).await;
    assert!(plan.works.iter().all(|w| w.steps.iter().all(|s| !s.destructive)));
    assert_eq!(plan.refusals, vec![]);
    scene.converge(&aws).await;
}

/// Runs the scene through a proxy that strikes at mutation `at`, and drops the run there, as a kill would.
async fn kill_at(stand: &Stand, scene: &Scene, at: usize, spoil: Spoil) {
    let proxy = Proxy::start(&stand.url, move |call| if call.is_mutation(at) { spoil } else { Spoil::Pass }).await;
    let aws = stand.connect_by(&proxy.url).await;
    let plan = scene.plan(&aws).await;
    tokio::select! {
        outcome = apply_plan(&aws, &plan) => panic!("call {at} was not reached: {:#?}", outcome.problems),
        () = proxy.struck() => {}
    }
}

#[tokio::test]
async fn killed_before_any_call_and_run_again_it_is_finished() {
    let stand = Stand::embedded().await;
    for at in 0..calls(&stand).await {
        let scene = Scene::new();
        kill_at(&stand, &scene, at, Spoil::StrikeBefore).await;
        finish(&stand, &scene).await;
    }
}

#[tokio::test]
async fn killed_after_any_call_and_run_again_it_is_finished() {
    let stand = Stand::embedded().await;
    for at in 0..calls(&stand).await {
        let scene = Scene::new();
        kill_at(&stand, &scene, at, Spoil::StrikeAfter).await;
        finish(&stand, &scene).await;
    }
}

#[tokio::test]
async fn a_lost_answer_at_any_call_is_seen_to_have_landed() {
    let stand = Stand::embedded().await;
    for at in 0..calls(&stand).await {
        let scene = Scene::new();
        let proxy = Proxy::start(&stand.url, move |call| if call.is_mutation(at) { Spoil::LoseAnswer } else { Spoil::Pass }).await;
        let aws = stand.connect_by(&proxy.url).await;
        let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
        assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "call {at}: {:#?}", outcome.problems);
    }
}

#[tokio::test]
async fn throttles_slow_a_run_and_do_not_fail_it() {
    let stand = Stand::embedded().await;
    let scene = Scene::new();
    let proxy =
        Proxy::start(&stand.url, |call| if !call.read && call.at % 3 == 1 { Spoil::Refuse("ThrottlingException") } else { Spoil::Pass })
            .await;
    let aws = stand.connect_by(&proxy.url).await;
    scene.converge(&aws).await;
    assert!(proxy.mutations().len() > calls(&stand).await);
}

#[tokio::test]
async fn an_expired_token_at_any_call_leaves_nothing_to_repair() {
    let stand = Stand::embedded().await;
    for at in 0..calls(&stand).await {
        let scene = Scene::new();
        let spoil = move |call: &Call<'_>| if !call.read && call.at >= at { Spoil::Refuse("ExpiredTokenException") } else { Spoil::Pass };
        let proxy = Proxy::start(&stand.url, spoil).await;
        let aws = stand.connect_by(&proxy.url).await;
        let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
        let want = if at == 0 { Exit::Failed } else { Exit::Partial };
        assert_eq!((outcome.exit(), outcome.report.done.len()), (want, at), "call {at}: {:#?}", outcome.problems);
        assert!(proxy.mutations().len() <= at + 8, "a storm of calls with a dead token: {:?}", proxy.mutations());
        finish(&stand, &scene).await;
    }
}

#[tokio::test]
async fn one_table_that_fails_does_not_stop_the_others() {
    let stand = Stand::embedded().await;
    let mut scene = Scene::new();
    let broken = scene.rich.clone();
    scene.table(&broken).protect = false;
    let spoil = |call: &Call<'_>| if call.name == "UpdateTimeToLive" { Spoil::Refuse("AccessDeniedException") } else { Spoil::Pass };
    let proxy = Proxy::start(&stand.url, spoil).await;
    let aws = stand.connect_by(&proxy.url).await;
    let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!((outcome.exit(), outcome.report.converged, outcome.report.unfinished.len()), (Exit::Partial, false, 1));
    let live = scene.live(&aws).await;
    assert!(live.tables.contains_key(&scene.plain) && live.tables.contains_key(&broken));
    finish(&stand, &scene).await;
}

const ACTIVE: &str = "\"TableStatus\":\"ACTIVE\"";
const UPDATING: &str = "\"TableStatus\":\"UPDATING\"";

/// A scene of one table that exists and has three updates to come: protection, a stream, recovery.
async fn three_updates(stand: &Stand) -> Scene {
    let mut scene = Scene::new();
    scene.desired.buckets.clear();
    let (rich, name) = (scene.rich.clone(), scene.plain.clone());
    scene.desired.tables.remove(&rich);
    scene.converge(&stand.connect().await).await;
    *scene.table(&name) = Table { protect: true, recovery: Some(35), stream: Some(StreamView::Both), ..plain() };
    scene
}

#[tokio::test]
async fn no_update_is_sent_while_the_table_is_in_motion() {
    let stand = Stand::embedded().await;
    let scene = three_updates(&stand).await;
    let plan = scene.plan(&stand.connect().await).await;
    // The first calls look at a table in motion; the mutations must come after them.
    let moving =
        |call: &Call<'_>| if call.name == "DescribeTable" && call.nth < 40 { Spoil::Rewrite(ACTIVE, UPDATING) } else { Spoil::Pass };
    let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = order.clone();
    let proxy = Proxy::start(&stand.url, move |call| {
        if !call.read {
            seen.lock().expect("not poisoned").push(call.nth);
        }
        moving(call)
    });
    let proxy = proxy.await;
    let aws = stand.connect_by(&proxy.url).await;
    let plan = Plan { endpoint: aws.identity().endpoint.clone(), ..plan };
    let outcome = apply_plan(&aws, &plan).await;
    assert_eq!(outcome.exit(), Exit::Pass, "{:#?}", outcome.problems);
    let order = order.lock().expect("not poisoned").clone();
    assert!(order.len() == 4 && order.iter().all(|nth| *nth >= 40), "{order:?}");
}

#[tokio::test]
async fn a_wait_that_runs_out_of_time_is_unfinished_and_resumes() {
    let stand = Stand::embedded().await;
    let scene = three_updates(&stand).await;
    let stuck = |call: &Call<'_>| if call.name == "DescribeTable" && call.at > 0 { Spoil::Rewrite(ACTIVE, UPDATING) } else { Spoil::Pass };
    let proxy = Proxy::start(&stand.url, stuck).await;
    let aws = stand.connect_by(&proxy.url).await;
    let plan = scene.plan(&aws).await;
    let short = Options { timeout: Duration::from_secs(2), ..options() };
    let outcome = apply::run(&aws, &plan, &Events::silent(), &short, &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Partial, 1), "{:#?}", outcome.problems);
    finish(&stand, &scene).await;
}

/// Over a quota, AWS takes the call and gives up two seconds later.
#[tokio::test]
async fn insights_that_aws_gives_up_are_told_in_its_words_and_not_as_somebodys_change() {
    let stand = Stand::embedded().await;
    let mut scene = three_updates(&stand).await;
    let name = scene.plain.clone();
    *scene.table(&name) = Table { insights: Some(Insights::All), ..plain() };
    let gave_up = "\"ContributorInsightsStatus\":\"FAILED\",\"FailureException\":{\"ExceptionName\":\"LimitExceededException\",\"ExceptionDescription\":\"no rule left\"}";
    let proxy = Proxy::start(&stand.url, move |_| Spoil::Rewrite("\"ContributorInsightsStatus\":\"ENABLED\"", gave_up)).await;
    let aws = stand.connect_by(&proxy.url).await;
    let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Partial, 1), "{:#?}", outcome.problems);
    let told = "contributor insights failed: LimitExceededException: no rule left";
    assert!(outcome.problems[0].message.contains(told), "{:#?}", outcome.problems);
    assert!(outcome.problems[0].help.as_ref().is_some_and(|help| help.contains("quota")), "{:#?}", outcome.problems);
    let again = landfall::report::model::PlanReport::from(&scene.plan(&aws).await);
    assert!(again.notes.iter().any(|note| note.contains(told)), "{:?}", again.notes);
}

#[tokio::test]
async fn stop_said_while_waiting_ends_the_run_and_it_resumes() {
    let stand = Stand::embedded().await;
    let scene = three_updates(&stand).await;
    let (stopper, stop) = Stop::new();
    let stuck = move |call: &Call<'_>| {
        if call.at > 0 && call.name == "DescribeTable" {
            stopper.stop();
            return Spoil::Rewrite(ACTIVE, UPDATING);
        }
        Spoil::Pass
    };
    let proxy = Proxy::start(&stand.url, stuck).await;
    let aws = stand.connect_by(&proxy.url).await;
    let outcome = apply::run(&aws, &scene.plan(&aws).await, &Events::silent(), &options(), &stop).await;
    assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Interrupted, 1), "{:#?}", outcome.problems);
    finish(&stand, &scene).await;
}

#[tokio::test]
async fn a_change_between_two_calls_stops_the_run_before_the_next() {
    let stand = Stand::embedded().await;
    let scene = three_updates(&stand).await;
    let billing = ("\"BillingMode\":\"PAY_PER_REQUEST\"", "\"BillingMode\":\"PROVISIONED\"");
    let moved = move |call: &Call<'_>| if call.at > 0 && call.read { Spoil::Rewrite(billing.0, billing.1) } else { Spoil::Pass };
    let proxy = Proxy::start(&stand.url, moved).await;
    let aws = stand.connect_by(&proxy.url).await;
    let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Stale, 1), "{:#?}", outcome.problems);
    assert_eq!(proxy.mutations().len(), 1);
}

#[tokio::test]
async fn a_lagging_read_of_our_own_change_is_waited_for() {
    let stand = Stand::embedded().await;
    let scene = three_updates(&stand).await;
    let old = ("\"DeletionProtectionEnabled\":true", "\"DeletionProtectionEnabled\":false");
    let lags = std::sync::atomic::AtomicUsize::new(3);
    let lagging = move |call: &Call<'_>| {
        let late = call.at == 1 && call.name == "DescribeTable" && lags.load(std::sync::atomic::Ordering::Relaxed) > 0;
        if late {
            lags.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        }
        if late { Spoil::Rewrite(old.0, old.1) } else { Spoil::Pass }
    };
    let proxy = Proxy::start(&stand.url, lagging).await;
    let aws = stand.connect_by(&proxy.url).await;
    let patient = Options { lag: Duration::from_secs(20), ..options() };
    let outcome = apply::run(&aws, &scene.plan(&aws).await, &Events::silent(), &patient, &Stop::never()).await;
    assert_eq!(outcome.exit(), Exit::Pass, "{:#?}", outcome.problems);
}

#[tokio::test]
async fn a_new_table_whose_recovery_is_not_available_yet_is_waited_for() {
    let stand = Stand::embedded().await;
    let scene = Scene::new();
    let early = |call: &Call<'_>| {
        let soon = call.name == "UpdateContinuousBackups" && call.at < 12;
        if soon { Spoil::Refuse("ContinuousBackupsUnavailableException") } else { Spoil::Pass }
    };
    let proxy = Proxy::start(&stand.url, early).await;
    let aws = stand.connect_by(&proxy.url).await;
    let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!(outcome.exit(), Exit::Pass, "{:#?}", outcome.problems);
    assert!(proxy.mutations().iter().filter(|name| *name == "UpdateContinuousBackups").count() > 1);
}

/// Least calls, and least privilege: forgotten tables are looked for by their tags alone, and a closed table fails no plan.
#[tokio::test]
async fn tables_of_others_are_not_described_and_may_be_closed_to_us() {
    let stand = Stand::embedded().await;
    let scene = Scene::new();
    scene.converge(&stand.connect().await).await;
    let made = scene.desired.tables.len();
    for (closed, expected) in [(false, (made, 0)), (true, (0, made))] {
        let proxy = Proxy::start(&stand.url, move |call| match call.name {
            "DescribeTable" => Spoil::Refuse("AccessDeniedException"),
            "ListTagsOfResource" if closed => Spoil::Refuse("AccessDeniedException"),
            _ => Spoil::Pass,
        });
        let proxy = proxy.await;
        let aws = stand.connect_by(&proxy.url).await;
        let found =
            landfall::live::unmanaged::unmanaged(&aws, &scene.desired.stack, &std::collections::BTreeSet::new()).await.expect("listed");
        assert_eq!((found.tagged.len() + found.named.len(), found.skipped), expected, "{found:?}");
    }
}

/// What `DescribeTable` shows of a table that is going, and how it is looked at: AWS denies its tags, and may still call it `ACTIVE`.
async fn shown_after_deletion(lag: Duration) -> Outcome {
    let world = World::start().await;
    let deleted = AtomicBool::new(false);
    let proxy = Proxy::start(&world.local.url(), move |call| match call.name {
        "DeleteTable" => {
            deleted.store(true, Ordering::SeqCst);
            Spoil::Pass
        }
        "DescribeTable" if deleted.load(Ordering::SeqCst) => Spoil::Rewrite("\"DELETING\"", "\"ACTIVE\""),
        "ListTagsOfResource" if deleted.load(Ordering::SeqCst) => Spoil::Refuse("AccessDeniedException"),
        _ => Spoil::Pass,
    })
    .await;
    let endpoint = Endpoint { url: proxy.url, ..world.local.endpoint() };
    let settings =
        Settings { region: Some("us-east-1".into()), endpoint: Some(endpoint), clock: world.clock.clone(), ..Settings::default() };
    let world = World { aws: Aws::connect(&settings).await.expect("it answers STS"), ..world };
    let (name, stack) = (unique("gone"), unique("stack"));
    let tables = BTreeMap::from([(name.clone(), plain())]);
    let wanted = Desired { stack, digest: "d".into(), tables, ..Desired::default() };
    world.reach(&wanted, &Approvals::default(), "made").await;
    let approvals = Approvals { destroy: [name].into(), ..Approvals::default() };
    let plan = world.plan(&Desired { tables: BTreeMap::new(), ..wanted }, &approvals).await;
    let options = Options { first_poll: Duration::from_secs(1), lag, ..Options::default() };
    let (events, stop) = (Events::silent(), Stop::never());
    let run = Box::pin(apply::run(&world.aws, &plan, &events, &options, &stop));
    tokio::time::timeout(Duration::from_mins(1), run).await.expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_table_that_reads_still_show_is_waited_out_as_long_as_reads_may_lag() {
    let outcome = shown_after_deletion(Duration::from_mins(1)).await;
    assert_eq!(outcome.exit(), Exit::Pass, "{:#?}", outcome.problems);
    let outcome = shown_after_deletion(Duration::from_millis(500)).await;
    assert_eq!(outcome.exit(), Exit::Partial, "{:#?}", outcome.problems);
    assert!(outcome.problems[0].message.contains("AccessDenied"), "{:#?}", outcome.problems);
}
