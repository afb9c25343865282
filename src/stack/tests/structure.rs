//! What the first pass says, and that the later ones still speak in the same run.

use super::told;

#[test]
#[allow(clippy::too_many_lines, reason = "the expected text is the test")]
fn unknown_keys_wrong_types_and_wrong_values_are_all_told_in_one_run() {
    insta::assert_snapshot!(told(r#"
        acount = "1"
        [bucket.b]
        name = "Bad Name"
        [table.Users]
        key = ["id"]
        capcity = "on-demand"
        protect = "yes"
        stream = "nwe"
        capacity = { read = -5, write = 5.5 }
        table_class = "infrequent"
        [table.Users.index.ByName]
        project = "al"
        [[table.Users.rows]]
        from = "users"
        items = { a = "{a}" }
        [table.Users.rows.item]
        id = { from = "{id}", typ = "N" }
        at = 2024-01-01
        list = [1]
        [validate.sample]
        confidence = 2
    "#), @r#"
    error: unknown key `acount`
     --> stack.toml:5:1
      |
    5 | acount = "1"
      | ^^^^^^
      |
      = help: did you mean `account`?

    error: a bucket's name has 3 to 63 of a-z, 0-9, `-` and `.`, and begins and ends with a letter or digit
     --> stack.toml:7:8
      |
    7 | name = "Bad Name"
      |        ^^^^^^^^^^

    error: `id` has no key type
     --> stack.toml:9:8
      |
    9 | key = ["id"]
      |        ^^^^
      |
      = help: a key attribute is S (text), N (number) or B (binary): write "id:S"

    error: unknown key `capcity` in `table.Users`
      --> stack.toml:10:1
       |
    10 | capcity = "on-demand"
       | ^^^^^^^
       |
       = help: did you mean `capacity`?

    error: `table.Users.protect` must be true or false, not text
      --> stack.toml:11:11
       |
    11 | protect = "yes"
       |           ^^^^^

    error: `table.Users.stream` cannot be `nwe`
      --> stack.toml:12:10
       |
    12 | stream = "nwe"
       |          ^^^^^
       |
       = help: did you mean `new`?

    error: `table.Users.capacity.read` must not be negative
      --> stack.toml:13:21
       |
    13 | capacity = { read = -5, write = 5.5 }
       |                     ^^

    error: `table.Users.capacity.write` must be a whole number or a table, not a fraction
      --> stack.toml:13:33
       |
    13 | capacity = { read = -5, write = 5.5 }
       |                                 ^^^

    error: unknown key `table_class` in `table.Users`
      --> stack.toml:14:1
       |
    14 | table_class = "infrequent"
       | ^^^^^^^^^^^
       |
       = help: here it is called `class`

    error: `key` is missing in `table.Users.index.ByName`
      --> stack.toml:15:20
       |
    15 | [table.Users.index.ByName]
       |                    ^^^^^^
       |
       = help: `key`: `["username:S"]`, partition then sort: `["PK:S", "SK:S"]`, or up to four and four:
               `{ partition = ["a:S", "b:S"], sort = ["c:N"] }`.

    error: `table.Users.index.ByName.project` cannot be `al`
      --> stack.toml:16:11
       |
    16 | project = "al"
       |           ^^^^
       |
       = help: did you mean `all`?

    error: unknown key `items` in `table.Users.rows[0]`
      --> stack.toml:19:1
       |
    19 | items = { a = "{a}" }
       | ^^^^^
       |
       = help: did you mean `item`?

    error: unknown key `typ` in `table.Users.rows[0].item.id`
      --> stack.toml:21:23
       |
    21 | id = { from = "{id}", typ = "N" }
       |                       ^^^
       |
       = help: did you mean `type`?

    error: `table.Users.rows[0].item.at` must be text, a whole number, true or false or a table, not a date or time (put it in quotes)
      --> stack.toml:22:6
       |
    22 | at = 2024-01-01
       |      ^^^^^^^^^^

    error: `table.Users.rows[0].item.list` must be text, a whole number, true or false or a table, not a list
      --> stack.toml:23:8
       |
    23 | list = [1]
       |        ^^^

    error: `confidence` is more than 0 and less than 1
      --> stack.toml:25:14
       |
    25 | confidence = 2
       |              ^
       |
       = help: write 0.95 for 95 percent; certainty needs full validation

    16 errors
    "#);
}

#[test]
fn missing_keys_are_told_with_what_they_are() {
    let found =
        super::parse("[table.Users]\n[[access]]\nname = 'x'\n", std::path::Path::new("stack.toml"), None).expect_err("much is missing");
    insta::assert_snapshot!(found, @r#"
    error: `account` is missing
     --> stack.toml:1:1
      |
    1 | [table.Users]
      | ^
      |
      = help: `account`: The twelve-digit AWS account that this stack may touch, as text. Any other account is refused.

    error: `name` is missing
     --> stack.toml:1:1
      |
    1 | [table.Users]
      | ^
      |
      = help: `name`: The stack's name: letters, digits, `-`, `_` and `.`. Tables and buckets carry it in their ownership tag.

    error: `region` is missing
     --> stack.toml:1:1
      |
    1 | [table.Users]
      | ^
      |
      = help: `region`: The AWS region, such as `us-east-1`.

    error: `key` is missing in `table.Users`
     --> stack.toml:1:8
      |
    1 | [table.Users]
      |        ^^^^^
      |
      = help: `key`: The key, each attribute with its type S, N or B: `["userId:N"]`, or partition then sort: `["PK:S", "SK:S"]`.

    error: `query` is missing in `access[0]`
     --> stack.toml:2:1
      |
    2 | [[access]]
      | ^^^^^^^^^^
      |
      = help: `query`: The DynamoDB half.

    error: `sql` is missing in `access[0]`
     --> stack.toml:2:1
      |
    2 | [[access]]
      | ^^^^^^^^^^
      |
      = help: `sql`: The SQL question, with `:name` parameters; its columns are compared with `query.returns`, by position.

    6 errors
    "#);
}

#[test]
fn text_that_is_no_toml_is_told_where() {
    insta::assert_snapshot!(told("[table.Users\nkey = [\"id:S\"]\nkey = 5 5\n"), @r"
    error: not TOML: unclosed table, expected `]`
     --> stack.toml:4:13
      |
    4 | [table.Users
      |             ^

    1 error
    ");
}

#[test]
fn a_key_written_twice_is_told() {
    insta::assert_snapshot!(told("[table.Users]\nkey = [\"id:S\"]\nkey = [\"id:N\"]\n"), @r#"
    error: not TOML: duplicate key
     --> stack.toml:6:1
      |
    6 | key = ["id:N"]
      | ^^^

    1 error
    "#);
}

#[test]
fn numbers_out_of_range_are_told() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:S"]
        capacity = { read = 99999999999999999999, write = 0 }
        recovery = { days = 36 }
    "#), @r"
    error: `table.Users.capacity.read` is too large
     --> stack.toml:7:21
      |
    7 | capacity = { read = 99999999999999999999, write = 0 }
      |                     ^^^^^^^^^^^^^^^^^^^^

    error: `write` is 0: DynamoDB provisions 1 unit or more
     --> stack.toml:7:51
      |
    7 | capacity = { read = 99999999999999999999, write = 0 }
      |                                                   ^

    error: a recovery window has 1 to 35 days
     --> stack.toml:8:21
      |
    8 | recovery = { days = 36 }
      |                     ^^

    3 errors
    ");
}

#[test]
fn an_empty_stack_is_not_a_stack() {
    insta::assert_snapshot!(told(""), @r#"
    error: this stack holds nothing
     --> stack.toml:1:1
      |
    1 | name = "t"
      | ^
      |
      = help: write at least one table: [table.NAME]

    1 error
    "#);
}

#[test]
fn tabs_and_carriage_returns_do_not_move_the_caret() {
    let text = super::whole("[table.Users]\n\tkey = [\"id:X\"]").replace('\n', "\r\n");
    let found = super::parse(&text, std::path::Path::new("stack.toml"), None).expect_err("no such type");
    insta::assert_snapshot!(found, @r#"
    error: `id:X` has no key type
     --> stack.toml:5:12
      |
    5 |     key = ["id:X"]
      |            ^^^^^^
      |
      = help: a key attribute is S (text), N (number) or B (binary): write "id:S"

    1 error
    "#);
}
