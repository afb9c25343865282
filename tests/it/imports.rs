//! What follows an import: in the tables that it made and in nothing else, whichever run it was that began it.

use crate::between::Between;
use crate::program::{LocalAws, Place, Ran, ran};
use crate::verbs::{allow, deny, refuse};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an import cannot set, and a look shows.
const SETTINGS: &str = "protect = true\ntags = { team = \"sales\" }";
const SET: &str = "d = c('dynamodb'); t = d.describe_table(TableName='Users')['Table']\n\
                   print(t['DeletionProtectionEnabled'], sorted(x['Value'] for x in d.list_tags_of_resource(ResourceArn=t['TableArn'])['Tags']))";
const COUNT: &str = "print(c('dynamodb').scan(TableName='Users')['Count'])";
const BARE: &str = "[table.Bare]\nkey = [\"id:S\"]\nprotect = false\n";

/// `DescribeTable` does not show the table.
const HIDE: &str = r#"{"effect":"refuse","code":"ResourceNotFoundException","operation":"DescribeTable","resource":"Users"}"#;

/// Makes the embedded AWS misbehave by this rule, until [`allow`].
fn fault(place: &Place, rule: &str) {
    let post = "import urllib.request as u\nu.urlopen(u.Request(os.environ['AWS_ENDPOINT_URL'] + '/_landfall/faults', method='POST', data=";
    place.python(&format!("{post}b'{rule}'))")).exits(0);
}

/// A place whose stack asks for what an import cannot set, before `aws`; its bucket, and `more`, are there.
fn prepared(url: &str, more: &str) -> Place {
    let place = Place::at(url, "local", "local");
    place.edit("stacks/users.toml", "protect = false", SETTINGS);
    let stack = place.read("stacks/users.toml");
    let head = stack.split("[table.Users]").next().expect("a beginning");
    place.write("stacks/before.toml", &format!("{head}{more}"));
    place.landfall("apply stacks/before.toml --yes").exits(0);
    place.edit("stacks/users.toml", "[table.Users]", &format!("{more}[table.Users]"));
    place
}

/// Does something once, just after AWS has answered `call`.
fn after(url: &str, call: &'static str, then: impl Fn(&Place) + Send + Sync + 'static) -> Between {
    let (direct, once) = (Place::at(url, "local", "local"), Once::new());
    Between::start(url, move |name, forward| {
        let answer = forward();
        if name.starts_with(call) {
            once.call_once(|| then(&direct));
        }
        Some(answer)
    })
}

/// A run of `command`, ended by Ctrl-C when AWS has just begun the import.
fn stopped(place: &Place, command: &str) -> Ran {
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut child = place.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("landfall starts");
    let (mut stderr, mut said) = (BufReader::new(child.stderr.take().expect("its stderr")), String::new());
    while !said.contains(": importing ") {
        assert!(stderr.read_line(&mut said).expect("readable") > 0, "{said}");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    stderr.read_to_string(&mut said).expect("readable");
    Ran { stderr: said, ..ran(&child.wait_with_output().expect("its output")) }
}

#[track_caller]
fn is_finished(place: &Place) {
    let set = place.python(SET).exits(0).stdout;
    assert!(set.starts_with("True ") && set.contains("'sales'") && set.contains("'users'"), "{set}");
}

/// AWS answers ImportTable about half a minute before it shows the table: a plan of that time knows nothing of it.
#[test]
fn a_table_whose_import_no_plan_sees_yet_is_finished_by_the_run_that_waits_for_it() {
    for verb in ["run", "load"] {
        let local = LocalAws::start_with(&["--time-scale", "20"]);
        let direct = local.place();
        // Only who looks for a table that is not there asks this: the plan has been made by then.
        let between = Between::start(&local.url, move |name, forward| {
            let answer = forward();
            if name == "ListImports" {
                allow(&direct);
            }
            Some(answer)
        });
        let place = prepared(&between.url, "");
        stopped(&place, "run stacks/users.toml --yes").exits(130).says("run again to wait for its end");
        fault(&local.place(), HIDE);
        let ran = place.landfall(&format!("{verb} stacks/users.toml --yes")).exits(0);
        ran.says("created by the import").says("BatchWriteItem").says("table Users has no owner's tag and is taken over");
        is_finished(&place);
        place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0).says("No changes");
    }
}

/// The plan says that the import makes the table, and somebody else makes one of that name before the load looks.
#[test]
fn a_table_that_comes_between_plan_and_load_is_written_into_only_where_it_is_known_to_be_this_stacks() {
    type Meanwhile = fn(&Place);
    let cases: [(&str, Meanwhile, &str, i32, &str); 7] = [
        ("", |_| (), "", 5, "table Users is not known to be this stack's: it has no owner's tag, and no import of this stack made it"),
        ("another", |_| (), "", 5, "it has the tag of the stack \"another\""),
        ("", |direct| deny(direct, "ListImports"), "", 5, "allow dynamodb:ListImports"),
        ("", |direct| refuse(direct, "ListImports", "ValidationException"), "", 1, "ValidationException"),
        // Seen by the look whether it is there, and not by the one that follows.
        ("", |direct| fault(direct, &HIDE.replace('}', r#","call":2}"#)), "", 5, "it is gone again"),
        ("users", |_| (), "", 0, "BatchWriteItem: 3 items"),
        ("", |_| (), "--adopt Users", 0, "BatchWriteItem: 3 items"),
    ];
    for (owner, meanwhile, words, code, said) in cases {
        let local = LocalAws::start();
        let tags = if owner.is_empty() { String::new() } else { format!("Tags=[dict(Key='landfall:stack', Value='{owner}')],") };
        let make = format!(
            "d = c('dynamodb')\nd.create_table(TableName='Users', {tags} BillingMode='PAY_PER_REQUEST', KeySchema=[dict(AttributeName='userId', \
             KeyType='HASH')], AttributeDefinitions=[dict(AttributeName='userId', AttributeType='N')])\n\
             d.get_waiter('table_exists').wait(TableName='Users', WaiterConfig=dict(Delay=1))"
        );
        prepared(&local.url, "");
        // Tables that the file does not name are what a plan looks for last.
        let between = after(&local.url, "ListTables", move |direct| {
            direct.python(&make).exits(0);
            meanwhile(direct);
        });
        let place = Place::at(&between.url, "local", "local");
        place.edit("stacks/users.toml", "protect = false", SETTINGS);
        place.landfall(&format!("load stacks/users.toml --yes {words}")).exits(code).says("created by the import").says(said);
        allow(&local.place());
        assert_eq!(place.python(COUNT).exits(0).stdout.trim(), if code == 0 { "3" } else { "0" }, "{said}");
        if code == 0 {
            is_finished(&place);
        }
    }
}

/// Approval and the reading of rows take time.
#[test]
fn a_table_that_the_plan_saw_is_written_into_only_while_it_is_this_stacks() {
    let local = LocalAws::start();
    local.place().landfall("apply stacks/users.toml --yes").exits(0);
    let replace = format!(
        "d = c('dynamodb')\nd.delete_table(TableName='Users')\nd.get_waiter('table_not_exists').wait(TableName='Users', \
         WaiterConfig=dict(Delay=1))\nd.create_table(TableName='Users', Tags=[dict(Key='landfall:stack', Value='another')], {}",
        "BillingMode='PAY_PER_REQUEST', KeySchema=[dict(AttributeName='userId', KeyType='HASH')], \
         AttributeDefinitions=[dict(AttributeName='userId', AttributeType='N')])\n\
         d.get_waiter('table_exists').wait(TableName='Users', WaiterConfig=dict(Delay=1))"
    );
    let between = after(&local.url, "ListTables", move |direct| drop(direct.python(&replace).exits(0)));
    let place = Place::at(&between.url, "local", "local");
    place.landfall("load stacks/users.toml --yes --no-import").exits(5).says("it has the tag of the stack \"another\"");
    assert_eq!(place.python(COUNT).exits(0).stdout.trim(), "0");
}

/// What somebody changes elsewhere while rows are loaded was in no plan that anybody saw.
#[test]
fn what_follows_an_import_neither_changes_another_table_nor_waits_for_it() {
    let stream = "StreamSpecification=dict(StreamEnabled=True, StreamViewType='NEW_IMAGE')";
    let changed = "not as the stack says any more, after the load: table Bare";
    let protect = "DeletionProtectionEnabled=True";
    for (verb, change, code, said) in [("load", protect, 0, ""), ("load", stream, 0, ""), ("run --wait 0", protect, 3, changed)] {
        let local = LocalAws::start();
        prepared(&local.url, BARE);
        let update = format!("c('dynamodb').update_table(TableName='Bare', {change})");
        let between = after(&local.url, "POST ?delete", move |direct| drop(direct.python(&update).exits(0)));
        let place = Place::at(&between.url, "local", "local");
        place.edit("stacks/users.toml", "protect = false", SETTINGS);
        place.edit("stacks/users.toml", "[table.Users]", &format!("{BARE}[table.Users]"));
        let ran = place.landfall(&format!("{verb} --yes stacks/users.toml")).exits(code).says("ImportTable: 3 items").says(said);
        ran.says("table Bare is not as the stack says, and was left alone").says("but for what was left alone: table Bare.\n");
        is_finished(&place);
        let bare = "t = c('dynamodb').describe_table(TableName='Bare')['Table']\n\
                    print(t['DeletionProtectionEnabled'] or t.get('StreamSpecification', {}).get('StreamEnabled'))";
        assert_eq!(place.python(bare).exits(0).stdout.trim(), "True", "{change}");
    }
}

#[test]
fn a_table_that_is_deleted_after_its_import_is_not_made_anew_without_its_rows() {
    let local = LocalAws::start();
    prepared(&local.url, "");
    let delete = "d = c('dynamodb')\nd.delete_table(TableName='Users')\n\
                  d.get_waiter('table_not_exists').wait(TableName='Users', WaiterConfig=dict(Delay=1))";
    let between = after(&local.url, "POST ?delete", move |direct| drop(direct.python(delete).exits(0)));
    let place = Place::at(&between.url, "local", "local");
    place.landfall("load stacks/users.toml --yes").exits(1).says("table Users was loaded and is not there any more");
    assert_eq!(place.names(), "[] ['landfall-sample-users-staging']");
}

#[test]
fn a_load_that_was_stopped_at_its_import_is_finished_by_the_same_load() {
    let local = LocalAws::start_with(&["--time-scale", "20"]);
    let place = prepared(&local.url, "");
    stopped(&place, "load stacks/users.toml --yes").exits(130).says("run again to wait for its end");
    place.python("c('dynamodb').get_waiter('table_exists').wait(TableName='Users', WaiterConfig=dict(Delay=1))").exits(0);
    let ran = place.landfall("load stacks/users.toml --yes").exits(0).says("BatchWriteItem: 3 items").says("is taken over");
    assert!(!ran.stderr.contains("is taken over"), "the plan has told it: {}", ran.stderr);
    is_finished(&place);
    place.landfall("plan stacks/users.toml --detailed-exitcode").exits(0).says("No changes");
}

/// A load finishes what its like began; what a person takes over, and what no rows fill, is `apply`'s.
#[test]
fn a_load_takes_over_no_table_but_one_that_this_stack_imported_and_still_fills() {
    let untag = "d = c('dynamodb')\nd.untag_resource(ResourceArn=d.describe_table(TableName='Users')['Table']['TableArn'], \
                 TagKeys=['landfall:stack'])";
    let local = LocalAws::start();
    let place = prepared(&local.url, "");
    place.landfall("load stacks/users.toml --yes").exits(0).says("ImportTable: 3 items");
    place.python(untag).exits(0);
    place.landfall("load stacks/users.toml --yes --adopt Users").exits(3).says("not yet as the stack says: table Users");
    let emptied = place.read("stacks/before.toml") + "[table.Users]\nkey = [\"userId:N\"]\n";
    let table = "[table.Users.index.UsernameIndex]\nkey = [\"username:S\"]\n[table.Users.index.EmailIndex]\nkey = [\"email:S\"]\n";
    place.write("stacks/emptied.toml", &(emptied + table));
    place.landfall("load stacks/emptied.toml --yes").exits(3).says("not yet as the stack says: table Users");
    place.landfall("load stacks/users.toml --yes").exits(0).says("BatchWriteItem: 3 items");
    is_finished(&place);
}

/// Of what it imported itself a run needs no proof, and so no permission to ask for one.
#[test]
fn a_role_that_may_not_list_imports_finishes_its_own() {
    let local = LocalAws::start();
    let place = prepared(&local.url, "");
    deny(&place, "ListImports");
    place.landfall("load stacks/users.toml --yes").exits(0).says("ImportTable: 3 items");
    is_finished(&place);
}

#[test]
fn a_load_that_broke_off_finishes_what_it_imported_and_nothing_else() {
    let local = LocalAws::start();
    let place = prepared(&local.url, "");
    let more = "[table.Zed]\nkey = [\"id:N\"]\nprotect = false\n[[table.Zed.rows]]\nfrom = \"users\"\nitem = { id = \"{user_id}\" }\n";
    place.edit("stacks/users.toml", "[phase.load]", &format!("{more}[phase.load]"));
    fault(&local.place(), r#"{"effect":"refuse","code":"ValidationException","operation":"ImportTable","resource":"Zed"}"#);
    place
        .landfall("load stacks/users.toml --yes")
        .exits(1)
        .says("ImportTable: 3 items")
        .says("but for what was left alone: table Zed")
        .never_says("and was left alone");
    is_finished(&place);
    allow(&local.place());
    place.landfall("load stacks/users.toml --yes").exits(0).says("Zed: staged on S3, ImportTable: 3 items");
}

/// The load's own end decides how the run ends; that its tables were not finished must not be lost beside it.
#[test]
fn what_could_not_be_finished_after_a_load_that_broke_off_is_told() {
    let local = LocalAws::start();
    let (direct, imports) = (local.place(), AtomicUsize::new(0));
    let between = Between::start(&local.url, move |name, forward| {
        let answer = forward();
        if name == "ImportTable" && imports.fetch_add(1, Ordering::SeqCst) == 1 {
            deny(&direct, "ListTagsOfResource");
        }
        Some(answer)
    });
    let place = prepared(&between.url, "");
    let more = "[table.Zed]\nkey = [\"id:N\"]\nprotect = false\n[[table.Zed.rows]]\nfrom = \"users\"\nitem = { id = \"{user_id}\" }\n";
    place.edit("stacks/users.toml", "[phase.load]", &format!("{more}[phase.load]"));
    fault(&local.place(), r#"{"effect":"refuse","code":"ValidationException","operation":"ImportTable","resource":"Zed"}"#);
    let told = "what follows an import was not done";
    place.landfall("load stacks/users.toml --yes").exits(1).says("ImportTable").says(told).says("ListTagsOfResource");
}

#[test]
fn a_run_whose_imported_table_could_not_be_finished_does_not_go_on_to_prove_it() {
    let local = LocalAws::start();
    let place = prepared(&local.url, "");
    fault(&local.place(), r#"{"effect":"refuse","code":"AccessDeniedException","operation":"UpdateTable","resource":"Users"}"#);
    place.landfall("run stacks/users.toml --yes").exits(8).says("UpdateTable");
    let report = place.read("users-report.json");
    assert!(report.contains("\"load\": {") && !report.contains("\"validate\": {"), "{report}");
}
