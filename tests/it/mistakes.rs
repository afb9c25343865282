//! The mistakes that people make and the accidents that happen: each with its exit code, its message, and no damage.

use crate::between::Between;
use crate::program::{LocalAws, Place, ran};
use crate::servers::{Database, Engine, variable};
use std::process::Command;
use std::time::{Duration, Instant};

const NOTHING: &str = "[] []";

/// One table from one SQL table, in a stack of its own.
fn stack(table: &str, rows: &str) -> String {
    format!(
        "name = \"one\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[source]\nurl = \"env:SOURCE_URL\"\ntimezone = \"UTC\"\n\
         [bucket.staging]\nname = \"one-staging\"\n[table.{table}]\nkey = [\"id:S\"]\nprotect = false\n[[table.{table}.rows]]\n{rows}\n"
    )
}

/// A place whose source is a SQLite database made by `sql`.
fn one(local: &LocalAws, sql: &str, rows: &str) -> (Place, Database) {
    let source = Database::new(Engine::Sqlite);
    source.run(sql);
    let mut place = local.place();
    place.set("SOURCE_URL", source.url());
    place.write("one.toml", &stack("One", rows));
    (place, source)
}

#[test]
fn a_stack_that_cannot_be_read() {
    let place = Place::new();
    place.landfall("plan nowhere.toml").exits(2).says("nowhere.toml");
    place.write("empty.toml", "\n");
    place.landfall("plan empty.toml").exits(2).says("the stack file is empty");
    place.write("broken.toml", "name = \n");
    place.landfall("check broken.toml").exits(2).says("broken.toml:1:");
    std::fs::write(place.path("binary.toml"), [0xff, 0xfe, 0]).expect("a file");
    place.landfall("check binary.toml").exits(2);
}

#[test]
fn unknown_keys_are_all_named_with_the_nearest() {
    let place = Place::new();
    place.edit("stacks/users.toml", "[bucket.staging]", "acount = \"1\"\n[bucket.staging]\nexpire_day = 7");
    place.edit("stacks/users.toml", "ttl", "tl");
    let ran = place.landfall("check stacks/users.toml").exits(2);
    ran.says("acount").says("expire_day").says("expire_days");
}

#[test]
fn a_relation_or_column_that_is_not_there_names_the_nearest() {
    let local = LocalAws::start();
    for (rows, wrong, near) in [
        ("from = \"usrs\"\nitem = { id = \"{user_id}\" }", "usrs", "users"),
        ("from = \"users\"\nitem = { id = \"u{user_idd}\" }", "user_idd", "user_id"),
    ] {
        let (place, _source) = one(&local, &crate::servers::seed_text("users"), rows);
        for verb in ["load --yes", "validate", "run --yes"] {
            place.landfall(&format!("{verb} one.toml")).exits(2).says(wrong).says(near);
            assert_eq!(place.names(), NOTHING);
        }
    }
}

#[test]
fn a_database_that_is_not_there() {
    let local = LocalAws::start();
    let mut place = local.place();
    for url in ["mysql://root:geheim@127.0.0.1:1/x", "postgres://root:geheim@127.0.0.1:1/x"] {
        place.set("SOURCE_URL", url);
        place.landfall("run stacks/users.toml --yes --source env:SOURCE_URL").exits(1).says("127.0.0.1").never_says("geheim");
    }
    place.landfall("run stacks/users.toml --yes --source sqlite:nowhere.sqlite").exits(1).says("nowhere.sqlite");
    assert!(!place.path("nowhere.sqlite").exists(), "landfall must not make a database");
    place.landfall("run stacks/users.toml --yes --source env:NOT_SET").exits(2).says("NOT_SET");
    assert_eq!(place.names(), NOTHING);
}

#[test]
fn a_wrong_password_is_refused_and_never_shown() {
    let local = LocalAws::start();
    let mut place = local.place();
    for engine in ["MARIADB", "POSTGRES"] {
        let url = variable(&format!("LANDFALL_TEST_{engine}_URL"));
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (login, host) = rest.rsplit_once('@').expect("a login");
        let user = login.split(':').next().expect("a user");
        place.set("SOURCE_URL", &format!("{scheme}://{user}:wr%40ng-secret@{host}"));
        let ran = place.landfall("run stacks/users.toml --yes --source env:SOURCE_URL").exits(1);
        ran.never_says("wr@ng-secret").never_says("wr%40ng-secret");
    }
    assert_eq!(place.names(), NOTHING);
}

#[test]
fn a_password_in_the_stack_or_on_the_command_line_is_refused() {
    let place = Place::new();
    place.edit("stacks/users.toml", "sqlite:users.sqlite", "mysql://app:hunter2@db/shop");
    place.landfall("check stacks/users.toml").exits(2).says("password").never_says("hunter2");
    let place = Place::new();
    place.landfall("load stacks/users.toml --local --source mysql://app:hunter2@db/shop").exits(2).never_says("hunter2");
}

#[test]
fn a_role_that_may_not_read_a_table() {
    let local = LocalAws::start();
    let source = Database::seeded(Engine::Postgres, "vehicle-sales");
    source.run("create role landfall_blind login password 'test'; grant select on customers, products, reps, orders to landfall_blind");
    let mut place = local.place();
    let (_, host) = source.url().rsplit_once('@').expect("a login");
    place.set("SOURCE_URL", &format!("postgres://landfall_blind:test@{host}"));
    let ran = place.landfall("run stacks/vehicle-sales.toml --yes --source env:SOURCE_URL");
    source.run("drop owned by landfall_blind; drop role landfall_blind");
    assert_ne!(ran.code, 0);
    ran.says("ermission");
    assert_eq!(place.names().split(']').next(), Some("["), "no table may be there");
}

#[test]
fn no_credentials_and_wrong_ones() {
    let local = LocalAws::start();
    let mut place = Place::new();
    place.set("AWS_ENDPOINT_URL", &local.url);
    place.set("AWS_REGION", "us-east-1");
    place.landfall("plan stacks/users.toml").exits(1).says("no credentials were found");
    place.set("AWS_ACCESS_KEY_ID", "local");
    place.set("AWS_SECRET_ACCESS_KEY", "wrong");
    place.landfall("plan stacks/users.toml").exits(1).says("does not accept these credentials").never_says("wrong\n");
    assert_eq!(local.place().names(), NOTHING);
}

#[test]
fn a_profile_that_is_named_is_whose_credentials_are_used_and_one_that_is_not_there_is_told_by_name() {
    let local = LocalAws::start();
    let mut place = local.place();
    let file = place.write("aws", "[mine]\naws_access_key_id = local\naws_secret_access_key = local\n[empty]\nsource_profile = x\n");
    // With files and without any.
    for file in [file.display().to_string(), "/dev/null".to_owned()] {
        place.set("AWS_SHARED_CREDENTIALS_FILE", &file);
        for verb in ["plan stacks/users.toml", "init --from-live --name shop"] {
            let ran = place.landfall(&format!("{verb} --profile nope")).exits(1).says("there is no profile nope");
            ran.says("list-profiles").never_says("account 1");
        }
    }
    place.set("AWS_SHARED_CREDENTIALS_FILE", &file.display().to_string());
    place.landfall("plan stacks/users.toml --profile empty").exits(1).says("there is no profile empty with credentials");
    place.set("AWS_ACCESS_KEY_ID", "theirs");
    place.set("AWS_SECRET_ACCESS_KEY", "wrong");
    place.landfall("plan stacks/users.toml").exits(1).says("does not accept these credentials");
    place.landfall("plan stacks/users.toml --profile mine").exits(0);
    place.landfall("plan stacks/users.toml --profile nope --local").exits(0);
}

#[test]
fn another_region_or_account_is_refused() {
    let local = LocalAws::start();
    let mut place = local.place();
    place.landfall("apply stacks/users.toml --yes --region eu-west-1").exits(5).says("pinned to us-east-1");
    place.set("AWS_REGION", "eu-west-1");
    place.landfall("run stacks/users.toml --yes").exits(5).says("no call was made");
    let other = LocalAws::start_with(&["--account", "999999999999"]);
    let place = other.place();
    for verb in ["plan", "apply", "drift", "load", "validate", "throttling", "run"] {
        let yes = if ["apply", "load", "run"].contains(&verb) { "--yes" } else { "" };
        place.landfall(&format!("{verb} stacks/users.toml {yes}")).exits(5).says("999999999999").says("123456789012");
    }
    assert_eq!((local.place().names(), place.names()), (NOTHING.into(), NOTHING.into()));
}

#[test]
fn a_bucket_name_that_somebody_else_has() {
    let local = LocalAws::start();
    let place = local.place();
    place.edit("stacks/users.toml", "landfall-sample-users-staging", "taken-by-somebody");
    place.landfall("run stacks/users.toml --yes").exits(5).says("taken-by-somebody").says("another account");
    assert_eq!(place.names(), NOTHING);
}

#[test]
fn a_table_with_another_key_is_refused_and_left_alone() {
    let local = LocalAws::start();
    let place = local.place();
    place
        .python(
            "c('dynamodb').create_table(TableName='Users', BillingMode='PAY_PER_REQUEST',
  AttributeDefinitions=[dict(AttributeName='id', AttributeType='S')], KeySchema=[dict(AttributeName='id', KeyType='HASH')])
c('dynamodb').put_item(TableName='Users', Item=dict(id=dict(S='precious')))",
        )
        .exits(0);
    place.landfall("run stacks/users.toml --yes").exits(5).says("Users").says("Refused");
    place.landfall("run stacks/users.toml --yes --adopt Users").exits(5).says("key");
    place.python("assert c('dynamodb').get_item(TableName='Users', Key=dict(id=dict(S='precious')))['Item']").exits(0);
}

#[test]
fn an_item_that_is_too_large_and_a_key_that_is_empty() {
    let local = LocalAws::start();
    for (sql, what) in [
        (
            "create table t (id text primary key, v text); insert into t values ('a','b'), ('big', printf('%.*c', 450000, 'x'));",
            "409600 is the limit",
        ),
        ("create table t (id text primary key, v text); insert into t values ('a','b'), ('', 'x');", "empty"),
    ] {
        let (place, _source) = one(&local, sql, "from = \"t\"\nitem = { id = \"{id}\", v = \"{v}\" }");
        place.landfall("run one.toml --yes").exits(3).says(what).says("NOT LOADED");
        assert!(!place.names().contains("One"), "{}", place.names());
        let ran = place.landfall("run one.toml --yes --max-quarantined 1");
        ran.exits(4).says("they are not in DynamoDB").says("Validate (seed").says("Throttling (");
        place.landfall("load one.toml --yes --max-quarantined 1 --quarantine again.ndjson").exits(4).says("they are not in DynamoDB");
        assert!(place.read("one-quarantine.ndjson").contains(what));
        place.python("c('dynamodb').delete_table(TableName='One')").exits(0);
    }
}

/// A load with quarantine is run again as any other, and no earlier run's rows are lost for that.
#[test]
fn a_quarantine_takes_a_free_name_and_one_that_is_named_must_be_free() {
    let local = LocalAws::start();
    let sql = "create table t (id text primary key, v text); insert into t values ('a','b'), ('', 'x');";
    let (place, _source) = one(&local, sql, "from = \"t\"\nitem = { id = \"{id}\", v = \"{v}\" }");
    place.landfall("apply one.toml --yes").exits(0);
    for name in ["one-quarantine.ndjson", "one-quarantine-2.ndjson"] {
        place.landfall("load one.toml --yes --max-quarantined 1").exits(4).says(&format!("with reasons: {name} ("));
        assert!(place.read(name).contains("empty"));
    }
    place.write("kept.ndjson", "earlier");
    for verb in ["load", "run"] {
        let ran = place.landfall(&format!("{verb} one.toml --yes --quarantine kept.ndjson")).exits(5).says("kept.ndjson is there already");
        ran.says("name another file").never_says("account 1");
    }
    assert_eq!(place.read("kept.ndjson"), "earlier");
    place.landfall("load one.toml --yes --quarantine nowhere/q").exits(1).says("cannot write nowhere/q").never_says("account 1");
    place.landfall("load one.toml --yes --quarantine q -o json=q").exits(2).says("are one file");
    place.landfall("load one.toml --yes --quarantine one.toml").exits(2).says("are one file");
    std::fs::create_dir(place.path("closed")).expect("a folder");
    place.landfall("load one.toml --yes --max-quarantined 1 --quarantine closed/q").exits(4).says("closed/q");
}

#[test]
fn rows_that_make_one_key_are_found_before_anything_is_written() {
    let local = LocalAws::start();
    let place = local.place();
    for line in ["collapse = \"first\"\n", "collapse_order = [\"ordering\"]\n"] {
        place.edit("stacks/imdb.toml", line, "");
    }
    place.landfall("run stacks/imdb.toml --yes --show-values").exits(3).says("REGN").says("NOT LOADED").says("mskey=REGN|");
    assert!(!place.names().contains("movies"), "{}", place.names());
}

/// CloudWatch has no such data, and a window without data is not one without throttling.
#[test]
fn a_window_that_cloudwatch_cannot_answer_for_is_a_usage_error() {
    let place = Place::new();
    for (window, why) in [("30d", "over 15 days"), ("1s", "a minute or more"), ("week", "no time span")] {
        place.landfall(&format!("throttling stacks/users.toml --local --window {window}")).exits(2).says("--window").says(why);
    }
}

#[test]
fn an_approval_that_names_nothing_at_all_is_a_usage_error() {
    let place = Place::new();
    for what in ["", "Us*", "Users:recovry", "s3://", "s3://acme/users"] {
        let ran = place.command(&["plan", "stacks/users.toml", "--local", "--destroy", what]).output().expect("landfall starts");
        crate::program::ran(&ran).exits(2).says("--destroy");
    }
}

#[test]
fn a_bucket_is_deleted_only_as_it_is_spelt_and_only_with_the_word_for_what_it_holds() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.landfall("apply stacks/users.toml --yes --destroy s3://landfall-sample-users-staging").exits(5).says("the file still has it");
    place.edit("stacks/users.toml", "[bucket.staging]\nname = \"landfall-sample-users-staging\"\n", "");
    place.python("c('s3').put_object(Bucket='landfall-sample-users-staging', Key='a', Body=b'x')").exits(0);
    let bare = place.landfall("apply stacks/users.toml --yes --destroy landfall-sample-users-staging").exits(0);
    bare.says("a bucket is named s3://landfall-sample-users-staging");
    let full = place.landfall("apply stacks/users.toml --yes --destroy s3://landfall-sample-users-staging").exits(5);
    full.says("it is not empty: 1 version").says("--with-data");
    place.landfall("apply stacks/users.toml --yes --destroy s3://taken-by-others --with-data").exits(5).says("is not deleted");
    assert_eq!(place.names(), "['Users'] ['landfall-sample-users-staging']");
    place.landfall("apply stacks/users.toml --yes --destroy s3://landfall-sample-users-staging --with-data").exits(0);
    assert_eq!(place.names(), "['Users'] []");
    let again = place.landfall("apply stacks/users.toml --yes --destroy s3://landfall-sample-users-staging --with-data").exits(0);
    again.says("nothing of that name");
}

#[test]
fn no_rows_against_no_items_is_no_pass() {
    let local = LocalAws::start();
    let (place, _source) =
        one(&local, "create table t (id text primary key, v text)", "from = \"t\"\nitem = { id = \"{id}\", v = \"{v}\" }");
    place.landfall("apply one.toml --yes").exits(0);
    place.landfall("load one.toml --yes").exits(4);
    place.landfall("validate one.toml").exits(4).says("INCONCLUSIVE");
}

/// Every write of a file fails as on a full disk (the signal that would end the process is ignored).
fn on_a_full_disk(place: &Place, arguments: &[&str]) -> crate::program::Ran {
    let inner = place.command(arguments);
    let mut words: Vec<String> = vec![inner.get_program().to_string_lossy().into_owned()];
    words.extend(inner.get_args().map(|a| a.to_string_lossy().into_owned()));
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "bash"]).args(words);
    command.current_dir(place.path("")).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| value.map(|v| (name.to_owned(), v.to_owned()))));
    ran(&command.output().expect("bash starts"))
}

#[test]
fn a_full_disk() {
    let local = LocalAws::start();
    let place = local.place();
    let ran = on_a_full_disk(&place, &["run", "stacks/users.toml", "--yes"]);
    assert_eq!(ran.code, 1, "the sample database cannot be made\n{}\n{}", ran.stdout, ran.stderr);
    assert!(!place.path("stacks/users.sqlite").exists(), "half a database is worse than none");
    place.landfall("run stacks/users.toml --yes").exits(0);
    let before = place.read("users-report.json");
    let ran = on_a_full_disk(&place, &["validate", "stacks/users.toml", "-o", "json=users-report.json"]);
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(place.read("users-report.json"), before, "an old report is whole or gone, never half");
    let sql = "create table t (id text primary key); insert into t values ('a'), ('')";
    let (place, _source) = one(&local, sql, "from = \"t\"\nitem = { id = \"{id}\" }");
    let ran = on_a_full_disk(&place, &["load", "one.toml", "--yes", "--max-quarantined", "1"]);
    assert_ne!(ran.code, 0, "a row that can be kept nowhere is lost\n{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn stdout_that_is_full_is_no_pass() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("run stacks/users.toml --yes").exits(0);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let status = place.command(&["validate", "stacks/users.toml"]).stdout(full).output().expect("landfall starts").status;
    assert_eq!(status.code(), Some(1));
}

#[test]
fn ctrl_c_stops_at_a_safe_point_and_running_again_finishes() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("apply stacks/imdb.toml --yes").exits(0);
    let mut child = place
        .command(&["load", "stacks/imdb.toml", "--yes"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("landfall starts");
    let some = "import time\nwhile not c('dynamodb').scan(TableName='movies', Limit=1)['Count']: time.sleep(0.01)";
    place.python(some).exits(0);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success();
    let since = Instant::now();
    let output = loop {
        if child.try_wait().expect("a child").is_some() {
            break child.wait_with_output().expect("its output");
        }
        assert!(since.elapsed() < Duration::from_mins(1), "it does not stop");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(interrupted);
    ran(&output).exits(130).says("run again");
    place.landfall("validate stacks/imdb.toml").exits(3).says("missing");
    place.landfall("run stacks/imdb.toml --yes").exits(0);
}

#[test]
fn nobody_is_asked_where_nobody_can_answer() {
    let local = LocalAws::start();
    let place = local.place();
    for verb in ["apply", "run", "load"] {
        place.landfall(&format!("{verb} stacks/users.toml")).exits(if verb == "load" { 3 } else { 5 }).says("Plan: ");
        place.python("assert c('dynamodb').list_tables()['TableNames'] == [] == c('s3').list_buckets()['Buckets']").exits(0);
    }
    place.landfall("run stacks/users.toml --yes").exits(0);
    let between = Between::start(&local.url, |_, forward| Some(forward()));
    let watched = Place::at(&between.url, "local", "local");
    for verb in ["load", "run"] {
        watched.landfall(&format!("{verb} stacks/users.toml")).exits(5).says("--yes").says("No changes");
    }
    watched.edit("stacks/users.toml", "protect = false", "protect = true");
    watched.landfall("apply stacks/users.toml").exits(5).says("--yes").says("deletion protection on");
    let reads = |call: &crate::recorded::Call| landfall::iam::api(&call.service, &call.operation).map(|api| api.level);
    let writes: Vec<_> = between.take_requests().into_iter().filter(|call| reads(call) != Some(landfall::iam::Level::Read)).collect();
    assert_eq!(writes, [], "not even the lease");
    place.landfall("apply stacks/users.toml").exits(0).says("No changes");
}

#[test]
fn a_plan_file_with_a_changed_byte_or_an_old_world_is_refused() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("plan stacks/users.toml --out users.plan").exits(0);
    let plan = place.read("users.plan");
    for verb in ["plan", "drift", "unlock", "check"] {
        let ran = place.landfall(&format!("{verb} users.plan")).exits(2).says("this is a sealed plan, not a stack file");
        assert!(ran.stderr.lines().count() < 20, "{}", ran.stderr);
    }
    place.write("cut.plan", &plan[..plan.len() / 2]);
    place.landfall("apply cut.plan").exits(6).says("cut short").says("make a new plan");
    let bytes = |at: usize, byte: u8| {
        let mut bytes = plan.clone().into_bytes();
        bytes[at] = byte;
        bytes
    };
    for altered in [
        plan.replacen("\"Users\"", "\"Userz\"", 1).into_bytes(),
        bytes(0, b'x'),
        bytes(1, 0xff),
        bytes(0, 0xff),
        bytes(plan.len() / 2, 0xff),
        format!("\u{feff}{plan}").into_bytes(),
    ] {
        std::fs::write(place.path("altered.plan"), altered).expect("a file");
        place.landfall("apply altered.plan").exits(6).says("make a new plan");
    }
    assert_eq!(place.names(), NOTHING);
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place
        .python("c('dynamodb').update_table(TableName='Users', ProvisionedThroughput=dict(ReadCapacityUnits=9, WriteCapacityUnits=5))")
        .exits(0);
    place.landfall("apply users.plan").exits(6).says("live is not what the plan saw");
    place.landfall("drift stacks/users.toml").exits(3).says("9 read");
}
