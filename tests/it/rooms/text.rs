//! Rust source as words and marks, and the paths in it: enough of the grammar to see what a file names, and no more.
//!
//! Comments, strings and lifetimes are not words. A path is found wherever it stands, in a `use` (groups opened) or in the code.

/// A word or a mark, and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    /// An identifier or number whole; `::` whole; any other mark one character.
    pub(crate) text: String,
}

/// A path from the crate's root (`["aws", "tables"]`), and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) line: usize,
    pub(crate) names: Vec<String>,
    /// The name under which a `pub use` gives it on.
    pub(crate) exported: Option<String>,
}

/// The words and marks of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let characters: Vec<char> = source.chars().collect();
    let (mut at, mut line, mut found) = (0, 1, Vec::new());
    while at < characters.len() {
        let end = end_of_piece(&characters, at);
        let piece: String = characters[at..end].iter().collect();
        if is_word(characters[at]) && !is_text(&piece) || is_mark(&characters, at) {
            found.push(Token { line, text: piece.clone() });
        }
        line += piece.matches('\n').count();
        at = end;
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A piece that began like a word and turned out to be a prefixed string (`r"…"`, `b"…"`).
fn is_text(piece: &str) -> bool {
    piece.contains('"')
}

fn is_mark(characters: &[char], at: usize) -> bool {
    let comment = characters[at] == '/' && matches!(characters.get(at + 1), Some('/' | '*'));
    !(comment || characters[at].is_whitespace() || is_word(characters[at]) || matches!(characters[at], '"' | '\''))
}

fn end_of_piece(characters: &[char], at: usize) -> usize {
    let next = |offset: usize| characters.get(at + offset).copied();
    match characters[at] {
        '/' if next(1) == Some('/') => position(characters, at, |c| c == '\n'),
        '/' if next(1) == Some('*') => end_of_block_comment(characters, at),
        '"' => end_of_string(characters, at),
        '\'' => end_of_quote(characters, at),
        ':' if next(1) == Some(':') => at + 2,
        c if is_word(c) => end_of_word(characters, at),
        _ => at + 1,
    }
}

fn position(characters: &[char], at: usize, stop: impl Fn(char) -> bool) -> usize {
    characters[at..].iter().position(|c| stop(*c)).map_or(characters.len(), |offset| at + offset)
}

fn end_of_block_comment(characters: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at + 1 < characters.len() {
        match (characters[at], characters[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    characters.len()
}

fn end_of_string(characters: &[char], at: usize) -> usize {
    let mut at = at + 1;
    while at < characters.len() && characters[at] != '"' {
        at += if characters[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(characters.len())
}

/// A character literal, or a lifetime.
fn end_of_quote(characters: &[char], at: usize) -> usize {
    match (characters.get(at + 1), characters.get(at + 2)) {
        (Some('\\'), _) => position(characters, at + 3, |c| c == '\'') + 1,
        (Some(_), Some('\'')) => at + 3,
        _ => position(characters, at + 1, |c| !is_word(c)),
    }
}

/// A word, or a string with a prefix: raw ones end at their own number of hashes.
fn end_of_word(characters: &[char], at: usize) -> usize {
    let end = position(characters, at, |c| !is_word(c));
    let word: String = characters[at..end].iter().collect();
    let hashes = characters[end..].iter().take_while(|c| **c == '#').count();
    match (word.as_str(), characters.get(end + hashes)) {
        ("r" | "br" | "cr", Some('"')) => end_of_raw_string(characters, end + hashes + 1, hashes),
        ("b" | "c", Some('"')) if hashes == 0 => end_of_string(characters, end),
        _ => end,
    }
}

fn end_of_raw_string(characters: &[char], at: usize, hashes: usize) -> usize {
    let closes = |quote: usize| characters[quote] == '"' && characters[quote + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    (at..characters.len()).find(|quote| closes(*quote)).map_or(characters.len(), |quote| quote + 1 + hashes)
}

/// Every path of `tokens` that leads through `crate`, `super`, `self`, the library's name, or (in a `use`) a child module; `module` is
/// the file's own path from the root.
pub(crate) fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let children = declared(tokens);
    let (mut inside, mut depth, mut found) = (module.to_vec(), 0usize, Vec::new());
    let mut opened: Vec<usize> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if opened.last() == Some(&depth) {
                    opened.pop();
                    inside.pop();
                }
            }
            "mod" if text(tokens, at + 2) == "{" => {
                opened.push(depth);
                inside.push(text(tokens, at + 1).to_owned());
            }
            word if begins_path(tokens, at) || (starts_use(tokens, at) && children.iter().any(|c| c == word)) => {
                let exported = starts_use(tokens, at) && at >= 2 && matches!(text(tokens, at - 2), "pub" | ")");
                tree(tokens, at, &inside, exported, &mut found);
            }
            _ => {}
        }
    }
    found
}

/// The modules that a file declares in files of their own.
pub(crate) fn declared(tokens: &[Token]) -> Vec<String> {
    let named = |at: &usize| tokens[*at].text == "mod" && text(tokens, at + 2) == ";";
    (0..tokens.len()).filter(named).map(|at| text(tokens, at + 1).to_owned()).collect()
}

/// The text of token `at`; empty past the end.
pub(crate) fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| &token.text)
}

fn starts_use(tokens: &[Token], at: usize) -> bool {
    at > 0 && tokens[at - 1].text == "use" && text(tokens, at + 1) == "::"
}

fn begins_path(tokens: &[Token], at: usize) -> bool {
    let first = at == 0 || tokens[at - 1].text != "::";
    first && text(tokens, at + 1) == "::" && matches!(tokens[at].text.as_str(), "crate" | "landfall" | "super" | "self")
}

/// Reads the path, or the tree of paths, that begins at `at`; gives the position after it.
fn tree(tokens: &[Token], mut at: usize, base: &[String], exported: bool, found: &mut Vec<Path>) -> usize {
    let (line, mut names) = (tokens[at].line, base.to_vec());
    loop {
        match text(tokens, at) {
            "crate" | "landfall" => names.clear(),
            "super" => drop(names.pop()),
            "self" => {}
            "{" => return group(tokens, at + 1, &names, exported, found),
            word if word.chars().next().is_some_and(is_word) => names.push(word.to_owned()),
            _ => {}
        }
        at += 1;
        if text(tokens, at) != "::" {
            break;
        }
        at += 1;
    }
    let last = if text(tokens, at) == "as" { Some(text(tokens, at + 1).to_owned()) } else { names.last().cloned() };
    found.push(Path { line, names, exported: last.filter(|_| exported) });
    at
}

fn group(tokens: &[Token], mut at: usize, base: &[String], exported: bool, found: &mut Vec<Path>) -> usize {
    while at < tokens.len() && tokens[at].text != "}" {
        at = if tokens[at].text == "," { at + 1 } else { tree(tokens, at, base, exported, found) };
        if text(tokens, at) == "as" {
            at += 2;
        }
    }
    at + 1
}
