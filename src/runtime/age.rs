//! How long, as a person writes it.

use std::time::Duration;

/// The text is no age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number with s, m, h, d or w, such as 90d, and at most 36500d")]
pub struct AgeError;

/// A century: no history is older.
const LONGEST: Duration = Duration::from_hours(36_500 * 24);

/// Reads `45s`, `90m`, `12h`, `90d` or `2w`.
pub fn parse(text: &str) -> Result<Duration, AgeError> {
    let unit: u64 = match text.bytes().next_back().ok_or(AgeError)? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 24 * 3600,
        b'w' => 7 * 24 * 3600,
        _ => return Err(AgeError),
    };
    let digits = text.get(..text.len() - 1).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse::<u64>().ok()).ok_or(AgeError)?;
    let age = number.checked_mul(unit).map(Duration::from_secs).ok_or(AgeError)?;
    if age > LONGEST { Err(AgeError) } else { Ok(age) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_with_a_unit() {
        assert_eq!(parse("90d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(parse("0s"), Ok(Duration::ZERO));
        assert_eq!(parse("2w"), Ok(Duration::from_hours(14 * 24)));
        for bad in ["", "d", "90", "-1d", "+1d", "1.5h", "90 d", "1y", "ä", "36501d", "99999999999999999999s"] {
            assert_eq!(parse(bad), Err(AgeError), "{bad}");
        }
    }
}
