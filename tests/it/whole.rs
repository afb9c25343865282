//! The main job, end to end, on every sample stack and every engine, judged by an oracle that shares no code with it.

use crate::program::{LocalAws, Place};
use crate::servers::{Database, ENGINES, Engine};

const STACKS: [(&str, &str); 4] =
    [("vehicle-sales", "vehicle-sales"), ("vehicle-sales-single", "vehicle-sales"), ("users", "users"), ("imdb", "imdb")];

/// A newcomer's first command: no account, no server, no flags but these.
fn newcomer(stack: &str) {
    let place = Place::new();
    let ran = place.landfall(&format!("run stacks/{stack}.toml --local")).exits(0);
    for part in ["to create", "live AWS is what the stack says", "close", "all found", "match", "Throttling", "PASS: run pass"] {
        assert!(ran.stdout.contains(part), "no {part:?} in\n{}\n{}", ran.stdout, ran.stderr);
    }
    let report = place.read(&format!("{stack}-report.json"));
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["exit_code"], &report["schema"]), (&0.into(), &"landfall.report/v1".into()));
}

#[test]
fn a_newcomer_runs_vehicle_sales() {
    newcomer("vehicle-sales");
}

#[test]
fn a_newcomer_runs_vehicle_sales_single() {
    newcomer("vehicle-sales-single");
}

#[test]
fn a_newcomer_runs_users() {
    newcomer("users");
}

#[test]
fn a_newcomer_runs_imdb() {
    newcomer("imdb");
}

/// All four stacks from `engine`: the same items, by the oracle's word.
fn arrives_from(engine: Engine) {
    for (stack, seed) in STACKS {
        let source = Database::seeded(engine, seed);
        let sqlite = Database::seeded(Engine::Sqlite, seed);
        let local = LocalAws::start();
        let mut place = local.place();
        place.set("SOURCE_URL", source.url());
        place.landfall(&format!("run stacks/{stack}.toml --yes --source env:SOURCE_URL")).exits(0).never_says("test-password");
        let file = sqlite.url().trim_start_matches("sqlite:").to_owned();
        place.oracle("oracle.py", &[stack, &file, &local.url]).exits(0);
        place.landfall(&format!("plan stacks/{stack}.toml --detailed-exitcode")).exits(0).says("No changes");
        place.landfall(&format!("drift stacks/{stack}.toml")).exits(0);
    }
}

#[test]
fn sqlite_arrives() {
    arrives_from(ENGINES[0]);
}

#[test]
fn mariadb_arrives() {
    arrives_from(ENGINES[1]);
}

#[test]
fn postgres_arrives() {
    arrives_from(ENGINES[2]);
}

#[test]
fn a_second_load_writes_the_same_items_again() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("run stacks/vehicle-sales.toml --yes").exits(0).says("ImportTable");
    place.landfall("load stacks/vehicle-sales.toml --yes").exits(0).says("BatchWriteItem");
    place.landfall("validate stacks/vehicle-sales.toml").exits(0);
    let file = place.path("stacks/vehicle-sales.sqlite");
    place.oracle("oracle.py", &["vehicle-sales", file.to_str().expect("UTF-8"), &local.url]).exits(0);
}

#[test]
fn the_write_path_alone_gives_the_same_items() {
    let local = LocalAws::start();
    let place = local.place();
    for stack in ["users", "vehicle-sales-single"] {
        place.landfall(&format!("run stacks/{stack}.toml --yes --no-import")).exits(0).says("BatchWriteItem");
    }
    let file = place.path("stacks/users.sqlite");
    place.oracle("oracle.py", &["users", file.to_str().expect("UTF-8"), &local.url]).exits(0);
    let file = place.path("stacks/vehicle-sales.sqlite");
    place.oracle("oracle.py", &["vehicle-sales-single", file.to_str().expect("UTF-8"), &local.url]).exits(0);
}

#[test]
fn verb_by_verb_gives_what_run_gives() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("check stacks/users.toml").exits(0);
    place.landfall("plan stacks/users.toml --detailed-exitcode --out users.plan").exits(3).says("Calls, in this order");
    place.landfall("drift stacks/users.toml").exits(3);
    place.landfall("apply users.plan").exits(0);
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0);
    place.landfall("validate stacks/users.toml").exits(3).says("missing");
    place.landfall("load stacks/users.toml --yes").exits(0);
    place.landfall("validate stacks/users.toml").exits(0);
    place.landfall("throttling stacks/users.toml").exits(0);
}

#[test]
fn what_keep_keeps_can_be_looked_at() {
    let place = Place::new();
    let kept = place.path("kept");
    let kept = kept.to_str().expect("UTF-8");
    place.landfall(&format!("run stacks/users.toml --local --keep {kept} --yes")).exits(0).says("landfall local --dir");
    let local = LocalAws::start_with(&["--dir", kept]);
    let again = local.place();
    let file = place.path("stacks/users.sqlite");
    again.oracle("oracle.py", &["users", file.to_str().expect("UTF-8"), &local.url]).exits(0);
}
