//! Durations as people write them: `500ms`, `10s`, `2m`, `1h`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// The units, and how many milliseconds each has. `ms` comes before `s` and `m`, which it ends and begins with.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a whole number and its unit; `0` needs none.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (number, millis) =
        UNITS.iter().find_map(|(unit, millis)| text.strip_suffix(unit).map(|number| (number.trim_end(), *millis)))?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(millis).map(Duration::from_millis)
}

/// For `#[serde(deserialize_with)]`.
///
/// # Errors
/// When the text is no duration.
pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(input)?;
    parse(&text).ok_or_else(|| {
        de::Error::custom(format!("`{text}` is no duration: write a number and ms, s, m, h or d, as 10s"))
    })
}

/// As [`deserialize`], for a field that may be left out together with `#[serde(default)]`.
///
/// # Errors
/// When the text is no duration.
pub fn optional<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    deserialize(input).map(Some)
}

/// A duration as it would be written, for messages.
#[must_use]
pub fn show(duration: Duration) -> String {
    let millis = duration.as_millis();
    let whole = UNITS.iter().rev().find(|(_, unit)| millis > 0 && millis.is_multiple_of(u128::from(*unit)));
    whole.map_or_else(|| format!("{millis}ms"), |(name, unit)| format!("{}{name}", millis / u128::from(*unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_needs_a_unit() {
        assert_eq!(parse("10s"), Some(Duration::from_secs(10)));
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse("2m"), Some(Duration::from_mins(2)));
        assert_eq!(parse("0"), Some(Duration::ZERO));
        for bad in ["", "10", "s", "-1s", "1.5s", "10 minutes", "99999999999999999999s", "9999999999999999999d"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_duration_is_shown_in_its_largest_whole_unit() {
        for text in ["500ms", "10s", "2m", "90s", "1h"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
    }
}
