//! A small HTTP proxy before a stand-in that spoils chosen calls: refuses, loses the answer, or tells the test to drop the run.
//!
//! One request per connection, bodies by Content-Length only: enough for the control plane.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoil {
    Pass,
    /// Answer with this code and do not forward.
    Refuse(&'static str),
    /// Answer with this status, nothing else, and do not forward.
    Status(u16),
    /// Forward, and put the second text for the first in the answer's body.
    Rewrite(&'static str, &'static str),
    /// Forward, then answer 500: it took effect and the caller does not know.
    LoseAnswer,
    /// Tell the test, which drops the run, without forwarding.
    StrikeBefore,
    /// Forward, then tell the test, and never answer.
    StrikeAfter,
}

/// One call, as a rule sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub name: &'a str,
    pub read: bool,
    /// Mutations before this call.
    pub at: usize,
    /// Calls of any kind before this one.
    pub nth: usize,
}

impl Call<'_> {
    /// Whether this is the `at`-th mutation, from 0.
    pub(super) fn is_mutation(&self, at: usize) -> bool {
        !self.read && self.at == at
    }
}

/// Decides what happens to a call.
pub(super) type Rule = dyn Fn(&Call<'_>) -> Spoil + Send + Sync;

pub(super) struct Proxy {
    pub url: String,
    struck: Arc<Notify>,
    mutations: Arc<Mutex<Vec<String>>>,
    bucket_calls: Arc<Mutex<Vec<String>>>,
}

struct Shared {
    upstream: String,
    rule: Box<Rule>,
    calls: AtomicUsize,
    struck: Arc<Notify>,
    mutations: Arc<Mutex<Vec<String>>>,
    bucket_calls: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy before `upstream`.
    pub(super) async fn start(upstream: &str, rule: impl Fn(&Call<'_>) -> Spoil + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (struck, mutations) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let bucket_calls = Arc::new(Mutex::new(Vec::new()));
        let (calls, seen) = (bucket_calls.clone(), mutations.clone());
        let shared = Shared {
            upstream,
            rule: Box::new(rule),
            calls: AtomicUsize::new(0),
            struck: struck.clone(),
            mutations: seen,
            bucket_calls: calls,
        };
        let shared = Arc::new(shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move { serve(client, &shared).await });
            }
        });
        Self { url, struck, mutations, bucket_calls }
    }

    /// Waits for a strike.
    pub(super) async fn struck(&self) {
        self.struck.notified().await;
    }

    /// The mutations seen so far, by name.
    pub(super) fn mutations(&self) -> Vec<String> {
        self.mutations.lock().expect("not poisoned").clone()
    }

    /// The S3 calls seen so far, each with the owner that it expects: `HEAD  owner 123456789012`.
    pub(super) fn bucket_calls(&self) -> Vec<String> {
        self.bucket_calls.lock().expect("not poisoned").clone()
    }
}

async fn serve(mut client: TcpStream, shared: &Shared) {
    let Some((head, body)) = read_message(&mut client).await else { return };
    let name = name(&head);
    // The other POSTs without a target are STS's and CloudWatch's.
    let of_bucket = !name.starts_with("POST") || name.contains("?delete");
    if of_bucket && header(&head, "x-amz-target").is_none() {
        let owner = header(&head, "x-amz-expected-bucket-owner").unwrap_or("none");
        shared.bucket_calls.lock().expect("not poisoned").push(format!("{name} owner {owner}"));
    }
    let read = is_read(&name);
    let at = {
        let mut seen = shared.mutations.lock().expect("not poisoned");
        let at = seen.len();
        if !read {
            seen.push(name.clone());
        }
        at
    };
    let nth = shared.calls.fetch_add(1, Ordering::Relaxed);
    let spoil = (shared.rule)(&Call { name: &name, read, at, nth });
    let answer = match spoil {
        Spoil::Pass => forward(shared, &head, &body).await,
        Spoil::Refuse(code) => refusal(code, &head),
        Spoil::Status(status) => format!("HTTP/1.1 {status} Spoiled\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes(),
        Spoil::Rewrite(from, to) => rewrite(&forward(shared, &head, &body).await, from, to),
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
    request.push_str("\r\nConnection: close\r\n\r\n");
    upstream.write_all(request.as_bytes()).await.expect("writable");
    upstream.write_all(body).await.expect("writable");
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await.expect("readable");
    answer
}

/// `answer` with another body: its length follows, its checksum goes.
fn rewrite(answer: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").expect("an HTTP answer");
    let body = body.replace(from, to);
    let dropped = ["content-length", "x-amz-crc32"];
    let kept = head.lines().filter(|line| !dropped.iter().any(|d| line.to_lowercase().starts_with(d)));
    let head = kept.collect::<Vec<_>>().join("\r\n");
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
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
