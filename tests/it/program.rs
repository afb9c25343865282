//! landfall as people run it: the built binary, with an environment of its own, its output, its exit code.
//!
//! Called by every test that speaks of what a user sees.

use crate::servers::{python, repository};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// What one run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Panics with everything that was printed unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics unless stdout or stderr holds `text`.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "no {text:?} in\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics if stdout or stderr holds `text`.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "{text:?} in\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// A folder with copies of the sample stacks, and the environment in which landfall runs.
#[derive(Debug)]
pub(crate) struct Place {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Place {
    /// A fresh place, without AWS.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(&repository("stacks"), &folder.path().join("stacks"));
        // Never the credentials, the region or the metadata service of the machine that runs the tests.
        let off = [("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")];
        let environment = off.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { folder, environment }
    }

    /// The same, talking to `endpoint` with these keys.
    pub(crate) fn at(endpoint: &str, access_key: &str, secret: &str) -> Self {
        let mut place = Self::new();
        place.set("AWS_ENDPOINT_URL", endpoint);
        place.set("AWS_ACCESS_KEY_ID", access_key);
        place.set("AWS_SECRET_ACCESS_KEY", secret);
        place.set("AWS_REGION", "us-east-1");
        place
    }

    /// Sets a variable for every run from here.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(n, _)| n != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// A path in the place.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, making its folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, text).expect("the file");
        path
    }

    /// Changes a file's text.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replace(from, to));
    }

    /// A file's text.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// landfall with these arguments, not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", std::env::var("PATH").unwrap_or_default()).envs(self.environment.iter().cloned());
        command
    }

    /// Runs landfall with these arguments, words apart at blanks.
    pub(crate) fn landfall(&self, arguments: &str) -> Ran {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        ran(&self.command(&arguments).output().expect("landfall starts"))
    }

    /// Runs one of the oracle's scripts, which see the same AWS.
    pub(crate) fn oracle(&self, script: &str, arguments: &[&str]) -> Ran {
        let mut command = Command::new(python());
        command.arg(repository("tests/oracle").join(script)).args(arguments).current_dir(self.folder.path());
        command.envs(self.environment.iter().cloned()).env("AWS_DEFAULT_REGION", "us-east-1").stdin(Stdio::null());
        ran(&command.output().expect("the oracle starts"))
    }
}

impl Place {
    /// Runs Python with boto3 there; `c("dynamodb")` makes a client.
    pub(crate) fn python(&self, code: &str) -> Ran {
        let prelude =
            "import boto3, os\nc = lambda s: boto3.client(s, region_name='us-east-1', endpoint_url=os.environ['AWS_ENDPOINT_URL'])\n";
        let mut command = Command::new(python());
        command.arg("-c").arg(format!("{prelude}{code}")).envs(self.environment.iter().cloned()).stdin(Stdio::null());
        ran(&command.output().expect("Python starts"))
    }

    /// The names of all tables (but the one that holds the leases) and buckets there, as boto3 tells them.
    pub(crate) fn names(&self) -> String {
        let code = "print(sorted(set(c('dynamodb').list_tables()['TableNames']) - {'landfall-leases'}), sorted(b['Name'] for b in c('s3').list_buckets()['Buckets']))";
        self.python(code).exits(0).stdout.trim().to_owned()
    }
}

/// What a finished process left.
pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|e| e.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.path().extension().is_some_and(|e| e == "toml" || e == "sql" || e == "json") {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// `landfall local`, running as long as this value.
#[derive(Debug)]
pub(crate) struct LocalAws {
    child: Child,
    pub(crate) url: String,
}

impl LocalAws {
    /// Starts one on a free port, in memory.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_landfall"))
            .arg("local")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("landfall local starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let first = lines.next().expect("a first line").expect("readable");
        let url = first.strip_prefix("export AWS_ENDPOINT_URL=").unwrap_or_else(|| panic!("{first}")).to_owned();
        Self { child, url }
    }

    /// A place whose landfall and oracle talk to it.
    pub(crate) fn place(&self) -> Place {
        Place::at(&self.url, "local", "local")
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
