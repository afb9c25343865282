//! The policy that `landfall iam` prints, against the calls that the verbs really make at the embedded AWS: none is missing, and none is
//! spare but those that name the rare path which needs them.

use crate::between::Between;
use crate::program::{LocalAws, Place};
use crate::recorded::Call;
use crate::rich;
use landfall::iam::{self, By, Verb};
use landfall::stack::Stack;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

mod seldom;

/// What each verb called, stack by stack.
type Seen = BTreeMap<Verb, BTreeSet<Call>>;

/// A place whose calls are recorded.
struct Watched {
    _local: LocalAws,
    between: Between,
    place: Place,
    stack: &'static str,
    seen: Seen,
    /// As it was before any change.
    original: Stack,
    /// What a person names to be deleted.
    destroy: Vec<String>,
}

impl Watched {
    fn start(stack: &'static str) -> Self {
        let local = LocalAws::start();
        let between = Between::start(&local.url, |_, forward| Some(forward()));
        let place = Place::at(&between.url, "local", "local");
        prepare(stack, &place);
        between.take_requests();
        let original = landfall::stack::load(&place.path(&format!("stacks/{stack}.toml")), None).expect("a sound stack");
        Self { _local: local, between, place, stack, seen: Seen::new(), original, destroy: Vec::new() }
    }

    /// Runs `verb` with more arguments, which must end with `code`; its calls are noted.
    #[track_caller]
    fn run(&mut self, verb: Verb, more: &str, code: i32) {
        let word = format!("{verb:?}").to_lowercase();
        self.place.landfall(&format!("{word} stacks/{}.toml {more}", self.stack)).exits(code);
        self.seen.entry(verb).or_default().extend(self.between.take_requests());
    }

    /// Edits the file.
    fn change(&self, changes: Changes) {
        for (from, to) in changes {
            self.place.edit(&format!("stacks/{}.toml", self.stack), from, to);
        }
    }

    /// Something is done to the account that is not the verb's doing.
    fn meanwhile(&self, code: &str) {
        self.place.python(code).exits(0);
        self.between.take_requests();
    }

    /// The policy as a person gets it.
    fn policy(&self, verb: Verb) -> Value {
        let word = format!("{verb:?}").to_lowercase();
        let destroy: Vec<String> = self.destroy.iter().map(|name| format!("--destroy {name}")).collect();
        let printed = self.place.landfall(&format!("iam stacks/{}.toml --verb {word} {}", self.stack, destroy.join(" "))).exits(0);
        serde_json::from_str(&printed.stdout).expect("JSON")
    }

    /// Calls that the policy of their verb does not allow.
    fn missing(&self) -> Vec<String> {
        let of = |(verb, calls): (&Verb, &BTreeSet<Call>)| {
            let policy = self.policy(*verb);
            calls.iter().flat_map(|call| denied(&policy, call)).map(|what| format!("{} {verb:?}: {what}", self.stack)).collect::<Vec<_>>()
        };
        self.seen.iter().flat_map(of).collect()
    }

    /// Permissions for calls that the verb never made, though its path is not a rare one.
    fn spare(&self) -> Vec<String> {
        let stack = &self.original;
        let of = |(verb, calls): (&Verb, &BTreeSet<Call>)| {
            let made = |need: &iam::Need| match need.by {
                By::Call(service, operation) => {
                    let pattern = iam::resource(stack, &need.on);
                    let on = |call: &&Call| call.service == service && call.operation == operation;
                    calls.iter().filter(on).any(|call| call.resources.iter().any(|arn| matches(&pattern, arn)))
                }
                By::Aws(_) => true,
            };
            let needs = iam::needs(stack, &[*verb], &self.destroy);
            let spare = needs.into_iter().filter(|need| need.rare.is_none() && !made(need));
            spare.map(|need| format!("{} {verb:?}: {} on {:?}", self.stack, need.action, need.on)).collect::<Vec<_>>()
        };
        self.seen.iter().flat_map(of).collect()
    }
}

/// What a stack of our own needs before it is read.
fn prepare(stack: &str, place: &Place) {
    match stack {
        "rich" => {
            rich::write(place);
            rich::key(place);
        }
        "leaving" => {
            seldom::write(place);
            rich::key(place);
        }
        _ => {}
    }
}

/// What of `call` the policy does not allow. Conditions are not looked at: none of them is about a caller's arguments.
fn denied(policy: &Value, call: &Call) -> Vec<String> {
    let Some(api) = iam::api(&call.service, &call.operation) else { return vec![format!("{call:?} has no row in the table of APIs")] };
    let pairs = api.actions.iter().flat_map(|action| call.resources.iter().map(move |arn| (action, arn)));
    pairs.filter(|(action, arn)| !allows(policy, action, arn)).map(|(action, arn)| format!("{action} on {arn}")).collect()
}

fn allows(policy: &Value, action: &str, arn: &str) -> bool {
    let list = |value: &Value| value.as_array().expect("a list").iter().map(|v| v.as_str().expect("text").to_owned()).collect::<Vec<_>>();
    let statements = policy["Statement"].as_array().expect("statements");
    statements.iter().any(|s| list(&s["Action"]).iter().any(|a| a == action) && list(&s["Resource"]).iter().any(|p| matches(p, arn)))
}

/// IAM's `*`: any characters.
fn matches(pattern: &str, arn: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == arn };
    let Some(after) = arn.strip_prefix(start) else { return false };
    (0..=after.len()).filter(|at| after.is_char_boundary(*at)).any(|at| matches(rest, &after[at..]))
}

#[test]
fn a_star_stands_for_any_characters_and_nothing_else_does() {
    assert!(matches("arn:a:table/T/index/*", "arn:a:table/T/index/I") && matches("*", "x") && matches("a*c", "abbc"));
    assert!(!matches("arn:a:table/T", "arn:a:table/T2") && !matches("arn:a:table/T/index/*", "arn:a:table/T") && !matches("a*c", "ab"));
}

/// Text of the file, and what it is after a change.
type Changes = &'static [(&'static str, &'static str)];

/// Every verb on a stack: from nothing, over what is there, and after a change of the file.
fn watch(stack: &'static str, changes: Changes) -> Watched {
    let mut watched = Watched::start(stack);
    watched.run(Verb::Plan, "", 0);
    watched.run(Verb::Run, "--yes", 0);
    for verb in [Verb::Plan, Verb::Drift, Verb::Throttling] {
        watched.run(verb, "", 0);
    }
    watched.run(Verb::Validate, "", 0);
    watched.run(Verb::Validate, "--sample 100", 0);
    watched.run(Verb::Load, "--yes", 0);
    watched.change(changes);
    watched.run(Verb::Apply, "--yes", 0);
    watched.run(Verb::Drift, "", 0);
    watched
}

/// Deletes what ImportTable can make, and what would outlive it.
const UNMAKE: &str = "
a = c('application-autoscaling')
for t in a.describe_scalable_targets(ServiceNamespace='dynamodb')['ScalableTargets']:
    a.deregister_scalable_target(**{k: t[k] for k in ('ServiceNamespace', 'ResourceId', 'ScalableDimension')})
d = c('dynamodb')
for t in d.list_tables()['TableNames']:
    seen = d.describe_table(TableName=t)['Table']
    if t == 'landfall-leases' or seen.get('LocalSecondaryIndexes'):
        continue
    if seen['DeletionProtectionEnabled']:
        d.update_table(TableName=t, DeletionProtectionEnabled=False)
        d.get_waiter('table_exists').wait(TableName=t, WaiterConfig={'Delay': 1})
    d.delete_table(TableName=t)
    d.get_waiter('table_not_exists').wait(TableName=t, WaiterConfig={'Delay': 1})
";

/// A whole apply from nothing, then the bucket alone is there, so that ImportTable makes the tables; and a run that makes them itself.
fn from_nothing(watched: &mut Watched, changes: Changes) {
    let mut fresh = Watched::start(watched.stack);
    fresh.run(Verb::Apply, "--yes", 0);
    fresh.meanwhile(UNMAKE);
    fresh.run(Verb::Load, "--yes", 0);
    let mut direct = Watched::start(watched.stack);
    direct.run(Verb::Run, "--yes --no-import", 0);
    direct.change(changes);
    direct.run(Verb::Run, "--yes", 0);
    let seen = fresh.seen.into_iter().chain(direct.seen);
    seen.for_each(|(verb, calls)| watched.seen.entry(verb).or_default().extend(calls));
}

fn holds(stack: &'static str, changes: Changes) {
    let mut watched = watch(stack, changes);
    from_nothing(&mut watched, changes);
    assert_eq!(watched.missing(), Vec::<String>::new());
    assert_eq!(watched.spare(), Vec::<String>::new());
}

const PROTECT: Changes = &[("protect = false\n", "protect = true\ntags = { team = \"sales\" }\n")];

#[test]
fn users_needs_what_its_policy_says() {
    holds("users", PROTECT);
}

#[test]
fn vehicle_sales_needs_what_its_policy_says() {
    holds("vehicle-sales", PROTECT);
}

#[test]
fn vehicle_sales_single_needs_what_its_policy_says() {
    holds("vehicle-sales-single", PROTECT);
}

#[test]
fn a_stack_that_asks_for_everything_needs_what_its_policy_says() {
    holds("rich", rich::CHANGES);
}

/// What fills a bucket: two versions, a delete marker, and an upload that nobody finishes.
pub(crate) const FILL: &str = "
s = c('s3')
b = 'landfall-sample-users-staging'
s.put_bucket_versioning(Bucket=b, VersioningConfiguration=dict(Status='Enabled'))
for key in ('a', 'a'):
    s.put_object(Bucket=b, Key=key, Body=b'x')
s.delete_object(Bucket=b, Key='a')
s.create_multipart_upload(Bucket=b, Key='half')
";

#[test]
fn deleting_a_bucket_needs_what_its_policy_says() {
    let mut watched = Watched::start("users");
    watched.run(Verb::Apply, "--yes", 0);
    watched.change(&[("[bucket.staging]\nname = \"landfall-sample-users-staging\"\n", "")]);
    watched.meanwhile(FILL);
    watched.seen.clear();
    watched.run(Verb::Apply, "--yes --destroy s3://landfall-sample-users-staging --with-data", 0);
    let calls = watched.seen.remove(&Verb::Apply).expect("seen");
    let destroy = ["s3://landfall-sample-users-staging".to_owned()];
    let stack = landfall::stack::load(&watched.place.path("stacks/users.toml"), None).expect("a sound stack");
    let policy = iam::policy(&stack, &[Verb::Apply], &destroy);
    assert_eq!(calls.iter().flat_map(|call| denied(&policy, call)).collect::<Vec<_>>(), Vec::<String>::new());
    for operation in ["AbortMultipartUpload", "DeleteObjects", "DeleteBucket"] {
        assert!(calls.iter().any(|call| call.operation == operation), "{operation} was never made");
        let about = |need: &&iam::Need| matches!(need.by, By::Call("s3", made) if made == operation);
        let needs = iam::needs(&stack, &[Verb::Apply], &destroy);
        let on: Vec<String> = needs.iter().filter(about).map(|need| iam::resource(&stack, &need.on)).collect();
        assert!(on.iter().all(|arn| arn.starts_with("arn:aws:s3:::landfall-sample-users-staging")) && !on.is_empty(), "{on:?}");
    }
    let without = iam::policy(&stack, &[Verb::Apply], &[]).to_string();
    assert!(!without.contains("s3:Delete") && !without.contains("s3:Abort"), "{without}");
}

#[test]
fn a_policy_without_one_of_its_actions_is_found_out() {
    let mut watched = Watched::start("users");
    watched.run(Verb::Run, "--yes", 0);
    let whole = watched.policy(Verb::Run);
    let calls = &watched.seen[&Verb::Run];
    let made: BTreeSet<&str> =
        calls.iter().filter_map(|c| iam::api(&c.service, &c.operation)).flat_map(|api| api.actions).copied().collect();
    assert!(made.len() > 20, "{made:?}");
    for action in made {
        let without: Value = serde_json::from_str(&whole.to_string().replace(&format!("\"{action}\""), "\"x:Nothing\"")).expect("JSON");
        assert!(calls.iter().any(|call| !denied(&without, call).is_empty()), "{action} was never asked for");
    }
}

#[test]
fn a_name_that_is_a_pattern_is_not_written_into_a_policy() {
    let place = Place::new();
    for name in ["*", "Us*", "a/b", "T?", "", "s3://", "s3://*", "s3://a*b", "s3://staging/x", "s3://Upper"] {
        let ran = place.command(&["iam", "stacks/users.toml", "--destroy", name]).output().expect("landfall starts");
        crate::program::ran(&ran).exits(2).says("no table's name").never_says("Statement");
    }
    place.landfall("iam stacks/users.toml --destroy Old").exits(0).says("dynamodb:DeleteTable").says("table/Old");
    let bucket = place.landfall("iam stacks/users.toml --destroy s3://old-staging").exits(0);
    bucket.says("s3:DeleteBucket").says("s3:::old-staging").says("s3:DeleteObjectVersion").never_says("dynamodb:DeleteTable");
}
