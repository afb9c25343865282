//! The files of an export: gzipped lines of `{"Item":{…}}`, a manifest of the files, and a summary.

use crate::local::dynamodb::{Export, Region, describe_engine};
use crate::local::export::told;
use crate::local::fault::Fault;
use crate::local::s3::{Objects, Undelivered, md5};
use base64::Engine as _;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

/// Items of one file.
const PER_FILE: u64 = 50_000;

/// Why the files are not there.
pub(super) enum Failed {
    Bucket(Undelivered),
    Table(Fault),
}

impl From<Undelivered> for Failed {
    fn from(error: Undelivered) -> Self {
        Self::Bucket(error)
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Table(fault)
    }
}

/// The id of the table as it is now.
pub(super) fn table_id(region: &Region, table: &str) -> Result<String, Fault> {
    Ok(describe_engine(region, table)?["TableId"].as_str().unwrap_or_default().to_owned())
}

/// Writes everything; `ends` says from the number of items when the export is over.
pub(super) fn all(region: &Region, objects: &Objects, export: &mut Export, id: &str, ends: impl FnOnce(u64) -> u64) -> Result<(), Failed> {
    let slash = if export.prefix.is_empty() || export.prefix.ends_with('/') { "" } else { "/" };
    let under = format!("{}{slash}AWSDynamoDB/{id}/", export.prefix);
    objects.deliver(&export.bucket, &format!("{under}_started"), b"")?;
    let mut files = Files { objects, bucket: &export.bucket, under: &under, open: None, listed: Vec::new(), items: 0, bytes: 0 };
    region.history().each_item_at(region, &export.table, told::millis(export.at), |item| files.take(item))?;
    files.close()?;
    let (listed, items, bytes) = (files.listed, files.items, files.bytes);
    (export.items, export.bytes, export.ends) = (items, bytes, ends(items));
    export.manifest = format!("{under}manifest-summary.json");
    let manifest = listed.iter().fold(String::new(), |text, file| text + &file.to_string() + "\n");
    with_sum(objects, &export.bucket, &format!("{under}manifest-files"), manifest.as_bytes())?;
    let summary = told::summary(region, export, &format!("{under}manifest-files.json")).to_string();
    with_sum(objects, &export.bucket, &format!("{under}manifest-summary"), summary.as_bytes())?;
    Ok(())
}

/// A manifest, and its MD5 beside it.
fn with_sum(objects: &Objects, bucket: &str, key: &str, bytes: &[u8]) -> Result<(), Failed> {
    let sum = base64::engine::general_purpose::STANDARD.encode(md5(bytes));
    objects.deliver(bucket, &format!("{key}.json"), bytes)?;
    objects.deliver(bucket, &format!("{key}.md5"), sum.as_bytes())?;
    Ok(())
}

/// The data files, one open at a time.
struct Files<'a> {
    objects: &'a Objects,
    bucket: &'a str,
    under: &'a str,
    open: Option<(GzEncoder<Vec<u8>>, u64)>,
    listed: Vec<Value>,
    items: u64,
    bytes: u64,
}

impl Files<'_> {
    fn take(&mut self, item: &Value) -> Result<(), Failed> {
        let line = format!("{}\n", json!({ "Item": item }));
        let (file, items) = self.open.get_or_insert_with(|| (GzEncoder::new(Vec::new(), Compression::fast()), 0));
        file.write_all(line.as_bytes()).map_err(Undelivered::Io)?;
        *items += 1;
        self.items += 1;
        self.bytes += line.len() as u64;
        if *items == PER_FILE { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), Failed> {
        let Some((file, items)) = self.open.take() else { return Ok(()) };
        let bytes = file.finish().map_err(Undelivered::Io)?;
        let key = format!("{}data/{:016x}{:08x}.json.gz", self.under, fastrand::u64(..), self.listed.len());
        let etag = self.objects.deliver(self.bucket, &key, &bytes)?;
        let sum = base64::engine::general_purpose::STANDARD.encode(md5(&bytes));
        self.listed.push(json!({ "itemCount": items, "md5Checksum": sum, "etag": etag, "dataFileS3Key": key }));
        Ok(())
    }
}
