//! A parallel scan to its very end: every segment, every page, or an error. There is no partial answer.

use super::{Page, Scan};
use crate::aws::{Aws, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What a whole scan came to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Swept {
    /// Items that AWS counted, over all pages.
    pub count: u64,
    pub pages: u64,
    /// Read capacity units.
    pub units: f64,
}

/// How a sweep ended early.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Broken {
    #[error(transparent)]
    Aws(#[from] Error),
    /// The stop flag was raised, or nobody takes pages any more.
    #[error("the scan was stopped before its end")]
    Stopped,
    #[error("a scan segment ended abnormally: this is a defect of landfall")]
    Lost,
}

/// Scans all of `scan` in `segments` parts at once. `reduce` runs beside the reading, on every page's items; what it makes goes to `out`.
pub async fn sweep<R: Send + 'static>(
    aws: &Aws,
    scan: &Scan,
    segments: &[(u32, u32)],
    stop: &Arc<AtomicBool>,
    reduce: Arc<dyn Fn(Vec<crate::mapping::Item>) -> R + Send + Sync>,
    out: mpsc::Sender<R>,
) -> Result<Swept, Broken> {
    let mut tasks = JoinSet::new();
    for segment in segments {
        let scan = Scan { segment: Some(*segment), ..scan.clone() };
        tasks.spawn(one(aws.clone(), scan, Arc::clone(stop), Arc::clone(&reduce), out.clone()));
    }
    // Every part is waited for, and one that fails fails the whole.
    let mut all = Swept::default();
    while let Some(ended) = tasks.join_next().await {
        let part = ended.map_err(|_| Broken::Lost)??;
        all.count += part.count;
        all.pages += part.pages;
        all.units += part.units;
    }
    Ok(all)
}

async fn one<R: Send + 'static>(
    aws: Aws,
    scan: Scan,
    stop: Arc<AtomicBool>,
    reduce: Arc<dyn Fn(Vec<crate::mapping::Item>) -> R + Send + Sync>,
    out: mpsc::Sender<R>,
) -> Result<Swept, Broken> {
    let mut part = Swept::default();
    let mut start = None;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Broken::Stopped);
        }
        let Page { items, count, next, units } = aws.scan_page(&scan, start.as_ref()).await?;
        part.count += count;
        part.pages += 1;
        part.units += units;
        if !items.is_empty() {
            out.send(reduce(items)).await.map_err(|_| Broken::Stopped)?;
        }
        match next {
            Some(next) => start = Some(next),
            None => return Ok(part),
        }
    }
}

/// Every part of a scan in `parts`.
pub fn all_segments(parts: u32) -> Vec<(u32, u32)> {
    (0..parts).map(|part| (part, parts)).collect()
}

/// The exact number of items in `table` now, by a scan that counts.
pub async fn count(aws: &Aws, table: &str, consistent: bool, stop: &Arc<AtomicBool>) -> Result<Swept, Broken> {
    let scan = Scan { table: table.to_owned(), consistent, count: true, ..Scan::default() };
    let (out, _nobody) = mpsc::channel::<()>(1);
    sweep(aws, &scan, &all_segments(4), stop, Arc::new(|_| ()), out).await
}
