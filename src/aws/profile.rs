//! `--profile`: who asks for a profile by name gets its credentials or none.
//!
//! Rule: the standard chain looks at the environment's keys first, so a name that was given goes around it. The region stays the chain's.

use super::Error;
use aws_config::SdkConfig;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::SharedCredentialsProvider;

/// How the SDK says that a profile gives no credentials; what follows is the reason, if it has one.
const NOTHING: [&str; 2] = ["the credential provider was not enabled", "ProfileFile provider could not be built"];

/// `config` with the credentials of the profile `name`, which are fetched when first needed.
pub(super) fn of(config: &SdkConfig, name: &str) -> SdkConfig {
    let mut around = ProviderConfig::without_region().with_region(config.region().cloned());
    if let Some(http) = config.http_client() {
        around = around.with_http_client(http);
    }
    let provider = ProfileFileCredentialsProvider::builder().configure(&around).profile_name(name).build();
    config.clone().into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

/// The error of the first call, by the profile's name where that is what is wrong.
pub(super) fn named(error: Error, profile: Option<&str>) -> Error {
    let because = NOTHING.iter().find_map(|words| Some(error.message.split_once(words)?.1.trim_start_matches(": ").to_owned()));
    let (Some(profile), Some(because)) = (profile, because.filter(|_| error.code.is_none())) else { return error };
    let reason = if because.is_empty() { String::new() } else { format!(" ({because})") };
    let message = format!("there is no profile {} with credentials{reason}", crate::safe::text(profile));
    Error { call: "AWS configuration".into(), code: Some("NoProfile".into()), message, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: Option<&str>, message: &str) -> Error {
        let code = code.map(str::to_owned);
        Error { call: "c".into(), code, message: message.into(), request_id: None, throttling_reasons: Vec::new() }
    }

    #[test]
    fn only_a_profile_that_gives_nothing_is_told_by_its_name() {
        let told = |error: Error, profile| named(error, profile).to_string();
        let nothing = || error(None, "dispatch failure: the credential provider was not enabled");
        assert_eq!(told(nothing(), Some("a\nb")), "AWS configuration: NoProfile: there is no profile a\\u{a}b with credentials");
        let because = error(None, "x: the credential provider was not enabled: profile `a` was not defined");
        assert!(told(because, Some("a")).ends_with("with credentials (profile `a` was not defined)"));
        let invalid = error(None, "x: ProfileFile provider could not be built: profile formed a loop");
        assert!(told(invalid, Some("a")).ends_with("with credentials (profile formed a loop)"));
        assert_eq!(told(nothing(), None), nothing().to_string());
        for other in [error(None, "dispatch failure: connection refused"), error(Some("E"), "the credential provider was not enabled")] {
            assert_eq!(told(other.clone(), Some("a")), other.to_string());
        }
    }
}
