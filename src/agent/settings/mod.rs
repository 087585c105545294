//! `agent.yaml`: what the agent does on this machine.
//!
//! Commands, target paths and templates come only from this file, never from entries. It is read once, at the start; what is wrong
//! with it is told all together, each fault with its line and column, its field and what is allowed.
//!
//! ```yaml
//! servers: [https://pintle-1.example.com, https://pintle-2.example.com]
//! token_file: /etc/pintle/token
//! services:
//!   - name: web
//!     environment: prod
//!     namespaces: [shared.defaults, web, "web.host.{host}"]
//!     files:
//!       - {path: /etc/nginx/conf.d/routes.conf, key: nginx/routes.conf}
//!     check: {command: [nginx, -t]}
//!     reload: {signal: HUP, pid_file: /run/nginx.pid}
//! ```

mod accounts;
mod checks;
mod fields;
mod files;
mod names;
mod serve;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agent::actions::{CheckSettings, ProbeSettings, ReloadSettings};
use crate::agent::exec::settings::ExecSettings;
use crate::agent::local::LocalSettings;
use crate::agent::templates::Template;
use crate::client::Server;
use crate::domain::names::{EntryKey, EnvironmentName, InstanceId, NamespaceName};

/// Where the agent keeps its state when the file does not say.
const STATE_DIR: &str = "/var/lib/pintle-agent";

/// Everything that `agent.yaml` says, checked.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// Where the servers are; any of them will do.
    pub servers: Vec<Server>,
    /// Holds the token; read again when it changes.
    pub token_file: Option<PathBuf>,
    /// Whether the token is shown only to exchange it for a short-lived one. One of a trusted issuer is so always.
    pub exchange: bool,
    /// Holds authorities besides those of the machine, which the servers' certificates may be of; read at every connection.
    pub ca_file: Option<PathBuf>,
    /// Where the agent keeps what it must not forget.
    pub state_dir: PathBuf,
    /// The socket of the local commands.
    pub control: PathBuf,
    /// The name of the machine.
    pub host: String,
    /// The services, each a transaction of its own.
    pub services: Vec<BlockSettings>,
}

/// One service of `agent.yaml`.
#[derive(Debug, Clone)]
pub struct BlockSettings {
    /// What the block is called in local commands and logs.
    pub name: String,
    /// The id of the instance.
    pub id: InstanceId,
    /// The service it is one of.
    pub service: String,
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its layers, the later over the earlier ones, with their labels filled in.
    pub namespaces: Vec<NamespaceName>,
    /// The labels of the agent and the block, and `host`.
    pub labels: BTreeMap<String, String>,
    /// Where the instance is reached.
    pub address: Option<String>,
    /// The release of the service.
    pub version: Option<String>,
    /// The folder that is swapped as a whole; the paths of the files are then relative to it.
    pub folder: Option<PathBuf>,
    /// The files.
    pub files: Vec<FileSettings>,
    /// What must accept the staged files.
    pub check: Option<CheckSettings>,
    /// How the service takes new files.
    pub reload: Option<ReloadSettings>,
    /// What shows that the service is well.
    pub probe: Option<ProbeSettings>,
    /// How long to wait for further changes.
    pub quiescence: Quiescence,
    /// Up to how long to wait before a change is applied, by chance, so that instances do not all do it at once.
    pub splay: Duration,
    /// The process that the agent supervises.
    pub exec: Option<ExecSettings>,
    /// Where local programs may read and watch what runs.
    pub serve: Option<LocalSettings>,
}

/// How long to wait for further changes before one is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiescence {
    /// So long nothing may arrive.
    pub min: Duration,
    /// So long a change waits at most while others keep arriving.
    pub max: Duration,
}

/// One file of a block.
#[derive(Debug, Clone)]
pub struct FileSettings {
    /// Where it lies: absolute, or relative to the folder of the block.
    pub path: PathBuf,
    /// What it is made of.
    pub source: FileSource,
    /// Permission bits.
    pub mode: u32,
    /// Permission bits while it holds something of a sealed entry.
    pub secret_mode: u32,
    /// Name or number of its owner; none keeps the agent's.
    pub owner: Option<String>,
    /// Name or number of its group; none keeps the agent's.
    pub group: Option<String>,
    /// Whether zero bytes may replace what is there.
    pub allow_empty: bool,
}

/// What a file is made of.
#[derive(Debug, Clone)]
pub enum FileSource {
    /// An entry, as it is or merged over the layers.
    Entry {
        /// Its key in the effective view.
        key: EntryKey,
        /// Whether maps are merged over all layers.
        merge: Merge,
        /// What becomes of the file when the entry is deleted.
        on_missing: OnMissing,
    },
    /// A template over any entries.
    Template(Template),
}

/// How entries of one key in several layers come together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Merge {
    /// The latest layer that has the key gives the whole content.
    #[default]
    Replace,
    /// Maps are merged over all layers; lists and other values are replaced.
    Deep,
}

/// What becomes of a file whose entry is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// It stays.
    #[default]
    Keep,
    /// It goes, when the server names the deletion; an entry that cannot be seen any more does not count.
    Remove,
}

/// What the settings depend on besides their file.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The machine's own name.
    pub host: String,
    /// The server of the command line or the environment, used when the file names none.
    pub server: Option<String>,
}

/// One thing that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its line, from 1; 0 when it is about the file as a whole.
    pub line: u64,
    /// Its column in characters, from 1.
    pub column: u64,
    /// What is wrong: the field and what is allowed.
    pub message: String,
}

/// Everything that is wrong with the file, by place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong, at least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.faults.iter().enumerate() {
            if number > 0 {
                out.write_str("\n")?;
            }
            let file = self.file.display();
            match fault.line {
                0 => write!(out, "{file}: {}", fault.message)?,
                line => write!(out, "{file}:{line}:{}: {}", fault.column, fault.message)?,
            }
        }
        Ok(())
    }
}

impl AgentSettings {
    /// Reads the file, and the templates that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(file: &Path, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(file).map_err(|error| SettingsError {
            file: file.to_owned(),
            faults: vec![Fault { line: 0, column: 0, message: format!("cannot be read: {error}") }],
        })?;
        Self::parse(&text, file, surroundings)
    }

    /// Reads the text of the file, and the templates that it names; their paths are relative to the file's folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, file: &Path, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let fail = |faults| SettingsError { file: file.to_owned(), faults };
        let fields = fields::AgentFields::parse(text).map_err(|fault| fail(vec![fault]))?;
        let folder = file.parent().unwrap_or_else(|| Path::new(""));
        checks::check(fields, folder, surroundings).map_err(fail)
    }
}

/// The control socket that a file names, for local commands: they work also while the rest of the file is being edited.
///
/// # Errors
/// When the file cannot be read, or is not YAML.
pub fn control_of(file: &Path) -> Result<PathBuf, SettingsError> {
    let fail =
        |line, column, message| SettingsError { file: file.to_owned(), faults: vec![Fault { line, column, message }] };
    let text = std::fs::read_to_string(file).map_err(|error| fail(0, 0, format!("cannot be read: {error}")))?;
    fields::Places::control(&text).map_err(|fault| fail(fault.line, fault.column, fault.message))
}

#[cfg(test)]
mod tests;
