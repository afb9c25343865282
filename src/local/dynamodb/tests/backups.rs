//! Point-in-time recovery as a switch.

use super::*;

fn recovery(table: &str, on: bool) -> Value {
    json!({ "TableName": table, "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": on } })
}

#[test]
fn recovery_is_switched_once_the_table_has_been_active_for_a_moment() {
    let aws = Aws::new();
    for operation in ["DescribeContinuousBackups", "UpdateContinuousBackups"] {
        assert_eq!(aws.refused(operation, recovery("Nobody", true)), "TableNotFoundException: Table not found: Nobody");
    }
    aws.ok("CreateTable", of("Users", json!({})));
    let early = "ContinuousBackupsUnavailableException: Backups are being enabled for the table: Users. Please retry later";
    assert_eq!(aws.refused("UpdateContinuousBackups", recovery("Users", true)), early);
    aws.pass(A_WHILE);
    let status = |told: &Value| told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"].clone();
    assert_eq!(status(&aws.ok("UpdateContinuousBackups", recovery("Users", true))), "ENABLED");
    assert_eq!(status(&aws.ok("DescribeContinuousBackups", json!({ "TableName": "Users" }))), "ENABLED");
    assert_eq!(status(&aws.ok("UpdateContinuousBackups", recovery("Users", false))), "DISABLED");
}
