//! S3 as the stager and the provisioner use it.

use super::{Caller, ME, World, code, world};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, CreateBucketConfiguration, Tag, Tagging,
};

async fn bucket(world: &World) -> aws_sdk_s3::Client {
    let client = world.s3();
    client.create_bucket().bucket("stage").send().await.expect("created");
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_bucket_is_closed_as_awss_are() {
    let world = world().await;
    let client = bucket(&world).await;
    let encryption = client.get_bucket_encryption().bucket("stage").send().await.expect("told");
    let rule = &encryption.server_side_encryption_configuration().expect("told").rules()[0];
    assert_eq!(rule.apply_server_side_encryption_by_default().map(|d| d.sse_algorithm().as_str()), Some("AES256"));
    let access = client.get_public_access_block().bucket("stage").send().await.expect("told");
    let access = access.public_access_block_configuration().expect("told");
    assert_eq!(
        [access.block_public_acls(), access.block_public_policy(), access.ignore_public_acls(), access.restrict_public_buckets()],
        [Some(true); 4]
    );
    let ownership = client.get_bucket_ownership_controls().bucket("stage").send().await.expect("told");
    assert_eq!(ownership.ownership_controls().expect("told").rules()[0].object_ownership().as_str(), "BucketOwnerEnforced");
    assert_eq!(code(client.get_bucket_lifecycle_configuration().bucket("stage").send().await), "NoSuchLifecycleConfiguration");
    assert_eq!(code(client.get_bucket_policy().bucket("stage").send().await), "NoSuchBucketPolicy");
    assert_eq!(code(client.get_bucket_tagging().bucket("stage").send().await), "NoSuchTagSet");
    client.delete_public_access_block().bucket("stage").send().await.expect("dropped");
    assert_eq!(code(client.get_public_access_block().bucket("stage").send().await), "NoSuchPublicAccessBlockConfiguration");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owner_is_refused_on_every_call() {
    let world = world().await;
    let client = bucket(&world).await;
    let (other, me) = ("999999999999", "123456789012");
    assert_eq!(code(client.list_objects_v2().bucket("stage").expected_bucket_owner(other).send().await), "AccessDenied");
    let put =
        |owner: &str| client.put_object().bucket("stage").key("a").body(ByteStream::from_static(b"x")).expected_bucket_owner(owner).send();
    assert_eq!(code(put(other).await), "AccessDenied");
    assert_eq!(code(put(me).await), "OK");
    assert!(client.head_bucket().bucket("stage").expected_bucket_owner(other).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_can_be_taken_by_somebody_else() {
    let world = world().await;
    let client = world.s3();
    assert_eq!(code(client.create_bucket().bucket("taken-by-them").send().await), "BucketAlreadyExists");
    let head = client.head_bucket().bucket("taken-by-them").send().await.expect_err("theirs");
    assert_eq!(head.raw_response().map(|r| r.status().as_u16()), Some(403));
    let head = client.head_bucket().bucket("nobodys").send().await.expect_err("not there");
    assert_eq!(head.raw_response().map(|r| r.status().as_u16()), Some(404));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_lives_in_its_region() {
    let world = world().await;
    let there = world.s3_as(Caller { region: "eu-west-1", ..ME });
    assert_eq!(code(there.create_bucket().bucket("far").send().await), "IllegalLocationConstraintException");
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1).build();
    let create = || there.create_bucket().bucket("far").create_bucket_configuration(place.clone()).send();
    create().await.expect("created");
    assert_eq!(code(create().await), "BucketAlreadyOwnedByYou");
    assert_eq!(code(world.s3().list_objects_v2().bucket("far").send().await), "PermanentRedirect");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_in_comes_out_and_what_was_damaged_does_not_go_in() {
    let world = world().await;
    let client = bucket(&world).await;
    let body: Vec<u8> = (0..600_000_u32).map(|i| (i % 251) as u8).collect();
    for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32C, ChecksumAlgorithm::Sha256] {
        let put = client.put_object().bucket("stage").key("a/ü +%").body(body.clone().into()).checksum_algorithm(algorithm);
        put.metadata("run", "7").send().await.expect("put");
        let got = client.get_object().bucket("stage").key("a/ü +%").send().await.expect("got");
        assert_eq!(got.metadata().and_then(|m| m.get("run")).map(String::as_str), Some("7"));
        assert_eq!(got.body.collect().await.expect("read").to_vec(), body);
    }
    let part = client.get_object().bucket("stage").key("a/ü +%").range("bytes=10-19").send().await.expect("got");
    assert_eq!(part.body.collect().await.expect("read").to_vec(), body[10..20]);
    let put = || client.put_object().bucket("stage").key("b").body(ByteStream::from_static(b"x"));
    assert_eq!(code(put().content_md5("AAAAAAAAAAAAAAAAAAAAAA==").send().await), "BadDigest");
    assert_eq!(code(put().checksum_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").send().await), "BadDigest");
    assert_eq!(code(client.get_object().bucket("stage").key("b").send().await), "NoSuchKey");
    assert_eq!(code(put().if_none_match("*").send().await), "OK");
    assert_eq!(code(put().if_none_match("*").send().await), "PreconditionFailed");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_whole_over_pages_prefixes_and_delimiters() {
    let world = world().await;
    let client = bucket(&world).await;
    for key in ["a/1", "a/2", "a/b/3", "ab", "b/4", "c d+é"] {
        client.put_object().bucket("stage").key(key).body(ByteStream::from_static(b"x")).send().await.expect("put");
    }
    let (mut keys, mut token) = (Vec::new(), None);
    loop {
        let page = client.list_objects_v2().bucket("stage").max_keys(2).set_continuation_token(token).send().await.expect("listed");
        keys.extend(page.contents().iter().filter_map(|o| o.key().map(str::to_owned)));
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(keys, ["a/1", "a/2", "a/b/3", "ab", "b/4", "c d+é"]);
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let page =
            client.list_objects_v2().bucket("stage").delimiter("/").max_keys(1).set_continuation_token(token).send().await.expect("listed");
        seen.extend(page.common_prefixes().iter().filter_map(|p| p.prefix().map(str::to_owned)));
        seen.extend(page.contents().iter().filter_map(|o| o.key().map(str::to_owned)));
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a/", "ab", "b/", "c d+é"]);
    let raw = client.list_objects_v2().bucket("stage").prefix("a").send().await.expect("listed");
    assert_eq!(raw.contents().len(), 4, "a prefix is raw text");
}

#[tokio::test(flavor = "multi_thread")]
async fn multipart_uploads_are_joined_listed_and_aborted() {
    let world = world().await;
    let client = bucket(&world).await;
    let begin = || client.create_multipart_upload().bucket("stage").key("big").send();
    let upload = begin().await.expect("begun").upload_id.expect("an id");
    let part = |number, bytes: Vec<u8>| {
        client.upload_part().bucket("stage").key("big").upload_id(&upload).part_number(number).body(bytes.into()).send()
    };
    let first = part(1, vec![b'a'; 5 * 1024 * 1024]).await.expect("up").e_tag.expect("a tag");
    let small = part(2, vec![b'b'; 10]).await.expect("up").e_tag.expect("a tag");
    let last = part(3, vec![b'c'; 10]).await.expect("up").e_tag.expect("a tag");
    assert_eq!(client.list_parts().bucket("stage").key("big").upload_id(&upload).send().await.expect("listed").parts().len(), 3);
    let complete = |parts: Vec<(i32, &str)>| {
        let parts = parts.into_iter().map(|(n, tag)| CompletedPart::builder().part_number(n).e_tag(tag).build()).collect();
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        client.complete_multipart_upload().bucket("stage").key("big").upload_id(&upload).multipart_upload(whole).send()
    };
    assert_eq!(code(complete(vec![(1, &first), (2, &small), (3, &last)]).await), "EntityTooSmall");
    assert_eq!(code(complete(vec![(3, &last), (1, &first)]).await), "InvalidPartOrder");
    assert_eq!(code(complete(vec![(1, &last), (3, &last)]).await), "InvalidPart");
    assert_eq!(code(complete(vec![(1, &first), (3, &last)]).await), "OK");
    let head = client.head_object().bucket("stage").key("big").send().await.expect("there");
    assert_eq!(head.content_length(), Some(5 * 1024 * 1024 + 10));
    assert!(head.e_tag().is_some_and(|t| t.ends_with("-2\"")));
    let dead = begin().await.expect("begun").upload_id.expect("an id");
    let uploads = || client.list_multipart_uploads().bucket("stage").send();
    assert_eq!(uploads().await.expect("listed").uploads().len(), 1);
    client.abort_multipart_upload().bucket("stage").key("big").upload_id(&dead).send().await.expect("aborted");
    assert!(uploads().await.expect("listed").uploads().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_empty_bucket_goes() {
    let world = world().await;
    let client = bucket(&world).await;
    client.put_object().bucket("stage").key("a").body(ByteStream::from_static(b"x")).send().await.expect("put");
    assert_eq!(code(client.delete_bucket().bucket("stage").send().await), "BucketNotEmpty");
    client.copy_object().bucket("stage").key("b").copy_source("stage/a").send().await.expect("copied");
    let tags = Tagging::builder().tag_set(Tag::builder().key("k").value("v").build().expect("whole")).build().expect("whole");
    client.put_object_tagging().bucket("stage").key("b").tagging(tags).send().await.expect("tagged");
    assert_eq!(client.get_object_tagging().bucket("stage").key("b").send().await.expect("told").tag_set().len(), 1);
    for key in ["a", "b"] {
        client.delete_object().bucket("stage").key(key).send().await.expect("deleted");
    }
    assert_eq!(code(client.delete_bucket().bucket("stage").send().await), "OK");
}

/// Each version of the bucket as `key:marker`, in the list's order.
async fn versions(client: &aws_sdk_s3::Client) -> Vec<(String, String, bool)> {
    let (mut out, mut key, mut id) = (Vec::new(), None, None);
    loop {
        let request = client.list_object_versions().bucket("stage").max_keys(2).set_key_marker(key).set_version_id_marker(id);
        let page = request.send().await.expect("listed");
        let text = |s: Option<&str>| s.expect("told").to_owned();
        out.extend(page.versions().iter().map(|v| (text(v.key()), text(v.version_id()), false)));
        out.extend(page.delete_markers().iter().map(|m| (text(m.key()), text(m.version_id()), true)));
        if page.is_truncated() != Some(true) {
            out.sort();
            return out;
        }
        (key, id) = (page.next_key_marker, page.next_version_id_marker);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_versioned_bucket_keeps_what_is_overwritten_and_deleted_until_each_version_goes() {
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let world = world().await;
    let client = bucket(&world).await;
    let put =
        |key: &'static str, body: &'static [u8]| client.put_object().bucket("stage").key(key).body(ByteStream::from_static(body)).send();
    let switch = |status| {
        client
            .put_bucket_versioning()
            .bucket("stage")
            .versioning_configuration(VersioningConfiguration::builder().status(status).build())
            .send()
    };
    put("a", b"before").await.expect("put");
    switch(BucketVersioningStatus::Enabled).await.expect("on");
    let first = put("a", b"first").await.expect("put").version_id.expect("a version");
    put("a", b"second").await.expect("put");
    let gone = client.delete_object().bucket("stage").key("a").send().await.expect("deleted");
    assert_eq!(gone.delete_marker(), Some(true));
    assert_eq!(code(client.get_object().bucket("stage").key("a").send().await), "NoSuchKey");
    let old = client.get_object().bucket("stage").key("a").version_id(&first).send().await.expect("kept");
    assert_eq!(old.body.collect().await.expect("read").to_vec(), b"first");
    assert_eq!(versions(&client).await.len(), 4, "three versions and a marker");
    assert_eq!(code(client.delete_bucket().bucket("stage").send().await), "BucketNotEmpty");
    // The marker goes, and the newest version is the object again.
    client.delete_object().bucket("stage").key("a").version_id(gone.version_id().expect("its own")).send().await.expect("deleted");
    let back = client.get_object().bucket("stage").key("a").send().await.expect("back");
    assert_eq!(back.body.collect().await.expect("read").to_vec(), b"second");
    // Suspended: the version `null` is replaced, and the marker takes its place.
    switch(BucketVersioningStatus::Suspended).await.expect("suspended");
    put("a", b"null again").await.expect("put");
    client.delete_object().bucket("stage").key("a").send().await.expect("deleted");
    let left = versions(&client).await;
    assert_eq!((left.len(), left.iter().filter(|(_, id, marker)| *marker && id == "null").count()), (3, 1), "{left:?}");
    for (key, id, _) in left {
        client.delete_object().bucket("stage").key(key).version_id(id).send().await.expect("deleted");
    }
    assert_eq!(code(client.delete_bucket().bucket("stage").send().await), "OK");
}
