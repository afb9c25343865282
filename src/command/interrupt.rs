//! Ctrl-C: the first asks the run to stop at the next safe point, the second ends it at once.

use crate::apply::{Stop, Stopper};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that loops look at between two steps, and a stop that sleepers wake up from.
#[derive(Debug, Clone)]
pub(super) struct Interrupt {
    flag: Arc<AtomicBool>,
    stopper: Arc<Stopper>,
    stop: Stop,
}

impl Interrupt {
    /// Sets the flag at SIGINT or SIGTERM; a second signal leaves with 130.
    pub(super) fn listen() -> Self {
        let (stopper, stop) = Stop::new();
        let interrupt = Self { flag: Arc::default(), stopper: Arc::new(stopper), stop };
        let flag = interrupt.clone();
        tokio::spawn(async move {
            flag.signal().await;
            super::console::line("stopping at the next safe point; once more to stop at once");
            flag.signal().await;
            super::leave(crate::exit::Exit::Interrupted);
        });
        interrupt
    }

    async fn signal(&self) {
        signalled().await;
        self.flag.store(true, Ordering::SeqCst);
        self.stopper.stop();
    }

    /// The flag itself, for rooms below.
    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// The stop, for rooms below.
    pub(super) fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

/// Until SIGINT or SIGTERM.
pub(super) async fn signalled() {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let terminated = async {
        match &mut term {
            Some(term) => drop(term.recv().await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
