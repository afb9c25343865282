//! Tags. Source: "Tagging restrictions" in the DynamoDB developer guide: 50 a resource, keys to 128 and values to 256 characters,
//! the prefix `aws:` is AWS's. Two of the 50 are landfall's: the owner, and the applied digest.

use crate::resource::OWNER_TAG;
use crate::stack::finding::Findings;
use crate::stack::syntax::span::At;
use std::collections::BTreeMap;

const MOST: usize = 48;

/// The tags as text, each checked.
pub(crate) fn tags(tags: &BTreeMap<At<String>, At<String>>, found: &mut Findings<'_>) -> BTreeMap<String, String> {
    for (key, value) in tags {
        if let Err(reason) = check_key(&key.value) {
            found.error(&key.span, format!("tag `{}`: {reason}", key.value));
        }
        if let Err(reason) = check_text(&value.value, 0, 256, "a tag's value") {
            found.error(&value.span, format!("tag `{}`: {reason}", key.value));
        }
    }
    if let Some((key, _)) = tags.iter().nth(MOST) {
        found.error(&key.span, format!("{} tags: AWS takes 50 a resource, and two of them are landfall's own", tags.len()));
    }
    tags.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
}

fn check_key(key: &str) -> Result<(), String> {
    let lower = key.to_lowercase();
    let own = OWNER_TAG.split(':').next().unwrap_or(OWNER_TAG);
    if lower.starts_with("aws:") {
        return Err("the prefix `aws:` is AWS's own".to_owned());
    }
    if lower.split(':').next() == Some(own) && lower.contains(':') {
        return Err(format!(
            "the prefix `{own}:` is landfall's own, for the tags that say which stack owns the resource, and how it left it"
        ));
    }
    check_text(key, 1, 128, "a tag's key")
}

fn check_text(text: &str, least: usize, most: usize, what: &str) -> Result<(), String> {
    let well = |c: char| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c);
    if (least..=most).contains(&text.chars().count()) && text.chars().all(well) {
        return Ok(());
    }
    Err(format!("{what} has {least} to {most} letters, digits, spaces and + - = . _ : / @"))
}
