//! What becomes of an attempt: what is logged, remembered, shown and told to the server.

use crate::agent::block::Block;
use crate::agent::block::ailing::Ailing;
use crate::agent::block::attempts::Ended;
use crate::agent::block::reporter::receipt;
use crate::agent::block::status::Doing;
use crate::agent::render::Rendering;
use crate::agent::set::FileSet;
use crate::agent::transaction::{Outcome, Report};
use crate::api::instances::{ReceiptBody, Stage};
use crate::domain::revisions::Cursor;

impl Block {
    /// Notes how an attempt to apply a rendering ended.
    pub(super) fn finish(&mut self, at: Cursor, rendering: Rendering, outcome: Outcome) {
        let name = &self.settings.name;
        if self.stop.is_cancelled()
            && !outcome.is_applied()
            && let Some(Report { reason, .. }) = outcome.report()
        {
            // A supervised process stops with its agent: what failed for that is no news about the entries.
            tracing::warn!(block = name, %at, reason, "stopped in the middle of a change, which the next start tries again");
            return;
        }
        // What a command says may quote the files.
        let secret = |set: &FileSet| !set.sealed.is_empty();
        let secret = secret(&rendering.set) || self.last.as_ref().is_some_and(|last| secret(&last.set));
        let outcome = if secret { outcome.without_output() } else { outcome };
        match outcome {
            Outcome::Applied { changed, unhealthy } => {
                let reason = unhealthy.as_ref().map(|report| report.reason.clone());
                let revision = at.revision;
                let what = rendering.set.differing(self.last.as_ref().map(|last| &last.set)).join(", ");
                if let Some(reason) = &reason {
                    tracing::warn!(block = name, %revision, changed, what, reason, "applied, but the service is not well");
                } else if changed || !what.is_empty() {
                    tracing::info!(block = name, %revision, what, "applied");
                } else {
                    tracing::info!(block = name, %revision, "applied: everything was in place already");
                }
                if !rendering.set.missing.is_empty() {
                    tracing::warn!(block = name, missing = ?rendering.set.missing, "kept the files of entries that are not there");
                }
                self.attempts.ended(Ended::Applied);
                let missing = rendering.set.missing.clone();
                let told = ReceiptBody {
                    missing: missing.clone(),
                    unhealthy: unhealthy.is_some(),
                    ..receipt(at, Stage::Applied)
                };
                self.ailing = Ailing::of(at, &told);
                self.desk.leave(told);
                self.set_status(|status| {
                    status.doing = Doing::Applied;
                    status.applied = Some(at.to_string());
                    (status.reason, status.output) = (None, unhealthy.and_then(|report| report.output));
                    (status.missing, status.unhealthy) = (missing, reason);
                });
                self.store.remember(|memory| memory.parts.clone_from(&rendering.parts));
                self.last = Some(rendering);
            }
            Outcome::CheckRefused(report) | Outcome::ProbeFailed(report) => self.refused(at, report, Ended::Refused),
            Outcome::CheckTimedOut(report)
            | Outcome::CheckFailed(report)
            | Outcome::StageFailed(report)
            | Outcome::SwapFailed(report)
            | Outcome::ReloadFailed(report) => self.refused(at, report, Ended::MayPass),
            Outcome::Broken(report) => {
                let (revision, output) = (at.revision, report.output.as_deref().unwrap_or_default().trim_end());
                let reason = &report.reason;
                tracing::error!(block = name, %revision, reason, output, "what ran before could not be brought back");
                self.attempts.ended(Ended::Refused);
                self.desk.leave(ReceiptBody { broken: true, ..rejected(at, &report) });
                self.set_status(|status| {
                    status.doing = Doing::Broken;
                    (status.reason, status.output) = (Some(report.reason), report.output);
                });
            }
        }
    }

    /// Notes that the entries were not applied.
    pub(super) fn refused(&mut self, at: Cursor, report: Report, how: Ended) {
        self.attempts.ended(how);
        let again = how == Ended::MayPass;
        let (revision, output) = (at.revision, report.output.as_deref().unwrap_or_default().trim_end());
        let (block, reason) = (&self.settings.name, &report.reason);
        if again {
            tracing::warn!(block, %revision, reason, output, "rejected, to be tried again; what ran before still runs");
        } else {
            tracing::warn!(block, %revision, reason, output, "rejected; what ran before still runs");
        }
        self.desk.leave(rejected(at, &report));
        self.set_status(|status| {
            status.doing = if again { Doing::Retrying } else { Doing::Rejected };
            (status.reason, status.output) = (Some(report.reason), report.output);
        });
    }
}

fn rejected(at: Cursor, report: &Report) -> ReceiptBody {
    ReceiptBody { reason: Some(report.reason.clone()), output: report.output.clone(), ..receipt(at, Stage::Rejected) }
}
