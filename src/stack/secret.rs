//! A stack file must not hold a password, and where it does, no output repeats it.
//!
//! Rules: [`holds_password`] judges a source address; [`masked`] blanks whatever looks like a secret in the text that findings
//! are shown in, byte for byte, so that spans stay true. It works on lines and not on the parsed file, because a file that
//! does not parse is shown too. It may blank too much; it must not blank too little.

use std::ops::Range;

const NEEDLES: [&str; 6] = ["passw", "pwd", "passphrase", "secret", "token", "credential"];

/// No person wrote a longer line; looking into one would take long, so it is blanked altogether.
const LONGEST_LINE: usize = 64 * 1024;

/// Whether `url` (an address, without its quotes) holds a password: as `user:password@`, percent-encoded or not, unescaped with
/// `/` or `@` in it, or as a parameter such as `password=`.
pub(super) fn holds_password(url: &str) -> bool {
    let decoded = decoded(url);
    assigns_secret(&decoded) || authority_password(url) || authority_password(&decoded)
}

/// `user:password@`: an `@` with a colon before it that no port explains, or an `@` where no address has one.
fn authority_password(url: &str) -> bool {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    let address = rest.split(['?', '#']).next().unwrap_or(rest);
    let Some(at) = rest.rfind('@') else { return url.contains("//") && bad_port(address) };
    let user = &rest[..at];
    if !url.contains("//") || user.contains(':') {
        return true;
    }
    // An `@` behind the first slash belongs to no user name.
    user.contains('/') || bad_port(&rest[at + 1..])
}

/// `host:something` where something is no port: a password whose `@` was lost or encoded.
fn bad_port(address: &str) -> bool {
    let authority = address.split(['/', '?', '#']).next().unwrap_or(address);
    let host = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
    host.rsplit_once(':').is_some_and(|(_, port)| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()))
}

/// `name=` where the name tells of a secret.
fn assigns_secret(text: &str) -> bool {
    text.match_indices('=').any(|(at, _)| names_secret(&text[..at]))
}

/// Whether the name that `before` ends with tells of a secret.
fn names_secret(before: &str) -> bool {
    let before = before.trim_end().trim_end_matches(['"', '\'']);
    let name = before.rsplit(|c: char| !(c.is_alphanumeric() || "_-.".contains(c))).next().unwrap_or(before).to_lowercase();
    name == "pass" || name == "pw" || NEEDLES.iter().any(|n| name.contains(n))
}

/// Percent-decoded until nothing changes (three times at most), so that `%2570assword` is seen too.
fn decoded(url: &str) -> String {
    let mut text = url.to_owned();
    for _ in 0..3 {
        let next = decode_once(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn decode_once(text: &str) -> String {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&first, tail)) = rest.split_first() {
        let pair = if first == b'%' { tail.get(..2).and_then(|p| std::str::from_utf8(p).ok()) } else { None };
        if let Some(byte) = pair.and_then(|p| u8::from_str_radix(p, 16).ok()) {
            out.push(byte);
            rest = &tail[2..];
        } else {
            out.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `text` with what looks like a secret blanked, byte for byte.
pub fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(masked_line).collect()
}

/// `text` with the bytes of `span` blanked (line ends and quotes kept, so that the shape stays).
pub(super) fn mask(text: &str, span: &Range<usize>) -> String {
    let blank = |(at, c): (usize, char)| {
        if span.contains(&at) && !"\"'\r\n".contains(c) { "*".repeat(c.len_utf8()) } else { c.to_string() }
    };
    text.char_indices().map(blank).collect()
}

fn masked_line(line: &str) -> String {
    if line.len() > LONGEST_LINE {
        return mask(line, &(0..line.len()));
    }
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for (at, _) in line.match_indices("//") {
        hidden.extend(suspicious_run(line, at + 2));
    }
    for (at, _) in line.match_indices('=') {
        let before = line[..at].trim_end().trim_end_matches(['"', '\'']);
        if before.ends_with("url") {
            hidden.extend(suspicious_run(line, at + 1));
        } else if names_secret(before) {
            hidden.push(content(line, at + 1));
        }
    }
    hidden.iter().fold(line.to_owned(), |line, span| mask(&line, span))
}

/// From `start`, past spaces and opening quotes, to the line's last quote, or to its end where a quote is missing.
fn content(line: &str, start: usize) -> Range<usize> {
    let rest = line.get(start..).unwrap_or_default();
    let start = start + rest.len() - rest.trim_start_matches([' ', '\t', '"', '\'']).len();
    let rest = line.get(start..).unwrap_or_default();
    start..rest.rfind(['"', '\'']).map_or(line.trim_end().len().max(start), |end| start + end)
}

/// The address that begins at `start`, if it may hold a password.
fn suspicious_run(line: &str, start: usize) -> Option<Range<usize>> {
    let span = content(line, start);
    let address = &line[span.clone()];
    let address = address.strip_prefix("sqlite:").unwrap_or(address);
    let told = ["env:", "file:"].iter().any(|scheme| address.starts_with(scheme));
    let suspect = address.contains(['@', '\\']) || address.contains("%40") || assigns_secret(&decoded(address)) || bad_port(address);
    (suspect && !told).then_some(span)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Addresses that hold the password `hunter2x` (or a spelling of it).
    pub(in crate::stack) const GUILTY: [&str; 24] = [
        "mysql://app:hunter2x@db/shop",
        "mysql://app:hunter2x@db:3306/shop?ssl=true",
        "postgres://app:hunter2x@[::1]:5432/shop",
        "postgresql://:hunter2x@db/shop",
        "mariadb://app:hunter2x%40x@db/shop",
        "mysql://app:hunter2x/y@db/shop",
        "mysql://app:hunter2x@y@db/shop",
        "mysql://app:hunter2x#y@db/shop",
        "mysql://app:hunter2x?y@db/shop",
        "mysql://app%3Ahunter2x@db/shop",
        "mysql://app:hunter2x%40db/shop",
        "postgres://app@db/shop?password=hunter2x",
        "postgres://app@db/shop?PASSWORD=hunter2x",
        "postgres://db/shop?user=app&pass=hunter2x",
        "postgres://db/shop?p%61ssword=hunter2x",
        "postgres://db/shop?%2570assword=hunter2x",
        "postgres://db/shop?sslpassword=hunter2x",
        "postgres://db/shop?options=-c%20password%3Dhunter2x",
        "mysql://db/shop;password=hunter2x",
        "host=db user=app password=hunter2x",
        "sqlite:shop.sqlite?passwd=hunter2x",
        "jdbc:mysql://app:hunter2x@db/shop",
        "app:hunter2x@db/shop",
        "mysql://db/shop#token=hunter2x",
    ];

    #[test]
    fn every_shape_of_a_literal_password_is_seen() {
        for url in GUILTY {
            assert!(holds_password(url), "{url}");
        }
    }

    #[test]
    fn addresses_without_a_password_are_not_accused() {
        for url in [
            "mysql://app@db/shop",
            "mysql://db:3306/shop",
            "mysql://app@db:3306/shop",
            "postgres://app@[::1]:5432/shop",
            "postgres://[fe80::1]/shop?sslmode=require",
            "postgresql://app@db.example/shop?connect_timeout=10",
            "sqlite:shop.sqlite",
            "sqlite:///var/lib/shop.sqlite",
            "sqlite:../a/b.sqlite",
        ] {
            let without_scheme = url.strip_prefix("sqlite:").unwrap_or(url);
            assert!(!holds_password(without_scheme), "{url}");
        }
    }

    #[test]
    fn every_shape_is_blanked_in_the_text_that_findings_show() {
        for url in GUILTY {
            for line in
                [format!("url = \"{url}\"\n"), format!("source = {{ url = '{url}', timezone = \"UTC\" }}"), format!("url = \"{url}")]
            {
                let shown = masked(&line);
                assert!(!shown.contains("hunter"), "{line} -> {shown}");
                assert_eq!(shown.len(), line.len(), "{line}");
            }
        }
    }

    #[test]
    fn a_password_key_is_blanked() {
        assert_eq!(masked("password = \"xyz\" # c\n"), "password = \"***\" # c\n");
        assert_eq!(masked("db_pwd = \"xyz"), "db_pwd = \"***");
    }

    #[test]
    fn what_is_no_secret_stays_readable() {
        for line in [
            "url = \"env:SOURCE_URL\"\n",
            "url = \"sqlite:shop.sqlite\"\n",
            "key = [\"userId:N\"] # a note\n",
            "sql = \"select a from t where b = :b\"",
            "SK = \"ORDER#{ord_id}\"\n",
        ] {
            assert_eq!(masked(line), line);
        }
    }

    #[test]
    fn a_line_that_nobody_wrote_is_blanked_altogether() {
        let line = "a = 1, ".repeat(LONGEST_LINE);
        assert_eq!(masked(&line), "*".repeat(line.len()));
    }

    proptest! {
        #[test]
        fn masking_keeps_every_byte_position(text: String) {
            let shown = masked(&text);
            prop_assert_eq!(shown.len(), text.len());
            prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        }

        #[test]
        fn judging_never_panics(url: String) {
            holds_password(&url);
        }
    }
}
