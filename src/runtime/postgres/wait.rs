//! Waiting for a server to accept connections.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{interval, timeout};

use super::probe::{self, Answer};
use super::process::Identity;

/// How often the server is asked.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// After how many questions progress is told: about five seconds.
const TELL_EVERY: u32 = 100;

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// In all.
    total: Duration,
    /// How many questions in a row may stay without an answer.
    silent: u32,
}

impl Patience {
    /// For a server that was just started. A recovery may be long and silent.
    pub(super) const STARTING: Self = Self { total: Duration::from_mins(5), silent: u32::MAX };
    /// For a server of an earlier run, which should answer at once: about ten seconds of silence.
    pub(super) const ADOPTING: Self = Self { total: Duration::from_mins(5), silent: 200 };
}

/// How the waiting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It accepts connections.
    Ready,
    /// It has ended.
    Gone,
    /// It answers that it never will.
    Refused(String),
    /// It lives and does not answer.
    Silent,
    /// It still answers that it will, later.
    TooLong,
}

/// Asks the server until it accepts connections, has ended, or patience has.
///
/// `socket_dir` is where it listens, once that is known; an answer counts only from the process `identity`.
pub(super) async fn until_ready(
    identity: Identity,
    patience: Patience,
    socket_dir: impl Fn() -> Option<PathBuf> + Send + Sync,
    mut gone: impl FnMut() -> bool + Send,
) -> Outcome {
    let asking = async {
        let mut pace = interval(ASK_EVERY);
        let mut asked = 0_u32;
        let mut silent = 0_u32;
        loop {
            pace.tick().await;
            if gone() {
                return Outcome::Gone;
            }
            let answer = match socket_dir() {
                Some(folder) => probe::ask(&folder).await,
                None => Answer::Silent,
            };
            let mut reason = "it does not listen yet".to_owned();
            match answer {
                Answer::Ready { pid } if identity.may_be(pid) => return Outcome::Ready,
                Answer::Refused(message) => return Outcome::Refused(message),
                Answer::NotYet(message) => {
                    silent = 0;
                    reason = message;
                }
                Answer::Ready { .. } | Answer::Silent => silent = silent.saturating_add(1),
            }
            if silent > patience.silent {
                return Outcome::Silent;
            }
            asked = asked.wrapping_add(1);
            if asked.is_multiple_of(TELL_EVERY) {
                tracing::info!(pid = identity.pid(), reason, "waiting for PostgreSQL");
            }
        }
    };
    timeout(patience.total, asking).await.unwrap_or(Outcome::TooLong)
}
