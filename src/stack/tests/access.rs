//! Access patterns against the tables that they query.

use super::told;

const TABLES: &str = r#"
[table.Users]
key = ["userId:N", "at:S"]
[table.Users.index.ByEmail]
key = ["email:S"]
project = ["name"]
[table.Users.index.Multi]
key = { partition = ["a:S", "b:S"], sort = ["c:S", "d:S"] }
[[table.Users.rows]]
from = "users"
item = { userId = "{id}", at = "{at}", email = "{email}", name = "{name}", age = "{age}", a = "{a}", b = "{b}", c = "{c}", d = "{d}" }
"#;

fn pattern(sql: &str, query: &str) -> String {
    format!("[[access]]\nname = '{sql}'\nsql = 'select 1 {sql}'\nparams_from = 'select 1'\nquery = {query}\n")
}

#[test]
fn names_that_are_not_there() {
    let text = [
        pattern(":a", "{ table = 'User', key = { userId = ':a' }, returns = ['name'] }"),
        pattern(":b", "{ table = 'Users', index = 'ByMail', key = { email = ':b' }, returns = ['name'] }"),
        pattern(":c", "{ table = 'Users', key = { userId = ':c', name = 'x' }, filter = { at = 'x', agee = 3 }, returns = ['nmae'] }"),
        pattern(":d", "{ table = 'Users', index = 'ByEmail', key = { email = ':d' }, returns = ['age'] }"),
        pattern(":e", "{ table = 'Users', key = { at = ':e' }, returns = [] }"),
    ];
    insta::assert_snapshot!(told(&(TABLES.to_owned() + &text.concat())), @r"
    error: this stack has no table `User`
      --> stack.toml:19:19
       |
    19 | query = { table = 'User', key = { userId = ':a' }, returns = ['name'] }
       |                   ^^^^^^
       |
       = help: did you mean `Users`?

    error: the table has no index `ByMail`
      --> stack.toml:24:36
       |
    24 | query = { table = 'Users', index = 'ByMail', key = { email = ':b' }, returns = ['name'] }
       |                                    ^^^^^^^^
       |
       = help: did you mean `ByEmail`?

    error: `name` is not in the key of the table
      --> stack.toml:29:51
       |
    29 | query = { table = 'Users', key = { userId = ':c', name = 'x' }, filter = { at = 'x', agee = 3 }, returns = ['nmae'] }
       |                                                   ^^^^
       |
       = help: its key is `userId` and `at`; other attributes go into `filter`

    error: `at` is in the key of the table: put it into `key`
      --> stack.toml:29:76
       |
    29 | query = { table = 'Users', key = { userId = ':c', name = 'x' }, filter = { at = 'x', agee = 3 }, returns = ['nmae'] }
       |                                                                            ^^

    error: no rows block of the table makes `agee`
      --> stack.toml:29:86
       |
    29 | query = { table = 'Users', key = { userId = ':c', name = 'x' }, filter = { at = 'x', agee = 3 }, returns = ['nmae'] }
       |                                                                                      ^^^^
       |
       = help: did you mean `age`?

    error: no rows block of the table makes `nmae`
      --> stack.toml:29:109
       |
    29 | query = { table = 'Users', key = { userId = ':c', name = 'x' }, filter = { at = 'x', agee = 3 }, returns = ['nmae'] }
       |                                                                                                             ^^^^^^
       |
       = help: did you mean `name`?

    error: index `ByEmail` does not carry `age`
      --> stack.toml:34:82
       |
    34 | query = { table = 'Users', index = 'ByEmail', key = { email = ':d' }, returns = ['age'] }
       |                                                                                  ^^^^^
       |
       = help: project it, or query the table

    error: a query of the table needs `userId`, which partitions it
      --> stack.toml:39:34
       |
    39 | query = { table = 'Users', key = { at = ':e' }, returns = [] }
       |                                  ^^^^^^^^^^^^^

    error: `returns` is empty: there would be nothing to compare
      --> stack.toml:39:59
       |
    39 | query = { table = 'Users', key = { at = ':e' }, returns = [] }
       |                                                           ^^

    9 errors
    ");
}

#[test]
fn conditions_that_no_query_can_have() {
    let text = [
        pattern(":a", "{ table = 'Users', key = { userId = { at_least = ':a' } }, returns = ['name'] }"),
        pattern(":b", "{ table = 'Users', key = { userId = 'U:b' }, returns = ['name'] }"),
        pattern(":c", "{ table = 'Users', key = { userId = 'abc', at = 5 }, filter = { name = ':c' }, returns = ['name'] }"),
        pattern(":d", "{ table = 'Users', key = { userId = ':d', at = { begins_with = 'a', at_most = 'b' } }, returns = ['name'] }"),
        pattern(":e", "{ table = 'Users', key = { userId = ':e', at = { between = ['a'] } }, returns = ['name'] }"),
        pattern(":f", "{ table = 'Users', index = 'Multi', key = { a = ':f', d = 'x' }, returns = ['name'] }"),
        pattern(
            ":g",
            "{ table = 'Users', index = 'Multi', key = { a = ':g', b = 'x', c = { at_least = 'x' }, d = 'x' }, returns = ['name'] }",
        ),
    ];
    insta::assert_snapshot!(told(&(TABLES.to_owned() + &text.concat())), @r#"
    error: `userId` partitions the table: a query can only ask for one value of it
      --> stack.toml:19:36
       |
    19 | query = { table = 'Users', key = { userId = { at_least = ':a' } }, returns = ['name'] }
       |                                    ^^^^^^

    error: this attribute is not text: the parameter stands alone, as in ":id"
      --> stack.toml:24:45
       |
    24 | query = { table = 'Users', key = { userId = 'U:b' }, returns = ['name'] }
       |                                             ^^^^^

    error: this attribute is a number, and the constant is none
      --> stack.toml:29:45
       |
    29 | query = { table = 'Users', key = { userId = 'abc', at = 5 }, filter = { name = ':c' }, returns = ['name'] }
       |                                             ^^^^^

    error: this attribute is text: put the constant in quotes
      --> stack.toml:29:57
       |
    29 | query = { table = 'Users', key = { userId = 'abc', at = 5 }, filter = { name = ':c' }, returns = ['name'] }
       |                                                         ^

    error: a condition has exactly one of `equals`, `begins_with`, `at_least`, `at_most` and `between`
      --> stack.toml:34:56
       |
    34 | query = { table = 'Users', key = { userId = ':d', at = { begins_with = 'a', at_most = 'b' } }, returns = ['name'] }
       |                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: for a range write between = [from, to]

    error: `between` has two values: from and to
      --> stack.toml:39:68
       |
    39 | query = { table = 'Users', key = { userId = ':e', at = { between = ['a'] } }, returns = ['name'] }
       |                                                                    ^^^^^

    error: a query of index `Multi` needs `b`, which partitions it
      --> stack.toml:44:51
       |
    44 | query = { table = 'Users', index = 'Multi', key = { a = ':f', d = 'x' }, returns = ['name'] }
       |                                                   ^^^^^^^^^^^^^^^^^^^^^

    error: `d` comes after `c` in the key, which must be asked for by equality first
      --> stack.toml:44:63
       |
    44 | query = { table = 'Users', index = 'Multi', key = { a = ':f', d = 'x' }, returns = ['name'] }
       |                                                               ^

    error: `d` comes after `c` in the key, which must be asked for by equality first
      --> stack.toml:49:96
       |
    49 | query = { table = 'Users', index = 'Multi', key = { a = ':g', b = 'x', c = { at_least = 'x' }, d = 'x' }, returns = ['name'] }
       |                                                                                                ^

    9 errors
    "#);
}

#[test]
fn parameters_that_do_not_meet() {
    let query = "{ table = 'Users', key = { userId = ':id' }, returns = ['name'] }";
    let text = format!(
        r#"
        {TABLES}
        [[access]]
        name = "typo"
        sql = "select name from users where id = :idd"
        params_from = "select id as idd from users"
        query = {query}
        [[access]]
        name = "from nowhere"
        sql = "select name from users where id = :id"
        query = {query}
        [[access]]
        name = "typo"
        sql = "update users set name = ':id'"
        params_from = "select id from users"
        query = {{ table = 'Users', key = {{ userId = 5 }}, returns = ['name'] }}
        "#
    );
    insta::assert_snapshot!(told(&text), @r#"
    error: the query uses `:id` and the SQL does not: they ask different questions
      --> stack.toml:19:7
       |
    19 | sql = "select name from users where id = :idd"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `idd`?

    error: nothing says which values `id` take
      --> stack.toml:24:7
       |
    24 | sql = "select name from users where id = :id"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write params_from = "select id from …"

    error: another access pattern is called `typo` too
      --> stack.toml:27:8
       |
    27 | name = "typo"
       |        ^^^^^^

    error: `sql` is no query
      --> stack.toml:28:7
       |
    28 | sql = "update users set name = ':id'"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: it begins with select, with or values

    error: `params_from` has no use: the SQL has no parameter
      --> stack.toml:29:15
       |
    29 | params_from = "select id from users"
       |               ^^^^^^^^^^^^^^^^^^^^^^

    5 errors
    "#);
}

#[test]
fn values_that_no_key_can_be_compared_with() {
    let text = [
        pattern(":a", "{ table = 'Users', key = { userId = { begins_with = ':a' } }, returns = ['name'] }"),
        pattern(":b", "{ table = 'Users', key = { userId = true, at = ':b' }, returns = ['name'] }"),
        pattern(":c", "{ table = 'Blobs', index = 'None', key = { id = 'x' }, returns = ['name'] }"),
        pattern(":d", "{ table = 'Blobs', key = { id = 'x' }, filter = { b = ':d' }, returns = ['name'] }"),
        "[[access]]\nname = ' '\nsql = 'select :e'\nparams_from = 'show tables'\nquery = { table = 'Blobs', key = { id = ':e' }, returns = ['name'] }\n".to_owned(),
    ];
    insta::assert_snapshot!(told(&(TABLES.to_owned() + "[table.Blobs]\nkey = ['id:B']\n" + &text.concat())), @r"
    error: `begins_with` needs text, and this attribute is a number
      --> stack.toml:21:61
       |
    21 | query = { table = 'Users', key = { userId = { begins_with = ':a' } }, returns = ['name'] }
       |                                                             ^^^^

    error: a key attribute is never true or false
      --> stack.toml:26:45
       |
    26 | query = { table = 'Users', key = { userId = true, at = ':b' }, returns = ['name'] }
       |                                             ^^^^

    error: the table has no index `None`
      --> stack.toml:31:36
       |
    31 | query = { table = 'Blobs', index = 'None', key = { id = 'x' }, returns = ['name'] }
       |                                    ^^^^^^
       |
       = help: the table has no index: leave `index` out

    error: this attribute is binary: only a parameter can be compared with it
      --> stack.toml:36:41
       |
    36 | query = { table = 'Blobs', key = { id = 'x' }, filter = { b = ':d' }, returns = ['name'] }
       |                                         ^^^

    error: an access pattern has a name
      --> stack.toml:38:8
       |
    38 | name = ' '
       |        ^^^

    error: `params_from` is no query
      --> stack.toml:40:15
       |
    40 | params_from = 'show tables'
       |               ^^^^^^^^^^^^^
       |
       = help: it begins with select, with or values

    6 errors
    ");
}

#[test]
fn a_local_index_can_be_queried_and_a_question_without_parameters_needs_no_values() {
    let body = r#"
        [table.Shop]
        key = ["PK:S", "SK:S"]
        [table.Shop.local.ByDate]
        key = ["at:S"]
        [[table.Shop.rows]]
        from = "orders"
        item = { PK = "C#{customer}", SK = "O#{id}", at = "{at}" }
        [[access]]
        name = "one customer's"
        sql = "select at from orders where customer = 7"
        query = { table = "Shop", index = "ByDate", key = { PK = "C#7" }, returns = ["at"] }
        "#;
    let stack = super::parse(&super::whole(body), std::path::Path::new("stack.toml"), None).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(stack.access[0].query.index.as_deref(), Some("ByDate"));
}
