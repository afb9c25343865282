//! Point-in-time recovery as far as a provisioner sees it: on or off, and its window. Nothing can be restored here.

use super::notes::Pitr;
use super::{Region, arn, extras, table};
use crate::local::fault::Fault;
use crate::local::moment;
use serde_json::{Value, json};

/// DescribeContinuousBackups.
pub(super) fn describe(region: &Region, request: &Value) -> Result<Value, Fault> {
    let name = arn::table(region, extras::text(request, "TableName")?)?;
    table::exists(region, &name, "TableNotFoundException")?;
    Ok(told(region.table(&name).pitr))
}

/// UpdateContinuousBackups.
pub(super) fn update(region: &Region, request: &Value) -> Result<Value, Fault> {
    let name = arn::table(region, extras::text(request, "TableName")?)?;
    table::exists(region, &name, "TableNotFoundException")?;
    if region.is_importing(&name) {
        return Err(Fault::new("ContinuousBackupsUnavailableException", "Backups are being enabled for the table. Please retry later"));
    }
    let asked =
        request.get("PointInTimeRecoverySpecification").ok_or_else(|| Fault::invalid("PointInTimeRecoverySpecification is required"))?;
    let pitr = wanted(asked, region.table(&name).pitr)?;
    region.change(|all| {
        all.tables.entry(name.clone()).or_default().pitr = pitr;
        Ok(())
    })?;
    Ok(told(pitr))
}

fn wanted(asked: &Value, now: Option<Pitr>) -> Result<Option<Pitr>, Fault> {
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
        (Some(true), days) => {
            Ok(Some(Pitr { since: now.map_or_else(moment::seconds, |p| p.since), days: days.or(now.map(|p| p.days)).unwrap_or(35) }))
        }
    }
}

fn told(pitr: Option<Pitr>) -> Value {
    let recovery = match pitr {
        None => json!({ "PointInTimeRecoveryStatus": "DISABLED" }),
        Some(Pitr { since, days }) => {
            let now = moment::seconds();
            json!({
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": days,
                "EarliestRestorableDateTime": since.max(now - days * 86_400),
                "LatestRestorableDateTime": (now - 300).max(since),
            })
        }
    };
    json!({ "ContinuousBackupsDescription": { "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_one_to_thirty_five_days_and_stays_when_not_said() {
        let ask = |v: Value, now| wanted(&v, now).map(|p| p.map(|p| p.days)).map_err(|f| f.code);
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
