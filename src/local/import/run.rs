//! One import, from its first object to its last counter.

use super::items::{self, Found};
use super::{ACTIVE_BEFORE, TAKES};
use crate::local::dynamodb::{Import, Region, drop_table, imported, item_fit};
use crate::local::fault::Fault;
use crate::local::s3::Objects;
use dynoxide::Item;
use dynoxide::actions::batch_write_item::{BatchWriteItemRequest, PutRequest, WriteRequest};
use dynoxide::actions::put_item::PutItemRequest;
use std::collections::HashMap;

/// Runs to the end, whatever it is, and notes it; by the clock it is over when AWS would have been done.
pub(super) fn run(region: &Region, objects: &Objects, mut import: Import) {
    let outcome = fill(region, objects, &import);
    let time = region.time();
    let ended = time.now_ms().max(import.started_ms + time.paced(TAKES));
    let _alone = region.alone();
    // Usable before the import says so: who waited for COMPLETED must not find it CREATING. What is left of a table, or was not
    // noted, is seen by DescribeTable; the import says FAILED either way.
    let _ = if matches!(&outcome, Outcome::Failed { keep: false, .. }) {
        drop_table(region, &import.table)
    } else {
        imported(region, &import.table, ended.saturating_sub(time.paced(ACTIVE_BEFORE)))
    };
    import.ended = Some(ended);
    outcome.note(&mut import);
    let noted = region.change(|notes| {
        notes.imports.insert(import.arn.clone(), import.clone());
        Ok(())
    });
    if noted.is_err() {
        // The disk is full: the notes in memory at least must not stay IN_PROGRESS for ever.
        region.notes().imports.insert(import.arn.clone(), import);
    }
}

enum Outcome {
    Done { imported: u64, errors: u64, bytes: u64 },
    Failed { code: String, message: String, keep: bool },
}

impl Outcome {
    fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed { code: code.to_owned(), message: message.into(), keep: false }
    }

    fn note(self, import: &mut Import) {
        match self {
            Self::Done { imported, errors, bytes } => {
                import.counts = Some((imported, errors));
                import.bytes = Some(bytes);
                import.status = if errors == 0 { "COMPLETED".into() } else { "FAILED".into() };
                if errors > 0 {
                    let message = "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more details.";
                    import.failure = Some(("ItemValidationError".into(), message.into()));
                }
            }
            Self::Failed { code, message, .. } => {
                import.status = "FAILED".into();
                import.failure = Some((code, message));
            }
        }
    }
}

fn fill(region: &Region, objects: &Objects, import: &Import) -> Outcome {
    let other_owner = import.bucket_owner.as_deref().is_some_and(|owner| owner != region.account());
    if other_owner || import.bucket.starts_with("taken-") {
        return Outcome::failed("S3AccessDenied", "Access Denied");
    }
    let Some(mut found) = objects.matching(&import.bucket, &import.prefix) else {
        return Outcome::failed("S3NoSuchBucket", "The specified bucket does not exist");
    };
    fastrand::shuffle(&mut found);
    let mut writer = Writer { region, table: &import.table, waiting: Vec::new(), batch: Vec::new(), imported: 0, errors: 0 };
    let mut bytes = 0;
    for object in found {
        let path = objects.data_path(&import.bucket, object.id);
        match items::read(&path, &import.compression, |found| writer.take(found)) {
            Ok(read) => bytes += read,
            Err(Stop::Gone) => {
                return Outcome::failed("ObjectModifiedInS3DuringImport", "An object was changed or deleted during the import");
            }
            Err(Stop::Failed(fault)) => return Outcome::failed("InternalServerError", fault.message),
        }
    }
    match writer.finish() {
        Ok(()) => Outcome::Done { imported: writer.imported, errors: writer.errors, bytes },
        Err(_) => Outcome::failed("InternalServerError", "the embedded AWS could not write its files"),
    }
}

/// Why reading stops early.
enum Stop {
    Gone,
    Failed(Fault),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound { Self::Gone } else { Self::Failed(error.into()) }
    }
}

/// Items so near each other are written in any order; they are held meanwhile, 100 MB at most.
const MIXED: usize = 250;

/// Writes items 25 at a time, and one by one where a batch is refused, so that each is judged for itself.
struct Writer<'a> {
    region: &'a Region,
    table: &'a str,
    /// Read and not written: one of them, any, goes next.
    waiting: Vec<Item>,
    batch: Vec<Item>,
    imported: u64,
    errors: u64,
}

impl Writer<'_> {
    fn take(&mut self, found: Found) -> Result<(), Stop> {
        match found {
            Found::Item(item) => match item_fit(self.region, self.table, &item) {
                Ok(()) => self.waiting.push(item),
                Err(fault) if fault.status >= 500 => return Err(Stop::Failed(fault)),
                Err(_) => self.errors += 1,
            },
            Found::Refused | Found::Broken => self.errors += 1,
        }
        if self.waiting.len() > MIXED { self.next() } else { Ok(()) }
    }

    /// One of the waiting items, drawn.
    fn next(&mut self) -> Result<(), Stop> {
        self.batch.push(self.waiting.swap_remove(fastrand::usize(..self.waiting.len())));
        if self.batch.len() == 25 { self.flush() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), Stop> {
        while !self.waiting.is_empty() {
            self.next()?;
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let batch = std::mem::take(&mut self.batch);
        let count = batch.len() as u64;
        let puts = batch.iter().map(|item| WriteRequest { put_request: Some(PutRequest { item: item.clone() }), delete_request: None });
        let request = BatchWriteItemRequest {
            request_items: HashMap::from([(self.table.to_owned(), puts.collect())]),
            ..BatchWriteItemRequest::default()
        };
        match self.region.db().batch_write_item(request).map_err(Fault::from) {
            Ok(reply) if reply.unprocessed_items.is_empty() => self.imported += count,
            // A bad item, the same key twice or no item at all refuses the batch as a whole.
            Ok(_) | Err(_) => batch.into_iter().try_for_each(|item| self.put(item))?,
        }
        Ok(())
    }

    fn put(&mut self, item: Item) -> Result<(), Stop> {
        let request = PutItemRequest { table_name: self.table.to_owned(), item, ..PutItemRequest::default() };
        match self.region.db().put_item(request).map_err(Fault::from) {
            Ok(_) => self.imported += 1,
            Err(fault) if fault.status >= 500 => return Err(Stop::Failed(fault)),
            Err(_) => self.errors += 1,
        }
        Ok(())
    }
}

/// After a restart: imports that were running have failed, and their tables go.
pub(crate) fn abandon(region: &Region) -> Result<(), Fault> {
    let cut: Vec<Import> = region.notes().imports.values().filter(|i| i.ended.is_none()).cloned().collect();
    for mut import in cut {
        // It may have ended before it made the table.
        let _ = drop_table(region, &import.table);
        import.ended = Some(region.time().now_ms());
        Outcome::failed("InternalServerError", "the embedded AWS was stopped during the import; its table was dropped").note(&mut import);
        region.change(|notes| {
            notes.imports.insert(import.arn.clone(), import.clone());
            Ok(())
        })?;
    }
    Ok(())
}
