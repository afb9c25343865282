//! From a path or a text to a checked [`Stack`], or to everything that is wrong with it.

use super::attached::Attached;
use super::finding::Findings;
use super::secret::{holds_password, masked};
use super::syntax::File;
use super::{lower, schema, structure};
use crate::diagnostic::Diagnostics;
use crate::stack::Stack;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;
use toml::de::DeTable;

/// A stack file is a page of text; more than this is another file by mistake.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// How a sealed plan begins (`plan::seal`).
const SEALED: &str = "{\"format\":\"landfall.plan/";

/// Reads and checks the stack file at `path`, with the overlay `phase`. Relative paths in it are relative to its directory.
/// The error holds every finding, a file that cannot be read among them.
pub fn load(path: &Path, phase: Option<&str>) -> Result<Stack, Diagnostics> {
    let text = read(path).map_err(|(message, help)| unreadable(path, &message, help))?;
    let absolute = std::path::absolute(path).map_err(|e| unreadable(path, &format!("cannot find the stack file's directory: {e}"), ""))?;
    let directory = directory(&absolute);
    read_stack(&text, path, directory, phase, Attached::of(directory))
}

/// Checks `text` as the stack file `path`, which is only a name here: nothing is read. Relative paths in the stack are
/// joined to `path`'s directory as it is written.
pub fn parse(text: &str, path: &Path, phase: Option<&str>) -> Result<Stack, Diagnostics> {
    read_stack(text, path, directory(path), phase, Attached::none())
}

fn read_stack(text: &str, shown: &Path, directory: &Path, phase: Option<&str>, mut files: Attached) -> Result<Stack, Diagnostics> {
    let mut found = Findings::new(shown.display().to_string(), text);
    let stack = document(text, &mut found).and_then(|file| lower::stack(&file, directory, phase, &mut files, &mut found));
    match stack {
        Some(stack) if found.is_empty() => Ok(Stack { digest: digest(text, phase, &files), ..stack }),
        _ => {
            if found.is_empty() {
                // Cannot happen while every check that gives up says why; if it does, it must not look like success.
                found.error_with(&(0..0), "the stack could not be read, and no check said why", "please report this file as a defect");
            }
            Err(found.finish())
        }
    }
}

/// Text to syntax. Where the text is no TOML, its errors are all there is to say: what was meant cannot be known.
fn document(text: &str, found: &mut Findings<'_>) -> Option<File> {
    let (mut document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        found.error(&error.span().unwrap_or_default(), format!("not TOML: {}", error.message().replace('\n', ", ")));
    }
    if !errors.is_empty() {
        return None;
    }
    structure::check(&schema(), &mut document, found);
    match File::deserialize(toml::de::Deserializer::from(document)) {
        Ok(file) => Some(file),
        Err(error) => {
            // The first pass knows what serde knows, so this is a rule that only serde has. Its text may quote a value: not repeated.
            found.error_with(
                &error.span().unwrap_or_default(),
                "this value does not fit the stack syntax",
                "compare it with `landfall schema`",
            );
            None
        }
    }
}

fn read(path: &Path) -> Result<String, (String, &'static str)> {
    let file = std::fs::File::open(path)
        .map_err(|e| (format!("cannot open the stack file: {e}"), "give the path of a stack file, such as stacks/users.toml"))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| (format!("cannot read the stack file: {e}"), ""))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(("the stack file is over 4 MiB".to_owned(), "is this the right file? a stack is a page of text"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|e| (format!("the stack file is not UTF-8 text (byte {})", e.utf8_error().valid_up_to()), "save it as UTF-8"))?;
    another(&text).map_or(Ok(text), |(message, help)| Err((message.to_owned(), help)))
}

/// What the file is instead of a stack, where it is plain: said once, not as what is wrong with each of its lines.
fn another(text: &str) -> Option<(&'static str, &'static str)> {
    if text.trim().is_empty() {
        return Some(("the stack file is empty", "was it cut short? `landfall init --from-live` writes one from what is there"));
    }
    let sealed = text.trim_start().starts_with(SEALED);
    sealed.then_some((
        "this is a sealed plan, not a stack file",
        "`landfall apply FILE` carries it out; every other verb takes the stack that it was made from",
    ))
}

fn unreadable(path: &Path, message: &str, help: &str) -> Diagnostics {
    let shown = path.display().to_string();
    // Somebody who gives the source's address where the stack belongs has not asked to see its password again.
    let (shown, help) =
        if holds_password(&shown) { (masked(&shown), "this is an address: give it as `--source env:NAME`") } else { (shown, help) };
    let mut found = Findings::new(shown, "");
    found.error_maybe(&(0..0), message, (!help.is_empty()).then(|| help.to_owned()));
    found.finish()
}

fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// SHA-256 (hex) of the file's bytes; a phase adds a zero byte (which no TOML holds) and its name, and a file that the stack names adds
/// its own bytes.
fn digest(text: &str, phase: Option<&str>, files: &Attached) -> String {
    let mut hash = Sha256::new();
    hash.update(text);
    if let Some(phase) = phase {
        hash.update([0]);
        hash.update(phase);
    }
    files.digest(&mut hash);
    format!("{:x}", hash.finalize())
}
