//! What a MySQL or MariaDB login may do beyond reading, from SHOW GRANTS.
//!
//! Rules: what is not known to be reading is told; a password hash in a grant never is. Roles are followed, because the login may
//! put on each of them. What a routine that runs with its definer's rights may do cannot be told. Called by [`super::Source`].

use super::failure;
use crate::source::Error;
use crate::source::address::Server;
use mysql_async::{Conn, prelude::Queryable};
use std::collections::BTreeSet;

/// Rights that change nothing in the source.
const READING: [&str; 9] = [
    "USAGE",
    "SELECT",
    "SHOW VIEW",
    "SHOW DATABASES",
    "PROCESS",
    "REPLICATION CLIENT",
    "BINLOG MONITOR",
    "SLAVE MONITOR",
    "REPLICA MONITOR",
];

/// What one line of SHOW GRANTS gives.
#[derive(Debug, PartialEq, Eq)]
enum Grant {
    /// Rights on an object; those beyond reading.
    Rights {
        beyond: Vec<String>,
        on: String,
    },
    /// Roles, spelled as SHOW GRANTS FOR takes them.
    Roles(Vec<String>),
    /// A line that gives nothing (`SET DEFAULT ROLE`, or a partial REVOKE).
    Nothing,
    Unreadable,
}

/// One line for each object that the login may do more with than read; empty: none found.
pub(super) async fn excess(conn: &mut Conn, server: &Server) -> Result<Vec<String>, Error> {
    let mut out = BTreeSet::new();
    let mut roles: Vec<String> = Vec::new();
    let lines: Vec<String> = conn.query("show grants").await.map_err(|e| failure::asking(server, "reading the login's privileges", &e))?;
    collect(&lines, &server.database, &mut out, &mut roles);
    let mut next = 0;
    while let Some(role) = roles.get(next).cloned() {
        next += 1;
        match conn.query::<String, _>(format!("show grants for {role}")).await {
            Ok(lines) => collect(&lines, &server.database, &mut out, &mut roles),
            Err(mysql_async::Error::Server(_)) => {
                out.insert(format!("may become the role {role}, whose rights it may not see"));
            }
            Err(e) => return Err(failure::asking(server, "reading the rights of a role", &e)),
        }
    }
    Ok(out.iter().map(|line| server.clean(line)).collect())
}

/// MariaDB gives everybody everything on the databases `test` and `test_…`; that says nothing about a source elsewhere.
fn is_playground(on: &str, database: &str) -> bool {
    matches!(on, "`test`.*" | "`test\\_%`.*") && database != "test" && !database.starts_with("test_")
}

fn collect(lines: &[String], database: &str, out: &mut BTreeSet<String>, roles: &mut Vec<String>) {
    for line in lines {
        match grant(line) {
            Grant::Rights { beyond, on } if beyond.is_empty() || is_playground(&on, database) => {}
            Grant::Rights { beyond, on } => drop(out.insert(format!("may write: {} on {on}", beyond.join(", ")))),
            Grant::Roles(given) => {
                for role in given {
                    if !roles.contains(&role) {
                        roles.push(role);
                    }
                }
            }
            Grant::Nothing => {}
            Grant::Unreadable => drop(out.insert("a grant that landfall cannot read: see SHOW GRANTS".to_owned())),
        }
    }
}

/// Reads one line. The shapes: `GRANT rights ON object TO …`, ``GRANT `role`[@`host`][, …] TO …``, `SET DEFAULT ROLE …`.
fn grant(line: &str) -> Grant {
    let Some(rest) = line.strip_prefix("GRANT ") else {
        return if line.starts_with("SET DEFAULT ROLE") || line.starts_with("REVOKE ") { Grant::Nothing } else { Grant::Unreadable };
    };
    let Some((given, rest)) = split_outside(rest, " TO ") else { return Grant::Unreadable };
    match split_outside(given, " ON ") {
        None => Grant::Roles(names(given)),
        Some((rights, on)) => {
            let mut beyond: Vec<String> = rights_of(rights).into_iter().filter(|r| !reads(r)).collect();
            if split_outside(rest, " WITH GRANT OPTION").is_some() || rest.ends_with(" WITH GRANT OPTION") {
                beyond.push("GRANT OPTION".to_owned());
            }
            // A proxy takes the place of another user.
            Grant::Rights { beyond, on: on.to_owned() }
        }
    }
}

/// `SELECT (a, b)` reads as `SELECT` does.
fn reads(right: &str) -> bool {
    let name = right.split(" (").next().unwrap_or(right).trim();
    READING.contains(&name)
}

/// The names between commas outside of quotes.
fn names(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((name, tail)) = split_outside(rest, ",") {
        out.push(name.trim().to_owned());
        rest = tail;
    }
    out.push(rest.trim().to_owned());
    out
}

/// The rights between commas; commas in brackets belong to the columns of one right.
fn rights_of(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut depth = 0_i32;
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match (c, out.last_mut()) {
            (',', _) if depth == 0 => out.push(String::new()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    out.iter().map(|r| r.trim().to_owned()).filter(|r| !r.is_empty()).collect()
}

/// `text` around the first `mark` that stands outside of quotes.
fn split_outside<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (None, '`' | '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, _) if text[i..].starts_with(mark) => return Some((&text[..i], &text[i + mark.len()..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_into_what_is_more_than_reading() {
        let rights =
            |beyond: &[&str], on: &str| Grant::Rights { beyond: beyond.iter().map(|b| (*b).to_owned()).collect(), on: on.to_owned() };
        for (line, expected) in [
            ("GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*HASH'", rights(&[], "*.*")),
            ("GRANT SELECT, SHOW VIEW ON `shop`.* TO `app`@`%`", rights(&[], "`shop`.*")),
            ("GRANT SELECT (`a`, `b`), UPDATE (`c`, `d`) ON `shop`.`t` TO `app`@`%`", rights(&["UPDATE (`c`, `d`)"], "`shop`.`t`")),
            ("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION", rights(&["ALL PRIVILEGES", "GRANT OPTION"], "*.*")),
            ("GRANT SELECT, INSERT, FILE ON *.* TO 'app'@'%'", rights(&["INSERT", "FILE"], "*.*")),
            ("GRANT SELECT ON `odd ON x TO y`.* TO `app`@`%`", rights(&[], "`odd ON x TO y`.*")),
            ("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", rights(&["PROXY", "GRANT OPTION"], "''@'%'")),
            ("GRANT XA_RECOVER_ADMIN ON *.* TO `app`@`%`", rights(&["XA_RECOVER_ADMIN"], "*.*")),
            ("GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `app`@`%`", rights(&["EXECUTE"], "PROCEDURE `shop`.`p`")),
            ("GRANT `writer` TO `app`@`%`", Grant::Roles(vec!["`writer`".to_owned()])),
            ("GRANT `a,b`@`%`,`c`@`%` TO `app`@`%`", Grant::Roles(vec!["`a,b`@`%`".to_owned(), "`c`@`%`".to_owned()])),
            ("SET DEFAULT ROLE `writer` FOR `app`@`%`", Grant::Nothing),
            ("REVOKE INSERT ON `x`.* FROM `app`@`%`", Grant::Nothing),
            ("something new", Grant::Unreadable),
        ] {
            assert_eq!(grant(line), expected, "{line}");
        }
    }
}
