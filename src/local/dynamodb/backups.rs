//! Point-in-time recovery as far as a provisioner sees it: on or off, and its window. Nothing can be restored here; what a table held
//! can be exported, as far as `history` knows it.

use super::notes::{Pitr, TableNotes};
use super::{Region, arn, durations, extras, stale, table};
use crate::local::fault::Fault;
use serde_json::{Value, json};

/// DescribeContinuousBackups.
pub(super) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    let name = arn::table(region, extras::text(request, "TableName")?)?;
    table::exists(region, &name, "TableNotFoundException")?;
    let notes = region.table(&name);
    Ok(stale::answer(region, &notes, "backups").flatten().unwrap_or_else(|| told(region, &name, &notes)))
}

/// UpdateContinuousBackups: at once, but not before the table has been ACTIVE for a moment.
pub(super) fn update(region: &Region, request: &Value) -> Result<Value, Fault> {
    let name = arn::table(region, extras::text(request, "TableName")?)?;
    table::exists(region, &name, "TableNotFoundException")?;
    if region.time().now_ms() < ready_at(region, &name, &region.table(&name)) {
        let message = format!("Backups are being enabled for the table: {name}. Please retry later");
        return Err(Fault::new("ContinuousBackupsUnavailableException", message));
    }
    let asked =
        request.get("PointInTimeRecoverySpecification").ok_or_else(|| Fault::invalid("PointInTimeRecoverySpecification is required"))?;
    // From the next whole second on: nothing is known of what came before in this one.
    let pitr = wanted(asked, region.table(&name).pitr, i64::try_from(region.time().now_ms().div_ceil(1000)).unwrap_or(i64::MAX))?;
    let notes = region.change_table(&name, |notes| {
        let before = told(region, &name, notes);
        notes.pitr = pitr;
        stale::keep(region, notes, "backups", Some(before), region.time().lag);
        Ok(notes.clone())
    })?;
    match pitr {
        Some(_) => region.history().watch(&name, region.time().now_ms()),
        None => region.history().forget(&name),
    }
    Ok(told(region, &name, &notes))
}

/// The recovery window in seconds since 1970; `None` when recovery is off.
#[allow(clippy::cast_precision_loss, reason = "seconds of this era")]
pub(crate) fn window(region: &Region, table: &str) -> Option<(f64, f64)> {
    let Pitr { since, days } = region.table(table).pitr?;
    let now = region.time().seconds();
    Some((since.max(now - days * 86_400) as f64, (now - 300).max(since) as f64))
}

/// When continuous backups are there.
fn ready_at(region: &Region, name: &str, notes: &TableNotes) -> u64 {
    notes.active_at.saturating_add(region.time().paced(durations::BACKUPS_READY.draw(name)))
}

fn wanted(asked: &Value, now: Option<Pitr>, at: i64) -> Result<Option<Pitr>, Fault> {
    let on = asked.get("PointInTimeRecoveryEnabled").and_then(Value::as_bool);
    let days = asked.get("RecoveryPeriodInDays").and_then(Value::as_i64);
    match (on, days) {
        (None, _) => Err(Fault::invalid("PointInTimeRecoveryEnabled is required")),
        (Some(false), Some(_)) => Err(Fault::invalid("RecoveryPeriodInDays cannot be given when point-in-time recovery is disabled")),
        (Some(false), None) => Ok(None),
        (Some(true), Some(days)) if !(1..=35).contains(&days) => {
            Err(Fault::invalid(format!("Value '{days}' at 'recoveryPeriodInDays' failed to satisfy constraint: between 1 and 35")))
        }
        // Switching on again without days keeps the window; the first time it is 35.
        (Some(true), days) => Ok(Some(Pitr { since: now.map_or(at, |p| p.since), days: days.or(now.map(|p| p.days)).unwrap_or(35) })),
    }
}

fn told(region: &Region, name: &str, notes: &TableNotes) -> Value {
    let recovery = match notes.pitr {
        None => json!({ "PointInTimeRecoveryStatus": "DISABLED" }),
        Some(Pitr { since, days }) => {
            let now = region.time().seconds();
            json!({
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": days,
                "EarliestRestorableDateTime": since.max(now - days * 86_400),
                "LatestRestorableDateTime": (now - 300).max(since),
            })
        }
    };
    // Not the switch: it says whether backups are possible at all.
    let possible = if region.time().now_ms() < ready_at(region, name, notes) { "DISABLED" } else { "ENABLED" };
    json!({ "ContinuousBackupsDescription": { "ContinuousBackupsStatus": possible, "PointInTimeRecoveryDescription": recovery } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_one_to_thirty_five_days_and_stays_when_not_said() {
        let ask = |v: Value, now| wanted(&v, now, 9).map(|p| p.map(|p| p.days)).map_err(|f| f.code);
        let on = Some(Pitr { since: 1, days: 7 });
        assert_eq!(ask(json!({"PointInTimeRecoveryEnabled": true}), None), Ok(Some(35)));
        assert_eq!(ask(json!({"PointInTimeRecoveryEnabled": true}), on), Ok(Some(7)));
        assert_eq!(ask(json!({"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 3}), on), Ok(Some(3)));
        assert_eq!(ask(json!({"PointInTimeRecoveryEnabled": false}), on), Ok(None));
        for bad in [
            json!({"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 36}),
            json!({"PointInTimeRecoveryEnabled": false, "RecoveryPeriodInDays": 3}),
            json!({}),
        ] {
            assert_eq!(ask(bad, on), Err("ValidationException".into()));
        }
    }
}
