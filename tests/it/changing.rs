//! A table that somebody else is changing: until AWS has done it, it shows the table as it was.

use crate::program::{LocalAws, Place};
use crate::verbs::BARE;

/// A table in sync with `bare.toml`, on its way to on-demand, which the file does not say.
fn on_its_way() -> (LocalAws, Place) {
    let local = LocalAws::start_with(&["--time-scale", "60"]);
    let place = local.place();
    place.write("bare.toml", &format!("{BARE}capacity = {{ read = 5, write = 5 }}\n"));
    place.landfall("apply bare.toml --yes").exits(0);
    place.python("c('dynamodb').update_table(TableName='Bare', BillingMode='PAY_PER_REQUEST')").exits(0);
    (local, place)
}

/// What is shown meanwhile is no proof of anything.
#[test]
fn it_is_looked_at_again_when_it_is_changed() {
    for (verb, code, says) in [("drift", 3, "looking again in"), ("apply --yes", 1, "waiting: table is UPDATING")] {
        let (_local, place) = on_its_way();
        let (verb, flags) = verb.split_once(' ').unwrap_or((verb, ""));
        place.landfall(&format!("{verb} bare.toml {flags}")).exits(code).says(says);
    }
}

/// Only who asks whether all is as the file says waits for the answer, and only while there is none.
#[test]
fn a_plan_does_not_wait_for_it_nor_does_drift_that_is_certain() {
    let (_local, place) = on_its_way();
    place.landfall("plan bare.toml").exits(0).never_says("looking again in");
    place.write("bare.toml", &format!("{BARE}capacity = {{ read = 5, write = 5 }}\nttl = \"expires\"\n"));
    place.landfall("drift bare.toml").exits(3).says("ttl").never_says("looking again in");
}
