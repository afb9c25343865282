//! Names, tags, buckets, phases and gates.

use super::told;

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

    error: tag `landfall:stack`: the prefix `landfall:` is landfall's own, for the tags that say which stack owns the resource, and how it left it
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
