//! A request to AWS as IAM sees it: the service, the API, and the ARNs it is about. Read from the wire, without landfall's own words.
//!
//! Called by `between`, for the tests that hold calls against policies and lists.

use serde_json::Value;

/// Account and region of every stack in these tests.
const PLACE: &str = "us-east-1:123456789012";

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    /// As in the signature's scope.
    pub(crate) service: String,
    pub(crate) operation: String,
    /// `*` where the API is about no resource that IAM knows.
    pub(crate) resources: Vec<String>,
}

/// Reads a request; `header` looks one up by its lower-case name.
pub(crate) fn call<'h>(line: &str, header: impl Fn(&str) -> Option<&'h str>, body: &[u8]) -> Call {
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if let Some(operation) = path.strip_prefix("/service/GraniteServiceVersion20100801/operation/") {
        return about("monitoring", operation, vec!["*".into()]);
    }
    if let Some((target, operation)) = header("x-amz-target").and_then(|t| t.split_once('.')) {
        let json: Value = serde_json::from_slice(body).expect("a JSON body");
        return match target {
            "AnyScaleFrontendService" => about("application-autoscaling", operation, scaling(operation)),
            "TrentService" => about("kms", operation, vec![key(&json["KeyId"])]),
            _ => about("dynamodb", operation, dynamodb(operation, &json)),
        };
    }
    let text = String::from_utf8_lossy(body);
    if let Some(action) = text.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return about("sts", action, vec!["*".into()]);
    }
    s3(method, path, &text)
}

fn about(service: &str, operation: &str, resources: Vec<String>) -> Call {
    Call { service: service.to_owned(), operation: operation.to_owned(), resources }
}

fn scaling(operation: &str) -> Vec<String> {
    let lists = operation.starts_with("Describe");
    vec![if lists { "*".to_owned() } else { format!("arn:aws:application-autoscaling:{PLACE}:scalable-target/0123abc") }]
}

fn key(id: &Value) -> String {
    let id = id.as_str().unwrap_or("made-now");
    if id.starts_with("arn:") && !id.contains("alias/") { id.to_owned() } else { format!("arn:aws:kms:{PLACE}:key/{id}") }
}

fn dynamodb(operation: &str, json: &Value) -> Vec<String> {
    let table = |name: &Value| format!("arn:aws:dynamodb:{PLACE}:table/{}", name.as_str().expect("a table's name"));
    if matches!(operation, "ListTables" | "ListImports" | "DescribeLimits") {
        return vec!["*".into()];
    }
    if let Some(arn) = ["ResourceArn", "ImportArn"].iter().find_map(|member| json[member].as_str()) {
        return vec![arn.to_owned()];
    }
    if let Some(requests) = json["RequestItems"].as_object() {
        return requests.keys().map(|name| table(&Value::from(name.as_str()))).collect();
    }
    if json["TableCreationParameters"].is_object() {
        return vec![table(&json["TableCreationParameters"]["TableName"])];
    }
    let arn = table(&json["TableName"]);
    vec![json["IndexName"].as_str().map_or(arn.clone(), |index| format!("{arn}/index/{index}"))]
}

/// What a path and its query name; the subresources are S3's own.
fn s3(method: &str, path: &str, body: &str) -> Call {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let arn = format!("arn:aws:s3:::{}", path.trim_matches('/'));
    let of_object = path.trim_matches('/').contains('/');
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let setting = [
        ("tagging", "BucketTagging"),
        ("publicAccessBlock", "PublicAccessBlock"),
        ("ownershipControls", "BucketOwnershipControls"),
        ("encryption", "BucketEncryption"),
        ("policy", "BucketPolicy"),
        ("lifecycle", "BucketLifecycleConfiguration"),
        ("versioning", "BucketVersioning"),
    ];
    let setting = setting.iter().find(|(name, _)| has(name)).map(|(_, api)| api);
    let verb = if method == "GET" { "Get" } else { "Put" };
    match (method, setting) {
        (_, Some(api)) if !of_object => about("s3", &format!("{verb}{api}"), vec![arn]),
        ("POST", _) if has("delete") => {
            let keys = body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            about("s3", "DeleteObjects", keys.map(|key| format!("{arn}/{key}")).collect())
        }
        ("HEAD", None) if !of_object => about("s3", "HeadBucket", vec![arn]),
        ("GET", None) if has("versions") => about("s3", "ListObjectVersions", vec![arn]),
        ("GET", None) if has("uploads") => about("s3", "ListMultipartUploads", vec![arn]),
        ("DELETE", None) if has("uploadId") => about("s3", "AbortMultipartUpload", vec![arn]),
        ("DELETE", None) if !of_object => about("s3", "DeleteBucket", vec![arn]),
        ("PUT", None) => about("s3", if of_object { "PutObject" } else { "CreateBucket" }, vec![arn]),
        ("GET", None) if has("list-type") => about("s3", "ListObjectsV2", vec![arn]),
        _ => about("s3", &format!("{method} {path}?{query}"), vec![arn]),
    }
}
