//! A stack that asks for everything that a table and a bucket can be, and the world that it needs before: keys of a customer.
//!
//! Called by `iam` and `readonly`.

use crate::program::Place;

/// Provisioned and scaled with an insight into everything; on demand with maximums and warm throughput; AWS's own key; local indexes.
const STACK: &str = r#"
name = "rich"
account = "123456789012"
region = "us-east-1"

[source]
url = "sqlite:users.sqlite"
seed = ["seed/users.sql"]
timezone = "UTC"

[bucket.staging]
name = "landfall-rich-staging"
versioning = false
encryption = { key = "alias/rich" }
tags = { team = "sales" }

[table.Scaled]
key = ["userId:N"]
capacity = { read = { min = 5, max = 50, target = 60 }, write = { min = 5, max = 50 } }
class = "infrequent-access"
encryption = { key = "alias/rich" }
insights = "all"
ttl = "expiresAt"
stream = "both"
recovery = { days = 7 }
protect = true
tags = { team = "sales" }
policy = '''{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
  "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/Scaled"}]}'''

[table.Scaled.index.ByEmail]
key = ["email:S"]
capacity = { read = { min = 5, max = 50 }, write = { min = 5, max = 50 } }
insights = "throttled"

[[table.Scaled.rows]]
from = "users"
item = { userId = "{user_id}", email = "{email}" }

[table.Bounded]
key = ["userId:N"]
maximum = { read = 1000, write = 500 }
encryption = "managed"
protect = false

[table.Bounded.index.ByEmail]
key = ["email:S"]
maximum = { read = 1000, write = 500 }

[[table.Bounded.rows]]
from = "users"
item = { userId = "{user_id}", email = "{email}" }

[table.Local]
key = ["userId:N", "email:S"]
protect = false
tags = { team = "sales" }

[table.Local.local.ByName]
key = ["username:S"]

[[table.Local.rows]]
from = "users"
item = { userId = "{user_id}", email = "{email}", username = "{username}" }

[[access]]
name = "user by email"
sql = "select user_id from users where email = :email"
params_from = "select email from users"
query = { table = "Scaled", index = "ByEmail", key = { email = ":email" }, returns = ["userId"] }
"#;

/// Every line of the file that is another afterwards: each is a change that `apply` makes by a call of its own.
pub(crate) const CHANGES: &[(&str, &str)] = &[
    ("max = 50, target = 60", "max = 60, target = 65"),
    ("class = \"infrequent-access\"", "class = \"standard\""),
    ("insights = \"all\"", "insights = \"throttled\""),
    ("insights = \"throttled\"\n\n[[table", "insights = \"all\"\n\n[[table"),
    ("recovery = { days = 7 }", "recovery = { days = 8 }"),
    ("dynamodb:GetItem", "dynamodb:Query"),
    ("maximum = { read = 1000, write = 500 }", "maximum = { read = 1200, write = 600 }"),
    ("team = \"sales\"", "team = \"orders\""),
    ("versioning = false", "versioning = true"),
    ("protect = false", "protect = true"),
];

/// Writes the stack as `stacks/rich.toml`.
pub(crate) fn write(place: &Place) {
    place.write("stacks/rich.toml", STACK);
}

/// Makes the customer's key that the stack names.
pub(crate) fn key(place: &Place) {
    let code = "k = c('kms')\nk.create_alias(AliasName='alias/rich', TargetKeyId=k.create_key()['KeyMetadata']['KeyId'])";
    place.python(code).exits(0);
}
