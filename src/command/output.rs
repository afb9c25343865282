//! The result's way out: stdout and files, in the formats that were asked for.

use crate::cli::{Format, Output, OutputArgs};
use crate::report::{Report, json, text};
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Columns when nobody says.
const WIDTH: u16 = 120;
/// Columns that a table needs.
const NARROWEST: u16 = 60;

/// Whether stdout gets the table: asked for, or nothing else goes there.
pub(super) fn table_on_stdout(args: &OutputArgs) -> bool {
    let mut to_stdout = args.outputs.iter().filter(|o| o.file.is_none()).peekable();
    to_stdout.peek().is_none() || to_stdout.all(|o| o.format == Format::Table)
}

/// Every output that is wanted; stdout gets a table where none names it. Files stand first, because they can be written again when
/// something after them cannot be written; then pipes and devices, then stdout.
pub(super) fn in_order(args: &OutputArgs, extra: &[Output]) -> Vec<Output> {
    let table = Output { format: Format::Table, file: None };
    let to_stdout = args.outputs.iter().any(|o| o.file.is_none());
    let implied = (!to_stdout).then_some(&table);
    let mut all: Vec<Output> = implied.into_iter().chain(&args.outputs).chain(extra).cloned().collect();
    all.sort_by_key(|output| (output.file.is_none(), !can_be_replaced(output)));
    all
}

/// Whether writing the output again takes back what it said before.
pub(super) fn can_be_replaced(output: &Output) -> bool {
    output.file.as_ref().is_some_and(|path| !is_special(path))
}

/// A device or a pipe.
pub(super) fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

/// Writes `report` to one output, less the `shown` bytes that stdout has already.
pub(super) fn write(report: &Report, output: &Output, shown: usize) -> Result<(), String> {
    let style = if output.file.is_none() { style() } else { text::Style { colour: false, width: WIDTH } };
    let rendered = match output.format {
        Format::Table => text::render(report, style),
        Format::Json => json::render(report),
    };
    match &output.file {
        // Nothing was shown where anything but the table goes to stdout.
        None => to_stdout(rendered.get(shown..).unwrap_or(&rendered)),
        Some(path) => file(path, rendered.as_bytes()).map_err(|e| format!("cannot write {}: {e}", path.display())),
    }
}

/// Prints to stdout; a reader that went away is not an error.
pub(super) fn to_stdout(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("cannot write to stdout: {e}")),
        _ => Ok(()),
    }
}

/// Writes `bytes` to `path` whole or not at all, readable by the owner only: a report may hold row values.
pub(super) fn file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A device or a pipe is written to; a rename would put a file in its place.
    if is_special(path) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let part = part(path)?;
    let written = write_part(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

/// Whether [`file`] would find a place, without leaving anything there. Of a device or a pipe only writing tells.
pub(super) fn can_write(path: &Path) -> std::io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|m| m.is_dir()) {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    if is_special(path) {
        return Ok(());
    }
    let part = part(path)?;
    let written = write_part(&part, b"");
    let _ = std::fs::remove_file(&part);
    written
}

/// Where a file is made, beside the place where it will stand.
fn part(path: &Path) -> std::io::Result<PathBuf> {
    let mut name = path.file_name().ok_or_else(|| std::io::Error::other("not a file name"))?.to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(name))
}

fn write_part(part: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The style for stdout: `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`, `TERM=dumb` and the terminal decide, in this order.
pub(super) fn style() -> text::Style {
    let set = |name: &str| std::env::var(name).is_ok_and(|v| !v.is_empty() && v != "0");
    let off = std::env::var("NO_COLOR").is_ok_and(|v| !v.is_empty());
    let dumb = std::env::var("TERM").is_ok_and(|t| t == "dumb") || std::env::var("CLICOLOR").is_ok_and(|v| v == "0");
    let terminal = std::io::stdout().is_terminal() && !dumb;
    let said = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let seen = console::Term::stdout().size_checked().map(|(_, width)| width);
    text::Style { colour: !off && (set("CLICOLOR_FORCE") || terminal), width: width(said, seen) }
}

/// The first that a table fits in.
fn width(said: Option<u16>, seen: Option<u16>) -> u16 {
    said.into_iter().chain(seen).find(|width| *width >= NARROWEST).unwrap_or(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::FileTypeExt;

    #[test]
    fn a_width_in_which_no_table_fits_is_none() {
        assert_eq!(
            [(Some(60), Some(99)), (None, Some(99)), (Some(59), Some(99)), (Some(9), Some(59))].map(|(a, b)| width(a, b)),
            [60, 99, 99, WIDTH]
        );
        assert_eq!(width(None, None), WIDTH);
    }

    #[test]
    fn a_report_in_a_file_leaves_stdout_to_the_table() {
        let args = |outputs: &[(Format, Option<&str>)]| {
            let outputs = outputs.iter().map(|(format, file)| Output { format: *format, file: file.map(Into::into) });
            OutputArgs { outputs: outputs.collect(), ..OutputArgs::default() }
        };
        assert!(table_on_stdout(&args(&[])) && table_on_stdout(&args(&[(Format::Table, None)])));
        assert!(table_on_stdout(&args(&[(Format::Json, Some("f"))])));
        assert!(
            !table_on_stdout(&args(&[(Format::Json, None)])) && !table_on_stdout(&args(&[(Format::Table, None), (Format::Json, None)]))
        );
    }

    #[test]
    fn files_come_before_pipes_and_stdout_is_last() {
        let output = |file: Option<&str>| Output { format: Format::Json, file: file.map(Into::into) };
        let args = OutputArgs { outputs: vec![output(None), output(Some("/dev/null")), output(Some("f"))], ..OutputArgs::default() };
        assert_eq!(in_order(&args, &[output(Some("g"))]), [Some("f"), Some("g"), Some("/dev/null"), None].map(output));
        let implied = in_order(&OutputArgs::default(), &[output(Some("g"))]);
        assert_eq!(implied, [output(Some("g")), Output { format: Format::Table, file: None }]);
    }

    #[test]
    fn a_place_is_tried_without_a_trace() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| can_write(&folder.path().join(name)).is_ok();
        std::fs::write(folder.path().join("old"), "old").expect("written");
        assert_eq!(
            [at("new"), at("old"), at("no/new"), at(".."), can_write(Path::new("/dev/full")).is_ok()],
            [true, true, false, false, true]
        );
        let left: Vec<_> = std::fs::read_dir(folder.path()).expect("there").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, ["old"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("old")).expect("there"), "old");
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        // Open for both, so that neither side waits for the other.
        let mut pipe = OpenOptions::new().read(true).write(true).open(&path).expect("a pipe");
        file(&path, b"report").expect("written");
        assert!(std::fs::metadata(&path).expect("there").file_type().is_fifo());
        let mut read = [0; 6];
        pipe.read_exact(&mut read).expect("readable");
        assert_eq!(&read, b"report");
    }
}
