//! Who may say yes, to what, and where: each refusal that comes before a change, and that nothing was changed.

use crate::program::{LocalAws, Place, ran};
use std::fs::File;
use std::time::Duration;

const NOTHING: &str = "[] []";

/// Runs `apply` on a terminal of its own, and types.
const TERMINAL: &str = "
import pty, subprocess, threading, sys
def typed(said, more={}, stdin=True, stderr=True):
    master, slave = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k.startswith('AWS_') or k == 'PATH'} | more
    run = subprocess.Popen([BINARY, 'apply', 'stacks/users.toml'], cwd=FOLDER, env=env, stdout=subprocess.DEVNULL,
        stdin=slave if stdin else subprocess.PIPE, stderr=slave if stderr else subprocess.DEVNULL)
    os.close(slave)
    def drain():
        try:
            while os.read(master, 4096): pass
        except OSError: pass
    if stdin: os.write(master, said)
    else: run.stdin.write(said); run.stdin.close()
    threading.Thread(target=drain, daemon=True).start()
    return run.wait(60)
";

#[test]
fn only_a_whole_yes_of_a_person_at_a_terminal_is_one() {
    let local = LocalAws::start();
    let place = local.place();
    let ask = |call: &str| {
        let start = format!("BINARY, FOLDER = {:?}, {:?}\n", env!("CARGO_BIN_EXE_landfall"), place.path("").display().to_string());
        place.python(&format!("{start}{TERMINAL}print(typed({call}))")).exits(0).stdout.trim().to_owned()
    };
    for call in [
        "b'y\\n'",
        "b'no\\n'",
        "b'\\x04'",
        "b'yes\\n', {'CI': 'true'}",
        "b'yes\\n', {'GITHUB_ACTIONS': '1'}",
        "b'yes\\n', stdin=False",
        "b'yes\\n', stderr=False",
    ] {
        assert_eq!(ask(call), "5", "{call}");
        assert_eq!(place.names(), NOTHING, "{call}");
    }
    assert_eq!(ask("b'yes\\n', {'CI': 'false'}"), "0");
}

#[test]
fn a_sealed_plan_takes_no_word_that_would_change_it_and_no_other_endpoint() {
    let (local, other) = (LocalAws::start(), LocalAws::start());
    let mut place = local.place();
    place.landfall("plan stacks/users.toml --out users.plan").exits(0);
    for word in ["--phase load", "--source sqlite:x", "--adopt Users", "--destroy Users"] {
        place.landfall(&format!("apply users.plan {word}")).exits(2).says("holds its phase and approvals already");
    }
    place.landfall("apply users.plan --local").exits(2).says("belongs to the endpoint it was made for");
    assert_eq!(place.names(), NOTHING);
    place.set("AWS_ENDPOINT_URL", &other.url);
    place.landfall("apply users.plan").exits(5).says("the plan was made for endpoint").says(&other.url);
    assert!(!place.python("print(c('dynamodb').list_tables()['TableNames'])").exits(0).stdout.contains("landfall"), "not even a lease");
}

/// An empty variable is as good as none: what it reaches is AWS, and is told so before anything but STS is called.
#[test]
fn a_plan_for_a_stand_in_never_reaches_aws() {
    let local = LocalAws::start();
    let planned = local.place();
    planned.landfall("plan stacks/users.toml --out users.plan").exits(0);
    let mut place = Place::at("", "local", "local");
    place.write("users.plan", &planned.read("users.plan"));
    place.set("AWS_ENDPOINT_URL_STS", &local.url);
    place.set("AWS_ENDPOINT_URL_DYNAMODB", "");
    place.set("AWS_MAX_ATTEMPTS", "1");
    place.landfall("apply users.plan").exits(5).says("and this run reaches aws");
}

/// Somebody rehearses against a stand-in for `DynamoDB`, and the bucket of that name is the real one.
#[test]
fn a_stand_in_for_some_services_alone_is_refused_before_any_call() {
    let local = LocalAws::start();
    let mut place = Place::new();
    for (name, value) in [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")] {
        place.set(name, value);
    }
    place.set("AWS_ENDPOINT_URL_DYNAMODB", &local.url);
    place.set("AWS_ENDPOINT_URL_STS", &local.url);
    place.set("AWS_MAX_ATTEMPTS", "1");
    for verb in ["plan", "apply", "drift", "load", "validate", "throttling", "run", "unlock"] {
        let yes = if ["apply", "load", "run"].contains(&verb) { "--yes" } else { "" };
        let ran = place.landfall(&format!("{verb} stacks/users.toml {yes}")).exits(5);
        ran.says("this run reaches aws for S3, CloudWatch; no call was made").says("AWS_ENDPOINT_URL_S3");
    }
    place.landfall("init --from-live --name shop").exits(5).says("this run reaches aws for S3");
    place.landfall("plan stacks/users.toml --local").exits(0);
    place.set("AWS_ENDPOINT_URL_S3", &local.url);
    place.set("AWS_ENDPOINT_URL_CLOUDWATCH", &local.url);
    place.landfall("plan stacks/users.toml").exits(0).says(&format!("endpoint {}\n", local.url));
}

#[test]
fn two_stand_ins_are_both_told_and_a_plan_for_both_is_for_no_other() {
    let (local, other) = (LocalAws::start(), LocalAws::start());
    let mut place = local.place();
    place.set("AWS_ENDPOINT_URL_S3", &other.url);
    let both = format!("endpoint {}, S3 at {}", local.url, other.url);
    place.landfall("plan stacks/users.toml --out users.plan").exits(0).says(&both);
    place.set("AWS_ENDPOINT_URL_S3", &local.url);
    place.landfall("apply users.plan").exits(5).says(&format!("the plan was made for {both}, and"));
}

#[test]
fn a_plan_with_a_refusal_takes_no_lease_and_a_file_too_large_is_no_plan() {
    let local = LocalAws::start();
    let place = local.place();
    let make = "c('dynamodb').create_table(TableName='Users', KeySchema=[dict(AttributeName='userId', KeyType='HASH')], \
                AttributeDefinitions=[dict(AttributeName='userId', AttributeType='N')], BillingMode='PAY_PER_REQUEST')";
    place.python(make).exits(0);
    place.landfall("plan stacks/users.toml --out users.plan").exits(5).says("it holds refusals").never_says("carries it out");
    place.landfall("apply users.plan").exits(5).says("--adopt");
    place.landfall("apply stacks/users.toml").exits(5);
    assert_eq!(place.python("print(c('dynamodb').list_tables()['TableNames'])").exits(0).stdout.trim(), "['Users']");
    let large = place.write("large.plan", "{");
    File::options().write(true).open(large).and_then(|file| file.set_len(64 * 1024 * 1024 + 1)).expect("a sparse file");
    place.landfall("apply large.plan").exits(2);
}

/// Nobody waits for a lease, or makes its table, to be told that it is too late.
#[test]
fn a_sealed_plan_that_would_be_late_by_now_takes_no_lease() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.python("c('dynamodb').delete_table(TableName='landfall-leases')").exits(0);
    place.edit("stacks/users.toml", "protect = false", "protect = false\ntags = { team = \"a\" }");
    place.landfall("plan stacks/users.toml --deadline 8s --out users.plan").exits(0);
    std::thread::sleep(Duration::from_secs(6));
    place.landfall("apply users.plan").exits(5).says("after the deadline");
    assert_eq!(place.python("print(c('dynamodb').list_tables()['TableNames'])").exits(0).stdout.trim(), "['Users']");
}

fn rows(place: &Place) -> String {
    place.python("print(c('dynamodb').scan(TableName='Users', Select='COUNT')['Count'])").exits(0).stdout.trim().to_owned()
}

#[test]
fn a_load_into_what_is_not_approved_not_ours_or_not_as_the_stack_says_writes_nothing() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("load stacks/users.toml --yes").exits(3).says("not yet as the stack says");
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.landfall("load stacks/users.toml").exits(5).says("nobody can be asked here");
    place.edit("stacks/users.toml", "protect = false", "protect = true");
    place.landfall("load stacks/users.toml --yes").exits(3).says("not yet as the stack says");
    place.edit("stacks/users.toml", "protect = true", "protect = false");
    assert_eq!(rows(&place), "0");
    let untag = "d = c('dynamodb'); arn = d.describe_table(TableName='Users')['Table']['TableArn']\n\
                 d.untag_resource(ResourceArn=arn, TagKeys=[t['Key'] for t in d.list_tags_of_resource(ResourceArn=arn)['Tags']])";
    place.python(untag).exits(0);
    for verb in ["load", "run"] {
        place.landfall(&format!("{verb} stacks/users.toml --yes")).exits(5).says("--adopt");
        assert_eq!(rows(&place), "0", "{verb}");
    }
}

/// In CI nobody is asked: without the word nothing expires in a table that a run has filled.
#[test]
fn a_ttl_in_a_table_that_was_loaded_needs_the_word() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("run stacks/users.toml --yes").exits(0);
    place.edit("stacks/users.toml", "protect = false", "protect = false\nttl = \"gone\"");
    let ttl = || place.python("print(c('dynamodb').describe_time_to_live(TableName='Users')['TimeToLiveDescription'])").exits(0).stdout;
    for verb in ["apply", "run", "load"] {
        place
            .landfall(&format!("{verb} stacks/users.toml --yes"))
            .exits(5)
            .says("its TTL would go from off to gone")
            .says("--destroy Users:ttl");
        assert!(!ttl().contains("gone"), "{verb}");
    }
    place.landfall("apply stacks/users.toml --yes --destroy Users:ttl").exits(0).says("DESTRUCTIVE");
    assert!(ttl().contains("gone"), "{}", ttl());
}

#[test]
fn the_table_of_leases_is_no_stacks_and_a_lease_that_cannot_be_given_back_is_told() {
    let local = LocalAws::start();
    let mut place = local.place();
    let mine = "name = \"one\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[table.landfall-leases]\nkey = [\"stack:S\"]\nprotect = false\n";
    place.write("mine.toml", mine);
    for verb in ["check", "plan", "apply --yes"] {
        place.landfall(&format!("{verb} mine.toml")).exits(2).says("mine.toml:4:8").says("holds landfall's own leases");
    }
    assert_eq!(place.names(), NOTHING);
    // Who holds it is named by the first variable that says something.
    place.set("USER", "");
    place.set("LOGNAME", "ann-of-the-night");
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.python("print(c('dynamodb').scan(TableName='landfall-leases')['Items'])").exits(0).says("ann-of-the-night");
    // Every try of giving it back fails, and the taking does not.
    let fault = "import urllib.request as u\nrule = b'{\"effect\":\"refuse\",\"code\":\"AccessDeniedException\",\"operation\":\"PutItem\",\"call\":2,\"times\":99}'\n\
                 u.urlopen(u.Request(os.environ['AWS_ENDPOINT_URL'] + '/_landfall/faults', data=rule, method='POST'))";
    place.python(fault).exits(0);
    place.landfall("apply stacks/users.toml --yes").exits(0).says("the lease could not be given back");
}

#[test]
fn a_result_that_cannot_be_written_is_no_pass() {
    let local = LocalAws::start();
    let place = local.place();
    place.write("folder/file", "");
    for words in [
        "plan stacks/users.toml --output json=nowhere/plan.json",
        "run stacks/users.toml --yes --report nowhere/r.json -o json",
        "drift stacks/users.toml -o table=folder",
        "load stacks/users.toml --yes -o json=nowhere/plan.json",
    ] {
        place.landfall(words).exits(1).says("cannot write ").says("nothing was begun").never_says("account 1");
    }
    // The report of such a run, too.
    let told = place.landfall("throttling stacks/users.toml -o json -o table=nowhere/t").exits(1);
    let report: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON alone");
    assert_eq!((&report["verb"], &report["exit_code"]), (&"throttling".into(), &1.into()), "{report:#}");
    assert_eq!(place.names(), NOTHING);
    let full = File::options().write(true).open("/dev/full").expect("a full device");
    let mut command = place.command(&["plan", "stacks/users.toml"]);
    ran(&command.stdout(full).output().expect("landfall starts")).exits(1).says("cannot write to stdout");
}

/// Whatever tells how the run ended tells the same.
#[test]
fn every_other_output_is_written_and_says_that_one_could_not_be() {
    let local = LocalAws::start();
    let place = local.place();
    let told = |name: &str| serde_json::from_str::<serde_json::Value>(&place.read(name)).expect("JSON")["exit_code"].clone();
    let shown = place.landfall("plan stacks/users.toml -o table -o json=/dev/full -o json=a.json -o json=b.json").exits(1);
    assert!(shown.stdout.contains("Plan: ") && shown.stdout.contains("(exit 1)") && !shown.stdout.contains("PASS"), "{}", shown.stdout);
    assert_eq!((told("a.json"), told("b.json")), (1.into(), 1.into()));
    let full = File::options().write(true).open("/dev/full").expect("a full device");
    let mut command = place.command(&["plan", "stacks/users.toml", "-o", "json=a.json", "-o", "table"]);
    ran(&command.stdout(full).output().expect("landfall starts")).exits(1);
    assert_eq!(told("a.json"), 1);
    place.landfall("plan stacks/users.toml -o table=a.txt -o json=/dev/null -o table=/dev/null").exits(0);
    assert!(place.read("a.txt").contains("(exit 0)"));
    // A report that nobody can find is not said to be there.
    let unfound = place.landfall("run stacks/users.toml --yes --wait 0 --report /dev/full").exits(1).says("(exit 1)");
    unfound.never_says("The whole report is in");
}

/// A plan is sealed for an endpoint that is there later, in a file that nothing else needs.
#[test]
fn a_plan_is_sealed_only_where_it_can_be_applied_and_over_nothing_but_a_plan() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("plan stacks/users.toml --local --out users.plan").exits(2).says("belongs to the endpoint it was made for");
    assert!(!place.path("users.plan").exists());
    place.write("mine.toml", "mine");
    place
        .landfall("plan stacks/users.toml --out mine.toml")
        .exits(5)
        .says("is no sealed plan")
        .says("name another")
        .never_says("account 1");
    place.landfall("plan stacks/users.toml --out stacks/users.toml").exits(2).says("are one file");
    place.landfall("plan stacks/users.toml --out p -o json=p").exits(2).says("--output json").says("--out").says("are one file");
    assert!(place.read("mine.toml") == "mine" && place.read("stacks/users.toml").contains("[table.Users]") && !place.path("p").exists());
    place.write("users.plan", "");
    for _ in 0..2 {
        place.landfall("plan stacks/users.toml --out users.plan").exits(0).says("carries it out within 24 hours");
    }
    place.landfall("plan stacks/users.toml --out /dev/null").exits(0);
    place.landfall("plan stacks/users.toml --out nowhere/p").exits(1).says("nothing was begun");
}

#[test]
fn no_output_takes_the_place_of_another_or_of_the_stack() {
    let local = LocalAws::start();
    let place = local.place();
    let stack = place.read("stacks/users.toml");
    for words in [
        "plan stacks/users.toml -o json=a -o table=stacks/../a",
        "plan stacks/users.toml -o json=./stacks/users.toml",
        "run stacks/users.toml --yes -o table=r.json --report r.json",
        "run stacks/users.toml --yes -o table=users-report.json",
    ] {
        place.landfall(words).exits(2).says("are one file").never_says("account 1");
    }
    assert!(!place.path("a").exists() && place.read("stacks/users.toml") == stack);
    place.landfall("plan stacks/users.toml -o json=a -o json=a").exits(0);
}

/// Where no row may be left behind, nobody needs a place for them.
#[test]
fn a_load_that_may_leave_no_row_behind_needs_no_place_for_one() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("apply stacks/users.toml --yes").exits(0);
    let stack = place.path("stacks/users.toml").display().to_string();
    let nowhere = |more: &[&str]| {
        let words = [&["load", &stack, "--yes", "--no-import"], more].concat();
        ran(&place.command(&words).current_dir("/proc").output().expect("landfall runs"))
    };
    nowhere(&["--max-quarantined", "1"]).exits(1).says("quarantine");
    nowhere(&[]).exits(0);
}

/// What a device or a pipe has taken cannot be taken back: it gets the report once, also where another output fails after it.
#[test]
fn a_device_needs_no_place_beside_it_and_gets_the_report_once() {
    let local = LocalAws::start();
    let place = local.place();
    // Nothing can be made beside the first; the second takes nothing.
    let ran = place.landfall("plan stacks/users.toml -o json=/proc/self/fd/2 -o json=/dev/full").exits(1).says("/dev/full");
    assert_eq!(ran.stderr.matches("\"verb\": \"plan\"").count(), 1, "{}", ran.stderr);
}

#[test]
fn an_address_that_is_empty_or_no_address_is_not_tried_and_no_database_is_made() {
    let local = LocalAws::start();
    let mut place = local.place();
    place.set("SOURCE_URL", "  ");
    place.landfall("run stacks/users.toml --yes --source env:SOURCE_URL").exits(2).says("SOURCE_URL, which is not set");
    place.write("long.txt", &"x".repeat(64 * 1024 + 1));
    place.landfall("run stacks/users.toml --yes --source file:long.txt").exits(2).says("longer than any address");
    place.edit("stacks/users.toml", "seed = [\"seed/users.sql\"]\n", "");
    place.landfall("run stacks/users.toml --yes").exits(1).says("users.sqlite");
    assert!(!place.path("stacks/users.sqlite").exists(), "landfall must not make a database that no seed fills");
    assert_eq!(place.names(), NOTHING);
}
