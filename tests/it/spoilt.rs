//! Negative controls: an item changed, deleted or added behind landfall's back, by a client that is not landfall's.

use crate::program::{LocalAws, Place};

fn loaded(stack: &str) -> (LocalAws, Place) {
    let local = LocalAws::start();
    let place = local.place();
    place.landfall(&format!("run stacks/{stack}.toml --yes")).exits(0);
    (local, place)
}

#[test]
fn a_changed_attribute_is_named_with_both_values() {
    let (local, place) = loaded("users");
    place.oracle("spoil.py", &[&local.url, "Users", "change"]).exits(0);
    place.landfall("validate stacks/users.toml").exits(3).says("different").says("SQL says").never_says("@example.com");
    place.landfall("validate stacks/users.toml --show-values").exits(3).says("userId=").says("DynamoDB has");
}

#[test]
fn a_type_that_changed_is_a_difference_though_the_text_is_the_same() {
    let (local, place) = loaded("users");
    place.oracle("spoil.py", &[&local.url, "Users", "type"]).exits(0);
    place.landfall("validate stacks/users.toml --show-values").exits(3).says("different");
}

#[test]
fn a_deleted_item_is_missing() {
    let (local, place) = loaded("users");
    place.oracle("spoil.py", &[&local.url, "Users", "delete"]).exits(0);
    place.landfall("validate stacks/users.toml --show-values").exits(3).says("missing").says("userId=");
}

#[test]
fn a_stray_item_names_the_row_that_it_claims() {
    let (local, place) = loaded("users");
    place.oracle("spoil.py", &[&local.url, "Users", "add"]).exits(0);
    place.landfall("validate stacks/users.toml --show-values").exits(3).says("unexpected").says("users where user_id");
}

#[test]
fn every_kind_of_fault_is_found_in_every_stack() {
    for (stack, table) in [("vehicle-sales", "Customers"), ("vehicle-sales-single", "VehicleSales"), ("imdb", "movies")] {
        for kind in ["change", "delete", "add", "type"] {
            let (local, place) = loaded(stack);
            place.oracle("spoil.py", &[&local.url, table, kind]).exits(0);
            place.landfall(&format!("validate stacks/{stack}.toml")).exits(3);
        }
    }
}

/// What is not there is an answer, and no reason to say nothing of the rest.
#[test]
fn an_index_and_a_table_that_somebody_deleted_are_a_no() {
    let (_local, place) = loaded("users");
    let drop = "import time\nd = c('dynamodb')\n\
                d.update_table(TableName='Users', GlobalSecondaryIndexUpdates=[dict(Delete=dict(IndexName='EmailIndex'))])\n\
                while len(d.describe_table(TableName='Users')['Table'].get('GlobalSecondaryIndexes', [])) > 1: time.sleep(0.02)";
    place.python(drop).exits(0);
    let note = "index EmailIndex does not exist: run `landfall apply`";
    place.landfall("validate stacks/users.toml").exits(3).says(note).says("index UsernameIndex   match").says("all found");
    place.landfall("validate stacks/users.toml --count-only").exits(3).says(note);
    place
        .python("c('dynamodb').delete_table(TableName='Users')\nc('dynamodb').get_waiter('table_not_exists').wait(TableName='Users')")
        .exits(0);
    place.landfall("validate stacks/users.toml").exits(3).says("the table does not exist: run `landfall apply`, then `landfall load`");
}

#[test]
fn counting_alone_says_that_it_compared_no_record() {
    let (local, place) = loaded("users");
    place.oracle("spoil.py", &[&local.url, "Users", "change"]).exits(0);
    place
        .landfall("validate stacks/users.toml --count-only -o table -o json=counted.json")
        .exits(0)
        .says("counts only: no record compared");
    let report: serde_json::Value = serde_json::from_str(&place.read("counted.json")).expect("JSON");
    assert!(report["validate"]["notes"][0].as_str().is_some_and(|note| note.starts_with("counts only")), "{report:#}");
    place.landfall("validate stacks/users.toml").exits(3).never_says("counts only");
}

#[test]
fn counting_alone_sees_a_missing_and_a_stray_item() {
    for kind in ["delete", "add"] {
        let (local, place) = loaded("users");
        place.oracle("spoil.py", &[&local.url, "Users", kind]).exits(0);
        place.landfall("validate stacks/users.toml --count-only").exits(3);
    }
}
