//! `pintle agent`: the agent itself, the check of its settings, and the commands that speak to one that runs on this machine.

mod check;
mod local;
mod service;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::agent::actions::durations;
use crate::agent::exec::init;
use crate::agent::settings::{AgentSettings, SettingsError, Surroundings};
use crate::agent::transaction::Step;
use crate::cli::user::output::Output;
use crate::cli::user::{Global, Secret};
use crate::client::Token;
use crate::runtime::settings::LogSettings;

/// Some service was refused, or the agent could not run.
const FAILED: u8 = 1;
/// `check --exit-code`: there are differences.
const DIFFERENCES: u8 = 2;
/// Neither a server nor the disk had any entries.
const UNREACHABLE: u8 = 6;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes of --once and check:
  0  the files are in place; the settings are good
  1  refused, with the reason; the settings are not good
  2  check --exit-code: there are differences
  6  no server answered, and there are no entries on this disk")]
pub(super) struct AgentArgs {
    /// The settings
    #[arg(
        short,
        long,
        global = true,
        env = "PINTLE_AGENT_CONFIG",
        default_value = "/etc/pintle/agent.yaml",
        value_name = "FILE"
    )]
    config: PathBuf,
    /// Put the files in place once and end, as an init container does; only the check is run
    #[arg(long)]
    once: bool,
    /// How long --once and check wait for a server
    #[arg(long, global = true, default_value = "30s", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    /// End as if killed after this step of a change, for tests of crashes
    #[arg(long, hide = true, value_parser = step, value_name = "STEP")]
    abort_after: Option<Step>,
    #[command(flatten)]
    pub(super) log: LogSettings,
    #[command(subcommand)]
    command: Option<AgentCommand>,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Check the settings, render to a scratch folder, run the check commands, and show what would change
    Check {
        /// Only read the settings: no server, no rendering
        #[arg(long)]
        settings_only: bool,
        /// End with 2 when there are differences
        #[arg(long)]
        exit_code: bool,
    },
    #[command(flatten)]
    Local(local::LocalCommand),
}

impl AgentArgs {
    /// Whether it runs as a service, and not as a command of a person.
    pub(super) fn is_service(&self) -> bool {
        self.command.is_none()
    }
}

/// Runs the agent or one of its commands.
pub(super) async fn run(args: AgentArgs, global: &Global) -> ExitCode {
    let out = Output { json: global.json, color: global.color.into() };
    let code = match &args.command {
        Some(AgentCommand::Local(command)) => local::run(out, command, &args.config).await,
        Some(AgentCommand::Check { .. }) | None => match prepare(out, &args, global) {
            Err(problem) => Err(problem),
            Ok((settings, token)) => match &args.command {
                Some(AgentCommand::Check { settings_only, exit_code }) => {
                    let how =
                        check::How { settings_only: *settings_only, exit_code: *exit_code, patience: args.timeout };
                    check::run(out, &settings, token, &how).await
                }
                Some(AgentCommand::Local(_)) | None if args.once => {
                    service::once(out, &settings, token, args.timeout).await
                }
                // The first process of a container also collects the processes that lost their parents.
                Some(AgentCommand::Local(_)) | None if init::is_first() => {
                    init::run().await.map_err(anyhow::Error::from)
                }
                Some(AgentCommand::Local(_)) | None => service::run(settings, token, args.abort_after).await,
            },
        },
    };
    match code {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            out.note(format_args!("pintle: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

fn prepare(out: Output, args: &AgentArgs, global: &Global) -> anyhow::Result<(AgentSettings, Option<Token>)> {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let server = global.server.clone().filter(|server| !server.is_empty());
    let settings = AgentSettings::read(&args.config, &Surroundings { host, server });
    let mut settings = settings.map_err(|error: SettingsError| anyhow::anyhow!("{error}"))?;
    settings.ca_file = settings.ca_file.or_else(|| global.ca_file.clone()).filter(|path| !path.as_os_str().is_empty());
    let token_file = || global.token_file.clone().filter(|path| !path.as_os_str().is_empty());
    settings.token_file = settings.token_file.take().or_else(token_file);
    for server in settings.servers.iter().filter(|server| server.exposed()) {
        out.warn(format_args!("{server} is not encrypted: the token and contents can be read on the way"));
    }
    let token = global.token.as_ref().map(Secret::text).filter(|token| !token.is_empty());
    Ok((settings, token.map(Token::parse).transpose()?))
}

fn step(text: &str) -> Result<Step, String> {
    Step::named(text)
        .ok_or_else(|| format!("`{text}` is no step; the steps are {}", Step::ALL.map(Step::as_str).join(", ")))
}

fn duration(text: &str) -> Result<Duration, String> {
    durations::parse(text).ok_or_else(|| format!("`{text}` is no duration: write a number and ms, s, m or h, as 10s"))
}
