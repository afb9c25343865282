//! Buckets and objects on disk, and the index of them in memory.
//!
//! Rules: an object's bytes are written to a file of their own and appear in the index only when they are whole, so a
//! reader never sees half of one and a crash leaves the old one; the index is rebuilt from the files at start.

use crate::local::Error;
use crate::local::store::{self, Store};
use s3s::dto::{BucketLifecycleConfiguration, PublicAccessBlockConfiguration, ServerSideEncryptionConfiguration, Tag};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All buckets.
#[derive(Debug)]
pub(crate) struct Objects {
    dir: PathBuf,
    keep: bool,
    buckets: Mutex<BTreeMap<String, Bucket>>,
    next: AtomicU64,
    /// The store is kept open (and its temporary directory alive) while objects may be read.
    _store: Arc<Store>,
}

/// One bucket.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    pub(super) config: Config,
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    /// What is not current: versions and delete markers of a key, newest first. Where the newest of all is a marker, the key has no object.
    pub(super) older: BTreeMap<String, Vec<Arc<Object>>>,
    pub(super) uploads: BTreeMap<String, Upload>,
}

/// A bucket's settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Config {
    pub(super) region: String,
    /// Seconds since 1970.
    pub(super) created: i64,
    pub(super) encryption: Option<ServerSideEncryptionConfiguration>,
    pub(super) public_access: Option<PublicAccessBlockConfiguration>,
    /// `ObjectOwnership` of the one rule.
    pub(super) ownership: Option<String>,
    pub(super) lifecycle: Option<BucketLifecycleConfiguration>,
    /// `TransitionDefaultMinimumObjectSize`.
    pub(super) lifecycle_minimum: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) tags: Vec<Tag>,
    /// `Enabled` or `Suspended`; `None` was never switched.
    pub(super) versioning: Option<String>,
}

/// One object, without its bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Object {
    pub(crate) key: String,
    /// The name of its files.
    pub(crate) id: u64,
    pub(crate) size: u64,
    pub(super) etag: String,
    /// Milliseconds since 1970.
    pub(super) modified: i64,
    pub(super) head: Head,
    pub(super) tags: Vec<Tag>,
    /// Base64 by algorithm (`CRC32`).
    pub(super) checksums: BTreeMap<String, String>,
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub(super) checksum_type: Option<String>,
    pub(super) parts: Option<i32>,
    /// `None`: the version `null`.
    #[serde(default)]
    pub(super) version: Option<String>,
    /// A delete marker, which has no bytes.
    #[serde(default)]
    pub(super) marker: bool,
    /// Drawn when it was committed; 0 in what an older version kept, and of a marker, whose `id` is drawn then.
    #[serde(default)]
    pub(super) sequence: u64,
}

impl Object {
    /// Its place among the versions of its key: what was committed later has a higher one.
    pub(super) fn place(&self) -> u64 {
        self.sequence.max(self.id)
    }
}

/// The headers that an object keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// A multipart upload under way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) started: i64,
    pub(super) head: Head,
    pub(super) tags: Vec<Tag>,
    /// The algorithm whose checksum the whole will have, and how it is made.
    pub(super) algorithm: Option<String>,
    pub(super) checksum_type: Option<String>,
    pub(super) parts: BTreeMap<i32, Object>,
}

impl Objects {
    /// Reads what the store holds.
    pub(crate) fn open(store: &Arc<Store>) -> Result<Arc<Self>, Error> {
        let dir = store.dir().join("s3");
        let failed = |e| Error::Directory(dir.clone(), e);
        fs::create_dir_all(&dir).map_err(failed)?;
        let mut buckets = BTreeMap::new();
        let mut last = 0;
        for entry in fs::read_dir(&dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(bucket) = open_bucket(&entry.path())? {
                let ids = bucket.kept().map(|o| o.place());
                let parts = bucket.uploads.values().flat_map(|u| u.parts.values().map(|p| p.id));
                last = ids.chain(parts).fold(last, u64::max);
                buckets.insert(name, bucket);
            }
        }
        let (keep, next) = (store.keeps(), AtomicU64::new(last + 1));
        Ok(Arc::new(Self { dir, keep, buckets: Mutex::new(buckets), next, _store: Arc::clone(store) }))
    }

    pub(super) fn all(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at one bucket.
    pub(super) fn with<T>(&self, bucket: &str, look: impl FnOnce(&Bucket) -> S3Result<T>) -> S3Result<T> {
        look(self.all().get(bucket).ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))?)
    }

    /// Changes one bucket in memory; what it must keep is written by `change` itself.
    pub(super) fn change<T>(&self, bucket: &str, change: impl FnOnce(&mut Bucket) -> S3Result<T>) -> S3Result<T> {
        change(self.all().get_mut(bucket).ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))?)
    }

    /// Changes a bucket's settings, on disk first.
    pub(super) fn configure(&self, name: &str, change: impl FnOnce(&mut Config) -> S3Result<()>) -> S3Result<()> {
        self.change(name, |bucket| {
            let mut next = bucket.config.clone();
            change(&mut next)?;
            self.save(&self.bucket_dir(name).join("bucket.json"), &next)?;
            bucket.config = next;
            Ok(())
        })
    }

    /// Makes a bucket, unless it is there: then its region. Looked at and made in one, so that of two who make it one finds the other's.
    pub(super) fn create(&self, name: &str, config: Config) -> S3Result<Option<String>> {
        let mut buckets = self.all();
        if let Some(there) = buckets.get(name) {
            return Ok(Some(there.config.region.clone()));
        }
        let dir = self.bucket_dir(name);
        fs::create_dir_all(dir.join("objects")).map_err(broken)?;
        fs::create_dir_all(dir.join("uploads")).map_err(broken)?;
        self.save(&dir.join("bucket.json"), &config)?;
        buckets.insert(name.to_owned(), Bucket { config, ..Bucket::default() });
        Ok(None)
    }

    /// Drops an empty bucket.
    pub(super) fn drop_bucket(&self, name: &str) -> S3Result<()> {
        let mut buckets = self.all();
        let bucket = buckets.get(name).ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))?;
        if !bucket.objects.is_empty() {
            return Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty"));
        }
        if !bucket.older.is_empty() {
            return Err(s3_error!(
                BucketNotEmpty,
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
            ));
        }
        fs::remove_dir_all(self.bucket_dir(name)).map_err(broken)?;
        buckets.remove(name);
        Ok(())
    }

    /// A name for files that nothing else has.
    pub(super) fn fresh_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Puts a written object into the index in place of the one before it, which stays as a version where the bucket keeps them.
    /// The new version's id.
    pub(super) fn commit(
        &self,
        name: &str,
        mut object: Object,
        allowed: impl FnOnce(Option<&Object>) -> S3Result<()>,
    ) -> S3Result<Option<String>> {
        self.change(name, |bucket| {
            allowed(bucket.objects.get(&object.key).map(Arc::as_ref))?;
            object.sequence = self.fresh_id();
            object.version = bucket.next_version(object.sequence);
            self.save(&self.meta_path(name, object.id), &object)?;
            let version = object.version.clone();
            let replaced = bucket.put(object);
            for id in replaced {
                self.discard(name, id);
            }
            Ok(version)
        })
    }

    /// Replaces the tags of one version of an object, or of the current one; what it is then.
    pub(super) fn retag(&self, name: &str, key: &str, version: Option<&str>, tags: Vec<Tag>) -> S3Result<Arc<Object>> {
        self.change(name, |bucket| {
            let object = bucket.find_mut(key, version)?;
            let next = Object { tags, ..(**object).clone() };
            self.save(&self.meta_path(name, next.id), &next)?;
            *object = Arc::new(next);
            Ok(Arc::clone(object))
        })
    }

    /// One object of a bucket.
    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.with(bucket, |b| b.objects.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist.")))
    }

    /// Removes files that nothing refers to any more. What stays behind is swept at the next start.
    pub(super) fn discard(&self, bucket: &str, id: u64) {
        let _ = fs::remove_file(self.meta_path(bucket, id));
        let _ = fs::remove_file(self.data_path(bucket, id));
    }

    /// Where an object's bytes are.
    pub(crate) fn data_path(&self, bucket: &str, id: u64) -> PathBuf {
        self.bucket_dir(bucket).join(format!("objects/{id}.data"))
    }

    pub(super) fn meta_path(&self, bucket: &str, id: u64) -> PathBuf {
        self.bucket_dir(bucket).join(format!("objects/{id}.json"))
    }

    /// Where a multipart upload's state is.
    pub(super) fn upload_path(&self, bucket: &str, upload: &str) -> PathBuf {
        self.bucket_dir(bucket).join(format!("uploads/{upload}.json"))
    }

    fn bucket_dir(&self, bucket: &str) -> PathBuf {
        self.dir.join(bucket)
    }

    /// Keeps a document, where the data is kept at all.
    pub(super) fn save<T: Serialize>(&self, path: &Path, value: &T) -> S3Result<()> {
        if self.keep { store::save(path, value).map_err(broken) } else { Ok(()) }
    }

    /// Whether data must reach the disk before it is acknowledged.
    pub(super) fn keeps(&self) -> bool {
        self.keep
    }

    /// The objects whose keys begin with `prefix`, in key order; `None` for a bucket that is not there.
    pub(crate) fn matching(&self, bucket: &str, prefix: &str) -> Option<Vec<Arc<Object>>> {
        let buckets = self.all();
        let from = buckets.get(bucket)?.objects.range(prefix.to_owned()..);
        Some(from.take_while(|(key, _)| key.starts_with(prefix)).map(|(_, o)| Arc::clone(o)).collect())
    }
}

/// Our own failure, said as S3 says it.
pub(super) fn broken(error: io::Error) -> s3s::S3Error {
    s3_error!(error, InternalError, "the embedded AWS could not read or write its files")
}

/// One bucket from its directory; `None` for a directory that is no bucket.
fn open_bucket(dir: &Path) -> Result<Option<Bucket>, Error> {
    let Some(config) = store::load::<Config>(&dir.join("bucket.json"))? else { return Ok(None) };
    let mut bucket = Bucket { config, ..Bucket::default() };
    let mut found = Vec::new();
    for path in documents(&dir.join("objects"))? {
        if let Some(object) = store::load::<Object>(&path)? {
            found.push(object);
        }
    }
    // In the order in which they were committed: what a crash left of an overwritten object is not put back.
    found.sort_by_key(Object::place);
    for object in found {
        bucket.put(object);
    }
    for path in documents(&dir.join("uploads"))? {
        let id = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        if let (Some(id), Some(upload)) = (id, store::load::<Upload>(&path)?) {
            bucket.uploads.insert(id, upload);
        }
    }
    sweep(&dir.join("objects"), &bucket).map_err(|e| Error::Directory(dir.to_owned(), e))?;
    Ok(Some(bucket))
}

fn documents(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |e| Error::Directory(dir.to_owned(), e);
    fs::create_dir_all(dir).map_err(failed)?;
    let paths = fs::read_dir(dir).map_err(failed)?.map(|e| e.map(|e| e.path()));
    let paths: Vec<PathBuf> = paths.collect::<io::Result<_>>().map_err(failed)?;
    Ok(paths.into_iter().filter(|p| p.extension().is_some_and(|x| x == "json")).collect())
}

/// Removes files that no object and no part refers to: what a crash left.
fn sweep(dir: &Path, bucket: &Bucket) -> io::Result<()> {
    let mut known: std::collections::BTreeSet<u64> = bucket.kept().map(|o| o.id).collect();
    known.extend(bucket.uploads.values().flat_map(|u| u.parts.values().map(|p| p.id)));
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let id = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<u64>().ok());
        if id.is_none_or(|id| !known.contains(&id)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
