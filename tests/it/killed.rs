//! Killed at a call, run again: finished, nothing orphaned, nothing repaired by hand. `scripts/kill-sweep` does it at every call.

use crate::between::Between;
use crate::program::{LocalAws, Place};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

const RUNNING: u8 = 0;
const DEAD: u8 = 1;
const AGAIN: u8 = 2;

/// A run whose process is killed at its first call of this name, before or after it took effect; then the same run again.
fn killed_at(call: &'static str, after: bool, command: &str) {
    let local = LocalAws::start();
    let (state, pid) = (Arc::new(AtomicU8::new(RUNNING)), Arc::new(AtomicU32::new(0)));
    let (now, child) = (Arc::clone(&state), Arc::clone(&pid));
    let between = Between::start(&local.url, move |name, forward| match now.load(Ordering::SeqCst) {
        AGAIN => Some(forward()),
        RUNNING if !name.starts_with(call) => Some(forward()),
        RUNNING => {
            now.store(DEAD, Ordering::SeqCst);
            if after {
                forward();
            }
            kill(child.load(Ordering::SeqCst));
            None
        }
        _ => None,
    });
    let place = Place::at(&between.url, "local", "local");
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut process = place.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("landfall starts");
    pid.store(process.id(), Ordering::SeqCst);
    assert_eq!(process.wait().expect("a child").code(), None, "killed at {call}");
    assert_eq!(state.swap(AGAIN, Ordering::SeqCst), DEAD, "{call} was never made");
    place.landfall(command).exits(0);
    nothing_is_left_over(&place, &between, &local.url);
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("kill").success());
}

fn nothing_is_left_over(place: &Place, between: &Between, url: &str) {
    let file = place.path("stacks/users.sqlite");
    place.oracle("oracle.py", &["users", file.to_str().expect("UTF-8"), url]).exits(0);
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0);
    assert_eq!(place.names(), "['Users'] ['landfall-sample-users-staging']");
    // The staged objects of the finished run are all that a run may delete.
    let deletes: Vec<String> = between.calls().into_iter().filter(|c| c.contains("Delete") || c.starts_with("DELETE")).collect();
    assert!(deletes.is_empty(), "{deletes:?}");
}

#[test]
fn while_the_bucket_is_made() {
    for call in ["PUT /", "PUT ?tagging", "PUT ?policy"] {
        killed_at(call, false, "run stacks/users.toml --yes");
        killed_at(call, true, "run stacks/users.toml --yes");
    }
}

#[test]
fn while_rows_are_imported() {
    for call in ["PUT ?x-id=PutObject", "ImportTable", "TagResource"] {
        killed_at(call, false, "run stacks/users.toml --yes");
        killed_at(call, true, "run stacks/users.toml --yes");
    }
}

#[test]
fn while_rows_are_written() {
    for call in ["CreateTable", "BatchWriteItem"] {
        killed_at(call, false, "run stacks/users.toml --yes --no-import");
        killed_at(call, true, "run stacks/users.toml --yes --no-import");
    }
}
