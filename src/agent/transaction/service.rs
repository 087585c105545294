//! What a change does to the service: nothing, a reload, a signal or a restart, and how that is taken back.

use nix::sys::signal::Signal;

use crate::agent::actions::{
    ActionSettings, Circumstances, CommandError, ReloadError, ReloadSettings, commands, probe, reload,
};
use crate::agent::exec::{Life, OnChange, OrderError, Supervised, Variables};
use crate::agent::transaction::outcome::{Outcome, Report};

/// The service of a block.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// Check, reload and probe.
    pub actions: ActionSettings,
    /// The process that the agent supervises.
    pub exec: Option<Supervised>,
}

/// What is done to the service, once, after a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// It notices by itself, or need not know.
    Nothing,
    /// The reload of the block.
    Reload,
    /// The process is started, or stopped and started.
    Start,
    /// The process gets a signal.
    Signal(Signal),
}

/// Why the service could not be told.
#[derive(Debug)]
pub(super) struct Untold {
    pub(super) report: Report,
    /// It is not there to be told.
    pub(super) unreachable: bool,
}

impl From<ReloadError> for Untold {
    fn from(error: ReloadError) -> Self {
        let unreachable = matches!(error, ReloadError::Unreachable(_));
        Self { report: error.into(), unreachable }
    }
}

impl From<OrderError> for Untold {
    fn from(error: OrderError) -> Self {
        let unreachable = matches!(error, OrderError::NotRunning);
        Self { report: error.into(), unreachable }
    }
}

impl Service {
    /// What a change makes necessary.
    pub(super) fn plan(&self, files: bool, variables: &Variables) -> Activation {
        let Some(exec) = &self.exec else {
            return if files && self.actions.reload.is_some() { Activation::Reload } else { Activation::Nothing };
        };
        let on_change = match exec.on_change() {
            OnChange::Restart => Activation::Start,
            OnChange::Signal(signal) => Activation::Signal(signal),
            OnChange::None => Activation::Nothing,
        };
        match exec.variables() {
            None => Activation::Start,
            // A restart reads the files as well: one is enough.
            Some(running) if running != *variables && on_change == Activation::Start => Activation::Start,
            Some(_) if files && self.actions.reload.is_some() => Activation::Reload,
            Some(running) if files || running != *variables => on_change,
            Some(_) => Activation::Nothing,
        }
    }

    /// Runs the check on a stage.
    pub(super) async fn check(&self, about: &Circumstances) -> Result<(), Outcome> {
        let Some(check) = &self.actions.check else { return Ok(()) };
        match commands::run(&check.command, about, check.timeout).await {
            Ok(_) => Ok(()),
            Err(error @ CommandError::Refused { .. }) => Err(Outcome::CheckRefused(error.into())),
            Err(error @ CommandError::TimedOut { .. }) => Err(Outcome::CheckTimedOut(error.into())),
            Err(error @ CommandError::NotStarted { .. }) => Err(Outcome::CheckFailed(error.into())),
        }
    }

    /// Why the service is not well now, before a swap. One that was never started is neither well nor unwell.
    pub(super) async fn unwell(&self, about: &Circumstances) -> Option<Report> {
        match self.exec.as_ref().map(Supervised::life) {
            Some(Life::Idle) => return None,
            Some(Life::Waiting(status)) => {
                return Some(Report::plain(format!("the supervised process ended by itself with {status}")));
            }
            Some(Life::Running(_) | Life::Ended(_)) | None => (),
        }
        if let Some(ReloadSettings::Signal { pid_file: Some(path), .. }) = &self.actions.reload
            && reload::is_absent(path)
        {
            return Some(Report::plain(format!("no process runs that the pid_file {} names", path.display())));
        }
        let settings = self.actions.probe.as_ref()?;
        probe::is_unwell(settings, about).await.map(Report::from)
    }

    /// Tells the service.
    pub(super) async fn activate(
        &self,
        activation: Activation,
        variables: &Variables,
        about: &Circumstances,
    ) -> Result<(), Untold> {
        if let Some(exec) = &self.exec
            && activation != Activation::Start
        {
            exec.keep(variables.clone()).await?;
        }
        match (activation, &self.exec, &self.actions.reload) {
            (Activation::Start, Some(exec), _) => Ok(exec.start(variables.clone()).await?),
            (Activation::Signal(signal), Some(exec), _) => Ok(exec.signal(signal).await?),
            (Activation::Reload, Some(exec), Some(ReloadSettings::Restart)) => {
                Ok(exec.start(variables.clone()).await?)
            }
            (Activation::Reload, Some(exec), Some(ReloadSettings::Signal { signal, pid_file: None })) => {
                Ok(exec.signal(*signal).await?)
            }
            (Activation::Reload, _, Some(settings)) => Ok(reload::reload(settings, about).await?),
            (Activation::Nothing, _, _) | (Activation::Start | Activation::Signal(_), None, _) => Ok(()),
            (Activation::Reload, _, None) => Ok(()),
        }
    }

    /// Tells the service that the previous files are back. One that did not run before does not run after.
    pub(super) async fn take_back(
        &self,
        activation: Activation,
        before: Option<&Variables>,
        about: &Circumstances,
    ) -> Result<(), Untold> {
        match (&self.exec, before) {
            (Some(exec), None) => Ok(exec.stop().await?),
            (Some(_), Some(before)) => self.activate(activation, before, about).await,
            (None, _) => self.activate(activation, &Variables::new(), about).await,
        }
    }

    /// Waits until the service is well.
    pub(super) async fn until_well(&self, about: &Circumstances) -> Result<(), Report> {
        let Some(settings) = &self.actions.probe else { return Ok(()) };
        probe::until_well(settings, about).await.map_err(Report::from)
    }
}
