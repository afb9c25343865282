//! Encryption, resource policies and versioning.

use super::{parse, told, whole};
use crate::resource::{Encryption, Policy};
use crate::stack::{Stack, load};
use std::path::Path;

fn good(body: &str) -> Stack {
    parse(&whole(body), Path::new("/stacks/a.toml"), None).unwrap_or_else(|found| panic!("{found}"))
}

#[test]
fn keys_and_versions_are_read() {
    let stack = good(
        r#"
        [bucket.staging]
        name = "acme-stage"
        versioning = true
        encryption = { key = "alias/acme" }
        [bucket.plain]
        name = "acme-plain"
        encryption = "s3"
        [table.One]
        key = ["id:S"]
        encryption = "managed"
        [table.Two]
        key = ["id:S"]
        encryption = { key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
        [table.Six]
        key = ["id:S"]
        encryption = "owned"
    "#,
    );
    assert_eq!((stack.buckets["staging"].versioning, stack.buckets["staging"].kms_key.as_deref()), (true, Some("alias/acme")));
    assert_eq!((stack.buckets["plain"].versioning, stack.buckets["plain"].kms_key.as_deref()), (false, None));
    assert_eq!(stack.tables["One"].table.encryption, Encryption::Managed);
    let arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    assert_eq!(stack.tables["Two"].table.encryption, Encryption::Key(arn.into()));
    assert_eq!(stack.tables["Six"].table.encryption, Encryption::Owned);
}

#[test]
fn keys_that_are_none_are_told() {
    insta::assert_snapshot!(told(r#"
        [bucket.staging]
        name = "acme-stage"
        encryption = { key = "alias/aws/s3" }
        versioning = "on"
        [table.One]
        key = ["id:S"]
        encryption = { key = "acme" }
        [table.Two]
        key = ["id:S"]
        encryption = { key = "arn:aws:kms:eu-west-1:123456789012:alias/acme" }
        [table.Six]
        key = ["id:S"]
        encryption = "aws"
        [table.Ten]
        key = ["id:S"]
        encryption = {}
    "#), @r#"
    error: `alias/aws/s3` is AWS's own key
     --> stack.toml:7:22
      |
    7 | encryption = { key = "alias/aws/s3" }
      |                      ^^^^^^^^^^^^^^
      |
      = help: leave `encryption` out: S3's own keys cost nothing; or name a key of your own

    error: `bucket.staging.versioning` must be true or false, not text
     --> stack.toml:8:14
      |
    8 | versioning = "on"
      |              ^^^^

    error: `acme` names no KMS key
      --> stack.toml:11:22
       |
    11 | encryption = { key = "acme" }
       |                      ^^^^^^
       |
       = help: write its ARN, alias/NAME, the alias's ARN, or its id

    error: this key is in eu-west-1, and the stack in us-east-1
      --> stack.toml:14:22
       |
    14 | encryption = { key = "arn:aws:kms:eu-west-1:123456789012:alias/acme" }
       |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: a key must be where what it encrypts is

    error: `table.Six.encryption` cannot be `aws`
      --> stack.toml:17:14
       |
    17 | encryption = "aws"
       |              ^^^^^
       |
       = help: it can be: `owned` and `managed`

    error: `key` is missing in `table.Ten.encryption`
      --> stack.toml:20:1
       |
    20 | encryption = {}
       | ^^^^^^^^^^
       |
       = help: `key`: The key's ARN, its alias (`alias/acme`), the alias's ARN, or the key's id.

    6 errors
    "#);
}

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "reads", "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": ["dynamodb:Query", "dynamodb:GetItem"], "Resource": "*"}}"#;

#[test]
fn a_policy_is_read_by_its_meaning() {
    let stack = good(&format!(
        "[table.One]\nkey = ['id:S']\npolicy = '''{POLICY}'''\n[table.Two]\nkey = ['id:S']\npolicy = false\n[table.Six]\nkey = ['id:S']"
    ));
    let canonical = crate::policy::canonical(POLICY).expect("a policy");
    assert_eq!(stack.tables["One"].table.policy, Some(Policy::On(canonical)));
    assert_eq!((&stack.tables["Two"].table.policy, &stack.tables["Six"].table.policy), (&Some(Policy::Off), &None));
}

#[test]
fn a_policy_in_a_file_is_part_of_the_stack() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stack.toml");
    std::fs::write(&path, whole("[table.One]\nkey = ['id:S']\npolicy = { file = 'one.json' }")).expect("written");
    let missing = load(&path, None).expect_err("no file").to_string();
    assert!(missing.contains("policy file `one.json`: it cannot be opened"), "{missing}");
    std::fs::write(folder.path().join("one.json"), POLICY).expect("written");
    let first = load(&path, None).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(first.tables["One"].table.policy, Some(Policy::On(crate::policy::canonical(POLICY).expect("a policy"))));
    std::fs::write(folder.path().join("one.json"), POLICY.replace("reads", "other")).expect("written");
    let second = load(&path, None).unwrap_or_else(|found| panic!("{found}"));
    assert_ne!(first.digest, second.digest);
    let elsewhere = parse(&std::fs::read_to_string(&path).expect("read"), &path, None).expect_err("parse reads nothing");
    assert!(elsewhere.to_string().contains("it is not read here"), "{elsewhere}");
}

#[test]
fn policies_that_are_none_are_told() {
    insta::assert_snapshot!(told(r#"
        [table.One]
        key = ["id:S"]
        policy = true
        [table.Two]
        key = ["id:S"]
        policy = "{"
        [table.Six]
        key = ["id:S"]
        policy = '{"Statement": [{"Sid": "x", "Effect": "allow"}]}'
        [table.Ten]
        key = ["id:S"]
        policy = '{"Statement": [{"Sid": "x", "Effect": "Allow", "NotPrincipal": "*", "Action": "*"}]}'
        [table.Eleven]
        key = ["id:S"]
        policy = '{"Version": "2012-10-17"}'
        [table.Twelve]
        key = ["id:S"]
        policy = 5
    "#), @r#"
    error: `policy` cannot be true
     --> stack.toml:7:10
      |
    7 | policy = true
      |          ^^^^
      |
      = help: write the policy, policy = { file = "policy.json" }, or false for none

    error: this is no resource policy: not JSON: EOF while parsing an object at line 1 column 1
      --> stack.toml:10:10
       |
    10 | policy = "{"
       |          ^^^

    error: this is no resource policy: statement `x` has no `Effect` that is "Allow" or "Deny"
      --> stack.toml:13:10
       |
    13 | policy = '{"Statement": [{"Sid": "x", "Effect": "allow"}]}'
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: this is no resource policy: statement `x` has no `Resource`
      --> stack.toml:16:10
       |
    16 | policy = '{"Statement": [{"Sid": "x", "Effect": "Allow", "NotPrincipal": "*", "Action": "*"}]}'
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: this is no resource policy: a policy has a `Statement`
      --> stack.toml:19:10
       |
    19 | policy = '{"Version": "2012-10-17"}'
       |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: `table.Twelve.policy` must be true or false, text or a table, not a whole number
      --> stack.toml:22:10
       |
    22 | policy = 5
       |          ^

    6 errors
    "#);
}

#[test]
fn a_policy_over_twenty_kilobytes_is_told() {
    let long = POLICY.replace("reads", &"x".repeat(20 * 1024));
    let told = told(&format!("[table.One]\nkey = ['id:S']\npolicy = '''{long}'''"));
    assert!(told.contains("DynamoDB takes 20480"), "{}", &told[..200]);
}
