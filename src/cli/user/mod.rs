//! The commands of people and scripts: everything that speaks to a server as a user. One file a noun.
//!
//! Results go to standard output, as tables or, with `--json`, as the API sent them; questions, progress and problems go to
//! standard error. What a command's end means is in [`exit`].

mod access;
mod accounts;
mod audit;
mod browser;
mod context;
mod credentials;
mod diff;
mod edit;
mod entries;
mod environments;
pub mod exit;
mod export;
mod grants;
mod groups;
mod history;
mod import;
mod instances;
mod issuers;
mod manifest;
mod namespaces;
mod nodes;
pub(super) mod output;
pub(super) mod paint;
mod passwords;
mod problems;
mod publish;
mod rights;
mod rollback;
mod search;
mod secrets;
mod surroundings;
mod target;
mod tokens;
mod trims;
mod users;
mod wait;
mod watch;
mod when;
mod writes;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};

use context::Context;
pub use exit::{EXIT_CODES, Exit};

/// Options of every command that speaks to a server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Address of the server; else that of the last login, else `http://127.0.0.1:8080`
    #[arg(long, global = true, env = "PINTLE_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// Token to use instead of the login; better given by the variable, which other users of the machine cannot see
    #[arg(long, global = true, env = "PINTLE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<Secret>,
    /// Believe certificates of the authorities in this PEM file as well, besides those of the machine
    #[arg(long, global = true, env = "PINTLE_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// File with the token to use instead of the login; read for every call, so it may change meanwhile
    #[arg(long, global = true, env = "PINTLE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print results as JSON, as the API sends them
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colours; `auto` does on a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "auto|always|never"
    )]
    pub color: Color,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;
    // Judged later: an error of clap would print the text.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// What a user can do.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Log in; the login is kept for the next commands
    Login(accounts::LoginArgs),
    /// End the login and forget it
    Logout,
    /// Show who is logged in, and the grants held
    Whoami,
    /// Create, list, rotate and revoke tokens for programs
    #[command(subcommand)]
    Token(tokens::TokenCommand),
    /// Change your own password
    Passwd(passwords::PasswdArgs),
    /// List, make, disable and enable users, and reset passwords
    #[command(subcommand)]
    User(users::UsersCommand),
    /// List and set groups and who is in them
    #[command(subcommand)]
    Group(groups::GroupCommand),
    /// Give roles on parts of the store, list them and take them away
    #[command(subcommand)]
    Grant(grants::GrantCommand),
    /// Apply all groups and grants from a file, or write them to one
    #[command(subcommand)]
    Access(access::AccessCommand),
    /// Say whether you, or somebody, may do something, and why; no ends with exit code 1
    CanI(rights::CanIArgs),
    /// List who may do something, and why
    WhoCan(rights::WhoCanArgs),
    /// Trust, list and forget issuers whose tokens programs exchange for ours
    #[command(subcommand)]
    Issuer(issuers::IssuerCommand),
    /// Create, list and delete environments
    #[command(subcommand)]
    Env(environments::EnvCommand),
    /// Create, list and delete namespaces
    #[command(subcommand)]
    Ns(namespaces::NsCommand),
    /// Refuse publishes to an environment; rollback and revert still work
    Freeze(environments::FreezeArgs),
    /// Allow publishes to an environment again
    Unfreeze(environments::UnfreezeArgs),
    /// List environments, namespaces or entries
    Ls(entries::LsArgs),
    /// Search keys and contents, over all environments
    Search(search::SearchArgs),
    /// Print the content of an entry, byte by byte
    Get(entries::GetArgs),
    /// Create or replace an entry
    Put(entries::PutArgs),
    /// Delete entries, all of them or none
    Rm(entries::RmArgs),
    /// Edit an entry in $VISUAL or $EDITOR, look at the difference, and publish it
    Edit(edit::EditArgs),
    /// Compare two revisions or two environments, or show what a revision changed
    Diff(diff::DiffArgs),
    /// Publish a change set from a file: all of it or nothing
    Publish(publish::PublishArgs),
    /// Show what changed, when and by whom, newest first
    History(history::HistoryArgs),
    /// Show a revision with its differences
    Show(history::ShowArgs),
    /// Go back, or forward, to a revision, by a new one
    Rollback(rollback::RollbackArgs),
    /// Undo just one revision, by a new one
    Revert(rollback::RevertArgs),
    /// Delete contents that only old revisions need; who changed what and when stays
    Trim(trims::TrimArgs),
    /// Remove the bytes of one version of an entry for ever; that it was there stays
    Redact(secrets::RedactArgs),
    /// List and rotate the keys that secrets are sealed with
    #[command(subcommand)]
    Keys(secrets::KeysCommand),
    /// Keep a revision readable however far the history is trimmed
    Pin(trims::PinArgs),
    /// Take the pin of a revision away
    Unpin(trims::UnpinArgs),
    /// List pinned revisions
    Pins,
    /// Let the instances of a restored store follow it again
    Resume(nodes::ResumeArgs),
    /// Publish a directory of files
    Import(import::ImportArgs),
    /// Write entries to a directory, for `import` to read
    Export(export::ExportArgs),
    /// List the instances of an environment and what they run, or show one
    Instances(instances::InstancesArgs),
    /// Wait until the instances run a revision
    Wait(wait::WaitArgs),
    /// Show who did what, verify that nobody changed the record, and cut off old rows
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Print changes as they happen, until interrupted
    Watch(watch::WatchArgs),
    /// Show acknowledged change sets that a failover lost
    Lost,
    /// Show whether the server can do its work
    Status,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs a command, tells what it has to tell, and says how it ended. `whole` is the whole command line, for completions.
pub async fn run(command: UserCommand, global: &Global, whole: fn() -> clap::Command) -> Exit {
    let context = Context::new(global);
    match dispatch(command, &context, whole).await {
        Ok(exit) => exit,
        // Whoever read the result has read enough, as `head` does.
        Err(error) if closed(&error) => Exit::Done,
        Err(error) => {
            problems::tell(context.out, &error);
            Exit::of(&error)
        }
    }
}

async fn dispatch(command: UserCommand, context: &Context<'_>, whole: fn() -> clap::Command) -> Result<Exit> {
    match command {
        UserCommand::Login(args) => accounts::log_in(context, args).await,
        UserCommand::Logout => accounts::log_out(context).await,
        UserCommand::Whoami => accounts::who_am_i(context).await,
        UserCommand::Token(command) => tokens::run(context, command).await,
        UserCommand::Passwd(args) => passwords::change(context, args).await,
        UserCommand::User(command) => users::run(context, command).await,
        UserCommand::Group(command) => groups::run(context, command).await,
        UserCommand::Grant(command) => grants::run(context, command).await,
        UserCommand::Access(command) => access::run(context, command).await,
        UserCommand::CanI(args) => rights::can_i(context, args).await,
        UserCommand::WhoCan(args) => rights::who_can(context, args).await,
        UserCommand::Issuer(command) => issuers::run(context, command).await,
        UserCommand::Env(command) => environments::run(context, command).await,
        UserCommand::Ns(command) => namespaces::run(context, command).await,
        UserCommand::Freeze(args) => environments::freeze(context, args).await,
        UserCommand::Unfreeze(args) => environments::unfreeze(context, args).await,
        UserCommand::Ls(args) => entries::list(context, args).await,
        UserCommand::Search(args) => search::run(context, args).await,
        UserCommand::Get(args) => entries::get(context, args).await,
        UserCommand::Put(args) => entries::put(context, args).await,
        UserCommand::Rm(args) => entries::remove(context, args).await,
        UserCommand::Edit(args) => edit::run(context, args).await,
        UserCommand::Diff(args) => diff::run(context, args).await,
        UserCommand::Publish(args) => publish::run(context, args).await,
        UserCommand::History(args) => history::list(context, args).await,
        UserCommand::Show(args) => history::show(context, args.revision, args.values).await,
        UserCommand::Rollback(args) => rollback::roll_back(context, args).await,
        UserCommand::Revert(args) => rollback::revert(context, args).await,
        UserCommand::Trim(args) => trims::trim(context, args).await,
        UserCommand::Redact(args) => secrets::redact(context, args).await,
        UserCommand::Keys(command) => secrets::keys(context, command).await,
        UserCommand::Pin(args) => trims::pin(context, args).await,
        UserCommand::Unpin(args) => trims::unpin(context, args).await,
        UserCommand::Pins => trims::list(context).await,
        UserCommand::Resume(args) => nodes::resume(context, args).await,
        UserCommand::Import(args) => import::run(context, args).await,
        UserCommand::Export(args) => export::run(context, args).await,
        UserCommand::Instances(args) => instances::run(context, args).await,
        UserCommand::Wait(args) => wait::run(context, args).await,
        UserCommand::Audit(command) => audit::run(context, command).await,
        UserCommand::Watch(args) => watch::run(context, args).await,
        UserCommand::Lost => nodes::lost(context).await,
        UserCommand::Status => nodes::status(context).await,
        UserCommand::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut whole(), "pintle", &mut script);
            context.out.bytes(&script)?;
            Ok(Exit::Done)
        }
    }
}

fn closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
