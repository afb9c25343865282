//! The items of one object: decompressed, line by line, without ever holding the whole of it.

use dynoxide::Item;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Far more than an item of 400 KB can need as JSON.
const LONGEST: u64 = 8 * 1024 * 1024;

/// What a line holds.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    Item(Item),
    /// An item that cannot be one (a number that is none): the line counts as an error and the object goes on.
    Refused,
    /// Not an item at all: the rest of the object is abandoned.
    Broken,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "Item")]
    item: &'a RawValue,
}

/// Gives every item of the object to `each`; the uncompressed bytes read. An error is the caller's own, or the file's.
pub(super) fn read<E: From<io::Error>>(path: &Path, compression: &str, mut each: impl FnMut(Found) -> Result<(), E>) -> Result<u64, E> {
    let mut lines = open(path, compression)?;
    let (mut line, mut bytes) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = lines.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        match read {
            Ok(0) => return Ok(bytes),
            // A longer line is read in pieces, which are no items.
            Ok(read) => bytes += read as u64,
            // A broken archive.
            Err(_) => {
                each(Found::Broken)?;
                return Ok(bytes);
            }
        }
        if !line_of(&line, &mut each)? {
            return Ok(bytes);
        }
    }
}

fn open(path: &Path, compression: &str) -> io::Result<Box<dyn BufRead>> {
    let file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    Ok(match compression {
        "GZIP" => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        "ZSTD" => Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(file)?)),
        _ => Box::new(file),
    })
}

/// One line may hold several items without a line feed between them. `false` when the rest of the object is abandoned.
fn line_of<E>(line: &[u8], each: &mut impl FnMut(Found) -> Result<(), E>) -> Result<bool, E> {
    for parsed in serde_json::Deserializer::from_slice(line).into_iter::<Line<'_>>() {
        let found = parsed.map_or(Found::Broken, |line| item_of(line.item.get()));
        let broken = found == Found::Broken;
        each(found)?;
        if broken {
            return Ok(false);
        }
    }
    Ok(true)
}

fn item_of(text: &str) -> Found {
    match serde_json::from_str(text) {
        Ok(item) => Found::Item(item),
        Err(_) if text.starts_with('{') => Found::Refused,
        Err(_) => Found::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn kinds(content: &[u8], compression: &str) -> String {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("object");
        std::fs::write(&path, content).expect("written");
        let mut kinds = String::new();
        read::<io::Error>(&path, compression, |found| {
            kinds.push(match found {
                Found::Item(_) => 'i',
                Found::Refused => 'r',
                Found::Broken => 'b',
            });
            Ok(())
        })
        .expect("readable");
        kinds
    }

    const GOOD: &str = r#"{"Item":{"a":{"S":"x"}}}"#;

    #[test]
    fn lines_become_items_as_measured() {
        for (content, expected) in [
            (String::new(), ""),
            ("\n\n\r\n".into(), ""),
            (format!("{GOOD}\n\n{GOOD}"), "ii"),
            (format!("{GOOD}{GOOD}\n"), "ii"),
            (format!("{GOOD}\nnot json\n{GOOD}\n"), "ib"),
            (format!("{{}}\n{GOOD}\n"), "b"),
            (format!("{{\"Item\":7}}\n{GOOD}\n"), "b"),
            (format!("{{\"Item\":{{\"a\":{{\"N\":\"x\"}}}}}}\n{GOOD}\n"), "ri"),
        ] {
            assert_eq!(kinds(content.as_bytes(), "NONE"), expected, "{content}");
        }
    }

    #[test]
    fn archives_are_read_and_broken_ones_are_one_error() {
        let text = format!("{GOOD}\n{GOOD}\n");
        let zstd = zstd::encode_all(text.as_bytes(), 1).expect("compressed");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("written");
        let gzip = gzip.finish().expect("compressed");
        assert_eq!(kinds(&zstd, "ZSTD"), "ii");
        assert_eq!(kinds(&gzip, "GZIP"), "ii");
        assert!(kinds(&gzip[..gzip.len() - 4], "GZIP").ends_with('b'));
        assert_eq!(kinds(text.as_bytes(), "GZIP"), "b");
    }
}
