//! Rows against their table's keys.

use super::told;

#[test]
fn what_a_block_reads_and_is_called() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:S"]
        [[table.Users.rows]]
        item = { id = "{id}" }
        [[table.Users.rows]]
        from = "a"
        query = "select 1"
        item = { id = "{id}" }
        [[table.Users.rows]]
        query = "delete from users"
        entity = "gone"
        item = { id = "{id}" }
        [[table.Users.rows]]
        query = "select id from users"
        item = { id = "{id}" }
        [[table.Users.rows]]
        from = "users"
        key = ["id", "id"]
        collapse_order = ["id"]
        item = { id = "{id}" }
        [[table.Users.rows]]
        from = "people"
        entity = "users"
        collapse = "first"
        item = { id = "{id}" }
    "#), @r#"
    error: this rows block reads from nothing
     --> stack.toml:7:1
      |
    7 | [[table.Users.rows]]
      | ^^^^^^^^^^^^^^^^^^^^
      |
      = help: write from = "a table or view", or query = '''select …'''

    error: rows `a` has `from` and `query`: it reads from one of them
      --> stack.toml:11:9
       |
    11 | query = "select 1"
       |         ^^^^^^^^^^

    error: `query` of rows `gone` is no query
      --> stack.toml:14:9
       |
    14 | query = "delete from users"
       |         ^^^^^^^^^^^^^^^^^^^
       |
       = help: it begins with select, with or values

    error: rows of a query need a name
      --> stack.toml:17:1
       |
    17 | [[table.Users.rows]]
       | ^^^^^^^^^^^^^^^^^^^^
       |
       = help: write entity = "…": reports and counts are by entity

    error: `key` names `id` twice
      --> stack.toml:22:14
       |
    22 | key = ["id", "id"]
       |              ^^^^

    error: `collapse_order` without `collapse` says nothing
      --> stack.toml:23:19
       |
    23 | collapse_order = ["id"]
       |                   ^^^^
       |
       = help: write collapse = "first" or "last" too

    error: another rows block of this table is entity `users` too
      --> stack.toml:27:10
       |
    27 | entity = "users"
       |          ^^^^^^^
       |
       = help: give each block its own: entity = "…"

    error: `collapse` needs an order: without one, chance would decide which row is the item
      --> stack.toml:28:12
       |
    28 | collapse = "first"
       |            ^^^^^^^
       |
       = help: write collapse_order = ["…"] with columns that leave no tie

    8 errors
    "#);
}

#[test]
fn keys_that_the_rows_do_not_make() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["userId:N", "at:S"]
        [table.Users.index.ByName]
        key = ["name:S"]
        [[table.Users.rows]]
        entity = "none"
        from = "users"
        item = { other = "{x}" }
        [[table.Users.rows]]
        entity = "wrong"
        from = "users"
        item = { userId = "U{id}", at = { from = "{at}", type = "N", null = "null", empty = "omit" } }
        [[table.Users.rows]]
        entity = "style"
        from = "users"
        item = { at = "{at}", "*" = "snake_case" }
        [[table.Users.rows]]
        entity = "except"
        from = "users"
        item = { at = { from = "{at}", when = { column = "at", not_null = true } }, "*" = { case = "same", except = ["userId"] } }
    "#), @r#"
    error: rows `none` make no `at`, which is in the table's key
      --> stack.toml:12:8
       |
    12 | item = { other = "{x}" }
       |        ^^^^^^^^^^^^^^^^^
       |
       = help: add at = "{column}" to the item

    error: rows `none` make no `userId`, which is in the table's key
      --> stack.toml:12:8
       |
    12 | item = { other = "{x}" }
       |        ^^^^^^^^^^^^^^^^^
       |
       = help: add userId = "{column}" to the item

    error: `userId` is a key attribute of type N, and this rule makes text
      --> stack.toml:16:19
       |
    16 | item = { userId = "U{id}", at = { from = "{at}", type = "N", null = "null", empty = "omit" } }
       |                   ^^^^^^^
       |
       = help: write { from = "…", type = "N" }, or make the key attribute S

    error: `at` is a key attribute of type S, and this rule makes N
      --> stack.toml:16:33
       |
    16 | item = { userId = "U{id}", at = { from = "{at}", type = "N", null = "null", empty = "omit" } }
       |                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: make the rule's type S, or change the type in the key

    error: `at` is a key attribute: DynamoDB takes no NULL there
      --> stack.toml:16:33
       |
    16 | item = { userId = "U{id}", at = { from = "{at}", type = "N", null = "null", empty = "omit" } }
       |                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: `at` is in the table's key, and `empty = "omit"` would leave some items without it
      --> stack.toml:16:33
       |
    16 | item = { userId = "U{id}", at = { from = "{at}", type = "N", null = "null", empty = "omit" } }
       |                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: to leave rows out, put `when` on the rows block

    error: rows `style` make no `userId`, which is in the table's key
      --> stack.toml:20:8
       |
    20 | item = { at = "{at}", "*" = "snake_case" }
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: add userId = "{column}" to the item

    error: rows `except` make no `userId`, which is in the table's key
      --> stack.toml:24:8
       |
    24 | item = { at = { from = "{at}", when = { column = "at", not_null = true } }, "*" = { case = "same", except = ["userId"] } }
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: add userId = "{column}" to the item

    error: `at` is in the table's key, and `when` would leave some items without it
      --> stack.toml:24:15
       |
    24 | item = { at = { from = "{at}", when = { column = "at", not_null = true } }, "*" = { case = "same", except = ["userId"] } }
       |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: to leave rows out, put `when` on the rows block

    9 errors
    "#);
}

#[test]
fn one_item_for_all_rows() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["PK:S", "SK:S"]
        [table.Users.index.ByName]
        key = ["name:S"]
        [[table.Users.rows]]
        from = "users"
        item = { PK = "USER", SK = "0" }
    "#), @r#"
    error: index `ByName` would stay empty: no rows block makes `name`
     --> stack.toml:7:20
      |
    7 | [table.Users.index.ByName]
      |                    ^^^^^^
      |
      = help: add the attribute to an item, or correct its name in the index's key

    error: the key of rows `users` names no column: every row would be the same item
      --> stack.toml:11:15
       |
    11 | item = { PK = "USER", SK = "0" }
       |               ^^^^^^
       |
       = help: put a {column} in the key

    2 errors
    "#);
}

#[test]
fn an_attribute_in_the_keys_of_table_and_index_is_complained_of_once_and_only_what_is_missing_is_named() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:N"]
        [table.Users.index.ByName]
        key = ["name:S", "id:N"]
        [table.Users.index.ByMail]
        key = ["name:S", "mail:S"]
        [[table.Users.rows]]
        from = "users"
        item = { id = "U#{id}", name = "{name}" }
    "#), @r#"
    error: index `ByMail` would stay empty: no rows block makes `mail`
     --> stack.toml:9:20
      |
    9 | [table.Users.index.ByMail]
      |                    ^^^^^^
      |
      = help: add the attribute to an item, or correct its name in the index's key

    error: `id` is a key attribute of type N, and this rule makes text
      --> stack.toml:13:15
       |
    13 | item = { id = "U#{id}", name = "{name}" }
       |               ^^^^^^^^
       |
       = help: write { from = "…", type = "N" }, or make the key attribute S

    2 errors
    "#);
}

#[test]
fn a_key_of_the_table_that_an_index_has_too_is_called_the_table_s() {
    let found = told(
        r#"
        [table.Shop]
        key = ["id:S"]
        [table.Shop.index.ByName]
        key = ["name:S", "id:S"]
        [[table.Shop.rows]]
        from = "orders"
        item = { name = "{name}" }
        [table.Shop.rows.many.id]
        from = "x"
        on = { a = "b" }
        order = ["n"]
        item = { text = "{text}" }
    "#,
    );
    let said: Vec<&str> = found.lines().filter(|line| line.contains("children")).collect();
    assert_eq!(said, ["error: `id` is the table's key and cannot be a list or map of children"]);
}
