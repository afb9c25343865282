//! The calls that are held: who they are, and how they are let go.

use super::rule::Moment;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};

/// One call that waits to be let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: u64,
    /// The rule that holds it.
    pub rule: u64,
    pub service: String,
    pub operation: String,
    pub resource: String,
    pub at: Moment,
}

/// Everything that is held.
#[derive(Debug, Clone, Default)]
pub(super) struct Holding(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    calls: Mutex<Calls>,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Calls {
    last_id: u64,
    /// Dropping the sender lets the call go.
    held: BTreeMap<u64, (Held, oneshot::Sender<()>)>,
}

impl Holding {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once the call is let go. When the caller goes first, this is dropped, and the call is held no more.
    pub(super) async fn hold(&self, mut held: Held) {
        let (go, gone) = oneshot::channel();
        let id = {
            let mut calls = self.calls();
            calls.last_id += 1;
            held.id = calls.last_id;
            calls.held.insert(held.id, (held.clone(), go));
            held.id
        };
        let _left = Left { holding: self, id };
        self.0.count.send_modify(|n| *n += 1);
        // The sender is only ever dropped: both endings mean the same.
        let _ = gone.await;
    }

    /// Lets those go that `which` names; whether there were any.
    pub(super) fn release(&self, which: impl Fn(&Held) -> bool) -> bool {
        let mut calls = self.calls();
        let before = calls.held.len();
        calls.held.retain(|_, (held, _)| !which(held));
        calls.held.len() < before
    }

    pub(super) fn all(&self) -> Vec<Held> {
        self.calls().held.values().map(|(held, _)| held.clone()).collect()
    }

    pub(super) async fn until_some(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.count.subscribe().wait_for(|n| *n > 0).await;
    }
}

/// Takes the call off the list, however its waiting ended.
struct Left<'a> {
    holding: &'a Holding,
    id: u64,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.holding.calls().held.remove(&self.id);
        self.holding.0.count.send_modify(|n| *n -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Held {
        Held { id: 0, rule: 7, service: "s3".into(), operation: "PutObject".into(), resource: "b".into(), at: Moment::Before }
    }

    #[tokio::test]
    async fn a_call_is_held_until_it_is_let_go_or_its_caller_is_gone() {
        let holding = Holding::default();
        let other = holding.clone();
        let waiting = tokio::spawn(async move { other.hold(held()).await });
        holding.until_some().await;
        assert_eq!(holding.all(), [Held { id: 1, ..held() }]);
        assert!(!holding.release(|h| h.rule == 8));
        assert!(holding.release(|h| h.rule == 7));
        waiting.await.expect("goes on");
        let other = holding.clone();
        let waiting = tokio::spawn(async move { other.hold(held()).await });
        holding.until_some().await;
        waiting.abort();
        let _ = waiting.await;
        assert_eq!(holding.all(), []);
    }
}
