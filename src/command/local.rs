//! `local`: the embedded AWS as a server, until Ctrl-C.

use super::{failure::Failure, interrupt, output, say};
use crate::cli::LocalArgs;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::local::{Local, Options};

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
    let secret = if args.secret_key == "local" { "local" } else { "\"$LANDFALL_LOCAL_SECRET\"" };
    let kept = args.dir.as_ref().map_or("in memory".to_owned(), |dir| format!("in {}", crate::safe::text(&dir.display().to_string())));
    format!(
        "export AWS_ENDPOINT_URL={url}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={secret}\nexport AWS_REGION={}\n\
         export AWS_DEFAULT_REGION={}\n# The embedded AWS listens on {url}, account {}; its data is {kept}. Ctrl-C stops it.\n",
        args.access_key, args.region, args.region, args.account
    )
}
