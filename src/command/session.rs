//! What every verb that looks at AWS needs first: the stack, an identity that the stack allows, and the source.
//!
//! Rule: region is compared before any call is made, the account after the first one (STS), and nothing else is called
//! when either differs.

use super::embedded::{self, Embedded};
use super::failure::Failure;
use super::{console, interrupt::Interrupt, source_url};
use crate::aws::{Aws, Resolved, Settings};
use crate::cli::Common;
use crate::event::Events;
use crate::lease::Lease;
use crate::source::Source;
use crate::stack::{self, Stack};

/// An open run.
pub(super) struct Session {
    pub(super) stack: Stack,
    pub(super) aws: Aws,
    pub(super) events: Events,
    pub(super) interrupt: Interrupt,
    /// Held by verbs that write.
    pub(super) lease: Option<Lease>,
    local: Option<Embedded>,
}

impl Session {
    /// Loads the stack, starts the embedded AWS if asked, and makes sure that account and region are the stack's.
    pub(super) async fn open(common: &Common) -> Result<Self, Failure> {
        let stack = stack::load(&common.stack, common.phase.as_deref())?;
        Self::with_stack(common, stack).await
    }

    /// The same for a stack that is already there.
    pub(super) async fn with_stack(common: &Common, stack: Stack) -> Result<Self, Failure> {
        let events = console::events(common.output.quiet);
        let mut settings = Settings { profile: common.aws.profile.clone(), region: common.aws.region.clone(), ..Settings::default() };
        settings.fallback_region = Some(stack.region.clone());
        let local = embedded::start(&common.aws, Some(&stack.account), &stack.region).await?;
        embedded::point(&mut settings, local.as_ref(), &stack.region);
        let aws = pinned(&settings, &stack.account, &stack.region).await?;
        Ok(Self { stack, aws, events, interrupt: Interrupt::listen(), lease: None, local })
    }

    /// Opens the source that the stack or `--source` names, making the sample database first where the stack has one.
    pub(super) async fn source(&self, common: &Common) -> Result<Source, Failure> {
        let url = source_url::resolve(&self.stack, common.source.as_deref(), &self.events)?;
        let source = Source::connect(&url).await?;
        for excess in source.excess_privileges().await? {
            self.events.warn(format!("the source's login can do more than read: {excess}; landfall only reads"));
        }
        Ok(source)
    }

    /// Stops the embedded AWS, telling how to look at what it kept.
    pub(super) async fn close(self, common: &Common) {
        embedded::stop(self.local).await;
        if let Some(dir) = &common.aws.keep {
            let dir = dir.display();
            self.events.note(format!("The embedded AWS's data is in {dir}. To look at it: landfall local --dir {dir}"));
        }
    }
}

/// An AWS that is the stack's, or a refusal.
pub(super) async fn pinned(settings: &Settings, account: &str, region: &str) -> Result<Aws, Failure> {
    let resolved = Resolved::new(settings).await?;
    if resolved.region() != region {
        return Err(Failure::Refused(
            format!("the region is {}, and the stack is pinned to {region}; no call was made", crate::safe::text(resolved.region())),
            format!("pass --region {region}, or set AWS_REGION={region}"),
        ));
    }
    let aws = resolved.identify().await?;
    if aws.identity().account != account {
        return Err(Failure::Refused(
            format!(
                "the credentials belong to account {} ({}), and the stack is pinned to {account}; nothing else was called",
                aws.identity().account,
                aws.identity().arn
            ),
            "use the credentials of the stack's account, or correct `account` in the stack".into(),
        ));
    }
    Ok(aws)
}
