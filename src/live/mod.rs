//! LIVE: what AWS holds now. [`model`] is the nouns; `normal` folds AWS's defaults away; `refresh` reads (rank 5).
pub mod model;
pub use model::{Live, LiveBucket, LiveTable};
