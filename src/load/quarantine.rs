//! The quarantine file: one JSON line for each row that could not become an item, so that no row is lost without a trace.
//!
//! Rules: made only when the first row needs it, readable by its owner alone, never over an older file; it holds values by
//! design (it is data), so its path is told and its content never is; a write that fails stops the load.

use super::error::Error;
use super::expect::Locator;
use crate::mapping::Value;
use crate::mapping::json::Json;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The file, not yet made or open.
#[derive(Debug)]
pub(super) struct Quarantine {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    rows: u64,
}

impl Quarantine {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, rows: 0 }
    }

    /// Rows written so far, children included.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The file's path, once there is a file.
    pub(super) fn made(&self) -> Option<String> {
        self.file.as_ref().map(|_| self.path.display().to_string())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps one row (with `children` rows of its own).
    pub(super) fn keep(
        &mut self,
        table: &str,
        entity: &str,
        relation: &str,
        row: &Locator,
        reason: &str,
        children: u64,
    ) -> Result<(), Error> {
        let key: serde_json::Map<String, serde_json::Value> =
            row.columns.iter().map(|(column, value)| (column.clone(), json!(plain(value)))).collect();
        let line = json!({
            "table": table, "entity": entity, "relation": relation, "key": key,
            "position": row.position, "children": children, "reason": reason,
        });
        self.append(&line).map_err(|source| self.failed(source))?;
        self.rows += 1 + children;
        Ok(())
    }

    fn append(&mut self, line: &serde_json::Value) -> std::io::Result<()> {
        if self.file.is_none() {
            self.file = Some(BufWriter::new(create(&self.path)?));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        serde_json::to_writer(&mut *file, line)?;
        file.write_all(b"\n")
    }

    /// Brings everything to the disk.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let done = file.flush().and_then(|()| file.get_ref().sync_all());
        done.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Quarantine { path: self.path.clone(), source }
    }
}

/// Where the quarantine of `stack` goes when nobody says: `STACK-quarantine.ndjson`, or with the first number that no earlier run's file has.
pub fn free(stack: &str) -> PathBuf {
    let first = PathBuf::from(format!("{stack}-quarantine.ndjson"));
    let numbered = (2..=u32::MAX).map(|n| PathBuf::from(format!("{stack}-quarantine-{n}.ndjson")));
    let mut names = std::iter::once(first.clone()).chain(numbered);
    names.find(|path| std::fs::symlink_metadata(path).is_err()).unwrap_or(first)
}

/// A new file with mode 0600; an existing one is an error, because it may hold an earlier run's rows.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A key value as text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::NotANumber(text) => (*text).to_owned(),
        Value::Text(text) | Value::Time(text) | Value::Impossible(text) | Value::Json(Json::Text(text)) => text.clone(),
        Value::Bytes(bytes) => base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes),
        Value::Date(date) => date.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::Instant(instant) => instant.to_string(),
        Value::Json(_) => "(json)".into(),
        Value::List(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Set(members) => members.join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locator() -> Locator {
        Locator { columns: vec![("id".into(), Value::Text("a\"\n".into()))], position: 7 }
    }

    #[test]
    fn no_row_no_file_and_a_row_is_one_private_line() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("q.ndjson");
        let mut quarantine = Quarantine::new(&path);
        quarantine.sync().expect("nothing to do");
        assert!(!path.exists() && quarantine.made().is_none());
        quarantine.keep("T", "e", "r", &locator(), "too long", 2).expect("written");
        quarantine.sync().expect("synced");
        let text = std::fs::read_to_string(&path).expect("readable");
        let line: serde_json::Value = serde_json::from_str(text.trim_end()).expect("one JSON line");
        assert_eq!((line["key"]["id"].as_str(), line["reason"].as_str()), (Some("a\"\n"), Some("too long")));
        assert_eq!((text.lines().count(), quarantine.rows()), (1, 3));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_name_that_no_file_has_is_taken() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let stack = dir.path().join("shop").display().to_string();
        for name in ["shop-quarantine.ndjson", "shop-quarantine-2.ndjson", "shop-quarantine-3.ndjson"] {
            let path = free(&stack);
            assert_eq!(path, dir.path().join(name));
            // A link that leads nowhere is in the way too.
            std::os::unix::fs::symlink("nowhere", path).expect("a link");
        }
    }

    #[test]
    fn an_older_file_is_never_overwritten() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("q.ndjson");
        std::fs::write(&path, "earlier").expect("written");
        let kept = Quarantine::new(&path).keep("T", "e", "r", &locator(), "x", 0);
        assert!(matches!(kept, Err(Error::Quarantine { .. })));
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "earlier");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_not_a_lost_row() {
        let mut quarantine = Quarantine::new(Path::new("/dev/full"));
        quarantine.file = Some(BufWriter::new(File::options().write(true).open("/dev/full").expect("opens")));
        let kept = quarantine.keep("T", "e", "r", &locator(), "x", 0).and_then(|()| quarantine.sync());
        assert!(matches!(kept, Err(Error::Quarantine { .. })));
    }
}
