//! How long to wait between two streams: full jitter under an exponential ceiling, and what the server asks for.

use std::time::Duration;

use uuid::Uuid;

/// The first ceiling, unless the server names another.
const FIRST: Duration = Duration::from_secs(1);
/// The highest ceiling.
const CAP: Duration = Duration::from_secs(30);
/// The longest wait that a server may ask for.
const ASKED_CAP: Duration = Duration::from_mins(5);

/// The waits of one watch.
#[derive(Debug)]
pub(super) struct Pauses {
    first: Duration,
    /// Rounds over all servers since a stream last brought something.
    rounds: u32,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { first: FIRST, rounds: 0 }
    }
}

impl Pauses {
    /// A stream brought something.
    pub(super) fn relax(&mut self) {
        self.rounds = 0;
    }

    /// Every server failed once more.
    pub(super) fn tighten(&mut self) {
        self.rounds = self.rounds.saturating_add(1);
    }

    /// The server says how long the first wait is.
    pub(super) fn set_first(&mut self, first: Duration) {
        self.first = first.min(CAP);
    }

    /// The next wait: anything up to the ceiling, after what the server asked for.
    pub(super) fn next(&self, asked: Option<Duration>, random: Uuid) -> Duration {
        let ceiling = self.first.saturating_mul(2_u32.saturating_pow(self.rounds)).min(CAP);
        match asked {
            // Many clients were asked the same: they come back over as long a time again.
            Some(asked) => spread(asked.min(ASKED_CAP), random) + asked.min(ASKED_CAP).max(spread(ceiling, random)),
            None => spread(ceiling, random),
        }
    }
}

fn spread(longest: Duration, random: Uuid) -> Duration {
    let [a, b, ..] = random.into_bytes();
    longest * u32::from(u16::from_be_bytes([a, b])) / u32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wait_is_at_most_a_second_and_no_wait_is_over_the_cap() {
        let mut pauses = Pauses::default();
        let ceilings = std::iter::from_fn(|| {
            let longest = pauses.next(None, Uuid::max());
            pauses.tighten();
            Some(longest.as_secs())
        });
        assert_eq!(ceilings.take(8).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(pauses.next(None, Uuid::nil()), Duration::ZERO);
        pauses.relax();
        assert_eq!(pauses.next(None, Uuid::max()), FIRST);
    }

    #[test]
    fn what_the_server_asks_for_is_kept_and_spread() {
        let mut pauses = Pauses::default();
        let asked = Some(Duration::from_secs(5));
        assert_eq!(pauses.next(asked, Uuid::nil()), Duration::from_secs(5));
        assert_eq!(pauses.next(asked, Uuid::max()), Duration::from_secs(10));
        assert!(pauses.next(Some(Duration::MAX), Uuid::max()) <= ASKED_CAP * 2);
        pauses.set_first(Duration::from_secs(3));
        assert_eq!(pauses.next(None, Uuid::max()), Duration::from_secs(3));
        pauses.set_first(Duration::MAX);
        assert_eq!(pauses.next(None, Uuid::max()), CAP);
    }
}
