//! What the fault tests are made of: clusters, nodes, a proxy, publishers, and waiting with a deadline.

pub(crate) mod agent;
pub(crate) mod fleet;
pub(crate) mod harm;
pub(crate) mod history;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod node;
pub(crate) mod postgres;
pub(crate) mod proxy;
pub(crate) mod publishers;
pub(crate) mod seen;
pub(crate) mod stalled;
pub(crate) mod storm;
pub(crate) mod watchers;
pub(crate) mod writers;

use std::error::Error;
use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;
pub(crate) type Tested<T = ()> = Result<T, Failure>;

/// No single step takes longer on any machine that is not stuck.
pub(crate) const BOUND: Duration = Duration::from_mins(1);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A folder that the server's user may pass through also when root runs the tests. Removed at the end.
#[derive(Debug)]
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Tested<Self> {
        let mut builder = tempfile::Builder::new();
        Ok(Self(builder.prefix("pintle-faults-").permissions(Permissions::from_mode(0o755)).tempdir()?))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Looks at a condition until it gives a value. An error of a look counts as "not yet", and is told at the deadline.
pub(crate) async fn eventually<T>(
    what: &str,
    most: Duration,
    mut look: impl AsyncFnMut() -> Tested<Option<T>>,
) -> Tested<T> {
    let until = Instant::now() + most;
    let mut pace = tokio::time::interval(LOOK_EVERY);
    loop {
        pace.tick().await;
        let left = until.saturating_duration_since(Instant::now());
        let why = match tokio::time::timeout(left.max(LOOK_EVERY), look()).await {
            Ok(Ok(Some(value))) => return Ok(value),
            Ok(Ok(None)) => "not yet".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        if Instant::now() >= until {
            return Err(format!("{what}: not within {most:?}: {why}").into());
        }
    }
}

/// Fails with a sentence unless it holds.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Tested {
    if holds { Ok(()) } else { Err(otherwise().into()) }
}

/// Tells figures past the capture of the test runner.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Random numbers that a seed gives again: splitmix64.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed of `PINTLE_FAULTS_SEED`, or one of the kernel's.
    pub(crate) fn seed() -> Tested<u64> {
        if let Some(seed) = std::env::var_os("PINTLE_FAULTS_SEED") {
            return Ok(seed.to_string_lossy().parse()?);
        }
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes)?;
        Ok(u64::from(u32::from_le_bytes(bytes)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = u64::try_from(to.saturating_sub(from).as_millis()).unwrap_or(u64::MAX);
        from + Duration::from_millis(self.below(span))
    }
}
