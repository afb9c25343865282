//! Versions of objects: listed while they are deleted, and told by every call that makes or changes one.

use super::{World, code, world};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier, Tag, Tagging, VersioningConfiguration,
};

async fn versioned(world: &World) -> Client {
    let client = world.s3();
    client.create_bucket().bucket("stage").send().await.expect("created");
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    client.put_bucket_versioning().bucket("stage").versioning_configuration(on).send().await.expect("on");
    client
}

async fn put(client: &Client, key: &str, body: &'static [u8]) -> String {
    let put = client.put_object().bucket("stage").key(key).body(ByteStream::from_static(body));
    put.send().await.expect("put").version_id.expect("a version")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_after_a_version_that_is_gone() {
    let world = world().await;
    let client = versioned(&world).await;
    for key in ["a", "b"] {
        for body in [&b"1"[..], b"2", b"3", b"4"] {
            put(&client, key, body).await;
        }
        client.delete_object().bucket("stage").key(key).send().await.expect("a marker");
    }
    let (mut key, mut version, mut gone) = (None, None, 0);
    loop {
        let page = client.list_object_versions().bucket("stage").max_keys(3).set_key_marker(key).set_version_id_marker(version);
        let page = page.send().await.expect("listed");
        let versions = page.versions().iter().map(|v| (v.key(), v.version_id()));
        let all = versions.chain(page.delete_markers().iter().map(|m| (m.key(), m.version_id())));
        let named = all.map(|(key, id)| ObjectIdentifier::builder().set_key(key.map(Into::into)).set_version_id(id.map(Into::into)));
        let named: Vec<ObjectIdentifier> = named.map(|o| o.build().expect("whole")).collect();
        gone += named.len();
        let delete = Delete::builder().set_objects(Some(named)).build().expect("whole");
        client.delete_objects().bucket("stage").delete(delete).send().await.expect("deleted");
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
        if key.is_none() {
            break;
        }
    }
    assert_eq!(gone, 10, "each once");
    assert_eq!(code(client.delete_bucket().bucket("stage").send().await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_and_a_joined_upload_tell_the_version_that_they_made() {
    let world = world().await;
    let client = versioned(&world).await;
    let from = put(&client, "a", b"1").await;
    let copied = client.copy_object().bucket("stage").key("b").copy_source("stage/a").send().await.expect("copied");
    assert_eq!(copied.copy_source_version_id(), Some(&*from));
    let upload = client.create_multipart_upload().bucket("stage").key("c").send().await.expect("begun").upload_id.expect("an id");
    let part = client.upload_part().bucket("stage").key("c").upload_id(&upload).part_number(1).body(ByteStream::from_static(b"part"));
    let tag = part.send().await.expect("up").e_tag.expect("a tag");
    let whole = CompletedMultipartUpload::builder().parts(CompletedPart::builder().part_number(1).e_tag(tag).build()).build();
    let joined = client.complete_multipart_upload().bucket("stage").key("c").upload_id(&upload).multipart_upload(whole);
    let joined = joined.send().await.expect("done");
    for (key, made) in [("b", copied.version_id), ("c", joined.version_id)] {
        let now = client.head_object().bucket("stage").key(key).send().await.expect("there");
        assert!(made.is_some() && made == now.version_id, "{key}: {made:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_of_the_version_that_is_named() {
    let world = world().await;
    let client = versioned(&world).await;
    let (old, new) = (put(&client, "a", b"1").await, put(&client, "a", b"2").await);
    let tags = || Tagging::builder().tag_set(Tag::builder().key("k").value("v").build().expect("whole")).build().expect("whole");
    let tagged = client.put_object_tagging().bucket("stage").key("a").version_id(&old).tagging(tags()).send().await.expect("tagged");
    assert_eq!(tagged.version_id(), Some(&*old));
    let count = async |version: Option<&String>| {
        let get = client.get_object_tagging().bucket("stage").key("a").set_version_id(version.cloned());
        get.send().await.expect("told").tag_set().len()
    };
    assert_eq!((count(Some(&old)).await, count(Some(&new)).await, count(None).await), (1, 0, 0));
    let read = client.get_object().bucket("stage").key("a").send().await.expect("there");
    assert_eq!(read.body.collect().await.expect("read").to_vec(), b"2", "the current one is what it was");
    let none = client.delete_object_tagging().bucket("stage").key("a").version_id(&old).send().await.expect("untagged");
    assert_eq!((none.version_id(), count(Some(&old)).await), (Some(&*old), 0));
    client.delete_object().bucket("stage").key("a").send().await.expect("a marker");
    let late = client.put_object_tagging().bucket("stage").key("a").tagging(tags()).send().await;
    assert_eq!(code(late), "NoSuchKey", "what is deleted is not tagged back");
    assert_eq!(code(client.get_object().bucket("stage").key("a").send().await), "NoSuchKey");
}
