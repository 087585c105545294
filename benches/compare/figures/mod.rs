//! The figures, one file each. Every one goes over its systems in each round, in another order each time.

pub(crate) mod applied;
pub(crate) mod fan_out;
pub(crate) mod growth;
pub(crate) mod idle;
pub(crate) mod publish;
pub(crate) mod read;
pub(crate) mod storm;

use std::time::Duration;

use crate::support::Place;

/// How much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Extent {
    pub(crate) rounds: usize,
    /// Of one load on one system in one round.
    pub(crate) lasting: Duration,
    pub(crate) connections: usize,
    pub(crate) subscribers: Vec<usize>,
    pub(crate) agents: usize,
    pub(crate) services_of_agent: usize,
    /// Sizes of stores, as entries and as revisions.
    pub(crate) entries: Vec<usize>,
    pub(crate) revisions: Vec<usize>,
}

impl Extent {
    pub(crate) fn full() -> Self {
        Self {
            rounds: 5,
            lasting: Duration::from_secs(2),
            connections: 64,
            subscribers: vec![1_000, 5_000, 10_000],
            agents: 10,
            services_of_agent: 50,
            entries: vec![1_000, 10_000, 100_000],
            revisions: vec![1_000, 100_000],
        }
    }

    /// Enough to see that everything works.
    pub(crate) fn smoke() -> Self {
        Self {
            rounds: 1,
            lasting: Duration::from_millis(200),
            connections: 4,
            subscribers: vec![50],
            agents: 1,
            services_of_agent: 3,
            entries: vec![1_000],
            revisions: vec![500],
        }
    }
}

/// What every figure gets.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) extent: Extent,
    pub(crate) place: Place,
}

/// The systems of a round, each round beginning with another one.
pub(crate) fn turned<T: Clone>(systems: &[T], round: usize) -> Vec<T> {
    let mut systems = systems.to_vec();
    let first = round % systems.len().max(1);
    systems.rotate_left(first);
    systems
}
