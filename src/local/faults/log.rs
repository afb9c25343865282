//! The record of calls: what was asked, about what, and how it was answered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More than any test makes; older calls are forgotten.
const KEPT: usize = 20_000;

/// One call as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As in a credential scope: `dynamodb`, `s3`, `monitoring`, `sts`.
    pub service: String,
    /// The API's name; empty where a request was refused before anybody knew.
    pub operation: String,
    /// The table (of several, the first) or the bucket; empty where there is none.
    pub resource: String,
    /// The HTTP status of the answer; none while it runs, or when the connection was torn.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
struct Record {
    calls: VecDeque<Call>,
    /// How many were forgotten: the number of the first that is kept.
    forgotten: u64,
}

/// The shared record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Record>>);

impl Log {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call that begins; its number.
    pub(crate) fn begin(&self, call: Call) -> u64 {
        let mut record = self.record();
        record.calls.push_back(call);
        if record.calls.len() > KEPT {
            record.calls.pop_front();
            record.forgotten += 1;
        }
        record.forgotten + record.calls.len() as u64 - 1
    }

    /// Notes how call `number` was answered.
    pub(crate) fn end(&self, number: u64, status: u16) {
        let mut record = self.record();
        let at = number.checked_sub(record.forgotten).and_then(|at| usize::try_from(at).ok());
        if let Some(call) = at.and_then(|at| record.calls.get_mut(at)) {
            call.status = Some(status);
        }
    }

    /// All that are kept, oldest first, and how many are not.
    pub(crate) fn all(&self) -> (Vec<Call>, u64) {
        let record = self.record();
        (record.calls.iter().cloned().collect(), record.forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_bounded_and_answers_find_their_calls() {
        let log = Log::default();
        let call = |n: usize| Call { service: "s3".into(), operation: n.to_string(), resource: String::new(), status: None };
        let first = log.begin(call(0));
        let last = (1..KEPT + 3).fold(first, |_, n| log.begin(call(n)));
        log.end(first, 500);
        log.end(last, 200);
        let (calls, forgotten) = log.all();
        assert_eq!((calls.len(), forgotten, calls[0].operation.as_str()), (KEPT, 3, "3"));
        assert!(calls[..KEPT - 1].iter().all(|c| c.status.is_none()) && calls[KEPT - 1].status == Some(200));
    }
}
