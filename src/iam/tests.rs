//! The policy of a small stack and of a rich one.

use super::*;
use crate::resource::{Capacity, Encryption, Index, Insights, Key, KeyKind, KeyPart, Policy, Range, Scaling, Units};
use std::path::Path;

const SMALL: &str = r#"
name = "one"
account = "123456789012"
region = "us-east-1"
[source]
url = "sqlite:x.sqlite"
[bucket.staging]
name = "one-staging"
[table.One]
key = ["id:S"]
[[table.One.rows]]
from = "t"
item = { id = "{id}" }
"#;

fn small() -> Stack {
    crate::stack::parse(SMALL, Path::new("one.toml"), None).expect("a sound stack")
}

/// Everything that a table can ask for.
fn rich() -> Stack {
    let mut stack = small();
    let range = Some(Range { min: 1, max: 9, target: Some(70) });
    let index = Key { partition: vec![KeyPart { name: "a".into(), kind: KeyKind::S }], sort: Vec::new() };
    let table = &mut stack.tables.get_mut("One").expect("there").table;
    table.capacity = Capacity::Provisioned(Units { read: 1, write: 1 });
    table.limits.scaling = Scaling { read: range, write: range };
    table.policy = Some(Policy::On("{}".into()));
    table.insights = Some(Insights::All);
    table.encryption = Encryption::Key("alias/orders".into());
    table.ttl = Some("exp".into());
    table.recovery = Some(7);
    table.indexes.insert("ByA".into(), Index { insights: Some(Insights::Throttled), ..Index::plain(index) });
    let bucket = stack.buckets.get_mut("staging").expect("there");
    bucket.kms_key = Some("arn:aws:kms:us-east-1:123456789012:key/1".into());
    bucket.versioning = true;
    stack
}

fn actions(stack: &Stack, verbs: &[Verb]) -> BTreeSet<&'static str> {
    needs(stack, verbs, &[]).into_iter().map(|need| need.action).collect()
}

#[test]
fn a_drift_policy_is_short_and_reads() {
    insta::assert_snapshot!(format!("{:#}", policy(&small(), &[Verb::Drift], &[])), @r#"
    {
      "Statement": [
        {
          "Action": [
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
            "dynamodb:ListImports",
            "dynamodb:ListTables"
          ],
          "Effect": "Allow",
          "Resource": [
            "*"
          ],
          "Sid": "Landfall1"
        },
        {
          "Action": [
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:dynamodb:us-east-1:123456789012:table/One"
          ],
          "Sid": "Landfall2"
        },
        {
          "Action": [
            "dynamodb:DescribeImport"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:dynamodb:us-east-1:123456789012:table/One/import/*"
          ],
          "Sid": "Landfall3"
        },
        {
          "Action": [
            "dynamodb:ListTagsOfResource"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:dynamodb:us-east-1:123456789012:table/*"
          ],
          "Sid": "Landfall4"
        },
        {
          "Action": [
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            "s3:ListBucketVersions"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:s3:::one-staging"
          ],
          "Sid": "Landfall5"
        }
      ],
      "Version": "2012-10-17"
    }
    "#);
}

#[test]
fn verbs_that_only_read_are_given_nothing_that_writes() {
    for verb in [Verb::Plan, Verb::Drift, Verb::Validate, Verb::Throttling] {
        for need in needs(&rich(), &[verb], &["Old".to_owned()]) {
            match need.by {
                By::Call(service, operation) => assert_eq!(api(service, operation).expect("a row").level, Level::Read, "{need:?}"),
                By::Aws(_) => assert_eq!(need.action, "kms:Decrypt", "{need:?}"),
            }
        }
    }
}

#[test]
fn no_action_is_a_wildcard_and_only_lists_and_metrics_are_about_everything() {
    let whole = policy(&rich(), &Verb::ALL, &[]);
    for statement in whole["Statement"].as_array().expect("statements") {
        let actions: Vec<&str> = statement["Action"].as_array().expect("actions").iter().filter_map(Value::as_str).collect();
        assert!(actions.iter().all(|a| !a.contains('*')), "{actions:?}");
        if statement["Resource"][0] == "*" {
            let lists = [
                "application-autoscaling:DescribeScalableTargets",
                "application-autoscaling:DescribeScalingPolicies",
                "application-autoscaling:DescribeScheduledActions",
                "cloudwatch:GetMetricData",
                "dynamodb:ListImports",
                "dynamodb:ListTables",
            ];
            assert_eq!(actions, lists);
        }
    }
}

#[test]
fn deleting_a_table_is_allowed_only_for_a_table_that_was_named() {
    assert!(!actions(&rich(), &Verb::ALL).contains("dynamodb:DeleteTable"));
    let named = needs(&rich(), &[Verb::Apply], &["Old".to_owned()]);
    let deletes: Vec<&On> = named.iter().filter(|n| n.action == "dynamodb:DeleteTable").map(|n| &n.on).collect();
    assert_eq!(deletes, [&On::Table("Old".into())]);
}

/// The file does not say the key of a table that left it.
#[test]
fn looking_into_a_table_that_goes_may_take_any_key_that_dynamodb_uses_and_no_other_way() {
    let needs = |verb| needs(&small(), &[verb], &["Old".to_owned()]).into_iter().filter(|need| need.action.starts_with("kms:"));
    let asked = |verb| needs(verb).map(|need| (need.action, need.on, need.by)).collect::<Vec<_>>();
    let about = ("kms:DescribeKey", On::AnyKey, By::Call("kms", "DescribeKey"));
    assert_eq!(asked(Verb::Plan), std::slice::from_ref(&about));
    assert_eq!(asked(Verb::Apply), [("kms:Decrypt", On::AnyKeyThrough("dynamodb"), By::Aws("Scan")), about]);
    assert!(needs(Verb::Apply).all(|need| need.rare.is_some_and(|path| path.contains("KMS key"))));
    assert!(!actions(&small(), &Verb::ALL).iter().any(|action| action.starts_with("kms:")));
    let whole = policy(&small(), &[Verb::Apply], &["Old".to_owned()]);
    let of = |action: &str| {
        let only = serde_json::json!([action]);
        whole["Statement"].as_array().expect("statements").iter().find(|s| s["Action"] == only).expect("a statement of its own").clone()
    };
    let any = serde_json::json!(["arn:aws:kms:us-east-1:123456789012:key/*"]);
    assert_eq!((&of("kms:Decrypt")["Resource"], &of("kms:DescribeKey")["Resource"]), (&any, &any));
    let through = serde_json::json!({ "StringEquals": { "kms:ViaService": ["dynamodb.us-east-1.amazonaws.com"] } });
    assert_eq!((&of("kms:Decrypt")["Condition"], &of("kms:DescribeKey")["Condition"]), (&through, &Value::Null));
}

#[test]
fn a_setting_that_the_stack_does_not_name_asks_for_nothing() {
    let (poor, rich) = (actions(&small(), &[Verb::Run]), actions(&rich(), &[Verb::Run]));
    let more: Vec<&&str> = rich.difference(&poor).collect();
    assert_eq!(poor.difference(&rich).count(), 0);
    for start in ["application-autoscaling:Register", "application-autoscaling:Put", "kms:", "iam:"] {
        assert!(!poor.iter().any(|a| a.starts_with(start)), "{poor:?}");
        assert!(more.iter().any(|a| a.starts_with(start)), "{more:?}");
    }
    for action in ["dynamodb:GetResourcePolicy", "dynamodb:DescribeContributorInsights"] {
        assert!(!poor.contains(action) && rich.contains(action), "{action}");
    }
}

#[test]
fn a_key_named_by_an_alias_is_any_key_with_that_alias() {
    let whole = policy(&rich(), &[Verb::Plan], &[]);
    let of_keys = |s: &&Value| s["Action"][0] == "kms:DescribeKey" && s["Resource"][0] == "arn:aws:kms:us-east-1:123456789012:key/*";
    let statement = whole["Statement"].as_array().expect("statements").iter().find(of_keys).expect("a statement for the alias");
    assert_eq!(statement["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"][0], "alias/orders");
}

#[test]
fn the_partition_is_the_regions() {
    let mut stack = small();
    stack.region = "cn-north-1".into();
    let text = policy(&stack, &[Verb::Run], &[]).to_string();
    assert!(text.contains("arn:aws-cn:s3:::one-staging") && !text.contains("arn:aws:"), "{text}");
}

#[test]
fn a_permission_says_the_call_that_its_own_verb_makes() {
    let asked = |verb, call| needs(&rich(), &[verb], &[]).into_iter().filter(move |need| need.by == By::Aws(call)).map(|need| need.on);
    assert!(asked(Verb::Load, "CreateTable").all(|on| on == On::Table("landfall-leases".into())), "an import makes the stack's tables");
    assert!(asked(Verb::Load, "ImportTable").any(|on| matches!(on, On::KeyThrough(_, "dynamodb"))));
    assert_eq!(asked(Verb::Apply, "ImportTable").count(), 0);
    let usual = |verb: Verb, operation: &str| {
        let all = needs(&rich(), &[verb], &[]);
        all.into_iter().any(|need| need.rare.is_none() && matches!(need.by, By::Call(_, made) if made == operation))
    };
    assert!(usual(Verb::Load, "ListImports") && !usual(Verb::Plan, "ListImports"), "a load asks whether an import is making its table");
    let of_new = ["PutPublicAccessBlock", "ListObjectsV2", "ListMultipartUploads"];
    assert!(of_new.iter().all(|operation| usual(Verb::Apply, operation)), "every new bucket");
    assert!(usual(Verb::Drift, "DescribeScheduledActions") && !usual(Verb::Drift, "GetItem"));
}

/// The small stack with a second table that no rows block fills, and a third that has a local index.
fn three() -> Stack {
    let more = r#"
[table.Bare]
key = ["id:S"]
[table.Local]
key = ["id:S", "at:S"]
protect = true
[table.Local.local.ByName]
key = ["name:S"]
[[table.Local.rows]]
from = "l"
item = { id = "{id}", at = "{at}", name = "{name}" }
"#;
    crate::stack::parse(&format!("{SMALL}{more}"), Path::new("one.toml"), None).expect("a sound stack")
}

/// The tables on which `verb` asks for `action`.
fn tables_of(verb: Verb, action: &str) -> Vec<String> {
    let all = needs(&three(), &[verb], &[]).into_iter().filter(|need| need.action == action);
    all.filter_map(|need| if let On::Table(name) = need.on { Some(name) } else { None }).filter(|name| name != "landfall-leases").collect()
}

#[test]
fn only_tables_with_rows_are_loaded_and_validated_and_only_those_without_local_indexes_imported() {
    assert_eq!(tables_of(Verb::Load, "dynamodb:BatchWriteItem"), ["Local", "One"]);
    assert_eq!(tables_of(Verb::Validate, "dynamodb:Scan"), ["Local", "One"]);
    assert_eq!(tables_of(Verb::Validate, "dynamodb:DescribeTable"), ["Bare", "Local", "One"], "whether it is there");
    assert_eq!(tables_of(Verb::Load, "dynamodb:ImportTable"), ["One"]);
    assert_eq!(tables_of(Verb::Load, "dynamodb:UpdateTable"), ["One"], "after an import, which cannot set everything");
}

#[test]
fn a_call_that_one_verb_makes_always_is_not_called_rare_for_another() {
    let both = needs(&small(), &[Verb::Plan, Verb::Load], &[]);
    let rare: Vec<bool> = both.iter().filter(|need| need.action == "dynamodb:ListImports").map(|need| need.rare.is_some()).collect();
    assert_eq!(rare, [false]);
}

#[test]
fn white_space_is_not_part_of_the_size() {
    assert_eq!(size(&serde_json::json!({ "a b": " c\u{a0}d" })), r#"{"ab":"cd"}"#.len());
}
