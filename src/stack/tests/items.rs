//! Rules, the rest, and children.

use super::{told, whole};
use crate::mapping::encode::{Unmappable, check};
use crate::mapping::{Attribute, Item};
use crate::stack::{Stack, parse};
use std::path::Path;

/// The words between backticks that set something: `type = "S"`.
fn recipes(told: &str) -> Vec<String> {
    told.split('`').skip(1).step_by(2).filter(|code| code.contains(" = ")).map(str::to_owned).collect()
}

/// A stack whose rule for an attribute holds `recipe`.
fn taking(recipe: &str) -> Stack {
    let body = format!(
        "[table.Tab]\nkey = [\"id:S\"]\n[table.Tab.index.ByKey]\nkey = [\"k:S\"]\n[[table.Tab.rows]]\nfrom = \"t\"\n\
         item = {{ id = \"{{id}}\", k = \"{{k}}\", v = {{ from = \"{{v}}\", {recipe} }} }}"
    );
    parse(&whole(&body), Path::new("stack.toml"), None).unwrap_or_else(|found| panic!("{recipe}: {found}"))
}

/// What the check of the data advises, a stack takes.
#[test]
fn a_recipe_for_a_row_that_cannot_go_is_one_that_a_stack_takes() {
    let table = &taking("type = \"S\"").tables["Tab"].table;
    let text = |text: &str| Attribute::S(text.into());
    let deep = (0..40).fold(Attribute::Null, |inner, _| Attribute::L(vec![inner]));
    let unnamed = Attribute::M([(String::new(), Attribute::Null)].into());
    let cases = [
        ("k", text(""), "empty = \"omit\""),
        ("k", Attribute::Null, "type = \"S\""),
        ("v", deep, "type = \"S\""),
        ("v", unnamed, "type = \"S\""),
    ];
    for (name, value, recipe) in cases {
        let item: Item = [("id".to_owned(), text("1")), (name.to_owned(), value)].into();
        let told = check(&item, table).map_err(|Unmappable { reason, .. }| reason).expect_err("refused");
        assert_eq!(recipes(&told), [recipe], "{told}");
        taking(recipe);
    }
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
       = help: it can be: `S`, `N`, `B`, `BOOL`, `M`, `L`, `SS`, `NS` and `epoch`

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

#[test]
fn attributes_that_an_index_cannot_have() {
    insta::assert_snapshot!(told(r#"
        [table.Shop]
        key = ["id:S"]
        ttl = ""
        [table.Shop.index.ByLines]
        key = ["lines:S", "n:N"]
        [[table.Shop.rows]]
        from = ""
        item = { id = "{id}" }
        [[table.Shop.rows]]
        from = "orders"
        entity = "an order"
        item = { id = "{id}" }
        [[table.Shop.rows]]
        from = "orders"
        item = { id = "{id}", n = { from = "{n}", type = "S", null = "null" }, "" = "x" }
        [table.Shop.rows.many.lines]
        from = "x"
        on = { a = "id" }
        order = ["n", ""]
        item = { "*" = { case = "same", except = ["a", "a"] } }
    "#), @r#"
    error: an attribute's name is not empty
     --> stack.toml:7:7
      |
    7 | ttl = ""
      |       ^^

    error: `from` of rows `` is empty
      --> stack.toml:11:8
       |
    11 | from = ""
       |        ^^

    error: an entity's name has 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`
      --> stack.toml:15:10
       |
    15 | entity = "an order"
       |          ^^^^^^^^^^

    error: `n` is a key attribute of type N, and this rule makes S
      --> stack.toml:19:27
       |
    19 | item = { id = "{id}", n = { from = "{n}", type = "S", null = "null" }, "" = "x" }
       |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: make the rule's type N, or change the type in the key

    error: `n` is a key attribute: DynamoDB takes no NULL there
      --> stack.toml:19:27
       |
    19 | item = { id = "{id}", n = { from = "{n}", type = "S", null = "null" }, "" = "x" }
       |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: an attribute's name is not empty
      --> stack.toml:19:72
       |
    19 | item = { id = "{id}", n = { from = "{n}", type = "S", null = "null" }, "" = "x" }
       |                                                                        ^^

    error: `` is the expiry time, and this rule makes no number: the items would never expire
      --> stack.toml:19:77
       |
    19 | item = { id = "{id}", n = { from = "{n}", type = "S", null = "null" }, "" = "x" }
       |                                                                             ^^^
       |
       = help: write { from = "{column}", type = "epoch" }

    error: `lines` is an index's key and cannot be a list or map of children
      --> stack.toml:20:23
       |
    20 | [table.Shop.rows.many.lines]
       |                       ^^^^^

    error: `order` names an empty column
      --> stack.toml:23:15
       |
    23 | order = ["n", ""]
       |               ^^

    error: `except` names `a` twice
      --> stack.toml:24:48
       |
    24 | item = { "*" = { case = "same", except = ["a", "a"] } }
       |                                                ^^^

    10 errors
    "#);
}
