//! A plan as a file: JSON with a SHA-256 over its bytes, so that a changed byte is refused.
//!
//! Rules: the frame is compared byte by byte and the body by its digest, so no byte is free to change, not even white
//! space. The seal shows accidents and careless edits; it is no signature: who can write the file can seal another.
//! What protects the cutover then is that apply checks account, region, expiry and live state again, before every call.
//! Called by `plan --out` and `apply FILE`.

use super::diff::hex;
use super::model::Plan;
use sha2::{Digest, Sha256};

const HEAD: &str = "{\"format\":\"landfall.plan/v1\",\"sha256\":\"";
/// What no stack file holds.
const MARK: &[u8] = b"\"format\":\"landfall.plan/";
const MIDDLE: &str = "\",\"plan\":";
const TAIL: &str = "}\n";
const DIGEST_LEN: usize = 64;

/// Why a plan file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("this is not a sealed plan of this version of landfall")]
    NotAPlan,
    #[error("the plan file was changed or cut short after it was sealed")]
    Altered,
    #[error("the sealed plan is of another shape than this version of landfall reads")]
    Shape(#[source] serde_json::Error),
}

/// The plan as the text of a sealed file.
#[allow(clippy::missing_panics_doc)] // an invariant of our own nouns
pub fn seal(plan: &Plan) -> String {
    let body = serde_json::to_string_pretty(plan).expect("invariant: a plan's maps have string keys");
    format!("{HEAD}{}{MIDDLE}{body}{TAIL}", digest(&body))
}

/// The plan in a sealed file's text, if not one byte of it was changed.
pub fn open(text: &str) -> Result<Plan, SealError> {
    let rest = text.strip_prefix(HEAD).ok_or(SealError::NotAPlan)?;
    let (claimed, rest) = rest.split_at_checked(DIGEST_LEN).ok_or(SealError::NotAPlan)?;
    let body = rest.strip_prefix(MIDDLE).and_then(|r| r.strip_suffix(TAIL)).ok_or(SealError::Altered)?;
    if claimed != digest(body) {
        return Err(SealError::Altered);
    }
    serde_json::from_str(body).map_err(SealError::Shape)
}

/// Whether a file was a sealed plan once, as far as its bytes still show it.
pub fn was_sealed(bytes: &[u8]) -> bool {
    bytes.windows(MARK.len()).any(|window| window == MARK)
}

fn digest(body: &str) -> String {
    hex(&Sha256::digest(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples;

    #[test]
    fn a_sealed_plan_opens_to_itself() {
        let plan = samples::plan();
        assert!(plan.calls() > 3);
        assert_eq!(open(&seal(&plan)).expect("own seal"), plan);
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let small = samples::plan_of(
            &samples::desired([("T", samples::table())]),
            &crate::live::model::Live::default(),
            &crate::plan::Approvals::default(),
        );
        let sealed = seal(&small).into_bytes();
        for at in 0..sealed.len() {
            // 0x20 turns a letter's case, which hexadecimal readers like to forgive.
            for flip in [0x01, 0x20] {
                let mut bytes = sealed.clone();
                bytes[at] ^= flip;
                let opened = String::from_utf8(bytes).map(|text| open(&text));
                assert!(!matches!(opened, Ok(Ok(_))), "byte {at} flipped by {flip:#x} was taken");
            }
        }
    }

    #[test]
    fn a_plan_is_known_as_one_whichever_byte_before_its_mark_was_changed_and_a_stack_is_none() {
        let sealed = seal(&samples::plan());
        assert!(HEAD.as_bytes().windows(MARK.len()).any(|window| window == MARK));
        assert!(was_sealed(sealed.as_bytes()) && was_sealed(format!("\u{feff}x{}", &sealed[1..]).as_bytes()));
        assert!(!was_sealed(b"") && !was_sealed(b"# landfall.plan/v1\nname = \"a\"") && !was_sealed(&sealed.as_bytes()[3..]));
    }

    #[test]
    fn bytes_added_or_cut_are_refused() {
        let sealed = seal(&samples::plan());
        for text in [format!("{sealed}\n"), format!(" {sealed}"), sealed[..sealed.len() - 1].to_owned(), String::new(), HEAD.to_owned()] {
            assert!(open(&text).is_err());
        }
    }
}
