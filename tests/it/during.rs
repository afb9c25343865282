//! What happens while a run is under way: the source changes, somebody presses Ctrl-C while it waits.

use crate::between::Between;
use crate::program::{LocalAws, Place, ran};
use crate::servers::{Database, Engine};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

/// The snapshot decides: the run is of one moment, and a later validation is of a later one.
#[test]
fn a_row_that_changes_during_the_run_is_a_difference_afterwards_and_not_before() {
    let local = LocalAws::start();
    let source = Database::seeded(Engine::Postgres, "users");
    let (url, once) = (source.url().to_owned(), Once::new());
    let between = Between::start(&local.url, move |name, forward| {
        let answer = forward();
        if name == "BatchWriteItem" {
            // Loaded and not validated yet.
            once.call_once(|| source.run("update users set username = 'changed-meanwhile' where user_id = 102"));
        }
        Some(answer)
    });
    let mut place = Place::at(&between.url, "local", "local");
    place.set("SOURCE_URL", &url);
    place.landfall("run stacks/users.toml --yes --no-import --source env:SOURCE_URL").exits(0);
    assert!(between.calls().iter().any(|call| call == "BatchWriteItem"));
    let later = place.landfall("validate stacks/users.toml --source env:SOURCE_URL --show-values -o json=later.json").exits(3);
    later.says("changed-meanwhile");
    let report: serde_json::Value = serde_json::from_str(&place.read("later.json")).expect("JSON");
    let found = report["validate"]["mismatches"].as_array().expect("a list");
    // The row itself, and nothing else (an index that shows the same item may repeat it).
    assert!(found.iter().all(|m| m["row"].as_str().is_none_or(|row| row.contains("102"))), "{found:#?}");
    let full = |c: &&serde_json::Value| c["kind"] == "full" && c["different"] != 0;
    let differing: Vec<&serde_json::Value> = report["validate"]["checks"].as_array().expect("a list").iter().filter(full).collect();
    assert_eq!((differing.len(), &differing[0]["different"]), (1, &1.into()), "{differing:#?}");
}

#[test]
fn ctrl_c_while_metrics_are_waited_for_ends_the_wait() {
    let local = LocalAws::start();
    let place = local.place();
    // There is no table, so no metric ever comes.
    let words = ["throttling", "stacks/users.toml", "--wait", "120"];
    let child = place.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("landfall starts");
    std::thread::sleep(Duration::from_secs(3));
    let since = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    ran(&child.wait_with_output().expect("its output")).exits(130).says("interrupted");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

/// What only reads has a safe point everywhere.
#[test]
fn a_signal_ends_a_plan_at_once() {
    let local = LocalAws::start();
    for (signal, words) in
        [("-INT", &["plan", "stacks/users.toml", "--out", "users.plan"][..]), ("-TERM", &["drift", "stacks/users.toml"][..])]
    {
        let (reading, read) = std::sync::mpsc::channel();
        let between = Between::start(&local.url, move |name, forward| {
            if name == "DescribeTable" {
                reading.send(()).expect("somebody waits");
                std::thread::sleep(Duration::from_mins(1));
            }
            Some(forward())
        });
        let place = Place::at(&between.url, "local", "local");
        let child = place.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("landfall starts");
        read.recv_timeout(Duration::from_mins(1)).expect("a first read");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill").success());
        ran(&child.wait_with_output().expect("its output")).exits(130).says("nothing was changed").says("(exit 130)");
        assert!(!place.path("users.plan").exists());
    }
}
