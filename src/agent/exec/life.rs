//! How the supervised process stands, and the orders it takes.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::agent::exec::settings::OnChange;

/// The variables that entries give to the process.
pub type Variables = BTreeMap<String, String>;

/// How long a process must run after its start to count as started.
const SETTLED: Duration = Duration::from_millis(500);

/// How the process stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Life {
    /// Not started yet, or stopped by order.
    #[default]
    Idle,
    /// It runs under this number.
    Running(u32),
    /// It ended by itself and is started again after a pause.
    Waiting(ExitStatus),
    /// It ended by itself and is not started again, or its supervisor is gone.
    Ended(Option<ExitStatus>),
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It could not be started.
    #[error("cannot start `{command}`: {cause}")]
    NotStarted {
        /// The command.
        command: String,
        /// Why.
        cause: String,
    },
    /// It was started and ended at once.
    #[error("the process ended right after its start with {0}")]
    Died(ExitStatus),
    /// There is none to take a signal.
    #[error("the supervised process does not run")]
    NotRunning,
    /// It is not supervised any more.
    #[error("the process is not supervised any more")]
    Gone,
}

/// What the supervisor is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Start, or stop and start, with these variables.
    Start(Variables, oneshot::Sender<Result<(), OrderError>>),
    /// Use these from the next start on.
    Keep(Variables, oneshot::Sender<Result<(), OrderError>>),
    /// Send a signal.
    Signal(Signal, oneshot::Sender<Result<(), OrderError>>),
    /// Stop, and stay stopped.
    Stop(oneshot::Sender<Result<(), OrderError>>),
}

/// The supervised process, for those who give it orders.
#[derive(Debug, Clone)]
pub struct Supervised {
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) life: watch::Receiver<Life>,
    pub(super) variables: watch::Receiver<Option<Variables>>,
    pub(super) on_change: OnChange,
}

impl Supervised {
    /// What its settings say about a change.
    #[must_use]
    pub fn on_change(&self) -> OnChange {
        self.on_change
    }

    /// How it stands.
    #[must_use]
    pub fn life(&self) -> Life {
        *self.life.borrow()
    }

    /// The variables it was told last; none before its first start and after a stop.
    #[must_use]
    pub fn variables(&self) -> Option<Variables> {
        self.variables.borrow().clone()
    }

    /// Starts it with these variables, after stopping it when it runs, and waits until it has run for half a second.
    ///
    /// # Errors
    /// When it cannot be started, or ends within that time with a status other than 0.
    pub async fn start(&self, variables: Variables) -> Result<(), OrderError> {
        self.order(|reply| Order::Start(variables, reply)).await?;
        let mut life = self.life.clone();
        let ended = timeout(SETTLED, life.wait_for(|life| !matches!(life, Life::Running(_)))).await;
        match ended.map(|life| life.map(|life| *life)) {
            Err(_) => Ok(()),
            Ok(Ok(Life::Waiting(status) | Life::Ended(Some(status)))) if !status.success() => {
                Err(OrderError::Died(status))
            }
            Ok(Ok(Life::Idle | Life::Running(_) | Life::Waiting(_) | Life::Ended(Some(_)))) => Ok(()),
            Ok(Ok(Life::Ended(None)) | Err(_)) => Err(OrderError::Gone),
        }
    }

    /// Gives it these variables at its next start.
    ///
    /// # Errors
    /// When it is not supervised any more.
    pub async fn keep(&self, variables: Variables) -> Result<(), OrderError> {
        self.order(|reply| Order::Keep(variables, reply)).await
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn signal(&self, signal: Signal) -> Result<(), OrderError> {
        self.order(|reply| Order::Signal(signal, reply)).await
    }

    /// Stops it, and leaves it stopped until the next start.
    ///
    /// # Errors
    /// When it is not supervised any more.
    pub async fn stop(&self) -> Result<(), OrderError> {
        self.order(Order::Stop).await
    }

    async fn order(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<(), OrderError>>) -> Order,
    ) -> Result<(), OrderError> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).await.map_err(|_| OrderError::Gone)?;
        answer.await.map_err(|_| OrderError::Gone)?
    }
}
