//! Versions of objects: kept, listed, deleted one by one.
//!
//! Rules ("How S3 Versioning works", S3 user guide): with versioning on, a write makes a version and a deletion a marker, and nothing
//! goes unless its version is named; suspended, both take the place of the version `null`; never switched on, there is only that one.
//! A version's name begins with its place, so that a list goes on from one that is gone.
//! Called by `serve` for the list, and by whatever puts, reads, tags or deletes objects.

use super::list::{encoded, limit};
use super::object::{at, millis, signed};
use super::objects::{Bucket, Object, Objects};
use super::serve::Bucketeer;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Result, s3_error};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Bucket {
    /// Everything that has files.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.objects.values().chain(self.older.values().flatten())
    }

    /// The id of a version that is made now.
    pub(super) fn next_version(&self, place: u64) -> Option<String> {
        let on = self.config.versioning.as_deref() == Some("Enabled");
        on.then(|| format!("{place:016x}-{:016x}", fastrand::u64(..)))
    }

    /// Makes `object` (or a marker) the newest of its key. What has its version's name goes: the ids of their files.
    pub(super) fn put(&mut self, object: Object) -> Vec<u64> {
        let key = object.key.clone();
        let mut older = self.older.remove(&key).unwrap_or_default();
        older.splice(0..0, self.objects.remove(&key));
        let (replaced, mut older): (Vec<_>, Vec<_>) = older.into_iter().partition(|o| o.version == object.version);
        if object.marker {
            older.insert(0, Arc::new(object));
        } else {
            self.objects.insert(key.clone(), Arc::new(object));
        }
        if !older.is_empty() {
            self.older.insert(key, older);
        }
        replaced.iter().map(|o| o.id).collect()
    }

    /// Takes one version out; the newest of the rest becomes current.
    fn take(&mut self, key: &str, version: Option<&str>) -> Option<Arc<Object>> {
        let is = |object: &Arc<Object>| object.version.as_deref() == version;
        if self.objects.get(key).is_some_and(is) {
            let gone = self.objects.remove(key);
            self.promote(key);
            return gone;
        }
        let older = self.older.get_mut(key)?;
        let gone = older.remove(older.iter().position(is)?);
        self.promote(key);
        Some(gone)
    }

    /// One version of an object, or the current one, to be changed.
    pub(super) fn find_mut(&mut self, key: &str, version: Option<&str>) -> S3Result<&mut Arc<Object>> {
        let Some(version) = version else { return self.objects.get_mut(key).ok_or_else(no_key) };
        let all = self.objects.get_mut(key).into_iter().chain(self.older.get_mut(key).into_iter().flatten());
        match all.into_iter().find(|object| name(object) == version) {
            Some(object) if object.marker => Err(no_method()),
            found => found.ok_or_else(no_version),
        }
    }

    fn promote(&mut self, key: &str) {
        let Some(older) = self.older.get_mut(key) else { return };
        if !self.objects.contains_key(key) && older.first().is_some_and(|o| !o.marker) {
            self.objects.insert(key.to_owned(), older.remove(0));
        }
        if older.is_empty() {
            self.older.remove(key);
        }
    }

    /// Where `version` is among the versions of `key`, or was; `None` for one that does not tell, such as a `null` that is gone.
    fn place_of(&self, key: &str, version: &str) -> Option<u64> {
        let there = self.versions(key).find(|object| name(object) == version).map(|object| object.place());
        there.or_else(|| u64::from_str_radix(version.split_once('-')?.0, 16).ok())
    }

    /// A key's versions, newest first.
    fn versions(&self, key: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.objects.get(key).into_iter().chain(self.older.get(key).into_iter().flatten())
    }
}

impl Objects {
    /// Deletes an object as a client asks: a version by its name, or the object, of which a marker stays where versions are kept.
    /// What was deleted, or made.
    pub(super) fn remove(&self, name: &str, key: &str, version: Option<&str>) -> S3Result<Option<Arc<Object>>> {
        self.change(name, |bucket| {
            let named = version.map(|v| Some(v).filter(|v| *v != "null"));
            let unversioned = bucket.config.versioning.is_none().then_some(None);
            if let Some(version) = named.or(unversioned) {
                let gone = bucket.take(key, version);
                if let Some(object) = &gone {
                    self.discard(name, object.id);
                }
                return Ok(gone.filter(|_| named.is_some()));
            }
            let id = self.fresh_id();
            let version = bucket.next_version(id);
            let marker = Object { key: key.to_owned(), id, modified: millis(), version, marker: true, ..Object::default() };
            self.save(&self.meta_path(name, marker.id), &marker)?;
            let made = Arc::new(marker.clone());
            for id in bucket.put(marker) {
                self.discard(name, id);
            }
            Ok(Some(made))
        })
    }

    /// One version of an object, or the current one.
    pub(super) fn version(&self, bucket: &str, key: &str, version: Option<&str>) -> S3Result<Arc<Object>> {
        let Some(version) = version else { return self.object(bucket, key) };
        let is = |object: &&Arc<Object>| object.version.as_deref().unwrap_or("null") == version;
        let found = self.with(bucket, |b| Ok(b.versions(key).find(is).cloned()))?;
        match found {
            Some(marker) if marker.marker => Err(no_method()),
            found => found.ok_or_else(no_version),
        }
    }
}

fn no_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

fn no_version() -> S3Error {
    s3_error!(NoSuchVersion, "The specified version does not exist.")
}

fn no_method() -> S3Error {
    s3_error!(MethodNotAllowed, "The specified method is not allowed against this resource.")
}

/// The version's name as S3 tells it; none in a bucket that never kept any.
pub(super) fn told(s3: &Bucketeer, bucket: &str, object: &Object) -> S3Result<Option<String>> {
    let versioned = s3.objects.with(bucket, |b| Ok(b.config.versioning.is_some()))?;
    Ok(versioned.then(|| object.version.clone().unwrap_or_else(|| "null".into())))
}

/// ListObjectVersions: by key, newest first. Without a delimiter.
pub(super) fn list(s3: &Bucketeer, request: S3Request<ListObjectVersionsInput>) -> S3Result<ListObjectVersionsOutput> {
    let input = request.input;
    if input.delimiter.is_some() {
        return Err(s3_error!(NotImplemented, "the embedded AWS lists versions without a delimiter only"));
    }
    let (most, max_keys) = limit(input.max_keys)?;
    let url = input.encoding_type.as_ref().is_some_and(|e| e.as_str() == "url");
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = (input.key_marker.clone().unwrap_or_default(), input.version_id_marker.clone());
    let mut page = s3.objects.with(&input.bucket, |b| Ok(entries(b, &prefix, &after)))?;
    let more = page.len() > most;
    page.truncate(most);
    let next = page.last().filter(|_| more).map(|(object, _)| Arc::clone(object));
    let (markers, versions): (Vec<_>, Vec<_>) = page.into_iter().partition(|(object, _)| object.marker);
    Ok(ListObjectVersionsOutput {
        versions: Some(versions.iter().map(|(object, latest)| told_version(s3, object, *latest, url)).collect()),
        delete_markers: Some(markers.iter().map(|(object, latest)| told_marker(s3, object, *latest, url)).collect()),
        is_truncated: Some(more),
        next_key_marker: next.as_ref().map(|o| encoded(&o.key, url)),
        next_version_id_marker: next.map(|o| name(&o)),
        name: Some(input.bucket),
        prefix: Some(encoded(&prefix, url)),
        key_marker: Some(encoded(&after.0, url)),
        version_id_marker: after.1,
        max_keys: Some(max_keys),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    })
}

/// What comes after the marker (a key, or a key and a version of it), and whether each is its key's latest.
fn entries(bucket: &Bucket, prefix: &str, after: &(String, Option<String>)) -> Vec<(Arc<Object>, bool)> {
    let keys: BTreeSet<&String> = bucket.objects.keys().chain(bucket.older.keys()).filter(|key| key.starts_with(prefix)).collect();
    let mut out = Vec::new();
    for key in keys.into_iter().filter(|key| **key >= after.0) {
        let all = bucket.versions(key).enumerate().map(|(at, object)| (Arc::clone(object), at == 0));
        if *key != after.0 {
            out.extend(all);
        } else if let Some(version) = &after.1 {
            let place = bucket.place_of(key, version);
            out.extend(all.filter(|(object, _)| place.is_none_or(|place| object.place() < place)));
        }
    }
    out
}

fn name(object: &Object) -> String {
    object.version.clone().unwrap_or_else(|| "null".into())
}

fn told_version(s3: &Bucketeer, object: &Object, latest: bool, url: bool) -> ObjectVersion {
    ObjectVersion {
        key: Some(encoded(&object.key, url)),
        version_id: Some(name(object)),
        is_latest: Some(latest),
        size: Some(signed(object.size)),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(at(object.modified)),
        owner: Some(s3.owner()),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        ..ObjectVersion::default()
    }
}

fn told_marker(s3: &Bucketeer, object: &Object, latest: bool, url: bool) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        key: Some(encoded(&object.key, url)),
        version_id: Some(name(object)),
        is_latest: Some(latest),
        last_modified: Some(at(object.modified)),
        owner: Some(s3.owner()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::objects::Config;
    use super::*;
    use crate::local::store::Store;

    fn versioned(dir: &std::path::Path) -> Arc<Objects> {
        let objects = Objects::open(&Arc::new(Store::open(Some(dir)).expect("a store"))).expect("opens");
        if objects.with("b", |_| Ok(())).is_err() {
            let config = Config { versioning: Some("Enabled".into()), ..Config::default() };
            objects.create("b", config).expect("made");
        }
        objects
    }

    fn object(key: &str, id: u64) -> Object {
        Object { key: key.into(), id, ..Object::default() }
    }

    #[test]
    fn the_newest_is_what_was_committed_last_after_a_restart_too() {
        let dir = tempfile::tempdir().expect("a directory");
        let (slow, quick) = {
            let objects = versioned(dir.path());
            let (slow, quick) = (objects.fresh_id(), objects.fresh_id());
            for id in [quick, slow] {
                objects.commit("b", object("k", id), |_| Ok(())).expect("committed");
            }
            assert_eq!(objects.object("b", "k").expect("there").id, slow);
            (slow, quick)
        };
        let objects = versioned(dir.path());
        assert_eq!(objects.object("b", "k").expect("there").id, slow, "and not {quick}, whose body began later");
        let next = objects.fresh_id();
        objects.commit("b", object("k", next), |_| Ok(())).expect("committed");
        drop(objects);
        assert_eq!(versioned(dir.path()).object("b", "k").expect("there").id, next);
    }

    #[test]
    fn a_list_goes_on_at_the_place_of_a_version_that_is_gone() {
        let dir = tempfile::tempdir().expect("a directory");
        let objects = versioned(dir.path());
        let made: Vec<String> = (0..4)
            .map(|_| objects.commit("b", object("k", objects.fresh_id()), |_| Ok(())).expect("committed").expect("a version"))
            .collect();
        objects.remove("b", "k", Some(&made[2])).expect("removed");
        let after = |marker: &str| {
            let after = ("k".to_owned(), Some(marker.to_owned()));
            objects.with("b", |b| Ok(entries(b, "", &after).iter().map(|(o, _)| name(o)).collect::<Vec<_>>())).expect("there")
        };
        assert_eq!(after(&made[2]), [made[1].clone(), made[0].clone()], "neither repeated nor lost");
        assert_eq!(after(&made[1]), [made[0].clone()]);
        assert_eq!(after("null").len(), 3, "what has no place is no reason to leave anything out");
    }
}
