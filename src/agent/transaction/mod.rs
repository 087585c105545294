//! One change of a block, from its files to the service that runs on them, or nothing at all.
//!
//! Stage, check, swap, reload, probe; on any failure the previous files come back and the service is told again. A
//! crash at any step leaves a journal, and [`Transaction::recover`] at the next start brings the previous files back.

mod files;
mod folder;
mod journal;
mod layout;
mod mirror;
mod outcome;
mod place;
mod rehearsal;
mod sealed;
mod service;
mod sets;
mod steps;
mod swap;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use nix::fcntl::Flock;

pub use files::FileError;
pub use layout::Layout;
pub use outcome::{Outcome, Report};
pub use place::Leftover;
pub use rehearsal::rehearse;
pub use service::Service;
pub use sets::AppliedSet;
pub use steps::{Step, Steps, Unwatched};

use crate::agent::actions::Circumstances;
use crate::agent::exec::Variables;
use crate::agent::set::FileSet;
use crate::agent::transaction::place::{Place, Staged, blocking};
use crate::agent::transaction::service::{Activation, Untold};
use crate::domain::revisions::Cursor;

/// The changes of one block, one after the other.
#[derive(Debug)]
pub struct Transaction {
    /// Told to commands as `PINTLE_SERVICE`.
    name: String,
    place: Place,
    service: Service,
    lock: Flock<File>,
}

/// A change on its way, past its check.
struct Change<'a> {
    staged: Staged,
    activation: Activation,
    /// The variables that the process runs on; none: it does not run, or there is none.
    before: Option<Variables>,
    /// Why the service was not well before the swap.
    unwell: Option<Report>,
    set: &'a FileSet,
    about: Circumstances,
}

impl Transaction {
    /// Takes a block's state folder for this process, and makes it (mode 0700) if it is not there.
    ///
    /// # Errors
    /// When it cannot be made, others may write to it, or another agent holds it.
    pub async fn open(
        name: &str,
        state: PathBuf,
        layout: Layout,
        service: Service,
        steps: Arc<dyn Steps>,
    ) -> Result<Self, FileError> {
        let place = Place { state, layout, steps };
        let lock = blocking(&place, Place::take).await?;
        Ok(Self { name: name.to_owned(), place, service, lock })
    }

    /// Undoes what a crash left, and tells a service that is no child of the agent. Call it before anything else.
    ///
    /// # Errors
    /// When the previous files cannot be brought back; it may be called again.
    pub async fn recover(&mut self) -> Result<Leftover, FileError> {
        let leftover = blocking(&self.place, Place::recover).await?;
        if leftover == Leftover::Swapped && self.service.exec.is_none() {
            let about = Circumstances { stage: None, variables: self.told(None) };
            if let Err(untold) = self.service.activate(Activation::Reload, &Variables::new(), &about).await {
                tracing::warn!(service = self.name, reason = untold.report.reason, "it could not be told to reload");
            }
        }
        Ok(leftover)
    }

    /// The paths of a set that differ from what is there. Nothing is changed.
    ///
    /// # Errors
    /// When a target cannot be read, or its path or owner is not possible.
    pub async fn differing(&self, set: &FileSet) -> Result<Vec<PathBuf>, FileError> {
        let set = set.clone();
        blocking(&self.place, move |place| place.differing(&set)).await
    }

    /// The last sets that were applied, the newest first, at most 3. A damaged one is told in its place.
    ///
    /// # Errors
    /// When the state folder cannot be read.
    pub async fn applied_sets(&self) -> Result<Vec<Result<AppliedSet, FileError>>, FileError> {
        blocking(&self.place, |place| sets::all(&place.state)).await
    }

    /// Why the service is not well now on the set of a place in the history; none when it is, or nobody can tell.
    pub async fn unwell(&self, at: Cursor) -> Option<Report> {
        let about = Circumstances { stage: None, variables: self.told(Some(at)) };
        self.service.unwell(&about).await
    }

    /// Puts a set in place, all of it or nothing. Equal bytes, modes, owners and variables are no change.
    ///
    /// It should not be dropped before it ends: what it was doing is then undone by the next start only.
    pub async fn apply(&mut self, at: Cursor, set: &FileSet) -> Outcome {
        if let Err(error) = self.keep_state().await {
            return Outcome::StageFailed(Report::plain(error.to_string()));
        }
        // A change that could not be undone is undone first: what it kept would be overwritten.
        if let Err(error) = self.recover().await {
            return Outcome::Broken(Report::plain(format!("an earlier change is not undone yet: {error}")));
        }
        let differing = match self.differing(set).await {
            Ok(differing) => differing,
            Err(error) => return Outcome::StageFailed(Report::plain(error.to_string())),
        };
        let activation = self.service.plan(!differing.is_empty(), &set.variables);
        let before = self.service.exec.as_ref().and_then(super::exec::Supervised::variables);
        let same_variables = before.as_ref().is_none_or(|before| *before == set.variables);
        if differing.is_empty() && same_variables {
            return self.confirm(at, set, activation).await;
        }
        let staged = {
            let (set, is_checked) = (set.clone(), self.service.actions.check.is_some());
            blocking(&self.place, move |place| place.stage(at, &set, is_checked)).await
        };
        let staged = match staged {
            Ok(staged) => staged,
            Err(error) => return Outcome::StageFailed(Report::plain(error.to_string())),
        };
        let about = Circumstances { stage: staged.stage.clone(), variables: self.told(Some(at)) };
        // The check gets the variables as well: they are a part of the change.
        let variables = set.variables.clone().into_iter().chain(about.variables.clone()).collect();
        let judged = Circumstances { stage: about.stage.clone(), variables };
        if let Err(refused) = self.service.check(&judged).await {
            self.discard(staged).await;
            return refused;
        }
        self.place.steps.reached(Step::Checked);
        let unwell = self.service.unwell(&about).await;
        self.swap(Change { staged, activation, before, unwell, set, about }).await
    }

    /// Makes and takes the state folder again when somebody removed it: changes go on, only what it held is lost.
    async fn keep_state(&mut self) -> Result<(), FileError> {
        let lock = self.lock.metadata().ok().map(|lock| (lock.dev(), lock.ino()));
        if !blocking(&self.place, move |place| place.is_taken(lock)).await? {
            tracing::warn!(service = self.name, "the state folder was removed, and is made again");
            self.lock = blocking(&self.place, Place::take).await?;
        }
        Ok(())
    }

    /// A set that is in place already: at most the process is started on it.
    async fn confirm(&mut self, at: Cursor, set: &FileSet, activation: Activation) -> Outcome {
        let noted = {
            let set = set.clone();
            blocking(&self.place, move |place| sets::note(&place.state, at, &set)).await
        };
        if let Err(error) = noted {
            tracing::warn!(service = self.name, %error, "the set could not be kept for a restore");
        }
        let about = Circumstances { stage: None, variables: self.told(Some(at)) };
        if activation == Activation::Start {
            let started = self.service.activate(activation, &set.variables, &about).await.map_err(|it| it.report);
            let well = match started {
                Ok(()) => self.service.until_well(&about).await,
                Err(report) => Err(report),
            };
            return Outcome::Applied { changed: false, unhealthy: well.err() };
        }
        Outcome::Applied { changed: false, unhealthy: self.service.unwell(&about).await }
    }

    async fn swap(&mut self, mut change: Change<'_>) -> Outcome {
        let (committed, staged) = {
            let mut staged = change.staged.clone();
            let work = move |place: &Place| {
                let committed = place.commit(&mut staged);
                Ok((committed, staged))
            };
            match blocking(&self.place, work).await {
                Ok(done) => done,
                Err(error) => (Err(error), change.staged.clone()),
            }
        };
        change.staged = staged;
        if let Err(error) = committed {
            self.discard(change.staged).await;
            return Outcome::StageFailed(Report::plain(error.to_string()));
        }
        let staged = change.staged.clone();
        if let Err(error) = blocking(&self.place, move |place| place.swap(&staged)).await {
            let report = Report::plain(error.to_string());
            return match self.put_back(&change.staged).await {
                Ok(()) => {
                    self.discard(change.staged).await;
                    Outcome::SwapFailed(report)
                }
                Err(error) => not_put_back(&report, &error),
            };
        }
        self.run_on(change).await
    }

    /// Tells the service and sees whether it is well; keeps the files, or takes all of it back.
    async fn run_on(&mut self, change: Change<'_>) -> Outcome {
        let told = self.service.activate(change.activation, &change.set.variables, &change.about).await;
        let was_told = told.is_ok();
        let failed = if let Err(untold) = told {
            Some(untold)
        } else {
            self.place.steps.reached(Step::Reloaded);
            let well = self.service.until_well(&change.about).await;
            well.err().map(|report| Untold { report, unreachable: false })
        };
        match (failed, &change.unwell) {
            (None, _) => {
                self.place.steps.reached(Step::Probed);
                self.settle(change.staged, None).await
            }
            // It was not well on the previous files either: bringing them back would help nobody.
            (Some(untold), Some(_)) => self.settle(change.staged, Some(untold.report)).await,
            (Some(untold), None) => self.take_back(change, untold, was_told).await,
        }
    }

    async fn settle(&mut self, staged: Staged, unhealthy: Option<Report>) -> Outcome {
        match blocking(&self.place, move |place| place.settle(&staged)).await {
            Ok(()) => Outcome::Applied { changed: true, unhealthy },
            Err(error) => Outcome::Broken(Report::plain(format!(
                "the new files are in place, but it cannot be noted that they stay: {error}"
            ))),
        }
    }

    async fn take_back(&mut self, change: Change<'_>, untold: Untold, was_told: bool) -> Outcome {
        if let Err(error) = self.put_back(&change.staged).await {
            return not_put_back(&untold.report, &error);
        }
        let about = Circumstances { stage: None, ..change.about };
        let told = self.service.take_back(change.activation, change.before.as_ref(), &about).await;
        let never_ran = self.service.exec.is_some() && change.before.is_none();
        let well = match &told {
            Ok(()) if was_told && !never_ran => self.service.until_well(&about).await,
            Ok(()) | Err(_) => Ok(()),
        };
        self.discard(change.staged).await;
        let report = untold.report;
        match (told, well) {
            // Never reached, before and after: it runs as it did.
            (Err(again), _) if !(untold.unreachable && again.unreachable) => Outcome::Broken(report.and(&format!(
                "the previous files are back, but the service could not be told: {}",
                again.report.reason
            ))),
            (_, Err(unwell)) => Outcome::Broken(report.and(&format!(
                "the previous files are back, but the service is not well on them either: {}",
                unwell.reason
            ))),
            (Ok(()) | Err(_), Ok(())) if was_told => Outcome::ProbeFailed(report),
            (Ok(()) | Err(_), Ok(())) => Outcome::ReloadFailed(report),
        }
    }

    async fn put_back(&self, staged: &Staged) -> Result<(), FileError> {
        let staged = staged.clone();
        blocking(&self.place, move |place| place.undo(&staged)).await
    }

    async fn discard(&self, staged: Staged) {
        let discarded = blocking(&self.place, move |place| {
            place.discard(&staged);
            Ok(())
        });
        if let Err(error) = discarded.await {
            tracing::warn!(service = self.name, %error, "staged files could not be removed");
        }
    }

    /// What commands are told by variables.
    fn told(&self, at: Option<Cursor>) -> BTreeMap<String, String> {
        let mut told = BTreeMap::from([("PINTLE_SERVICE".to_owned(), self.name.clone())]);
        if let Some(at) = at {
            told.insert("PINTLE_REVISION".to_owned(), at.revision.to_string());
            told.insert("PINTLE_EPOCH".to_owned(), at.epoch.to_string());
        }
        told
    }
}

fn not_put_back(report: &Report, error: &FileError) -> Outcome {
    Outcome::Broken(report.clone().and(&format!("the previous files could not be put back: {error}")))
}
