//! The accounting of one table: rows read = written + merged + quarantined + filtered, per entity.
//!
//! Key insight: `read` is counted where rows arrive, the rest where their fate is settled (written only when AWS acknowledged it),
//! so that a row lost in between breaks the sum.

use super::error::Error;
use super::expect::Chunk;
use crate::report::model::EntityLoad;
use crate::stack::model::TableSpec;

/// One account per mapping of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accounts(Vec<EntityLoad>);

impl Accounts {
    pub(super) fn new(spec: &TableSpec) -> Self {
        Self(spec.rows.iter().map(|m| EntityLoad { entity: m.entity.clone(), ..EntityLoad::default() }).collect())
    }

    pub(super) fn read(&mut self, chunk: &Chunk) {
        self.at(chunk.entity, |e| e.read += chunk.rows + chunk.children);
    }

    pub(super) fn written(&mut self, entity: usize, items: u64, children: u64) {
        self.at(entity, |e| {
            e.written += items;
            e.merged += children;
        });
    }

    pub(super) fn merged(&mut self, entity: usize, rows: u64) {
        self.at(entity, |e| e.merged += rows);
    }

    pub(super) fn quarantined(&mut self, entity: usize, rows: u64) {
        self.at(entity, |e| e.quarantined += rows);
    }

    pub(super) fn filtered(&mut self, entity: usize, rows: u64) {
        self.at(entity, |e| e.filtered += rows);
    }

    pub(super) fn entities(&self) -> &[EntityLoad] {
        &self.0
    }

    pub(super) fn written_total(&self) -> u64 {
        self.0.iter().map(|e| e.written).sum()
    }

    /// Whether every row is accounted for.
    pub(super) fn close(&self, table: &str) -> Result<(), Error> {
        let Some(open) = self.0.iter().find(|e| !e.closes()) else { return Ok(()) };
        Err(Error::DoesNotClose {
            table: table.to_owned(),
            entity: open.entity.clone(),
            read: open.read,
            accounted: open.written + open.merged + open.quarantined + open.filtered,
        })
    }

    fn at(&mut self, entity: usize, change: impl FnOnce(&mut EntityLoad)) {
        if let Some(account) = self.0.get_mut(entity) {
            change(account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts(vec![EntityLoad { entity: "order".into(), ..EntityLoad::default() }])
    }

    #[test]
    fn a_row_that_vanished_does_not_close() {
        let mut a = accounts();
        a.read(&Chunk { entity: 0, fates: Vec::new(), rows: 3, children: 2 });
        a.written(0, 2, 2);
        assert!(matches!(a.close("T"), Err(Error::DoesNotClose { read: 5, accounted: 4, .. })));
        a.filtered(0, 1);
        assert!(a.close("T").is_ok());
    }

    #[test]
    fn a_row_counted_twice_does_not_close_either() {
        let mut a = accounts();
        a.read(&Chunk { entity: 0, fates: Vec::new(), rows: 1, children: 0 });
        a.written(0, 1, 0);
        a.quarantined(0, 1);
        assert!(a.close("T").is_err());
    }
}
