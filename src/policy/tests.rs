//! Respellings are equal, changed words are not, and hostile JSON is only an error.

use super::canonical;
use proptest::prelude::*;
use serde_json::{Value, json};

fn form(policy: &Value) -> String {
    canonical(&policy.to_string()).unwrap_or_else(|e| panic!("{e}: {policy}"))
}

/// A policy whose statement has `key` = `value`.
fn with(key: &str, value: Value) -> Value {
    let mut statement = json!({"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"});
    statement[key] = value;
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

#[track_caller]
fn equal(key: &str, one: Value, other: Value) {
    assert_eq!(form(&with(key, one)), form(&with(key, other)), "{key}");
}

#[track_caller]
fn unequal(key: &str, one: Value, other: Value) {
    assert_ne!(form(&with(key, one)), form(&with(key, other)), "{key}");
}

#[test]
fn one_string_and_a_list_of_one_are_equal() {
    equal("Action", json!("dynamodb:GetItem"), json!(["dynamodb:GetItem"]));
    equal("Resource", json!("arn:a"), json!(["arn:a"]));
    equal("Principal", json!({"AWS": "123456789012"}), json!({"AWS": ["123456789012"]}));
    equal("Condition", json!({"StringEquals": {"a": "x"}}), json!({"StringEquals": {"a": ["x"]}}));
    assert_eq!(
        form(&json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny"}})),
        form(&json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}]}))
    );
}

#[test]
fn lists_are_sets() {
    equal("Action", json!(["dynamodb:B", "dynamodb:A", "dynamodb:B"]), json!(["dynamodb:A", "dynamodb:B"]));
    equal("NotAction", json!(["b", "a"]), json!(["a", "b"]));
    equal("Resource", json!(["b", "a", "a"]), json!(["a", "b"]));
    equal("Principal", json!({"Service": ["b", "a"]}), json!({"Service": ["a", "b"]}));
    equal("Condition", json!({"StringEquals": {"k": ["b", "a"]}}), json!({"StringEquals": {"k": ["a", "b"]}}));
    unequal("Action", json!(["dynamodb:A"]), json!(["dynamodb:A", "dynamodb:B"]));
}

#[test]
fn a_list_in_a_list_is_nobody_s_policy_and_stays_none() {
    assert!(form(&with("Action", json!([["dynamodb:a"]]))).contains(r#"[["dynamodb:a"]]"#));
}

#[test]
fn everybody_is_everybody() {
    equal("Principal", json!("*"), json!({"AWS": ["*"]}));
    equal("NotPrincipal", json!("*"), json!({"AWS": "*"}));
    unequal("Principal", json!("*"), json!({"Service": "*"}));
    unequal("Principal", json!("123456789012"), json!({"AWS": "123456789012"}));
}

#[test]
fn an_account_is_its_root() {
    equal("Principal", json!({"AWS": "123456789012"}), json!({"AWS": "arn:aws:iam::123456789012:root"}));
    equal("Principal", json!({"AWS": "123456789012"}), json!({"AWS": "arn:aws-cn:iam::123456789012:root"}));
    unequal("Principal", json!({"AWS": "123456789012"}), json!({"AWS": "arn:aws:iam::123456789013:root"}));
    unequal("Principal", json!({"AWS": "123456789012"}), json!({"AWS": "arn:aws:iam::123456789012:user/root"}));
    unequal("Principal", json!({"AWS": "123456789012"}), json!({"AWS": "arn:other:iam::123456789012:root"}));
    unequal("Principal", json!({"AWS": "12345678901"}), json!({"AWS": "arn:aws:iam::12345678901:root"}));
    unequal("Principal", json!({"AWS": "12345678901x"}), json!({"AWS": "arn:aws:iam::12345678901x:root"}));
    unequal("Principal", json!({"Federated": "123456789012"}), json!({"Federated": "arn:aws:iam::123456789012:root"}));
}

#[test]
fn the_case_of_an_action_does_not_count_and_that_of_anything_else_does() {
    equal("Action", json!("DynamoDB:getItem"), json!("dynamodb:GetItem"));
    unequal("Resource", json!("arn:T"), json!("arn:t"));
    unequal("Effect", json!("Allow"), json!("allow"));
    unequal("Sid", json!("A"), json!("a"));
}

#[test]
fn a_condition_value_is_text() {
    equal("Condition", json!({"Bool": {"aws:SecureTransport": false}}), json!({"Bool": {"aws:SecureTransport": "false"}}));
    equal("Condition", json!({"NumericLessThan": {"k": 10}}), json!({"NumericLessThan": {"k": "10"}}));
    equal("Condition", json!({"NumericLessThan": {"k": 0.5}}), json!({"NumericLessThan": {"k": "0.5"}}));
    unequal("Condition", json!({"Bool": {"a": true}}), json!({"Bool": {"a": false}}));
}

#[test]
fn a_version_that_is_missing_is_the_first() {
    let statement = json!([{"Effect": "Deny"}]);
    let missing = form(&json!({"Statement": statement}));
    assert_eq!(missing, form(&json!({"Version": "2008-10-17", "Statement": statement})));
    assert_ne!(missing, form(&json!({"Version": "2012-10-17", "Statement": statement})));
}

#[test]
fn the_canonical_text_reads_as_a_policy() {
    let policy = json!({"Version": "2012-10-17", "Id": "x", "Statement": [
        {"Sid": "b", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}, "Action": ["dynamodb:Query", "dynamodb:GetItem"], "Resource": ["*"]},
        {"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": "dynamodb:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": false}}},
    ]});
    insta::assert_snapshot!(form(&policy).replace("},{", "},\n{"), @r#"
    {"Id":"x","Statement":[{"Action":"dynamodb:*","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Principal":{"AWS":"*"},"Resource":"*","Sid":"a"},
    {"Action":["dynamodb:getitem","dynamodb:query"],"Effect":"Allow","Principal":{"AWS":"123456789012"},"Resource":"*","Sid":"b"}],"Version":"2012-10-17"}
    "#);
}

#[test]
fn what_is_no_policy_is_an_error_that_says_why() {
    for (text, why) in [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "a policy is a JSON object"),
        ("{}", "a policy has a `Statement`"),
        (r#"{"Statement": []}"#, "holds no statement"),
        (r#"{"Statement": "x"}"#, "each statement is a JSON object"),
        (r#"{"Statement": [{"Sid": "a", "Sid": "b"}]}"#, "`Sid` stands twice"),
        (r#"{"Statement": {"Condition": {"x": {"y": 123456789012345678901234}}}}"#, "put it in quotes"),
        (r#"{"Statement": {}} x"#, "trailing"),
    ] {
        let error = canonical(text).expect_err(text);
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = format!(r#"{{"Statement": [{{"x": {}1{}}}]}}"#, open.repeat(100_000), close.repeat(100_000));
        assert!(canonical(&deep).expect_err("too deep").contains("recursion limit"));
    }
}

/// One statement, as parts that can be spelled in several ways.
#[derive(Debug, Clone)]
struct Meant {
    sid: Option<String>,
    allow: bool,
    /// `None`: everybody.
    accounts: Option<Vec<u64>>,
    actions: Vec<String>,
    resources: Vec<String>,
    condition: Vec<(String, Vec<bool>)>,
}

fn meant() -> impl Strategy<Value = Vec<Meant>> {
    let words = || prop::collection::vec("[a-z]{1,4}", 1..4);
    let accounts = prop::option::of(prop::collection::vec(100_000_000_000u64..999_999_999_999, 1..3));
    let condition = prop::collection::btree_map("[a-z]{1,3}", prop::collection::vec(any::<bool>(), 1..3), 0..3);
    let one = (prop::option::of("[a-z]{1,3}"), any::<bool>(), accounts, words(), words(), condition).prop_map(
        |(sid, allow, accounts, actions, resources, condition)| Meant {
            sid,
            allow,
            accounts,
            actions,
            resources,
            condition: condition.into_iter().collect(),
        },
    );
    prop::collection::vec(one, 1..4)
}

/// Decides how each thing is spelled.
struct Dice(u64);

impl Dice {
    fn coin(&mut self) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 63 == 1
    }

    fn list(&mut self, mut values: Vec<Value>) -> Value {
        if self.coin() {
            values.reverse();
        }
        if self.coin() {
            values.push(values[0].clone());
        }
        if values.len() == 1 && self.coin() { values.remove(0) } else { Value::Array(values) }
    }

    fn spell(&mut self, statements: &[Meant]) -> String {
        let mut spelled: Vec<Value> = statements.iter().map(|s| self.statement(s)).collect();
        if self.coin() {
            spelled.reverse();
        }
        let mut policy = json!({"Statement": if spelled.len() == 1 && self.coin() { spelled.remove(0) } else { spelled.into() }});
        if self.coin() {
            policy["Version"] = "2008-10-17".into();
        }
        if self.coin() { policy.to_string() } else { format!("{policy:#}") }
    }

    fn statement(&mut self, meant: &Meant) -> Value {
        let mut out = json!({"Effect": if meant.allow { "Allow" } else { "Deny" }});
        if let Some(sid) = &meant.sid {
            out["Sid"] = sid.as_str().into();
        }
        out["Principal"] = self.principal(meant.accounts.as_deref());
        let action = |dice: &mut Self, a: &String| if dice.coin() { a.to_uppercase() } else { a.clone() }.into();
        let actions = meant.actions.iter().map(|a| action(self, a)).collect();
        out["Action"] = self.list(actions);
        out["Resource"] = self.list(meant.resources.iter().map(|r| r.as_str().into()).collect());
        for (key, values) in &meant.condition {
            let values = values.iter().map(|v| if self.coin() { (*v).into() } else { v.to_string().into() }).collect();
            out["Condition"]["Bool"][key] = self.list(values);
        }
        out
    }

    fn principal(&mut self, accounts: Option<&[u64]>) -> Value {
        let Some(accounts) = accounts else { return if self.coin() { json!("*") } else { json!({"AWS": "*"}) } };
        let one = |dice: &mut Self, id: &u64| if dice.coin() { id.to_string() } else { format!("arn:aws:iam::{id}:root") }.into();
        let list = accounts.iter().map(|id| one(self, id)).collect();
        json!({"AWS": self.list(list)})
    }
}

/// How many places `node` has where a word stands, and the same with the `at`-th changed.
fn change(node: &mut Value, at: &mut usize) -> bool {
    match node {
        Value::Array(list) => list.iter_mut().any(|n| change(n, at)),
        Value::Object(object) => {
            for key in object.keys().cloned().collect::<Vec<_>>() {
                if *at == 0 && key != "Statement" {
                    let value = object.remove(&key).expect("a key of its own");
                    object.insert(format!("{key}_"), value);
                    return true;
                }
                *at = at.saturating_sub(1);
                if change(&mut object[&key], at) {
                    return true;
                }
            }
            false
        }
        Value::String(text) if *at == 0 => {
            text.push('_');
            true
        }
        _ => {
            *at = at.saturating_sub(1);
            false
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_of_one_meaning_is_one_text(meant in meant(), one: u64, other: u64) {
        let first = canonical(&Dice(one).spell(&meant)).expect("a policy");
        prop_assert_eq!(&first, &canonical(&Dice(other).spell(&meant)).expect("a policy"));
        prop_assert_eq!(&first, &canonical(&first).expect("canonical is a policy"));
    }

    #[test]
    fn every_changed_word_is_a_difference(meant in meant(), seed: u64, at in 0usize..40) {
        let before = Dice(seed).spell(&meant);
        let mut after: Value = serde_json::from_str(&before).expect("JSON");
        if change(&mut after, &mut { at }) {
            prop_assert_ne!(canonical(&before).expect("a policy"), canonical(&after.to_string()).expect("still one"), "{}", after);
        }
    }

    #[test]
    fn hostile_text_is_only_an_error(
        meant in meant(), seed: u64, cut in any::<prop::sample::Index>(),
        piece in prop::sample::select(vec!["\"", "{", "}", "[", "]", ",", ":", "null", "1e999", "-0", "\\u0000", "\\ud800", "é", "\u{0}"]),
    ) {
        let mut text = Dice(seed).spell(&meant);
        let starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
        text.insert_str(starts[cut.index(starts.len())], piece);
        if let Ok(form) = canonical(&text) {
            prop_assert_eq!(&form, &canonical(&form).expect("canonical is a policy"));
        }
    }
}
