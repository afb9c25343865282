//! Units of which only one side is ours to say: the other belongs to auto scaling and is sent as it is at that moment.
//!
//! Rule: `UpdateTable` wants both sides of a `ProvisionedThroughput`; a side of 0 (which AWS does not know) is filled from
//! what `DescribeTable` showed directly before the call. Called by [`super`] for [`Aws::set_capacity`](super::Aws::set_capacity).

use crate::live::normal::ObservedTable;
use crate::resource::Units;
use std::collections::BTreeMap;

/// Whether a side is to be kept.
pub(super) fn partial(table: Option<Units>, indexes: &BTreeMap<String, Units>) -> bool {
    table.iter().chain(indexes.values()).any(|units| units.read == 0 || units.write == 0)
}

/// `table` and `indexes` with every side of 0 as `now` has it.
pub(super) fn filled(
    now: &ObservedTable,
    table: Option<Units>,
    indexes: &BTreeMap<String, Units>,
) -> (Option<Units>, BTreeMap<String, Units>) {
    let of = |name: &String| now.globals.iter().find(|index| index.name == *name).and_then(|index| index.units);
    let indexes = indexes.iter().map(|(name, units)| (name.clone(), fill(*units, of(name)))).collect();
    (table.map(|units| fill(units, now.units)), indexes)
}

fn fill(sent: Units, now: Option<Units>) -> Units {
    let now = now.unwrap_or(sent);
    let side = |sent: u64, now: u64| if sent == 0 { now } else { sent };
    Units { read: side(sent.read, now.read), write: side(sent.write, now.write) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::normal::ObservedIndex;

    #[test]
    fn a_side_of_nought_is_what_is_there() {
        let units = |read, write| Units { read, write };
        let index = ObservedIndex { name: "i".into(), units: Some(units(7, 8)), ..ObservedIndex::default() };
        let now = ObservedTable { units: Some(units(17, 5)), globals: vec![index], ..ObservedTable::default() };
        let indexes = BTreeMap::from([("i".to_owned(), units(9, 0))]);
        assert!(partial(Some(units(5, 5)), &indexes) && partial(Some(units(0, 9)), &BTreeMap::new()));
        assert!(!partial(Some(units(5, 5)), &BTreeMap::new()));
        let (table, indexes) = filled(&now, Some(units(0, 9)), &indexes);
        assert_eq!((table, indexes["i"]), (Some(units(17, 9)), units(9, 8)));
    }
}
