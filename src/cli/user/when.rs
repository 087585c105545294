//! Moments on the command line: a revision, an instant, a day, or how long ago.

use std::str::FromStr;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, Time};

use crate::client::At;

/// A moment of the history, as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Right after a revision.
    Revision(u64),
    /// At an instant.
    Instant(Instant),
}

/// An instant, as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instant {
    /// This one.
    Exact(OffsetDateTime),
    /// So long before now.
    Ago(Duration),
    /// The last time that the clock of UTC showed this.
    Clock(Time),
}

/// The text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WhenError {
    #[error(
        "must be a revision such as 42, an instant such as 2026-01-31T12:00:00Z, a day such as 2026-01-31, a time such as 14:03 (UTC), or how long ago, such as 90m, 2h or 3d"
    )]
    Moment,
    #[error(
        "must be an instant such as 2026-01-31T12:00:00Z, a day such as 2026-01-31, a time such as 14:03 (UTC), or how long ago, such as 90m, 2h or 3d"
    )]
    Instant,
}

impl Moment {
    /// What the API takes.
    pub(super) fn at(self, now: OffsetDateTime) -> At {
        match self {
            Self::Revision(revision) => At::Revision(revision),
            Self::Instant(instant) => At::Instant(instant.at(now)),
        }
    }
}

impl Instant {
    /// The instant meant.
    pub(super) fn at(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Exact(instant) => instant,
            // Longer ago than the calendar reaches is before everything.
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            Self::Clock(clock) => {
                let today = now.to_offset(time::UtcOffset::UTC).replace_time(clock);
                if today > now { today.checked_sub(Duration::DAY).unwrap_or(today) } else { today }
            }
        }
    }
}

impl FromStr for Moment {
    type Err = WhenError;
    fn from_str(text: &str) -> Result<Self, WhenError> {
        if let Ok(revision) = text.parse() {
            return Ok(Self::Revision(revision));
        }
        text.parse().map(Self::Instant).map_err(|_: WhenError| WhenError::Moment)
    }
}

impl FromStr for Instant {
    type Err = WhenError;
    fn from_str(text: &str) -> Result<Self, WhenError> {
        if let Ok(instant) = OffsetDateTime::parse(text, &Rfc3339) {
            return Ok(Self::Exact(instant));
        }
        if let Ok(day) = Date::parse(text, format_description!("[year]-[month]-[day]")) {
            return Ok(Self::Exact(day.midnight().assume_utc()));
        }
        let clock = Time::parse(text, format_description!("[hour]:[minute]"))
            .or_else(|_| Time::parse(text, format_description!("[hour]:[minute]:[second]")));
        if let Ok(clock) = clock {
            return Ok(Self::Clock(clock));
        }
        ago(text).map(Self::Ago).ok_or(WhenError::Instant)
    }
}

fn ago(text: &str) -> Option<Duration> {
    let unit = match text.bytes().next_back()? {
        b's' => Duration::SECOND,
        b'm' => Duration::MINUTE,
        b'h' => Duration::HOUR,
        b'd' => Duration::DAY,
        b'w' => Duration::WEEK,
        _ => return None,
    };
    let number = text.get(..text.len() - 1)?.parse::<u32>().ok()?;
    unit.checked_mul(i32::try_from(number).ok()?)
}

/// An instant as tables show it: in UTC, to the second.
pub(super) fn shown(instant: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
    instant.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| instant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-02-01 12:00 UTC);

    #[test]
    fn a_moment_is_a_revision_an_instant_a_day_or_some_time_ago() {
        let at = |text: &str| text.parse::<Moment>().unwrap().at(NOW);
        assert_eq!(at("42"), At::Revision(42));
        assert_eq!(at("2026-01-31T12:00:00+02:00"), At::Instant(datetime!(2026-01-31 10:00 UTC)));
        assert_eq!(at("2026-01-31"), At::Instant(datetime!(2026-01-31 0:00 UTC)));
        assert_eq!(at("90m"), At::Instant(datetime!(2026-02-01 10:30 UTC)));
        assert_eq!(at("3d"), At::Instant(datetime!(2026-01-29 12:00 UTC)));
        assert_eq!(at("11:59:30"), At::Instant(datetime!(2026-02-01 11:59:30 UTC)));
        assert_eq!(at("14:03"), At::Instant(datetime!(2026-01-31 14:03 UTC)), "of today it is still to come");
    }

    #[test]
    fn what_is_no_moment_is_told_so() {
        for bad in ["", "h", "-2h", "2 h", "ä", "yesterday", "2026-13-01", "4294967295w"] {
            assert_eq!(bad.parse::<Moment>(), Err(WhenError::Moment), "{bad}");
        }
        assert_eq!("42".parse::<Instant>(), Err(WhenError::Instant), "a revision is no instant");
    }

    #[test]
    fn instants_are_shown_in_utc() {
        assert_eq!(shown(datetime!(2026-01-31 12:00:07.5 +2)), "2026-01-31 10:00:07Z");
    }
}
