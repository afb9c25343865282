//! How values read: one spelling for plan, drift and apply's progress. Calls: [`super::calls`].
//!
//! Rules: names and tag values come from files and from AWS, so everything foreign goes through [`crate::safe`].

use crate::live::{Contents, Holder};
use crate::resource::{Class, Dimension, Encryption, Insights, Key, KeyKind, KeyPart, Maximum, Projection, Range, StreamView, Units};
use crate::safe;

pub(super) fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::S => "S",
        KeyKind::N => "N",
        KeyKind::B => "B",
    }
}

/// `PK:S, SK:S`; several attributes in one half are joined by `+`.
pub(crate) fn key(key: &Key) -> String {
    let half =
        |parts: &[KeyPart]| parts.iter().map(|p| format!("{}:{}", safe::text(&p.name), kind(p.kind))).collect::<Vec<_>>().join(" + ");
    if key.sort.is_empty() { half(&key.partition) } else { format!("{}, {}", half(&key.partition), half(&key.sort)) }
}

pub(super) fn units(units: Units) -> String {
    format!("{} read, {} write", units.read, units.write)
}

pub(crate) fn projection(projection: &Projection) -> String {
    match projection {
        Projection::All => "all attributes".to_owned(),
        Projection::Keys => "keys only".to_owned(),
        Projection::Include(names) => format!("keys and {}", names.iter().map(|n| safe::text(n)).collect::<Vec<_>>().join(", ")),
    }
}

pub(super) fn stream(view: StreamView) -> &'static str {
    match view {
        StreamView::Keys => "keys",
        StreamView::New => "new images",
        StreamView::Old => "old images",
        StreamView::Both => "new and old images",
    }
}

pub(super) fn days(days: u32) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

pub(super) fn maximum(maximum: Maximum) -> String {
    let side = |side: Option<u64>| side.map_or_else(|| "unlimited".to_owned(), |units| units.to_string());
    format!("{} read, {} write", side(maximum.read), side(maximum.write))
}

pub(super) fn range(range: Range) -> String {
    let aim = range.target.map_or_else(|| "no policy".to_owned(), |percent| format!("at {percent}%"));
    format!("{} to {}, {aim}", range.min, range.max)
}

pub(super) fn insights(insights: Insights) -> &'static str {
    match insights {
        Insights::Off => "off",
        Insights::Throttled => "throttled keys",
        Insights::All => "accessed and throttled keys",
    }
}

pub(super) fn class(class: Class) -> &'static str {
    match class {
        Class::Standard => "standard",
        Class::InfrequentAccess => "infrequent access",
    }
}

pub(super) fn encryption(encryption: &Encryption) -> String {
    match encryption {
        Encryption::Owned => "DynamoDB's own key".to_owned(),
        Encryption::Managed => "the account's aws/dynamodb key".to_owned(),
        Encryption::Key(arn) => format!("key {}", safe::text(arn)),
    }
}

pub(super) fn bucket_key(kms_key: Option<&str>) -> String {
    kms_key.map_or_else(|| "SSE-S3".to_owned(), |key| format!("SSE-KMS, key {}", safe::text(key)))
}

pub(super) fn holder(holder: &Holder) -> String {
    match holder {
        Holder::CloudFormation(stack) => format!("CloudFormation (stack {})", safe::text(stack)),
        Holder::Terraform(tag) => format!("Terraform (tag {})", safe::text(tag)),
    }
}

/// What a bucket holds, as far as one page of each listing tells.
pub(super) fn contents(contents: &Contents) -> String {
    let sides = [(contents.versions, "version"), (contents.uploads, "unfinished upload")];
    let told = sides.iter().filter(|(count, _)| *count > 0).map(|(count, what)| several(*count, what));
    told.collect::<Vec<_>>().join(", ")
}

/// `1 version`, `3 versions`, `1000 or more versions`.
pub(super) fn several(count: u64, what: &str) -> String {
    let (more, plural) = (if count >= Contents::MOST { " or more" } else { "" }, if count == 1 { "" } else { "s" });
    format!("{count}{more} {what}{plural}")
}

/// The table (`None`), or an index.
pub(super) fn part(index: Option<&String>) -> String {
    index.map_or_else(|| "table".to_owned(), |name| format!("index {}", safe::text(name)))
}

pub(super) fn side(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Read => "reads",
        Dimension::Write => "writes",
    }
}

/// A time (epoch milliseconds) as `2026-11-21T02:00:00Z`.
pub(super) fn time(epoch_ms: u64) -> String {
    let second = i64::try_from(epoch_ms / 1000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(second).map_or_else(|_| "a time beyond the calendar".to_owned(), |t| t.to_string())
}
