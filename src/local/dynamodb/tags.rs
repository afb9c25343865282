//! Tags of tables, by ARN.

use super::{Region, arn, engine};
use crate::local::fault::Fault;
use serde_json::{Value, json};

/// TagResource, UntagResource, ListTagsOfResource.
pub(super) fn answer(region: &Region, operation: &str, mut request: Value) -> Result<Value, Fault> {
    if let Some(Value::String(text)) = request.get_mut("ResourceArn") {
        *text = arn::inward(region, text)?;
    }
    let db = region.db();
    match operation {
        "TagResource" => db.tag_resource(engine::typed(request)?).map(|_| json!({})).map_err(Fault::from),
        "UntagResource" => db.untag_resource(engine::typed(request)?).map(|_| json!({})).map_err(Fault::from),
        _ => engine::tree(&db.list_tags_of_resource(engine::typed(request)?)?),
    }
}
