//! The notes as they are kept over restarts: which format they have, and how older ones are read.
//!
//! Rules: every older format opens, what it did not say has its default; a newer one is refused by its number, before anything of it is
//! read. Pure. Called by `region` when it opens.

use super::notes::Notes;
use crate::local::Error;
use serde_json::{Map, Value};
use std::path::Path;

/// The format that is written. 0 had no number; its first notes told times of imports in seconds.
pub(super) const FORMAT: u32 = 1;

/// The notes in the document `kept`, which was read from `path`.
pub(super) fn read(kept: Value, path: &Path) -> Result<Notes, Error> {
    let found = kept.get("format").and_then(Value::as_u64).unwrap_or(0);
    if found > u64::from(FORMAT) {
        return Err(Error::Newer { path: path.to_owned(), found, known: FORMAT });
    }
    let notes = serde_json::from_value::<Notes>(upgraded(kept));
    let notes = notes.map_err(|e| Error::Corrupt { path: path.to_owned(), reason: e.to_string() })?;
    Ok(Notes { format: FORMAT, ..notes })
}

fn upgraded(mut kept: Value) -> Value {
    each(&mut kept, "imports", |import| {
        let Some(started) = import.remove("started") else { return };
        import.insert("started_ms".into(), millis(&started));
        if let Some(ended) = import.get_mut("ended").filter(|ended| !ended.is_null()) {
            *ended = millis(ended);
        }
    });
    each(&mut kept, "exports", |export| {
        if let Some(at) = export.remove("export_time") {
            export.insert("at".into(), at);
        }
    });
    kept
}

fn each(kept: &mut Value, name: &str, act: impl FnMut(&mut Map<String, Value>)) {
    let all = kept.get_mut(name).and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut());
    all.filter_map(Value::as_object_mut).for_each(act);
}

/// Seconds as milliseconds.
fn millis(seconds: &Value) -> Value {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of this era, in milliseconds")]
    let millis = (seconds.as_f64().unwrap_or(0.0) * 1000.0).round() as u64;
    millis.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_written_and_a_newer_one_refused_by_name() {
        let path = Path::new("/kept/notes.json");
        assert_eq!(read(json!({}), path).map(|notes| notes.format).ok(), Some(FORMAT));
        let refused = read(json!({ "format": 7, "tables": "another shape" }), path).expect_err("refused").to_string();
        assert!(refused.starts_with("/kept/notes.json was written by a newer landfall (its format is 7, this one knows 1)"), "{refused}");
        let broken = read(json!({ "tables": "another shape" }), path).expect_err("refused").to_string();
        assert!(broken.contains("is not readable as data of the embedded AWS"), "{broken}");
    }
}
