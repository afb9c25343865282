//! DynamoDB's rules for tables, indexes and settings.

use super::told;
use std::fmt::Write as _;

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
    (0..50).for_each(|i| writeln!(text, "t{i:02} = 'x'").expect("a string takes text"));
    (0..21).for_each(|i| writeln!(text, "[table.Many.index.g{i:02}]\nkey = ['c:S']").expect("a string takes text"));
    (0..6).for_each(|i| writeln!(text, "[table.Many.local.l{i:02}]\nkey = ['c:S']").expect("a string takes text"));
    let names = (0..51).map(|i| format!("'p{i}'")).collect::<Vec<_>>().join(",");
    (0..2).for_each(|i| writeln!(text, "[table.Few.index.g{i:02}]\nkey = ['c:S']\nproject = [{names}]").expect("a string takes text"));
    text.push_str("[table.Few]\nkey = ['a:S']\n");
    let found = super::findings(&text);
    let messages: Vec<&str> = found.iter().map(|d| d.message.as_str()).collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    50 tags: AWS takes 50 a resource, and landfall's ownership tag is one of them
    21 global indexes: DynamoDB takes 20 a table
    6 local indexes: DynamoDB takes 5 a table
    102 projected attributes: DynamoDB takes 100 over all indexes of a table
    ");
}

#[test]
fn tags_and_buckets() {
    insta::assert_snapshot!(told(r#"
        [bucket.one]
        name = "a..b"
        expire_days = 0
        [bucket.two]
        name = "acme-stage"
        tags = { "aws:x" = "1", "landfall:stack" = "mine", "a;b" = "x", ok = "x;" }
        [bucket.three]
        name = "acme-stage"
    "#), @r#"
    error: a bucket's name has no two periods in a row, and is not an IP address
     --> stack.toml:6:8
      |
    6 | name = "a..b"
      |        ^^^^^^

    error: `expire_days` is 1 to 3650
     --> stack.toml:7:15
      |
    7 | expire_days = 0
      |               ^

    error: bucket `acme-stage` stands twice in this stack
     --> stack.toml:9:8
      |
    9 | name = "acme-stage"
      |        ^^^^^^^^^^^^

    error: tag `aws:x`: the prefix `aws:` is AWS's own
      --> stack.toml:10:10
       |
    10 | tags = { "aws:x" = "1", "landfall:stack" = "mine", "a;b" = "x", ok = "x;" }
       |          ^^^^^^^

    error: tag `landfall:stack`: the prefix `landfall:` is landfall's own, for the tag that says which stack owns the resource
      --> stack.toml:10:25
       |
    10 | tags = { "aws:x" = "1", "landfall:stack" = "mine", "a;b" = "x", ok = "x;" }
       |                         ^^^^^^^^^^^^^^^^

    error: tag `a;b`: a tag's key has 1 to 128 letters, digits, spaces and + - = . _ : / @
      --> stack.toml:10:52
       |
    10 | tags = { "aws:x" = "1", "landfall:stack" = "mine", "a;b" = "x", ok = "x;" }
       |                                                    ^^^^^

    error: tag `ok`: a tag's value has 0 to 256 letters, digits, spaces and + - = . _ : / @
      --> stack.toml:10:70
       |
    10 | tags = { "aws:x" = "1", "landfall:stack" = "mine", "a;b" = "x", ok = "x;" }
       |                                                                      ^^^^

    7 errors
    "#);
}

#[test]
fn name_account_and_region() {
    let found = super::parse("name = 'a b'\naccount = '12345'\nregion = 'Virginia'\n", std::path::Path::new("stack.toml"), None);
    insta::assert_snapshot!(found.expect_err("all are wrong"), @r#"
    error: a stack's name has 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`
     --> stack.toml:1:8
      |
    1 | name = 'a b'
      |        ^^^^^

    error: an AWS account has twelve digits, as in "123456789012"
     --> stack.toml:2:11
      |
    2 | account = '12345'
      |           ^^^^^^^

    error: a region looks like "us-east-1"
     --> stack.toml:3:10
      |
    3 | region = 'Virginia'
      |          ^^^^^^^^^^

    3 errors
    "#);
}

#[test]
fn phases() {
    let text = r#"
        [table.Users]
        key = ["id:S"]
        [table.Users.index.ByName]
        key = ["name:S"]
        [phase.load]
        table.User.capacity = "on-demand"
        [phase.busy]
        table.Users.capacity = { read = 5, write = 5 }
        [phase.quiet.table.Users]
        index.ByNmae.capacity = "on-demand"
        [phase.calm.table.Users]
    "#;
    insta::assert_snapshot!(super::parse(&super::whole(text), std::path::Path::new("stack.toml"), Some("laod")).expect_err("much is wrong"), @r#"
    error: this stack has no table `User`
      --> stack.toml:10:7
       |
    10 | table.User.capacity = "on-demand"
       |       ^^^^
       |
       = help: did you mean `Users`?

    error: the stack has no phase `laod`
      --> stack.toml:11:8
       |
    11 | [phase.busy]
       |        ^^^^
       |
       = help: did you mean `load`?

    error: in this phase table `Users` has units, so its index `ByName` needs its own
      --> stack.toml:12:7
       |
    12 | table.Users.capacity = { read = 5, write = 5 }
       |       ^^^^^
       |
       = help: write table.Users.index.ByName.capacity = { read = …, write = … }

    error: table `Users` has no index `ByNmae`
      --> stack.toml:14:7
       |
    14 | index.ByNmae.capacity = "on-demand"
       |       ^^^^^^
       |
       = help: did you mean `ByName`?

    error: this phase changes nothing of table `Users`
      --> stack.toml:15:19
       |
    15 | [phase.calm.table.Users]
       |                   ^^^^^

    5 errors
    "#);
}

#[test]
fn gates() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:S"]
        [validate]
        sample = { max_mismatch_rate = "50 percent", confidence = 1.0 }
        throttling = { window = "3w" }
    "#), @r#"
    error: `max_mismatch_rate` is 0 or more and less than 1
     --> stack.toml:8:32
      |
    8 | sample = { max_mismatch_rate = "50 percent", confidence = 1.0 }
      |                                ^^^^^^^^^^^^
      |
      = help: write "50ppm", "0.1%" or a fraction such as 0.0001

    error: `confidence` is more than 0 and less than 1
     --> stack.toml:8:59
      |
    8 | sample = { max_mismatch_rate = "50 percent", confidence = 1.0 }
      |                                                           ^^^
      |
      = help: write 0.95 for 95 percent; certainty needs full validation

    error: `window` is no time span of a minute or more
     --> stack.toml:9:25
      |
    9 | throttling = { window = "3w" }
      |                         ^^^^
      |
      = help: write "90m", "24h" or "7d"

    3 errors
    "#);
}
