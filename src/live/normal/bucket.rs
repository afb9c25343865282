//! A bucket's configuration folded into the guards that every staging bucket has.
//!
//! Rules: a guard is judged by its meaning, not by who wrote it; only landfall's own lifecycle rule (by id) is managed.
//! Called by `live::refresh`; [`is_tls_only`] also by `aws::buckets`, which must not write a statement twice.

use super::{ObservedBucket, ObservedDefault, ObservedRule};
use crate::live::model::LiveBucket;
use crate::resource::Bucket;
use serde_json::Value;
use std::collections::BTreeSet;

/// The id of landfall's lifecycle rule.
pub const RULE_ID: &str = "landfall-staging";

/// The id of landfall's policy statement.
pub const STATEMENT_ID: &str = "LandfallTlsOnly";

/// One bucket from its reads; `want`: what the stack says of it.
pub fn bucket(name: &str, seen: &ObservedBucket, want: Option<&Bucket>) -> LiveBucket {
    let managed: BTreeSet<String> = want.map(|w| w.tags.keys().cloned().collect()).unwrap_or_default();
    let tags = super::tags(&seen.tags, &managed);
    let rule = seen.rules.iter().find(|r| r.id == RULE_ID && r.enabled && r.whole_bucket);
    LiveBucket {
        bucket: Bucket {
            name: name.to_owned(),
            expire_days: rule.and_then(|r| r.expire_days).unwrap_or(0),
            tags: tags.managed,
            versioning: seen.versioning.as_deref() == Some("Enabled"),
            kms_key: seen.encryption.iter().find_map(kms),
        },
        owner: tags.owner,
        public_access_blocked: seen.block == Some([true; 4]),
        owner_enforced: seen.ownership.iter().any(|o| o == "BucketOwnerEnforced"),
        encrypted: !seen.encryption.is_empty(),
        no_bucket_key: seen.encryption.iter().any(|by| by.algorithm == "aws:kms" && by.bucket_key == Some(false)),
        tls_only: seen.policy.as_deref().is_some_and(|p| is_tls_only(p, name)),
        has_policy: seen.policy.is_some(),
        public_statement: seen.policy.as_deref().and_then(public_statement),
        refuses_public: seen.block.is_some_and(|[_, _, public_policies, _]| public_policies),
        aborts_multipart: seen.rules.iter().any(aborts),
        expire_versions: rule.and_then(|r| r.expire_versions).unwrap_or(0),
        versions: seen.versioning.is_some(),
        fresh: is_fresh(seen),
        empty: seen.empty == Some(true),
        holder: super::holder::holder(&seen.tags, &managed),
        foreign_tags: tags.foreign,
        contents: None,
    }
}

/// Where versions are or were kept, no object that is current says nothing of what was there.
fn is_fresh(seen: &ObservedBucket) -> bool {
    let unused = seen.tags.is_empty() && seen.policy.is_none() && seen.rules.is_empty() && seen.empty == Some(true);
    unused && seen.versioning.is_none() && seen.encryption.iter().all(|by| kms(by).is_none())
}

/// The key of a KMS encryption as a stack would name it; one that a stack cannot ask for is named so that it equals none.
fn kms(by: &ObservedDefault) -> Option<String> {
    let key = || by.key.clone().unwrap_or_else(|| "alias/aws/s3".to_owned());
    match by.algorithm.as_str() {
        "AES256" => None,
        "aws:kms" => Some(key()),
        other => Some(format!("{} ({})", key(), crate::safe::text(other))),
    }
}

fn aborts(rule: &ObservedRule) -> bool {
    rule.enabled && rule.whole_bucket && rule.abort_days.is_some()
}

/// Whether some statement of `policy` denies every S3 action on the whole bucket to everybody without TLS.
pub fn is_tls_only(policy: &str, bucket: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return false };
    each(&policy["Statement"]).any(|s| denies_plain(s, bucket))
}

/// S3 takes some conditions for an open door too; one without any is one for certain. What stands under our own name is replaced.
fn public_statement(policy: &str) -> Option<String> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let open = |s: &Value| s["Effect"] == "Allow" && is_everybody(s) && s["Condition"].as_object().is_none_or(serde_json::Map::is_empty);
    let (at, statement) = each(&policy["Statement"]).enumerate().find(|(_, s)| open(s) && s["Sid"] != STATEMENT_ID)?;
    Some(statement["Sid"].as_str().filter(|sid| !sid.is_empty()).map_or_else(|| format!("number {}", at + 1), crate::safe::text))
}

fn is_everybody(statement: &Value) -> bool {
    is_any(&statement["Principal"]) || is_any(&statement["Principal"]["AWS"])
}

fn denies_plain(statement: &Value, bucket: &str) -> bool {
    let everything = each(&statement["Action"]).any(|a| a == "s3:*" || a == "*");
    let covers = |suffix: &str| each(&statement["Resource"]).filter_map(Value::as_str).any(|r| r.ends_with(suffix));
    let condition = statement["Condition"].as_object();
    let only_tls = condition.is_some_and(|c| c.len() == 1 && plain(&statement["Condition"]["Bool"]));
    statement["Effect"] == "Deny"
        && is_everybody(statement)
        && everything
        && covers(&format!(":::{bucket}"))
        && covers(&format!(":::{bucket}/*"))
        && only_tls
}

/// `{"aws:SecureTransport": "false"}` and nothing else, which would narrow it.
fn plain(condition: &Value) -> bool {
    let value = &condition["aws:SecureTransport"];
    condition.as_object().is_some_and(|c| c.len() == 1) && each(value).any(|v| v == "false" || v == &Value::Bool(false))
}

fn is_any(principal: &Value) -> bool {
    each(principal).any(|p| p == "*")
}

/// The elements of a list, or the one value that stands for it, as IAM's JSON allows.
fn each(value: &Value) -> std::slice::Iter<'_, Value> {
    value.as_array().map_or_else(|| std::slice::from_ref(value).iter(), |list| list.iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy() -> Value {
        json!({"Version": "2012-10-17", "Statement": [{"Sid": "x", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]})
    }

    fn by(algorithm: &str, key: Option<&str>) -> ObservedDefault {
        ObservedDefault { algorithm: algorithm.to_owned(), key: key.map(Into::into), bucket_key: Some(false) }
    }

    fn complete() -> ObservedBucket {
        ObservedBucket {
            tags: vec![("landfall:stack".into(), "s".into()), ("team".into(), "a".into()), ("aws:x".into(), "y".into())],
            block: Some([true; 4]),
            ownership: vec!["BucketOwnerEnforced".into()],
            encryption: vec![by("AES256", None)],
            versioning: None,
            policy: Some(policy().to_string()),
            rules: vec![ObservedRule {
                id: RULE_ID.into(),
                enabled: true,
                whole_bucket: true,
                expire_days: Some(7),
                expire_versions: Some(7),
                abort_days: Some(1),
            }],
            empty: None,
        }
    }

    fn fold(seen: &ObservedBucket) -> LiveBucket {
        bucket(
            "b",
            seen,
            Some(&Bucket {
                name: "b".into(),
                expire_days: 7,
                tags: [("team".to_owned(), "a".to_owned())].into(),
                versioning: false,
                kms_key: None,
            }),
        )
    }

    #[test]
    fn a_complete_bucket_has_every_guard() {
        let live = fold(&complete());
        assert!(live.public_access_blocked && live.owner_enforced && live.encrypted && live.tls_only && live.aborts_multipart);
        assert_eq!((live.bucket.expire_days, live.owner.as_deref(), live.foreign_tags.len()), (7, Some("s"), 0));
        assert!(!live.fresh);
    }

    #[test]
    fn each_setting_that_is_removed_is_seen() {
        type Spoil = fn(&mut ObservedBucket);
        let spoils: [(&str, Spoil); 9] = [
            ("one public access flag", |b| b.block = Some([true, true, true, false])),
            ("the whole block", |b| b.block = None),
            ("ownership", |b| b.ownership = vec!["ObjectWriter".into()]),
            ("encryption", |b| b.encryption.clear()),
            ("policy", |b| b.policy = None),
            ("expiry", |b| b.rules[0].expire_days = None),
            ("expiry of versions", |b| b.rules[0].expire_versions = None),
            ("abort", |b| b.rules[0].abort_days = None),
            ("owner", |b| drop(b.tags.remove(0))),
        ];
        for (name, spoil) in spoils {
            let mut seen = complete();
            spoil(&mut seen);
            assert_ne!(fold(&seen), fold(&complete()), "{name}");
        }
    }

    #[test]
    fn suspended_versioning_reads_as_off_and_only_enabled_as_on() {
        for (seen, on) in [(None, false), (Some("Suspended"), false), (Some("Enabled"), true)] {
            let live = fold(&ObservedBucket { versioning: seen.map(Into::into), ..complete() });
            assert_eq!((live.bucket.versioning, live.versions), (on, seen.is_some()), "{seen:?}");
        }
    }

    #[test]
    fn a_kms_key_is_seen_and_one_that_no_stack_can_name_equals_none() {
        let of = |algorithm: &str, key: Option<&str>| {
            let live = fold(&ObservedBucket { encryption: vec![by(algorithm, key)], ..complete() });
            assert!(live.encrypted);
            live.bucket.kms_key
        };
        assert_eq!(of("AES256", None), None);
        assert_eq!(of("aws:kms", Some("arn:k")).as_deref(), Some("arn:k"));
        assert_eq!(of("aws:kms", None).as_deref(), Some("alias/aws/s3"));
        assert_eq!(of("aws:kms:dsse", Some("arn:k")).as_deref(), Some("arn:k (aws:kms:dsse)"));
    }

    /// S3 has none for the other algorithms, and says `false` of them.
    #[test]
    fn only_a_kms_key_that_is_said_to_be_without_a_bucket_key_is() {
        let without = |algorithm: &str, bucket_key| {
            let by = ObservedDefault { bucket_key, ..by(algorithm, Some("arn:k")) };
            fold(&ObservedBucket { encryption: vec![by], ..complete() }).no_bucket_key
        };
        assert!(without("aws:kms", Some(false)) && !without("aws:kms", Some(true)) && !without("aws:kms", None));
        assert!(!without("AES256", Some(false)) && !without("aws:kms:dsse", Some(false)));
    }

    #[test]
    fn a_policy_that_denies_less_than_everything_is_not_tls_only() {
        assert!(is_tls_only(&policy().to_string(), "b"));
        let narrower = [
            ("/Statement/0/Effect", json!("Allow")),
            ("/Statement/0/Principal", json!({"AWS": "arn:aws:iam::1:root"})),
            ("/Statement/0/Action", json!("s3:GetObject")),
            ("/Statement/0/Resource", json!(["arn:aws:s3:::b"])),
            ("/Statement/0/Resource", json!(["arn:aws:s3:::b/*"])),
            ("/Statement/0/Condition/Bool", json!({"aws:SecureTransport": "true"})),
            ("/Statement/0/Condition/Bool", json!({"aws:SecureTransport": "false", "aws:MultiFactorAuthPresent": "false"})),
            ("/Statement/0/Condition", json!({"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
        ];
        for (path, value) in narrower {
            let mut policy = policy();
            *policy.pointer_mut(path).expect("the path is in the policy above") = value;
            assert!(!is_tls_only(&policy.to_string(), "b"), "{path}");
        }
        assert!(!is_tls_only("not json", "b"));
        assert!(!is_tls_only(&policy().to_string(), "other"));
    }

    #[test]
    fn a_statement_that_lets_everybody_in_is_told_by_its_name_or_its_place() {
        let open = |statement: Value| public_statement(&json!({"Statement": [policy()["Statement"][0], statement]}).to_string());
        let star = || json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"});
        let with = |key: &str, value: Value| {
            let mut statement = star();
            statement[key] = value;
            statement
        };
        assert_eq!(open(star()).as_deref(), Some("number 2"));
        assert_eq!(open(with("Sid", json!("site"))).as_deref(), Some("site"));
        assert_eq!(open(with("Sid", json!(""))).as_deref(), Some("number 2"));
        assert_eq!(open(with("Sid", json!(STATEMENT_ID))), None);
        assert_eq!(open(with("Principal", json!({"AWS": ["*"]}))).as_deref(), Some("number 2"));
        assert_eq!(open(with("Principal", json!({"AWS": "arn:aws:iam::1:root"}))), None);
        assert_eq!(open(with("Condition", json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))), None);
        assert_eq!(public_statement(&policy().to_string()), None);
    }

    #[test]
    fn a_bucket_is_empty_only_where_it_was_seen_to_be() {
        let empty = |empty| fold(&ObservedBucket { empty, ..complete() }).empty;
        assert_eq!([Some(true), Some(false), None].map(empty), [true, false, false]);
    }

    #[test]
    fn only_a_bucket_as_create_leaves_it_is_fresh() {
        let bare = ObservedBucket { empty: Some(true), ..ObservedBucket::default() };
        assert!(fold(&bare).fresh);
        assert!(!fold(&ObservedBucket { empty: Some(false), ..bare.clone() }).fresh);
        assert!(!fold(&ObservedBucket { empty: None, ..bare.clone() }).fresh);
        assert!(!fold(&ObservedBucket { policy: Some("{}".into()), ..bare.clone() }).fresh);
        assert!(!fold(&ObservedBucket { rules: complete().rules, ..bare.clone() }).fresh);
        assert!(!fold(&ObservedBucket { tags: vec![("a".into(), "b".into())], ..bare.clone() }).fresh);
        for versioning in ["Enabled", "Suspended"] {
            assert!(!fold(&ObservedBucket { versioning: Some(versioning.into()), ..bare.clone() }).fresh, "{versioning}");
        }
        for (algorithm, fresh) in [("AES256", true), ("aws:kms", false)] {
            assert_eq!(fold(&ObservedBucket { encryption: vec![by(algorithm, None)], ..bare.clone() }).fresh, fresh, "{algorithm}");
        }
    }

    #[test]
    fn only_a_rule_that_is_at_work_on_the_whole_bucket_counts_and_only_ours_expires() {
        type Spoil = fn(&mut ObservedRule);
        let spoils: [(Spoil, bool); 3] =
            [(|r| r.id = "theirs".into(), true), (|r| r.enabled = false, false), (|r| r.whole_bucket = false, false)];
        for (spoil, aborts) in spoils {
            let mut seen = complete();
            spoil(&mut seen.rules[0]);
            let live = fold(&seen);
            assert_eq!((live.bucket.expire_days, live.aborts_multipart), (0, aborts), "{:?}", seen.rules);
        }
    }
}
