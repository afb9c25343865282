//! Staged objects: DynamoDB JSON, one item a line, zstd, shuffled, with a manifest of counts and checksums beside them.
//!
//! Rules: a prefix of its own for every run, ending in `/` (AWS compares prefixes as raw text), and nothing else under it; several
//! middle-sized objects, because a bad line costs the rest of its object and because many are read at once; neighbours in SQL are
//! spread over objects and within them (AWS: "randomise sorted data").
//!
//! Memory: [`LANES`] buffers of [`OBJECT`] bytes and as many on their way.

use super::error::Error;
use super::expect::Ready;
use crate::aws::Aws;
use crate::mapping::wire;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write;
use tokio::task::{JoinError, JoinSet};

/// Buffers that items are dealt into by the hash of their key.
const LANES: usize = 4;
/// Uncompressed bytes of a full object.
const OBJECT: usize = 32 << 20;
/// Uploads at once.
const UPLOADS: usize = 4;
/// ImportTable's limit on objects ("Service quotas").
const MOST_OBJECTS: usize = 50_000;

/// What was staged, as it is written beside the data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) run: String,
    pub(super) items: u64,
    /// Uncompressed: what ImportTable bills.
    pub(super) bytes: u64,
    pub(super) objects: Vec<Staged>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staged {
    pub(super) key: String,
    pub(super) items: u64,
    pub(super) bytes: u64,
    pub(super) compressed_bytes: u64,
    /// Of the compressed bytes, hex.
    pub(super) sha256: String,
}

/// Where the objects go.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) bucket: String,
    /// `<stack>/<table>/<run>/`.
    pub(super) root: String,
}

impl Place {
    pub(super) fn data(&self) -> String {
        format!("{}data/", self.root)
    }

    pub(super) fn manifest(&self) -> String {
        format!("{}manifest.json", self.root)
    }
}

/// Takes items and makes objects of them.
#[derive(Debug)]
pub(super) struct Stager {
    aws: Aws,
    place: Place,
    lanes: Vec<Lane>,
    uploads: JoinSet<Result<Staged, Error>>,
    started: usize,
    manifest: Manifest,
}

/// Lines of one object to be.
#[derive(Debug, Default)]
struct Lane {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Stager {
    pub(super) fn new(aws: &Aws, place: Place, table: &str, run: &str) -> Self {
        let manifest =
            Manifest { schema: "landfall.manifest/v1".into(), table: table.to_owned(), run: run.to_owned(), ..Manifest::default() };
        let lanes = (0..LANES).map(|_| Lane::default()).collect();
        Self { aws: aws.clone(), place, lanes, uploads: JoinSet::new(), started: 0, manifest }
    }

    /// Takes an item; waits while enough uploads are under way.
    pub(super) async fn add(&mut self, ready: &Ready) -> Result<(), Error> {
        #[allow(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let number = ready.key as usize % LANES;
        let Some(lane) = self.lanes.get_mut(number) else { return Ok(()) };
        lane.add(ready);
        if lane.bytes.len() >= OBJECT {
            let full = std::mem::take(lane);
            self.ship(full).await?;
        }
        Ok(())
    }

    /// Uploads the rest and the manifest, and looks that exactly these objects are there.
    pub(super) async fn finish(mut self) -> Result<Manifest, Error> {
        for lane in std::mem::take(&mut self.lanes) {
            if !lane.ends.is_empty() {
                self.ship(lane).await?;
            }
        }
        while let Some(uploaded) = self.uploads.join_next().await {
            self.landed(uploaded)?;
        }
        self.manifest.objects.sort_by(|a, b| a.key.cmp(&b.key));
        let json = serde_json::to_vec_pretty(&self.manifest).map_err(|e| Error::Stage(e.into()))?;
        let sum = Sha256::digest(&json);
        self.aws.put_object(&self.place.bucket, &self.place.manifest(), json, &sum).await?;
        self.verify().await?;
        Ok(self.manifest)
    }

    async fn verify(&self) -> Result<(), Error> {
        let listed = self.aws.list_objects(&self.place.bucket, &self.place.data()).await?;
        let listed: Vec<(&str, u64)> = listed.iter().map(|o| (o.key.as_str(), o.bytes)).collect();
        let staged: Vec<(&str, u64)> = self.manifest.objects.iter().map(|o| (o.key.as_str(), o.compressed_bytes)).collect();
        if listed == staged {
            return Ok(());
        }
        let problem = format!(
            "{} objects were staged and {} are under {}/{}, or their sizes differ: something else writes there; run again",
            staged.len(),
            listed.len(),
            self.place.bucket,
            self.place.data()
        );
        Err(Error::Import { table: self.manifest.table.clone(), problem })
    }

    async fn ship(&mut self, lane: Lane) -> Result<(), Error> {
        if self.started >= MOST_OBJECTS {
            let problem = format!(
                "more than {MOST_OBJECTS} objects would be staged, and ImportTable takes no more; create the table with `landfall apply` and load again: rows are then written directly"
            );
            return Err(Error::Import { table: self.manifest.table.clone(), problem });
        }
        if self.uploads.len() >= UPLOADS
            && let Some(uploaded) = self.uploads.join_next().await
        {
            self.landed(uploaded)?;
        }
        let key = format!("{}{:05}.json.zst", self.place.data(), self.started);
        self.started += 1;
        self.uploads.spawn(upload(self.aws.clone(), self.place.bucket.clone(), key, lane));
        Ok(())
    }

    fn landed(&mut self, uploaded: Result<Result<Staged, Error>, JoinError>) -> Result<(), Error> {
        let staged = uploaded.map_err(|e| Error::Stage(std::io::Error::other(e)))??;
        self.manifest.items += staged.items;
        self.manifest.bytes += staged.bytes;
        self.manifest.objects.push(staged);
        Ok(())
    }
}

async fn upload(aws: Aws, bucket: String, key: String, lane: Lane) -> Result<Staged, Error> {
    let (items, bytes) = (lane.ends.len() as u64, lane.bytes.len() as u64);
    let packed = tokio::task::spawn_blocking(move || lane.pack()).await;
    let packed = packed.map_err(|e| Error::Stage(std::io::Error::other(e)))?.map_err(Error::Stage)?;
    let sum = Sha256::digest(&packed);
    let compressed_bytes = packed.len() as u64;
    aws.put_object(&bucket, &key, packed, &sum).await?;
    Ok(Staged { key, items, bytes, compressed_bytes, sha256: hex(&sum) })
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _fits = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

impl Lane {
    fn add(&mut self, ready: &Ready) {
        self.bytes.extend_from_slice(b"{\"Item\":");
        wire::write(&ready.item, &mut self.bytes);
        self.bytes.extend_from_slice(b"}\n");
        self.ends.push(self.bytes.len());
    }

    /// The lines in random order, compressed at level 1 (which costs less than the upload that it saves).
    fn pack(&self) -> std::io::Result<Vec<u8>> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let mut lines: Vec<&[u8]> = starts.zip(&self.ends).filter_map(|(from, to)| self.bytes.get(*from..*to)).collect();
        fastrand::shuffle(&mut lines);
        let mut encoder = zstd::Encoder::new(Vec::new(), 1)?;
        encoder.include_checksum(true)?;
        lines.into_iter().try_for_each(|line| encoder.write_all(line))?;
        encoder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Attribute, Item};

    #[test]
    fn every_item_is_one_line_that_reads_back() {
        let items: Vec<Item> = (0..100).map(|i| [("k".to_owned(), Attribute::S(format!("v{i}\n\"\u{2028}")))].into()).collect();
        let mut lane = Lane::default();
        for item in &items {
            lane.add(&Ready { item: item.clone(), key: 0, children: 0 });
        }
        let text = String::from_utf8(zstd::decode_all(&*lane.pack().expect("packs")).expect("unpacks")).expect("UTF-8");
        let mut back: Vec<Item> = text
            .split_terminator('\n')
            .map(|line| line.strip_prefix("{\"Item\":").and_then(|l| l.strip_suffix('}')).expect("the envelope"))
            .map(|item| wire::read(item.as_bytes()).expect("reads back"))
            .collect();
        assert_ne!(back, items, "the order is shuffled");
        back.sort();
        let mut sorted = items;
        sorted.sort();
        assert_eq!(back, sorted);
    }

    #[test]
    fn the_manifest_is_not_under_the_prefix_that_the_import_reads() {
        let place = Place { bucket: "b".into(), root: "s/T/r/".into() };
        assert!(place.data().ends_with('/') && !place.manifest().starts_with(&place.data()));
    }
}
