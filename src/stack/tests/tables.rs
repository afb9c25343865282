//! DynamoDB's rules for tables, indexes and settings.

use super::told;
use std::fmt::Write as _;

/// Said where the name stands; an index may be called so.
#[test]
fn the_table_of_leases_is_no_stacks() {
    insta::assert_snapshot!(told(r#"
        [table.landfall-leases]
        key = ["stack:S"]
        [table.Mine]
        key = ["stack:S"]
        [table.Mine.index.landfall-leases]
        key = ["id:S"]
    "#), @r"
    error: table `landfall-leases`: it holds landfall's own leases, those of every stack of the account
     --> stack.toml:5:8
      |
    5 | [table.landfall-leases]
      |        ^^^^^^^^^^^^^^^
      |
      = help: take it out of the file: no stack manages it

    1 error
    ");
}

#[test]
fn keys() {
    insta::assert_snapshot!(told(r#"
        [table.ab]
        key = ["id:S"]
        [table.Three]
        key = ["a:S", "b:S", "c:S"]
        [table.Untyped]
        key = ["userId:BOOL", ":S"]
        [table.Twice]
        key = ["a:S", "a:S"]
        [table.Multi]
        key = ["a:S"]
        [table.Multi.index.none]
        key = []
        [table.Multi.index.three]
        key = ["a:S", "b:S", "c:S"]
        [table.Multi.index.five]
        key = { partition = ["a:S", "b:S", "c:S", "d:S", "e:S"] }
    "#), @r#"
    error: table `ab`: a table or index name has 3 to 255 of A-Z, a-z, 0-9, `_`, `.` and `-`
     --> stack.toml:5:8
      |
    5 | [table.ab]
      |        ^^

    error: a table's key has one partition and at most one sort attribute, not 3 attributes
     --> stack.toml:8:7
      |
    8 | key = ["a:S", "b:S", "c:S"]
      |       ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: more columns go into one attribute by a template, such as "{a}#{b}"; a global index may have up to four and four

    error: `userId:BOOL` has no key type
      --> stack.toml:10:8
       |
    10 | key = ["userId:BOOL", ":S"]
       |        ^^^^^^^^^^^^^
       |
       = help: a key attribute is S (text), N (number) or B (binary): write "userId:S"

    error: an attribute's name is not empty
      --> stack.toml:10:23
       |
    10 | key = ["userId:BOOL", ":S"]
       |                       ^^^^

    error: `a` stands twice in this key
      --> stack.toml:12:15
       |
    12 | key = ["a:S", "a:S"]
       |               ^^^^^

    error: an index's key list has a partition and at most one sort attribute, not 0 attributes
      --> stack.toml:16:7
       |
    16 | key = []
       |       ^^
       |
       = help: for more write key = { partition = ["a:S", "b:S"], sort = ["c:N"] }

    error: an index's key list has a partition and at most one sort attribute, not 3 attributes
      --> stack.toml:18:7
       |
    18 | key = ["a:S", "b:S", "c:S"]
       |       ^^^^^^^^^^^^^^^^^^^^^
       |
       = help: for more write key = { partition = ["a:S", "b:S"], sort = ["c:N"] }

    error: an index's key has one to four partition and at most four sort attributes
      --> stack.toml:20:7
       |
    20 | key = { partition = ["a:S", "b:S", "c:S", "d:S", "e:S"] }
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    8 errors
    "#);
}

#[test]
fn indexes() {
    insta::assert_snapshot!(told(r#"
        [table.Shop]
        key = ["PK:S"]
        ttl = "PK"
        [table.Shop.index.one]
        key = ["name:S"]
        project = ["name", "PK", "x", "x"]
        [table.Shop.index.two]
        key = ["name:N"]
        project = []
        [table.Shop.local.two]
        key = ["at:S"]
        [table.Shop.local.four]
        key = ["PK:S", "at:S"]
        [table.Other]
        key = ["id:S"]
        ttl = "expiresAt"
        [table.Other.index.expiry]
        key = ["expiresAt:S"]
    "#), @r#"
    error: `PK` is a key attribute: time to live needs an attribute of its own
     --> stack.toml:7:7
      |
    7 | ttl = "PK"
      |       ^^^^

    error: `name` is a key attribute: keys are always projected, take it out of the list
      --> stack.toml:10:12
       |
    10 | project = ["name", "PK", "x", "x"]
       |            ^^^^^^

    error: `PK` is a key attribute: keys are always projected, take it out of the list
      --> stack.toml:10:20
       |
    10 | project = ["name", "PK", "x", "x"]
       |                    ^^^^

    error: `x` is projected twice
      --> stack.toml:10:31
       |
    10 | project = ["name", "PK", "x", "x"]
       |                               ^^^

    error: `name` is N here and S in the key of index `one`
      --> stack.toml:12:7
       |
    12 | key = ["name:N"]
       |       ^^^^^^^^^^
       |
       = help: an attribute has one type in all the keys of a table

    error: index `two` projects an empty list: write "keys" for the keys alone
      --> stack.toml:13:11
       |
    13 | project = []
       |           ^^

    error: `two` is a global index too: the indexes of a table share their names
      --> stack.toml:14:19
       |
    14 | [table.Shop.local.two]
       |                   ^^^

    error: table `Shop` has no sort attribute, so it can have no local index
      --> stack.toml:16:19
       |
    16 | [table.Shop.local.four]
       |                   ^^^^
       |
       = help: give the table a sort attribute, or make this a global index

    error: a local index's key names its sort attribute alone, as in ["createdAt:S"]
      --> stack.toml:17:7
       |
    17 | key = ["PK:S", "at:S"]
       |       ^^^^^^^^^^^^^^^^
       |
       = help: its partition attribute is the table's; for another one, write a global index: [table.NAME.index.NAME]

    error: `expiresAt` is not a number in an index's key: time to live only sees numbers
      --> stack.toml:20:7
       |
    20 | ttl = "expiresAt"
       |       ^^^^^^^^^^^
       |
       = help: write "expiresAt:N" there

    10 errors
    "#);
}

#[test]
fn capacities_of_a_table_and_its_indexes() {
    insta::assert_snapshot!(told(r#"
        [table.OnDemand]
        key = ["a:S"]
        [table.OnDemand.index.one]
        key = ["b:S"]
        capacity = { read = 1, write = 1 }
        [table.Provisioned]
        key = ["a:S"]
        capacity = { read = 5, write = 5 }
        [table.Provisioned.index.one]
        key = ["b:S"]
        [table.Provisioned.index.two]
        key = ["b:S"]
        capacity = "on-demand"
    "#), @r#"
    error: index `one` has units, but its table is on-demand
     --> stack.toml:9:12
      |
    9 | capacity = { read = 1, write = 1 }
      |            ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: remove the index's capacity, or give the table units too

    error: index `one` needs a capacity: its table has units, and an index has its own
      --> stack.toml:13:26
       |
    13 | [table.Provisioned.index.one]
       |                          ^^^
       |
       = help: write capacity = { read = 5, write = 5 }

    error: index `two` is on-demand, but its table has units
      --> stack.toml:17:12
       |
    17 | capacity = "on-demand"
       |            ^^^^^^^^^^^
       |
       = help: write capacity = { read = 5, write = 5 }, or make the table on-demand

    3 errors
    "#);
}

#[test]
fn too_many_of_anything() {
    let mut text = "[table.Many]\nkey = ['a:S', 'b:S']\n[table.Many.tags]\n".to_owned();
    (0..49).for_each(|i| writeln!(text, "t{i:02} = 'x'").expect("a string takes text"));
    (0..21).for_each(|i| writeln!(text, "[table.Many.index.g{i:02}]\nkey = ['c:S']").expect("a string takes text"));
    (0..6).for_each(|i| writeln!(text, "[table.Many.local.l{i:02}]\nkey = ['c:S']").expect("a string takes text"));
    let names = (0..51).map(|i| format!("'p{i}'")).collect::<Vec<_>>().join(",");
    (0..2).for_each(|i| writeln!(text, "[table.Few.index.g{i:02}]\nkey = ['c:S']\nproject = [{names}]").expect("a string takes text"));
    text.push_str("[table.Few]\nkey = ['a:S']\n");
    let found = super::findings(&text);
    let messages: Vec<&str> = found.iter().map(|d| d.message.as_str()).collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    49 tags: AWS takes 50 a resource, and two of them are landfall's own
    21 global indexes: DynamoDB takes 20 a table
    6 local indexes: DynamoDB takes 5 a table
    index `g00` projects 51 attributes: DynamoDB takes 20 an index
    102 projected attributes: DynamoDB takes 100 over all indexes of a table
    index `g01` projects 51 attributes: DynamoDB takes 20 an index
    ");
}

#[test]
fn one_index_projects_twenty_attributes_by_name() {
    let names = |n: u32| (0..n).map(|i| format!("'p{i}'")).collect::<Vec<_>>().join(",");
    let stack = |kind: &str, n: u32| {
        format!("[table.Shop]\nkey = ['id:S', 'at:S']\n[table.Shop.{kind}.one]\nkey = ['a:S']\nproject = [{}]\n", names(n))
    };
    for kind in ["index", "local"] {
        assert!(super::parse(&super::whole(&stack(kind, 20)), std::path::Path::new("stack.toml"), None).is_ok(), "{kind}");
        let found = super::findings(&stack(kind, 21));
        let messages: Vec<&str> = found.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(messages, ["index `one` projects 21 attributes: DynamoDB takes 20 an index"], "{kind}");
    }
}

#[test]
fn a_projected_attribute_has_a_name() {
    let found =
        told(&format!("[table.Shop]\nkey = ['id:S']\n[table.Shop.index.one]\nkey = ['a:S']\nproject = ['', '{}']\n", "x".repeat(256)));
    let errors: Vec<&str> = found.lines().filter(|line| line.starts_with("error")).collect();
    insta::assert_snapshot!(errors.join("\n"), @r"
    error: an attribute's name is not empty
    error: an attribute's name has at most 255 bytes in a key, a projection or `ttl`
    ");
}
