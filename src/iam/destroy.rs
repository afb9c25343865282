//! What deleting takes: asked for by name only, and no wider than the name.

use super::need::{Needs, On};
use super::provision::{any_bucket_reads, any_table_reads};
use crate::resource::destroyed_bucket;

const FULL: &str = "--with-data, of a bucket that holds something";
const SCALED: &str = "giving up the auto scaling of a table that is to go";
const KEYED: &str = "a table under a KMS key of the account: the file does not say which, as it does not name the table";

/// What a plan reads of the tables and buckets that `destroy` names.
pub(super) fn reads(destroy: &[String], needs: &mut Needs) {
    for what in destroy {
        match destroyed_bucket(what) {
            None => {
                any_table_reads(what, needs);
                needs.rare("kms", "DescribeKey", &On::AnyKey, KEYED);
            }
            Some(name) => bucket_reads(name, needs),
        }
    }
}

/// Its contents too: whether there is anything to lose, and whether an import still reads from it.
fn bucket_reads(name: &str, needs: &mut Needs) {
    any_bucket_reads(name, needs);
    needs.call("s3", "ListObjectVersions", &On::Bucket(name.to_owned()));
    needs.call("s3", "ListMultipartUploads", &On::Bucket(name.to_owned()));
    needs.call("dynamodb", "ListImports", &On::Any);
}

/// What `apply` deletes.
pub(super) fn writes(destroy: &[String], needs: &mut Needs) {
    for what in destroy {
        match destroyed_bucket(what) {
            None => table(what, needs),
            Some(name) => bucket(name, needs),
        }
    }
}

fn table(name: &str, needs: &mut Needs) {
    let on = On::Table(name.to_owned());
    needs.call("dynamodb", "Scan", &on);
    needs.rarely_implied("Scan", &["kms:Decrypt"], &On::AnyKeyThrough("dynamodb"), KEYED);
    needs.rare("dynamodb", "UpdateTable", &on, "lifting deletion protection");
    needs.call("dynamodb", "DeleteTable", &on);
    needs.rare("application-autoscaling", "DeregisterScalableTarget", &On::ScalableTargets, SCALED);
}

/// `DeleteObjects` of named versions asks for both actions (API reference, "Permissions").
fn bucket(name: &str, needs: &mut Needs) {
    let objects = On::Objects(name.to_owned(), String::new());
    needs.rare("s3", "AbortMultipartUpload", &objects, FULL);
    needs.rare("s3", "DeleteObjects", &objects, FULL);
    needs.rarely_implied("DeleteObjects", &["s3:DeleteObjectVersion"], &objects, FULL);
    needs.call("s3", "DeleteBucket", &On::Bucket(name.to_owned()));
}
