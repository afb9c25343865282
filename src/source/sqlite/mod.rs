//! SQLite: a file, read by one thread inside one read transaction.
//!
//! Rules: the file has to exist and is opened read-only; a snapshot is one `BEGIN` with its first read, so a writer beside it
//! (in WAL mode) changes nothing that is seen; a dropped snapshot interrupts what still runs.
//! Called by [`crate::source`] alone.

mod actor;
mod bind;
mod catalogue;
mod decode;
mod failure;
mod seed;
mod session;
#[cfg(test)]
mod tests;

pub(super) use seed::seed;

use super::{Description, Error};
use crate::mapping::{Relation, Row, Value};
use actor::{Open, Request};
use session::Session;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// Cursors have numbers that no other cursor of this process has, so that one from another snapshot is noticed.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// A file that was opened once, to see that it can be.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    target: String,
}

/// The handle of the thread that owns the connection.
pub(super) struct Snapshot {
    requests: Sender<Request>,
    interrupt: rusqlite::InterruptHandle,
}

/// A relation being read.
#[derive(Debug)]
pub(super) struct Cursor {
    id: u64,
    done: bool,
    requests: Sender<Request>,
}

impl Source {
    pub(super) async fn connect(path: PathBuf, target: String) -> Result<Self, Error> {
        let source = Self { path, target };
        source.snapshot().await?.catalogue().await?;
        Ok(source)
    }

    pub(super) async fn snapshot(&self) -> Result<Snapshot, Error> {
        let (path, target) = (self.path.clone(), self.target.clone());
        let (requests, inbox) = channel();
        let (ready, opened) = oneshot::channel();
        let body = move || own(&path, &target, ready, &inbox);
        let thread = std::thread::Builder::new().name("landfall-sqlite".to_owned()).stack_size(8 << 20).spawn(body);
        thread.map_err(|e| Error::Connect { target: self.target.clone(), message: format!("no thread could be started: {e}") })?;
        let interrupt = opened.await.map_err(|_| gone())??;
        Ok(Snapshot { requests, interrupt })
    }
}

/// The thread's life: open, say so, serve.
fn own(path: &std::path::Path, target: &str, ready: oneshot::Sender<Result<rusqlite::InterruptHandle, Error>>, inbox: &Receiver<Request>) {
    match Session::open(path, target) {
        Err(e) => drop(ready.send(Err(e))),
        Ok(session) => {
            if ready.send(Ok(session.conn.get_interrupt_handle())).is_ok() {
                actor::run(&session, inbox);
            }
        }
    }
}

impl Snapshot {
    pub(super) async fn catalogue(&mut self) -> Result<BTreeMap<String, Description>, Error> {
        self.run(Session::catalogue).await
    }

    pub(super) async fn describe(&mut self, relation: &Relation) -> Result<Description, Error> {
        let relation = relation.clone();
        self.run(move |session| {
            let found = session.find(&relation)?;
            found.readable()?;
            Ok(found.description())
        })
        .await
    }

    pub(super) async fn count(&mut self, relation: &Relation) -> Result<u64, Error> {
        let relation = relation.clone();
        self.run(move |session| session.count(&relation)).await
    }

    pub(super) async fn open(&mut self, relation: &Relation, key: &[String], order: &[String]) -> Result<Cursor, Error> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        let open = Open { id, relation: relation.clone(), key: key.to_vec(), order: order.to_vec(), reply };
        self.requests.send(Request::Open(open)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())??;
        Ok(Cursor { id, done: false, requests: self.requests.clone() })
    }

    pub(super) async fn next(&mut self, cursor: &mut Cursor, limit: usize) -> Result<Vec<Row>, Error> {
        if cursor.done {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request::Next { id: cursor.id, limit, reply }).map_err(|_| gone())?;
        let (rows, done) = answer.await.map_err(|_| gone())??;
        cursor.done = done;
        Ok(rows)
    }

    pub(super) async fn lookup(
        &mut self,
        relation: &Relation,
        columns: &[String],
        keys: &[Vec<Value>],
        order: &[String],
    ) -> Result<Vec<Row>, Error> {
        let (relation, columns, keys, order) = (relation.clone(), columns.to_vec(), keys.to_vec(), order.to_vec());
        self.run(move |session| session.lookup(&relation, &columns, &keys, &order)).await
    }

    pub(super) async fn select(&mut self, sql: &str, parameters: &BTreeMap<String, Value>) -> Result<Vec<Row>, Error> {
        let (sql, parameters) = (sql.to_owned(), parameters.clone());
        self.run(move |session| session.select(&sql, &parameters)).await
    }

    /// Runs `job` on the thread.
    async fn run<T: Send + 'static>(&mut self, job: impl FnOnce(&Session) -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |session: &Session| drop(reply.send(job(session))));
        self.requests.send(Request::Run(job)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn gone() -> Error {
    Error::Lost("the thread that reads the SQLite file has ended: run again".to_owned())
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sqlite::Snapshot")
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.interrupt.interrupt();
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        if !self.done {
            // The thread may be gone already; then there is nothing to close.
            drop(self.requests.send(Request::Close(self.id)));
        }
    }
}
