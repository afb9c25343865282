//! STS: who the caller is. The query protocol only, which every SDK speaks here.

use super::fault::Fault;
use super::form;

/// Answers `GetCallerIdentity`; the XML of the reply.
pub(crate) fn answer(body: &[u8], account: &str, access_key: &str, request_id: &str) -> Result<String, Fault> {
    let pairs = form::parse(body);
    match form::get(&pairs, "Action") {
        Some("GetCallerIdentity") => Ok(identity(account, access_key, request_id)),
        Some(other) => Err(Fault::new("InvalidAction", format!("the embedded AWS's STS answers GetCallerIdentity only, not {other}"))),
        None => Err(Fault::new("MissingAction", "no Action in the request")),
    }
}

fn identity(account: &str, access_key: &str, request_id: &str) -> String {
    let user = form::xml(access_key);
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/{user}</Arn><UserId>AIDALOCAL{user}</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
}
