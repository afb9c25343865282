//! A lease in one process, while AWS refuses, loses answers, or gives it to another: when it is held, when it is not, and who is told.

use crate::reconcile_faults::{World, table, unique};
use landfall::aws::leases::{Fence, Stored};
use landfall::event::{Event, Events};
use landfall::lease::model::{Claim, Expect, Record, State};
use landfall::lease::{Error, Lease, Request, revoke};
use landfall::local::{Effect, Moment, Rule};
use landfall::plan::Dimension;
use landfall::resource::Capacity;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Long enough that no heartbeat comes by itself during a test.
pub(crate) const LONG: Duration = Duration::from_mins(10);
pub(crate) const SHORT: Duration = Duration::from_millis(900);

/// What was told while a lease was taken or unlocked.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn events(&self) -> Events {
        let told = Arc::clone(&self.0);
        Events::new(move |event| {
            if let Event::Note(text) | Event::Warning(text) = event {
                told.lock().expect("unpoisoned").push(text);
            }
        })
    }

    fn says(&self, words: &str) -> bool {
        self.0.lock().expect("unpoisoned").iter().any(|text| text.contains(words))
    }
}

pub(crate) async fn take(world: &World, stack: &str, lease: Duration) -> Result<Lease, Error> {
    take_telling(world, stack, lease, &Told::default()).await
}

async fn take_telling(world: &World, stack: &str, lease: Duration, told: &Told) -> Result<Lease, Error> {
    let request = Request { stack, verb: "apply", lease, patience: Duration::ZERO };
    // Whoever asks for ever fails here, and not when the suite's patience ends.
    tokio::time::timeout(Duration::from_mins(1), Lease::take(&world.aws, request, &told.events())).await.expect("it ends")
}

async fn stored(world: &World, stack: &str) -> Record {
    match world.aws.read_lease(stack).await.expect("readable") {
        Stored::Record(record) => record,
        nothing => panic!("{nothing:?}"),
    }
}

/// A world in which the table of leases is there: making it takes AWS's time, which moves only when somebody moves it.
async fn start() -> World {
    let world = World::start().await;
    let moving = move_on(&world);
    world.aws.make_lease_table().await.expect("made");
    moving.abort();
    world
}

pub(crate) fn move_on(world: &World) -> tokio::task::JoinHandle<()> {
    let clock = world.clock.clone();
    tokio::spawn(async move {
        loop {
            clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
}

fn writes(world: &World) -> usize {
    world.local.calls().iter().filter(|call| call.operation == "PutItem").count()
}

/// The lease as another run's, whatever it was.
pub(crate) async fn give_to_another(world: &World, stack: &str, state: State) {
    let was = stored(world, stack).await;
    let claim = Claim { run: "other".into(), host: "elsewhere".into(), machine: None, ..was.claim.clone() };
    let other = Record { claim, fence: was.fence + 1, state, ..was.clone() };
    assert!(world.aws.write_lease(stack, &was.version(), &other).await.expect("written"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_refuses_for_good_is_not_asked_for_again_and_what_fails_for_ever_ends() {
    let world = start().await;
    let stack = unique("stack");
    take(&world, &stack, LONG).await.expect("taken").release().await.expect("released");
    for code in ["ExpiredTokenException", "AccessDeniedException", "ValidationException"] {
        let before = writes(&world);
        world.local.faults().install(Rule::refuse(code).operation("PutItem"));
        let refused = take(&world, &stack, LONG).await.expect_err("refused");
        assert!(matches!(&refused, Error::Aws(error) if error.is(code)), "{refused:?}");
        assert_eq!(writes(&world) - before, 1, "{code}");
        world.local.faults().clear();
    }
    world.local.faults().install(Rule::refuse("InternalServerError").operation("PutItem"));
    let refused = take(&world, &stack, LONG).await.expect_err("it fails for ever");
    assert!(matches!(&refused, Error::Aws(error) if error.is("InternalServerError")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_lease_names_the_permissions_and_another_failure_does_not() {
    let world = start().await;
    let stack = unique("stack");
    for (code, names) in [("AccessDeniedException", true), ("ValidationException", false)] {
        world.local.faults().install(Rule::refuse(code).operation("GetItem"));
        let refused = take(&world, &stack, LONG).await.expect_err("refused");
        assert_eq!(refused.help().contains("dynamodb:GetItem"), names, "{}", refused.help());
        world.local.faults().clear();
    }
}

/// The write that took it was lost on its way back: it is ours by a read only, and that is not enough to act on.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_whose_taking_was_not_answered_is_good_only_after_a_heartbeat() {
    let world = start().await;
    let stack = unique("stack");
    take(&world, &stack, LONG).await.expect("taken").release().await.expect("released");
    world.local.faults().install(Rule::new(Effect::Reset(Moment::After)).operation("PutItem").call(1));
    let lease = take(&world, &stack, LONG).await.expect("taken");
    assert!(lease.is_good());
    assert_eq!(stored(&world, &stack).await.beat, 1, "a heartbeat was acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_whose_answer_was_lost_loses_no_lease() {
    let world = start().await;
    let stack = unique("stack");
    let lease = take(&world, &stack, LONG).await.expect("taken");
    world.local.faults().install(Rule::new(Effect::Reset(Moment::After)).operation("PutItem").call(1));
    lease.permit(true).await.expect("ours");
    assert!(lease.lost().is_none() && lease.is_good());
}

/// What cannot be made good again asks AWS in any case; everything else trusts a young heartbeat, and no old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_permit_trusts_a_young_heartbeat_unless_it_must_be_sure() {
    let world = start().await;
    let stack = unique("stack");
    let lease = take(&world, &stack, LONG).await.expect("taken");
    let before = writes(&world);
    lease.permit(false).await.expect("young");
    assert_eq!(writes(&world), before);
    lease.permit(true).await.expect("ours");
    assert_eq!(writes(&world), before + 1);
    give_to_another(&world, &stack, State::Held).await;
    lease.permit(false).await.expect("nobody told");
    let lost = lease.permit(true).await.expect_err("another has it");
    assert!(matches!(&lost, Error::Lost { to, .. } if to.contains("elsewhere")), "{lost:?}");
    assert!(lease.permit(false).await.is_err() && !lease.is_good(), "once lost, never ours again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_cannot_be_renewed_is_good_for_nothing_once_it_is_old() {
    let world = start().await;
    let stack = unique("stack");
    let lease = take(&world, &stack, SHORT).await.expect("taken");
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("PutItem"));
    tokio::time::sleep(SHORT).await;
    assert!(!lease.is_good());
    let refused = lease.permit(false).await.expect_err("too old");
    assert!(matches!(refused, Error::Unrenewed { source: Some(_), .. }), "{refused:?}");
    world.local.faults().clear();
    lease.permit(false).await.expect("AWS answers again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_was_given_back_is_not_written_again() {
    let world = start().await;
    let stack = unique("stack");
    let lease = take(&world, &stack, LONG).await.expect("taken");
    lease.release().await.expect("released");
    let before = (writes(&world), stored(&world, &stack).await);
    assert!(!lease.is_good());
    assert!(matches!(lease.permit(true).await, Err(Error::Unrenewed { source: None, .. })));
    assert_eq!((writes(&world), stored(&world, &stack).await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_it_to_force_is_told_so_and_who_lost_it_to_another_is_told_to_whom() {
    let world = start().await;
    let (forced, taken) = (unique("stack"), unique("stack"));
    let lease = take(&world, &forced, LONG).await.expect("taken");
    let held = stored(&world, &forced).await;
    assert!(world.aws.write_lease(&forced, &held.version(), &held.next(State::Revoked, 0)).await.expect("written"));
    assert!(lease.permit(true).await.expect_err("revoked").to_string().contains("unlock --force"));
    let lease = take(&world, &taken, LONG).await.expect("taken");
    give_to_another(&world, &taken, State::Revoked).await;
    let lost = lease.permit(true).await.expect_err("another's").to_string();
    assert!(lost.contains("elsewhere") && !lost.contains("unlock"), "{lost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_lease_that_was_left_behind_is_told_of() {
    let world = start().await;
    let stack = unique("stack");
    take(&world, &stack, LONG).await.expect("taken").release().await.expect("released");
    let told = Told::default();
    let lease = take_telling(&world, &stack, LONG, &told).await.expect("taken");
    assert!(!told.says("took over"));
    lease.release().await.expect("released");
    let was = stored(&world, &stack).await;
    // Held, and silent for longer than it lasts.
    let claim = Claim { run: "gone".into(), machine: None, ..was.claim.clone() };
    let left = Record { claim, fence: was.fence + 1, state: State::Held, lease: SHORT, written_ms: 1, ..was.clone() };
    assert!(world.aws.write_lease(&stack, &was.version(), &left).await.expect("written"));
    take_telling(&world, &stack, LONG, &told).await.expect("taken");
    assert!(told.says("took over the lease that was left by"));
}

#[tokio::test(flavor = "multi_thread")]
async fn force_takes_the_lease_that_was_shown_and_no_other() {
    let world = start().await;
    let stack = unique("stack");
    let lease = take(&world, &stack, LONG).await.expect("taken");
    let shown = stored(&world, &stack).await;
    give_to_another(&world, &stack, State::Held).await;
    let unlock = |shown: Record| {
        let (aws, stack) = (world.aws.clone(), stack.clone());
        async move { tokio::time::timeout(Duration::from_mins(1), revoke(&aws, &stack, &shown, &Events::silent())).await.expect("it ends") }
    };
    assert!(matches!(unlock(shown.clone()).await, Err(Error::Locked { .. })), "another has it by now");
    let other = stored(&world, &stack).await;
    assert_eq!((other.state, other.claim.run.as_str()), (State::Held, "other"));
    // Silent for longer than it lasts: nobody waits long for it.
    let short = Record { lease: SHORT, ..other.next(State::Held, 1) };
    assert!(world.aws.write_lease(&stack, &other.version(), &short).await.expect("written"));
    unlock(short).await.expect("unlocked");
    let released = stored(&world, &stack).await;
    assert_eq!(released.state, State::Released);
    let before = writes(&world);
    unlock(released).await.expect("nothing to do");
    assert_eq!(writes(&world), before, "what nobody holds is left as it is");
    drop(lease);
}

#[tokio::test(flavor = "multi_thread")]
async fn force_that_aws_refuses_is_refused() {
    let world = start().await;
    let stack = unique("stack");
    let lease = take(&world, &stack, LONG).await.expect("taken");
    let shown = stored(&world, &stack).await;
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("PutItem"));
    let refused = revoke(&world.aws, &stack, &shown, &Events::silent()).await.expect_err("denied");
    assert!(matches!(&refused, Error::Aws(error) if error.is_denied()), "{refused:?}");
    assert!(lease.is_good());
}

/// The first writer of all makes the table; one that cannot is told why, and one that came second waits for the first.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_lease_of_all_makes_its_table_or_says_why_not() {
    let world = World::start().await;
    let moving = move_on(&world);
    let stack = unique("stack");
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("CreateTable"));
    let refused = take(&world, &stack, LONG).await.expect_err("denied");
    assert!(matches!(&refused, Error::Aws(error) if error.is_denied() && error.call.contains("CreateTable")), "{refused:?}");
    world.local.faults().clear();
    world.local.faults().install(Rule::refuse_after("ResourceInUseException").operation("CreateTable").call(1));
    let lease = take(&world, &stack, LONG).await.expect("the table is there");
    assert_eq!(stored(&world, &stack).await.fence, 1);
    let absent = world.aws.write_lease(&stack, &Expect::Absent, &stored(&world, &stack).await).await.expect("answered");
    assert!(!absent, "it is there by now");
    drop(lease);
    moving.abort();
}

/// The last look before a request leaves, the SDK's own repetitions too.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_fence_lets_reads_pass_and_no_change_of_any_service() {
    let world = start().await;
    let (name, wanted) = (unique("fenced"), table(Capacity::OnDemand, &[]));
    let closed = world.aws.fenced(Fence::new(|| false));
    closed.table_names().await.expect("a read passes");
    let before = world.writes();
    assert!(closed.create_table(&name, &wanted, "s").await.is_err());
    assert!(closed.create_bucket(&name).await.is_err());
    assert!(closed.scale_policy(&name, None, Dimension::Read, 70).await.is_err());
    assert_eq!(world.writes(), before, "nothing has left");
    world.aws.fenced(Fence::new(|| true)).create_table(&name, &wanted, "s").await.expect("an open one lets it pass");
}
