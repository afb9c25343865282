//! How a KMS key may be named. Source: KMS API reference, `DescribeKey` (`KeyId`): an id, an ARN, an alias or an alias's ARN.

use super::name;

/// AWS's own alias for a service, and what to write instead of naming it.
pub(crate) const AWS_DYNAMODB: (&str, &str) = ("alias/aws/dynamodb", "write encryption = \"managed\"");
pub(crate) const AWS_S3: (&str, &str) = ("alias/aws/s3", "leave `encryption` out: S3's own keys cost nothing; or name a key of your own");

const HELP: &str = "write its ARN, alias/NAME, the alias's ARN, or its id";

/// `reserved`: the service's own alias. `region`: the stack's, where the key must be.
pub(crate) fn key(text: &str, reserved: (&str, &str), region: Option<&str>) -> Result<(), (String, String)> {
    let (local, place) = match text.split(':').collect::<Vec<_>>()[..] {
        ["arn", partition, "kms", region, account, resource] if partition.starts_with("aws") => (resource, Some((region, account))),
        [id] => (id, None),
        _ => return Err((format!("`{text}` names no KMS key"), HELP.to_owned())),
    };
    if local == reserved.0 {
        return Err((format!("`{}` is AWS's own key", reserved.0), reserved.1.to_owned()));
    }
    let id = if place.is_some() { local.strip_prefix("key/") } else { Some(local) };
    if !id.is_some_and(is_id) && !local.strip_prefix("alias/").is_some_and(is_alias) {
        return Err((format!("`{text}` names no KMS key"), HELP.to_owned()));
    }
    match (place, region) {
        (Some((at, account)), _) if name::region(at).is_err() || name::account(account).is_err() => {
            Err((format!("`{text}` names no KMS key"), "an ARN has a region and an account: arn:aws:kms:REGION:ACCOUNT:key/ID".to_owned()))
        }
        (Some((at, _)), Some(region)) if at != region => {
            Err((format!("this key is in {at}, and the stack in {region}"), "a key must be where what it encrypts is".to_owned()))
        }
        _ => Ok(()),
    }
}

/// A UUID, or `mrk-` and 32 hexadecimal digits.
fn is_id(id: &str) -> bool {
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let groups: Vec<&str> = id.split('-').collect();
    let uuid = groups.len() == 5 && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| hex(group, length));
    uuid || id.strip_prefix("mrk-").is_some_and(|digits| hex(digits, 32))
}

/// KMS API reference, `CreateAlias`: 1 to 250 of letters, digits, `/`, `_` and `-` after the prefix.
fn is_alias(name: &str) -> bool {
    (1..=250).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_key_and_no_other() {
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let arn = "arn:aws:kms:eu-west-1:123456789012";
        let well = [
            id.to_owned(),
            format!("mrk-{}", "0a".repeat(16)),
            "alias/acme".to_owned(),
            "alias/team/a_b-c".to_owned(),
            format!("{arn}:key/{id}"),
            format!("{arn}:key/mrk-{}", "0a".repeat(16)),
            format!("{arn}:alias/acme"),
            format!("arn:aws-cn:kms:eu-west-1:123456789012:key/{id}"),
        ];
        for name in well {
            assert_eq!(key(&name, AWS_DYNAMODB, Some("eu-west-1")), Ok(()), "{name}");
        }
        let ill = [
            String::new(),
            "acme".to_owned(),
            "alias/".to_owned(),
            "alias/a b".to_owned(),
            format!("key/{id}"),
            id[1..].to_owned(),
            format!("{arn}:{id}"),
            format!("{arn}:key/acme"),
            format!("arn:aws:s3:eu-west-1:123456789012:key/{id}"),
            format!("arn:other:kms:eu-west-1:123456789012:key/{id}"),
            format!("arn:aws:kms::123456789012:key/{id}"),
            format!("arn:aws:kms:eu-west-1:12:key/{id}"),
            format!("{arn}:key/{id}:x"),
            "alias/aws/dynamodb".to_owned(),
            format!("{arn}:alias/aws/dynamodb"),
        ];
        for name in ill {
            assert!(key(&name, AWS_DYNAMODB, Some("eu-west-1")).is_err(), "{name}");
        }
        for place in ["arn:aws:kms::123456789012", "arn:aws:kms:eu-west-1:12"] {
            for stack in [Some("eu-west-1"), None] {
                let (_, help) = key(&format!("{place}:key/{id}"), AWS_DYNAMODB, stack).expect_err("nowhere");
                assert_eq!(help, "an ARN has a region and an account: arn:aws:kms:REGION:ACCOUNT:key/ID", "{place}");
            }
        }
        let (reason, _) = key(&format!("{arn}:key/{id}"), AWS_DYNAMODB, Some("us-east-1")).expect_err("elsewhere");
        assert_eq!(reason, "this key is in eu-west-1, and the stack in us-east-1");
    }
}
