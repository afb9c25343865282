//! What validation has to reach.

use super::span::At;
use super::union::Union;
use schemars::JsonSchema;
use serde::Deserialize;

/// What validation has to reach.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Validate {
    /// The gate on sampled records.
    pub sample: Option<Sample>,
    /// The gate on throttling.
    pub throttling: Option<Throttling>,
}

/// The gate on sampled records: the upper bound of the mismatch rate, at a confidence.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    /// The highest tolerable rate: `"50ppm"`, `"0.1%"` or a fraction such as `0.0001`; 0.001 when absent.
    pub max_mismatch_rate: Option<At<Union<String, f64>>>,
    /// One-sided confidence, between 0 and 1; 0.95 when absent.
    pub confidence: Option<At<f64>>,
    /// What the sample is drawn with; the same seed draws the same sample. 1 when absent.
    pub seed: Option<At<u64>>,
}

/// The gate on throttling.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttling {
    /// How far back to look: `"90m"`, `"24h"` (when absent), `"7d"`.
    pub window: Option<At<String>>,
    /// Throttle events over which the answer is no; 0 when absent.
    pub max_events: Option<At<u64>>,
}
