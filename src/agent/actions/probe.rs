//! Asking a service whether it is well.

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::agent::actions::commands::{self, Circumstances};
use crate::agent::actions::durations;
use crate::agent::actions::reload::{chain, client};
use crate::agent::actions::settings::{Probe, ProbeSettings};

/// Why a service does not count as well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the probe failed: {reason}")]
pub struct Unwell {
    /// What it answered.
    pub reason: String,
    /// What the command printed.
    pub output: Option<String>,
}

/// How often in a row the answer must be good, however short the settings want it.
const IN_A_ROW: u32 = 2;

/// Waits until the service is well and stays so, and says why it is not when the time has passed.
///
/// One good answer says little: after a reload the old process may go on answering for a moment.
///
/// # Errors
/// The last answer that was not good.
pub(in crate::agent) async fn until_well(settings: &ProbeSettings, about: &Circumstances) -> Result<(), Unwell> {
    let until = Instant::now() + settings.within;
    let mut well: Option<(Instant, u32)> = None;
    loop {
        match ask(settings, about).await {
            Ok(()) => {
                let (since, answers) = well.unwrap_or_else(|| (Instant::now(), 0));
                if answers + 1 >= IN_A_ROW && since.elapsed() >= settings.steady {
                    return Ok(());
                }
                well = Some((since, answers + 1));
            }
            Err(unwell) if Instant::now() + settings.interval > until => return Err(unwell),
            Err(_) => well = None,
        }
        sleep(settings.interval).await;
    }
}

/// Asks twice at most, and gives why the service is not well when both answers are bad.
pub(in crate::agent) async fn is_unwell(settings: &ProbeSettings, about: &Circumstances) -> Option<Unwell> {
    ask(settings, about).await.err()?;
    sleep(settings.interval).await;
    ask(settings, about).await.err()
}

async fn ask(settings: &ProbeSettings, about: &Circumstances) -> Result<(), Unwell> {
    let limit = settings.timeout;
    let unwell = |reason: String| Unwell { reason, output: None };
    let late = || unwell(format!("no answer within {}", durations::show(limit)));
    match &settings.probe {
        Probe::Http { url, expect } => {
            let client = client(url, limit).map_err(|error| unwell(chain(&error)))?;
            let answer = client.get(url.clone()).send().await.map_err(|error| match error {
                error if error.is_timeout() => late(),
                error => unwell(format!("{url} cannot be reached: {}", chain(&error))),
            })?;
            let status = answer.status().as_u16();
            if expect.contains(status) { Ok(()) } else { Err(unwell(format!("{url} answered {status}, not {expect}"))) }
        }
        Probe::Tcp(address) => match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(unwell(format!("cannot connect to {address}: {error}"))),
            Err(_) => Err(late()),
        },
        Probe::Command(command) => match commands::run(command, about, limit).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Unwell { reason: error.to_string(), output: error.output().map(str::to_owned) }),
        },
    }
}
