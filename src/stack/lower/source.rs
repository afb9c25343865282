//! The source's address and time zone.

use crate::stack::finding::Findings;
use crate::stack::model::{SourceSpec, UrlSpec};
use crate::stack::nearest::{hint, nearest};
use crate::stack::secret;
use crate::stack::syntax::setting::Source;
use crate::stack::syntax::span::At;
use std::path::Path;

const SCHEMES: [&str; 7] = ["env", "file", "sqlite", "mysql", "mariadb", "postgres", "postgresql"];

/// `directory`: where the stack file stands; relative paths are joined to it.
pub(super) fn source(source: &Source, directory: &Path, found: &mut Findings<'_>) -> Option<SourceSpec> {
    let url = source.url.as_ref().and_then(|u| url(u, directory, found));
    let timezone = source.timezone.as_ref().map(|t| timezone(t, found));
    if let (Some(first), Some(UrlSpec::Literal(address))) = (source.seed.first(), &url)
        && !address.starts_with("sqlite:")
    {
        found.error_with(&first.span, "`seed` makes SQLite sample databases only", "remove it, or make url a sqlite: address");
    }
    for seed in source.seed.iter().filter(|s| s.value.trim().is_empty()) {
        found.error(&seed.span, "a seed file has a name");
    }
    let seed = source.seed.iter().map(|s| directory.join(&s.value)).collect();
    Some(SourceSpec { url: url?, timezone: timezone.flatten(), seed })
}

/// No message here repeats any of the address: it may be a secret, or one mistyped.
pub(crate) fn url(at: &At<String>, directory: &Path, found: &mut Findings<'_>) -> Option<UrlSpec> {
    let (scheme, rest) = at.value.split_once(':').unwrap_or(("", &at.value));
    let scheme = scheme.to_ascii_lowercase();
    if !["env", "file"].contains(&scheme.as_str()) && guilty(&scheme, &at.value, rest) {
        found.conceal(&at.span);
        found.error_with(
            &at.span,
            "the source's address holds a password (or something that looks like one)",
            "put the whole address in the environment and write url = \"env:SOURCE_URL\", or in a mounted secret and write url = \"file:PATH\"",
        );
        return None;
    }
    match scheme.as_str() {
        "env" => env(at, rest, found),
        "file" => non_empty(at, rest, found).map(|path| UrlSpec::File(directory.join(path))),
        "sqlite" => sqlite(at, rest, directory, found),
        "mysql" | "mariadb" | "postgres" | "postgresql" => server(at, &scheme, rest, found),
        other => {
            found.conceal(&at.span);
            let near = nearest(other, SCHEMES).map(|s| format!("did you mean `{s}:`?"));
            let all = "it begins with env:, file:, sqlite:, mysql://, mariadb://, postgres:// or postgresql://".to_owned();
            found.error_with(&at.span, "the source's address has no scheme that landfall knows", near.unwrap_or(all));
            None
        }
    }
}

/// A path may hold an `@`, an address may not: only the parameters of a SQLite path are judged.
fn guilty(scheme: &str, whole: &str, rest: &str) -> bool {
    if scheme == "sqlite" {
        rest.split_once('?').is_some_and(|(_, parameters)| secret::holds_password(parameters))
    } else {
        secret::holds_password(whole)
    }
}

fn env(at: &At<String>, name: &str, found: &mut Findings<'_>) -> Option<UrlSpec> {
    let well = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !well {
        found.conceal(&at.span);
        found.error_with(&at.span, "`env:` is followed by the name of one variable", "write url = \"env:SOURCE_URL\"");
        return None;
    }
    Some(UrlSpec::Env(name.to_owned()))
}

fn non_empty<'r>(at: &At<String>, rest: &'r str, found: &mut Findings<'_>) -> Option<&'r str> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.trim().is_empty() {
        found.error(&at.span, "the source's address names no file");
        return None;
    }
    Some(path)
}

fn sqlite(at: &At<String>, rest: &str, directory: &Path, found: &mut Findings<'_>) -> Option<UrlSpec> {
    let path = non_empty(at, rest, found)?;
    if path.starts_with(":memory:") {
        found.error_with(
            &at.span,
            "a database in memory is empty: there is nothing to migrate",
            "name a file: url = \"sqlite:shop.sqlite\"",
        );
        return None;
    }
    let Some(absolute) = directory.join(path).to_str().map(str::to_owned) else {
        found.error(&at.span, "the directory of the stack file is not UTF-8: name the SQLite file by an absolute path");
        return None;
    };
    Some(UrlSpec::Literal(format!("sqlite:{absolute}")))
}

fn server(at: &At<String>, scheme: &str, rest: &str, found: &mut Findings<'_>) -> Option<UrlSpec> {
    let address = rest.strip_prefix("//").unwrap_or_default();
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let database = path.split(['?', '#']).next().unwrap_or(path);
    if host.is_empty() || database.is_empty() {
        // Without `//` nobody can tell which part was meant as a password.
        if !rest.starts_with("//") {
            found.conceal(&at.span);
        }
        found.error_with(&at.span, "the source's address needs a host and a database", format!("write {scheme}://user@host/database"));
        return None;
    }
    Some(UrlSpec::Literal(format!("{scheme}:{rest}")))
}

fn timezone(at: &At<String>, found: &mut Findings<'_>) -> Option<jiff::tz::TimeZone> {
    if at.value == "UTC" {
        return Some(jiff::tz::TimeZone::UTC);
    }
    if let Ok(zone) = jiff::tz::TimeZone::get(&at.value) {
        return Some(zone);
    }
    let names: Vec<String> = jiff::tz::db().available().map(|n| n.as_str().to_owned()).collect();
    let near = nearest(&at.value, names.iter().map(String::as_str)).and_then(|near| hint(&at.value, "", [near]));
    let help =
        near.unwrap_or_else(|| "use an IANA name such as UTC or Europe/Berlin (names other than UTC need the system's tzdata)".to_owned());
    found.error_with(&at.span, format!("unknown time zone `{}`", at.value), help);
    None
}
