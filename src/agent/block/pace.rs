//! When the next attempt of a block begins: pure, told the time and the chance.

use std::time::Duration;

use tokio::time::Instant;

use crate::agent::block::attempts::{Attempts, Next};
use crate::agent::settings::Quiescence;

/// What waits, and until when.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    quiescence: Quiescence,
    splay: Duration,
    /// Since when changes wait, and when they are applied.
    waiting: Option<(Instant, Instant)>,
    /// When what may pass is tried again.
    again_at: Option<Instant>,
}

impl Pace {
    pub(super) fn new(quiescence: Quiescence, splay: Duration) -> Self {
        Self { quiescence, splay, waiting: None, again_at: None }
    }

    /// Something is to be tried: when changes have come to rest, and by chance within the splay; or at once.
    pub(super) fn want(&mut self, now: Instant, at_once: bool, chance: u8) {
        // The pause after a failure is not for what is newer.
        self.again_at = None;
        if at_once {
            self.waiting = Some((now, now));
            return;
        }
        let (since, splayed) =
            self.waiting.unwrap_or_else(|| (now, now + self.splay * u32::from(chance) / u32::from(u8::MAX)));
        let rested = (now + self.quiescence.min).min(since + self.quiescence.max);
        self.waiting = Some((since, rested.max(splayed)));
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self) {
        (self.waiting, self.again_at) = (None, None);
    }

    /// When the next attempt begins; none while there is nothing to try.
    pub(super) fn due(&mut self, attempts: Attempts, now: Instant, chance: u8) -> Option<Instant> {
        match attempts.next(chance) {
            Next::Wait => None,
            Next::Now => Some(self.waiting.map_or(now, |(_, due)| due)),
            // Drawn once, however often it is asked for.
            Next::After(pause) => Some(*self.again_at.get_or_insert(now + pause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::block::attempts::Ended;

    const MIN: Duration = Duration::from_millis(200);
    const MAX: Duration = Duration::from_secs(5);

    fn pace(splay: Duration) -> (Pace, Attempts, Instant) {
        (Pace::new(Quiescence { min: MIN, max: MAX }, splay), Attempts::default(), Instant::now())
    }

    #[test]
    fn changes_wait_until_they_have_come_to_rest_but_not_for_ever() {
        let (mut pace, mut attempts, now) = pace(Duration::ZERO);
        assert_eq!(pace.due(attempts, now, 0), None);
        attempts.want();
        for step in 0..100 {
            pace.want(now + Duration::from_millis(100 * step), false, 0);
        }
        assert_eq!(pace.due(attempts, now, 0), Some(now + MAX));
        pace.begin();
        pace.want(now, false, 0);
        assert_eq!(pace.due(attempts, now, 0), Some(now + MIN));
        pace.want(now, true, 0);
        assert_eq!(pace.due(attempts, now, 0), Some(now));
    }

    #[test]
    fn the_splay_is_drawn_once_for_what_waits_together() {
        let (mut pace, mut attempts, now) = pace(Duration::from_secs(60));
        attempts.want();
        pace.want(now, false, u8::MAX);
        pace.want(now + Duration::from_secs(1), false, 0);
        assert_eq!(pace.due(attempts, now, 0), Some(now + Duration::from_secs(60)));
    }

    #[test]
    fn newer_entries_do_not_wait_for_the_pause_after_a_failure() {
        let (mut pace, mut attempts, now) = pace(Duration::ZERO);
        for _ in 0..20 {
            attempts.ended(Ended::MayPass);
        }
        let pause = pace.due(attempts, now, u8::MAX).unwrap();
        assert_eq!(pause, now + Duration::from_mins(10));
        assert_eq!(pace.due(attempts, now + MAX, 0), Some(pause), "drawn once");
        attempts.want();
        pace.want(now, false, 0);
        assert_eq!(pace.due(attempts, now, 0), Some(now + MIN));
        // A person does not wait either.
        attempts.ended(Ended::MayPass);
        attempts.retry();
        pace.want(now, true, 0);
        assert_eq!(pace.due(attempts, now, 0), Some(now));
    }
}
