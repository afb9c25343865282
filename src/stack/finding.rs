//! The findings of one reading, as they come in: every check adds here and reading goes on.

use super::secret;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use std::ops::Range;

/// What was found so far in `source`, the text of the file that people know as `file`.
pub(super) struct Findings<'a> {
    file: String,
    pub source: &'a str,
    found: Vec<Diagnostic>,
    secrets: Vec<Range<usize>>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: String, source: &'a str) -> Self {
        Self { file, source, found: Vec::new(), secrets: Vec::new() }
    }

    /// Something is wrong at `span`.
    pub(super) fn error(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.push(span, message.into(), None);
    }

    /// Something is wrong at `span`, and this is what to do.
    pub(super) fn error_with(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.push(span, message.into(), Some(help.into()));
    }

    /// Something is wrong at `span`, and there may be something to say about what to do.
    pub(super) fn error_maybe(&mut self, span: &Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.push(span, message.into(), help);
    }

    /// The literal at `span` holds a secret: no rendering may show it.
    pub(super) fn conceal(&mut self, span: &Range<usize>) {
        self.secrets.push(span.clone());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of it, with the text masked.
    pub(super) fn finish(self) -> Diagnostics {
        let text = secret::masked(self.source);
        Diagnostics::new(self.secrets.iter().fold(text, |text, span| secret::mask(&text, span)), self.found)
    }

    fn push(&mut self, span: &Range<usize>, message: String, help: Option<String>) {
        self.found.push(Diagnostic { severity: Severity::Error, file: self.file.clone(), span: span.clone(), message, help });
    }
}
