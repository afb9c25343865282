//! From `source.url` (or `--source`) to an address that can be opened, making the sample database where the stack has one.

use super::failure::Failure;
use crate::event::Events;
use crate::source;
use crate::stack::Stack;
use crate::stack::model::{SourceSpec, UrlSpec};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes; an address is a line.
const LONGEST: u64 = 64 * 1024;

/// The address to open. It may hold a password; it goes nowhere but to `Source::connect`.
pub(super) fn resolve(stack: &Stack, over: Option<&str>, events: &Events) -> Result<String, Failure> {
    match (over, &stack.source) {
        (Some(text), _) => read(&crate::stack::address(text, Path::new("."))?),
        (None, Some(spec)) => {
            let url = read(&spec.url)?;
            seed(spec, &url, events)?;
            Ok(url)
        }
        (None, None) => Err(Failure::Usage("the stack has no [source]: add one, or pass --source".into())),
    }
}

fn read(spec: &UrlSpec) -> Result<String, Failure> {
    match spec {
        UrlSpec::Literal(url) => Ok(url.clone()),
        UrlSpec::Env(name) => match std::env::var(name) {
            Ok(url) if !url.trim().is_empty() => Ok(url.trim().to_owned()),
            _ => Err(Failure::Usage(format!(
                "the source's address is in the environment variable {name}, which is not set: set it, or pass --source"
            ))),
        },
        UrlSpec::File(path) => line_of(path)
            .map(|url| url.trim().to_owned())
            .map_err(|e| Failure::Usage(format!("the source's address is in {}, which cannot be read: {e}", path.display()))),
    }
}

/// The text of a file that holds an address; a device or a dump given by mistake is not read to its end.
fn line_of(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(std::io::Error::other("it is longer than any address: check the path"));
    }
    Ok(text)
}

/// Makes the sample database when its file is absent: only for SQLite, only where the stack names seed files.
fn seed(spec: &SourceSpec, url: &str, events: &Events) -> Result<(), Failure> {
    let Some(path) = sqlite_file(url) else { return Ok(()) };
    if spec.seed.is_empty() || path.exists() {
        return Ok(());
    }
    let mut sql = String::new();
    for file in &spec.seed {
        let text = std::fs::read_to_string(file).map_err(|e| Failure::Usage(format!("cannot read the seed {}: {e}", file.display())))?;
        sql.push_str(&text);
        sql.push('\n');
    }
    source::seed(&path, &sql)?;
    events.note(format!("made the sample database {} from {} seed file(s)", path.display(), spec.seed.len()));
    Ok(())
}

fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}
