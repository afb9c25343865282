//! A proxy between landfall and its AWS, as another process sees it: a rule decides what becomes of each call, and may do something first.
//!
//! One request per upstream connection, bodies by Content-Length. Called by `killed`, `during`, `iam` and `readonly`.

use crate::recorded::{self, Call};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Gets the call's name and a way to forward it; what it returns is the answer, `None` tears the connection.
type Rule = dyn Fn(&str, &dyn Fn() -> Vec<u8>) -> Option<Vec<u8>> + Send + Sync;

pub(crate) struct Between {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<Call>>>,
}

/// What was seen: names as [`Between::calls`] gives them, and whole calls.
#[derive(Clone, Default)]
struct Seen {
    calls: Arc<Mutex<Vec<String>>>,
    requests: Arc<Mutex<Vec<Call>>>,
}

impl Between {
    /// A proxy before `upstream`, as long as the test's process runs.
    pub(crate) fn start(upstream: &str, rule: impl Fn(&str, &dyn Fn() -> Vec<u8>) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let rule: Arc<Rule> = Arc::new(rule);
        let seen = Seen::default();
        let (calls, requests) = (Arc::clone(&seen.calls), Arc::clone(&seen.requests));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (rule, seen, upstream) = (Arc::clone(&rule), seen.clone(), upstream.clone());
                std::thread::spawn(move || serve(client, &upstream, &*rule, &seen));
            }
        });
        Self { url, calls, requests }
    }

    /// The names of all calls so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().expect("not poisoned").clone()
    }

    /// Every call since the last time, as IAM sees it.
    pub(crate) fn take_requests(&self) -> Vec<Call> {
        std::mem::take(&mut *self.requests.lock().expect("not poisoned"))
    }
}

fn serve(mut client: TcpStream, upstream: &str, rule: &Rule, seen: &Seen) {
    let mut reader = BufReader::new(client.try_clone().expect("a second handle"));
    while let Some((head, body)) = read_request(&mut reader) {
        let name = name(&head);
        seen.calls.lock().expect("not poisoned").push(name.clone());
        let call = recorded::call(head.lines().next().unwrap_or_default(), |name| header(&head, name), &body);
        seen.requests.lock().expect("not poisoned").push(call);
        let answer = rule(&name, &|| forward(upstream, &head, &body));
        let Some(answer) = answer else { return };
        if client.write_all(&answer).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = header(&head, "content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// `ImportTable`; for S3 `PUT ?tagging` or `PUT /bucket`.
fn name(head: &str) -> String {
    if let Some(target) = header(head, "x-amz-target") {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    let mut line = head.split(' ');
    let (method, path) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    path.split_once('?').map_or_else(|| format!("{method} {path}"), |(_, query)| format!("{method} ?{query}"))
}

fn forward(upstream: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(upstream).expect("the embedded AWS is up");
    let kept: Vec<&str> = head.lines().filter(|line| !line.is_empty() && !line.to_lowercase().starts_with("connection:")).collect();
    server.write_all(format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).as_bytes()).expect("writable");
    server.write_all(body).expect("writable");
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).expect("readable");
    answer
}
