//! What validation has to reach: rates, confidence, windows.

use crate::stack::finding::Findings;
use crate::stack::model::Policy;
use crate::stack::syntax::policy::{Sample, Throttling, Validate};
use crate::stack::syntax::span::At;
use crate::stack::syntax::union::Union;

/// CloudWatch keeps data points of one minute for 15 days (CloudWatch user guide, "Metrics retention").
const LONGEST_WINDOW_SECS: u64 = 15 * 24 * 3600;

/// The defaults, and what the file says instead.
pub(super) fn policy(validate: Option<&Validate>, found: &mut Findings<'_>) -> Policy {
    let mut policy = Policy::default();
    let Some(validate) = validate else { return policy };
    if let Some(written) = &validate.sample {
        sample(written, &mut policy, found);
    }
    if let Some(written) = &validate.throttling {
        throttling(written, &mut policy, found);
    }
    policy
}

fn sample(written: &Sample, policy: &mut Policy, found: &mut Findings<'_>) {
    if let Some(at) = &written.max_mismatch_rate {
        match rate(&at.value) {
            Some(rate) => policy.max_mismatch_rate = rate,
            None => found.error_with(
                &at.span,
                "`max_mismatch_rate` is 0 or more and less than 1",
                "write \"50ppm\", \"0.1%\" or a fraction such as 0.0001",
            ),
        }
    }
    if let Some(at) = &written.confidence {
        if at.value > 0.0 && at.value < 1.0 {
            policy.confidence = at.value;
        } else {
            found.error_with(
                &at.span,
                "`confidence` is more than 0 and less than 1",
                "write 0.95 for 95 percent; certainty needs full validation",
            );
        }
    }
    if let Some(at) = &written.seed {
        policy.seed = at.value;
    }
}

fn rate(written: &Union<String, f64>) -> Option<f64> {
    let rate = match written {
        Union::Long(fraction) => *fraction,
        Union::Short(text) => {
            let text = text.trim();
            let (number, scale) = match (text.strip_suffix("ppm"), text.strip_suffix('%')) {
                (Some(number), _) => (number, 1e6),
                (_, Some(number)) => (number, 1e2),
                _ => (text, 1.0),
            };
            number.trim().parse::<f64>().ok()? / scale
        }
    };
    (0.0..1.0).contains(&rate).then_some(rate)
}

fn throttling(written: &Throttling, policy: &mut Policy, found: &mut Findings<'_>) {
    if let Some(at) = &written.window {
        window(at, policy, found);
    }
    if let Some(at) = &written.max_events {
        policy.throttle_max_events = at.value;
    }
}

fn window(at: &At<String>, policy: &mut Policy, found: &mut Findings<'_>) {
    match window_secs(&at.value) {
        Ok(secs) => policy.throttle_window_secs = secs,
        Err(why @ NoWindow::TooLong) => found.error(&at.span, format!("`window` is {why}")),
        Err(why @ NoWindow::NoSpan) => found.error_with(&at.span, format!("`window` is {why}"), "write \"90m\", \"24h\" or \"7d\""),
    }
}

/// Why a text is no window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWindow {
    #[error("over 15 days: CloudWatch keeps its one-minute data no longer")]
    TooLong,
    #[error("no time span of a minute or more")]
    NoSpan,
}

/// The seconds of a throttling window, such as `90m`, `24h` or `7d`: in the stack, and where a person asks for another.
///
/// # Errors
/// It is no time span, shorter than a minute, or longer than CloudWatch can answer for.
pub fn window_secs(text: &str) -> Result<u64, NoWindow> {
    match seconds(text) {
        Some(secs) if secs > LONGEST_WINDOW_SECS => Err(NoWindow::TooLong),
        Some(secs) if secs >= 60 => Ok(secs),
        _ => Err(NoWindow::NoSpan),
    }
}

fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit = text.chars().next_back()?;
    let scale = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return None,
    };
    text.strip_suffix(unit)?.trim().parse::<u64>().ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_in_every_spelling() {
        let text = |t: &str| rate(&Union::Short(t.to_owned()));
        for (written, want) in [
            ("50ppm", Some(5e-5)),
            ("0.1%", Some(1e-3)),
            (" 0.5 ", Some(0.5)),
            ("0", Some(0.0)),
            ("100%", None),
            ("-1ppm", None),
            ("many", None),
            ("NaN", None),
        ] {
            match (text(written), want) {
                (Some(got), Some(want)) => assert!((got - want).abs() < 1e-12, "{written}: {got}"),
                (got, want) => assert_eq!(got, want, "{written}"),
            }
        }
        assert!(rate(&Union::Long(f64::NAN)).is_none() && rate(&Union::Long(1.0)).is_none());
    }

    #[test]
    fn windows_in_every_unit() {
        for (written, want) in [
            ("90m", Some(5400)),
            ("24h", Some(86400)),
            ("7d", Some(604_800)),
            ("5 m", Some(300)),
            ("24", None),
            ("h", None),
            ("99999999999999999999d", None),
            ("é", None),
        ] {
            assert_eq!(seconds(written), want, "{written}");
        }
    }

    #[test]
    fn a_window_is_a_minute_to_fifteen_days() {
        for (written, want) in [
            ("59s", Err(NoWindow::NoSpan)),
            ("60s", Ok(60)),
            ("15d", Ok(1_296_000)),
            ("361h", Err(NoWindow::TooLong)),
            ("30d", Err(NoWindow::TooLong)),
            ("soon", Err(NoWindow::NoSpan)),
        ] {
            assert_eq!(window_secs(written), want, "{written}");
        }
    }
}
