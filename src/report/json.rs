//! The report as JSON: versioned (`schema`), one document, for machines, and harmless to a person who prints it.

use super::Report;

/// The document, with a line feed at its end.
#[allow(clippy::missing_panics_doc)] // see the invariant
pub fn render(report: &Report) -> String {
    let mut text = inert(&serde_json::to_string_pretty(report).expect("invariant: a report has only string keys and finite numbers"));
    text.push('\n');
    text
}

/// What a terminal or a CI runner would obey as JSON's own escapes. Such characters stand only inside strings, so a reader of the
/// document gets the same text as before.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && crate::safe::is_hostile(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out.replace("##[", "#\\u0023[")
}

#[cfg(test)]
mod tests {
    use super::inert;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn json_says_the_same_and_nothing_obeys_it(text in "(\\PC|[\u{0}-\u{9f}\u{200b}-\u{202e}\u{e0001}#\\[]){0,12}") {
            let shown = inert(&serde_json::to_string_pretty(&[&text]).expect("JSON"));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&shown).expect("JSON"), [text]);
            prop_assert!(!shown.chars().any(|c| c != '\n' && crate::safe::is_hostile(c)) && !shown.contains("##["), "{}", shown);
        }
    }
}
