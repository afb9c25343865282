//! TOML's own writing: keys, strings, lists, blocks.

use crate::safe::is_hostile;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Tags that make a longer line than this get a block of their own.
const LONGEST_LINE: usize = 120;

/// A key: bare where TOML allows it.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { name.to_owned() } else { quoted(name) }
}

/// A string on one line, with everything escaped that could break out of it or steer a terminal.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_hostile(c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// JSON over several lines, as it was laid out, where a literal string can hold it.
pub(super) fn literal(text: &str) -> String {
    let holds = !text.contains("'''") && !text.chars().any(|c| c != '\n' && is_hostile(c));
    if holds { format!("'''\n{text}\n'''") } else { quoted(text) }
}

/// `["a", "b"]`.
pub(super) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    format!("[{}]", texts.into_iter().map(quoted).collect::<Vec<_>>().join(", "))
}

/// `[path]` with its lines, and the tags: on the line where they fit, else in a block behind.
pub(super) fn block(path: &str, mut lines: Vec<String>, tags: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = tags.iter().map(|(name, value)| format!("{} = {}", key(name), quoted(value))).collect();
    let inline = format!("tags = {{ {} }}", pairs.join(", "));
    let fits = inline.len() <= LONGEST_LINE;
    if !pairs.is_empty() && fits {
        lines.push(inline);
    }
    let mut out = format!("[{path}]\n{}\n", lines.join("\n"));
    if !pairs.is_empty() && !fits {
        let _ = write!(out, "\n[{path}.tags]\n{}\n", pairs.join("\n"));
    }
    out
}
