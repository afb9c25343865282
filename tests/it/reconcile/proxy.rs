//! A small HTTP proxy before a stand-in that spoils chosen calls: refuses, loses the answer, or tells the test to drop the run.
//!
//! One request per connection, bodies by Content-Length only: enough for the control plane.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    Pass,
    /// Answer with this code and do not forward.
    Refuse(&'static str),
    /// Forward, then answer 500: it took effect and the caller does not know.
    LoseAnswer,
    /// Tell the test, which drops the run, without forwarding.
    StrikeBefore,
    /// Forward, then tell the test, and never answer.
    StrikeAfter,
}

/// Decides by the number of the mutation (from 0; reads have none).
pub type Rule = dyn Fn(usize, &str) -> Spoil + Send + Sync;

pub struct Proxy {
    pub url: String,
    struck: Arc<Notify>,
    mutations: Arc<Mutex<Vec<String>>>,
}

struct Shared {
    upstream: String,
    rule: Box<Rule>,
    struck: Arc<Notify>,
    mutations: Arc<Mutex<Vec<String>>>,
    header: String,
}

impl Proxy {
    /// A proxy before `upstream`; `header`: a whole header line to add to each request, or nothing.
    pub async fn start(upstream: &str, header: &str, rule: impl Fn(usize, &str) -> Spoil + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (struck, mutations) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let shared =
            Shared { upstream, rule: Box::new(rule), struck: struck.clone(), mutations: mutations.clone(), header: header.to_owned() };
        let shared = Arc::new(shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move { serve(client, &shared).await });
            }
        });
        Self { url, struck, mutations }
    }

    /// Waits for a strike.
    pub async fn struck(&self) {
        self.struck.notified().await;
    }

    /// The mutations seen so far, by name.
    pub fn mutations(&self) -> Vec<String> {
        self.mutations.lock().expect("not poisoned").clone()
    }
}

async fn serve(mut client: TcpStream, shared: &Shared) {
    let Some((head, body)) = read_message(&mut client).await else { return };
    let name = name(&head);
    let spoil = if is_read(&name) {
        (shared.rule)(usize::MAX, &name)
    } else {
        let at = {
            let mut seen = shared.mutations.lock().expect("not poisoned");
            seen.push(name.clone());
            seen.len() - 1
        };
        (shared.rule)(at, &name)
    };
    let answer = match spoil {
        Spoil::Pass => forward(shared, &head, &body).await,
        Spoil::Refuse(code) => refusal(code, &head),
        Spoil::LoseAnswer => {
            forward(shared, &head, &body).await;
            refusal("InternalServerError", &head)
        }
        Spoil::StrikeBefore => return strike(client, shared).await,
        Spoil::StrikeAfter => {
            forward(shared, &head, &body).await;
            return strike(client, shared).await;
        }
    };
    let _ = client.write_all(&answer).await;
    let _ = client.shutdown().await;
}

/// Tells the test, and keeps the caller waiting until it is dropped.
async fn strike(mut client: TcpStream, shared: &Shared) {
    shared.struck.notify_one();
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest).await;
}

async fn read_message(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut body = bytes[end + 4..].to_vec();
    let length = header(&head, "content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// `UpdateTable`, or `PUT ?policy` for S3.
fn name(head: &str) -> String {
    if let Some(target) = header(head, "x-amz-target") {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let mut line = head.lines().next().unwrap_or_default().split(' ');
    let (method, path) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    format!("{method} {}", path.split_once('?').map_or("", |(_, query)| query))
}

fn is_read(name: &str) -> bool {
    ["Describe", "List", "Scan", "GET", "HEAD", "POST"].iter().any(|start| name.starts_with(start))
}

async fn forward(shared: &Shared, head: &str, body: &[u8]) -> Vec<u8> {
    let mut upstream = TcpStream::connect(&shared.upstream).await.expect("the stand-in is up");
    let lines = head.lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let mut request = lines.collect::<Vec<_>>().join("\r\n");
    request.push_str("\r\nConnection: close\r\n");
    if !shared.header.is_empty() {
        request.push_str(&shared.header);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    upstream.write_all(request.as_bytes()).await.expect("writable");
    upstream.write_all(body).await.expect("writable");
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await.expect("readable");
    answer
}

/// An error as the service of the request would write it.
fn refusal(code: &str, head: &str) -> Vec<u8> {
    let status = if code == "InternalServerError" { "500 Internal Server Error" } else { "400 Bad Request" };
    let (kind, body) = if header(head, "x-amz-target").is_some() {
        ("application/x-amz-json-1.0", format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"spoiled\"}}"))
    } else {
        ("application/xml", format!("<Error><Code>{code}</Code><Message>spoiled</Message></Error>"))
    };
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// One unsigned DynamoDB call (the stand-in does not ask for a signature).
pub async fn post(url: &str, operation: &str, body: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).await.expect("the stand-in is up");
    let auth = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\nAuthorization: {auth}\r\n\
         Content-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("writable");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}
