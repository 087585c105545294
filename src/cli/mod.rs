//! The command line: composition roots, and the user's commands over the client.

pub mod admin;
mod agent;
mod auditing;
mod dev;
pub mod migrate;
pub mod node;
pub mod restore;
mod serve;
mod settings_file;
mod transport;
pub mod user;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::cli::user::{Global, UserCommand};
use crate::runtime::postgres::Environment;
use crate::runtime::settings::{DevSettings, LogSettings, ServeSettings};
use crate::runtime::telemetry::{self, LogFormat};

/// Exit code of a wrong command line; 2 means "there are differences".
const USAGE: u8 = 64;

/// A configuration centre for fleets of services
#[derive(Debug, Parser)]
#[command(name = "pintle", version, propagate_version = true, after_help = user::EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve with a private PostgreSQL: everything set up, nothing needed
    Dev(Box<DevSettings>),
    /// Serve on a PostgreSQL of yours
    Serve(Box<ServeSettings>),
    /// Keep the files of this machine's services equal to their entries, and prove it
    Agent(Box<agent::AgentArgs>),
    /// Bring the schema of a database up to this release
    Migrate(migrate::MigrateSettings),
    /// Make a database restored from a dump a new history, held until `pintle resume`
    Restore(restore::RestoreSettings),
    /// Commands to run beside the database
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Print the OpenAPI document
    Openapi,
    /// Print the reference of error codes
    #[command(hide = true)]
    Errors,
    #[command(flatten)]
    User(UserCommand),
}

/// The whole command line, for those who judge one without running it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the command line and runs it.
pub fn run(arguments: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.collect();
    let command = match settings_file::apply(Cli::command(), &arguments) {
        Ok(command) => command,
        Err(error) => return fail(&error),
    };
    let parsed = command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    // A second installation is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let quiet = LogSettings { log_format: LogFormat::Text, log: "warn".to_owned(), otlp_endpoint: None };
    let log = match &cli.command {
        Command::Dev(settings) => &settings.node.log,
        Command::Serve(settings) => &settings.node.log,
        Command::Agent(args) if args.is_service() => &args.log,
        Command::Agent(_)
        | Command::Migrate(_)
        | Command::Restore(_)
        | Command::Admin(_)
        | Command::Openapi
        | Command::Errors
        | Command::User(_) => &quiet,
    };
    let _telemetry = match telemetry::start(log.log_format, &log.log, log.otlp_endpoint.is_some()) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&anyhow::anyhow!(error)),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let code = runtime.block_on(dispatch(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    code
}

async fn dispatch(cli: Cli) -> ExitCode {
    let result = match cli.command {
        Command::Dev(settings) => dev::run(&settings).await,
        Command::Serve(settings) => serve::run(&settings).await,
        Command::Agent(args) => return agent::run(*args, &cli.global).await,
        Command::Migrate(settings) => migrate::run(&settings).await,
        Command::Restore(settings) => restore::run(&settings).await,
        Command::Admin(command) => admin::run(&command).await,
        Command::Openapi => {
            say(crate::http::openapi().trim_end());
            Ok(())
        }
        Command::Errors => {
            say(crate::api::problem::reference().trim_end());
            Ok(())
        }
        Command::User(command) => return user::run(command, &cli.global, Cli::command).await.into(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Writes a line to standard output. A reader that went away is no reason to fail.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "pintle: {error:#}");
    ExitCode::FAILURE
}

/// The process's environment, for the folders of the private PostgreSQL.
fn environment() -> Environment {
    Environment::read(|name| std::env::var_os(name))
}
