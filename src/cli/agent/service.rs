//! The agent as a service, and once.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::agent::block::OnceEnd;
use crate::agent::run;
use crate::agent::settings::AgentSettings;
use crate::agent::transaction::Step;
use crate::cli::agent::{FAILED, UNREACHABLE};
use crate::cli::user::output::Output;
use crate::cli::user::paint::plain;
use crate::client::Token;
use crate::runtime::lifecycle::Lifecycle;

/// Runs until a signal, and ends as the agent ends.
pub(super) async fn run(
    settings: AgentSettings,
    token: Option<Token>,
    abort_after: Option<Step>,
) -> anyhow::Result<u8> {
    let stop = CancellationToken::new();
    let ended = CancellationToken::new();
    // HUP is for the supervised process, when there is one.
    let hangs_up = settings.services.iter().all(|service| service.exec.is_none());
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = signal(SignalKind::hangup())?;
    let lifecycle = Lifecycle::default();
    let (told, over) = (stop.clone(), ended.clone());
    lifecycle.spawn("signals", &ended, async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
                Some(()) = hangup.recv() => if !hangs_up { continue },
                () = over.cancelled() => return,
            }
            if told.is_cancelled() {
                // A second signal stops at once; the next start undoes what was being changed.
                std::process::exit(130);
            }
            tracing::info!("stopping; a second signal stops at once");
            told.cancel();
        }
    });
    let code = run::run(settings, token, stop, abort_after).await;
    ended.cancel();
    Ok(code?)
}

/// Puts the files in place once.
pub(super) async fn once(
    out: Output,
    settings: &AgentSettings,
    token: Option<Token>,
    patience: Duration,
) -> anyhow::Result<u8> {
    let mut code = 0;
    for (name, ended) in run::run_once(settings, token, patience).await? {
        match ended {
            Ok(OnceEnd::Applied { changed, from_cache }) => {
                let what = if changed { "the files are in place" } else { "the files were in place already" };
                let from = if from_cache { ", from the entries on this disk: no server answered" } else { "" };
                out.note(format_args!("{name}: {what}{from}"));
            }
            Ok(OnceEnd::Rejected(report)) => {
                code = FAILED;
                out.note(format_args!("{name}: refused: {}", plain(&report.reason)));
                for line in report.output.iter().flat_map(|output| output.lines()) {
                    out.note(format_args!("  {}", plain(line)));
                }
            }
            Ok(OnceEnd::Unreachable(problem)) => {
                code = if code == 0 { UNREACHABLE } else { code };
                out.note(format_args!("{name}: {}", plain(&problem)));
            }
            Err(error) => {
                code = FAILED;
                out.note(format_args!("{name}: {error}"));
            }
        }
    }
    Ok(code)
}
