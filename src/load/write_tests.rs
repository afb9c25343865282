//! The writer against scripted answers: whatever AWS says, the account and the table agree.

use super::*;
use crate::mapping::{Attribute, Number};
use crate::resource::{KeyKind, KeyPart};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A table that answers as `say` decides, and remembers what it took.
#[derive(Clone)]
struct Script {
    say: Arc<dyn Fn(usize, usize) -> Answer + Send + Sync>,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    calls: usize,
    items: BTreeMap<Item, u64>,
    largest: usize,
    twice: bool,
}

enum Answer {
    Take,
    /// All but the first `n` items come back.
    Leave(usize),
    Fail(Option<&'static str>),
    /// The items were written, and the answer was lost.
    Torn,
    /// A batch that holds the item `poison` is invalid.
    Poison(i64),
}

fn fault(code: Option<&'static str>) -> aws::Error {
    aws::Error { call: "w".into(), code: code.map(str::to_owned), message: "m".into(), request_id: None, throttling_reasons: Vec::new() }
}

impl Door for Script {
    async fn write(&self, items: &[&Item]) -> Result<Written, aws::Error> {
        tokio::task::yield_now().await;
        let mut table = self.table.lock().expect("no test panics inside");
        table.calls += 1;
        table.largest = table.largest.max(items.len());
        table.twice |= items.iter().collect::<std::collections::BTreeSet<_>>().len() != items.len();
        let answer = (self.say)(table.calls, items.len());
        let mut put = |some: &[&Item]| some.iter().for_each(|i| *table.items.entry((*i).clone()).or_default() += 1);
        match answer {
            Answer::Fail(code) => return Err(fault(code)),
            Answer::Torn => {
                put(items);
                return Err(fault(None));
            }
            Answer::Poison(id) if items.contains(&&item(id)) => return Err(fault(Some("ValidationException"))),
            Answer::Take | Answer::Poison(_) => put(items),
            Answer::Leave(n) => {
                let n = n.min(items.len());
                put(&items[..n]);
                return Ok(Written { unprocessed: items[n..].iter().map(|i| (*i).clone()).collect(), units: 1.0 });
            }
        }
        Ok(Written { unprocessed: Vec::new(), units: 1.0 })
    }
}

fn item(id: i64) -> Item {
    [("id".to_owned(), Attribute::N(Number::from(id)))].into()
}

fn writer(say: impl Fn(usize, usize) -> Answer + Send + Sync + 'static) -> Writer<Script> {
    let key = Key { partition: vec![KeyPart { name: "id".into(), kind: KeyKind::N }], sort: Vec::new() };
    let terms = Terms {
        table: "T".into(),
        key,
        seed: 7,
        in_flight: 4,
        wait: |_| Duration::ZERO,
        stall: Duration::from_mins(1),
        until: None,
        stop: Arc::new(AtomicBool::new(false)),
    };
    Writer::new(Script { say: Arc::new(say), table: Arc::default() }, terms)
}

async fn load(writer: &mut Writer<Script>, rows: i64) -> Result<(), Error> {
    for id in 0..rows {
        let ready = Ready { key: canonical::hash(&item(id), 7), item: item(id), children: 1 };
        writer.push(0, ready).await?;
    }
    writer.finish().await
}

fn held(writer: &Writer<Script>) -> usize {
    writer.door.table.lock().expect("no test panics inside").items.len()
}

#[tokio::test]
async fn every_number_of_rows_arrives_once_and_no_batch_is_empty_or_too_large() {
    for rows in [0, 1, 24, 25, 26, 50, 51, 2001] {
        let mut w = writer(|_, _| Answer::Take);
        load(&mut w, rows).await.expect("loads");
        assert_eq!((i64::try_from(held(&w)), i64::try_from(w.outcome.acknowledged.len())), (Ok(rows), Ok(rows)), "{rows} rows");
        let table = w.door.table.lock().expect("no test panics inside");
        assert!(table.largest <= 25 && !table.twice && (rows == 0) == (table.calls == 0));
    }
}

#[tokio::test]
async fn any_sequence_of_answers_ends_in_the_same_table() {
    for seed in 0..20 {
        let rng = Mutex::new(fastrand::Rng::with_seed(seed));
        let mut w = writer(move |_, len| match rng.lock().expect("no test panics inside").usize(0..10) {
            0 => Answer::Leave(0),
            1 => Answer::Leave(len / 2),
            2 => Answer::Leave(len - 1),
            3 => Answer::Fail(Some("ProvisionedThroughputExceededException")),
            4 => Answer::Fail(Some("InternalServerError")),
            5 => Answer::Torn,
            _ => Answer::Take,
        });
        load(&mut w, 300).await.expect("loads");
        assert_eq!((held(&w), w.outcome.acknowledged.len()), (300, 300), "seed {seed}");
    }
}

#[tokio::test]
async fn one_invalid_item_costs_one_item() {
    let mut w = writer(|_, _| Answer::Poison(13));
    load(&mut w, 100).await.expect("loads");
    assert_eq!((held(&w), w.outcome.acknowledged.len()), (99, 99));
    assert_eq!(w.outcome.refused.iter().map(|(p, _)| p.ready.item.clone()).collect::<Vec<_>>(), [item(13)]);
}

#[tokio::test]
async fn an_expired_token_stops_at_once_with_what_was_acknowledged_accounted() {
    let mut w = writer(|call, _| if call < 40 { Answer::Take } else { Answer::Fail(Some("ExpiredTokenException")) });
    let stopped = load(&mut w, 5000).await;
    assert!(matches!(stopped, Err(Error::Aws(e)) if e.is_credentials()));
    w.settle().await;
    assert_eq!(held(&w), w.outcome.acknowledged.len());
    assert!(w.door.table.lock().expect("no test panics inside").calls < 50, "nothing is tried again");
}

#[tokio::test]
async fn throttled_for_ever_is_an_error_and_not_a_hang() {
    let mut w = writer(|_, _| Answer::Leave(0));
    w.terms.stall = Duration::ZERO;
    assert!(matches!(load(&mut w, 10).await, Err(Error::Stalled { .. })));
    assert!(w.outcome.acknowledged.is_empty());
}

#[tokio::test]
async fn the_stop_flag_ends_it_between_batches() {
    let mut w = writer(|_, _| Answer::Take);
    let stop = Arc::clone(&w.terms.stop);
    load(&mut w, 10).await.expect("loads");
    stop.store(true, Ordering::Relaxed);
    assert!(matches!(load(&mut w, 10).await, Err(Error::Interrupted)));
}

#[tokio::test]
async fn an_answer_about_items_never_sent_is_an_error() {
    #[derive(Clone)]
    struct Liar;
    impl Door for Liar {
        async fn write(&self, _: &[&Item]) -> Result<Written, aws::Error> {
            Ok(Written { unprocessed: vec![item(99)], units: 0.0 })
        }
    }
    let terms = writer(|_, _| Answer::Take).terms;
    let mut w = Writer::new(Liar, terms);
    w.push(0, Ready { key: canonical::hash(&item(1), 7), item: item(1), children: 0 }).await.expect("pooled");
    assert!(matches!(w.finish().await, Err(Error::Import { .. })));
}

#[test]
fn every_failure_has_its_remedy() {
    let table = [
        (None, Remedy::Again),
        (Some("ThrottlingException"), Remedy::Again),
        (Some("InternalServerError"), Remedy::Again),
        (Some("ValidationException"), Remedy::Apart),
        (Some("AccessDeniedException"), Remedy::Stop),
        (Some("ExpiredTokenException"), Remedy::Stop),
        (Some("ResourceNotFoundException"), Remedy::Stop),
        (Some("SomethingNew"), Remedy::Stop),
    ];
    for (code, expected) in table {
        assert_eq!(remedy(&fault(code)), expected, "{code:?}");
    }
}
