//! DynamoDB JSON, written and read: the staging format, the quarantine file, texts for people.

use super::{Attribute, Item};

/// Appends `{"a":{"S":"x"},…}` to `out`, on one line.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn write(item: &Item, out: &mut Vec<u8>) {
    unreachable!()
}

/// Reads what [`write`] writes, strictly.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn read(json: &[u8]) -> Result<Item, String> {
    unreachable!()
}

/// An attribute's value for people, without its type: `alice`, `10.5`, `{"plan":"gold"}`, base64 for binary. Raw: the caller masks or makes it inert.
#[allow(unused_variables, clippy::missing_panics_doc)]
pub fn display(value: &Attribute) -> String {
    unreachable!()
}
