//! The signals of the agent that are the process's business.

use std::io;

use nix::sys::signal::Signal;
use tokio::signal::unix::{self, SignalKind};

/// What goes on to the process.
pub const FORWARDED: [Signal; 7] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGQUIT,
    Signal::SIGWINCH,
];

/// Listens from its making on: none is lost before the process is there.
#[derive(Debug)]
pub struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Takes these signals over from their defaults, for the life of this process.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Self> {
        let one = |signal: Signal| Ok((signal, unix::signal(SignalKind::from_raw(signal as i32))?));
        FORWARDED.into_iter().map(one).collect::<io::Result<Vec<_>>>().map(Self)
    }

    /// Listens to nothing.
    #[must_use]
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The next one. May be dropped and called again.
    pub async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (signal, stream) in &mut self.0 {
                if let std::task::Poll::Ready(Some(())) = stream.poll_recv(context) {
                    return std::task::Poll::Ready(*signal);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}
