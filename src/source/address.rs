//! The source's address: read once, shown without its password, and used to clean foreign texts of that password.
//!
//! Rules: no error repeats any part of an address that could not be read, because the password may sit anywhere in it;
//! [`Address::clean`] is applied to every text that a driver wrote. Called by [`super::Source`] and the engines.

use super::Error;
use crate::safe;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where the rows are.
#[derive(Clone)]
pub(super) enum Address {
    Sqlite(PathBuf),
    Postgres(Server),
    Mysql(Server),
}

/// A server, a login and a database.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) scheme: &'static str,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    /// What stands behind the `?`; each engine says which names it knows.
    pub(super) options: BTreeMap<String, String>,
}

impl Address {
    /// Reads `sqlite:path`, `sqlite://path`, `mysql://`, `mariadb://`, `postgres://` or `postgresql://`.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once(':').ok_or_else(|| bad("it has no scheme"))?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => sqlite(rest),
            "mysql" => server("mysql", 3306, rest).map(Self::Mysql),
            "mariadb" => server("mariadb", 3306, rest).map(Self::Mysql),
            "postgres" | "postgresql" => server("postgres", 5432, rest).map(Self::Postgres),
            _ => Err(bad("its scheme is not known")),
        }
    }

    /// The address without password and options, safe to show.
    pub(super) fn target(&self) -> String {
        match self {
            Self::Sqlite(path) => safe::text(&format!("sqlite:{}", path.display())),
            Self::Postgres(server) | Self::Mysql(server) => server.target(),
        }
    }

    #[cfg(test)]
    fn password(&self) -> Option<&str> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(server) | Self::Mysql(server) => server.password.as_deref(),
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.target())
    }
}

impl Server {
    pub(super) fn target(&self) -> String {
        let user = if self.user.is_empty() { String::new() } else { format!("{}@", self.user) };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        self.clean(&format!("{}://{user}{host}:{}/{}", self.scheme, self.port, self.database))
    }

    /// `text` made inert, with the password gone, however it is percent-encoded.
    pub(super) fn clean(&self, text: &str) -> String {
        safe::text(&scrub(text, self.password.as_deref().unwrap_or_default()))
    }

    /// Refuses options that `known` does not list. Their values are not repeated: one of them may be a secret.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.options.keys().find(|k| !known.contains(&k.as_str())) {
            Some(_) => Err(bad(&format!("it has an option that is not known; the options are {}", known.join(", ")))),
            None => Ok(()),
        }
    }
}

fn bad(why: &str) -> Error {
    Error::Url(format!(
        "the source's address cannot be used: {why}; write mysql://user:password@host:3306/database, postgres://…, or sqlite:path/to/file"
    ))
}

fn sqlite(rest: &str) -> Result<Address, Error> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.starts_with(":memory:") || path.contains('\0') {
        return Err(bad("it names no SQLite file"));
    }
    Ok(Address::Sqlite(PathBuf::from(path)))
}

fn server(scheme: &'static str, port: u16, rest: &str) -> Result<Server, Error> {
    let rest = rest.strip_prefix("//").ok_or_else(|| bad("`//` is missing behind the scheme"))?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if tail.contains(['@', '#']) {
        return Err(bad("a `/`, `?`, `#` or `@` in user, password or options has to be written as %2F, %3F, %23 or %40"));
    }
    let (path, options) = tail.split_once('?').unwrap_or((tail, ""));
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p)));
    let (host, port) = host_and_port(place, port)?;
    let server = Server {
        scheme,
        host,
        port,
        user: decode(user)?,
        password: password.map(decode).transpose()?.filter(|p| !p.is_empty()),
        database: decode(path.strip_prefix('/').unwrap_or(path))?,
        options: options.split('&').filter(|o| !o.is_empty()).map(option).collect::<Result<_, _>>()?,
    };
    if server.database.is_empty() || server.database.contains('\0') {
        return Err(bad("it names no database behind the host"));
    }
    Ok(server)
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_and_port(place: &str, default: u16) -> Result<(String, u16), Error> {
    let (host, rest) = match place.strip_prefix('[').map(|p| p.split_once(']')) {
        Some(Some((host, rest))) => (host, rest),
        Some(None) => return Err(bad("the bracket of its host is not closed")),
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => port.parse().map_err(|_| bad("its port is not a number up to 65535"))?,
        None => default,
    };
    let host = decode(host)?;
    Ok((if host.is_empty() { "localhost".to_owned() } else { host }, port))
}

fn option(text: &str) -> Result<(String, String), Error> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Ok((decode(name)?.to_ascii_lowercase(), decode(value)?))
}

/// Percent-decoding; what is no `%XX` is an error, so that a `%` in a password is never taken two ways.
fn decode(text: &str) -> Result<String, Error> {
    let wrong = || bad("a `%` in it is not followed by two hexadecimal digits of UTF-8 text (a `%` itself is written %25)");
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            out.push(hex(tail).ok_or_else(wrong)?);
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).map_err(|_| wrong())
}

/// The byte that two hexadecimal digits at the start of `text` are.
fn hex(text: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(*text.first()?)? * 16 + digit(*text.get(1)?)?)
}

/// `text` with every spelling of `secret` replaced, each of its bytes plain or percent-encoded.
fn scrub(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hidden = spelled(rest.as_bytes(), secret.as_bytes()).filter(|len| rest.is_char_boundary(*len));
        match hidden {
            Some(_) => out.push_str("‹password›"),
            None => out.push(c),
        }
        rest = &rest[hidden.unwrap_or(c.len_utf8())..];
    }
    out
}

/// How many bytes at the start of `text` spell `secret`. A `%` in it may stand for itself or begin an encoding: both are tried.
fn spelled(text: &[u8], secret: &[u8]) -> Option<usize> {
    let Some((byte, secret)) = secret.split_first() else { return Some(0) };
    let after = |len: usize| spelled(text.get(len..)?, secret).map(|rest| rest + len);
    let (first, rest) = text.split_first()?;
    let encoded = *first == b'%' && hex(rest) == Some(*byte);
    let plain = first == byte || (*first == b'+' && *byte == b' ');
    encoded.then(|| after(3)).flatten().or_else(|| plain.then(|| after(1)).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_and_shown_without_password() {
        for (url, target, password) in [
            ("mysql://app:s3cret@db.example/shop", "mysql://app@db.example:3306/shop", Some("s3cret")),
            ("mariadb://app@db:3307/shop", "mariadb://app@db:3307/shop", None),
            ("postgresql://app:p%40ss%2Fw@[::1]:6432/shop?sslmode=require", "postgres://app@[::1]:6432/shop", Some("p@ss/w")),
            ("postgres://app:a@b:c@db/shop", "postgres://app@db:5432/shop", Some("a@b:c")),
            ("POSTGRES:///shop", "postgres://localhost:5432/shop", None),
            ("sqlite:a/b.sqlite", "sqlite:a/b.sqlite", None),
            ("sqlite://a/b.sqlite", "sqlite:a/b.sqlite", None),
            ("sqlite:///a/b c.sqlite", "sqlite:/a/b c.sqlite", None),
            ("mysql://pw:pw@db/shop", "mysql://‹password›@db:3306/shop", Some("pw")),
        ] {
            let address = Address::parse(url).unwrap_or_else(|e| panic!("{url}: {e}"));
            assert_eq!(address.target(), target);
            assert_eq!(address.password(), password, "{url}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_read_is_never_repeated() {
        for url in [
            "hunter2",
            "hunter2:x",
            "mysql:hunter2",
            "mysql://app:hunter2/x@db/shop",
            "mysql://app:1?hunter2@db/shop",
            "mysql://app:1/hunter2@db/shop",
            "mysql://app:1#hunter2@db/shop",
            "mysql://app:hunter2@db:hunter2/shop",
            "mysql://app:hunter2%@db/shop",
            "mysql://app:hunter2%zz@db/shop",
            "mysql://app:hunter2%ff@db/shop",
            "mysql://app:hunter2@db",
            "mysql://app:hunter2@db/",
            "mysql://app:hunter2@[::1/shop",
            "mysql://app:hunter2@db:99999/shop",
            "sqlite:",
            "sqlite::memory:",
        ] {
            let Err(Error::Url(text)) = Address::parse(url) else { panic!("{url} was read") };
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_unknown_option_is_refused_without_its_text() {
        let Ok(Address::Mysql(server)) = Address::parse("mysql://app@db/shop?password=hunter2") else { panic!("not read") };
        let text = server.only(&["ssl-mode"]).expect_err("unknown").to_string();
        assert!(text.contains("ssl-mode") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn every_spelling_of_the_password_is_scrubbed() {
        for text in ["x p@ s/é y", "x p%40%20s%2f%C3%A9 y", "x %70@+s/%c3%a9 y"] {
            assert_eq!(scrub(text, "p@ s/é"), "x ‹password› y");
        }
        assert_eq!(scrub("100%", "%"), "100‹password›");
        assert_eq!(scrub("100%25", "%"), "100‹password›");
    }

    proptest! {
        #[test]
        fn no_spelling_survives(secret in "[a-z%25@/é ]{3,12}", around in "[A-Z0-9]{0,8}", encode in proptest::collection::vec(any::<bool>(), 24)) {
            let spell = |(i, b): (usize, &u8)| if encode[i] || !b.is_ascii() { format!("%{b:02X}") } else { char::from(*b).to_string() };
            let spelling: String = secret.as_bytes().iter().enumerate().map(spell).collect();
            let scrubbed = scrub(&format!("{around}{spelling}{around}"), &secret);
            prop_assert!(scrubbed.contains("‹password›"), "{}", scrubbed);
        }

        #[test]
        fn no_address_panics(url in "(mysql|postgres|sqlite)?:?/?/?[a-z%:@/?#=&\\[\\]0-9é]{0,30}") {
            let _ = Address::parse(&url);
        }
    }
}
