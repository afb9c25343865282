//! What each verb leaves to the next, what ends it between its parts, and what it keeps to itself.

use crate::between::Between;
use crate::program::{LocalAws, Place, Ran, ran};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// One table, which nothing fills.
pub(crate) const BARE: &str = "name = \"bare\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[source]\nurl = \"sqlite:stacks/users.sqlite\"\n\
                    seed = [\"stacks/seed/users.sql\"]\n[table.Bare]\nkey = [\"id:S\"]\nprotect = false\n";

fn tables(place: &Place) -> String {
    place.python("print(c('dynamodb').list_tables()['TableNames'])").exits(0).stdout.trim().to_owned()
}

/// Makes all calls of `operation` fail from here, until [`allow`].
pub(crate) fn deny(place: &Place, operation: &str) {
    refuse(place, operation, "AccessDeniedException");
}

/// The same with any code.
pub(crate) fn refuse(place: &Place, operation: &str, code: &str) {
    let code = format!(
        "import urllib.request as u\nrule = b'{{\"effect\":\"refuse\",\"code\":\"{code}\",\"operation\":\"{operation}\"}}'\n\
         u.urlopen(u.Request(os.environ['AWS_ENDPOINT_URL'] + '/_landfall/faults', data=rule, method='POST'))"
    );
    place.python(&code).exits(0);
}

/// Makes every call succeed again.
pub(crate) fn allow(place: &Place) {
    let code = "import urllib.request as u\nu.urlopen(u.Request(os.environ['AWS_ENDPOINT_URL'] + '/_landfall/faults', method='DELETE'))";
    place.python(code).exits(0);
}

fn make(place: &Place, table: &str) {
    let code = format!(
        "c('dynamodb').create_table(TableName='{table}', KeySchema=[dict(AttributeName='id', KeyType='HASH')], \
         AttributeDefinitions=[dict(AttributeName='id', AttributeType='S')], BillingMode='PAY_PER_REQUEST')"
    );
    place.python(&code).exits(0);
}

fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}\n{}", ran.stdout, ran.stderr))
}

/// ImportTable makes no local index, and what nothing fills is no import's to make.
#[test]
fn a_table_that_no_import_can_make_is_made_before_the_load() {
    let local = LocalAws::start();
    let place = local.place();
    let more = "[table.Bare]\nkey = [\"id:S\"]\nprotect = false\n[table.Named]\nkey = [\"userId:N\", \"email:S\"]\nprotect = false\n\
                [table.Named.local.ByName]\nkey = [\"username:S\"]\n[[table.Named.rows]]\nfrom = \"users\"\n\
                item = { userId = \"{user_id}\", email = \"{email}\", username = \"{username}\" }\n";
    place.edit("stacks/users.toml", "[[table.Users.rows]]", &format!("{more}[[table.Users.rows]]"));
    // CloudWatch has nothing of the table that nobody touches, and so proves nothing of it.
    let ran = place.landfall("run stacks/users.toml --yes --wait 0").exits(4).says("Bare: CloudWatch has no data");
    let first = ran.stdout.split("Plan: ").next().expect("a plan");
    assert!(first.contains("table Bare\n    1. CreateTable") && first.contains("table Named\n    1. CreateTable"), "{first}");
    // Nor does the validation: nothing says what the table should hold.
    place.landfall("validate stacks/users.toml").exits(4).says("Bare count: the stack has no rows for it");
    ran.says("Users: staged on S3, ImportTable: 3 items")
        .says("Named: BatchWriteItem: 3 items")
        .says("Bare count: the stack has no rows for it");
    assert_eq!(place.names(), "['Bare', 'Named', 'Users'] ['landfall-sample-users-staging']");
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0);
}

/// An import of nothing completes too, and leaves a table without a tag, a TTL or protection.
#[test]
fn a_table_whose_rows_are_none_is_finished_as_any_other() {
    let local = LocalAws::start();
    let place = local.place();
    place.edit("stacks/users.toml", "protect = false", "protect = true\nttl = \"gone\"");
    place.write("stacks/seed/users.sql", &format!("{}\ndelete from users;\n", place.read("stacks/seed/users.sql")));
    // Of no row nothing can be proved.
    let report = json(&place.landfall("run stacks/users.toml --yes -o json").exits(4));
    assert!(report["load"]["tables"][0]["acknowledged"] == 0 && report["validate"].is_null(), "{report:#}");
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0).says("No changes");
}

/// The tag that an import cannot set is refused as long as the run waits for it.
#[test]
fn the_time_of_a_run_bounds_what_follows_the_import() {
    let local = LocalAws::start();
    let place = local.place();
    let stack = place.read("stacks/users.toml");
    // The bucket is there before, so that nothing else has to be done in so short a time.
    place.write("stacks/bucket.toml", stack.split("[table.Users]").next().expect("a beginning"));
    place.landfall("apply stacks/bucket.toml --yes").exits(0);
    refuse(&place, "TagResource", "LimitExceededException");
    let since = Instant::now();
    let ran = place.landfall("run stacks/users.toml --yes --timeout 5").says("Users: staged on S3, ImportTable: 3 items");
    ran.exits(1).says("table Users: time is up while waiting").says("AWS says that it is busy");
    assert!(since.elapsed() < Duration::from_mins(2), "{:?}", since.elapsed());
    allow(&place);
    place.landfall("run stacks/users.toml --yes").exits(0);
}

#[test]
fn what_nobody_approved_or_a_guard_refused_takes_no_lease() {
    let local = LocalAws::start();
    let place = local.place();
    place.write("bare.toml", BARE);
    place.landfall("run bare.toml").exits(5).says("nobody can be asked here");
    place.landfall("load stacks/users.toml").exits(3).says("not yet as the stack says");
    make(&place, "Bare");
    for verb in ["apply", "run", "load"] {
        place.landfall(&format!("{verb} bare.toml")).exits(5).says("--adopt").never_says("nobody can be asked here");
        assert_eq!(tables(&place), "['Bare']", "{verb}");
    }
    // One refusal stops the whole plan, what is beside it too.
    place.write("beside.toml", &format!("{BARE}[bucket.staging]\nname = \"bare-staging\"\n"));
    for verb in ["apply", "run", "load"] {
        for word in ["", "--yes"] {
            place
                .landfall(&format!("{verb} beside.toml {word}"))
                .exits(5)
                .says("--adopt")
                .never_says("nobody can be asked here")
                .never_says("the plan refuses");
        }
        assert_eq!(place.names(), "['Bare'] []", "{verb}");
    }
}

/// `ImportTable` makes no tag. That a table without one is an earlier run's import is AWS's to say, and of this very table.
#[test]
fn an_import_without_its_tag_is_taken_over_and_nobody_elses_table_of_its_name_is() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("run stacks/users.toml --yes").exits(0).never_says("is taken over");
    place.python("d = c('dynamodb')\nd.untag_resource(ResourceArn=d.describe_table(TableName='Users')['Table']['TableArn'], TagKeys=['landfall:stack'])").exits(0);
    place.landfall("plan stacks/users.toml").exits(0).says("table Users has no owner's tag and is taken over");
    place.landfall("plan stacks/users.toml --adopt Users").exits(0).never_says("is taken over");
    deny(&place, "ListImports");
    place.landfall("apply stacks/users.toml --yes").exits(5).says("--adopt Users").says("allow dynamodb:ListImports");
    allow(&place);
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0);
    let again = "d = c('dynamodb')\nd.delete_table(TableName='Users')\nd.get_waiter('table_not_exists').wait(TableName='Users', WaiterConfig=dict(Delay=1))\n\
                 d.create_table(TableName='Users', BillingMode='PAY_PER_REQUEST', KeySchema=[dict(AttributeName='userId', KeyType='HASH')], \
                 AttributeDefinitions=[dict(AttributeName='userId', AttributeType='N')])";
    place.python(again).exits(0);
    place.landfall("run stacks/users.toml --yes").exits(5).says("no stack's ownership tag").never_says("is taken over");
}

/// What a profile says of one service goes before what is said of all: the first line tells where `DynamoDB`'s calls go, and what belongs
/// to its tables goes there too.
#[test]
fn an_endpoint_that_the_profile_names_for_dynamodb_is_the_one_that_is_told() {
    let local = LocalAws::start();
    let mut place = Place::new();
    let of = |service: &str| format!("{service} =\n  endpoint_url = {}\n", local.url);
    let services = ["dynamodb", "s3", "sts", "cloudwatch"].map(of).concat();
    let config = place.write("config", &format!("[default]\nservices = here\n[services here]\n{services}"));
    place.set("AWS_CONFIG_FILE", config.to_str().expect("UTF-8"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        place.set(name, "local");
    }
    let scaled = "capacity = { read = { min = 5, max = 50, target = 70 }, write = 5 }\n";
    place.write("bare.toml", &format!("{BARE}{scaled}"));
    place.landfall("apply bare.toml --yes").exits(0).says(&local.url);
    place.landfall("plan bare.toml --detailed-exitcode").exits(0).says(&local.url);
}

/// The stack file is wrong: that is found out before anything is made for it.
#[test]
fn a_relation_that_is_not_there_is_told_before_anything_is_made() {
    let local = LocalAws::start();
    let place = local.place();
    place.edit("stacks/users.toml", "from = \"users\"", "from = \"user\"");
    place.landfall("run stacks/users.toml --yes").exits(2).says("users");
    assert_eq!(tables(&place), "[]");
}

/// Whoever else writes to the stack may be in the middle of it.
#[test]
fn no_verb_that_writes_begins_while_another_run_holds_the_lease() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.landfall("unlock stacks/users.toml").exits(0).says("nobody holds its lease").says("account 123456789012 · us-east-1");
    let held = "c('dynamodb').update_item(TableName='landfall-leases', Key=dict(stack=dict(S='users')), \
                UpdateExpression='SET #s = :held, lease_ms = :hour REMOVE boot', ExpressionAttributeNames={'#s': 'state'}, \
                ExpressionAttributeValues={':held': dict(S='held'), ':hour': dict(N='3600000')})";
    place.python(held).exits(0);
    for verb in ["apply", "load", "run"] {
        place.landfall(&format!("{verb} stacks/users.toml --yes")).exits(7);
    }
    assert_eq!(place.python("print(c('dynamodb').scan(TableName='Users')['Count'])").exits(0).stdout.trim(), "0");
    place.landfall("unlock stacks/users.toml").exits(7).says("last heartbeat");
    place.landfall("unlock stacks/users.toml --force").exits(5).says("nobody can be asked here");
    place.landfall("unlock stacks/users.toml").exits(7).never_says("taken away");
}

#[test]
fn an_answer_that_cannot_be_written_is_no_pass() {
    let local = LocalAws::start();
    let place = local.place();
    for verb in ["unlock", "iam", "check"] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
        let told = place.command(&[verb, "stacks/users.toml"]).stdout(full).output().expect("landfall starts");
        ran(&told).exits(1).says("cannot write to stdout");
    }
}

/// A name is anybody's, and CI takes a line that begins with `::` for a command.
#[test]
fn a_file_or_folder_whose_name_is_hostile_is_shown_inert() {
    let place = Place::new();
    let hostile = "a\n::error::x\u{1b}[2J.toml";
    place.write(hostile, &place.read("stacks/users.toml"));
    let told = ran(&place.command(&["check", hostile]).output().expect("landfall starts")).exits(0);
    assert!(told.stdout.starts_with("a\\u{a}::error::x\\u{1b}[2J.toml: stack users: 1 tables"), "{}", told.stdout);
    let folder = place.path("k\nexport AWS_PROFILE=x");
    let mut child = place.command(&["local", "--dir"]).arg(&folder).stdout(Stdio::piped()).spawn().expect("landfall starts");
    let told: Vec<String> = BufReader::new(child.stdout.take().expect("its stdout")).lines().take(6).map_while(Result::ok).collect();
    child.kill().and_then(|()| child.wait()).expect("killed");
    assert!(told[5].starts_with('#') && told[5].contains("k\\u{a}export AWS_PROFILE=x. Ctrl-C"), "{told:?}");
}

/// What each permission is for, and not a policy.
#[test]
fn iam_tells_why() {
    let place = Place::new();
    let why =
        place.landfall("iam stacks/users.toml --why").exits(0).says("dynamodb:DescribeTable on arn:aws:dynamodb").never_says("Statement");
    assert!(why.stdout.lines().all(|line| line.contains(" on ") && line.contains(": ")), "{}", why.stdout);
    place.landfall("iam stacks/users.toml").exits(0).says("\"Statement\"");
}

#[test]
fn what_is_not_applied_is_not_loaded() {
    let local = LocalAws::start();
    let place = local.place();
    deny(&place, "UpdateTimeToLive");
    place.edit("stacks/users.toml", "protect = false", "protect = false\nttl = \"gone\"");
    let ran = place.landfall("run stacks/users.toml --yes --no-import -o json");
    let report = json(&ran);
    assert!(ran.code != 0 && report["load"].is_null(), "{report:#}");
    assert!(report["errors"].to_string().contains("UpdateTimeToLive"), "{report:#}");
    assert_eq!(place.python("print(c('dynamodb').scan(TableName='Users')['Count'])").exits(0).stdout.trim(), "0");
}

/// Somebody turns a stream on while landfall still counts the new table's items: its consumers would lose what they have not read.
#[test]
fn what_an_import_cannot_set_is_not_set_where_that_would_take_away_what_came_in_between() {
    let local = LocalAws::start();
    let direct = local.place();
    let stream = "c('dynamodb').update_table(TableName='Users', StreamSpecification=dict(StreamEnabled=True, StreamViewType='NEW_IMAGE'))";
    let between = Between::start(&local.url, move |call, forward| {
        if call.starts_with("POST ?delete") {
            direct.python(stream).exits(0);
        }
        Some(forward())
    });
    let place = Place::at(&between.url, "local", "local");
    place.landfall("run stacks/users.toml --yes").exits(5).says("after the import").says("its stream would go from");
    let view = "print(c('dynamodb').describe_table(TableName='Users')['Table'].get('StreamSpecification', {}).get('StreamViewType'))";
    assert_eq!(place.python(view).exits(0).stdout.trim(), "NEW_IMAGE");
}

/// An import cannot tag, so an untagged table that the stack once imported is its own: while the file names it, and no other stack has it.
#[test]
fn a_table_that_this_stack_imported_once_is_not_taken_from_another_stack_nor_destroyed_untagged() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("run stacks/users.toml --yes").exits(0).says("ImportTable");
    let arn = "d = c('dynamodb'); arn = d.describe_table(TableName='Users')['Table']['TableArn']\n";
    place.python(&format!("{arn}d.tag_resource(ResourceArn=arn, Tags=[dict(Key='landfall:stack', Value='another')])")).exits(0);
    place.landfall("plan stacks/users.toml").exits(5).says("the tag of the stack \"another\"");
    place.python(&format!("{arn}d.untag_resource(ResourceArn=arn, TagKeys=['landfall:stack'])")).exits(0);
    place.landfall("plan stacks/users.toml").exits(0);
    let bucket = "[bucket.staging]\nname = \"landfall-sample-users-staging\"\n";
    place.write("left.toml", &format!("{}{bucket}", BARE.replace("\"bare\"", "\"users\"")));
    place.landfall("plan left.toml --destroy Users --with-data").exits(5).says("no stack's ownership tag");
}

/// What the import makes is not missing before it.
#[test]
fn a_load_needs_the_bucket_and_makes_the_table() {
    let local = LocalAws::start();
    let place = local.place();
    let bucket = "[bucket.staging]\nname = \"landfall-sample-users-staging\"\n";
    place.write("bucket.toml", &format!("name = \"users\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n{bucket}"));
    place.landfall("apply bucket.toml --yes").exits(0);
    place.landfall("load stacks/users.toml --yes").exits(0).says("ImportTable: 3 items");
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0);
}

/// A load that made no table has nothing to apply, and its report says nothing of it.
#[test]
fn a_load_into_a_table_that_exists_applies_nothing() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("apply stacks/users.toml --yes").exits(0);
    // A digest that is out of date is no difference.
    let untag = "d = c('dynamodb'); arn = d.describe_table(TableName='Users')['Table']['TableArn']\n\
                 d.untag_resource(ResourceArn=arn, TagKeys=['landfall:applied'])";
    place.python(untag).exits(0);
    let report = json(&place.landfall("load stacks/users.toml --yes -o json").exits(0));
    assert!(report["apply"].is_null() && report["load"]["tables"][0]["acknowledged"] == 3, "{report:#}");
}

#[test]
fn quiet_says_the_result_alone_and_a_report_is_named_otherwise() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("run stacks/users.toml --yes").exits(0).says("The whole report is in users-report.json").says("account 123456789012");
    let ran = place.landfall("run stacks/users.toml --yes --quiet").exits(0).says("PASS");
    assert!(ran.stderr.lines().all(|line| line.starts_with("warning: ")), "{}", ran.stderr);
}

#[test]
fn a_plan_says_how_many_tables_it_could_not_look_at() {
    let local = LocalAws::start();
    let place = local.place();
    make(&place, "Other");
    place.landfall("plan stacks/users.toml").exits(0).never_says("were not looked at");
    deny(&place, "ListTagsOfResource");
    place.landfall("plan stacks/users.toml").exits(0).says("1 more tables of this account were not looked at");
}

/// Another account's key may be used without being seen; an alias cannot be, because only KMS knows what it stands for.
#[test]
fn a_key_that_this_role_may_not_describe_is_taken_at_its_word_by_its_own_arn_alone() {
    let local = LocalAws::start();
    let place = local.place();
    deny(&place, "DescribeKey");
    let arn = "arn:aws:kms:us-east-1:999999999999:key/0a1b2c3d-0000-4000-8000-000000000000";
    let with = |key: &str| place.write("keyed.toml", &format!("{BARE}encryption = {{ key = \"{key}\" }}\n"));
    with(arn);
    place.landfall("plan keyed.toml").exits(0).says(arn);
    with("alias/theirs");
    place.landfall("plan keyed.toml").exits(1).says("KMS DescribeKey alias/theirs: AccessDenied");
    allow(&place);
    refuse(&place, "DescribeKey", "InvalidArnException");
    with(arn);
    place.landfall("plan keyed.toml").exits(1).says("InvalidArnException");
    allow(&place);
    with(arn);
    place.landfall("plan keyed.toml").exits(5).says("there is no KMS key");
}

/// Everything else is compared all the same.
#[test]
fn a_key_that_is_gone_refuses_what_names_it_and_hides_no_drift() {
    let local = LocalAws::start();
    let place = local.place();
    place.write("keyed.toml", &format!("{BARE}[table.Keyed]\nkey = [\"id:S\"]\n"));
    place.landfall("apply keyed.toml --yes").exits(0);
    place.write("keyed.toml", &format!("{BARE}[table.Keyed]\nkey = [\"id:S\"]\nencryption = {{ key = \"alias/nobody\" }}\n"));
    place.landfall("drift keyed.toml").exits(3).says("there is no KMS key alias/nobody").never_says("table Bare");
    place.python("c('dynamodb').update_table(TableName='Bare', DeletionProtectionEnabled=True)").exits(0);
    place.landfall("drift keyed.toml").exits(3).says("there is no KMS key alias/nobody").says("table Bare");
    place.landfall("apply keyed.toml --yes").exits(5).says("there is no KMS key alias/nobody").never_says("was not resolved");
}

/// A server whose address nobody can read is of no use, and would never end.
#[test]
fn an_embedded_aws_that_cannot_say_its_address_ends() {
    let place = Place::new();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
    let mut child = place.command(&["local"]).stdout(full).stderr(Stdio::piped()).spawn().expect("landfall starts");
    let since = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status.code();
        }
        if since.elapsed() > Duration::from_secs(20) {
            child.kill().expect("killed");
            panic!("it serves on");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(code, Some(1));
}

/// A check that did not run is no pass: somebody may scale the table there all the same.
#[test]
fn auto_scaling_that_could_not_be_read_is_told_and_is_no_proof_of_sync() {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall("apply stacks/users.toml --yes").exits(0);
    place.landfall("drift stacks/users.toml").exits(0).never_says("Not read");
    refuse(&place, "DescribeScalableTargets", "UnknownOperationException");
    let not_read = format!("table Users: auto scaling, because {} has no Application Auto Scaling", local.url);
    place.landfall("drift stacks/users.toml").exits(4).says(&format!("Not read: {not_read}")).never_says("Live AWS is what the stack says");
    place.landfall("plan stacks/users.toml").exits(0).says(&not_read);
    let report = json(&place.landfall("plan stacks/users.toml --detailed-exitcode -o json").exits(4));
    assert_eq!(report["plan"]["unread"], serde_json::json!([not_read]));
    place.landfall("init --from-live --table Users --name shop").exits(0).says("its auto scaling was not read");
    let stack = place.read("stacks/users.toml");
    place.write("stacks/scaled.toml", &stack.replacen("read = 5", "read = { min = 5, max = 50 }", 1));
    place.landfall("plan stacks/scaled.toml").exits(1).says("has no Application Auto Scaling, and table Users asks for it");
    allow(&place);
    place.landfall("init --from-live --table Users --name shop").exits(0).never_says("was not read");
}
