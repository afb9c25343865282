//! Keys: `"userId:N"` lists to [`Key`].

use crate::resource::{Key, KeyKind, KeyPart};
use crate::stack::finding::Findings;
use crate::stack::lint::name;
use crate::stack::syntax::span::At;
use crate::stack::syntax::table::MultiKey;
use crate::stack::syntax::union::Union;
use std::collections::BTreeSet;

/// A table's key: partition, then at most one sort attribute.
pub(super) fn table(list: &At<Vec<At<String>>>, found: &mut Findings<'_>) -> Option<Key> {
    if !(1..=2).contains(&list.value.len()) {
        found.error_with(
            &list.span,
            format!("a table's key has one partition and at most one sort attribute, not {} attributes", list.value.len()),
            "more columns go into one attribute by a template, such as \"{a}#{b}\"; a global index may have up to four and four",
        );
        return None;
    }
    let mut parts = parts(&list.value, found)?.into_iter();
    Some(Key { partition: parts.next().into_iter().collect(), sort: parts.collect() })
}

/// A global index's key: a list as a table's, or partition and sort lists of up to four each.
pub(super) fn index(key: &At<Union<Vec<At<String>>, MultiKey>>, found: &mut Findings<'_>) -> Option<Key> {
    match &key.value {
        Union::Short(list) if (1..=2).contains(&list.len()) => {
            let mut parts = parts(list, found)?.into_iter();
            Some(Key { partition: parts.next().into_iter().collect(), sort: parts.collect() })
        }
        Union::Short(list) => {
            let message = format!("an index's key list has a partition and at most one sort attribute, not {} attributes", list.len());
            found.error_with(&key.span, message, "for more write key = { partition = [\"a:S\", \"b:S\"], sort = [\"c:N\"] }");
            None
        }
        Union::Long(multi) => several(&key.span, multi, found),
    }
}

/// DynamoDB developer guide, "Multi-attribute keys": up to four attributes that partition and four that sort.
fn several(span: &std::ops::Range<usize>, multi: &MultiKey, found: &mut Findings<'_>) -> Option<Key> {
    let partition = multi.partition.as_ref()?;
    if !(1..=4).contains(&partition.len()) || multi.sort.len() > 4 {
        found.error(span, "an index's key has one to four partition and at most four sort attributes");
        return None;
    }
    let all: Vec<At<String>> = partition.iter().chain(&multi.sort).cloned().collect();
    let mut parts = parts(&all, found)?;
    let sort = parts.split_off(partition.len());
    Some(Key { partition: parts, sort })
}

/// A local index's key: the table's partition attribute with the one sort attribute that the list names.
pub(super) fn local(list: &At<Vec<At<String>>>, table: &Key, found: &mut Findings<'_>) -> Option<Key> {
    if list.value.len() != 1 {
        found.error_with(
            &list.span,
            "a local index's key names its sort attribute alone, as in [\"createdAt:S\"]",
            "its partition attribute is the table's; for another one, write a global index: [table.NAME.index.NAME]",
        );
        return None;
    }
    Some(Key { partition: table.partition.clone(), sort: parts(&list.value, found)? })
}

/// Each part read, none twice. All of the bad ones are reported.
fn parts(list: &[At<String>], found: &mut Findings<'_>) -> Option<Vec<KeyPart>> {
    let mut seen = BTreeSet::new();
    let read: Vec<Option<KeyPart>> = list.iter().map(|text| part(text, found)).collect();
    for (text, part) in list.iter().zip(&read) {
        if let Some(part) = part.as_ref().filter(|p| !seen.insert(p.name.clone())) {
            found.error(&text.span, format!("`{}` stands twice in this key", part.name));
        }
    }
    read.into_iter().collect()
}

fn part(text: &At<String>, found: &mut Findings<'_>) -> Option<KeyPart> {
    let (name, kind) = text.value.rsplit_once(':').unwrap_or((&text.value, ""));
    let kind = match kind {
        "S" => KeyKind::S,
        "N" => KeyKind::N,
        "B" => KeyKind::B,
        _ => {
            let message = format!("`{}` has no key type", text.value);
            found.error_with(&text.span, message, format!("a key attribute is S (text), N (number) or B (binary): write \"{name}:S\""));
            return None;
        }
    };
    if let Err(reason) = name::attribute(name, true) {
        found.error(&text.span, reason);
        return None;
    }
    Some(KeyPart { name: name.to_owned(), kind })
}
