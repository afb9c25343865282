//! One writer per stack, as people run it: real processes that race, stop, are killed and unlocked, on one embedded AWS.

use crate::between::Between;
use crate::program::{LocalAws, Place, Ran, ran};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const APPLY: &str = "apply stacks/users.toml --yes --lease 2";

/// landfall, running, with its output kept.
fn start(place: &Place, command: &str) -> Child {
    let words: Vec<&str> = command.split_whitespace().collect();
    place.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("landfall starts")
}

fn end(child: Child) -> Ran {
    ran(&child.wait_with_output().expect("its output"))
}

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().expect("kill").success());
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A run that gets a signal at its `at`-th call of this name (from 1), before it is answered.
struct Struck {
    between: Between,
    place: Place,
    pid: Arc<AtomicU32>,
    strikes: Arc<AtomicUsize>,
}

impl Struck {
    fn at(url: &str, call: &'static str, at: usize, name: &'static str) -> Self {
        let (pid, struck, seen) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let (victim, told) = (Arc::clone(&pid), Arc::clone(&struck));
        let between = Between::start(url, move |called, forward| {
            let answer = forward();
            if called.starts_with(call) && seen.fetch_add(1, Ordering::SeqCst) + 1 == at {
                until("the victim has no process", || victim.load(Ordering::SeqCst) != 0);
                signal(victim.load(Ordering::SeqCst), name);
                told.store(1, Ordering::SeqCst);
            }
            Some(answer)
        });
        let place = Place::at(&between.url, "local", "local");
        Self { between, place, pid, strikes: struck }
    }

    /// Starts it, and waits until the signal has struck.
    fn run(&self, command: &str) -> Child {
        let child = start(&self.place, command);
        self.pid.store(child.id(), Ordering::SeqCst);
        until("the call was never made", || self.strikes.load(Ordering::SeqCst) == 1);
        child
    }

    /// What it changed in AWS from its `after`-th call on; the lease's own writes are none.
    fn changes(&self, after: usize) -> Vec<String> {
        let reads = ["Describe", "List", "Get", "HEAD", "GET"];
        let calls = self.between.calls().into_iter().skip(after);
        calls.filter(|call| call != "PutItem" && call != "POST /" && !reads.iter().any(|r| call.starts_with(r))).collect()
    }
}

/// Its first look at TTL is the plan's, the second is before all changes, the third directly before the table's first change.
const BEFORE_ITS_CHANGE: usize = 3;

/// An embedded AWS in which the stack exists and has a change to come.
fn with_a_change_to_come() -> (LocalAws, Place) {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall(APPLY).exits(0);
    change(&place);
    (local, place)
}

fn change(place: &Place) {
    place.edit("stacks/users.toml", "protect = false", "protect = true");
}

#[test]
fn of_four_runs_at_once_one_works_and_the_others_are_told_who() {
    let local = LocalAws::start();
    let refused = Arc::new(AtomicUsize::new(0));
    let enough = Arc::clone(&refused);
    let between = Between::start(&local.url, move |call, forward| {
        // The one that works makes the bucket: it is held there until the others were refused.
        if call.starts_with("PUT /") {
            until("the others were not refused", || enough.load(Ordering::SeqCst) == 3);
        }
        Some(forward())
    });
    let place = Place::at(&between.url, "local", "local");
    let runs: Vec<_> = (0..4).map(|_| start(&place, "apply stacks/users.toml --yes")).collect();
    let waiting: Vec<_> = runs
        .into_iter()
        .map(|run| {
            let refused = Arc::clone(&refused);
            std::thread::spawn(move || {
                let ran = end(run);
                refused.fetch_add(1, Ordering::SeqCst);
                ran
            })
        })
        .collect();
    let mut ended: Vec<Ran> = waiting.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    ended.sort_by_key(|ran| ran.code);
    let codes: Vec<i32> = ended.iter().map(|ran| ran.code).collect();
    assert_eq!(codes, [0, 7, 7, 7], "{ended:#?}");
    for loser in ended.into_iter().skip(1) {
        loser.says("stack users is locked by").says("landfall apply, since").says("landfall unlock STACK").says("last heartbeat");
    }
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0);
}

#[test]
fn a_run_that_stood_still_longer_than_its_lease_changes_nothing_any_more() {
    let (local, _) = with_a_change_to_come();
    let struck = Struck::at(&local.url, "DescribeTimeToLive", BEFORE_ITS_CHANGE, "STOP");
    change(&struck.place);
    let sleeper = struck.run(APPLY);
    let calls = struck.between.calls().len();
    let other = local.place();
    change(&other);
    let since = Instant::now();
    other.landfall(&format!("{APPLY} --lock-timeout 30")).exits(0).says("took over the lease");
    assert!(since.elapsed() >= Duration::from_secs(2) && since.elapsed() < Duration::from_secs(12), "{:?}", since.elapsed());
    signal(sleeper.id(), "CONT");
    end(sleeper).exits(7).says("lost its lease to");
    assert_eq!(struck.changes(calls), Vec::<String>::new());
    other.landfall("plan stacks/users.toml --detailed-exitcode").exits(0);
}

#[test]
fn a_killed_run_is_followed_at_once() {
    let (local, _) = with_a_change_to_come();
    let struck = Struck::at(&local.url, "DescribeTimeToLive", BEFORE_ITS_CHANGE, "KILL");
    change(&struck.place);
    let mut killed = struck.run("apply stacks/users.toml --yes");
    let other = local.place();
    change(&other);
    let since = Instant::now();
    other.landfall("apply stacks/users.toml --yes").exits(0).says("took over the lease");
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    killed.wait().expect("a child");
}

#[test]
fn ctrl_c_gives_the_lease_back() {
    let (local, place) = with_a_change_to_come();
    let struck = Struck::at(&local.url, "DescribeTimeToLive", BEFORE_ITS_CHANGE, "INT");
    change(&struck.place);
    end(struck.run("apply stacks/users.toml --yes")).exits(130);
    place.landfall("unlock stacks/users.toml").exits(0).says("nobody holds its lease");
}

/// Its lease was written, and it never heard of it.
#[test]
fn ctrl_c_on_the_way_to_the_lease_leaves_one_that_the_next_run_takes_over_at_once() {
    let (local, place) = with_a_change_to_come();
    let pid = Arc::new(AtomicU32::new(0));
    let (victim, struck) = (Arc::clone(&pid), AtomicUsize::new(0));
    let between = Between::start(&local.url, move |called, forward| {
        let answer = forward();
        if called == "PutItem" && struck.fetch_add(1, Ordering::SeqCst) == 0 {
            until("the victim has no process", || victim.load(Ordering::SeqCst) != 0);
            signal(victim.load(Ordering::SeqCst), "INT");
            std::thread::sleep(Duration::from_secs(2));
        }
        Some(answer)
    });
    let stopped = Place::at(&between.url, "local", "local");
    change(&stopped);
    let run = start(&stopped, "apply stacks/users.toml --yes");
    pid.store(run.id(), Ordering::SeqCst);
    end(run).exits(130).says("nothing was changed");
    place.landfall("apply stacks/users.toml --yes").exits(0).says("took over the lease");
}

/// What it compared may be another's writes by then.
#[test]
fn a_run_that_loses_its_lease_while_it_proves_the_result_is_no_pass() {
    let metrics = "POST /service/GraniteServiceVersion20100801/operation/GetMetricData";
    for (call, at) in [("Scan", 2), (metrics, 1)] {
        let local = LocalAws::start();
        let struck = Struck::at(&local.url, call, at, "STOP");
        let sleeper = struck.run("run stacks/users.toml --yes --no-import --lease 2");
        local.place().landfall("apply stacks/users.toml --yes --lock-timeout 30").exits(0).says("took over the lease");
        signal(sleeper.id(), "CONT");
        end(sleeper).exits(7).says("lost its lease to");
    }
}

/// Its next heartbeat is twenty minutes away: nothing but a question at its end can tell it.
#[test]
fn a_run_whose_lease_is_taken_away_between_two_heartbeats_is_no_pass() {
    let local = LocalAws::start();
    let (direct, scans) = (local.place(), AtomicUsize::new(0));
    let between = Between::start(&local.url, move |called, forward| {
        if called == "Scan" && scans.fetch_add(1, Ordering::SeqCst) == 1 {
            direct.python(WRITE_OFF).exits(0);
        }
        Some(forward())
    });
    let place = Place::at(&between.url, "local", "local");
    place.landfall("run stacks/users.toml --yes --no-import --lease 3600").exits(7).says("lost its lease to nobody: its item is gone");
}

/// What went wrong is told, and not that the lease could not be renewed for the same reason.
#[test]
fn a_run_whose_proof_fails_tells_that() {
    let local = LocalAws::start();
    let place = local.place();
    let denied = "import json, urllib.request as u\n\
                  deny = lambda more: dict(effect='refuse', code='AccessDeniedException', times=1000, **more)\n\
                  rules = [deny(dict(operation='GetMetricData')), deny(dict(operation='PutItem', resource='landfall-leases', call=2))]\n\
                  u.urlopen(u.Request(os.environ['AWS_ENDPOINT_URL'] + '/_landfall/faults', data=json.dumps(rules).encode(), method='POST'))";
    place.python(denied).exits(0);
    let ended = place.landfall("run stacks/users.toml --yes --no-import --lease 3600");
    ended.exits(1).says("GetMetricData");
}

/// No lease is left: as somebody would do it by hand.
const WRITE_OFF: &str = "
d = c('dynamodb')
keys = [k['AttributeName'] for k in d.describe_table(TableName='landfall-leases')['Table']['KeySchema']]
for item in d.scan(TableName='landfall-leases')['Items']:
    d.delete_item(TableName='landfall-leases', Key={k: item[k] for k in keys})
";

#[test]
fn unlock_shows_who_holds_it_and_by_force_takes_it_away() {
    let (local, place) = with_a_change_to_come();
    let struck = Struck::at(&local.url, "DescribeTimeToLive", BEFORE_ITS_CHANGE, "STOP");
    change(&struck.place);
    let sleeper = struck.run(APPLY);
    let calls = struck.between.calls().len();
    place.landfall("unlock stacks/users.toml").exits(7).says("landfall apply, since").says(&format!("process {}", sleeper.id()));
    place.landfall("unlock stacks/users.toml --force").exits(5);
    place.landfall("unlock stacks/users.toml --force --yes").exits(0).says("nobody holds its lease any more");
    place.landfall("apply stacks/users.toml --yes").exits(0);
    signal(sleeper.id(), "CONT");
    end(sleeper).exits(7);
    assert_eq!(struck.changes(calls), Vec::<String>::new());
}

#[test]
fn a_load_that_stood_still_writes_nothing_any_more() {
    let local = LocalAws::start();
    local.place().landfall("apply stacks/users.toml --yes").exits(0);
    // Its look whether the table holds items: the last read before the first batch.
    let struck = Struck::at(&local.url, "Scan", 1, "STOP");
    let sleeper = struck.run("load stacks/users.toml --yes --no-import --lease 2");
    let calls = struck.between.calls().len();
    local.place().landfall("apply stacks/users.toml --yes --lock-timeout 30").exits(0).says("took over the lease");
    signal(sleeper.id(), "CONT");
    end(sleeper).exits(7).says("lost its lease to");
    assert_eq!(struck.changes(calls), Vec::<String>::new());
}

/// A try has 5 s of these 30, and not the minute that one without a lease has.
#[test]
fn a_change_that_gets_no_answer_is_tried_again_while_the_lease_is_surely_ours() {
    let local = LocalAws::start();
    let place = local.place();
    let freeze = "import urllib.request as u\n\
                  rule = b'{\"effect\":\"freeze\",\"operation\":\"CreateTable\",\"resource\":\"Users\",\"call\":1}'\n\
                  u.urlopen(u.Request(os.environ['AWS_ENDPOINT_URL'] + '/_landfall/faults', data=rule, method='POST'))";
    place.python(freeze).exits(0);
    let began = Instant::now();
    place.landfall("apply stacks/users.toml --yes --lease 30").exits(0);
    let took = began.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(50)).contains(&took), "{took:?}");
}

/// Two pages of delete markers.
const CROWD: &str = "
s = c('s3')
b = 'landfall-sample-users-staging'
s.put_bucket_versioning(Bucket=b, VersioningConfiguration=dict(Status='Enabled'))
for half in 'ab':
    s.delete_objects(Bucket=b, Delete=dict(Objects=[dict(Key=f'{half}{n}') for n in range(1000)], Quiet=True))
";

#[test]
fn an_emptying_that_stood_still_deletes_no_other_page() {
    let local = LocalAws::start();
    let other = local.place();
    other.landfall(APPLY).exits(0);
    other.python(CROWD).exits(0);
    let struck = Struck::at(&local.url, "POST ?delete", 1, "STOP");
    for place in [&other, &struck.place] {
        place.edit("stacks/users.toml", "[bucket.staging]\nname = \"landfall-sample-users-staging\"\n", "");
    }
    let command = format!("{APPLY} --destroy s3://landfall-sample-users-staging --with-data");
    let sleeper = struck.run(&command);
    let calls = struck.between.calls().len();
    other.landfall(&format!("{command} --lock-timeout 30")).exits(0).says("took over the lease");
    signal(sleeper.id(), "CONT");
    end(sleeper).exits(7).says("lost its lease to");
    assert_eq!(struck.changes(calls), Vec::<String>::new());
    assert_eq!(other.names(), "['Users'] []");
}

#[test]
fn verbs_that_only_read_touch_no_lease() {
    let local = LocalAws::start();
    let between = Between::start(&local.url, |_, forward| Some(forward()));
    let place = Place::at(&between.url, "local", "local");
    place.landfall("plan stacks/users.toml").exits(0);
    place.landfall("drift stacks/users.toml").exits(3);
    place.landfall("unlock stacks/users.toml").exits(0).says("nobody holds its lease");
    let writes: Vec<String> = between.calls().into_iter().filter(|call| call == "PutItem" || call == "CreateTable").collect();
    assert_eq!(writes, Vec::<String>::new());
}
