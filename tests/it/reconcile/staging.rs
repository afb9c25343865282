//! A staging bucket that is there already: what of it a plan would lose, and what it takes for what.
//!
//! Rule: what no listing of objects shows counts as well.

use super::leaving::s3;
use super::*;

/// The stack's bucket alone, made by hand, and leave to take it over.
async fn found(stand: &Stand) -> Scene {
    let mut scene = Scene::new();
    scene.desired.tables.clear();
    s3(stand).create_bucket().bucket(&scene.bucket).send().await.expect("made by hand");
    scene.approvals.adopt.insert(scene.bucket.clone());
    scene
}

fn recipes(plan: &Plan) -> Vec<&str> {
    plan.refusals.iter().map(|refusal| refusal.recipe.as_str()).collect()
}

/// The rule of a staging bucket aborts it within a day.
async fn an_upload_that_is_unfinished_in_a_bucket_without_objects_needs_the_word(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, found(stand).await);
    let upload = s3(stand).create_multipart_upload().bucket(&scene.bucket).key("half").send().await.expect("begun");
    let word = format!("s3://{}:expire", scene.bucket);
    let plan = scene.plan(&aws).await;
    assert!(recipes(&plan).len() == 1 && recipes(&plan)[0].ends_with(&format!("or allow it with --destroy {word}")), "{:?}", plan.refusals);
    let id = upload.upload_id().expect("an id");
    s3(stand).abort_multipart_upload().bucket(&scene.bucket).key("half").upload_id(id).send().await.expect("aborted");
    assert_eq!(recipes(&scene.plan(&aws).await), [""; 0]);
    s3(stand).create_multipart_upload().bucket(&scene.bucket).key("half").send().await.expect("begun");
    scene.approvals.destroy.insert(word);
    scene.converge(&aws).await;
}

on_each_stand!(an_upload_that_is_unfinished_in_a_bucket_without_objects_needs_the_word);
