//! Faults on request: chosen calls are refused, delayed, held, torn or half answered, so that every promise can be tried.
//!
//! In process by [`Faults`] (see `Local::faults`); from outside by HTTP on the same port, unsigned, and as all of it loopback only:
//!
//! | call | does |
//! | --- | --- |
//! | `POST /_landfall/faults` | installs the rule, or the list of rules, in the body; answers their ids |
//! | `GET /_landfall/faults` | the rules with how many calls each saw and struck, and the calls that are held |
//! | `DELETE /_landfall/faults` | clears all rules and lets go of what they hold; `/_landfall/faults/ID` clears one |
//! | `POST /_landfall/release` | lets go of what is held; `/_landfall/release/ID` of one held call; the rules stay |
//! | `GET /_landfall/calls` | what was asked and how it was answered, and how many older calls are forgotten |
//!
//! A rule is a JSON object. What happens is `effect`:
//! `refuse` (with `code`, and `status`, `message` if AWS's own will not do; `at` before or after the effect),
//! `reset` and `freeze` (`at` before, after, or half: after half of the answer), `delay` (`ms`; `at` before or after),
//! `unprocessed` (`share` of a batch's items), `status` (`shown`: what `DescribeTable` says instead of ACTIVE), `limit` (`per_second`:
//! the account's limiter lets so many changes of tables pass).
//! Which calls: `service`, `operation`, `resource` (table or bucket), `writes` (only what changes something).
//! Which of those: from the `call`-th on, `times` of them, a `rate` of them drawn by `seed`, `for_ms` after the first.
//!
//! Rules: every rule counts every call it matches; the first that strikes, strikes alone. A member that nobody honours is refused.
//! Key insight: what goes wrong is decided once, when the call comes in, and acts at three places on its way out; so the services
//! never learn of it. Called by `gate`, `server` and the S3 access check.

mod batch;
mod control;
mod held;
mod limiter;
mod log;
mod refusal;
mod resource;
mod rule;
mod strike;
mod text;
mod torn;

pub(crate) use control::{answer as control, is_control};
pub use held::Held;
pub use log::Call;
pub(crate) use log::Log;
pub(crate) use resource::{all as all_resources, first as first_resource};
pub use rule::{Effect, Moment, Rule};
pub(crate) use strike::{Stop, Strike};
pub(crate) use torn::Torn;

use super::fault::Fault;
use super::gate::Asked;
use crate::clock::Clock;
use held::Holding;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// AWS's refusal by its name in any service, as `service` words it.
pub(crate) fn refusal(service: &str, code: &str) -> Fault {
    refusal::of(service, code, None, None)
}

/// The rules of one embedded AWS; clones are the same rules.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rules: Mutex<Rules>,
    holding: Holding,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Rules {
    installed: Vec<Installed>,
    last_id: u64,
}

/// A rule at work.
#[derive(Debug)]
struct Installed {
    id: u64,
    rule: Rule,
    /// Calls that matched.
    seen: u64,
    struck: u64,
    /// When it first struck.
    since: Option<u64>,
    random: fastrand::Rng,
    passed: limiter::Passed,
}

/// What a rule did so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    pub id: u64,
    pub rule: Rule,
    /// Calls that the rule is about.
    pub seen: u64,
    /// Those of them that it struck.
    pub struck: u64,
}

impl Faults {
    pub(crate) fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { clock, ..Inner::default() }))
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the next call on; the rule's id.
    pub fn install(&self, rule: Rule) -> u64 {
        let mut rules = self.rules();
        rules.last_id += 1;
        let (id, random) = (rules.last_id, fastrand::Rng::with_seed(rule.seed));
        rules.installed.push(Installed { id, rule, seen: 0, struck: 0, since: None, random, passed: limiter::Passed::default() });
        id
    }

    /// Removes every rule and lets go of what they hold.
    pub fn clear(&self) {
        self.keep(|_| false);
        self.release();
    }

    /// Removes one rule and lets go of what it holds; whether there was one.
    pub fn remove(&self, id: u64) -> bool {
        self.0.holding.release(|held| held.rule == id);
        self.keep(|i| i.id != id)
    }

    /// Whether any rule went.
    fn keep(&self, keep: impl FnMut(&Installed) -> bool) -> bool {
        let mut rules = self.rules();
        let before = rules.installed.len();
        rules.installed.retain(keep);
        rules.installed.len() < before
    }

    /// The rules, oldest first.
    pub fn installed(&self) -> Vec<Installation> {
        let told = |i: &Installed| Installation { id: i.id, rule: i.rule.clone(), seen: i.seen, struck: i.struck };
        self.rules().installed.iter().map(told).collect()
    }

    /// The calls that are held now, oldest first.
    pub fn held(&self) -> Vec<Held> {
        self.0.holding.all()
    }

    /// Returns once some call is held.
    pub async fn until_held(&self) {
        self.0.holding.until_some().await;
    }

    /// Lets every held call go on.
    pub fn release(&self) {
        self.0.holding.release(|_| true);
    }

    /// Lets one held call go on; whether there was one.
    pub(crate) fn release_one(&self, id: u64) -> bool {
        self.0.holding.release(|held| held.id == id)
    }

    /// What shall happen to this call.
    pub(crate) fn strike(&self, asked: &Asked<'_>) -> Option<Strike> {
        let (now, second) = (self.0.clock.now_ms(), millis(self.0.clock.pace(Duration::from_secs(1))));
        let mut rules = self.rules();
        let named = if rules.installed.iter().any(|i| i.rule.resource.is_some()) { asked.resources() } else { Vec::new() };
        let mut first = None;
        for installed in rules.installed.iter_mut().filter(|i| i.rule.is_about(asked, &named)) {
            installed.seen += 1;
            if first.is_none() && installed.strikes(now, second) {
                installed.struck += 1;
                installed.since.get_or_insert(now);
                let draw = installed.random.u64(..);
                first = Some(Strike::new(self.clone(), installed.id, installed.rule.effect.clone(), draw, asked));
            }
        }
        first
    }
}

impl Rule {
    fn is_about(&self, asked: &Asked<'_>, named: &[String]) -> bool {
        let same = |wanted: Option<&String>, is: &str| wanted.is_none_or(|w| w == is);
        same(self.service.as_ref(), asked.service)
            && same(self.operation.as_ref(), asked.operation)
            && (!self.writes || rule::is_write(asked.operation))
            && self.resource.as_ref().is_none_or(|wanted| named.contains(wanted))
            && self.effect.can_befall(asked)
    }
}

impl Effect {
    /// Some effects mean nothing to most calls, and should not be spent on them.
    fn can_befall(&self, asked: &Asked<'_>) -> bool {
        match self {
            Self::Unprocessed(_) => matches!(asked.operation, "BatchWriteItem" | "BatchGetItem"),
            Self::Status(_) => asked.operation == "DescribeTable",
            Self::Limit(_) => limiter::counts(asked),
            _ => true,
        }
    }
}

impl Installed {
    /// Whether the call that was just counted is one of those to strike.
    fn strikes(&mut self, now: u64, second: u64) -> bool {
        let rule = &self.rule;
        let over = |since: u64| rule.lasts.is_some_and(|time| now >= since.saturating_add(millis(time)));
        let due = self.seen >= rule.call && rule.times.is_none_or(|times| self.struck < times) && !self.since.is_some_and(over);
        let drawn = due && rule.rate.is_none_or(|rate| self.random.f64() < rate);
        match rule.effect {
            Effect::Limit(most) => drawn && !self.passed.takes(most, now, second),
            _ => drawn,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(faults: &Faults, operation: &str, body: &str) -> bool {
        let asked = Asked { service: "dynamodb", operation, resource: "", body: body.as_bytes() };
        faults.strike(&asked).is_some()
    }

    fn of_ten(rule: Rule) -> Vec<usize> {
        let faults = Faults::default();
        faults.install(rule);
        (1..=10).filter(|_| struck(&faults, "PutItem", "{}")).collect()
    }

    #[test]
    fn the_calls_that_a_rule_names_are_struck_and_no_others() {
        let plain = || Rule::refuse("ThrottlingException");
        assert_eq!(of_ten(plain().call(3)), [3]);
        assert_eq!(of_ten(plain().call(3).times(2)), [3, 4]);
        assert_eq!(of_ten(plain().times(2)), [1, 2]);
        assert_eq!(of_ten(plain()).len(), 10);
        assert_eq!(of_ten(plain().service("s3")).len() + of_ten(plain().operation("GetItem")).len(), 0);
        let half = of_ten(plain().rate(0.5, 7));
        assert!((2..9).contains(&half.len()) && half == of_ten(plain().rate(0.5, 7)) && half != of_ten(plain().rate(0.5, 8)), "{half:?}");
    }

    #[test]
    fn a_table_is_found_wherever_the_request_names_it() {
        let faults = Faults::default();
        faults.install(Rule::refuse("X").resource("B"));
        assert!(struck(&faults, "BatchWriteItem", r#"{"RequestItems":{"A":[],"B":[]}}"#));
        assert!(!struck(&faults, "PutItem", r#"{"TableName":"A"}"#));
        faults.clear();
        faults.install(Rule::refuse("X").writes());
        assert!(struck(&faults, "UpdateTable", "{}") && !struck(&faults, "DescribeTable", "{}"));
    }

    #[test]
    fn a_bucket_is_found_by_its_name_though_no_body_says_it() {
        let faults = Faults::default();
        faults.install(Rule::refuse("X").resource("mine"));
        let struck = |resource| faults.strike(&Asked { service: "s3", operation: "PutObject", resource, body: b"" }).is_some();
        assert!(struck("mine") && !struck("theirs") && !struck(""));
    }

    #[test]
    fn a_rule_lasts_as_long_as_it_says_by_the_clock() {
        let clock = Clock::manual(1_000);
        let faults = Faults::new(clock.clone());
        faults.install(Rule::refuse("X").lasts(Duration::from_secs(5)));
        clock.advance(Duration::from_mins(1));
        assert!(struck(&faults, "PutItem", ""), "the time runs from the first strike");
        clock.advance(Duration::from_millis(4_999));
        assert!(struck(&faults, "PutItem", ""));
        clock.advance(Duration::from_millis(1));
        assert!(!struck(&faults, "PutItem", ""));
    }

    #[test]
    fn the_first_rule_strikes_alone_and_all_count() {
        let faults = Faults::default();
        let (one, two) = (faults.install(Rule::refuse("X").call(2)), faults.install(Rule::refuse("Y").call(2).times(9)));
        let strikes = (0..3).filter(|_| struck(&faults, "PutItem", "")).count();
        let told: Vec<_> = faults.installed().iter().map(|i| (i.id, i.seen, i.struck)).collect();
        assert_eq!((strikes, told), (2, vec![(one, 3, 1), (two, 3, 1)]));
        assert!(faults.remove(one) && !faults.remove(one));
    }
}
