//! Signature Version 4, verified as AWS does: nobody speaks to the embedded AWS unsigned.
//!
//! Rules: the key must be known, the signature must match, the clocks must agree within 15 minutes; the region is the one
//! in the credential scope. S3's own (chunked bodies, presigned URLs) is verified by `s3s`; this serves all other services.
//! Source: the AWS IAM guide, "Create a signed AWS API request".

use super::moment;
use http::request::Parts;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// The one key pair that is known.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) access: String,
    pub(crate) secret: String,
    /// By a manual clock some callers stamp with it and some with the machine's, so no stamp is too old or too new.
    pub(crate) any_time: bool,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

/// Why a request is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denial {
    /// No `Authorization` at all.
    Missing,
    /// One that is not whole.
    Incomplete(String),
    /// A key that this account does not have.
    UnknownKey,
    /// Another secret, or a changed request.
    Mismatch(String),
}

/// The parts of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) access_key: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    signed: Vec<String>,
    signature: String,
}

impl Authorization {
    /// Reads the header; says nothing yet about whether it is true.
    pub(crate) fn of(parts: &Parts) -> Result<Self, Denial> {
        let header = parts.headers.get(http::header::AUTHORIZATION).ok_or(Denial::Missing)?;
        let text = header.to_str().map_err(|_| Denial::Incomplete("Authorization is not text.".into()))?;
        let fields = text.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(|| Denial::Incomplete("Unsupported authorization type.".into()))?;
        let field = |name: &str| {
            let found = fields.split(',').filter_map(|f| f.trim().split_once('=')).find(|(n, _)| *n == name);
            found.map(|(_, v)| v).ok_or_else(|| Denial::Incomplete(format!("Authorization header requires '{name}' parameter.")))
        };
        let scope: Vec<&str> = field("Credential")?.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = scope[..] else {
            return Err(Denial::Incomplete("Credential must have exactly 5 slash-delimited elements.".into()));
        };
        Ok(Self {
            access_key: access_key.into(),
            date: date.into(),
            region: region.into(),
            service: service.into(),
            signed: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature")?.into(),
        })
    }

    /// Whether it was signed for `service`.
    pub(crate) fn scoped(&self, service: &str) -> Result<(), Denial> {
        if self.service == service {
            return Ok(());
        }
        Err(Denial::Mismatch(format!("Credential should be scoped to correct service: '{service}'. ")))
    }

    /// Whether the request was signed with `keys`, as it is, lately.
    pub(crate) fn verify(&self, parts: &Parts, body: &[u8], keys: &Keys) -> Result<(), Denial> {
        if self.access_key != keys.access {
            return Err(Denial::UnknownKey);
        }
        if !is_region(&self.region) {
            return Err(Denial::Mismatch("Credential should be scoped to a valid region.".into()));
        }
        if !self.signed.iter().any(|h| h == "host") {
            return Err(Denial::Mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".into()));
        }
        let stamp = parts.headers.get("x-amz-date").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let when = self.check_clock(stamp, keys.any_time)?;
        let to_sign = self.string_to_sign(stamp, &self.canonical(parts, body));
        let time = UNIX_EPOCH + Duration::from_secs(when);
        let key = aws_sigv4::sign::v4::generate_signing_key(&keys.secret, time, &self.region, &self.service);
        let right = aws_sigv4::sign::v4::calculate_signature(key, to_sign.as_bytes());
        if right == self.signature { Ok(()) } else { Err(Denial::Mismatch(MISMATCH.into())) }
    }

    /// The request's time in seconds since 1970, if it is within 15 minutes of ours.
    fn check_clock(&self, stamp: &str, any_time: bool) -> Result<u64, Denial> {
        let parsed = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", stamp).and_then(|t| t.to_datetime());
        let at = parsed.and_then(|t| t.to_zoned(jiff::tz::TimeZone::UTC));
        let at = at.map_err(|_| Denial::Incomplete("Date in X-Amz-Date is not in the form YYYYMMDD'T'HHMMSS'Z'.".into()))?;
        if !stamp.starts_with(&self.date) {
            return Err(Denial::Mismatch(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.".into(),
            ));
        }
        let (then, now) = (at.timestamp().as_second(), moment::seconds());
        if !any_time && then < now - SKEW {
            return Err(Denial::Mismatch(format!("Signature expired: {stamp} is now earlier than 15 min. ago")));
        }
        if !any_time && then > now + SKEW {
            return Err(Denial::Mismatch(format!("Signature not yet current: {stamp} is still later than 15 min. ahead")));
        }
        u64::try_from(then).map_err(|_| Denial::Mismatch("Signature expired: before 1970".into()))
    }

    fn canonical(&self, parts: &Parts, body: &[u8]) -> String {
        let mut out = format!("{}\n{}\n{}\n", parts.method, canonical_path(parts.uri.path()), canonical_query(parts.uri.query()));
        for name in &self.signed {
            // A header that was signed but is not here cannot match: it enters as empty.
            let values: Vec<String> = parts.headers.get_all(name).iter().map(|v| squeeze(&String::from_utf8_lossy(v.as_bytes()))).collect();
            let _ = writeln!(out, "{name}:{}", values.join(","));
        }
        let _ = write!(out, "\n{}\n{}", self.signed.join(";"), hex(&Sha256::digest(body)));
        out
    }

    fn string_to_sign(&self, stamp: &str, canonical: &str) -> String {
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)))
    }
}

const SKEW: i64 = 15 * 60;
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
     Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// Whether `name` can be a region (and is safe as a directory's name).
pub(crate) fn is_region(name: &str) -> bool {
    (3..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// The path encoded once more, as every service but S3 signs it.
fn canonical_path(path: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    path.bytes().fold(String::with_capacity(path.len()), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

fn canonical_query(query: Option<&str>) -> String {
    let mut pairs: Vec<String> = query
        .unwrap_or_default()
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| if p.contains('=') { p.to_owned() } else { format!("{p}=") })
        .collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn squeeze(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};

    fn keys() -> Keys {
        Keys { access: "local".into(), secret: "local".into(), any_time: false }
    }

    /// A request signed at `offset` seconds from now.
    fn signed(offset: i64, secret: &str, body: &[u8]) -> Parts {
        scoped(offset, secret, body, None, "eu-west-1", "host;x-amz-date")
    }

    /// The same, signed for a `date`, a `region` and `headers` of its own.
    fn scoped(offset: i64, secret: &str, body: &[u8], date: Option<&str>, region: &str, headers: &str) -> Parts {
        let at = moment::seconds() + offset;
        let stamp = jiff::Timestamp::from_second(at).expect("in range").strftime("%Y%m%dT%H%M%SZ").to_string();
        let request = http::Request::post("/a%20b?z=1&a").header("host", "127.0.0.1:1").header("x-amz-date", &stamp);
        let mut parts = request.body(()).expect("a request").into_parts().0;
        let date = date.unwrap_or(&stamp[..8]);
        let header = |signature: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=local/{date}/{region}/dynamodb/aws4_request, SignedHeaders={headers}, Signature={signature}"
            )
        };
        parts.headers.insert("authorization", header("0").parse().expect("a header"));
        let half = Authorization::of(&parts).expect("whole");
        let to_sign = half.string_to_sign(&stamp, &half.canonical(&parts, body));
        let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(at).expect("after 1970"));
        let signature = calculate_signature(generate_signing_key(secret, time, region, "dynamodb"), to_sign.as_bytes());
        parts.headers.insert("authorization", header(&signature).parse().expect("a header"));
        parts
    }

    fn verdict(parts: &Parts, body: &[u8]) -> Result<(), Denial> {
        Authorization::of(parts)?.verify(parts, body, &keys())
    }

    #[test]
    fn a_signed_request_is_believed_and_every_change_to_it_is_not() {
        let good = signed(0, "local", b"{}");
        assert_eq!(verdict(&good, b"{}"), Ok(()));
        assert!(matches!(verdict(&good, b"{ }"), Err(Denial::Mismatch(_))), "body");
        assert!(matches!(verdict(&signed(0, "other", b"{}"), b"{}"), Err(Denial::Mismatch(_))), "secret");
        let mut path = signed(0, "local", b"{}");
        path.uri = "/other".parse().expect("a path");
        assert!(matches!(verdict(&path, b"{}"), Err(Denial::Mismatch(_))), "path");
        let mut host = signed(0, "local", b"{}");
        host.headers.insert("host", "elsewhere".parse().expect("a header"));
        assert!(matches!(verdict(&host, b"{}"), Err(Denial::Mismatch(_))), "signed header");
    }

    #[test]
    fn a_right_signature_of_a_wrong_scope_is_not_believed() {
        let whole = "host;x-amz-date";
        assert_eq!(verdict(&scoped(0, "local", b"", None, "eu-west-1", whole), b""), Ok(()));
        let wrong = [
            scoped(0, "local", b"", None, "..", whole),
            scoped(0, "local", b"", None, "eu-west-1", "x-amz-date"),
            scoped(0, "local", b"", Some("20000101"), "eu-west-1", whole),
        ];
        for parts in wrong {
            assert!(matches!(verdict(&parts, b""), Err(Denial::Mismatch(_))), "{:?}", parts.headers);
        }
    }

    #[test]
    fn another_key_is_unknown_and_another_service_is_not_this_one() {
        let parts = signed(0, "local", b"");
        let authorization = Authorization::of(&parts).expect("whole");
        assert_eq!(authorization.verify(&parts, b"", &Keys { access: "other".into(), ..keys() }), Err(Denial::UnknownKey));
        assert_eq!(authorization.scoped("dynamodb"), Ok(()));
        let elsewhere = "Credential should be scoped to correct service: 'kms'. ";
        assert_eq!(authorization.scoped("kms"), Err(Denial::Mismatch(elsewhere.into())));
    }

    #[test]
    fn clocks_may_differ_by_fifteen_minutes_and_no_more() {
        for (offset, good) in [(-890, true), (890, true), (-910, false), (910, false)] {
            assert_eq!(verdict(&signed(offset, "local", b""), b"").is_ok(), good, "{offset}");
        }
    }

    #[test]
    fn canonical_forms_are_those_of_the_guide() {
        assert_eq!(canonical_path(""), "/");
        assert_eq!(canonical_path("/a%20b/c"), "/a%2520b/c");
        assert_eq!(canonical_query(Some("b=2&a=1&c")), "a=1&b=2&c=");
        assert_eq!((canonical_query(None).as_str(), canonical_query(Some("a=1&&")).as_str()), ("", "a=1"));
        assert_eq!(squeeze("  a   b "), "a b");
    }

    #[test]
    fn a_region_is_safe_as_a_directory() {
        assert!(is_region("us-east-1"));
        for bad in ["", "..", "us/east", "US-EAST-1", "a\u{0}b"] {
            assert!(!is_region(bad), "{bad:?}");
        }
    }
}
