//! The source's address: what it may be, and that a password in it is refused without being repeated.

use super::{findings, told, whole};
use crate::stack::model::UrlSpec;
use crate::stack::parse;
use crate::stack::secret::tests::GUILTY;
use std::path::{Path, PathBuf};

const TABLE: &str = "[table.Users]\nkey = ['id:S']\n";

#[test]
fn a_literal_password_is_refused_and_never_repeated() {
    for url in GUILTY {
        for literal in
            [format!("\"{url}\""), format!("'{url}'"), format!("\"\"\"{url}\"\"\""), format!("\"\"\"\n{url}\"\"\""), escaped(url)]
        {
            let found = findings(&format!("{TABLE}[source]\nurl = {literal}\n"));
            let shown = found.to_string() + &format!("{found:?}") + &found.render(true);
            assert!(!shown.contains("hunter"), "{literal}: {shown}");
            assert!(shown.contains("env:SOURCE_URL"), "{literal}: {shown}");
        }
    }
}

/// The literal with every character escaped, as TOML allows.
fn escaped(url: &str) -> String {
    let escapes: Vec<String> = url.chars().map(|c| format!("\\u{:04X}", u32::from(c))).collect();
    format!("\"{}\"", escapes.concat())
}

#[test]
fn a_password_stays_hidden_when_the_file_is_no_toml() {
    for url in GUILTY {
        let shown = findings(&format!("{TABLE}[source]\nurl = \"{url}\n")).to_string();
        assert!(!shown.contains("hunter"), "{shown}");
    }
}

#[test]
fn a_password_stays_hidden_when_something_else_on_the_line_is_wrong() {
    let shown = told("source = { url = \"mysql://app:hunter2x@db/shop\", zone = \"UTC\" }\n");
    assert!(!shown.contains("hunter") && shown.contains("unknown key `zone`"), "{shown}");
}

#[test]
fn passwords_and_other_slips() {
    insta::assert_snapshot!(told(r#"
        [source]
        url = "mysql://app:hunter2x@db.example/shop"
        password = "hunter2x"
        timezone = "Europe/Berln"
    "#), @r#"
    error: the source's address holds a password (or something that looks like one)
     --> stack.toml:6:7
      |
    6 | url = "************************************"
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: put the whole address in the environment and write url = "env:SOURCE_URL", or in a mounted secret and write url = "file:PATH"

    error: `password` in `source`: a stack file holds no secret
     --> stack.toml:7:1
      |
    7 | password = "********"
      | ^^^^^^^^
      |
      = help: put the whole address in the environment and write url = "env:SOURCE_URL"

    error: unknown time zone `Europe/Berln`
     --> stack.toml:8:12
      |
    8 | timezone = "Europe/Berln"
      |            ^^^^^^^^^^^^^^
      |
      = help: did you mean `Europe/Berlin`?

    3 errors
    "#);
}

#[test]
fn addresses_that_are_none() {
    let told: Vec<String> = [
        "sqllite:x.db",
        "",
        "env:",
        "env:A-B",
        "file:",
        "sqlite:",
        "sqlite::memory:",
        "mysql://",
        "mysql://host",
        "postgres:host/db",
        "oracle://h/d",
    ]
    .into_iter()
    .map(|url| {
        let found = findings(&format!("{TABLE}[source]\nurl = '{url}'\n"));
        let first = found.iter().next().expect("a finding");
        format!("{url:16} {} ({})", first.message, first.help.as_deref().unwrap_or("-"))
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    sqllite:x.db     the source's address has no scheme that landfall knows (did you mean `sqlite:`?)
                     the source's address has no scheme that landfall knows (it begins with env:, file:, sqlite:, mysql://, mariadb://, postgres:// or postgresql://)
    env:             `env:` is followed by the name of one variable (write url = "env:SOURCE_URL")
    env:A-B          `env:` is followed by the name of one variable (write url = "env:SOURCE_URL")
    file:            the source's address names no file (-)
    sqlite:          the source's address names no file (-)
    sqlite::memory:  a database in memory is empty: there is nothing to migrate (name a file: url = "sqlite:shop.sqlite")
    mysql://         the source's address needs a host and a database (write mysql://user@host/database)
    mysql://host     the source's address needs a host and a database (write mysql://user@host/database)
    postgres:host/db the source's address needs a host and a database (write postgres://user@host/database)
    oracle://h/d     the source's address has no scheme that landfall knows (it begins with env:, file:, sqlite:, mysql://, mariadb://, postgres:// or postgresql://)
    "#);
}

#[test]
fn a_seed_is_for_sqlite() {
    insta::assert_snapshot!(told("[table.Users]\nkey = ['id:S']\n[source]\nurl = 'mysql://app@db/shop'\nseed = ['a.sql', '']\n"), @r"
    error: `seed` makes SQLite sample databases only
     --> stack.toml:8:9
      |
    8 | seed = ['a.sql', '']
      |         ^^^^^^^
      |
      = help: remove it, or make url a sqlite: address

    error: a seed file has a name
     --> stack.toml:8:18
      |
    8 | seed = ['a.sql', '']
      |                  ^^

    2 errors
    ");
}

#[test]
fn addresses_are_read() {
    let read = |url: &str| {
        let text = whole(&format!("{TABLE}[source]\nurl = '{url}'\nseed = []\n"));
        parse(&text, Path::new("/stacks/a.toml"), None).expect("a good stack").source.expect("a source").url
    };
    let literal = |url: &str| UrlSpec::Literal(url.to_owned());
    assert_eq!(read("env:DB_URL"), UrlSpec::Env("DB_URL".to_owned()));
    assert_eq!(read("file:secret/url"), UrlSpec::File(PathBuf::from("/stacks/secret/url")));
    assert_eq!(read("sqlite:a.db"), literal("sqlite:/stacks/a.db"));
    assert_eq!(read("sqlite:///var/a@b.db"), literal("sqlite:/var/a@b.db"));
    assert_eq!(read("MySQL://app@db:3306/shop"), literal("mysql://app@db:3306/shop"));
    assert_eq!(read("postgres://app@[::1]:5432/shop?sslmode=require"), literal("postgres://app@[::1]:5432/shop?sslmode=require"));
}
