//! Access-pattern parity: for sampled parameters, the SQL answer is the DynamoDB answer.
//!
//! Rules: answers are compared as texts (types are the full check's concern), as a bag or in order as the stack says;
//! a pattern that found nothing anywhere proves nothing.

use super::error::Error;
use super::run::{Context, check};
use super::verdict::{Counts, Judgement};
use crate::aws::items::{Query, Test};
use crate::mapping::{Attribute, Item, Number, Row, Value, wire};
use crate::report::model::CheckKind;
use crate::resource::{Key, KeyKind};
use crate::source::Snapshot;
use crate::stack::model::{Access, AccessQuery, Condition, Operand, TableSpec};
use std::collections::BTreeMap;
use std::time::Instant;

/// Parameter sets that are tried.
const SETS: usize = 20;

type Parameters = BTreeMap<String, Value>;
type Answer = Vec<Vec<Option<String>>>;

pub(super) async fn run(context: &mut Context<'_>, snapshot: &mut Snapshot, pattern: &Access) -> Result<(), Error> {
    let problem = |problem: String| Error::Access { name: pattern.name.clone(), problem };
    let table = &pattern.query.table;
    let spec = context.stack.tables.get(table).ok_or_else(|| problem(format!("the stack has no table {table}")))?.clone();
    let sets = parameters(context, snapshot, pattern).await?;
    let (mut counts, mut wrong_sets, mut slowest, mut units) = (Counts::default(), 0, 0.0_f64, 0.0);
    for set in &sets {
        context.go_on()?;
        let sql = sql_answer(context, snapshot, pattern, set).await?;
        let query = query(&pattern.query, &spec, set).map_err(&problem)?;
        let since = Instant::now();
        let got = context.aws.query(&query).await?;
        slowest = slowest.max(since.elapsed().as_secs_f64() * 1000.0);
        units += got.units;
        let found: Answer = got.items.iter().map(|item| returned(item, &pattern.query.returns)).collect();
        wrong_sets += u64::from(compare(sql, found, pattern.query.ordered, &mut counts));
    }
    context.found.units += units;
    let (judgement, note) = judge(&counts, wrong_sets, sets.len());
    let note = format!("{note}; slowest answer {slowest:.0} ms, {units} read units");
    context.book(table, check(CheckKind::Access, &pattern.name, &counts, judgement, note));
    Ok(())
}

fn judge(counts: &Counts, wrong_sets: u64, sets: usize) -> (Judgement, String) {
    if wrong_sets > 0 {
        return (Judgement::Mismatch, format!("{wrong_sets} of {sets} parameter sets have another answer"));
    }
    if counts.expected == 0 {
        return (Judgement::Inconclusive, format!("{sets} parameter sets, and no rows in any answer: proves nothing"));
    }
    (Judgement::Match, format!("{sets} parameter sets have the same answer"))
}

/// Up to [`SETS`] parameter sets, drawn by the seed; sets with a NULL ask nothing and are left out.
async fn parameters(context: &Context<'_>, snapshot: &mut Snapshot, pattern: &Access) -> Result<Vec<Parameters>, Error> {
    let Some(sql) = &pattern.params_from else { return Ok(vec![Parameters::new()]) };
    let rows = snapshot.select(sql, &Parameters::new()).await?;
    let whole = rows.into_iter().filter(|row| !row.values.contains(&Value::Null));
    let mut sets: Vec<Parameters> = whole.map(|row| row.columns.iter().cloned().zip(row.values).collect()).collect();
    fastrand::Rng::with_seed(context.seed).shuffle(&mut sets);
    sets.truncate(SETS);
    Ok(sets)
}

async fn sql_answer(context: &Context<'_>, snapshot: &mut Snapshot, pattern: &Access, set: &Parameters) -> Result<Answer, Error> {
    let rows = snapshot.select(&pattern.sql, set).await?;
    let zone = context.zone();
    let wanted = pattern.query.returns.len();
    let problem = |problem: String| Error::Access { name: pattern.name.clone(), problem };
    let row = |row: &Row| -> Result<Vec<Option<String>>, Error> {
        if row.values.len() != wanted {
            return Err(problem(format!("the SQL gives {} columns and `returns` names {wanted} attributes", row.values.len())));
        }
        row.values.iter().map(|v| v.text(zone.as_ref()).map_err(|e| problem(e.to_string()))).collect()
    };
    rows.iter().map(row).collect()
}

fn returned(item: &Item, names: &[String]) -> Vec<Option<String>> {
    let text = |value: &Attribute| if matches!(value, Attribute::Null) { None } else { Some(wire::display(value)) };
    names.iter().map(|name| item.get(name).and_then(text)).collect()
}

/// Books one answer; whether it differs.
fn compare(mut sql: Answer, mut found: Answer, ordered: bool, counts: &mut Counts) -> bool {
    counts.expected += sql.len() as u64;
    counts.found += found.len() as u64;
    let in_order = sql == found;
    sql.sort();
    found.sort();
    let (missing, unexpected) = (less(&sql, &found), less(&found, &sql));
    counts.missing += missing;
    counts.unexpected += unexpected;
    counts.compared += sql.len() as u64 - missing;
    let shuffled = ordered && !in_order && missing == 0 && unexpected == 0;
    counts.different += u64::from(shuffled);
    shuffled || missing > 0 || unexpected > 0
}

/// How many of sorted `a` have no partner in sorted `b`.
fn less(a: &Answer, b: &Answer) -> u64 {
    let (mut b, mut alone) = (b.iter().peekable(), 0);
    for one in a {
        while b.next_if(|other| *other < one).is_some() {}
        if b.next_if_eq(&one).is_none() {
            alone += 1;
        }
    }
    alone
}

fn query(query: &AccessQuery, spec: &TableSpec, set: &Parameters) -> Result<Query, String> {
    let key = match &query.index {
        None => &spec.table.key,
        Some(index) => {
            let global = spec.table.indexes.get(index).map(|i| &i.key);
            global.or_else(|| spec.table.locals.get(index).map(|i| &i.key)).ok_or_else(|| format!("the table has no index {index}"))?
        }
    };
    let tests = |conditions: &[(String, Condition)]| -> Result<Vec<(String, Test)>, String> {
        conditions.iter().map(|(name, condition)| test(condition, kind(key, name), set).map(|t| (name.clone(), t))).collect()
    };
    Ok(Query { table: query.table.clone(), index: query.index.clone(), key: tests(&query.key)?, filter: tests(&query.filter)? })
}

fn kind(key: &Key, name: &str) -> Option<KeyKind> {
    key.parts().find(|part| part.name == name).map(|part| part.kind)
}

fn test(condition: &Condition, kind: Option<KeyKind>, set: &Parameters) -> Result<Test, String> {
    let one = |operand: &Operand| attribute(operand, kind, set);
    Ok(match condition {
        Condition::Equals(a) => Test::Equals(one(a)?),
        Condition::BeginsWith(a) => Test::BeginsWith(one(a)?),
        Condition::AtLeast(a) => Test::AtLeast(one(a)?),
        Condition::AtMost(a) => Test::AtMost(one(a)?),
        Condition::Between(a, b) => Test::Between(one(a)?, one(b)?),
    })
}

/// The operand in the key's type, or in its own where it is compared with no key attribute.
fn attribute(operand: &Operand, kind: Option<KeyKind>, set: &Parameters) -> Result<Attribute, String> {
    let value = match operand {
        Operand::Constant(value) => value.clone(),
        Operand::Parameters(text) => match text.strip_prefix(':').filter(|name| name.chars().all(word)) {
            Some(name) => parameter(set, name)?.clone(),
            None => Value::Text(substitute(text, set)?),
        },
    };
    let text = value.text(None).map_err(|e| e.to_string())?.ok_or("a condition cannot be NULL")?;
    match (kind, value) {
        (Some(KeyKind::B) | None, Value::Bytes(bytes)) => Ok(Attribute::B(bytes)),
        (Some(KeyKind::B), _) => Err("a binary key needs a binary parameter".into()),
        (Some(KeyKind::N), _) => Number::parse(&text).map(Attribute::N).ok_or_else(|| "a number key needs a number".into()),
        (None, Value::Number(number)) => Ok(Attribute::N(number)),
        (None, Value::Bool(flag)) => Ok(Attribute::Bool(flag)),
        (Some(KeyKind::S) | None, _) => Ok(Attribute::S(text)),
    }
}

fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn parameter<'a>(set: &'a Parameters, name: &str) -> Result<&'a Value, String> {
    set.get(name).ok_or_else(|| format!("params_from gives no column {name}"))
}

/// `text` with each `:name` replaced; a colon before anything but a letter is a colon.
fn substitute(text: &str, set: &Parameters) -> Result<String, String> {
    let mut out = String::new();
    let mut parts = text.split(':');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        if !part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            out.push(':');
            out.push_str(part);
            continue;
        }
        let end = part.find(|c| !word(c)).unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        let value = parameter(set, name)?.text(None).map_err(|e| e.to_string())?;
        out.push_str(&value.ok_or("a condition cannot be NULL")?);
        out.push_str(rest);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rows: &[&str]) -> Answer {
        rows.iter().map(|r| vec![Some((*r).to_owned())]).collect()
    }

    #[test]
    fn answers_are_bags_unless_their_order_counts() {
        let cases = [
            (&["a", "b"][..], &["b", "a"][..], false, false),
            (&["a", "b"], &["b", "a"], true, true),
            (&["a", "a"], &["a"], false, true),
            (&["a"], &["a", "a"], false, true),
            (&["a", "b"], &["a", "c"], false, true),
            (&[], &[], true, false),
        ];
        for (sql, found, ordered, differs) in cases {
            let mut counts = Counts::default();
            assert_eq!(compare(answer(sql), answer(found), ordered, &mut counts), differs, "{sql:?} {found:?}");
            assert_eq!(counts.expected, counts.compared + counts.missing);
            assert_eq!(counts.found, counts.compared + counts.unexpected);
        }
    }

    #[test]
    fn empty_answers_prove_nothing() {
        assert_eq!(judge(&Counts::default(), 0, 20).0, Judgement::Inconclusive);
        assert_eq!(judge(&Counts { expected: 1, found: 1, compared: 1, ..Counts::default() }, 0, 1).0, Judgement::Match);
    }

    #[test]
    fn parameters_take_the_type_of_the_key() {
        let set = Parameters::from([("id".to_owned(), Value::Number(Number::from(7_i64))), ("c".to_owned(), Value::Text("x".into()))]);
        let of = |text: &str, kind| attribute(&Operand::Parameters(text.into()), kind, &set);
        assert_eq!(of(":id", Some(KeyKind::S)), Ok(Attribute::S("7".into())));
        assert_eq!(of(":id", Some(KeyKind::N)), Ok(Attribute::N(Number::from(7_i64))));
        assert_eq!(of(":id", None), Ok(Attribute::N(Number::from(7_i64))));
        assert_eq!(of("ORDER#:id|:c", Some(KeyKind::S)), Ok(Attribute::S("ORDER#7|x".into())));
        assert_eq!(of("at 10:30", Some(KeyKind::S)), Ok(Attribute::S("at 10:30".into())));
        assert!(of(":nobody", None).is_err());
        assert!(of(":c", Some(KeyKind::N)).is_err());
    }
}
