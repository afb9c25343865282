//! Whole runs while the embedded AWS throttles, hands back and loses answers: they end green.

use crate::program::{Place, Ran};
use landfall::clock::Clock;
use landfall::local::{Call, Effect, Local, Moment, Options, Rule};
use std::time::{Duration, Instant};

/// A run of `command` against an embedded AWS with this rule; what it left, and how many calls were struck.
async fn run_under(rule: Rule, command: &'static str) -> (Ran, u64) {
    let local = Local::start(Options::default()).await.expect("starts");
    local.faults().install(rule);
    let place = Place::at(&local.url(), "local", "local");
    let ran = tokio::task::spawn_blocking(move || place.landfall(command)).await.expect("ran");
    let struck = local.faults().installed()[0].struck;
    (ran, struck)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_second_call_is_throttled_and_an_import_run_ends_green_within_a_minute() {
    let began = Instant::now();
    let (ran, struck) = run_under(Rule::refuse("ThrottlingException").rate(0.5, 7), "run stacks/users.toml --yes").await;
    ran.exits(0);
    assert!(struck > 20, "{struck}");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}

/// More than the SDK repeats by itself: the run's last question is no reason to lose all that it has proved.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_that_are_throttled_for_a_while_are_waited_for() {
    let throttled = Rule::refuse("ThrottlingException").operation("GetMetricData").times(10);
    let (ran, struck) = run_under(throttled, "run stacks/users.toml --yes --no-import").await;
    ran.exits(0);
    assert_eq!(struck, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_of_every_batch_comes_back_and_every_row_arrives() {
    let unprocessed = Rule::new(Effect::Unprocessed(0.3));
    let (ran, struck) = run_under(unprocessed, "run stacks/vehicle-sales.toml --yes --no-import").await;
    ran.exits(0).says("BatchWriteItem");
    assert!(struck > 3, "{struck}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tenth_connection_is_torn_after_the_effect_and_the_run_ends_green() {
    let torn = Rule::new(Effect::Reset(Moment::After)).rate(0.1, 3);
    let (ran, struck) = run_under(torn, "run stacks/users.toml --yes").await;
    ran.exits(0);
    assert!(struck > 3, "{struck}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_limiter_of_table_changes_slows_an_apply_and_fails_none() {
    let clock = Clock::scaled(10.0);
    let local = Local::start(Options { clock, changes_per_second: Some(2), ..Options::default() }).await.expect("starts");
    let place = Place::at(&local.url(), "local", "local");
    let head = "name = \"many\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n".to_owned();
    let stack = (0..8).fold(head, |stack, i| stack + &format!("\n[table.Table{i}]\nkey = [\"id:S\"]\n"));
    place.write("many.toml", &stack);
    let ran = tokio::task::spawn_blocking(move || {
        place.landfall("apply many.toml --yes").exits(0);
        place.landfall("plan many.toml --detailed-exitcode")
    });
    ran.await.expect("ran").exits(0);
    let struck = local.faults().installed()[0].struck;
    assert!(struck > 0, "of eight creations at once some are throttled");
    let done = |call: &&Call| call.operation == "CreateTable" && call.status == Some(200) && call.resource.starts_with("Table");
    let made = local.calls().iter().filter(done).count();
    assert_eq!(made, 8);
}
