//! Names of KMS keys in a stack, resolved before anything is compared: AWS shows ARNs, whatever it was told.
//!
//! Rules: one `DescribeKey` a distinct key, none for a stack that names no key; what names a key that is not there or cannot encrypt is
//! refused in the plan, because AWS would refuse it in the middle of the apply; everything else is planned. A full ARN that this role may
//! not describe (another account's key) is taken at its word. Called by [`super::provision::make`].

use super::failure::Failure;
use crate::aws::Aws;
use crate::aws::keys::{Key, is_arn};
use crate::plan::fit::UNRESOLVED;
use crate::plan::{Desired, Plan, Refusal, Target};
use crate::resource::Encryption;
use crate::safe;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long throttling may slow one key down.
const PATIENCE: Duration = Duration::from_mins(2);

/// Why what names the key is refused, and what to do about it.
type Useless = (String, String);

/// `desired` with every usable key by its ARN, and the account's own `aws/dynamodb` key as what it is; and what cannot have its key.
pub(super) async fn resolve(aws: &Aws, mut desired: Desired) -> Result<(Desired, Vec<Refusal>), Failure> {
    let (mut keys, mut useless) = (BTreeMap::new(), BTreeMap::new());
    for name in names(&desired) {
        match look(aws, &name).await? {
            Ok(key) => drop(keys.insert(name, key)),
            Err(why) => drop(useless.insert(name, why)),
        }
    }
    let refused = refusals(&desired, &useless);
    replace(&mut desired, &keys);
    Ok((desired, refused))
}

fn refusals(desired: &Desired, useless: &BTreeMap<String, Useless>) -> Vec<Refusal> {
    let tables = desired.tables.iter().filter_map(|(name, table)| match &table.encryption {
        Encryption::Key(key) => Some((Target::Table(name.clone()), key)),
        _ => None,
    });
    let buckets = desired.buckets.iter().filter_map(|(name, bucket)| Some((Target::Bucket(name.clone()), bucket.kms_key.as_ref()?)));
    let refusal = |(target, key): (Target, &String)| {
        let (reason, recipe) = useless.get(key)?.clone();
        Some(Refusal { target, reason, recipe })
    };
    tables.chain(buckets).filter_map(refusal).collect()
}

/// Puts them into the plan: nothing is done to what is refused.
pub(super) fn refuse(plan: &mut Plan, refused: Vec<Refusal>) {
    for refusal in refused {
        plan.works.iter_mut().filter(|work| work.target == refusal.target).for_each(|work| work.steps.clear());
        plan.budgets.retain(|budget| budget.target != refusal.target);
        // Why it was not is what is told.
        plan.refusals.retain(|other| other.target != refusal.target || !other.reason.ends_with(UNRESOLVED));
        plan.refusals.push(refusal);
    }
}

fn names(desired: &Desired) -> BTreeSet<String> {
    let tables = desired.tables.values().filter_map(|t| if let Encryption::Key(key) = &t.encryption { Some(key.clone()) } else { None });
    tables.chain(desired.buckets.values().filter_map(|b| b.kms_key.clone())).collect()
}

fn replace(desired: &mut Desired, keys: &BTreeMap<String, Key>) {
    for table in desired.tables.values_mut() {
        let Encryption::Key(name) = &table.encryption else { continue };
        let Some(key) = keys.get(name) else { continue };
        table.encryption = if key.aws_managed { Encryption::Managed } else { Encryption::Key(key.arn.clone()) };
    }
    for bucket in desired.buckets.values_mut() {
        let Some(key) = bucket.kms_key.as_ref().and_then(|name| keys.get(name)) else { continue };
        bucket.kms_key = Some(key.arn.clone());
    }
}

async fn look(aws: &Aws, name: &str) -> Result<Result<Key, Useless>, Failure> {
    let region = &aws.identity().region;
    match aws.describe_key(name, aws.deadline(PATIENCE)).await {
        Ok(Some(Key { unusable: None, arn, aws_managed })) => Ok(Ok(Key { arn, aws_managed, unusable: None })),
        Ok(Some(Key { unusable: Some(why), .. })) => Ok(Err((
            format!("nothing can be encrypted by the KMS key {}: {why}", safe::text(name)),
            "enable the key (or cancel its deletion) in KMS, or name another one in the stack file".into(),
        ))),
        Ok(None) => Ok(Err((
            format!("there is no KMS key {} in {region}", safe::text(name)),
            "name a key of this region in the stack file: alias/NAME, its id or its ARN".into(),
        ))),
        Err(error) if error.is_denied() && is_arn(name) => Ok(Ok(Key { arn: name.to_owned(), aws_managed: false, unusable: None })),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Budget, Limited};
    use crate::resource::{Bucket, Key as TableKey, Table};

    fn desired() -> Desired {
        let table = |encryption| Table { encryption, ..Table::plain(TableKey { partition: Vec::new(), sort: Vec::new() }) };
        let bucket =
            Bucket { name: "b".into(), expire_days: 1, tags: BTreeMap::new(), versioning: false, kms_key: Some("alias/shop".into()) };
        let tables =
            [("A", Encryption::Key("alias/shop".into())), ("B", Encryption::Key("alias/aws/dynamodb".into())), ("C", Encryption::Owned)];
        Desired {
            tables: tables.into_iter().map(|(name, e)| (name.to_owned(), table(e))).collect(),
            buckets: [("b".to_owned(), bucket)].into(),
            ..Desired::default()
        }
    }

    #[test]
    fn each_key_is_asked_for_once_and_replaced_everywhere() {
        let mut wish = desired();
        assert_eq!(names(&wish), BTreeSet::from(["alias/aws/dynamodb".to_owned(), "alias/shop".to_owned()]));
        let key = |arn: &str, aws_managed| Key { arn: arn.to_owned(), aws_managed, unusable: None };
        let keys = [("alias/shop".to_owned(), key("arn:shop", false)), ("alias/aws/dynamodb".to_owned(), key("arn:aws", true))];
        replace(&mut wish, &keys.into());
        let encryption: Vec<_> = wish.tables.values().map(|t| t.encryption.clone()).collect();
        assert_eq!(encryption, [Encryption::Key("arn:shop".into()), Encryption::Managed, Encryption::Owned]);
        assert_eq!(wish.buckets["b"].kms_key.as_deref(), Some("arn:shop"));
    }

    #[test]
    fn nothing_is_done_to_what_is_refused_and_the_rest_stays_planned() {
        let mut made = crate::plan::samples::plan();
        let calls = |plan: &Plan| plan.works.iter().map(|work| (work.target.clone(), work.steps.len())).collect::<BTreeMap<_, _>>();
        let (before, target) = (calls(&made), made.works[0].target.clone());
        assert!(before.len() > 1 && before.values().all(|steps| *steps > 0), "{before:?}");
        let twice = format!("the encryption key alias/none {UNRESOLVED}");
        made.refusals.push(Refusal { target: target.clone(), reason: twice, recipe: String::new() });
        let other = made.works[1].target.clone();
        made.budgets = [&target, &other].map(|of| Budget { target: of.clone(), what: Limited::Ttl, uses: 1, left: None }).into();
        refuse(&mut made, vec![Refusal { target: target.clone(), reason: "no key".into(), recipe: "name one".into() }]);
        let expected: BTreeMap<_, _> = before.into_iter().map(|(of, steps)| if of == target { (of, 0) } else { (of, steps) }).collect();
        assert_eq!((calls(&made), made.refusals.len()), (expected, 1));
        assert_eq!(made.budgets.iter().map(|budget| &budget.target).collect::<Vec<_>>(), [&other]);
    }

    #[test]
    fn an_alias_arn_is_no_key_arn() {
        assert!(is_arn("arn:aws:kms:us-east-1:1:key/a"));
        assert!(!is_arn("arn:aws:kms:us-east-1:1:alias/a") && !is_arn("alias/a") && !is_arn("key/a"));
    }
}
