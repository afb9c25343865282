//! Names that AWS will take.
//!
//! Sources: DynamoDB developer guide, "Supported data types and naming rules"; S3 user guide, "General purpose bucket naming rules".

use crate::resource::LEASE_TABLE;

/// The error says what a valid name looks like.
pub(crate) type Verdict = Result<(), String>;

/// A stack's name is the ownership tag's value and part of S3 prefixes.
pub(crate) fn stack(name: &str) -> Verdict {
    plain(name, "a stack's name", 1, 128)
}

/// Table and index names: 3 to 255 of `A-Z a-z 0-9 _ . -`.
pub(crate) fn table(name: &str) -> Verdict {
    plain(name, "a table or index name", 3, 255)
}

/// The table of leases is no stack's: whoever changed or deleted it would take the leases of all of them.
pub(crate) fn not_leases(name: &str) -> Verdict {
    if name == LEASE_TABLE { Err("it holds landfall's own leases, those of every stack of the account".to_owned()) } else { Ok(()) }
}

fn plain(name: &str, what: &str, least: usize, most: usize) -> Verdict {
    let well = (least..=most).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if well { Ok(()) } else { Err(format!("{what} has {least} to {most} of A-Z, a-z, 0-9, `_`, `.` and `-`")) }
}

/// Attribute names: up to 255 bytes in a key, a projection or as the expiry time, up to 64 KB elsewhere.
pub(crate) fn attribute(name: &str, in_key: bool) -> Verdict {
    let most = if in_key { 255 } else { 65_535 };
    match name.len() {
        0 => Err("an attribute's name is not empty".to_owned()),
        n if n > most => {
            Err(format!("an attribute's name has at most {most} bytes{}", if in_key { " in a key, a projection or `ttl`" } else { "" }))
        }
        _ => Ok(()),
    }
}

/// S3 bucket names.
pub(crate) fn bucket(name: &str) -> Verdict {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = name.bytes().next().is_some_and(inner) && name.bytes().next_back().is_some_and(inner);
    if !(3..=63).contains(&name.len()) || !ends || !name.bytes().all(|b| inner(b) || b == b'-' || b == b'.') {
        return Err("a bucket's name has 3 to 63 of a-z, 0-9, `-` and `.`, and begins and ends with a letter or digit".to_owned());
    }
    if name.contains("..") || name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("a bucket's name has no two periods in a row, and is not an IP address".to_owned());
    }
    let reserved = ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|p| name.starts_with(p))
        || ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|s| name.ends_with(s));
    if reserved { Err("S3 keeps this prefix or suffix for itself".to_owned()) } else { Ok(()) }
}

/// Twelve digits.
pub(crate) fn account(id: &str) -> Verdict {
    let well = id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    if well { Ok(()) } else { Err("an AWS account has twelve digits, as in \"123456789012\"".to_owned()) }
}

/// The shape `us-east-1`, `us-gov-west-1`; which regions exist is AWS's to say.
pub(crate) fn region(name: &str) -> Verdict {
    let parts: Vec<&str> = name.split('-').collect();
    let words = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase());
    let number = |p: &&str| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    let well = parts.len() >= 3 && parts.split_last().is_some_and(|(last, rest)| number(last) && rest.iter().all(words));
    if well { Ok(()) } else { Err("a region looks like \"us-east-1\"".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_their_limits() {
        let long = |n| "a".repeat(n);
        for (name, well) in
            [("abc", true), ("ab", false), (&long(255), true), (&long(256), false), ("a b", false), ("ä-b", false), ("A_b.c-9", true)]
        {
            assert_eq!(table(name).is_ok(), well, "{name}");
        }
        assert!(attribute(&long(255), true).is_ok() && attribute(&long(256), true).is_err() && attribute(&long(256), false).is_ok());
        assert!(attribute("", false).is_err());
    }

    #[test]
    fn bucket_names() {
        let long = "a".repeat(64);
        for name in ["ab", &long, "Abc", "-abc", "abc-", "a..b", "192.168.0.1", "xn--abc", "abc-s3alias", "a_b", "a b"] {
            assert!(bucket(name).is_err(), "{name}");
        }
        for name in ["abc", "acme-stage.eu", "1-2", &long[1..]] {
            assert!(bucket(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn accounts_and_regions() {
        for (id, well) in [("123456789012", true), ("12345678901", false), ("12345678901x", false), ("١٢٣٤٥٦", false)] {
            assert_eq!(account(id).is_ok(), well, "{id}");
        }
        for (name, well) in [
            ("us-east-1", true),
            ("us-gov-west-1", true),
            ("us-east", false),
            ("US-EAST-1", false),
            ("us--1", false),
            ("us-east-1a", false),
            ("", false),
        ] {
            assert_eq!(region(name).is_ok(), well, "{name}");
        }
    }
}
