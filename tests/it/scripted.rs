//! An AWS that answers by a script: what the embedded one never says, or says only of a thousand things at once.
//!
//! Each answer is given once, to the first call whose name begins as it says; a call that no answer is for is refused. Names are the
//! operation where the protocol has one, else `GET /bucket?query`. Called by `answers`.

use landfall::aws::{Aws, Endpoint, Settings};
use landfall::clock::Clock;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const WHO: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::123456789012:user/t</Arn><UserId>t</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
    </GetCallerIdentityResponse>";

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

struct Answer {
    name: String,
    status: u16,
    head: String,
    body: String,
}

#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<Vec<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Script {
    /// A client of this AWS, on a clock that every wait moves.
    pub(crate) async fn connect(&self) -> Aws {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let script = self.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let script = script.clone();
                std::thread::spawn(move || script.serve(client));
            }
        });
        let endpoint = Endpoint { url, access_key: "local".into(), secret_key: "local".into() };
        let clock = Clock::manual(1_800_000_000_000);
        let settings = Settings { region: Some("us-east-1".into()), endpoint: Some(endpoint), clock, ..Settings::default() };
        let aws = Aws::connect(&settings).await.expect("it answers STS");
        self.asked.lock().expect("unpoisoned").clear();
        aws
    }

    pub(crate) fn answer(&self, name: &str, status: u16, body: &str) {
        self.answer_with(name, status, "", body);
    }

    /// With more header lines, each ended.
    pub(crate) fn answer_with(&self, name: &str, status: u16, head: &str, body: &str) {
        let answer = Answer { name: name.into(), status, head: head.into(), body: body.into() };
        self.answers.lock().expect("unpoisoned").push(answer);
    }

    /// A refusal as the JSON services say it.
    pub(crate) fn refuse(&self, name: &str, code: &str, message: &str) {
        self.answer(name, 400, &format!("{{\"__type\":\"x#{code}\",\"message\":\"{message}\"}}"));
    }

    /// The requests since the last time; every answer must have been given.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        let left: Vec<String> = self.answers.lock().expect("unpoisoned").drain(..).map(|a| a.name).collect();
        assert_eq!(left, Vec::<String>::new(), "answers that nobody asked for");
        self.asked_in_part()
    }

    /// The same where the first refusal ends what is asked beside it, wherever that is: answers may be left, and go.
    pub(crate) fn asked_in_part(&self) -> Vec<Asked> {
        self.answers.lock().expect("unpoisoned").clear();
        std::mem::take(&mut *self.asked.lock().expect("unpoisoned"))
    }

    fn serve(&self, client: TcpStream) {
        let mut reader = BufReader::new(client.try_clone().expect("a second handle"));
        let mut client = client;
        while let Some(asked) = read(&mut reader) {
            let answer = self.of(&asked);
            let head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n{}\r\n", answer.status, answer.body.len(), answer.head);
            let body = if asked.name.starts_with("HEAD") { "" } else { &answer.body };
            if client.write_all(format!("{head}{body}").as_bytes()).is_err() {
                return;
            }
        }
    }

    fn of(&self, asked: &Asked) -> Answer {
        if asked.body.contains("Action=GetCallerIdentity") {
            return Answer { name: String::new(), status: 200, head: String::new(), body: WHO.into() };
        }
        self.asked.lock().expect("unpoisoned").push(asked.clone());
        let mut answers = self.answers.lock().expect("unpoisoned");
        let at = answers.iter().position(|answer| asked.name.starts_with(&answer.name));
        let unscripted = || Answer { name: String::new(), status: 400, head: String::new(), body: "{\"__type\":\"Unscripted\"}".into() };
        at.map_or_else(unscripted, |at| answers.remove(at))
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let header = |name: &str| {
        let mut pairs = head.lines().filter_map(|line| line.split_once(':'));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let mut body = vec![0; header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let target = header("x-amz-target").and_then(|t| Some(t.rsplit_once('.')?.1.to_owned()));
    let line = || head.split(' ').take(2).collect::<Vec<_>>().join(" ").replace("/?", "?");
    let name = target.unwrap_or_else(line);
    Some(Asked { name, head, body: String::from_utf8_lossy(&body).into_owned() })
}
