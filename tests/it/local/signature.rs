//! Nobody is served unsigned, and each region is a world of its own.

use super::{Caller, ME, code, on_demand, world};
use landfall::local::{Error, Local, Options};

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_refused_by_every_service_in_its_own_words() {
    let world = world().await;
    let (stranger, liar) = (Caller { key: "stranger", ..ME }, Caller { secret: "wrong", ..ME });
    assert_eq!(code(world.dynamodb_as(stranger).list_tables().send().await), "UnrecognizedClientException");
    assert_eq!(code(world.dynamodb_as(liar).list_tables().send().await), "InvalidSignatureException");
    assert_eq!(code(world.s3_as(stranger).list_buckets().send().await), "InvalidAccessKeyId");
    assert_eq!(code(world.s3_as(liar).list_buckets().send().await), "SignatureDoesNotMatch");
    assert_eq!(code(world.sts_as(stranger).get_caller_identity().send().await), "InvalidClientTokenId");
    assert_eq!(code(world.sts_as(liar).get_caller_identity().send().await), "SignatureDoesNotMatch");
    assert_eq!(code(world.cloudwatch_as(stranger).list_metrics().send().await), "InvalidClientTokenId");
    assert_eq!(code(world.cloudwatch_as(liar).list_metrics().send().await), "SignatureDoesNotMatch");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_request_is_refused() {
    let world = world().await;
    let reply = raw(
        &world.local,
        "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: DynamoDB_20120810.ListTables\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
    )
    .await;
    assert!(reply.starts_with("HTTP/1.1 400") && reply.contains("MissingAuthenticationTokenException"), "{reply}");
    let reply = raw(&world.local, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 403") && reply.contains("AccessDenied"), "{reply}");
    let sts = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 24\r\nconnection: close\r\n\r\nAction=GetCallerIdentity";
    let reply = raw(&world.local, sts).await;
    assert!(reply.starts_with("HTTP/1.1 403") && reply.contains("MissingAuthenticationToken"), "{reply}");
}

async fn raw(local: &Local, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let url = local.url();
    let mut stream = tokio::net::TcpStream::connect(url.trim_start_matches("http://")).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.expect("answered");
    String::from_utf8_lossy(&reply).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_is_who_the_options_say() {
    let world = world().await;
    let caller = world.sts_as(ME).get_caller_identity().send().await.expect("answered");
    assert_eq!(caller.account(), Some("123456789012"));
    assert_eq!(caller.arn(), Some("arn:aws:iam::123456789012:user/local"));
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_do_not_see_each_other_and_say_their_own_name() {
    let world = world().await;
    let (here, there) = (world.dynamodb(), world.dynamodb_as(Caller { region: "eu-west-1", ..ME }));
    on_demand(&here, "Users").await;
    assert_eq!(code(there.describe_table().table_name("Users").send().await), "ResourceNotFoundException");
    on_demand(&there, "Users").await;
    let told = there.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    assert_eq!(told.table_arn(), Some("arn:aws:dynamodb:eu-west-1:123456789012:table/Users"));
    let index = &told.global_secondary_indexes()[0];
    assert_eq!(index.index_arn(), Some("arn:aws:dynamodb:eu-west-1:123456789012:table/Users/index/ByMail"));
    here.delete_table().table_name("Users").send().await.expect("deleted");
    assert_eq!(code(there.describe_table().table_name("Users").send().await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_what_it_must_not_do() {
    let outside = Options { addr: ([0, 0, 0, 0], 0).into(), ..Options::default() };
    assert!(matches!(Local::start(outside).await, Err(Error::NotLoopback(_))));
    let first = world().await;
    let addr = first.local.url().trim_start_matches("http://").parse().expect("an address");
    assert!(matches!(Local::start(Options { addr, ..Options::default() }).await, Err(Error::Taken(_))));
    first.local.stop().await;
    assert!(Local::start(Options { addr, ..Options::default() }).await.is_ok(), "a stopped one gives its port free");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_door_to_aws_opens_it() {
    let world = world().await;
    let settings =
        landfall::aws::Settings { region: Some("eu-west-1".into()), endpoint: Some(world.local.endpoint()), ..Default::default() };
    let aws = landfall::aws::Aws::connect(&settings).await.expect("connects");
    assert_eq!((aws.identity().account.as_str(), aws.identity().region.as_str()), ("123456789012", "eu-west-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_for_another_service_is_refused() {
    use super::faults::{exchange, signed_list_tables};
    let world = world().await;
    assert!(exchange(&world.local, &signed_list_tables("dynamodb")).await.expect("answered").starts_with("HTTP/1.1 200"));
    let reply = exchange(&world.local, &signed_list_tables("kms")).await.expect("answered");
    assert!(reply.contains("InvalidSignatureException") && reply.contains("scoped to correct service: 'dynamodb'"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_expired_is_refused_by_every_service_in_its_own_words() {
    let clock = landfall::clock::Clock::manual(u64::try_from(jiff::Timestamp::now().as_millisecond()).expect("after 1970"));
    let options = Options { clock: clock.clone(), token_lasts: Some(std::time::Duration::from_hours(1)), ..Options::default() };
    let world = super::World { local: Local::start(options).await.expect("starts") };
    clock.advance(std::time::Duration::from_secs(3_599));
    assert_eq!(code(world.dynamodb().list_tables().send().await), "OK");
    clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(code(world.dynamodb().list_tables().send().await), "ExpiredTokenException");
    assert_eq!(code(world.s3().list_buckets().send().await), "ExpiredToken");
    assert_eq!(code(world.sts_as(ME).get_caller_identity().send().await), "ExpiredToken");
    assert_eq!(code(world.cloudwatch().list_metrics().send().await), "ExpiredToken");
}
