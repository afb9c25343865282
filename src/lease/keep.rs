//! A lease in the hand: taken, kept alive in the background, asked before every mutation, given back.
//!
//! Rules: what a lost answer may have done is read, never assumed; a heartbeat that fails for another reason is repeated soon; once lost,
//! a lease is never ours again in this run.
//! Called by the verbs (take, release), by `apply` and `load` (permit).

use super::machine::{self, Mark};
use super::model::{Claim, Decision, Expect, Now, Record, Standing, State, Tenure, Watch, attempt};
use super::timer::{Timer, wall_ms};
use crate::aws::leases::{Fence, Stored};
use crate::aws::{self, Aws};
use crate::event::Events;
use crate::exit::Exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// Tries of one renewal when answers are lost.
const TRIES: u32 = 3;

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("stack {stack} is locked by {holder}{}", silence.map(|s| format!("; last heartbeat {s} s ago")).unwrap_or_default())]
    Locked { stack: String, holder: String, silence: Option<u64>, lease: u64 },
    #[error("stack {stack}: this run lost its lease to {to}, so nothing more is changed")]
    Lost { stack: String, to: String },
    #[error("stack {stack}: the lease could not be renewed in time")]
    Unrenewed {
        stack: String,
        #[source]
        source: Option<Box<aws::Error>>,
    },
    #[error(transparent)]
    Aws(Box<aws::Error>),
}

impl From<aws::Error> for Error {
    fn from(error: aws::Error) -> Self {
        Self::Aws(Box::new(error))
    }
}

impl Error {
    /// The code that this alone leaves with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Locked { .. } | Self::Lost { .. } | Self::Unrenewed { .. } => Exit::Locked,
            Self::Aws(_) => Exit::Failed,
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Locked { lease, .. } => format!(
                "wait for it (--lock-timeout SECONDS), or look at it with `landfall unlock STACK`; if it is dead, a run with --lock-timeout {} takes over",
                lease + 10
            ),
            Self::Lost { .. } => {
                "see what the other run did with `landfall plan`, then run this again: it goes on from what is there".into()
            }
            Self::Unrenewed { .. } => "once AWS answers again, run this again: it goes on from what is there".into(),
            Self::Aws(error) if error.is_denied() => format!(
                "writing needs dynamodb:GetItem, PutItem, DescribeTable, CreateTable and TagResource on the table {}",
                aws::leases::TABLE
            ),
            Self::Aws(_) => "nothing was changed; run it again".into(),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub stack: &'a str,
    pub verb: &'a str,
    pub lease: Duration,
    /// How long to wait for a holder that lives.
    pub patience: Duration,
}

/// A held lease; clones are the same. Not released by dropping: a process that ends without [`Lease::release`] is found to be dead.
#[derive(Debug, Clone)]
pub struct Lease(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    aws: Aws,
    stack: String,
    lease: Duration,
    timer: Timer,
    /// Held while a heartbeat is on its way.
    tenure: Mutex<Tenure>,
    /// [`Tenure::good_until`] in milliseconds, for those who must not wait.
    good_until_ms: AtomicU64,
    /// Who has it now, once it is lost.
    lost: watch::Sender<Option<String>>,
    ended: watch::Sender<bool>,
    mark: std::sync::Mutex<Option<Mark>>,
}

impl Lease {
    /// Takes the stack's lease, and keeps it alive in the background until it is released. Dropping the future may leave a lease behind
    /// that this process's end, or a whole lease without a heartbeat, gives free.
    pub async fn take(aws: &Aws, request: Request<'_>, events: &Events) -> Result<Self, Error> {
        let timer = Timer::new();
        let claim = claim(request.verb);
        let mark = Mark::leave(&claim.run);
        let tenure = Taking { aws, request, timer: &timer, claim, events, mark: mark.as_ref() }.run().await?;
        let inner = Inner {
            aws: aws.clone(),
            stack: request.stack.to_owned(),
            lease: request.lease,
            good_until_ms: AtomicU64::new(millis(tenure.good_until())),
            tenure: Mutex::new(tenure),
            timer,
            lost: watch::Sender::new(None),
            ended: watch::Sender::new(false),
            mark: std::sync::Mutex::new(mark),
        };
        let lease = Self(Arc::new(inner));
        // Seen to be ours by a read only: nothing is certain until a heartbeat is acknowledged.
        lease.permit(false).await?;
        let inner = Arc::clone(&lease.0);
        let events = events.clone();
        tokio::spawn(async move { inner.keep(request.lease, &events).await });
        Ok(lease)
    }

    /// Whether a mutation may leave at this moment. Never blocks.
    pub fn is_good(&self) -> bool {
        self.0.is_good()
    }

    /// Why nothing more may be changed, once that is so.
    pub fn lost(&self) -> Option<Error> {
        self.0.lost.borrow().as_ref().map(|to| Error::Lost { stack: crate::safe::text(&self.0.stack), to: to.clone() })
    }

    /// Waits until it is lost; for ever where it never is.
    pub async fn when_lost(&self) {
        let mut lost = self.0.lost.subscribe();
        let _ = lost.wait_for(Option::is_some).await;
    }

    /// The gate before a mutation: passes while the last acknowledged heartbeat is young enough, and renews the lease otherwise.
    /// `surely`: renews it in any case, for what cannot be made good again.
    pub async fn permit(&self, surely: bool) -> Result<(), Error> {
        match self.lost() {
            Some(lost) => Err(lost),
            None if self.is_good() && !surely => Ok(()),
            None => self.0.renew().await,
        }
    }

    /// The same AWS behind this lease's fence.
    #[must_use]
    pub fn fence(&self, aws: &Aws) -> Aws {
        let inner = Arc::clone(&self.0);
        aws.fenced(Fence::new(move || inner.is_good()).within(attempt(self.0.lease)))
    }

    /// Gives it back. What cannot be given back expires.
    pub async fn release(&self) -> Result<(), Error> {
        self.0.ended.send_replace(true);
        let tenure = self.0.tenure.lock().await;
        self.0.good_until_ms.store(0, Ordering::SeqCst);
        let released = self.0.give_back(&tenure).await;
        if let Ok(mut mark) = self.0.mark.lock() {
            mark.take();
        }
        released
    }
}

impl Inner {
    fn is_good(&self) -> bool {
        millis(self.timer.at_least()) < self.good_until_ms.load(Ordering::SeqCst)
    }

    /// Heartbeats until the end or the loss.
    async fn keep(&self, lease: Duration, events: &Events) {
        let mut ended = self.ended.subscribe();
        let mut pause = lease / 3;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = ended.wait_for(|ended| *ended) => return,
            }
            pause = match self.renew().await {
                Ok(()) => lease / 3,
                Err(Error::Lost { to, .. }) => return events.warn(format!("the lease of stack {} was lost to {to}", self.stack)),
                Err(_) => lease / 15,
            };
        }
    }

    /// One acknowledged heartbeat, or why there is none.
    async fn renew(&self) -> Result<(), Error> {
        let mut tenure = self.tenure.lock().await;
        let mut last = None;
        for _ in 0..TRIES {
            if *self.ended.borrow() {
                break;
            }
            let (expect, record) = tenure.beat(wall_ms());
            let sent = self.timer.at_least();
            match self.aws.write_lease(&self.stack, &expect, &record).await {
                Ok(true) => {
                    tenure.acknowledged(record, sent);
                    self.good_until_ms.store(millis(tenure.good_until()), Ordering::SeqCst);
                    return Ok(());
                }
                // Refused: another's by now, or an earlier heartbeat of ours whose answer was lost.
                Ok(false) => {}
                Err(error) => last = Some(error),
            }
            match self.stored().await {
                Ok(stored) => self.look(&mut tenure, stored.as_ref())?,
                Err(error) => last = Some(error),
            }
        }
        Err(Error::Unrenewed { stack: crate::safe::text(&self.stack), source: last.map(Box::new) })
    }

    fn look(&self, tenure: &mut Tenure, stored: Option<&Record>) -> Result<(), Error> {
        if tenure.seen(stored) == Standing::Ours {
            return Ok(());
        }
        self.good_until_ms.store(0, Ordering::SeqCst);
        let to = stored.map_or("nobody: its item is gone".to_owned(), |record| match record.state {
            State::Revoked if record.is_tenure_of(tenure.record()) => "`landfall unlock --force`".to_owned(),
            _ => record.claim.to_string(),
        });
        self.lost.send_replace(Some(to.clone()));
        Err(Error::Lost { stack: crate::safe::text(&self.stack), to })
    }

    async fn stored(&self) -> Result<Option<Record>, aws::Error> {
        Ok(match self.aws.read_lease(&self.stack).await? {
            Stored::Record(record) => Some(record),
            Stored::NoTable | Stored::Nothing => None,
        })
    }

    async fn give_back(&self, tenure: &Tenure) -> Result<(), Error> {
        let mut stored = Some(tenure.record().clone());
        for _ in 0..TRIES {
            let Some((expect, record)) = stored.as_ref().and_then(|stored| tenure.release(stored, wall_ms())) else { return Ok(()) };
            match self.aws.write_lease(&self.stack, &expect, &record).await {
                Ok(true) => return Ok(()),
                // Our own late heartbeat, or revoked meanwhile.
                Ok(false) | Err(_) => stored = self.stored().await?,
            }
        }
        Err(Error::Unrenewed { stack: crate::safe::text(&self.stack), source: None })
    }
}

/// On the way to a lease.
struct Taking<'a> {
    aws: &'a Aws,
    request: Request<'a>,
    timer: &'a Timer,
    claim: Claim,
    events: &'a Events,
    mark: Option<&'a Mark>,
}

impl Taking<'_> {
    async fn run(&self) -> Result<Tenure, Error> {
        let mut watch = Watch::new(&self.claim.run, self.request.patience);
        let (mut told, mut tries) = (false, 0);
        loop {
            let stored = self.read().await?;
            let dead = stored.as_ref().is_some_and(|record| machine::is_dead(&record.claim));
            let now = Now { at: self.timer.at_most(), wall_ms: wall_ms() };
            match (watch.look(stored.as_ref(), dead, now), stored) {
                (Decision::Take { expect, fence }, stored) => {
                    tries += 1;
                    if let Some(tenure) = self.write(&expect, fence, tries).await? {
                        self.follows(stored.as_ref());
                        return Ok(tenure);
                    }
                }
                (Decision::Ours, Some(record)) => {
                    self.is_on_its_way(false);
                    return Ok(Tenure::found(record));
                }
                (Decision::Locked, Some(record)) => {
                    self.is_on_its_way(false);
                    return Err(locked(self.request.stack, &record));
                }
                (Decision::Wait(time), Some(record)) => {
                    if !std::mem::replace(&mut told, true) {
                        self.tell(&record);
                    }
                    tokio::time::sleep(time).await;
                }
                (_, None) => {}
            }
        }
    }

    /// What is stored; the first writer of all makes the table.
    async fn read(&self) -> Result<Option<Record>, Error> {
        match self.aws.read_lease(self.request.stack).await? {
            Stored::Record(record) => Ok(Some(record)),
            Stored::Nothing => Ok(None),
            Stored::NoTable => {
                self.events.note(format!("making the table {}: it holds one small item per stack", aws::leases::TABLE));
                self.aws.make_lease_table().await?;
                Ok(None)
            }
        }
    }

    /// `None`: refused, or the answer was lost: look again.
    async fn write(&self, expect: &Expect, fence: u64, tries: u32) -> Result<Option<Tenure>, Error> {
        let written_ms = wall_ms();
        let claim = Claim { since_ms: written_ms, ..self.claim.clone() };
        let record = Record { claim, fence, beat: 0, lease: self.request.lease, state: State::Held, written_ms };
        let sent = self.timer.at_least();
        self.is_on_its_way(true);
        let answer = self.aws.write_lease(self.request.stack, expect, &record).await;
        let refused = answer.as_ref().is_err_and(|e| e.is_credentials() || e.is_denied() || e.is("ValidationException"));
        // Refused by the condition: it may be an earlier try of the SDK's own that was taken.
        self.is_on_its_way(!refused && !matches!(answer, Ok(true)));
        match answer {
            Ok(true) => Ok(Some(Tenure::taken(record, sent))),
            Ok(false) => Ok(None),
            Err(error) if refused || tries >= TRIES => Err(error.into()),
            Err(_) => {
                tokio::time::sleep(aws::patience::jitter(tries + 2)).await;
                Ok(None)
            }
        }
    }

    /// Whoever is stopped now may leave a lease that it never saw.
    fn is_on_its_way(&self, written: bool) {
        self.mark.into_iter().for_each(|mark| mark.is_needed(written));
    }

    fn tell(&self, record: &Record) {
        let what = if record.state == State::Revoked {
            "was unlocked by force; waiting until its holder surely knows"
        } else {
            "is locked; waiting"
        };
        self.events.note(format!("stack {} {what}: {}", crate::safe::text(self.request.stack), record.claim));
    }

    fn follows(&self, before: Option<&Record>) {
        let Some(before) = before.filter(|record| record.state != State::Released) else { return };
        machine::forget(&before.claim.run);
        self.events.warn(format!("took over the lease that was left by {}", before.claim));
    }
}

/// This run, as others see it.
fn claim(verb: &str) -> Claim {
    let (user, host) = machine::who();
    Claim {
        run: format!("{:032x}", fastrand::u128(..)),
        user,
        host,
        pid: std::process::id(),
        verb: verb.to_owned(),
        since_ms: 0,
        machine: machine::here(),
    }
}

pub(super) fn locked(stack: &str, record: &Record) -> Error {
    let (stack, holder, lease) = (crate::safe::text(stack), record.claim.to_string(), record.lease.as_secs());
    Error::Locked { stack, holder, silence: record.silence_s(wall_ms()), lease }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
