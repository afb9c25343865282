//! What a bucket holds is deleted page by page, and then the bucket.
//!
//! Rules: before each page the gate is asked again (not stopped, in time, the lease renewed), because there is no end to how long this
//! takes; what was deleted stays deleted, and another run goes on with what is there. A page is listed directly before it is deleted.
//! Key insight: the pages go forward by S3's own markers and never back, so whoever keeps writing cannot keep this from ending: what
//! is there in the end is found by the look that follows.

use super::Error;
use super::calls::Refused;
use super::worker::Worker;
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

const VERSIONS: &str = "delete versions";
const UPLOADS: &str = "abort uploads";

impl Worker<'_> {
    /// Every version and delete marker.
    pub(super) async fn delete_versions(&self) -> Result<(), Refused> {
        let all = self.all_versions().await;
        self.shared.events.finished(&self.task(VERSIONS));
        all
    }

    async fn all_versions(&self) -> Result<(), Refused> {
        let (aws, name) = (self.shared.aws, self.work.target.name());
        let mut from = None;
        loop {
            let page = aws.versions(name, from).await.map_err(Refused::Aws)?;
            if !page.found.is_empty() {
                self.next_page("versions deleted").await?;
                aws.delete_versions(name, &page.found).await.map_err(Refused::Aws)?;
            }
            self.told(VERSIONS, page.found.len() as u64, "versions");
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// Every unfinished upload.
    pub(super) async fn abort_uploads(&self) -> Result<(), Refused> {
        let all = self.all_uploads().await;
        self.shared.events.finished(&self.task(UPLOADS));
        all
    }

    async fn all_uploads(&self) -> Result<(), Refused> {
        let (aws, name) = (self.shared.aws, self.work.target.name());
        let mut from = None;
        loop {
            let page = aws.uploads(name, from).await.map_err(Refused::Aws)?;
            for upload in &page.found {
                self.next_page("uploads aborted").await?;
                aws.abort_upload(name, upload).await.map_err(Refused::Aws)?;
                self.told(UPLOADS, 1, "uploads");
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// Deletes the bucket; the last calls before are listings that find nothing. S3 itself refuses one with objects, and not one with
    /// unfinished uploads.
    pub(super) async fn delete_bucket(&self) -> Result<(), Refused> {
        let (aws, name) = (self.shared.aws, self.work.target.name());
        let contents = Box::pin(aws.bucket_contents(name)).await.map_err(Refused::Aws)?;
        if !contents.imports.is_empty() {
            let tables = contents.imports.iter().map(|table| crate::safe::text(table)).collect::<Vec<_>>().join(", ");
            return Err(Refused::Guard(Error::Imported { address: self.address(), tables }));
        }
        if !contents.is_empty() {
            return Err(Refused::Guard(Error::Filled { address: self.address() }));
        }
        aws.delete_bucket(name).await.map_err(Refused::Aws)
    }

    /// The gate before each page: as before a step, and in time.
    async fn next_page(&self, what: &str) -> Result<(), Refused> {
        if self.shared.now_ms() >= self.shared.deadline_ms {
            let (address, done) = (self.address(), format!("{} {what}", self.emptied()));
            return Err(Refused::Guard(Error::HalfEmpty { address, done }));
        }
        self.permit(true).await.map_err(Refused::Guard)
    }

    fn told(&self, task: &str, more: u64, unit: &'static str) {
        let done = self.emptied() + more;
        self.all_emptied().insert(self.address(), done);
        self.shared.events.progress(&self.task(task), done, 0, unit);
    }

    /// How much the step under way has deleted so far, in all its tries.
    pub(super) fn emptied(&self) -> u64 {
        self.all_emptied().get(&self.address()).copied().unwrap_or(0)
    }

    /// What another step has deleted is not the next one's.
    pub(super) fn nothing_emptied(&self) {
        self.all_emptied().remove(&self.address());
    }

    fn all_emptied(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.shared.emptied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn task(&self, task: &str) -> String {
        format!("{}: {task}", self.address())
    }
}
