//! The user's own SQL, read just deeply enough: where it ends, what kind of statement it is, and where its `:name` parameters stand.
//!
//! Rules: text in quotes and comments is never touched; only a statement that reads is let through; one statement, not two.
//! Key insight: a scanner of quotes and comments is enough, because the engine itself judges the rest, in a read-only session.
//! Called by the three engines for queries and access patterns.

use super::Error;
use crate::safe;

/// How an engine writes strings, beyond `'…'` and `"…"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    Mysql,
}

/// A piece of a statement: text that stays as it is, or the name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Parameter(String),
}

/// What the scanner sees at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A comment, or white space.
    Blank,
    /// A quoted string or name.
    Quoted,
    /// A run of letters, digits and underscores.
    Word,
    Parameter,
    Other,
}

/// `sql` without its closing `;` and what follows it, when it is one statement that only reads.
pub(super) fn reading(sql: &str, dialect: Dialect) -> Result<String, Error> {
    let tokens = scan(sql, dialect);
    let is = |t: &(Token, &str), word: &str| t.0 == Token::Word && t.1.eq_ignore_ascii_case(word);
    let end = tokens.iter().position(|t| t.1 == ";").unwrap_or(tokens.len());
    if tokens[end..].iter().any(|t| t.0 != Token::Blank && t.1 != ";") {
        return Err(refused(sql, "it holds more than one statement: keep the one that reads"));
    }
    let tokens = &tokens[..end];
    let first = tokens.iter().find(|t| t.0 != Token::Blank && t.1 != "(");
    if !first.is_some_and(|t| ["select", "with", "values", "table"].iter().any(|w| is(t, w))) {
        return Err(refused(sql, "it does not begin with SELECT, WITH, VALUES or TABLE: only statements that read are run"));
    }
    if tokens.iter().any(|t| is(t, "into")) {
        return Err(refused(sql, "SELECT … INTO writes: take the INTO out (a column of that name has to be quoted)"));
    }
    if sql.contains('\0') {
        return Err(refused(sql, "it holds a NUL character: take it out"));
    }
    Ok(tokens.iter().map(|t| t.1).collect())
}

/// `sql` as a relation: `(…) as landfall_rows`. The line feed ends a comment that would swallow the bracket.
pub(super) fn derived(sql: &str, dialect: Dialect) -> Result<String, Error> {
    Ok(format!("(\n{}\n) as landfall_rows", reading(sql, dialect)?))
}

/// `sql` in pieces, its `:name` parameters apart.
pub(super) fn pieces(sql: &str, dialect: Dialect) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for (token, text) in scan(sql, dialect) {
        match (token, out.last_mut()) {
            (Token::Parameter, _) => out.push(Piece::Parameter(text[1..].to_owned())),
            (_, Some(Piece::Text(last))) => last.push_str(text),
            _ => out.push(Piece::Text(text.to_owned())),
        }
    }
    out
}

/// A parameter that the statement names and nobody gave.
pub(super) fn no_parameter(name: &str, given: impl Iterator<Item = impl AsRef<str>>) -> Error {
    let given: Vec<String> = given.map(|g| format!(":{}", g.as_ref())).collect();
    let given = if given.is_empty() { "none".to_owned() } else { given.join(", ") };
    Error::Query {
        what: "the statement's parameters".to_owned(),
        message: safe::text(&format!("the SQL names :{name}, and the parameters given are {given}: make the names agree")),
    }
}

fn refused(sql: &str, why: &str) -> Error {
    let start: String = sql.trim().chars().take(40).collect();
    Error::Query { what: format!("the query `{}…` is refused", safe::text(&start)), message: why.to_owned() }
}

/// `sql` cut into tokens; together they are `sql` again.
fn scan(sql: &str, dialect: Dialect) -> Vec<(Token, &str)> {
    let mut out = Vec::new();
    let mut rest = sql;
    let mut before = "";
    while !rest.is_empty() {
        let (token, len) = token(rest, before, dialect);
        let (text, tail) = rest.split_at(len);
        out.push((token, text));
        (before, rest) = (text, tail);
    }
    out
}

/// The token at the start of `s` (not empty) and its length in bytes; `before` is the token in front of it.
fn token(s: &str, before: &str, dialect: Dialect) -> (Token, usize) {
    let first = s.chars().next().expect("invariant: scan stops at the end");
    let after = &s[first.len_utf8()..];
    match first {
        c if c.is_whitespace() => (Token::Blank, c.len_utf8()),
        '-' if comments(after, dialect) => (Token::Blank, line(s)),
        '#' if dialect == Dialect::Mysql => (Token::Blank, line(s)),
        '/' if after.starts_with("*!") && dialect == Dialect::Mysql => (Token::Other, 1), // a comment that MySQL runs
        '/' if after.starts_with('*') => (Token::Blank, block(s, dialect)),
        '\'' | '"' => (Token::Quoted, quoted(s, first, escapes(first, before, dialect))),
        '`' if dialect != Dialect::Postgres => (Token::Quoted, quoted(s, first, false)),
        '[' if dialect == Dialect::Sqlite => (Token::Quoted, s.find(']').map_or(s.len(), |i| i + 1)),
        '$' if dialect == Dialect::Postgres && !before.ends_with(is_word) => dollar(s),
        ':' if after.starts_with(':') => (Token::Other, 2),
        ':' if after.starts_with(|c: char| c.is_alphabetic() || c == '_') => (Token::Parameter, 1 + word(after)),
        c if is_word(c) => (Token::Word, word(s)),
        c => (Token::Other, c.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word(s: &str) -> usize {
    s.find(|c| !is_word(c)).unwrap_or(s.len())
}

/// Whether what follows a `-` makes it a comment; MySQL wants a blank after the second.
fn comments(after: &str, dialect: Dialect) -> bool {
    after.strip_prefix('-').is_some_and(|rest| dialect != Dialect::Mysql || rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn line(s: &str) -> usize {
    s.find('\n').unwrap_or(s.len())
}

/// Whether a backslash escapes the next character: MySQL's strings, and PostgreSQL's `E'…'`.
fn escapes(mark: char, before: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Mysql => true,
        Dialect::Postgres => mark == '\'' && before.eq_ignore_ascii_case("e"),
        Dialect::Sqlite => false,
    }
}

fn quoted(s: &str, mark: char, escapes: bool) -> usize {
    let mut rest = s.char_indices().skip(1).peekable();
    while let Some((i, c)) = rest.next() {
        if c == mark && rest.next_if(|(_, next)| *next == mark).is_none() {
            return i + c.len_utf8();
        }
        if escapes && c == '\\' {
            rest.next();
        }
    }
    s.len()
}

/// A `/* … */`; PostgreSQL's nest.
fn block(s: &str, dialect: Dialect) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = s.get(at..).filter(|r| !r.is_empty()) {
        if rest.starts_with("/*") && (depth == 0 || dialect == Dialect::Postgres) {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    s.len()
}

/// `$tag$ … $tag$`, or a `$` that is something else.
fn dollar(s: &str) -> (Token, usize) {
    let tag = 1 + word(&s[1..]);
    if s.as_bytes().get(tag) != Some(&b'$') || s[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return (Token::Other, 1);
    }
    let mark = &s[..=tag];
    let end = s[mark.len()..].find(mark).map_or(s.len(), |i| i + 2 * mark.len());
    (Token::Quoted, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{Mysql, Postgres, Sqlite};
    use proptest::prelude::*;

    fn names(sql: &str, dialect: Dialect) -> Vec<String> {
        pieces(sql, dialect).into_iter().filter_map(|p| if let Piece::Parameter(n) = p { Some(n) } else { None }).collect()
    }

    #[test]
    fn parameters_are_found_outside_quotes_comments_and_casts() {
        for (dialect, sql, found) in [
            (Sqlite, "select :a, ':b', \":c\", `:d`, [:e] -- :f\n, :g /* :h */", vec!["a", "g"]),
            (Sqlite, "select 'it''s :a', :b_1", vec!["b_1"]),
            (Sqlite, r"select 'a\', :b, 'c'", vec!["b"]),
            (Postgres, "select x::text, :a::int, arr[1:2], $$ :b $$, $t$ $$ :c $t$, :d", vec!["a", "d"]),
            (Postgres, r"select E'\' :a', '\', :b", vec!["b"]),
            (Postgres, "select /* a /* :b */ :c */ :d", vec!["d"]),
            (Postgres, r"select E'it''s \' :a', date'\', :b", vec!["b"]),
            (Mysql, "select 1 --:a\n, :b -- :c", vec!["a", "b"]),
            (Mysql, "select 'a\\' :a', :b # :c\n, :d", vec!["b", "d"]),
            (Mysql, "select \"\\\" :a\", :é", vec!["é"]),
        ] {
            assert_eq!(names(sql, dialect), found, "{sql}");
        }
    }

    #[test]
    fn one_reading_statement_passes_without_its_end() {
        for (sql, out) in [
            ("select 1;", "select 1"),
            ("  select 1 ; -- done\n;", "  select 1 "),
            ("-- why\nWITH a as (select 1) select * from a", "-- why\nWITH a as (select 1) select * from a"),
            ("(select 1) union (select 2)", "(select 1) union (select 2)"),
            ("select ';' as \"into\"", "select ';' as \"into\""),
        ] {
            assert_eq!(reading(sql, Postgres).expect(sql), out);
        }
    }

    #[test]
    fn what_does_not_only_read_is_refused() {
        for sql in [
            "",
            ";",
            "delete from t",
            "commit",
            "set transaction read write",
            "/* select */ drop table t",
            "select 1; delete from t",
            "select 1; select 2",
            "select * into outfile 'x' from t",
            "SELECT a INTO b FROM c",
            "/*! delete */ from t",
            "select '\0'",
        ] {
            assert!(reading(sql, Mysql).is_err(), "{sql}");
        }
    }

    #[test]
    fn a_closing_comment_does_not_swallow_the_bracket() {
        assert_eq!(derived("select 1 -- one", Sqlite).expect("reads"), "(\nselect 1 -- one\n) as landfall_rows");
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_statement(sql in "[a:;'\"`$/*#\\\\é \\[\\]\n-]{0,40}") {
            for dialect in [Sqlite, Postgres, Mysql] {
                let whole: String = scan(&sql, dialect).iter().map(|t| t.1).collect();
                prop_assert_eq!(&whole, &sql);
            }
        }
    }
}
