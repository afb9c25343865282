//! What an ordinary life of a stack never takes: a table that goes by its name, and a lease that is taken away.

use super::{Changes, Verb, Watched};
use crate::program::Place;
use landfall::iam::{self, By, On};

/// One table, which takes everything that deleting one can take: scaled, protected, under a customer's key.
const LEAVING: &str = r#"
[table.Leaving]
key = ["id:S"]
capacity = { read = { min = 5, max = 50 }, write = { min = 5, max = 50 } }
encryption = { key = "alias/rich" }
protect = true
"#;
const STAYING: &str = r#"
[table.Staying]
key = ["id:S"]
protect = false
"#;
const REST: &str = r#"
name = "leaving"
account = "123456789012"
region = "us-east-1"

[source]
url = "sqlite:users.sqlite"
"#;

/// Writes the stack as `stacks/leaving.toml`.
pub(super) fn write(place: &Place) {
    place.write("stacks/leaving.toml", &format!("{REST}{LEAVING}"));
}

/// The table is there, and the file has another in its place.
fn left() -> Watched {
    let mut watched = Watched::start("leaving");
    watched.run(Verb::Apply, "--yes", 0);
    watched.seen.clear();
    watched.change(&[(LEAVING, STAYING)]);
    watched.original = landfall::stack::load(&watched.place.path("stacks/leaving.toml"), None).expect("a sound stack");
    watched.destroy = vec!["Leaving".to_owned()];
    watched
}

const LATER: Changes = &[("protect = false\n", "protect = true\ntags = { team = \"sales\" }\n")];

#[test]
fn deleting_a_table_needs_what_its_policy_says() {
    let mut watched = left();
    watched.run(Verb::Plan, "--destroy Leaving", 0);
    watched.run(Verb::Apply, "--yes --destroy Leaving", 0);
    watched.change(LATER);
    watched.run(Verb::Apply, "--yes", 0);
    watched.run(Verb::Plan, "", 0);
    assert_eq!(watched.missing(), Vec::<String>::new());
    assert_eq!(watched.spare(), Vec::<String>::new());
    let leaving = iam::resource(&watched.original, &On::Table("Leaving".into()));
    let on_it = |made: &str| watched.seen[&Verb::Apply].iter().any(|call| call.operation == made && call.resources[0] == leaving);
    for made in ["Scan", "UpdateTable", "DeleteTable"] {
        assert!(on_it(made), "{made} was never made");
    }
    let scaling = |made: &str| watched.seen[&Verb::Apply].iter().any(|call| call.operation == made);
    assert!(scaling("DeregisterScalableTarget"), "nothing gave up its auto scaling");
    watched.destroy.clear();
    let named: Vec<String> = watched.missing().into_iter().filter(|what| what.contains("table/Leaving")).collect();
    for action in ["Scan", "UpdateTable", "DeleteTable"] {
        assert!(named.iter().any(|what| what.contains(&format!("dynamodb:{action} "))), "{action} without its name: {named:?}");
    }
}

/// The lease as a run leaves it that was killed on another machine.
const HELD: &str = "
d = c('dynamodb')
d.update_item(TableName='landfall-leases', Key={'stack': {'S': 'users'}}, UpdateExpression='SET #s = :h',
              ExpressionAttributeNames={'#s': 'state'}, ExpressionAttributeValues={':h': {'S': 'held'}})
";

#[test]
fn unlocking_needs_what_its_policy_says() {
    let mut watched = Watched::start("users");
    watched.run(Verb::Unlock, "", 0);
    watched.run(Verb::Apply, "--yes --lease 2", 0);
    watched.seen.remove(&Verb::Apply);
    watched.meanwhile(HELD);
    watched.run(Verb::Unlock, "", 7);
    watched.run(Verb::Unlock, "--force --yes", 0);
    watched.run(Verb::Unlock, "", 0);
    assert_eq!(watched.missing(), Vec::<String>::new());
    assert_eq!(watched.spare(), Vec::<String>::new());
    let calls = &watched.seen[&Verb::Unlock];
    let rare: Vec<_> = iam::needs(&watched.original, &[Verb::Unlock], &[]).into_iter().filter(|need| need.rare.is_some()).collect();
    for need in &rare {
        let By::Call(_, operation) = need.by else { panic!("{need:?}") };
        assert!(calls.iter().any(|call| call.operation == operation), "{operation} was never made");
    }
    assert_eq!(rare.len(), 1, "{rare:?}");
}
