//! What holding a stack's lease takes: one table for all stacks of the account and region, made by the first writer.

use super::need::{Needs, On};

/// The table that leases are kept in.
const TABLE: &str = "landfall-leases";
const FIRST: &str = "the first writing run in an account and region, which makes the table";

/// Taking, keeping and giving back.
pub(super) fn hold(needs: &mut Needs) {
    let on = On::Table(TABLE.to_owned());
    needs.call("dynamodb", "GetItem", &on);
    needs.call("dynamodb", "PutItem", &on);
    for operation in ["DescribeTable", "CreateTable"] {
        needs.rare("dynamodb", operation, &on, FIRST);
    }
    needs.rarely_implied("CreateTable", &["dynamodb:TagResource"], &on, FIRST);
}

/// Looking at a lease, and giving it back by force.
pub(super) fn release(needs: &mut Needs) {
    let on = On::Table(TABLE.to_owned());
    needs.call("dynamodb", "GetItem", &on);
    needs.rare("dynamodb", "PutItem", &on, "unlock --force");
}
