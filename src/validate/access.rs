//! Access-pattern parity: for sampled parameters, the SQL answer is the DynamoDB answer.
//!
//! Rules: answers are compared as texts (types are the full check's concern), as a bag or in order as the stack says;
//! a pattern that found nothing anywhere proves nothing; one whose table or index is not there has no answer.

use super::error::Error;
use super::run::{Context, check};
use super::verdict::{Counts, Judgement};
use crate::aws::items::{Query, Test};
use crate::mapping::{Attribute, Item, Number, Row, Unmappable, Value, wire};
use crate::report::model::CheckKind;
use crate::resource::{Key, KeyKind};
use crate::safe::Masker;
use crate::source::Snapshot;
use crate::stack::model::{Access, AccessQuery, Condition, Operand, TableSpec};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Parameter sets that are tried.
const SETS: usize = 20;

type Parameters = BTreeMap<String, Value>;
/// One row of an answer; `None` is NULL, or an attribute that is absent.
type Line = Vec<Option<String>>;
type Answer = Vec<Line>;

/// What a pattern's conditions are filled with. The zone is the mapping's: a time in a key has the same text here as there.
#[derive(Clone, Copy)]
struct Given<'a> {
    set: &'a Parameters,
    zone: Option<&'a TimeZone>,
}

pub(super) async fn run(context: &mut Context<'_>, snapshot: &mut Snapshot, pattern: &Access) -> Result<(), Error> {
    let problem = |problem: String| Error::Access { name: pattern.name.clone(), problem };
    let table = &pattern.query.table;
    let spec = context.stack.tables.get(table).ok_or_else(|| problem(format!("the stack has no table {table}")))?.clone();
    if let Some(reason) = context.unreadable.query(table, pattern.query.index.as_deref()).cloned() {
        context.unread(table, CheckKind::Access, &pattern.name, &reason);
        return Ok(());
    }
    let sets = parameters(context, snapshot, pattern).await?;
    let zone = context.zone();
    let (mut counts, mut wrong, mut slowest, mut units) = (Counts::default(), Wrong::default(), 0.0_f64, 0.0);
    for set in &sets {
        context.go_on()?;
        let sql = sql_answer(context, snapshot, pattern, set).await?;
        let query = query(&pattern.query, &spec, Given { set, zone: zone.as_ref() }).map_err(&problem)?;
        let since = Instant::now();
        let got = context.aws.query(&query).await?;
        slowest = slowest.max(since.elapsed().as_secs_f64() * 1000.0);
        units += got.units;
        let found: Answer = got.items.iter().map(|item| returned(item, &pattern.query.returns)).collect();
        if let Some(difference) = compare(sql, found, pattern.query.ordered, &mut counts) {
            wrong.book(|| difference.shown(Given { set, zone: zone.as_ref() }, context.options.masker));
        }
    }
    context.found.units += units;
    let (judgement, note) = judge(&counts, &wrong, sets.len());
    let note = format!("{note}; slowest answer {slowest:.0} ms, {units} read units");
    context.book(table, check(CheckKind::Access, &pattern.name, &counts, judgement, note));
    Ok(())
}

/// The parameter sets with another answer: how many, and the first in words.
#[derive(Debug, Default)]
struct Wrong {
    sets: u64,
    first: String,
}

impl Wrong {
    fn book(&mut self, shown: impl FnOnce() -> String) {
        if self.sets == 0 {
            self.first = shown();
        }
        self.sets += 1;
    }
}

/// How an answer differs: the first rows that only one side gives; neither means another order.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    sql_alone: Option<Line>,
    found_alone: Option<Line>,
}

impl Difference {
    fn shown(&self, given: Given<'_>, masker: Masker) -> String {
        let value = |text: Option<&str>| text.map_or_else(|| "NULL".to_owned(), |text| masker.value(text));
        let line = |line: &Line| format!("({})", line.iter().map(|text| value(text.as_deref())).collect::<Vec<_>>().join(", "));
        let parameter = |(name, of): (&String, &Value)| format!("{name} = {}", value(spelled(of, given.zone).ok().flatten().as_deref()));
        let with: Vec<String> = given.set.iter().map(parameter).collect();
        let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
        let says = match (&self.sql_alone, &self.found_alone) {
            (Some(sql), Some(found)) => format!("only SQL answers {}, only DynamoDB answers {}", line(sql), line(found)),
            (Some(sql), None) => format!("only SQL answers {}", line(sql)),
            (None, Some(found)) => format!("only DynamoDB answers {}", line(found)),
            (None, None) => "the same rows in another order".to_owned(),
        };
        format!("the first{with}: {says}")
    }
}

fn judge(counts: &Counts, wrong: &Wrong, sets: usize) -> (Judgement, String) {
    if wrong.sets > 0 {
        return (Judgement::Mismatch, format!("{} of {sets} parameter sets have another answer, {}", wrong.sets, wrong.first));
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
    let row = |row: &Row| -> Result<Line, Error> {
        if row.values.len() != wanted {
            return Err(problem(format!("the SQL gives {} columns and `returns` names {wanted} attributes", row.values.len())));
        }
        row.values.iter().map(|v| spelled(v, zone.as_ref()).map_err(|e| problem(e.to_string()))).collect()
    };
    rows.iter().map(row).collect()
}

/// The text that stands for an SQL value here: a SET's members have no order, as in DynamoDB.
fn spelled(value: &Value, zone: Option<&TimeZone>) -> Result<Option<String>, Unmappable> {
    match value {
        Value::Set(members) => Ok(Some(members_of(members))),
        other => other.text(zone),
    }
}

fn members_of<'a>(members: impl IntoIterator<Item = &'a String>) -> String {
    members.into_iter().collect::<BTreeSet<_>>().into_iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

fn returned(item: &Item, names: &[String]) -> Line {
    let text = |value: &Attribute| match value {
        Attribute::Null => None,
        Attribute::Ss(members) => Some(members_of(members)),
        other => Some(wire::display(other)),
    };
    names.iter().map(|name| item.get(name).and_then(text)).collect()
}

/// Books one answer, and says how it differs.
fn compare(mut sql: Answer, mut found: Answer, ordered: bool, counts: &mut Counts) -> Option<Difference> {
    counts.expected += sql.len() as u64;
    counts.found += found.len() as u64;
    let in_order = sql == found;
    sql.sort();
    found.sort();
    let (missing, unexpected) = (less(&sql, &found), less(&found, &sql));
    counts.missing += missing.len() as u64;
    counts.unexpected += unexpected.len() as u64;
    counts.compared += (sql.len() - missing.len()) as u64;
    let shuffled = ordered && !in_order && missing.is_empty() && unexpected.is_empty();
    counts.different += u64::from(shuffled);
    let first = |lines: &[&Line]| lines.first().map(|line| (*line).clone());
    let differs = shuffled || !missing.is_empty() || !unexpected.is_empty();
    differs.then(|| Difference { sql_alone: first(&missing), found_alone: first(&unexpected) })
}

/// The lines of sorted `a` that have no partner in sorted `b`.
fn less<'a>(a: &'a Answer, b: &Answer) -> Vec<&'a Line> {
    let mut b = b.iter().peekable();
    let alone = |one: &&Line| {
        while b.next_if(|other| other < one).is_some() {}
        b.next_if_eq(one).is_none()
    };
    a.iter().filter(alone).collect()
}

fn query(query: &AccessQuery, spec: &TableSpec, given: Given<'_>) -> Result<Query, String> {
    let key = match &query.index {
        None => &spec.table.key,
        Some(index) => {
            let global = spec.table.indexes.get(index).map(|i| &i.key);
            global.or_else(|| spec.table.locals.get(index).map(|i| &i.key)).ok_or_else(|| format!("the table has no index {index}"))?
        }
    };
    let tests = |conditions: &[(String, Condition)]| -> Result<Vec<(String, Test)>, String> {
        conditions.iter().map(|(name, condition)| test(condition, kind(key, name), given).map(|t| (name.clone(), t))).collect()
    };
    Ok(Query { table: query.table.clone(), index: query.index.clone(), key: tests(&query.key)?, filter: tests(&query.filter)? })
}

fn kind(key: &Key, name: &str) -> Option<KeyKind> {
    key.parts().find(|part| part.name == name).map(|part| part.kind)
}

fn test(condition: &Condition, kind: Option<KeyKind>, given: Given<'_>) -> Result<Test, String> {
    let one = |operand: &Operand| attribute(operand, kind, given);
    Ok(match condition {
        Condition::Equals(a) => Test::Equals(one(a)?),
        Condition::BeginsWith(a) => Test::BeginsWith(one(a)?),
        Condition::AtLeast(a) => Test::AtLeast(one(a)?),
        Condition::AtMost(a) => Test::AtMost(one(a)?),
        Condition::Between(a, b) => Test::Between(one(a)?, one(b)?),
    })
}

/// The operand in the key's type, or in its own where it is compared with no key attribute.
fn attribute(operand: &Operand, kind: Option<KeyKind>, given: Given<'_>) -> Result<Attribute, String> {
    let value = match operand {
        Operand::Constant(value) => value.clone(),
        Operand::Parameters(text) => match text.strip_prefix(':').filter(|name| name.chars().all(word)) {
            Some(name) => parameter(given.set, name)?.clone(),
            None => Value::Text(substitute(text, given)?),
        },
    };
    let text = value.text(given.zone).map_err(|e| e.to_string())?.ok_or("a condition cannot be NULL")?;
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
fn substitute(text: &str, given: Given<'_>) -> Result<String, String> {
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
        let value = parameter(given.set, name)?.text(given.zone).map_err(|e| e.to_string())?;
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
            assert_eq!(compare(answer(sql), answer(found), ordered, &mut counts).is_some(), differs, "{sql:?} {found:?}");
            assert_eq!(counts.expected, counts.compared + counts.missing);
            assert_eq!(counts.found, counts.compared + counts.unexpected);
        }
    }

    #[test]
    fn empty_answers_prove_nothing() {
        assert_eq!(judge(&Counts::default(), &Wrong::default(), 20).0, Judgement::Inconclusive);
        assert_eq!(judge(&Counts { expected: 1, found: 1, compared: 1, ..Counts::default() }, &Wrong::default(), 1).0, Judgement::Match);
    }

    #[test]
    fn parameters_take_the_type_of_the_key() {
        let set = Parameters::from([("id".to_owned(), Value::Number(Number::from(7_i64))), ("c".to_owned(), Value::Text("x".into()))]);
        let of = |text: &str, kind| attribute(&Operand::Parameters(text.into()), kind, Given { set: &set, zone: None });
        assert_eq!(of(":id", Some(KeyKind::S)), Ok(Attribute::S("7".into())));
        assert_eq!(of(":id", Some(KeyKind::N)), Ok(Attribute::N(Number::from(7_i64))));
        assert_eq!(of(":id", None), Ok(Attribute::N(Number::from(7_i64))));
        assert_eq!(of("ORDER#:id|:c", Some(KeyKind::S)), Ok(Attribute::S("ORDER#7|x".into())));
        assert_eq!(of("at 10:30", Some(KeyKind::S)), Ok(Attribute::S("at 10:30".into())));
        assert!(of(":nobody", None).is_err());
        assert!(of(":c", Some(KeyKind::N)).is_err());
    }

    #[test]
    fn a_time_in_a_condition_is_spelled_as_the_mapping_spells_it() {
        let at = Value::DateTime(jiff::civil::date(2024, 7, 1).at(12, 0, 0, 0));
        let (set, zone) = (Parameters::from([("at".to_owned(), at)]), TimeZone::get("Europe/Berlin").expect("a zone"));
        let given = Given { set: &set, zone: Some(&zone) };
        for (text, made) in [(":at", "2024-07-01T10:00:00Z"), ("D#:at", "D#2024-07-01T10:00:00Z")] {
            let got = attribute(&Operand::Parameters(text.into()), Some(KeyKind::S), given);
            assert_eq!(got, Ok(Attribute::S(made.into())), "{text}");
        }
    }

    #[test]
    fn the_first_difference_is_told_and_masked() {
        let set = Parameters::from([("id".to_owned(), Value::Text("secret".into()))]);
        let given = Given { set: &set, zone: None };
        let told = |sql: &[&str], found: &[&str], masker| {
            let difference = compare(answer(sql), answer(found), true, &mut Counts::default()).expect("they differ");
            difference.shown(given, masker)
        };
        let open = Masker::new(true, 0);
        assert_eq!(told(&["a", "b"], &["c", "b"], open), "the first with id = secret: only SQL answers (a), only DynamoDB answers (c)");
        assert_eq!(told(&["a"], &["a", "a"], open), "the first with id = secret: only DynamoDB answers (a)");
        assert_eq!(told(&["a", "b"], &["b", "a"], open), "the first with id = secret: the same rows in another order");
        assert!(!told(&["secret"], &[], Masker::new(false, 0)).contains("secret"));
    }

    #[test]
    fn a_set_is_the_same_answer_in_any_order() {
        let members = |all: &[&str]| all.iter().map(|m| (*m).to_owned()).collect::<Vec<_>>();
        let item = Item::from([("perms".to_owned(), Attribute::Ss(members(&["a", "b"]).into_iter().collect()))]);
        let sql = spelled(&Value::Set(members(&["b", "a"])), None).expect("text");
        assert_eq!(returned(&item, &["perms".to_owned()]), vec![sql]);
    }
}
