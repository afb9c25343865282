//! Text from outside (row values, keys, AWS messages, SQL names) is hostile: this room makes it inert, and masks it.
//!
//! Rules: [`text`] before anything foreign reaches a terminal or a log; [`Masker`] for every row value unless
//! the person asked for `--show-values`. Key insight: masking is a keyed hash, so equal values still look equal
//! within one run and nothing can be guessed across runs.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// `input` with control, bidirectional and invisible characters written as `\u{..}`, on one line.
pub fn text(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    for c in input.chars() {
        if is_hostile(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    // A CI runner takes `##[command]` anywhere in a line for its own; `::command` only at a line's start, where no foreign text stands.
    if out.contains("##[") { out.replace("##[", "#\\u{23}[") } else { out }
}

/// Like [`text`] but keeps line feeds and tabs: for texts that are ours with foreign parts in them.
pub fn block(input: &str) -> String {
    input.split('\n').map(|line| line.split('\t').map(text).collect::<Vec<_>>().join("\t")).collect::<Vec<_>>().join("\n")
}

/// C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width and tag characters.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Shows or masks row values, the same way everywhere.
#[derive(Debug, Clone, Copy)]
pub struct Masker {
    show: bool,
    salt: u64,
}

impl Masker {
    /// `show`: `--show-values`. `salt`: random per run, so that masks cannot be looked up.
    pub fn new(show: bool, salt: u64) -> Self {
        Self { show, salt }
    }

    /// Whether values are shown.
    pub fn shows(&self) -> bool {
        self.show
    }

    /// `value` itself (made inert), or `‹#hash›`: equal values give equal masks within a run. Its length is not told.
    pub fn value(&self, value: &str) -> String {
        if self.show { text(value) } else { format!("‹#{:08x}›", xxh3_64_with_seed(value.as_bytes(), self.salt) >> 32) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_terminal_sequences_and_bidi() {
        assert_eq!(text("\u{1b}[2Jhi\r\n\u{202e}x"), "\\u{1b}[2Jhi\\u{d}\\u{a}\\u{202e}x");
    }

    #[test]
    fn breaks_ci_commands() {
        assert_eq!(text("x ##[error]y"), "x #\\u{23}[error]y");
    }

    #[test]
    fn masks_are_equal_for_equal_values_and_differ_between_runs() {
        let (a, b) = (Masker::new(false, 1), Masker::new(false, 2));
        assert_eq!(a.value("x"), a.value("x"));
        assert_ne!(a.value("x"), a.value("y"));
        assert_ne!(a.value("x"), b.value("x"));
    }

    proptest! {
        #[test]
        fn nothing_hostile_survives(input: String) {
            prop_assert!(!text(&input).chars().any(is_hostile));
            prop_assert!(!block(&input).chars().any(|c| is_hostile(c) && c != '\n' && c != '\t'));
        }
    }
}
