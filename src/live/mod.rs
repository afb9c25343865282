//! LIVE: what AWS holds now. [`model`] is the nouns; [`normal`] folds AWS's defaults away (pure); [`refresh`] and [`unmanaged`] read (rank 5).
mod keys;
pub mod model;
pub mod normal;
pub mod refresh;
pub mod unmanaged;
pub use model::{Contents, FailedInsights, ForeignScaling, Holder, Live, LiveBucket, LiveTable, Mover, Trouble, Usage, Wanted};
