//! The embedded AWS of one run (`--local`): started, pointed at, stopped; and nothing of it in a build without it.
//!
//! Called by `session` and `init`.

use super::failure::Failure;
use crate::aws::Settings;
use crate::cli::AwsArgs;

/// The embedded AWS, if this landfall was built with one.
#[cfg(feature = "local")]
pub(super) type Embedded = crate::local::Local;
/// Nothing: this landfall was built without the embedded AWS.
#[cfg(not(feature = "local"))]
pub(super) type Embedded = std::convert::Infallible;

/// The embedded AWS, where it was asked for; `account`: whose it is, if that matters.
#[cfg(feature = "local")]
pub(super) async fn start(args: &AwsArgs, account: Option<&str>, region: &str) -> Result<Option<Embedded>, Failure> {
    if !args.local {
        return Ok(None);
    }
    let mut options = crate::local::Options { region: region.to_owned(), dir: args.keep.clone(), ..crate::local::Options::default() };
    if let Some(account) = account {
        account.clone_into(&mut options.account);
    }
    crate::local::Local::start(options).await.map(Some).map_err(|e| Failure::Io(format!("the embedded AWS cannot start: {e}")))
}

#[cfg(not(feature = "local"))]
#[allow(clippy::unused_async)] // the other build waits
pub(super) async fn start(args: &AwsArgs, _account: Option<&str>, _region: &str) -> Result<Option<Embedded>, Failure> {
    if args.local {
        return Err(Failure::Usage("this landfall was built without the embedded AWS (feature `local`)".into()));
    }
    Ok(None)
}

/// Points `settings` at the embedded AWS.
pub(super) fn point(settings: &mut Settings, local: Option<&Embedded>, region: &str) {
    let Some(local) = local else { return };
    #[cfg(feature = "local")]
    {
        settings.endpoint = Some(local.endpoint());
        settings.region.get_or_insert_with(|| region.to_owned());
    }
    #[cfg(not(feature = "local"))]
    {
        let _ = (settings, region);
        match *local {}
    }
}

/// Ends the embedded AWS, so that what it keeps is kept.
pub(super) async fn stop(local: Option<Embedded>) {
    let Some(local) = local else { return };
    #[cfg(feature = "local")]
    local.stop().await;
    #[cfg(not(feature = "local"))]
    match local {}
}
