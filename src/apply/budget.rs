//! When a spent budget comes back, from the words in which AWS says it.
//!
//! Facts: capacity decreases name the next moment; encryption names the window's end and one change per 21,600 seconds (both as users
//! report them). What cannot be read is no reason to guess: then AWS does not say when.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The moment that `message` names, epoch milliseconds.
pub(super) fn again_at(message: &str) -> Option<u64> {
    let spoken = message.split_once("can be made at ").and_then(|(_, rest)| moment(rest));
    let window = || message.split_once("window ending at ").and_then(|(_, rest)| iso(rest));
    spoken.or_else(window).and_then(|at| u64::try_from(at.as_millisecond()).ok())
}

/// `Wednesday, July 25, 2018 at 1:48:14 PM Coordinated Universal Time`, or ISO.
fn moment(text: &str) -> Option<Timestamp> {
    let day_first = text.split_once(" Coordinated Universal Time").and_then(|(spoken, _)| {
        let parsed = DateTime::strptime("%A, %B %d, %Y at %I:%M:%S %p", spoken).ok()?;
        parsed.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    });
    day_first.or_else(|| iso(text))
}

/// A timestamp at the beginning of `text`, perhaps with a full stop behind it.
fn iso(text: &str) -> Option<Timestamp> {
    text.split_whitespace().next()?.trim_end_matches(['.', ',']).parse().ok()
}

/// `2018-07-25T13:48:14Z`.
pub(super) fn spoken(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.and_then(|at| at.round(jiff::Unit::Second).ok()).map_or_else(|| "an unknown time".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_is_read_as_aws_speaks_it() {
        let decrease = "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 \
                        decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number \
                        of decreases today: 6. Last decrease at Wednesday, July 25, 2018 at 12:48:14 PM Coordinated Universal Time. Next \
                        decrease can be made at Wednesday, July 25, 2018 at 1:48:14 PM Coordinated Universal Time";
        assert_eq!(again_at(decrease).map(spoken).as_deref(), Some("2018-07-25T13:48:14Z"));
        let encryption = "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at 2022-08-20T08:42:25.398Z. \
                          After the first 4 change, each subsequent change in the same window can be performed at most once every 21600 seconds.";
        assert_eq!(again_at(encryption), Some(1_660_984_945_398));
    }

    #[test]
    fn words_that_name_no_moment_are_not_guessed_at() {
        for words in ["", "can be made at once", "Next decrease can be made at Someday, July 25, 2018", "window ending at 25:00"] {
            assert_eq!(again_at(words), None, "{words}");
        }
    }
}
