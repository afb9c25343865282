//! Killed at a call, run again: finished, nothing orphaned, nothing repaired by hand. `scripts/kill-sweep` does it at every call.

use crate::between::Between;
use crate::program::{LocalAws, Place};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const RUNNING: u8 = 0;
const DEAD: u8 = 1;
const AGAIN: u8 = 2;

/// A run whose process is killed at its first call of this name, before or after it took effect; then the same run again.
fn killed_at(call: &'static str, after: bool, command: &str) {
    let (local, place, between) = recovered(call, after, command, |_| ());
    nothing_is_left_over(&place, &between, &local.url);
}

/// The same for any command, in a place that was prepared.
fn recovered(call: &'static str, after: bool, command: &str, prepare: impl Fn(&Place)) -> (LocalAws, Place, Between) {
    let local = LocalAws::start();
    let (state, pid) = (Arc::new(AtomicU8::new(AGAIN)), Arc::new(AtomicU32::new(0)));
    let (now, child) = (Arc::clone(&state), Arc::clone(&pid));
    let between = Between::start(&local.url, move |name, forward| match now.load(Ordering::SeqCst) {
        AGAIN => Some(forward()),
        RUNNING if !name.starts_with(call) => Some(forward()),
        RUNNING => {
            now.store(DEAD, Ordering::SeqCst);
            if after {
                forward();
            }
            while child.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            kill(child.load(Ordering::SeqCst));
            None
        }
        _ => None,
    });
    let place = Place::at(&between.url, "local", "local");
    prepare(&place);
    state.store(RUNNING, Ordering::SeqCst);
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut process = place.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("landfall starts");
    pid.store(process.id(), Ordering::SeqCst);
    assert_eq!(process.wait().expect("a child").code(), None, "killed at {call}");
    assert_eq!(state.swap(AGAIN, Ordering::SeqCst), DEAD, "{call} was never made");
    let since = Instant::now();
    place.landfall(command).exits(0);
    // The dead run's lease lasts a minute: nobody waits for it where its process is seen to be gone.
    assert!(since.elapsed() < Duration::from_secs(40), "{:?}", since.elapsed());
    (local, place, between)
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

/// What was in neither a create call nor the import: a killed run's table is this stack's own, and needs no word for it.
#[test]
fn while_a_ttl_is_turned_on_in_a_new_table() {
    const TTL: &str = "protect = false\nttl = \"gone\"";
    for (call, after) in [("TagResource", true), ("UpdateTimeToLive", false), ("UpdateTimeToLive", true)] {
        for command in ["run stacks/users.toml --yes", "run stacks/users.toml --yes --no-import"] {
            let prepare = |place: &Place| place.edit("stacks/users.toml", "protect = false", TTL);
            let (local, place, between) = recovered(call, after, command, prepare);
            nothing_is_left_over(&place, &between, &local.url);
        }
    }
}

#[test]
fn while_rows_are_written() {
    for call in ["CreateTable", "BatchWriteItem"] {
        killed_at(call, false, "run stacks/users.toml --yes --no-import");
        killed_at(call, true, "run stacks/users.toml --yes --no-import");
    }
}

const HEAD: &str = "name = \"sweep\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n";
const UNITS: &str = "capacity = { read = 5, write = 5 }\n";

/// A table of one key attribute with more lines, and indexes by attributes of their own.
fn table(name: &str, lines: &str, indexes: &str) -> String {
    let capacity = if lines.contains("capacity") { UNITS } else { "" };
    let index = |c: char| format!("[table.{name}.index.By{c}]\nkey = [\"{}:S\"]\n{capacity}", c.to_lowercase());
    format!("[table.{name}]\nkey = [\"id:S\"]\nprotect = false\n{lines}{}", indexes.chars().map(index).collect::<String>())
}

/// `apply` from one stack to another (a new TTL attribute takes minutes: `scripts/kill-sweep` does it), killed at `call`; a plan is empty then, and what is there is what the file names.
fn applied(call: &'static str, from: &str, to: &str, more: &str, left: &str) {
    for after in [false, true] {
        let command = format!("apply sweep.toml --yes {more}");
        let (_local, place, _between) = recovered(call, after, command.trim(), |place| {
            place.write("sweep.toml", &format!("{HEAD}{from}"));
            if !from.is_empty() {
                place.landfall("apply sweep.toml --yes").exits(0);
            }
            place.write("sweep.toml", &format!("{HEAD}{to}"));
        });
        place.landfall("plan sweep.toml --detailed-exitcode").exits(0);
        place.landfall("unlock sweep.toml").exits(0).says("nobody holds its lease");
        assert_eq!(place.names().replace(", 'landfall-leases'", "").replace("'landfall-leases'", ""), left);
    }
}

#[test]
fn while_indexes_are_exchanged() {
    applied("UpdateTable", &table("Orders", "", "AB"), &table("Orders", "", "BC"), "--destroy Orders/ByA", "['Orders'] []");
}

#[test]
fn while_capacity_is_switched() {
    applied("UpdateTable", &table("Orders", "", "A"), &table("Orders", UNITS, "A"), "", "['Orders'] []");
    applied("UpdateTable", &table("Orders", UNITS, "A"), &table("Orders", "", "A"), "", "['Orders'] []");
}

#[test]
fn while_a_bucket_is_destroyed_with_all_it_holds() {
    const STAGING: &str = "[bucket.staging]\nname = \"landfall-sample-users-staging\"\n";
    for call in ["DELETE ?x-id=AbortMultipartUpload", "POST ?delete", "DELETE /"] {
        for after in [false, true] {
            let command = "apply sweep.toml --yes --destroy s3://landfall-sample-users-staging --with-data";
            let (_local, place, _between) = recovered(call, after, command, |place| {
                place.write("sweep.toml", &format!("{HEAD}{STAGING}{}", table("Orders", "", "")));
                place.landfall("apply sweep.toml --yes").exits(0);
                place.python(crate::iam::FILL).exits(0);
                place.write("sweep.toml", &format!("{HEAD}{}", table("Orders", "", "")));
            });
            place.landfall("plan sweep.toml --detailed-exitcode").exits(0);
            assert_eq!(place.names(), "['Orders'] []", "{call}");
        }
    }
}

#[test]
fn while_a_table_is_destroyed() {
    let both = table("Old", "", "A") + &table("Orders", "", "");
    applied("DeleteTable", &both, &table("Orders", "", ""), "--destroy Old", "['Orders'] []");
}
