//! A place to work in: an embedded AWS, a SQLite file and a stack, gone at the end of the test.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType,
};
use landfall::aws::{Aws, Settings};
use landfall::event::Events;
use landfall::local::{self, Local};
use landfall::report::model::{Check, CheckKind, LoadReport, ValidateReport, Verdict};
use landfall::resource::{Key, KeyKind};
use landfall::safe::Masker;
use landfall::source::{Snapshot, Source};
use landfall::stack::Stack;
use landfall::{load, validate};
use std::path::PathBuf;

/// The stack that most tests use: two entities and nested lines in one table, a second table with a sparse index.
pub(crate) const SHOP: &str = r#"
name = "shop"
account = "123456789012"
region = "us-east-1"
[source]
url = "sqlite:shop.sqlite"
timezone = "UTC"
[bucket.staging]
name = "shop-staging-bucket"
[table.Shop]
key = ["PK:S", "SK:S"]
protect = false
[[table.Shop.rows]]
entity = "customer"
from = "customers"
item = { PK = "CUST#{cust_id}", SK = "PROFILE", "*" = "camelCase" }
[[table.Shop.rows]]
entity = "order"
from = "orders"
item = { PK = "CUST#{cust_id}", SK = "ORDER#{ord_id}", total = "{total}", at = "{placed_at}" }
[table.Shop.rows.many.lines]
from = "order_lines"
on = { ord_id = "ord_id" }
order = ["line_no"]
item = { product = "{product}", qty = "{qty}" }
[table.Products]
key = ["id:N"]
protect = false
[table.Products.index.ByMaker]
key = ["maker:S", "id:N"]
project = "all"
[[table.Products.rows]]
from = "products"
item = { id = "{id}", name = "{name}", maker = "{maker}", price = "{price}", facts = { from = "{facts}", type = "M" } }
"#;

/// Rows for [`SHOP`]: `n` customers with two orders of three lines each, and `n` products, every third without a maker.
#[allow(clippy::format_push_string, reason = "a test's rows, made once")]
pub(crate) fn shop_rows(n: u32) -> String {
    let mut sql = String::from(
        "create table customers (cust_id integer primary key, name text not null, phone text, since date);
         create table orders (ord_id integer primary key, cust_id integer not null, total decimal(10,2), placed_at datetime);
         create table order_lines (ord_id integer, line_no integer, product text, qty integer, primary key (ord_id, line_no));
         create table products (id integer primary key, name text, maker text, price decimal(10,2), facts json);
         begin;\n",
    );
    for c in 1..=n {
        let phone = if c % 4 == 0 { "null".into() } else { format!("'{c:07}'") };
        sql += &format!("insert into customers values ({c}, 'Zo\u{eb} \u{1f600} \"{c}\"', {phone}, '2023-01-15');\n");
        for o in [c * 2, c * 2 + 1] {
            sql += &format!("insert into orders values ({o}, {c}, '{o}.50', '2024-03-10 09:30:00');\n");
            for l in 1..=3 {
                sql += &format!("insert into order_lines values ({o}, {l}, 'p{l}', {l});\n");
            }
        }
        let maker = if c % 3 == 0 { "null".into() } else { format!("'m{}'", c % 5) };
        sql += &format!("insert into products values ({c}, 'thing {c}', {maker}, '{c}.10', '{{\"a\": {{\"b\": [1, 2.50, null]}}}}');\n");
    }
    sql + "commit;"
}

pub(crate) struct Field {
    pub(crate) aws: Aws,
    pub(crate) client: Client,
    s3: aws_sdk_s3::Client,
    pub(crate) stack: Stack,
    pub(crate) folder: tempfile::TempDir,
    _local: Local,
}

impl Field {
    /// An embedded AWS with nothing in it, and a database made by `sql`.
    pub(crate) async fn new(stack: &str, sql: &str) -> Self {
        let local = Local::start(local::Options::default()).await.expect("the embedded AWS starts");
        let endpoint = local.endpoint();
        let (client, s3) = (client(&endpoint), s3(&endpoint));
        let settings = Settings { profile: None, region: Some("us-east-1".into()), endpoint: Some(endpoint), ..Settings::default() };
        let aws = Aws::connect(&settings).await.expect("the embedded AWS answers");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stack = landfall::stack::parse(stack, &folder.path().join("stack.toml"), None).expect("the stack is right");
        let field = Self { aws, client, s3, stack, folder, _local: local };
        field.sql(sql);
        field
    }

    /// The same place under another stack.
    pub(crate) fn under(self, stack: &str) -> Self {
        let stack = landfall::stack::parse(stack, &self.folder.path().join("stack.toml"), None).expect("the stack is right");
        Self { stack, ..self }
    }

    /// The same, with the tables of the stack made by hand, so that loads take the write path.
    pub(crate) async fn with_tables(stack: &str, sql: &str) -> Self {
        let field = Self::new(stack, sql).await;
        for name in field.stack.tables.keys() {
            field.create(name).await;
        }
        field
    }

    pub(crate) fn sql(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.folder.path().join("shop.sqlite")).expect("opens");
        db.execute_batch(sql).expect("the rows are made");
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        let url = format!("sqlite:{}", self.folder.path().join("shop.sqlite").display());
        Source::connect(&url).await.expect("connects").snapshot().await.expect("a snapshot")
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.folder.path().join("quarantine.ndjson")
    }

    pub(crate) fn load_options(&self) -> load::Options {
        load::Options { quarantine: self.quarantine(), masker: Masker::new(true, 1), ..load::Options::default() }
    }

    pub(crate) async fn load_with(&self, options: &load::Options) -> Result<LoadReport, load::Error> {
        load::run(&self.aws, &mut self.snapshot().await, &self.stack, options, &Events::silent()).await
    }

    /// Loads, and holds the report to the accounting identity.
    pub(crate) async fn load(&self) -> LoadReport {
        let report = self.load_with(&self.load_options()).await.expect("loads");
        for table in &report.tables {
            assert!(table.attempted, "{:?}", table.findings);
            assert!(table.entities.iter().all(landfall::report::model::EntityLoad::closes), "{:?}", table.entities);
            assert_eq!(table.acknowledged, table.entities.iter().map(|e| e.written).sum::<u64>());
        }
        report
    }

    pub(crate) async fn validate_with(&self, options: &validate::Options) -> ValidateReport {
        let done = validate::run(&self.aws, &mut self.snapshot().await, &self.stack, options, &Events::silent()).await;
        done.expect("validates")
    }

    pub(crate) async fn validate(&self) -> ValidateReport {
        self.validate_with(&validate::Options { masker: Masker::new(true, 1), ..validate::Options::default() }).await
    }

    pub(crate) async fn create(&self, name: &str) {
        let table = &self.stack.tables[name].table;
        let keys = std::iter::once(&table.key).chain(table.indexes.values().map(|i| &i.key)).chain(table.locals.values().map(|l| &l.key));
        let parts: std::collections::BTreeSet<_> = keys.flat_map(Key::parts).collect();
        let define = |part: &&landfall::resource::KeyPart| {
            AttributeDefinition::builder().attribute_name(&part.name).attribute_type(kind(part.kind)).build().expect("whole")
        };
        let all = || Projection::builder().projection_type(ProjectionType::All).build();
        let global: Vec<_> = table
            .indexes
            .iter()
            .map(|(name, i)| {
                GlobalSecondaryIndex::builder()
                    .index_name(name)
                    .set_key_schema(Some(schema(&i.key)))
                    .projection(all())
                    .build()
                    .expect("whole")
            })
            .collect();
        let locals: Vec<_> = table
            .locals
            .iter()
            .map(|(name, i)| {
                LocalSecondaryIndex::builder()
                    .index_name(name)
                    .set_key_schema(Some(schema(&i.key)))
                    .projection(all())
                    .build()
                    .expect("whole")
            })
            .collect();
        let request = self.client.create_table().table_name(name).set_key_schema(Some(schema(&table.key)));
        request
            .set_attribute_definitions(Some(parts.iter().map(define).collect()))
            .set_global_secondary_indexes((!global.is_empty()).then_some(global))
            .set_local_secondary_indexes((!locals.is_empty()).then_some(locals))
            .billing_mode(BillingMode::PayPerRequest)
            .send()
            .await
            .expect("the table is made");
        self.until_active(name).await;
    }

    /// A table takes its time to be made, and takes no item before.
    async fn until_active(&self, name: &str) {
        loop {
            let told = self.client.describe_table().table_name(name).send().await.expect("described");
            if told.table().and_then(|t| t.table_status()).is_some_and(|s| s.as_str() == "ACTIVE") {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn make_bucket(&self, name: &str) {
        self.s3.create_bucket().bucket(name).send().await.expect("the bucket is made");
    }

    pub(crate) async fn put(&self, table: &str, item: &[(&str, AttributeValue)]) {
        let item = item.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.client.put_item().table_name(table).set_item(Some(item)).send().await.expect("put");
    }

    pub(crate) async fn delete_product(&self, id: u32) {
        self.client.delete_item().table_name("Products").key("id", n(id)).send().await.expect("deleted");
    }

    /// Changes one attribute of a product.
    pub(crate) async fn set_product(&self, id: u32, name: &str, value: AttributeValue) {
        let update = self.client.update_item().table_name("Products").key("id", n(id)).update_expression("SET #n = :v");
        update.expression_attribute_names("#n", name).expression_attribute_values(":v", value).send().await.expect("updated");
    }
}

pub(crate) fn n(number: u32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn client(endpoint: &landfall::aws::Endpoint) -> Client {
    let key = aws_sdk_dynamodb::config::Credentials::new(&endpoint.access_key, &endpoint.secret_key, None, None, "test");
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .endpoint_url(&endpoint.url)
        .credentials_provider(key)
        .http_client(http);
    Client::from_conf(config.build())
}

fn s3(endpoint: &landfall::aws::Endpoint) -> aws_sdk_s3::Client {
    let key = aws_sdk_s3::config::Credentials::new(&endpoint.access_key, &endpoint.secret_key, None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .endpoint_url(&endpoint.url)
        .credentials_provider(key)
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    aws_sdk_s3::Client::from_conf(config.build())
}

fn schema(key: &Key) -> Vec<KeySchemaElement> {
    let one = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("whole");
    let partition = key.partition.iter().map(|p| one(&p.name, KeyType::Hash));
    partition.chain(key.sort.iter().map(|p| one(&p.name, KeyType::Range))).collect()
}

fn kind(kind: KeyKind) -> ScalarAttributeType {
    match kind {
        KeyKind::S => ScalarAttributeType::S,
        KeyKind::N => ScalarAttributeType::N,
        KeyKind::B => ScalarAttributeType::B,
    }
}

/// The checks of a kind of a table, by subject.
pub(crate) fn checks<'a>(report: &'a ValidateReport, table: &str, kind: CheckKind) -> Vec<&'a Check> {
    report.checks.iter().filter(|c| c.table == table && c.kind == kind).collect()
}

/// Whether everything is green.
pub(crate) fn green(report: &ValidateReport) -> bool {
    report.checks.iter().all(|c| c.verdict == Verdict::Match) && report.mismatches.is_empty() && report.mismatches_total == 0
}
