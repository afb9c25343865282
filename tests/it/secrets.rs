//! Nothing secret and no unmasked value leaves by any door: canaries in every credential, key and value, then every verb, in success and
//! in failure, and a search through all that was printed or left behind.
//!
//! Two files hold data by design and are not searched for values: the quarantine (which must be private) and the source itself.

use crate::program::{LocalAws, Place, Ran, ran};
use crate::servers::{Database, Engine, variable};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const KEY_SECRET: &str = "CanaryAwsSecret0123456789abcdef";
const TOKEN: &str = "CanarySessionToken0123456789";
/// The source's password as it is, and as an address spells it.
const PASSWORD: &str = "Canary@Pass:w/rd";
const ENCODED: &str = "Canary%40Pass%3Aw%2Frd";
const SECRETS: [&str; 6] = [KEY_SECRET, TOKEN, PASSWORD, ENCODED, "Pass:w", "Pass%3Aw"];
/// In every text value and key; numbers are 7700 and more.
const VALUES: [&str; 3] = ["canaryrow", "CANARYROW", "88412677"];

const ROWS: &str = "create table t (id text primary key, v text, n integer); insert into t values \
    ('canaryrow1','canaryrow-a',884126771), ('canaryrow2','canaryrow-b',884126772), ('canaryrow3','canaryrow-c',884126773);";

const STACK: &str = "name = \"one\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n\
    [source]\nurl = \"env:SOURCE_URL\"\ntimezone = \"UTC\"\n[bucket.staging]\nname = \"one-staging\"\n\
    [table.One]\nkey = [\"id:S\"]\nprotect = false\n[table.One.index.ByV]\nkey = [\"v:S\"]\nproject = \"all\"\n\
    [[table.One.rows]]\nfrom = \"t\"\nitem = { id = \"{id}\", v = \"{v}\", n = \"{n}\" }\n\
    [[access]]\nname = \"by v\"\nsql = \"select id from t where v = :v\"\nparams_from = \"select v from t\"\n\
    query = { table = \"One\", index = \"ByV\", key = { v = \":v\" }, returns = [\"id\"] }\n";

/// A place at `local` whose every credential is a canary, and a SQLite source made by `sql`.
fn place(local: &LocalAws, sql: &str) -> (Place, Database) {
    let source = Database::new(Engine::Sqlite);
    source.run(sql);
    let mut place = Place::at(&local.url, "canary", KEY_SECRET);
    place.set("AWS_SESSION_TOKEN", TOKEN);
    place.set("SOURCE_URL", source.url());
    place.write("one.toml", STACK);
    (place, source)
}

fn local() -> LocalAws {
    LocalAws::start_with(&["--access-key", "canary", "--secret-key", KEY_SECRET])
}

/// Runs landfall with JSON in a file beside the table, then with JSON on stdout: no canary in either.
#[track_caller]
fn clean(place: &Place, arguments: &str) -> Ran {
    let ran = place.landfall(&format!("{arguments} -o table -o json=out.json"));
    searched(&ran, arguments);
    let json = place.landfall(&format!("{arguments} -o json --quiet"));
    searched(&json, arguments);
    serde_json::from_str::<serde_json::Value>(&json.stdout).unwrap_or_else(|e| panic!("{arguments}: stdout is no JSON: {e}: {json:?}"));
    left_behind(place.path("").as_path());
    ran
}

#[track_caller]
fn searched(ran: &Ran, what: &str) {
    for canary in SECRETS.iter().chain(&VALUES) {
        assert!(
            !ran.stdout.contains(canary) && !ran.stderr.contains(canary),
            "{canary} in what `{what}` said\n{}\n{}",
            ran.stdout,
            ran.stderr
        );
    }
    assert!(!ran.stderr.contains("has a defect"), "`{what}` panicked\n{}", ran.stderr);
}

/// Searches every file below `folder`.
#[track_caller]
fn left_behind(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() {
            left_behind(&entry);
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&entry).expect("a readable file")).into_owned();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {}", entry.display());
        }
        if name.contains("quarantine") {
            assert_eq!(entry.metadata().expect("there").permissions().mode() & 0o777, 0o600, "{}", entry.display());
            continue;
        }
        for value in VALUES {
            assert!(!text.contains(value), "{value} in {}", entry.display());
        }
        assert!(std::path::Path::new(name.as_str()).extension().is_none_or(|e| e != "part"), "{} was left behind", entry.display());
    }
}

/// What the staging bucket still holds: manifests, which count and name nothing of a row.
#[track_caller]
fn staged(place: &Place) {
    let code = "for o in c('s3').list_objects_v2(Bucket='one-staging').get('Contents', []):
    print(o['Key'], c('s3').get_object(Bucket='one-staging', Key=o['Key'])['Body'].read())";
    let objects = place.python(code).exits(0);
    assert!(objects.stdout.contains("manifest.json"), "the manifest stays\n{}", objects.stdout);
    searched(&objects, "the staged manifest");
}

#[test]
fn success_of_every_verb() {
    let local = local();
    let (place, _source) = place(&local, ROWS);
    clean(&place, "plan one.toml --out one.plan").exits(0);
    clean(&place, "run one.toml --yes --wait 0");
    staged(&place);
    clean(&place, "apply one.toml --yes").exits(0);
    clean(&place, "drift one.toml").exits(0);
    clean(&place, "load one.toml --yes").exits(0);
    clean(&place, "validate one.toml").exits(0);
    clean(&place, "validate one.toml --sample 2");
    clean(&place, "validate one.toml --count-only").exits(0);
    clean(&place, "throttling one.toml");
    searched(&place.landfall("check one.toml").exits(0), "check");
}

#[test]
fn failures_of_aws_and_of_plans() {
    let local = local();
    let (mut place, _source) = place(&local, ROWS);
    clean(&place, "plan one.toml --out one.plan").exits(0);
    let sealed = place.read("one.plan");
    place.write("altered.plan", &sealed.replacen("\"One\"", "\"Onf\"", 1));
    clean(&place, "apply altered.plan").exits(6);
    clean(&place, "apply one.toml").exits(5);
    clean(&place, "validate one.toml").exits(3);
    clean(&place, "plan one.toml --region eu-west-1").exits(5);
    clean(&place, "run one.toml --yes --wait 0 --max-listed 0");
    clean(&place, "apply one.plan").exits(6);
    place.set("AWS_ACCESS_KEY_ID", "another");
    for verb in ["plan one.toml", "validate one.toml", "throttling one.toml", "apply one.plan"] {
        clean(&place, verb).exits(1);
    }
    place.set("AWS_ACCESS_KEY_ID", "canary");
    place.set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    clean(&place, "drift one.toml").exits(1).says("not reached");
}

#[test]
fn failures_of_the_stack_and_of_its_mapping() {
    let local = local();
    let (place, _source) = place(&local, ROWS);
    for (from, to, code) in [
        ("from = \"t\"", "from = \"tt\"", 2),
        ("\"{n}\"", "\"{m}\"", 2),
        ("from = \"t\"", "query = '''select id, v, n, abs(v || -9223372036854775808) from t'''", 1),
        ("n = \"{n}\"", "n = { from = \"{v}\", type = \"N\" }", 3),
        ("n = \"{n}\"", "n = { from = \"{v}\", type = \"M\" }", 3),
        ("id = \"{id}\"", "id = \"same\"", 2),
        ("from = \"t\"", "query = '''select substr(id, 1, 9) as id, v, n from t'''", 1),
    ] {
        place.write("one.toml", &STACK.replacen(from, to, 1));
        let ran = clean(&place, "run one.toml --yes --wait 0");
        assert_ne!(ran.code, 0, "{to}\n{}", ran.stdout);
        assert!(code == 1 || ran.code == code, "{to}: {}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    }
    for url in [format!("mysql://app:{ENCODED}@db/shop"), format!("postgres://app@db/shop?password={ENCODED}")] {
        // The file itself holds the password here; nothing else may.
        place.write("one.toml", &STACK.replace("env:SOURCE_URL", &url));
        searched(&place.landfall("plan one.toml").exits(2), "an address with a password in the stack");
        std::fs::remove_file(place.path("one.toml")).expect("gone");
        searched(&place.landfall(&format!("plan one.toml {url}")).exits(2), "an address too many");
        searched(&place.landfall(&format!("plan {url}")).exits(2), "an address for a stack");
        place.write("one.toml", STACK);
        clean(&place, &format!("load one.toml --yes --source {url}")).exits(2);
    }
}

#[test]
fn rows_that_cannot_go_and_records_that_differ() {
    let local = local();
    let bad = format!(
        "{ROWS} insert into t values ('canaryrowbig', 'canaryrow' || printf('%.*c', 450000, 'x'), 884126774), ('', 'canaryrow', 1);"
    );
    let (place, _source) = place(&local, &bad);
    clean(&place, "run one.toml --yes --wait 0").exits(3);
    let ran = place.landfall("run one.toml --yes --wait 0 --max-quarantined 9 --quarantine one-quarantine.ndjson");
    searched(&ran, "a load with quarantine");
    assert!(place.read("one-quarantine.ndjson").contains("canaryrowbig"));
    left_behind(place.path("").as_path());
    place
        .python(
            "c('dynamodb').put_item(TableName='One', Item=dict(id=dict(S='canaryrow1'), v=dict(S='canaryrow-other'), n=dict(N='884126779')))
c('dynamodb').put_item(TableName='One', Item=dict(id=dict(S='canaryrow-new'), v=dict(S='canaryrow-new')))
c('dynamodb').delete_item(TableName='One', Key=dict(id=dict(S='canaryrow2')))",
        )
        .exits(0);
    clean(&place, "validate one.toml").exits(3).says("MISMATCH");
    clean(&place, "validate one.toml --sample 3");
    place.landfall("validate one.toml --show-values").exits(3).says("canaryrow-other");
}

#[test]
fn a_source_that_refuses_or_is_not_there() {
    let local = local();
    let (mut place, _source) = place(&local, ROWS);
    for engine in ["MARIADB", "POSTGRES"] {
        let url = variable(&format!("LANDFALL_TEST_{engine}_URL"));
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (login, host) = rest.rsplit_once('@').expect("a login");
        let user = login.split(':').next().expect("a user");
        place.set("SOURCE_URL", &format!("{scheme}://{user}:{ENCODED}@{host}"));
        clean(&place, "run one.toml --yes").exits(1);
        place.set("SOURCE_URL", &format!("{scheme}://{user}:{ENCODED}@127.0.0.1:1/x"));
        clean(&place, "validate one.toml").exits(1);
        place.set("SOURCE_URL", &format!("{scheme}://{user}:{ENCODED}@[broken/x"));
        clean(&place, "load one.toml --yes").exits(2);
    }
    place.set("SOURCE_URL", &format!("oracle://app:{ENCODED}@db/x"));
    clean(&place, "validate one.toml").exits(2);
}

#[test]
fn interrupted_and_on_a_full_disk() {
    let local = local();
    let (place, _source) = place(&local, ROWS);
    // CloudWatch is late: the wait is where a person presses Ctrl-C, and it ends at once.
    let mut child = place
        .command(&["throttling", "one.toml", "--wait", "600"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("landfall starts");
    std::thread::sleep(Duration::from_secs(3));
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    let since = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if since.elapsed() > Duration::from_secs(30) {
            child.kill().expect("killed");
            panic!("a wait for metrics does not hear Ctrl-C");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupted = ran(&child.wait_with_output().expect("its output")).exits(130);
    searched(&interrupted, "an interrupted run");
    let full = place.landfall("run one.toml --yes --wait 0 --report /dev/full").exits(1).never_says("The whole report is in");
    searched(&full, "a full disk");
    left_behind(place.path("").as_path());
}
