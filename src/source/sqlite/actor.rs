//! The thread that owns a snapshot's connection, and how open cursors live on it.
//!
//! Key insight: SQLite's rows borrow their statement, which borrows the connection, so an open cursor is a frame on the
//! thread's stack: it serves every request that comes, asks the frame below for rows that are not its own, and returns
//! when its rows are over or its cursor is dropped. Requests end when the snapshot is dropped.
//! Called by [`super::Snapshot`].

use super::failure;
use super::session::{Session, Shape};
use crate::mapping::{Relation, Row};
use crate::source::Error;
use rusqlite::Rows;
use std::sync::mpsc::Receiver;
use tokio::sync::oneshot::Sender;

/// Cursors that may be open at the same time; each takes some of the thread's stack.
const CURSORS: usize = 64;

/// Rows, and whether they were the last.
pub(super) type Chunk = Result<(Vec<Row>, bool), Error>;

/// What the thread is asked.
pub(super) enum Request {
    /// Anything that is answered at once.
    Run(Box<dyn FnOnce(&Session) + Send>),
    Open(Open),
    Next {
        id: u64,
        limit: usize,
        reply: Sender<Chunk>,
    },
    Close(u64),
}

/// A cursor to be opened under `id`.
pub(super) struct Open {
    pub(super) id: u64,
    pub(super) relation: Relation,
    pub(super) key: Vec<String>,
    pub(super) order: Vec<String>,
    pub(super) reply: Sender<Result<(), Error>>,
}

/// The open cursors, innermost first.
trait Stack {
    fn next(&mut self, id: u64, limit: usize) -> Chunk;
    fn close(&mut self, id: u64);
    /// Whether the innermost has nothing more to do.
    fn over(&self) -> bool;
    fn depth(&self) -> usize;
}

/// No cursor.
struct Bottom;

impl Stack for Bottom {
    fn next(&mut self, _: u64, _: usize) -> Chunk {
        Err(Error::Lost("this cursor is not open in this snapshot: open it again and read from its start".to_owned()))
    }
    fn close(&mut self, _: u64) {}
    fn over(&self) -> bool {
        false
    }
    fn depth(&self) -> usize {
        0
    }
}

/// An open cursor, and those below it.
struct Frame<'a, 'r> {
    id: u64,
    label: String,
    shape: Shape,
    rows: Rows<'r>,
    over: bool,
    below: &'a mut dyn Stack,
}

impl Frame<'_, '_> {
    fn take(&mut self, limit: usize) -> rusqlite::Result<(Vec<Row>, bool)> {
        let mut out = Vec::new();
        while out.len() < limit {
            match self.rows.next()? {
                Some(row) => out.push(self.shape.row(row)?),
                None => return Ok((out, true)),
            }
        }
        Ok((out, false))
    }
}

impl Stack for Frame<'_, '_> {
    fn next(&mut self, id: u64, limit: usize) -> Chunk {
        if id != self.id {
            return self.below.next(id, limit);
        }
        let chunk = self.take(limit);
        self.over = !matches!(chunk, Ok((_, false)));
        chunk.map_err(|e| failure::reading(&format!("reading {}", self.label), &e))
    }
    fn close(&mut self, id: u64) {
        if id == self.id {
            self.over = true;
        } else {
            self.below.close(id);
        }
    }
    fn over(&self) -> bool {
        self.over
    }
    fn depth(&self) -> usize {
        self.below.depth() + 1
    }
}

/// Serves until the snapshot is dropped.
pub(super) fn run(session: &Session, requests: &Receiver<Request>) {
    serve(session, requests, &mut Bottom);
}

/// Serves until the innermost cursor is over. A reply that nobody waits for any more is dropped: its asker is gone.
fn serve(session: &Session, requests: &Receiver<Request>, stack: &mut dyn Stack) {
    while !stack.over()
        && let Ok(request) = requests.recv()
    {
        match request {
            Request::Run(job) => job(session),
            Request::Open(open) => read(session, requests, open, stack),
            Request::Next { id, limit, reply } => drop(reply.send(stack.next(id, limit))),
            Request::Close(id) => stack.close(id),
        }
    }
}

/// Opens a cursor and serves on top of it.
fn read(session: &Session, requests: &Receiver<Request>, open: Open, below: &mut dyn Stack) {
    let opened = allowed(below).and_then(|()| session.scan(&open.relation, &open.key, &open.order));
    let opened = opened.and_then(|(sql, shape, label)| {
        let what = format!("reading {label}");
        session.conn.prepare(&sql).map(|statement| (statement, shape, label)).map_err(|e| failure::preparing(&what, &e))
    });
    let (mut statement, shape, label) = match opened {
        Ok(opened) => opened,
        Err(e) => return drop(open.reply.send(Err(e))),
    };
    match statement.query([]) {
        Err(e) => drop(open.reply.send(Err(failure::reading(&format!("reading {label}"), &e)))),
        Ok(rows) => {
            let over = open.reply.send(Ok(())).is_err();
            serve(session, requests, &mut Frame { id: open.id, label, shape, rows, over, below });
        }
    }
}

fn allowed(stack: &dyn Stack) -> Result<(), Error> {
    if stack.depth() < CURSORS {
        return Ok(());
    }
    Err(Error::Query {
        what: "opening a cursor".to_owned(),
        message: format!("{CURSORS} cursors of this snapshot are open already: read some to their end first"),
    })
}
