//! How a transaction ended, for receipts and for the rule that decides about another try.

use crate::agent::actions::{CommandError, ReloadError, Unwell};
use crate::agent::exec::OrderError;

/// Why something did not work: a sentence, and what was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In a sentence.
    pub reason: String,
    /// What the command printed, or the service answered; at most 4 KiB.
    pub output: Option<String>,
}

impl Report {
    pub(super) fn plain(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), output: None }
    }

    /// The same, with one more sentence.
    pub(super) fn and(mut self, more: &str) -> Self {
        self.reason = format!("{}; {more}", self.reason);
        self
    }
}

impl From<CommandError> for Report {
    fn from(error: CommandError) -> Self {
        Self { reason: error.to_string(), output: error.output().filter(|text| !text.is_empty()).map(str::to_owned) }
    }
}

impl From<ReloadError> for Report {
    fn from(error: ReloadError) -> Self {
        Self { reason: error.to_string(), output: error.output().filter(|text| !text.is_empty()).map(str::to_owned) }
    }
}

impl From<Unwell> for Report {
    fn from(error: Unwell) -> Self {
        Self { reason: error.to_string(), output: error.output.filter(|text| !text.is_empty()) }
    }
}

impl From<OrderError> for Report {
    fn from(error: OrderError) -> Self {
        Self::plain(error.to_string())
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The set is in place and the service runs on it.
    Applied {
        /// Whether anything differed from what was there.
        changed: bool,
        /// The service is not well and was not before: nothing was undone, and this is why it is not.
        unhealthy: Option<Report>,
    },
    /// The check said no. Nothing was touched, and the same bytes will be refused again.
    CheckRefused(Report),
    /// The check did not end in time. Nothing was touched.
    CheckTimedOut(Report),
    /// The check could not be run at all. Nothing was touched.
    CheckFailed(Report),
    /// The files could not be written: disk full, read-only, a missing folder, an unknown owner. Nothing was touched.
    StageFailed(Report),
    /// A target could not be replaced. The previous files are back.
    SwapFailed(Report),
    /// The service did not take the files. The previous ones are back, and it was told so.
    ReloadFailed(Report),
    /// The service was well before, and is not with these files. The previous ones are back, and it was told so.
    ProbeFailed(Report),
    /// Something failed and what was there before could not be brought back: nobody knows what runs.
    Broken(Report),
}

impl Outcome {
    /// Why it is no success, or why the service is not well.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Applied { unhealthy, .. } => unhealthy.as_ref(),
            Self::CheckRefused(report)
            | Self::CheckTimedOut(report)
            | Self::CheckFailed(report)
            | Self::StageFailed(report)
            | Self::SwapFailed(report)
            | Self::ReloadFailed(report)
            | Self::ProbeFailed(report)
            | Self::Broken(report) => Some(report),
        }
    }

    /// The same without what was printed, which may quote what is secret.
    #[must_use]
    pub fn without_output(self) -> Self {
        let shorn = |report: Report| Report {
            output: report.output.map(|_| "(not told: the files hold something of sealed entries)".to_owned()),
            ..report
        };
        match self {
            Self::Applied { changed, unhealthy } => Self::Applied { changed, unhealthy: unhealthy.map(shorn) },
            Self::CheckRefused(report) => Self::CheckRefused(shorn(report)),
            Self::CheckTimedOut(report) => Self::CheckTimedOut(shorn(report)),
            Self::CheckFailed(report) => Self::CheckFailed(shorn(report)),
            Self::StageFailed(report) => Self::StageFailed(shorn(report)),
            Self::SwapFailed(report) => Self::SwapFailed(shorn(report)),
            Self::ReloadFailed(report) => Self::ReloadFailed(shorn(report)),
            Self::ProbeFailed(report) => Self::ProbeFailed(shorn(report)),
            Self::Broken(report) => Self::Broken(shorn(report)),
        }
    }

    /// Whether the set is in place.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        matches!(self, Self::Applied { .. })
    }
}
