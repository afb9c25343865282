//! What each process of the simulated world does: it takes the lease, holds it and works, gives it back, or takes it away by force.

use super::super::record::{Claim, Record, State};
use super::super::tenure::{Standing, Tenure};
use super::super::watch::{Decision, Now, Watch};
use super::{Answer, Break, Event, LEASE, Phase, Request, World};
use std::time::Duration;

impl World {
    pub(super) fn wake(&mut self, who: usize) {
        if self.writers[who].asking.is_some() {
            return;
        }
        match &self.writers[who].phase {
            Phase::Holding(tenure) => {
                let (expect, record) = tenure.beat(self.wall(who));
                self.send(who, Request::Write(expect, record));
            }
            Phase::Taking(_) | Phase::Unlocking(_) | Phase::Releasing(_) => self.send(who, Request::Read),
            Phase::Over => {}
        }
    }

    /// The work of a holder: the check, and at once the mutation.
    pub(super) fn work(&mut self, who: usize) {
        let now = self.at_least(who);
        let Phase::Holding(tenure) = &self.writers[who].phase else { return };
        if now < tenure.good_until() || self.is(Break::Deadline) {
            let tenure = tenure.clone();
            self.log.push((tenure.record().fence, who));
            self.writers[who].mutations -= 1;
            if self.writers[who].mutations == 0 {
                return self.go_over(who, Phase::Releasing(tenure));
            }
        } else {
            self.wake(who);
        }
        let pause = self.random.u64(20..500);
        self.at(self.time + pause, Event::Work(who));
    }

    /// To the next phase, with a first look.
    fn go_over(&mut self, who: usize, phase: Phase) {
        self.writers[who].phase = phase;
        self.writers[who].asking = None;
        self.writers[who].turn += 1;
        self.wake(who);
    }

    pub(super) fn answered(&mut self, who: usize, turn: u32, answer: Answer) {
        if turn != self.writers[who].turn {
            return;
        }
        let Some((sent, clock, request)) = self.writers[who].asking.take() else { return };
        let clock = if self.is(Break::CreditFromReceived) { self.at_least(who) } else { clock };
        let phase = std::mem::replace(&mut self.writers[who].phase, Phase::Over);
        match phase {
            Phase::Taking(watch) => self.taking(who, watch, (sent, clock), request, answer),
            Phase::Holding(tenure) => self.holding(who, tenure, clock, request, answer),
            Phase::Releasing(tenure) => self.releasing(who, tenure, &answer),
            Phase::Unlocking(watch) => self.unlocking(who, watch, answer),
            Phase::Over => {}
        }
    }

    fn taking(&mut self, who: usize, mut watch: Watch, (sent, clock): (u64, Duration), request: Request, answer: Answer) {
        match (answer, request) {
            (Answer::Written, Request::Write(_, record)) => {
                self.hold(who, Tenure::taken(record, clock));
            }
            (Answer::Read(stored), _) => {
                let decision = self.look(who, &mut watch, stored.as_ref(), sent);
                self.decide(who, watch, decision, stored);
            }
            _ => {
                self.writers[who].phase = Phase::Taking(watch);
                self.wake(who);
            }
        }
    }

    fn look(&mut self, who: usize, watch: &mut Watch, stored: Option<&Record>, sent: u64) -> Decision {
        let at = if self.is(Break::WatchFromSent) { sent } else { self.time };
        let now = |at: u64| Now { at: Duration::from_millis(at.saturating_sub(self.writers[who].slept)), wall_ms: self.wall(who) };
        let mut stored = stored.cloned();
        if let Some(record) = stored.as_mut().filter(|r| self.is(Break::Force) && r.state == State::Revoked) {
            record.state = State::Released;
        }
        let dead = stored.as_ref().is_some_and(|record| {
            let holder = record.claim.run.parse::<usize>().map(|holder| &self.writers[holder]);
            holder.is_ok_and(|h| h.killed && h.shared_machine && self.writers[who].shared_machine)
        });
        let decision = watch.look(stored.as_ref(), dead, now(at));
        if self.is(Break::Watching) { watch.look(stored.as_ref(), dead, now(at + 9 * LEASE)) } else { decision }
    }

    fn decide(&mut self, who: usize, watch: Watch, decision: Decision, stored: Option<Record>) {
        match (decision, stored) {
            (Decision::Take { expect, fence }, _) => {
                let fence = if self.is(Break::Fence) { fence.saturating_sub(1).max(1) } else { fence };
                let record = self.claim(who, fence);
                self.writers[who].phase = Phase::Taking(watch);
                self.send(who, Request::Write(expect, record));
            }
            (Decision::Ours, Some(record)) => self.hold(who, Tenure::found(record)),
            (Decision::Wait(time), _) => {
                self.writers[who].phase = Phase::Taking(watch);
                self.at(self.time + millis(time), Event::Wake(who));
            }
            (Decision::Locked | Decision::Ours, _) => {}
        }
    }

    fn claim(&self, who: usize, fence: u64) -> Record {
        let (user, host, verb) = (String::new(), String::new(), String::new());
        let claim = Claim { run: self.writers[who].run.clone(), user, host, pid: 0, verb, since_ms: 0, machine: None };
        Record { claim, fence, beat: 0, lease: Duration::from_millis(LEASE), state: State::Held, written_ms: self.wall(who) }
    }

    fn hold(&mut self, who: usize, tenure: Tenure) {
        self.writers[who].phase = Phase::Holding(tenure);
        self.at(self.time + LEASE / 3, Event::Wake(who));
        self.at(self.time, Event::Work(who));
    }

    fn holding(&mut self, who: usize, mut tenure: Tenure, clock: Duration, request: Request, answer: Answer) {
        match (answer, request) {
            (Answer::Written, Request::Write(_, record)) => {
                tenure.acknowledged(record, clock);
                self.at(self.time + LEASE / 3, Event::Wake(who));
            }
            (Answer::Read(stored), _) => {
                if tenure.seen(stored.as_ref()) == Standing::Lost {
                    return self.go_over(who, Phase::Releasing(tenure));
                }
                if let Some(stored) = stored.filter(|_| self.is(Break::CreditWithoutAnswer)) {
                    tenure.acknowledged(stored, self.at_least(who));
                }
                self.at(self.time, Event::Wake(who));
            }
            _ => {
                self.writers[who].phase = Phase::Holding(tenure);
                return self.send(who, Request::Read);
            }
        }
        self.writers[who].phase = Phase::Holding(tenure);
    }

    fn releasing(&mut self, who: usize, tenure: Tenure, answer: &Answer) {
        self.writers[who].tries += 1;
        let write = match answer {
            Answer::Read(Some(stored)) => tenure.release(stored, self.wall(who)),
            Answer::Read(None) | Answer::Written => return,
            Answer::Refused | Answer::Lost if self.writers[who].tries > 6 => return,
            Answer::Refused | Answer::Lost => {
                self.writers[who].phase = Phase::Releasing(tenure);
                return self.wake(who);
            }
        };
        if let Some((expect, record)) = write {
            self.writers[who].phase = Phase::Releasing(tenure);
            self.send(who, Request::Write(expect, record));
        }
    }

    /// As `unlock --force` does it: revoke what was shown, wait as anybody would, release.
    fn unlocking(&mut self, who: usize, mut watch: Watch, answer: Answer) {
        self.writers[who].tries += 1;
        let Answer::Read(stored) = answer else {
            self.writers[who].phase = Phase::Unlocking(watch);
            return self.wake(who);
        };
        let Some(record) = stored.filter(|r| r.state != State::Released && self.writers[who].tries < 60) else { return };
        let write = match record.state {
            State::Held if self.writers[who].mutations > 0 => {
                self.writers[who].mutations = 0;
                Some(State::Revoked)
            }
            State::Revoked => {
                let now = Now { at: Duration::from_millis(self.time - self.writers[who].slept.min(self.time)), wall_ms: self.wall(who) };
                match watch.look(Some(&record), false, now) {
                    Decision::Take { .. } => Some(State::Released),
                    _ => None,
                }
            }
            _ => return,
        };
        self.writers[who].phase = Phase::Unlocking(watch);
        match write {
            Some(state) => self.send(who, Request::Write(record.version(), record.next(state, self.wall(who)))),
            None => self.at(self.time + 100, Event::Wake(who)),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a short time")
}
