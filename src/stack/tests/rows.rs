//! Rows, items and children against their table.

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
fn templates_and_types() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:N"]
        ttl = "expires"
        [[table.Users.rows]]
        from = "users"
        [table.Users.rows.item]
        id = "{id}"
        a = "USER#{id"
        b = "a}b"
        c = { from = "{}" }
        d = { from = "{x}-{y}", type = "epoch" }
        e = { from = "abc", type = "N" }
        f = { from = "maybe", type = "BOOL" }
        g = { from = "{x}", type = "X" }
        h = { from = "{x}", when = { column = "x" } }
        i = { from = "{x}", when = { column = "x", not_null = false } }
        j = { from = "{x}", when = { column = "x", one_of = [] } }
        k = 1.5
        expires = "at {x}"
    "#), @r#"
    error: a `{` that is never closed; write `{column}`, or `{{` for a brace in the text
      --> stack.toml:12:11
       |
    12 | a = "USER#{id"
       |           ^^^
       |
       = help: a template is text with {column} placeholders; {{ and }} are braces

    error: a `}` that closes nothing; write `}}` for a brace in the text
      --> stack.toml:13:7
       |
    13 | b = "a}b"
       |       ^^
       |
       = help: a template is text with {column} placeholders; {{ and }} are braces

    error: a placeholder without a column name; write `{column}`
      --> stack.toml:14:15
       |
    14 | c = { from = "{}" }
       |               ^^
       |
       = help: a template is text with {column} placeholders; {{ and }} are braces

    error: `d` cannot have type epoch: the template must be one column, as in "{column}"
      --> stack.toml:15:32
       |
    15 | d = { from = "{x}-{y}", type = "epoch" }
       |                                ^^^^^^^

    error: `e` cannot have type N: the constant is no number that DynamoDB holds
      --> stack.toml:16:28
       |
    16 | e = { from = "abc", type = "N" }
       |                            ^^^

    error: `f` cannot have type BOOL: the constant is neither true nor false
      --> stack.toml:17:30
       |
    17 | f = { from = "maybe", type = "BOOL" }
       |                              ^^^^^^

    error: `table.Users.rows[0].item.g.type` cannot be `X`
      --> stack.toml:18:28
       |
    18 | g = { from = "{x}", type = "X" }
       |                            ^^^
       |
       = help: did you mean `B`?

    error: a condition has exactly one of `not_null = true`, `is_null = true` and `one_of = ["A", "B"]`
      --> stack.toml:19:28
       |
    19 | h = { from = "{x}", when = { column = "x" } }
       |                            ^^^^^^^^^^^^^^^^

    error: `not_null = false` says nothing
      --> stack.toml:20:55
       |
    20 | i = { from = "{x}", when = { column = "x", not_null = false } }
       |                                                       ^^^^^
       |
       = help: write is_null = true

    error: `one_of` is empty: no row would satisfy it
      --> stack.toml:21:53
       |
    21 | j = { from = "{x}", when = { column = "x", one_of = [] } }
       |                                                     ^^

    error: `table.Users.rows[0].item.k` must be text, a whole number, true or false or a table, not a fraction
      --> stack.toml:22:5
       |
    22 | k = 1.5
       |     ^^^

    error: `expires` is the expiry time, and this rule makes no number: the items would never expire
      --> stack.toml:23:11
       |
    23 | expires = "at {x}"
       |           ^^^^^^^^
       |
       = help: write { from = "{column}", type = "epoch" }

    12 errors
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
fn the_rest_and_a_rule_that_meet() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["userId:S"]
        [[table.Users.rows]]
        from = "v_users"
        key = ["user_id"]
        item = { userId = "U{id}", "*" = "camelCase" }
        [[table.Users.rows]]
        from = "nothing"
        item = {}
    "#), @r#"
    error: `userId` is made here, and by column `user_id` through "*" too
      --> stack.toml:10:19
       |
    10 | item = { userId = "U{id}", "*" = "camelCase" }
       |                   ^^^^^^^
       |
       = help: leave the column out: "*" = { case = …, except = ["user_id"] }

    error: rows `nothing` make no `userId`, which is in the table's key
      --> stack.toml:13:8
       |
    13 | item = {}
       |        ^^
       |
       = help: add userId = "{column}" to the item

    error: the item of rows `nothing` has no attribute
      --> stack.toml:13:8
       |
    13 | item = {}
       |        ^^
       |
       = help: name attributes, or write "*" = "same" for all columns

    3 errors
    "#);
}

#[test]
fn children() {
    insta::assert_snapshot!(told(r#"
        [table.Shop]
        key = ["id:S"]
        [[table.Shop.rows]]
        from = "orders"
        item = { id = "{id}", lines = "{x}" }
        [table.Shop.rows.many.lines]
        from = "order_lines"
        on = { ord_id = "id" }
        item = { qty = "{qty}" }
        [table.Shop.rows.many.notes]
        on = {}
        as = { map = "note" }
        order = ["n"]
        item = { text = "{text}" }
        [table.Shop.rows.many.id]
        from = "x"
        on = { a = "b" }
        order = ["n"]
        as = "lst"
        item = { "*" = "kebab" }
    "#), @r#"
    error: `id` is the table's key and cannot be a list or map of children
     --> stack.toml:9:15
      |
    9 | item = { id = "{id}", lines = "{x}" }
      |               ^^^^^^

    error: `lines` is a rule of the item too: an attribute comes from one of them
      --> stack.toml:10:23
       |
    10 | [table.Shop.rows.many.lines]
       |                       ^^^^^

    error: the list `lines` needs an order: SQL rows have none of their own
      --> stack.toml:10:23
       |
    10 | [table.Shop.rows.many.lines]
       |                       ^^^^^
       |
       = help: write order = ["…"] with child columns that leave no tie

    error: many `notes` reads from nothing
      --> stack.toml:14:23
       |
    14 | [table.Shop.rows.many.notes]
       |                       ^^^^^
       |
       = help: write from = "a table or view", or query = '''select …'''

    error: `on` of many `notes` is empty
      --> stack.toml:15:6
       |
    15 | on = {}
       |      ^^
       |
       = help: write on = { child_column = "parent_column" }

    error: every child would have this one name
      --> stack.toml:16:14
       |
    16 | as = { map = "note" }
       |              ^^^^^^
       |
       = help: name a column: as = { map = "{line_no}" }

    error: a map has no order: remove `order`, or make it a list
      --> stack.toml:17:10
       |
    17 | order = ["n"]
       |          ^^^

    error: `id` is a rule of the item too: an attribute comes from one of them
      --> stack.toml:19:23
       |
    19 | [table.Shop.rows.many.id]
       |                       ^^

    error: `table.Shop.rows[0].many.id.as` cannot be `lst`
      --> stack.toml:23:6
       |
    23 | as = "lst"
       |      ^^^^^
       |
       = help: did you mean `list`?

    error: the item of many `id` has no attribute
      --> stack.toml:24:8
       |
    24 | item = { "*" = "kebab" }
       |        ^^^^^^^^^^^^^^^^^
       |
       = help: name attributes, or write "*" = "same" for all columns

    error: `table.Shop.rows[0].many.id.item.*` cannot be `kebab`
      --> stack.toml:24:16
       |
    24 | item = { "*" = "kebab" }
       |                ^^^^^^^
       |
       = help: it can be: `same`, `camelCase`, `PascalCase` and `snake_case`

    11 errors
    "#);
}
