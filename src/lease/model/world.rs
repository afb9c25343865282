//! The simulated world of [`super::interleavings`]: its network, its processes, its clocks. What the processes do: [`writers`].
//!
//! Rule: the writers' decisions are the production state machines'; a [`Break`] spoils what they are told, never what they are.

mod writers;

use super::record::{Expect, Record};
use super::tenure::Tenure;
use super::watch::Watch;
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
}
