//! The report's part on a load: what was found before it, and where each row went. Filled by `load`, judged by `outcome`.

use serde::Serialize;

/// The load, table by table, entity by entity.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoadReport {
    pub tables: Vec<TableLoad>,
    /// Where rows that could not become items were written.
    pub quarantine: Option<String>,
    /// Rows allowed there.
    pub max_quarantined: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct TableLoad {
    pub table: String,
    pub path: LoadPath,
    pub entities: Vec<EntityLoad>,
    /// Findings of the data check, made before anything was written. Any one that is not allowed stops the load.
    pub findings: Vec<Finding>,
    /// Whether anything was written: false when the data check stopped it.
    pub attempted: bool,
    /// Items that AWS acknowledged (write path) or that a scan after the import counted (stage path).
    pub acknowledged: u64,
    pub bytes: u64,
    pub seconds: f64,
    pub retries: u64,
    pub throttles: u64,
    /// Write units that AWS reported.
    pub consumed_units: f64,
}

impl TableLoad {
    /// The load of `table`, before it is begun.
    pub fn to_come(table: &str, path: LoadPath) -> Self {
        Self {
            table: table.to_owned(),
            path,
            entities: Vec::new(),
            findings: Vec::new(),
            attempted: false,
            acknowledged: 0,
            bytes: 0,
            seconds: 0.0,
            retries: 0,
            throttles: 0,
            consumed_units: 0.0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadPath {
    /// S3 and ImportTable.
    Stage,
    /// BatchWriteItem.
    Write,
}

/// The accounting identity of one entity: rows read = written + merged + quarantined + filtered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EntityLoad {
    pub entity: String,
    /// Rows read, parents and children.
    pub read: u64,
    /// Items written.
    pub written: u64,
    /// Rows that went into another row's item: nested children, and declared collapses.
    pub merged: u64,
    pub quarantined: u64,
    pub filtered: u64,
}

impl EntityLoad {
    /// Whether every row is accounted for.
    pub fn closes(&self) -> bool {
        self.read == self.written + self.merged + self.quarantined + self.filtered
    }
}

/// Something that the data check found, with how often and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub entity: String,
    /// What is wrong: `2 rows make one item`, `item larger than 400 KB`.
    pub what: String,
    pub rows: u64,
    /// A few target keys (masked unless shown).
    pub samples: Vec<String>,
    /// Declared by the stack, so it does not stop the load.
    pub declared: bool,
    /// A flag of this run allows it (`--max-quarantined`), so it does not stop the load.
    pub allowed: bool,
}

impl Finding {
    /// Whether it keeps the load from being begun.
    pub fn stops(&self) -> bool {
        !self.declared && !self.allowed
    }
}
