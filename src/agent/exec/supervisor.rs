//! The one task that starts the process, waits for it, and carries out orders.

use std::process::ExitStatus;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::agent::actions::commands;
use crate::agent::exec::life::{Life, Order, OrderError, Supervised, Variables};
use crate::agent::exec::settings::{ExecSettings, OnExit};
use crate::agent::exec::signals::Signals;

/// How the supervision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The agent was told to stop, and the process was stopped.
    Stopped,
    /// The process ended by itself, and its settings say that the agent ends with it.
    Exited(ExitStatus),
}

impl Ended {
    /// What the agent shall end with: the process's own code, or 128 and the number of the signal that ended it.
    #[must_use]
    pub fn code(self) -> u8 {
        use std::os::unix::process::ExitStatusExt as _;
        let code = match self {
            Self::Stopped => 0,
            Self::Exited(status) => status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1),
        };
        u8::try_from(code).unwrap_or(1)
    }
}

/// Makes a supervisor and the handle to it. Nothing is started before the first order.
#[must_use]
pub fn supervise(settings: ExecSettings) -> (Supervised, Supervisor) {
    let (orders, inbox) = mpsc::channel(8);
    let (life, life_seen) = watch::channel(Life::Idle);
    let (variables, variables_seen) = watch::channel(None);
    let handle = Supervised { orders, life: life_seen, variables: variables_seen, on_change: settings.on_change };
    let backoff = settings.backoff;
    (handle, Supervisor { settings, inbox, life, variables, child: None, again_at: None, backoff })
}

/// Keeps the process running.
#[derive(Debug)]
pub struct Supervisor {
    settings: ExecSettings,
    inbox: mpsc::Receiver<Order>,
    life: watch::Sender<Life>,
    variables: watch::Sender<Option<Variables>>,
    child: Option<Running>,
    /// When a process that crashed is started again.
    again_at: Option<Instant>,
    /// The pause before the next start after a crash.
    backoff: Duration,
}

#[derive(Debug)]
struct Running {
    child: Child,
    pid: Pid,
    since: Instant,
}

/// What woke the supervisor.
enum Event {
    Order(Option<Order>),
    Ended(ExitStatus),
    Again,
    Signal(Signal),
    Stop,
}

impl Supervisor {
    /// Runs until `stop` is cancelled, TERM or INT arrives, the process ends for good, or nobody is left to give orders.
    ///
    /// TERM, INT, HUP, USR1, USR2, QUIT and WINCH of the agent go on to the process. The owner cancels `stop` for any
    /// other reason to end; it need not listen to these signals itself.
    pub async fn run(mut self, mut signals: Signals, stop: CancellationToken) -> Ended {
        loop {
            match self.next(&mut signals, &stop).await {
                Event::Signal(signal @ (Signal::SIGTERM | Signal::SIGINT)) => {
                    self.end(signal).await;
                    return self.finish(Ended::Stopped);
                }
                Event::Signal(signal) => {
                    if let Err(error) = self.send(signal) {
                        tracing::debug!(%signal, %error, "a signal found no process");
                    }
                }
                Event::Stop | Event::Order(None) => {
                    self.end(self.settings.stop_signal).await;
                    return self.finish(Ended::Stopped);
                }
                Event::Order(Some(order)) => self.carry_out(order).await,
                Event::Again => self.start_again(),
                Event::Ended(status) => {
                    if let Some(ended) = self.ended(status) {
                        return self.finish(ended);
                    }
                }
            }
        }
    }

    async fn next(&mut self, signals: &mut Signals, stop: &CancellationToken) -> Event {
        let again = self.again_at;
        tokio::select! {
            biased;
            signal = signals.next() => Event::Signal(signal),
            () = stop.cancelled() => Event::Stop,
            status = ending(&mut self.child) => Event::Ended(status),
            () = async { sleep_until(again.unwrap_or_else(Instant::now)).await }, if again.is_some() => Event::Again,
            order = self.inbox.recv() => Event::Order(order),
        }
    }

    async fn carry_out(&mut self, order: Order) {
        // Who gave the order may not wait for the answer.
        match order {
            Order::Start(variables, reply) => {
                self.end(self.settings.stop_signal).await;
                self.variables.send_replace(Some(variables));
                self.backoff = self.settings.backoff;
                let started = self.start();
                if started.is_err() {
                    self.life.send_replace(Life::Idle);
                }
                let _ = reply.send(started);
            }
            Order::Keep(variables, reply) => {
                self.variables.send_replace(Some(variables));
                let _ = reply.send(Ok(()));
            }
            Order::Signal(signal, reply) => {
                let _ = reply.send(self.send(signal));
            }
            Order::Stop(reply) => {
                self.end(self.settings.stop_signal).await;
                self.variables.send_replace(None);
                self.life.send_replace(Life::Idle);
                let _ = reply.send(Ok(()));
            }
        }
    }

    fn start(&mut self) -> Result<(), OrderError> {
        self.again_at = None;
        let line = &self.settings.command;
        let not_started = |cause: String| OrderError::NotStarted { command: line.to_string(), cause };
        let mut command = commands::command(line, None).map_err(not_started)?;
        command.envs(self.variables.borrow().iter().flatten()).stdin(std::process::Stdio::null());
        let child = command.spawn().map_err(|error| not_started(error.to_string()))?;
        let Some(pid) = child.id() else { return Err(not_started("it has no number".to_owned())) };
        tracing::info!(pid, command = %line, "the service was started");
        let number = Pid::from_raw(i32::try_from(pid).map_err(|error| not_started(error.to_string()))?);
        self.child = Some(Running { child, pid: number, since: Instant::now() });
        self.life.send_replace(Life::Running(pid));
        Ok(())
    }

    /// Starts it after a crash; when that fails, the pause begins anew.
    fn start_again(&mut self) {
        if let Err(error) = self.start() {
            tracing::warn!(%error, "the service could not be started again");
            self.pause();
        }
    }

    fn pause(&mut self) {
        tracing::info!(
            pause_ms = u64::try_from(self.backoff.as_millis()).unwrap_or(u64::MAX),
            "waiting before a start"
        );
        self.again_at = Some(Instant::now() + self.backoff);
        self.backoff = self.backoff.saturating_mul(2).min(self.settings.backoff_max);
    }

    /// Notes that it ended by itself; says how the supervision ends, if it does.
    fn ended(&mut self, status: ExitStatus) -> Option<Ended> {
        let ran = self.child.take().map_or(Duration::ZERO, |running| running.since.elapsed());
        match self.settings.on_exit {
            OnExit::Exit => Some(Ended::Exited(status)),
            OnExit::Restart => {
                tracing::warn!(%status, "the service ended by itself");
                if ran >= self.settings.backoff_max {
                    self.backoff = self.settings.backoff;
                }
                self.life.send_replace(Life::Waiting(status));
                self.pause();
                None
            }
        }
    }

    fn finish(&self, ended: Ended) -> Ended {
        let status = match ended {
            Ended::Stopped => None,
            Ended::Exited(status) => Some(status),
        };
        self.life.send_replace(Life::Ended(status));
        ended
    }

    fn send(&self, signal: Signal) -> Result<(), OrderError> {
        let running = self.child.as_ref().ok_or(OrderError::NotRunning)?;
        // Not collected yet, so that the number is still its own.
        kill(running.pid, signal).map_err(|_| OrderError::NotRunning)
    }

    /// Asks the process to end, and ends it with its group when it does not in time. Without one, only a pause ends.
    async fn end(&mut self, signal: Signal) {
        self.again_at = None;
        let Some(mut running) = self.child.take() else { return };
        if let Err(error) = kill(running.pid, signal) {
            tracing::debug!(%error, "the service took no signal");
        }
        if timeout(self.settings.stop_timeout, running.child.wait()).await.is_err() {
            tracing::warn!(%signal, "the service did not end in time and is killed");
            kill_group(running.pid);
            running.child.wait().await.ok();
        } else {
            // What it left behind in its group would hold its ports.
            kill_group(running.pid);
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Some(running) = &self.child {
            kill_group(running.pid);
        }
    }
}

fn kill_group(leader: Pid) {
    match killpg(leader, Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => (),
        Err(error) => tracing::debug!(%leader, %error, "the service's group could not be killed"),
    }
}

/// Waits for the end of a process; for ever without one.
async fn ending(child: &mut Option<Running>) -> ExitStatus {
    match child {
        Some(running) => match running.child.wait().await {
            Ok(status) => status,
            Err(error) => {
                tracing::error!(%error, "the service cannot be waited for");
                std::future::pending().await
            }
        },
        None => std::future::pending().await,
    }
}
