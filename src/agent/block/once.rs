//! A block without a loop: its files once, for an init container, or only a look at what they would be.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::agent::block::connection::Access;
use crate::agent::block::store::Store;
use crate::agent::block::{Block, Watched, live, subscription};
use crate::agent::layers::Effective;
use crate::agent::plan::{self, Situation};
use crate::agent::set::FileSet;
use crate::agent::settings::BlockSettings;
use crate::agent::transaction::{FileError, Outcome, Report};
use crate::domain::revisions::Cursor;

/// How a run with `--once` ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnceEnd {
    /// The files are in place.
    Applied {
        /// Whether anything differed from what was there.
        changed: bool,
        /// Whether the entries were those of the disk.
        from_cache: bool,
    },
    /// They were refused: why, and what was printed.
    Rejected(Report),
    /// No server told anything in time, and there are no entries on the disk.
    Unreachable(String),
}

/// Puts the files of a block in place once, after its check. No service is told: in an init container there is none yet.
///
/// # Errors
/// When its state folder cannot be used.
pub async fn once(
    settings: &BlockSettings,
    access: &Access,
    state: PathBuf,
    patience: Duration,
) -> Result<OnceEnd, FileError> {
    let steps = Arc::new(Watched::default());
    let mut transaction = Block::transaction(settings, state.clone(), None, true, steps).await?;
    transaction.recover().await?;
    let store = Store::new(settings.name.clone(), state);
    let memory = store.memory();
    let cached = store.mirror(&subscription(settings));
    let (mirror, from_cache) = match live::snapshot(access, &cached, patience).await {
        Ok(mirror) => (mirror, false),
        Err(problem) if cached.cursor().is_some() => {
            tracing::warn!(block = settings.name, problem, "no server answers: using the entries on disk");
            (cached, true)
        }
        Err(problem) => return Ok(OnceEnd::Unreachable(problem)),
    };
    let mut store = store.with(memory);
    store.keep(&mirror);
    let Some(at) = mirror.cursor() else { return Ok(OnceEnd::Unreachable("no entries came".to_owned())) };
    let view = Arc::new(Effective::of(&settings.namespaces, &mirror));
    let deleted = store.remembered().deleted.clone();
    let rendering = match plan::plan(settings, Situation { view: &view, last: None, deleted: &deleted }) {
        Ok(rendering) => rendering,
        Err(refusal) => return Ok(OnceEnd::Rejected(Report { reason: refusal.to_string(), output: None })),
    };
    let outcome = transaction.apply(at, &rendering.set).await;
    let outcome = if rendering.set.sealed.is_empty() { outcome } else { outcome.without_output() };
    match outcome {
        Outcome::Applied { changed, .. } => {
            store.remember(|memory| memory.parts.clone_from(&rendering.parts));
            Ok(OnceEnd::Applied { changed, from_cache })
        }
        Outcome::CheckRefused(report)
        | Outcome::CheckTimedOut(report)
        | Outcome::CheckFailed(report)
        | Outcome::StageFailed(report)
        | Outcome::SwapFailed(report)
        | Outcome::ReloadFailed(report)
        | Outcome::ProbeFailed(report)
        | Outcome::Broken(report) => Ok(OnceEnd::Rejected(report)),
    }
}

/// Why a block cannot be previewed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreviewError {
    /// Neither a server nor the disk had any entries.
    #[error("no entries can be had: {0}")]
    Unreachable(String),
    /// The entries would be refused.
    #[error("{0}")]
    Refused(String),
}

/// What a block would be made into, without touching anything: from a server, else from the disk. For `pintle agent check`.
///
/// # Errors
/// Why it would be refused, or that no entries can be had.
pub async fn preview(
    settings: &BlockSettings,
    access: &Access,
    state: PathBuf,
    patience: Duration,
) -> Result<(Cursor, FileSet), PreviewError> {
    let store = Store::new(settings.name.clone(), state);
    let cached = store.mirror(&subscription(settings));
    let mirror = match live::snapshot(access, &cached, patience).await {
        Ok(mirror) => mirror,
        Err(_) if cached.cursor().is_some() => cached,
        Err(problem) => return Err(PreviewError::Unreachable(problem)),
    };
    let at = mirror.cursor().ok_or_else(|| PreviewError::Unreachable("no entries came".to_owned()))?;
    let view = Arc::new(Effective::of(&settings.namespaces, &mirror));
    let situation = Situation { view: &view, last: None, deleted: &BTreeSet::new() };
    let planned = plan::plan(settings, situation);
    planned.map(|rendering| (at, rendering.set)).map_err(|refusal| PreviewError::Refused(refusal.to_string()))
}
