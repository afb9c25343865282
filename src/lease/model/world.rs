//! The simulated world of [`super::interleavings`]: its network, its processes, its clocks.
//!
//! Rule: the writers' decisions are the production state machines'; a [`Break`] spoils what they are told, never what they are.

use super::record::{Claim, Expect, Record, State};
use super::tenure::{Standing, Tenure};
use super::watch::{Decision, Now, Watch};
use std::collections::BTreeMap;
use std::time::Duration;

const LEASE: u64 = 1000;
const TIMEOUT: u64 = 400;
/// A world that has not come to rest after so many events never will.
const MOST_EVENTS: u32 = 20_000;

/// A rule that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// Writes happen whatever is stored.
    Condition,
    /// A foreign lease is taken at first sight.
    Watching,
    /// A watch counts from the sending of the read.
    WatchFromSent,
    /// A heartbeat counts from the arrival of its answer.
    CreditFromReceived,
    /// A heartbeat that was only seen by a read counts from that read.
    CreditWithoutAnswer,
    /// The holder acts until somebody tells it that it lost.
    Deadline,
    /// The holder's clock stands still while its machine sleeps.
    Sleep,
    /// What was unlocked by force may be taken at once.
    Force,
    /// A taking keeps the old number.
    Fence,
}

#[derive(Debug)]
enum Phase {
    Taking(Watch),
    Holding(Tenure),
    Releasing(Tenure),
    /// A person who unlocks by force.
    Unlocking(Watch),
    Over,
}

#[allow(clippy::large_enum_variant, reason = "a handful live at a time")]
#[derive(Debug, Clone)]
enum Request {
    Read,
    Write(Expect, Record),
}

#[allow(clippy::large_enum_variant, reason = "a handful live at a time")]
#[derive(Debug, Clone)]
enum Answer {
    Read(Option<Record>),
    Written,
    Refused,
    Lost,
}

#[derive(Debug, Clone)]
enum Event {
    /// A writer goes on: with its first look, its heartbeat, or its next look.
    Wake(usize),
    Work(usize),
    Effect {
        who: usize,
        turn: u32,
        request: Request,
        answered: Option<u64>,
    },
    Answered {
        who: usize,
        turn: u32,
        answer: Answer,
    },
}

#[derive(Debug)]
struct Writer {
    phase: Phase,
    run: String,
    /// The request on its way: its turn, when it was sent by the world's and by the holder's clock, and what it was.
    turn: u32,
    asking: Option<(u64, Duration, Request)>,
    paused_until: u64,
    slept: u64,
    killed: bool,
    shared_machine: bool,
    skew_ms: u64,
    mutations: u32,
    tries: u32,
}

pub(super) struct World {
    random: fastrand::Rng,
    time: u64,
    queue: BTreeMap<(u64, u32), Event>,
    events: u32,
    stored: Option<Record>,
    writers: Vec<Writer>,
    /// Every mutation: the number under which it was made, and by whom.
    log: Vec<(u64, usize)>,
    broken: Option<Break>,
}

impl World {
    pub(super) fn new(seed: u64, broken: Option<Break>) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let people = usize::from(random.bool());
        let writers = (0..random.usize(2..=8) + people)
            .map(|number| {
                let run = format!("{number}");
                let patience = Duration::from_millis(random.u64(0..4000));
                let phase =
                    if number < people { Phase::Unlocking(Watch::new(&run, patience)) } else { Phase::Taking(Watch::new(&run, patience)) };
                Writer {
                    phase,
                    run,
                    turn: 0,
                    asking: None,
                    paused_until: 0,
                    slept: 0,
                    killed: false,
                    shared_machine: random.bool(),
                    skew_ms: if random.u8(..4) == 0 { random.u64(0..10_000_000) } else { 0 },
                    mutations: random.u32(3..12),
                    tries: 0,
                }
            })
            .collect::<Vec<_>>();
        let mut world = Self { random, time: 0, queue: BTreeMap::new(), events: 0, stored: None, writers, log: Vec::new(), broken };
        for who in 0..world.writers.len() {
            let start = world.random.u64(0..3000);
            world.at(start, Event::Wake(who));
        }
        world
    }

    fn is(&self, broken: Break) -> bool {
        self.broken == Some(broken)
    }

    fn at(&mut self, time: u64, event: Event) {
        self.events += 1;
        self.queue.insert((time, self.events), event);
    }

    /// Runs to rest; what was done, in order.
    pub(super) fn run(mut self) -> Vec<(u64, usize)> {
        while let Some(((time, _), event)) = self.queue.pop_first() {
            assert!(self.events < MOST_EVENTS, "this world does not end");
            self.time = time;
            self.happen(event);
        }
        assert!(self.writers.iter().all(|w| w.killed || matches!(w.phase, Phase::Over)), "a writer hangs");
        self.log
    }

    fn happen(&mut self, event: Event) {
        let who = match &event {
            Event::Effect { .. } => return self.effect(event),
            Event::Wake(who) | Event::Work(who) | Event::Answered { who, .. } => *who,
        };
        if self.writers[who].killed || matches!(self.writers[who].phase, Phase::Over) {
            return;
        }
        if self.time < self.writers[who].paused_until {
            let resumed = self.writers[who].paused_until;
            return self.at(resumed, event);
        }
        match event {
            Event::Wake(_) => self.wake(who),
            Event::Work(_) => self.work(who),
            Event::Answered { turn, answer, .. } => self.answered(who, turn, answer),
            Event::Effect { .. } => {}
        }
        self.misfortune(who);
    }

    fn misfortune(&mut self, who: usize) {
        let pause = self.random.u64(0..3 * LEASE);
        let writer = &mut self.writers[who];
        match self.random.u16(..1000) {
            0..5 => writer.killed = true,
            5..35 => {
                writer.paused_until = self.time + pause;
                if pause.is_multiple_of(2) {
                    writer.slept += pause;
                }
            }
            _ => {}
        }
    }

    /// The holder's clock.
    fn at_least(&self, who: usize) -> Duration {
        let asleep = if self.is(Break::Sleep) { self.writers[who].slept } else { 0 };
        Duration::from_millis(self.time.saturating_sub(asleep))
    }

    fn wall(&self, who: usize) -> u64 {
        self.time + self.writers[who].skew_ms
    }

    fn send(&mut self, who: usize, request: Request) {
        let clock = self.at_least(who);
        let writer = &mut self.writers[who];
        writer.turn += 1;
        let (turn, sent) = (writer.turn, self.time);
        writer.asking = Some((sent, clock, request.clone()));
        self.at(sent + TIMEOUT * 3, Event::Answered { who, turn, answer: Answer::Lost });
        if self.random.u8(..100) < 8 {
            return;
        }
        let (there, back) = (self.delay(), self.delay());
        let answered = (self.random.u8(..100) >= 8).then_some(back);
        self.at(sent + there, Event::Effect { who, turn, request, answered });
    }

    fn delay(&mut self) -> u64 {
        let most = if self.random.u8(..100) < 12 { LEASE } else { 30 };
        self.random.u64(..=most)
    }

    fn effect(&mut self, event: Event) {
        let Event::Effect { who, turn, request, answered } = event else { return };
        let answer = match request {
            Request::Read => Answer::Read(self.stored.clone()),
            Request::Write(expect, record) => {
                let is = self.stored.as_ref().map_or(Expect::Absent, Record::version);
                let fits = is == expect || self.is(Break::Condition);
                if fits {
                    self.stored = Some(record);
                }
                if fits { Answer::Written } else { Answer::Refused }
            }
        };
        if let Some(back) = answered {
            self.at(self.time + back, Event::Answered { who, turn, answer });
        }
    }

    fn wake(&mut self, who: usize) {
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
    fn work(&mut self, who: usize) {
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

    fn answered(&mut self, who: usize, turn: u32, answer: Answer) {
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
