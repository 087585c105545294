//! When a block tries again: pure, told what happened and asked what to do.
//!
//! - What was refused is not tried again with the same entries; anything newer is tried at once.
//! - What may pass (a full disk, a timeout, a service that cannot be reached) is tried again, after pauses that double up to ten
//!   minutes.
//! - A person may ask for another try at any moment.

use std::time::Duration;

/// The pause after the first failure that may pass.
const FIRST: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(10);

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It runs.
    Applied,
    /// The same entries will be refused again.
    Refused,
    /// The same entries may go through later.
    MayPass,
}

/// Where a block stands with its newest entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing to do.
    #[default]
    Idle,
    /// Newer entries, or a person's wish: at once.
    Wanted,
    /// Refused: waits for newer entries.
    Refused,
    /// Failed so many times in a row in a way that may pass.
    Failing(u32),
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try.
    Now,
    /// Try after a pause.
    After(Duration),
    /// Wait for something new.
    Wait,
}

/// The attempts of one block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    state: State,
    held: bool,
}

impl Attempts {
    /// Those of a block that is held, or not.
    #[must_use]
    pub fn new(held: bool) -> Self {
        Self { state: State::Idle, held }
    }

    /// Newer entries are there.
    pub fn want(&mut self) {
        self.state = State::Wanted;
    }

    /// A person wants another try; the same entries are good enough.
    pub fn retry(&mut self) {
        self.state = State::Wanted;
    }

    /// An attempt ended. One that ends while newer entries wait changes nothing: those are tried at once.
    pub fn ended(&mut self, how: Ended) {
        self.state = match (how, self.state) {
            (Ended::Applied, _) => State::Idle,
            (Ended::Refused, _) => State::Refused,
            (Ended::MayPass, State::Failing(times)) => State::Failing(times.saturating_add(1)),
            (Ended::MayPass, State::Idle | State::Wanted | State::Refused) => State::Failing(1),
        };
    }

    /// Stops or allows attempts. What was wanted meanwhile is tried afterwards.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether attempts are stopped.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// What to do. `chance`, from 0 to 255, spreads the pauses of many agents.
    #[must_use]
    pub fn next(&self, chance: u8) -> Next {
        if self.held {
            return Next::Wait;
        }
        match self.state {
            State::Idle | State::Refused => Next::Wait,
            State::Wanted => Next::Now,
            State::Failing(times) => {
                let pause = FIRST.saturating_mul(2_u32.saturating_pow(times - 1)).min(LONGEST);
                Next::After(pause / 2 + pause / 2 * u32::from(chance) / u32::from(u8::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_waits_for_newer_entries() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.next(0), Next::Wait);
        attempts.want();
        assert_eq!(attempts.next(0), Next::Now);
        attempts.ended(Ended::Refused);
        assert_eq!(attempts.next(0), Next::Wait);
        attempts.want();
        assert_eq!(attempts.next(0), Next::Now);
        attempts.ended(Ended::Applied);
        assert_eq!(attempts.next(0), Next::Wait);
    }

    #[test]
    fn what_may_pass_is_tried_again_with_longer_pauses_up_to_ten_minutes() {
        let mut attempts = Attempts::default();
        attempts.want();
        let mut pauses = Vec::new();
        for _ in 0..40 {
            attempts.ended(Ended::MayPass);
            let Next::After(pause) = attempts.next(u8::MAX) else { panic!("a pause") };
            let Next::After(short) = attempts.next(0) else { panic!("a pause") };
            assert_eq!(short, pause / 2);
            pauses.push(pause);
        }
        assert_eq!(pauses[..3], [2, 4, 8].map(Duration::from_secs));
        assert_eq!(pauses.last(), Some(&LONGEST));
        assert!(pauses.is_sorted());
        // Newer entries do not wait for the pause, and the pauses begin anew.
        attempts.want();
        assert_eq!(attempts.next(0), Next::Now);
        attempts.ended(Ended::MayPass);
        assert_eq!(attempts.next(u8::MAX), Next::After(FIRST));
    }

    #[test]
    fn a_held_block_tries_nothing_and_afterwards_what_was_wanted() {
        let mut attempts = Attempts::new(true);
        attempts.want();
        assert_eq!(attempts.next(0), Next::Wait);
        attempts.hold(false);
        assert_eq!(attempts.next(0), Next::Now);
    }

    #[test]
    fn a_person_may_ask_for_another_try() {
        let mut attempts = Attempts::default();
        attempts.ended(Ended::Refused);
        attempts.retry();
        assert_eq!(attempts.next(0), Next::Now);
    }
}
