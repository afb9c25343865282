//! Files that a stack names and that are part of it, such as a resource policy: read once, counted into the stack's digest.
//!
//! Rule: `parse` reads nothing, so there a file that is named is a finding and not an empty text.
//! Called by `lower`, which asks for a file, and by `load`, which adds what was read to the digest.

use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A policy is at most 20 KB; more than this is another file by mistake.
const MAX_BYTES: u64 = 1024 * 1024;

/// What was read so far.
pub(super) struct Attached {
    /// `None`: nothing is read.
    directory: Option<PathBuf>,
    read: Vec<String>,
}

impl Attached {
    /// Files relative to `directory` are read.
    pub(super) fn of(directory: &Path) -> Self {
        Self { directory: Some(directory.to_owned()), read: Vec::new() }
    }

    /// No file is read.
    pub(super) fn none() -> Self {
        Self { directory: None, read: Vec::new() }
    }

    /// The text of `file`; the error says why there is none, without the file's name.
    pub(super) fn text(&mut self, file: &str) -> Result<String, String> {
        let directory = self.directory.as_ref().ok_or("it is not read here: only a stack that is a file itself has files beside it")?;
        let text = read(&directory.join(file))?;
        self.read.push(text.clone());
        Ok(text)
    }

    /// Adds every file that was read, in the order in which the stack names them. One begins with a byte that no phase and no TOML
    /// holds and with its length, so that no two stacks are one by where a file ends.
    pub(super) fn digest(&self, hash: &mut Sha256) {
        for text in &self.read {
            hash.update([1]);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| format!("it cannot be opened: {e}"))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| format!("it cannot be read: {e}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("it is over 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|e| format!("it is not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
}
