//! `local`: the embedded AWS as a server, until Ctrl-C.

use super::{failure::Failure, interrupt, output, say};
use crate::cli::LocalArgs;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::local::{Local, Options};
use std::time::Duration;

/// Serves until SIGINT or SIGTERM.
pub(super) async fn run(args: LocalArgs) -> Exit {
    let options = Options {
        addr: args.addr,
        account: args.account.clone(),
        region: args.region.clone(),
        access_key: args.access_key.clone(),
        secret_key: args.secret_key.clone(),
        dir: args.dir.clone(),
        clock: Clock::scaled(args.time_scale),
        lag: Duration::from_secs(args.lag),
        ..Options::default()
    };
    let local = match Local::start(options).await {
        Ok(local) => local,
        Err(error) => return say(Failure::Io(format!("the embedded AWS cannot start: {error}"))),
    };
    if let Err(message) = output::to_stdout(&environment(&local.url(), &args)) {
        return say(Failure::Io(message));
    }
    interrupt::signalled().await;
    local.stop().await;
    Exit::Pass
}

/// What to export so that landfall, the AWS CLI and SDKs talk to it.
fn environment(url: &str, args: &LocalArgs) -> String {
    // A secret is never printed. A shell in which the variable is not set says so, instead of exporting nothing.
    let unset = "set it to the secret that this server was started with";
    let secret = if args.secret_key == "local" { "local".to_owned() } else { format!("\"${{LANDFALL_LOCAL_SECRET:?{unset}}}\"") };
    let kept = args.dir.as_ref().map_or("in memory".to_owned(), |dir| format!("in {}", crate::safe::text(&dir.display().to_string())));
    format!(
        "export AWS_ENDPOINT_URL={url}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={secret}\nexport AWS_REGION={}\n\
         export AWS_DEFAULT_REGION={}\n# The embedded AWS listens on {url}, account {}; its data is {kept}. Ctrl-C stops it.\n",
        args.access_key, args.region, args.region, args.account
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Verb, parse};
    use std::process::Command;

    /// Whether a shell takes the environment of these flags, and the secret that it has then.
    fn taken(flags: &[&str], secret: Option<&str>) -> (bool, String) {
        let line: Vec<_> = ["landfall", "local"].iter().chain(flags).map(Into::into).collect();
        let Ok(Verb::Local(args)) = parse(&line).map(|cli| cli.verb) else { panic!("{flags:?}") };
        let text = environment("http://127.0.0.1:1", &args);
        assert!(!text.contains("hunter2"), "{text}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{text}printf '%s' \"$AWS_SECRET_ACCESS_KEY\"")]).env_remove("LANDFALL_LOCAL_SECRET");
        let done = shell.envs(secret.map(|secret| ("LANDFALL_LOCAL_SECRET", secret))).output().expect("a shell");
        let told = if done.status.success() { done.stdout } else { done.stderr };
        (done.status.success(), String::from_utf8_lossy(&told).into_owned())
    }

    #[test]
    fn a_secret_is_exported_from_the_shells_own_variable_or_it_says_what_to_set() {
        assert_eq!(taken(&[], None), (true, "local".into()));
        assert_eq!(taken(&["--secret-key", "hunter2"], Some("hunter2")), (true, "hunter2".into()));
        let (fits, told) = taken(&["--secret-key", "hunter2"], None);
        assert!(!fits && told.contains("set it to the secret that this server was started with"), "{told}");
    }
}
