//! An item beside local indexes has to leave room for its entries in them.

use super::*;

const TOO_LARGE: &str = "ValidationException: Item size has exceeded the maximum allowed size";

/// A table with local indexes: `whole` by `a`, `keys` by `k`, and `some` by `s`, with `big`.
fn table() -> Value {
    let key = |range: &str| json!([{ "AttributeName": "id", "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }]);
    let local =
        |name: &str, range: &str, projection: Value| json!({ "IndexName": name, "KeySchema": key(range), "Projection": projection });
    json!({
        "KeySchema": key("at"),
        "AttributeDefinitions": strings(&["id", "at", "a", "k", "s"]),
        "LocalSecondaryIndexes": [
            local("whole", "a", json!({ "ProjectionType": "ALL" })),
            local("keys", "k", json!({ "ProjectionType": "KEYS_ONLY" })),
            local("some", "s", json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": ["big"] })),
        ],
    })
}

/// `id` and `at` have 3 bytes each, each of `keys` 2, and `big` 3 and the text.
fn item(keys: &[&str], text: usize) -> Value {
    let mut item = json!({ "id": s("1"), "at": s("1"), "big": s(&"x".repeat(text)) });
    for key in keys {
        item[*key] = s("1");
    }
    item
}

#[test]
fn an_item_and_its_entries_in_local_indexes_have_400_kb_together_however_it_is_put() {
    let aws = Aws::new();
    aws.make("Local", table());
    let cases: [(&[&str], usize); 4] = [
        (&[], 409_600 - 9),
        (&["a"], 409_600 / 2 - 11),
        (&["k"], 409_600 - 11 - 8),
        // 15 + n, the same again, 8, and 11 + n.
        (&["a", "k", "s"], (409_600 - 15 - 15 - 8 - 11) / 3),
    ];
    for (keys, longest) in cases {
        aws.put("Local", item(keys, longest));
        // What so large an item takes of its partition's capacity is back.
        aws.pass(A_WHILE);
        let large = item(keys, longest + 1);
        for (operation, request) in [
            ("PutItem", json!({ "TableName": "Local", "Item": large })),
            ("BatchWriteItem", json!({ "RequestItems": { "Local": [{ "PutRequest": { "Item": large } }] } })),
            ("TransactWriteItems", json!({ "TransactItems": [{ "Put": { "TableName": "Local", "Item": large } }] })),
        ] {
            assert_eq!(aws.refused(operation, request), TOO_LARGE, "{operation} {keys:?}");
        }
    }
}

#[test]
fn a_table_without_local_indexes_has_room_for_the_item_alone() {
    let aws = Aws::new();
    aws.make("Users", indexed());
    aws.put("Users", item(&["a"], 409_600 - 11));
    assert_eq!(aws.refused("PutItem", json!({ "TableName": "Users", "Item": item(&["a"], 409_600 - 10) })), TOO_LARGE);
}
