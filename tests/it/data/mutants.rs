//! Mutants: every kind of damage to loaded items, on every sample stack, found where it is and nowhere else; and a sample finds
//! as many as it should.

use super::field::{Field, SHOP, checks, green, n, s, shop_rows};
use crate::servers::{repository, seed_text};
use aws_sdk_dynamodb::types::AttributeValue::{self, Bool, L, M, N, Null, S};
use landfall::report::model::{CheckKind, MismatchKind, ValidateReport, Verdict};
use landfall::resource::Key;
use landfall::safe::Masker;
use landfall::validate;
use std::collections::{BTreeMap, BTreeSet, HashMap};

type Map = HashMap<String, AttributeValue>;

/// Kinds of damage to one value; whole-item damage comes on top.
const KINDS: usize = 30;

/// `value` spoilt in one way; `None`: that way is not for it.
fn spoil(way: usize, value: &AttributeValue) -> Option<AttributeValue> {
    let text = value.as_s().ok().filter(|t| !t.is_empty()).cloned();
    let number = value.as_n().ok().cloned();
    let map = value.as_m().ok().cloned().unwrap_or_default();
    let list = value.as_l().ok().cloned().unwrap_or_default();
    let mut turned = list.clone();
    turned.reverse();
    match way {
        0 => text.map(|t| S(t + " ")),
        1 => text.map(|t| S(format!(" {t}"))),
        2 => text.map(|t| S(if t == t.to_uppercase() { t.to_lowercase() } else { t.to_uppercase() })),
        3 => text.map(|_| S(String::new())),
        4 => text.map(|mut t| S(t.pop().map(|_| t).unwrap_or_default())),
        5 => text.filter(|t| t.parse::<f64>().is_ok()).map(N),
        6 => text.map(|t| S(t + "\u{301}")),
        7 => text.map(|t| L(vec![S(t)])),
        8 => text.map(|t| {
            S(t.chars()
                .map(|c| c.to_digit(10).map_or(c, |d| if d == 9 { '0' } else { char::from(b'1' + u8::try_from(d).expect("a digit")) }))
                .collect())
        }),
        9 => text.map(|t| AttributeValue::Ss(vec![t])),
        10 => text.map(|t| AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(t))),
        11 => number.map(S),
        12 => number.and_then(|t| t.parse::<i64>().ok()).map(|v| N((v + 1).to_string())),
        13 => number.filter(|t| !t.contains('.') && !t.contains('E')).map(|t| N(t + ".0000000001")),
        14 => number.filter(|t| t.contains('.')).map(|t| N(t + "00001")),
        15 => number.map(|t| AttributeValue::Ns(vec![t])),
        16 => number
            .filter(|t| !t.trim_start_matches(['0', '.']).is_empty())
            .map(|t| N(t.strip_prefix('-').map_or_else(|| format!("-{t}"), str::to_owned))),
        17 => (!map.is_empty()).then(|| M(map.into_iter().collect::<BTreeMap<_, _>>().into_iter().skip(1).collect())),
        18 => value.is_m().then(|| M(map.into_iter().chain([("planted by a test".to_owned(), Null(true))]).collect())),
        19 => value.is_m().then(|| S(format!("{map:?}"))),
        20 => nested(map),
        21 => (!list.is_empty()).then(|| L(list[1..].to_vec())),
        22 => (turned != list).then_some(L(turned)),
        23 => list.last().cloned().map(|last| L(list.iter().cloned().chain([last]).collect())),
        24 => (!list.is_empty()).then(|| M(list.into_iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect())),
        25 => list
            .first()
            .and_then(|first| (0..KINDS).find_map(|w| spoil(w, first)))
            .map(|first| L(std::iter::once(first).chain(list.into_iter().skip(1)).collect())),
        26 => value.is_null().then(|| S(String::new())),
        27 => value.as_bool().ok().map(|flag| Bool(!flag)),
        28 => (!value.is_null()).then_some(Null(true)),
        _ => value.as_bool().ok().map(|flag| N(u8::from(*flag).to_string())),
    }
}

/// The map with one of its values spoilt.
fn nested(mut map: Map) -> Option<AttributeValue> {
    let names: BTreeSet<String> = map.keys().cloned().collect();
    let (name, value) = names.into_iter().find_map(|name| (0..KINDS).find_map(|way| spoil(way, &map[&name])).map(|v| (name, v)))?;
    map.insert(name, value);
    Some(M(map))
}

/// What was done to a table: the kind of mismatch and the key of each, and in how many ways.
#[derive(Default)]
struct Damage {
    planted: BTreeSet<(String, String)>,
    ways: BTreeSet<String>,
    undo: Vec<(String, Map, Option<Map>)>,
}

async fn items(field: &Field, table: &str) -> Vec<Map> {
    let mut pages = field.client.scan().table_name(table).into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(item) = pages.next().await {
        all.push(item.expect("scanned"));
    }
    all.sort_by_key(|item| format!("{:?}", item.iter().collect::<BTreeMap<_, _>>()));
    all
}

fn key_of(item: &Map, key: &Key) -> Map {
    key.parts().map(|p| (p.name.clone(), item[&p.name].clone())).collect()
}

/// As the report writes it.
fn named(key: &Map) -> String {
    let text = |v: &AttributeValue| v.as_s().or(v.as_n()).expect("S or N").clone();
    key.iter().collect::<BTreeMap<_, _>>().into_iter().map(|(n, v)| format!("{n}={}", text(v))).collect::<Vec<_>>().join(", ")
}

/// Puts `item`; false where DynamoDB itself refuses it (an index key of another type).
async fn put(field: &Field, table: &str, item: &Map) -> bool {
    field.client.put_item().table_name(table).set_item(Some(item.clone())).send().await.is_ok()
}

async fn delete(field: &Field, table: &str, key: Map) {
    field.client.delete_item().table_name(table).set_key(Some(key)).send().await.expect("deleted");
}

/// Two of three items of `table`, every `step`-th, each damaged in another way.
async fn damage(field: &Field, table: &str, round: usize, step: usize, done: &mut Damage) {
    let key = field.stack.tables[table].table.key.clone();
    let all = items(field, table).await;
    for (i, item) in all.iter().enumerate().filter(|(i, _)| i % step == 0 && (i / step + round) % 3 != 2) {
        let (turn, at) = ((i / step) * 7 + round * 5, key_of(item, &key));
        match turn % 8 {
            0 => {
                delete(field, table, at.clone()).await;
                done.planted.insert(("Missing".into(), named(&at)));
                done.undo.push((table.to_owned(), at, Some(item.clone())));
                done.ways.insert("dropped".into());
            }
            1 => {
                let mut twin = item.clone();
                let last = key.parts().last().expect("a key").name.clone();
                let other = match &item[&last] {
                    S(t) => S(format!("{t}~")),
                    _ => n(900_000_000 + u32::try_from(i).expect("few")),
                };
                twin.insert(last, other);
                assert!(put(field, table, &twin).await);
                done.planted.insert(("Unexpected".into(), named(&key_of(&twin, &key))));
                done.undo.push((table.to_owned(), key_of(&twin, &key), None));
                done.ways.insert("copied under another key".into());
            }
            _ => {
                let Some((way, spoilt)) = damaged(field, table, item, &key, turn).await else { continue };
                assert!(spoilt != *item);
                done.planted.insert(("Different".into(), named(&at)));
                done.undo.push((table.to_owned(), at, Some(item.clone())));
                done.ways.insert(way);
            }
        }
    }
}

/// The first way from `turn` on that fits the item and that DynamoDB takes; what was put.
async fn damaged(field: &Field, table: &str, item: &Map, key: &Key, turn: usize) -> Option<(String, Map)> {
    let names: BTreeSet<&String> = item.keys().filter(|n| key.parts().all(|p| p.name != **n)).collect();
    for way in (0..KINDS + 3).map(|w| (w + turn) % (KINDS + 3)) {
        for name in names.iter().cycle().skip(turn % names.len().max(1)).take(names.len()) {
            let mut other = item.clone();
            match way.checked_sub(KINDS) {
                None => drop(spoil(way, &item[*name]).map(|v| other.insert((*name).clone(), v))),
                Some(0) => drop(other.remove(*name)),
                Some(1) => drop(other.remove(*name).map(|v| other.insert(format!("{name}_"), v))),
                Some(_) => drop(other.insert("planted by a test".into(), s(""))),
            }
            if other != *item && put(field, table, &other).await {
                return Some((format!("way {way}"), other));
            }
        }
    }
    None
}

async fn repaired(field: &Field, damage: Damage) {
    for (table, key, before) in damage.undo {
        match before {
            Some(item) => assert!(put(field, &table, &item).await),
            None => delete(field, &table, key).await,
        }
    }
}

fn listed(report: &ValidateReport) -> BTreeSet<(String, String)> {
    report.mismatches.iter().map(|m| (format!("{:?}", m.kind), m.key.clone())).collect()
}

/// All that was planted in `rounds` rounds is found, each alone; then nothing is.
async fn mutants(stack: &str, seed: &str, rounds: usize, step: usize, at_least: (usize, usize)) {
    let text = std::fs::read_to_string(repository(&format!("stacks/{stack}.toml"))).expect("the sample stack");
    let field = Field::with_tables(&text, &seed_text(seed)).await;
    field.load().await;
    let show = validate::Options { masker: Masker::new(true, 1), max_listed: usize::MAX, ..validate::Options::default() };
    let (mut mutants, mut ways) = (0, BTreeSet::new());
    for round in 0..rounds {
        let mut done = Damage::default();
        for table in field.stack.tables.keys() {
            damage(&field, table, round, step, &mut done).await;
        }
        let report = field.validate_with(&show).await;
        let found = listed(&report);
        let difference: Vec<_> = found.symmetric_difference(&done.planted).collect();
        assert!(difference.is_empty(), "{stack}, round {round}: {difference:#?}");
        assert_eq!(report.mismatches_total, done.planted.len() as u64);
        assert!(report.checks.iter().filter(|c| c.kind == CheckKind::Full).any(|c| c.verdict == Verdict::Mismatch));
        assert!(report.prove.planted > 0 && report.prove.planted == report.prove.found, "{:?}", report.prove);
        let sampled = validate::Options { full: false, sample: Some(1_000_000), ..show.clone() };
        let listing = listed(&field.validate_with(&sampled).await);
        assert_eq!(listing, done.planted, "{stack}, round {round}: a sample of everything sees everything");
        mutants += done.planted.len();
        ways.extend(done.ways.clone());
        repaired(&field, done).await;
    }
    assert!(mutants >= at_least.0 && ways.len() >= at_least.1, "{stack}: {mutants} mutants in {} ways: {ways:?}", ways.len());
    assert!(field.validate().await.mismatches_total == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_of_the_users_is_found() {
    mutants("users", "users", 8, 1, (12, 6)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_of_the_vehicle_sales_is_found() {
    mutants("vehicle-sales", "vehicle-sales", 3, 1, (100, 14)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_of_the_single_table_is_found() {
    mutants("vehicle-sales-single", "vehicle-sales", 3, 1, (90, 14)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_of_the_films_is_found() {
    mutants("imdb", "imdb", 1, 37, (150, 9)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_finds_mutants_at_the_rate_of_their_share() {
    let field = Field::with_tables(SHOP, &shop_rows(1000)).await;
    field.load().await;
    for id in (1..=1000).step_by(20) {
        field.set_product(id, "name", s("wrong")).await;
    }
    let mut seen = 0;
    for seed in 0..20 {
        let options = validate::Options {
            full: false,
            count: false,
            access: false,
            sample: Some(100),
            seed: Some(seed),
            tables: Some(BTreeSet::from(["Products".to_owned()])),
            ..validate::Options::default()
        };
        let report = field.validate_with(&options).await;
        seen += checks(&report, "Products", CheckKind::Sample)[0].different;
        assert!(
            report.prove.planted >= 3 && report.prove.planted == report.prove.found,
            "a sample has its negative control: {:?}",
            report.prove
        );
    }
    // 20 draws of 100 from 1,000 of which 50 are wrong: 100 on average, with a deviation below 10.
    assert!((55..=145).contains(&seen), "{seen} of about 100");
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_counts_of_other_items_are_no_match() {
    let field = Field::with_tables(SHOP, &shop_rows(20)).await;
    field.load().await;
    field.delete_product(7).await;
    field.put("Products", &[("id", n(7007)), ("name", s("thing 7"))]).await;
    let report = field.validate_with(&validate::Options { full: false, ..validate::Options::default() }).await;
    let count = checks(&report, "Products", CheckKind::Count)[0];
    assert_eq!((count.expected, count.found, count.verdict), (20, 20, Verdict::Mismatch), "{}", count.note);
    assert!(count.note.contains("1 items have a key that no row makes"), "{}", count.note);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_touches_nothing_but_an_index_or_a_number_s_text_is_told_apart() {
    let field = Field::with_tables(SHOP, &shop_rows(20)).await;
    field.load().await;
    // The same number in another text is the same item.
    field.set_product(7, "price", AttributeValue::N("0.71E1".into())).await;
    assert!(green(&field.validate().await));
    let update = field.client.update_item().table_name("Products").key("id", n(7)).update_expression("REMOVE maker");
    update.send().await.expect("updated");
    let report = field.validate().await;
    assert_eq!(checks(&report, "Products", CheckKind::Index)[0].verdict, Verdict::Mismatch);
    assert_eq!((report.mismatches_total, report.mismatches[0].kind), (1, MismatchKind::Different));
}
