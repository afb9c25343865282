//! The data plane: each operation as one typed call of the engine, its units counted on the way out.

use super::batch::Left;
use super::capacity::{Slot, Units, Wanted};
use super::throttle::{self, Admit, Demand, Demands, Reason, Taken};
use super::{Region, arn, engine, expression, index_keys, item_size};
use crate::local::fault::Fault;
use bytes::Bytes;
use dynoxide::Database;
use dynoxide::actions::{
    batch_execute_statement as batch_statement, delete_item, execute_statement, execute_transaction, get_item, put_item, query, scan,
    transact_get_items, transact_write_items, update_item,
};
use dynoxide::types::Item;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Instant;

/// Answers `operation` if it is one of the data plane.
pub(super) fn answer(region: &Region, operation: &str, body: &[u8]) -> Option<Result<Bytes, Fault>> {
    use Units::{Read, Write};
    Some(match operation {
        "PutItem" => run(region, operation, body, Write, Database::put_item),
        "UpdateItem" => run(region, operation, body, Write, told_update),
        "DeleteItem" => run(region, operation, body, Write, Database::delete_item),
        "BatchWriteItem" => run(region, operation, body, Write, Database::batch_write_item),
        "TransactWriteItems" => run(region, operation, body, Write, Database::transact_write_items),
        "GetItem" => run(region, operation, body, Read, Database::get_item),
        "BatchGetItem" => run(region, operation, body, Read, Database::batch_get_item),
        "TransactGetItems" => run(region, operation, body, Read, Database::transact_get_items),
        "Query" => run(region, operation, body, Read, counted_query),
        "Scan" => run(region, operation, body, Read, counted_scan),
        "ExecuteStatement" => run(region, operation, body, statement_units(body), Database::execute_statement),
        "BatchExecuteStatement" => run(region, operation, body, statement_units(body), Database::batch_execute_statement),
        "ExecuteTransaction" => run(region, operation, body, statement_units(body), Database::execute_transaction),
        _ => return None,
    })
}

fn run<Q, P>(
    region: &Region,
    operation: &str,
    body: &[u8],
    units: Units,
    call: impl Fn(&Database, Q) -> dynoxide::Result<P>,
) -> Result<Bytes, Fault>
where
    Q: Request,
    P: Reply,
{
    let started = Instant::now();
    let mut request: Q = read(region, body)?;
    request.expressions(&mut expression::check)?;
    let mut tables = Vec::new();
    request.tables(&mut |name| {
        region.ready(name)?;
        tables.push(name.to_owned());
        Ok(())
    })?;
    request.puts(&mut |table, item| fit(region, table, item))?;
    let wanted = Wanted::take(request.capacity());
    let admitted = Admitted::of(region, operation, &mut request);
    if !admitted.refused.is_empty() {
        if let Some(wrong) = region.drafts().wrong(region, &tables, read(region, body)?, &call) {
            throttle::give_back(region, &admitted.taken);
            return Err(wrong);
        }
        throttle::count(region, &admitted.refused);
    }
    let left = admitted.left.map_err(|refusal| throttle::refused(region, operation, &admitted.refused, refusal))?;
    let write = region.history().begin(region, &request, units == Units::Write);
    let done = call(region.db(), request);
    // A condition that failed has consumed what it was let in for; whatever else is refused consumes nothing.
    if !matches!(&done, Err(e) if e.error_type().ends_with("ConditionalCheckFailedException")) {
        throttle::give_back(region, &admitted.taken);
    }
    let mut reply = done?;
    if let Some(write) = write {
        write.done(&reply.consumed().tables(), region.time().now_ms());
    }
    reply.consumed().settle(wanted, units, region, &admitted.taken);
    reply.hand_back(left);
    let bytes = engine::write(&reply)?;
    for table in &tables {
        region.metrics().succeeded(region.name(), table, operation, started.elapsed());
    }
    Ok(bytes)
}

/// Refuses an item that the indexes of its table do not take; the engine looks at the item alone.
pub(crate) fn fit(region: &Region, table: &str, item: &Item) -> Result<(), Fault> {
    index_keys::fit(region, table, item)?;
    item_size::fit(region, table, item)
}

/// What the capacity lets in of a request.
struct Admitted {
    taken: Vec<Taken>,
    /// What was not let in; counted once it is known that the request is sound.
    refused: Vec<Reason>,
    /// What of a batch is handed back, or the refusal of the whole.
    left: Result<Left, Fault>,
}

impl Admitted {
    fn of<Q: Request>(region: &Region, operation: &str, request: &mut Q) -> Self {
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        let demands = request.demands();
        for (at, demand) in demands.iter().enumerate() {
            match throttle::admit(region, demand) {
                Ok(one) => taken.extend(one),
                Err(reason) => {
                    throttle::give_back(region, &taken);
                    let left = Err(reason.of_whole(operation, at, demands.len()));
                    return Self { taken: Vec::new(), refused: vec![reason], left };
                }
            }
        }
        let left = request.split(&mut |demand| {
            let admitted = throttle::admit(region, demand).map(|one| taken.extend(one));
            admitted.inspect_err(|reason| refused.push(reason.clone()))
        });
        Self { taken, refused, left: left.map_err(|reason| reason.of_whole(operation, 0, 1)) }
    }
}

/// The request, with the names of its tables. The engine looks at some names when it reads a request, at others when it acts.
fn read<Q: Request>(region: &Region, body: &[u8]) -> Result<Q, Fault> {
    let request: Q = engine::read(body).or_else(|fault| by_arn(region, body).unwrap_or(Err(fault)))?;
    let mut has_arn = false;
    request.tables(&mut |name| {
        has_arn |= name.starts_with("arn:");
        Ok(())
    })?;
    if has_arn { by_arn(region, body).unwrap_or(Ok(request)) } else { Ok(request) }
}

/// The request once more, when it was refused for naming a table by ARN: the engine knows names only.
fn by_arn<Q: Request>(region: &Region, body: &[u8]) -> Option<Result<Q, Fault>> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    match arn::tables(region, &mut request) {
        Ok(false) => None,
        Ok(true) => Some(engine::typed(request)),
        Err(fault) => Some(Err(fault)),
    }
}

/// The engine tells of the key of an item that was not there as if it were old; AWS tells nothing of it (API reference, `UpdateItem`).
fn told_update(db: &Database, request: update_item::UpdateItemRequest) -> dynoxide::Result<update_item::UpdateItemResponse> {
    let asks = request.return_values.as_deref() == Some("ALL_OLD");
    let key = get_item::GetItemRequest { table_name: request.table_name.clone(), key: request.key.clone(), ..Default::default() };
    let is_new = asks && db.get_item(key).is_ok_and(|found| found.item.is_none());
    let mut reply = db.update_item(request)?;
    if is_new {
        reply.attributes = None;
    }
    Ok(reply)
}

/// PartiQL: a statement that selects reads, all others write; several read only when each of them does.
fn statement_units(body: &[u8]) -> Units {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let several = ["Statements", "TransactStatements"].iter().filter_map(|name| request.get(name)?.as_array()).flatten();
    let mut all = std::iter::once(&request).chain(several).filter_map(|of| of.get("Statement")?.as_str()).peekable();
    let selects = |text: &str| text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    if all.peek().is_some() && all.all(selects) { Units::Read } else { Units::Write }
}

/// The engine counts the item that no longer fitted on a 1 MB page as scanned.
fn counted_scan(db: &Database, request: scan::ScanRequest) -> dynoxide::Result<scan::ScanResponse> {
    let (filtered, limit) = (request.filter_expression.is_some() || request.scan_filter.is_some(), request.limit);
    let (table, index) = (request.table_name.clone(), request.index_name.clone());
    let mut reply = db.scan(request)?;
    let left_out = index_keys::leave_out(db, &table, index.as_deref(), &mut reply.items)?;
    (reply.count, reply.scanned_count) = (reply.count - left_out, reply.scanned_count - left_out);
    reply.scanned_count = scanned(reply.scanned_count, reply.count, filtered, limit, reply.last_evaluated_key.is_some());
    Ok(reply)
}

fn counted_query(db: &Database, request: query::QueryRequest) -> dynoxide::Result<query::QueryResponse> {
    let (filtered, limit) = (request.filter_expression.is_some() || request.query_filter.is_some(), request.limit);
    let (table, index) = (request.table_name.clone(), request.index_name.clone());
    let mut reply = db.query(request)?;
    let left_out = index_keys::leave_out(db, &table, index.as_deref(), &mut reply.items)?;
    (reply.count, reply.scanned_count) = (reply.count - left_out, reply.scanned_count - left_out);
    reply.scanned_count = scanned(reply.scanned_count, reply.count, filtered, limit, reply.last_evaluated_key.is_some());
    Ok(reply)
}

/// What was really evaluated. Without a filter it is what was returned. With one, a page that did not end at its limit
/// ended at 1 MB (where both coincide the engine's figure stays: it may be one too high).
fn scanned(told: usize, count: usize, filtered: bool, limit: Option<usize>, more: bool) -> usize {
    match (filtered, more) {
        (false, _) => count,
        (true, true) if limit.is_none_or(|l| told < l) => told.saturating_sub(1),
        (true, _) => told,
    }
}

pub(super) type EachTable<'a> = dyn FnMut(&str) -> Result<(), Fault> + 'a;
pub(super) type EachItem<'a> = dyn FnMut(&str, &Item) + 'a;
/// Gets a table and an item that is put into it whole.
pub(super) type EachPut<'a> = dyn FnMut(&str, &Item) -> Result<(), Fault> + 'a;
/// Gets the API's name of a member, and its expression.
pub(super) type EachExpression<'a> = dyn FnMut(&str, &str) -> Result<(), Fault> + 'a;

/// What every request of the data plane has.
pub(super) trait Request: DeserializeOwned + Demands {
    fn capacity(&mut self) -> &mut Option<String>;
    fn tables(&self, each: &mut EachTable<'_>) -> Result<(), Fault>;

    fn puts(&self, _each: &mut EachPut<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// Conditions, filters and updates; projections do not nest.
    fn expressions(&self, _each: &mut EachExpression<'_>) -> Result<(), Fault> {
        Ok(())
    }

    /// Takes out of a batch what `admit` does not let in, or fails with the first reason when that is all of it.
    fn split(&mut self, _admit: &mut Admit<'_>) -> Result<Left, Reason> {
        Ok(Left::new())
    }

    /// Whether it writes items that only the engine finds.
    fn blind(&self) -> bool {
        false
    }

    /// Tells of every item that is written: its table, and its key or more than that.
    fn written(&self, each: &mut EachItem<'_>) {
        self.demands().iter().filter_map(Demand::written).for_each(|(table, item)| each(table, item));
    }
}

/// What every reply of it has.
pub(super) trait Reply: Serialize {
    fn consumed(&mut self) -> Slot<'_>;

    /// Adds what was not done; only batches leave anything.
    fn hand_back(&mut self, _left: Left) {}
}

macro_rules! of_one_table {
    ($($request:path => $reply:path, [$($member:ident $name:literal),*] $(, puts $item:ident)?;)*) => { $(
        impl Request for $request {
            fn capacity(&mut self) -> &mut Option<String> { &mut self.return_consumed_capacity }
            fn tables(&self, each: &mut EachTable<'_>) -> Result<(), Fault> { each(&self.table_name) }
            #[allow(unused_variables, reason = "a GetItem has none")]
            fn expressions(&self, each: &mut EachExpression<'_>) -> Result<(), Fault> {
                $(self.$member.iter().try_for_each(|text| each($name, text))?;)*
                Ok(())
            }
            $(fn puts(&self, each: &mut EachPut<'_>) -> Result<(), Fault> { each(&self.table_name, &self.$item) })?
        }
        impl Reply for $reply {
            fn consumed(&mut self) -> Slot<'_> { Slot::One(&mut self.consumed_capacity) }
        }
    )* };
}

of_one_table! {
    put_item::PutItemRequest => put_item::PutItemResponse, [condition_expression "ConditionExpression"], puts item;
    update_item::UpdateItemRequest => update_item::UpdateItemResponse,
        [update_expression "UpdateExpression", condition_expression "ConditionExpression"];
    delete_item::DeleteItemRequest => delete_item::DeleteItemResponse, [condition_expression "ConditionExpression"];
    get_item::GetItemRequest => get_item::GetItemResponse, [];
    query::QueryRequest => query::QueryResponse,
        [key_condition_expression "KeyConditionExpression", filter_expression "FilterExpression"];
    scan::ScanRequest => scan::ScanResponse, [filter_expression "FilterExpression"];
}

macro_rules! of_many {
    ($($request:path => $reply:path, $slot:ident, $blind:expr, |$this:ident, $each:ident| $tables:expr $(, $expressions:expr, $puts:expr)?;)*) => { $(
        impl Request for $request {
            fn capacity(&mut self) -> &mut Option<String> { &mut self.return_consumed_capacity }
            fn blind(&self) -> bool { $blind }
            fn tables(&self, $each: &mut EachTable<'_>) -> Result<(), Fault> { let $this = self; $tables }
            $(
                fn expressions(&self, $each: &mut EachExpression<'_>) -> Result<(), Fault> { let $this = self; $expressions }
                fn puts(&self, $each: &mut EachPut<'_>) -> Result<(), Fault> { let $this = self; $puts }
            )?
        }
        impl Reply for $reply {
            fn consumed(&mut self) -> Slot<'_> { Slot::$slot(&mut self.consumed_capacity) }
        }
    )* };
}

of_many! {
    transact_write_items::TransactWriteItemsRequest => transact_write_items::TransactWriteItemsResponse, Many, false,
        |this, each| this.transact_items.iter().try_for_each(|item| each_action(item, each)),
        this.transact_items.iter().try_for_each(|item| each_expression(item, each)),
        this.transact_items.iter().filter_map(|item| item.put.as_ref()).try_for_each(|put| each(&put.table_name, &put.item));
    transact_get_items::TransactGetItemsRequest => transact_get_items::TransactGetItemsResponse, Many, false,
        |this, each| this.transact_items.iter().try_for_each(|item| each(&item.get.table_name));
    // A statement's table is in its text: the engine finds it.
    execute_statement::ExecuteStatementRequest => execute_statement::ExecuteStatementResponse, One, true,
        |_this, _each| Ok(());
    batch_statement::BatchExecuteStatementRequest => batch_statement::BatchExecuteStatementResponse, Many, true,
        |_this, _each| Ok(());
    execute_transaction::ExecuteTransactionRequest => execute_transaction::ExecuteTransactionResponse, Many, true,
        |_this, _each| Ok(());
}

impl Demands for execute_statement::ExecuteStatementRequest {}
impl Demands for batch_statement::BatchExecuteStatementRequest {}
impl Demands for execute_transaction::ExecuteTransactionRequest {}

fn each_action(item: &transact_write_items::TransactWriteItem, each: &mut EachTable<'_>) -> Result<(), Fault> {
    item.put.iter().try_for_each(|a| each(&a.table_name))?;
    item.update.iter().try_for_each(|a| each(&a.table_name))?;
    item.delete.iter().try_for_each(|a| each(&a.table_name))?;
    item.condition_check.iter().try_for_each(|a| each(&a.table_name))
}

fn each_expression(item: &transact_write_items::TransactWriteItem, each: &mut EachExpression<'_>) -> Result<(), Fault> {
    item.update.iter().try_for_each(|a| each("UpdateExpression", &a.update_expression))?;
    let conditions = [
        item.put.as_ref().and_then(|a| a.condition_expression.as_ref()),
        item.update.as_ref().and_then(|a| a.condition_expression.as_ref()),
        item.delete.as_ref().and_then(|a| a.condition_expression.as_ref()),
        item.condition_check.as_ref().map(|a| &a.condition_expression),
    ];
    conditions.into_iter().flatten().try_for_each(|text| each("ConditionExpression", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanned_is_what_was_evaluated() {
        // (told by the engine, matched, filtered, limit, more pages) -> evaluated
        for (told, count, filtered, limit, more, right) in [
            (11, 10, false, None, true, 10),
            (10, 10, false, None, false, 10),
            (11, 2, true, None, true, 10),
            (10, 2, true, None, false, 10),
            (5, 2, true, Some(5), true, 5),
            (4, 2, true, Some(5), true, 3),
        ] {
            assert_eq!(scanned(told, count, filtered, limit, more), right, "{told} {count} {filtered} {limit:?} {more}");
        }
    }

    #[test]
    fn partiql_reads_when_it_selects() {
        assert_eq!(statement_units(br#"{"Statement": "  SELECT * FROM t"}"#), Units::Read);
        assert_eq!(statement_units(br#"{"Statements":[{"Statement":"insert into t value {}"}]}"#), Units::Write);
    }

    #[test]
    fn a_batch_of_statements_reads_only_when_all_of_them_do() {
        let units = |statements: &[&str]| {
            let statements: Vec<Value> = statements.iter().map(|s| serde_json::json!({ "Statement": s })).collect();
            let of = |name: &str| statement_units(serde_json::json!({ name: statements.clone() }).to_string().as_bytes());
            (of("Statements"), of("TransactStatements"))
        };
        assert_eq!(units(&["select * from t", "\n SELECT a FROM t"]), (Units::Read, Units::Read));
        assert_eq!(units(&["select * from t", "delete from t where id = '1'"]), (Units::Write, Units::Write));
        assert_eq!(units(&[]), (Units::Write, Units::Write));
        let value = r#"{"Parameters":[{"M":{"Statement":{"S":"select"}}}],"Statement":"delete from t"}"#;
        assert_eq!(statement_units(value.as_bytes()), Units::Write);
    }
}
