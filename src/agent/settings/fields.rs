//! `agent.yaml` as it is written: every field, before anything is compared with anything else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Fault, Merge, OnMissing, STATE_DIR};
use crate::agent::actions::{CheckSettings, ProbeSettings, ReloadSettings, durations};
use crate::agent::exec::settings::ExecSettings;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentFields {
    /// The only server, in place of `servers`.
    pub(super) server: Option<Spanned<String>>,
    /// Servers of one store; the agent keeps to one as long as it answers.
    #[serde(default)]
    pub(super) servers: Vec<Spanned<String>>,
    /// A file with the token. Without it the token is that of `PINTLE_TOKEN`.
    pub(super) token_file: Option<Spanned<PathBuf>>,
    /// Show the token only to exchange it for a short-lived one; a token of a trusted issuer is exchanged always.
    #[serde(default)]
    pub(super) exchange: bool,
    /// A PEM file of authorities besides those of the machine. Without it that of `PINTLE_CA_FILE`.
    pub(super) ca_file: Option<Spanned<PathBuf>>,
    /// Cache, kept sets and control socket; `/var/lib/pintle-agent` when absent.
    pub(super) state_dir: Option<Spanned<PathBuf>>,
    /// The socket of the local commands; `control.sock` in `state_dir` when absent.
    pub(super) control: Option<Spanned<PathBuf>>,
    /// The name of the machine; what the machine says when absent. It is the label `host` of every service.
    pub(super) host: Option<Spanned<String>>,
    /// Labels of every service.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Spanned<String>>,
    /// The services, at least one.
    pub(super) services: Spanned<Vec<Spanned<ServiceFields>>>,
}

/// One service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceFields {
    /// The name of the block, unique in the file; also the name of the service.
    pub(super) name: Spanned<String>,
    /// The id of the instance, unique in its environment; `host/name` when absent.
    pub(super) id: Option<Spanned<String>>,
    /// Its environment.
    pub(super) environment: Spanned<String>,
    /// Its layers, the later over the earlier ones. `{label}` stands for a label's value.
    pub(super) namespaces: Spanned<Vec<Spanned<String>>>,
    /// Labels of this service, over those of the agent.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Spanned<String>>,
    /// Where the instance is reached, `host:port`.
    pub(super) address: Option<String>,
    /// The release of the service.
    pub(super) version: Option<String>,
    /// A folder that is swapped as a whole; file paths are then relative to it.
    pub(super) folder: Option<Spanned<PathBuf>>,
    /// The files.
    #[serde(default)]
    pub(super) files: Vec<Spanned<FileFields>>,
    /// What must accept the staged files.
    pub(super) check: Option<CheckSettings>,
    /// How the service takes new files.
    pub(super) reload: Option<Spanned<ReloadSettings>>,
    /// What shows that the service is well.
    pub(super) probe: Option<ProbeSettings>,
    /// How long to wait for further changes.
    pub(super) quiescence: Option<Spanned<QuiescenceFields>>,
    /// Up to how long to wait by chance; 60 s when the service restarts and 0 else.
    #[serde(default, deserialize_with = "durations::optional")]
    pub(super) splay: Option<Duration>,
    /// The process that the agent supervises.
    pub(super) exec: Option<Spanned<ExecSettings>>,
    /// Where local programs may read and watch the entries; nowhere when absent.
    pub(super) serve: Option<Spanned<ServeFields>>,
}

/// Where local programs find the block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServeFields {
    /// A unix socket.
    pub(super) socket: Option<Spanned<PathBuf>>,
    /// Its owner, by name or number; the agent's user when absent.
    pub(super) owner: Option<Spanned<String>>,
    /// Its group, by name or number; the agent's when absent.
    pub(super) group: Option<Spanned<String>>,
    /// Its permission bits in octal; `0600` when absent.
    pub(super) mode: Option<Spanned<String>>,
    /// A port of 127.0.0.1.
    pub(super) port: Option<Spanned<u16>>,
    /// Whether contents of sealed entries are told; they are not when absent.
    #[serde(default)]
    pub(super) secrets: bool,
}

/// The window in which changes are gathered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuiescenceFields {
    /// So long nothing may arrive; 200 ms when absent.
    #[serde(default, deserialize_with = "durations::optional")]
    pub(super) min: Option<Duration>,
    /// So long a change waits at most; 5 s, or `min` if that is longer, when absent.
    #[serde(default, deserialize_with = "durations::optional")]
    pub(super) max: Option<Duration>,
}

/// One file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileFields {
    /// Where it lies.
    pub(super) path: Spanned<PathBuf>,
    /// The entry that it is.
    pub(super) key: Option<Spanned<String>>,
    /// The file of the template that it is made of.
    pub(super) template: Option<Spanned<PathBuf>>,
    /// The template itself.
    pub(super) template_text: Option<Spanned<String>>,
    /// Of a template: whether an undefined value is an error; it is when absent.
    pub(super) undefined: Option<Undefined>,
    /// Permission bits in octal; `0644` when absent.
    pub(super) mode: Option<Spanned<String>>,
    /// Permission bits while it holds something of a sealed entry; those of `mode`, but for the owner alone, when absent.
    pub(super) secret_mode: Option<Spanned<String>>,
    /// Its owner, by name or number.
    pub(super) owner: Option<Spanned<String>>,
    /// Its group, by name or number.
    pub(super) group: Option<Spanned<String>>,
    /// Of an entry: what becomes of the file when the entry is deleted; it is kept when absent.
    pub(super) on_missing: Option<OnMissing>,
    /// Whether zero bytes may replace what is there.
    #[serde(default)]
    pub(super) allow_empty: bool,
    /// Of an entry: how the layers come together; the latest replaces the others when absent.
    pub(super) merge: Option<Merge>,
}

/// What an undefined value in a template is.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Undefined {
    /// An error.
    Error,
    /// Nothing.
    Allow,
}

impl AgentFields {
    /// Reads the text.
    ///
    /// # Errors
    /// The first thing that is not YAML, not known, of another type, or missing.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        serde_saphyr::from_str(text).map_err(|error| fault(text, &error))
    }
}

/// The fields that say where the control socket is. All others may be anything.
#[derive(Deserialize)]
pub(super) struct Places {
    control: Option<PathBuf>,
    state_dir: Option<PathBuf>,
}

impl Places {
    /// Where the control socket is.
    ///
    /// # Errors
    /// What is not YAML.
    pub(super) fn control(text: &str) -> Result<PathBuf, Fault> {
        let places: Self = serde_saphyr::from_str(text).map_err(|error| fault(text, &error))?;
        let state_dir = places.state_dir.unwrap_or_else(|| STATE_DIR.into());
        Ok(places.control.unwrap_or_else(|| state_dir.join("control.sock")))
    }
}

fn fault(text: &str, error: &serde_saphyr::Error) -> Fault {
    let place = error.location().filter(|place| place.line() > 0);
    let (line, column) = place.map_or((0, 0), |place| (place.line(), place.column()));
    let plain = error.without_snippet().to_string();
    // The place is told in front of the message.
    let message = plain.split(" at line ").next().unwrap_or(&plain).trim_end_matches([',', ':', ';']);
    let written = usize::try_from(line).ok().and_then(|line| text.lines().nth(line.checked_sub(1)?)).map(str::trim);
    let message = match written {
        Some(written) if !written.is_empty() => format!("{message}, in `{written}`"),
        Some(_) | None => message.to_owned(),
    };
    Fault { line, column, message }
}
