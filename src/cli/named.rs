//! How `--destroy` and `--adopt` are spelt. A typing error is told here, before AWS is asked anything: further on it could only be told as
//! something that is not there, which is what a finished deletion looks like too.

use crate::resource::approved_bucket;

const FORMS: &str = "write TABLE, TABLE/INDEX, TABLE:recovery, TABLE:stream, TABLE:encryption, TABLE:ttl, s3://BUCKET, \
                     s3://BUCKET:expire, s3://BUCKET:encryption or s3://BUCKET:versioning, each name whole";

/// The parser of `--destroy`.
pub(super) fn destroyable(text: &str) -> Result<String, String> {
    let sound = match text.split_once(['/', ':']) {
        _ if text.starts_with("s3:") => approved_bucket(text).is_some_and(is_bucket),
        None => is_table(text),
        Some((table, index)) if text[table.len()..].starts_with('/') => is_table(table) && is_table(index),
        Some((table, aspect)) => is_table(table) && matches!(aspect, "recovery" | "stream" | "encryption" | "ttl"),
    };
    if sound { Ok(text.to_owned()) } else { Err(FORMS.to_owned()) }
}

/// The parser of `--adopt`.
pub(super) fn adoptable(text: &str) -> Result<String, String> {
    if is_table(text) { Ok(text.to_owned()) } else { Err("write the name of a table or a bucket, whole".to_owned()) }
}

/// Source: "Supported data types and naming rules in Amazon `DynamoDB`"; an index is named by the same rule.
fn is_table(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// Source: "General purpose bucket naming rules".
fn is_bucket(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    (3..=63).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_named_is_taken_as_it_is_written() {
        for text in [
            "Old",
            "Orders/byMail",
            "Orders:recovery",
            "Orders:stream",
            "Orders:encryption",
            "Orders:ttl",
            "s3://acme-staging",
            "s3://acme-staging:expire",
            "s3://acme-staging:encryption",
            "s3://acme-staging:versioning",
        ] {
            assert_eq!(destroyable(text).as_deref(), Ok(text));
        }
        assert_eq!(adoptable("acme-staging").as_deref(), Ok("acme-staging"));
    }

    #[test]
    fn what_nothing_can_be_called_is_refused_with_the_forms() {
        let odd = [
            "",
            "a",
            "Old*",
            "a b",
            "Orders/",
            "Orders/by mail",
            "Orders/a/b",
            "Orders:recovry",
            "Orders:TTL",
            "Orders:",
            "/byMail",
            "é-é-é",
        ];
        let buckets = [
            "s3://",
            "s3:/acme",
            "s3:acme",
            "s3://acme/",
            "s3://acme/users",
            "s3://Acme",
            "s3://a*b",
            "s3://ab",
            "s3://acme:stream",
            "s3://acme:ttl",
            "s3://acme:expire:expire",
            "s3://:expire",
        ];
        for text in odd.into_iter().chain(buckets) {
            assert!(destroyable(text).is_err_and(|why| why.contains("s3://BUCKET")), "{text}");
        }
        assert!(adoptable("").is_err() && adoptable("s3://acme-staging").is_err());
    }
}
