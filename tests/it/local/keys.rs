//! KMS as far as a provisioner asks it.

use super::{ME, code, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_by_its_alias_and_the_managed_one_is_awss() {
    let world = world().await;
    let kms = world.kms_as(ME);
    let made = kms.create_key().description("ours").send().await.expect("made").key_metadata.expect("told");
    kms.create_alias().alias_name("alias/ours").target_key_id(&made.key_id).send().await.expect("named");
    let found = kms.describe_key().key_id("alias/ours").send().await.expect("found").key_metadata.expect("told");
    assert_eq!((found.arn(), found.key_manager().map(|m| m.as_str())), (made.arn(), Some("CUSTOMER")));
    let managed = kms.describe_key().key_id("alias/aws/dynamodb").send().await.expect("found").key_metadata.expect("told");
    assert_eq!(managed.key_manager().map(|m| m.as_str()), Some("AWS"));
    assert_eq!(code(kms.describe_key().key_id("alias/nobody").send().await), "NotFoundException");
    assert_eq!(code(kms.describe_key().key_id("00000000-0000-4000-a000-000000000000").send().await), "NotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_would_not_honour_is_refused() {
    let world = world().await;
    let made = world.kms_as(ME).create_key().multi_region(true).send().await;
    assert_eq!(code(made), "ValidationException");
}
