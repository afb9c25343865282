//! What is wrong in a file that a person wrote: where, why, and what to do, as cargo prints it.
//!
//! Rules: a diagnostic holds byte ranges; lines and columns exist only at the edge. All findings travel together in
//! [`Diagnostics`], with the text that they point into, so that nobody has to read the file a second time (it may have changed).
//! The text is what a person may see: whoever builds a [`Diagnostics`] has masked secrets in it, byte for byte, before.
//!
//! Key insight: a span is foreign too (a mutated file, a masked text), so it is clamped here and rendering never panics.
//!
//! Called by `stack` (to build) and by `command` (to print, or to turn into annotations).

use crate::safe;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, and something in it deserves a look.
    Warning,
}

/// One finding in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// The file as the person named it.
    pub file: String,
    /// Bytes of the file's text.
    pub span: Range<usize>,
    /// What is wrong: one line, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// All findings of one file, with its text. `Display` renders every one, without colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    source: String,
    /// Where each line begins: found once, because there may be many findings in a large file.
    lines: Vec<usize>,
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// `source` is the file's text with every secret masked; `found` is put in the file's order, and said once.
    pub fn new(source: String, mut found: Vec<Diagnostic>) -> Self {
        found.sort_by(|a, b| (a.span.start, a.span.end, &a.message).cmp(&(b.span.start, b.span.end, &b.message)));
        found.dedup();
        let lines = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { source, lines, found }
    }

    /// The findings, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// How many findings there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Line and column (both from 1, columns in characters) where `diagnostic` begins: what an annotation needs.
    pub fn position(&self, diagnostic: &Diagnostic) -> (usize, usize) {
        let start = floor(&self.source, diagnostic.span.start);
        let (line, line_start) = self.line(start);
        (line, self.source[line_start..start].chars().count() + 1)
    }

    /// The number of the line that `at` is in, and where it begins.
    fn line(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        (line, self.lines.get(line - 1).copied().unwrap_or(0))
    }

    /// Every finding with its line and a caret under it, then the count.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out: String = self.found.iter().map(|d| self.render_one(&renderer, d) + "\n\n").collect();
        out.push_str(&self.summary());
        out
    }

    fn render_one(&self, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let (message, help, file) =
            (safe::text(&diagnostic.message), diagnostic.help.as_deref().map(safe::block), safe::text(&diagnostic.file));
        let (line, window, span) = self.window(&diagnostic.span);
        let snippet = Snippet::source(window).line_start(line).path(file).annotation(AnnotationKind::Primary.span(span));
        let mut group: Group<'_> = level.primary_title(message).element(snippet);
        if let Some(help) = help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }

    /// The one line that a span begins in (its number, its text made inert, the span within it): a finding never shows more of a file.
    fn window(&self, span: &Range<usize>) -> (usize, String, Range<usize>) {
        let start = floor(&self.source, span.start);
        let (line, line_start) = self.line(start);
        let rest = &self.source[line_start..];
        let line_end = line_start + rest.find('\n').unwrap_or(rest.len());
        let end = floor(&self.source, span.end.clamp(start, line_end));
        let [before, marked, after] = [line_start..start, start..end, end..line_end].map(|part| inert(&self.source[part]));
        let inner = before.len()..before.len() + marked.len();
        (line, before + &marked + &after, inner)
    }

    fn summary(&self) -> String {
        let count = |severity| self.found.iter().filter(|d| d.severity == severity).count();
        let say = |n: usize, noun: &str| (n > 0).then(|| format!("{n} {noun}{}", if n == 1 { "" } else { "s" }));
        let parts: Vec<String> =
            [say(count(Severity::Error), "error"), say(count(Severity::Warning), "warning")].into_iter().flatten().collect();
        if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
    }
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A piece of one line: tabs become spaces, a carriage return at the end goes, the rest of what terminals obey is written out.
fn inert(piece: &str) -> String {
    safe::text(&piece.trim_end_matches('\r').replace('\t', "    "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(source: &str, span: Range<usize>) -> Diagnostics {
        let finding = Diagnostic {
            severity: Severity::Error,
            file: "a.toml".into(),
            span,
            message: "no such key".into(),
            help: Some("remove it".into()),
        };
        Diagnostics::new(source.into(), vec![finding])
    }

    #[test]
    fn points_at_file_line_and_column() {
        insta::assert_snapshot!(one("a = 1\nbé = 2\n", 6..9), @r"
        error: no such key
         --> a.toml:2:1
          |
        2 | bé = 2
          | ^^
          |
          = help: remove it

        1 error
        ");
    }

    #[test]
    fn position_counts_characters_not_bytes() {
        let found = one("x\né = é\n", 7..8);
        assert_eq!(found.position(found.iter().next().expect("one")), (2, 5));
    }

    #[test]
    fn colour_is_off_unless_asked_for() {
        let found = one("a = 1\n", 0..1);
        assert!(!found.render(false).contains('\u{1b}'));
        assert!(found.render(true).contains('\u{1b}'));
    }

    #[test]
    fn hostile_text_in_the_file_stays_inert() {
        let shown = one("a = '\u{1b}[2J\u{202e}'\r\n", 4..5).to_string();
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\r']), "{shown}");
    }

    #[test]
    fn a_span_over_many_lines_shows_only_its_first() {
        let shown = one("a = [\n secret,\n]\n", 4..16).to_string();
        assert!(shown.contains("a = [") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn the_same_finding_is_said_once() {
        let found = one("a", 0..1);
        let twice: Vec<Diagnostic> = found.iter().chain(found.iter()).cloned().collect();
        assert_eq!(Diagnostics::new("a".into(), twice).len(), 1);
    }

    proptest! {
        #[test]
        fn no_span_makes_rendering_panic(source: String, start in 0usize..200, end in 0usize..200) {
            let found = one(&source, start..end);
            prop_assert!(found.to_string().contains("no such key"));
            let _ = found.position(found.iter().next().expect("one"));
        }
    }
}
