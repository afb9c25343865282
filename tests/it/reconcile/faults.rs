//! Killed, refused, throttled or left without an answer at every call: run again, and it is finished.

use super::proxy::{Proxy, Spoil};
use super::*;

/// How many mutations the scene takes when nothing goes wrong.
async fn calls() -> usize {
    let aws = connect(&moto()).await;
    let calls = Scene::new().plan(&aws).await.calls();
    assert!(calls > 8, "a scene that exercises little");
    calls
}

/// The scene with what the run did not finish is finished by another run, with no approval and no destructive step.
async fn finish(scene: &Scene) {
    let aws = connect(&moto()).await;
    let plan = scene.plan(&aws).await;
    assert!(plan.works.iter().all(|w| w.steps.iter().all(|s| !s.destructive)));
    assert_eq!(plan.refusals, vec![]);
    scene.converge(&aws).await;
}

/// Runs the scene through a proxy that strikes at mutation `at`, and drops the run there, as a kill would.
async fn kill_at(scene: &Scene, at: usize, spoil: Spoil) {
    let proxy = Proxy::start(&moto(), "", move |n, _| if n == at { spoil } else { Spoil::Pass }).await;
    let aws = connect(&proxy.url).await;
    let plan = scene.plan(&aws).await;
    tokio::select! {
        outcome = apply_plan(&aws, &plan) => panic!("call {at} was not reached: {:#?}", outcome.problems),
        () = proxy.struck() => {}
    }
}

#[tokio::test]
async fn killed_before_any_call_and_run_again_it_is_finished() {
    for at in 0..calls().await {
        let scene = Scene::new();
        kill_at(&scene, at, Spoil::StrikeBefore).await;
        finish(&scene).await;
    }
}

#[tokio::test]
async fn killed_after_any_call_and_run_again_it_is_finished() {
    for at in 0..calls().await {
        let scene = Scene::new();
        kill_at(&scene, at, Spoil::StrikeAfter).await;
        finish(&scene).await;
    }
}

#[tokio::test]
async fn a_lost_answer_at_any_call_is_seen_to_have_landed() {
    for at in 0..calls().await {
        let scene = Scene::new();
        let proxy = Proxy::start(&moto(), "", move |n, _| if n == at { Spoil::LoseAnswer } else { Spoil::Pass }).await;
        let aws = connect(&proxy.url).await;
        let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
        assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "call {at}: {:#?}", outcome.problems);
    }
}

#[tokio::test]
async fn throttles_slow_a_run_and_do_not_fail_it() {
    let scene = Scene::new();
    let proxy = Proxy::start(&moto(), "", |n, _| if n % 3 == 1 { Spoil::Refuse("ThrottlingException") } else { Spoil::Pass }).await;
    let aws = connect(&proxy.url).await;
    scene.converge(&aws).await;
    assert!(proxy.mutations().len() > calls().await);
}

#[tokio::test]
async fn an_expired_token_at_any_call_leaves_nothing_to_repair() {
    for at in 0..calls().await {
        let scene = Scene::new();
        let spoil = move |n, _: &str| if n >= at && n < usize::MAX { Spoil::Refuse("ExpiredTokenException") } else { Spoil::Pass };
        let proxy = Proxy::start(&moto(), "", spoil).await;
        let aws = connect(&proxy.url).await;
        let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
        let want = if at == 0 { Exit::Failed } else { Exit::Partial };
        assert_eq!((outcome.exit(), outcome.report.done.len()), (want, at), "call {at}: {:#?}", outcome.problems);
        assert!(proxy.mutations().len() <= at + 8, "a storm of calls with a dead token: {:?}", proxy.mutations());
        finish(&scene).await;
    }
}

#[tokio::test]
async fn one_table_that_fails_does_not_stop_the_others() {
    let mut scene = Scene::new();
    let broken = scene.rich.clone();
    scene.table(&broken).protect = false;
    let spoil = |_, name: &str| if name == "UpdateTimeToLive" { Spoil::Refuse("AccessDeniedException") } else { Spoil::Pass };
    let proxy = Proxy::start(&moto(), "", spoil).await;
    let aws = connect(&proxy.url).await;
    let outcome = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!((outcome.exit(), outcome.report.converged, outcome.report.unfinished.len()), (Exit::Partial, false, 1));
    let live = scene.live(&aws).await;
    assert!(live.tables.contains_key(&scene.plain) && live.tables.contains_key(&broken));
    finish(&scene).await;
}
