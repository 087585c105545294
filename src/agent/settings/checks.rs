//! What `agent.yaml` must be as a whole: all faults are told together.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_saphyr::{Location, Spanned};

use super::fields::{AgentFields, QuiescenceFields, ServeFields, ServiceFields};
use super::{AgentSettings, BlockSettings, Fault, Quiescence, STATE_DIR, Surroundings, files, names, serve};
use crate::agent::actions::ReloadSettings;
use crate::agent::exec::settings::{ExecSettings, OnChange};
use crate::agent::local::LocalSettings;
use crate::client::Server;
use crate::domain::names::{EnvironmentName, InstanceId, NamespaceName};

/// The window when the file does not say.
const QUIESCENCE: Quiescence = Quiescence { min: Duration::from_millis(200), max: Duration::from_secs(5) };
/// The splay of services that restart.
const RESTART_SPLAY: Duration = Duration::from_mins(1);
/// Most namespaces of a service: those of one watch.
const NAMESPACES_MAX: usize = crate::api::watch::NAMESPACES_MAX;

/// The faults found so far.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault of a field.
    pub(super) fn add(&mut self, place: Location, field: &str, message: impl Display) {
        self.0.push(Fault { line: place.line(), column: place.column(), message: format!("{field}: {message}") });
    }

    /// The value, or none with its fault added.
    pub(super) fn check<T>(&mut self, place: Location, field: &str, value: Result<T, impl Display>) -> Option<T> {
        value.map_err(|message| self.add(place, field, message)).ok()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Checks the whole file. `home` is its folder.
pub(super) fn check(
    fields: AgentFields,
    home: &Path,
    surroundings: &Surroundings,
) -> Result<AgentSettings, Vec<Fault>> {
    let mut faults = Faults::default();
    let servers = servers(&fields, surroundings, &mut faults);
    let exchange = fields.exchange;
    let token_file = fields.token_file.and_then(|path| absolute(path, "token_file", &mut faults));
    let ca_file = fields.ca_file.and_then(|path| absolute(path, "ca_file", &mut faults));
    let state_dir =
        fields.state_dir.map_or_else(|| Some(STATE_DIR.into()), |dir| absolute(dir, "state_dir", &mut faults));
    let state_dir = state_dir.unwrap_or_default();
    let control = fields.control.and_then(|path| absolute(path, "control", &mut faults));
    let host = fields.host.map_or_else(|| surroundings.host.clone(), |host| host.value);
    if host.trim().is_empty() {
        faults.add(Location::UNKNOWN, "host", "this machine does not tell its name: write it");
    }
    if fields.services.value.is_empty() {
        faults.add(fields.services.referenced, "services", "needs at least one service");
    }
    let mut services = Vec::new();
    let mut unique = Unique::default();
    for (number, service) in fields.services.value.into_iter().enumerate() {
        let block = Checked { number, at: format!("services[{number}]"), home, host: &host, labels: &fields.labels };
        services.extend(block.service(service, &mut unique, &mut faults));
    }
    unique.check_folders(&mut faults);
    let mut faults = faults.0;
    if faults.is_empty() {
        let control = control.unwrap_or_else(|| state_dir.join("control.sock"));
        return Ok(AgentSettings { servers, token_file, exchange, ca_file, state_dir, control, host, services });
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    Err(faults)
}

fn servers(fields: &AgentFields, surroundings: &Surroundings, faults: &mut Faults) -> Vec<Server> {
    let mut servers = Vec::new();
    if let Some(server) = &fields.server {
        if !fields.servers.is_empty() {
            faults.add(server.referenced, "server", "write either `server` or `servers`");
        }
        servers.extend(faults.check(server.referenced, "server", Server::parse(&server.value)));
    }
    for (number, server) in fields.servers.iter().enumerate() {
        servers.extend(faults.check(server.referenced, &format!("servers[{number}]"), Server::parse(&server.value)));
    }
    if fields.server.is_none() && fields.servers.is_empty() {
        if let Some(server) = &surroundings.server {
            servers.extend(faults.check(Location::UNKNOWN, "--server", Server::parse(server)));
        } else {
            faults.add(Location::UNKNOWN, "servers", "needs at least one address, as https://pintle.example.com");
        }
    }
    servers
}

fn absolute(path: Spanned<PathBuf>, field: &str, faults: &mut Faults) -> Option<PathBuf> {
    if path.value.is_absolute() {
        return Some(path.value);
    }
    faults.add(path.referenced, field, format!("must be an absolute path, not `{}`", path.value.display()));
    None
}

/// What may occur once only, with where it occurred first.
#[derive(Default)]
struct Unique {
    names: BTreeMap<String, Location>,
    ids: BTreeMap<(String, String), Location>,
    paths: BTreeMap<PathBuf, Location>,
    folders: BTreeMap<PathBuf, Location>,
    ports: BTreeMap<u16, Location>,
    /// The places of services, by number: where each writes, and its folder if it has one.
    places: Vec<Written>,
}

/// Where a service writes.
struct Written {
    service: usize,
    field: String,
    path: PathBuf,
    place: Location,
    /// It is a folder, swapped as a whole: nobody else may write below it.
    whole: bool,
}

impl Unique {
    /// Refuses what one service would write into the folder of another.
    fn check_folders(&self, faults: &mut Faults) {
        for folder in self.places.iter().filter(|folder| folder.whole) {
            let others = self.places.iter().filter(|other| other.service != folder.service);
            for other in others.filter(|other| other.path != folder.path && other.path.starts_with(&folder.path)) {
                let (first, line) = (folder.path.display(), folder.place.line());
                let message = format!(
                    "lies in {first}, the `folder` of another service on line {line}, which is swapped as a whole"
                );
                faults.add(other.place, &other.field, message);
            }
        }
    }
}

fn once<K: Ord>(seen: &mut BTreeMap<K, Location>, key: K, place: Location, field: &str, faults: &mut Faults) {
    if let Some(first) = seen.get(&key) {
        faults.add(place, field, format!("is the same as on line {}, and must be unique", first.line()));
    } else {
        seen.insert(key, place);
    }
}

/// What the check of a service knows.
struct Checked<'a> {
    number: usize,
    at: String,
    home: &'a Path,
    host: &'a str,
    labels: &'a BTreeMap<String, Spanned<String>>,
}

impl Checked<'_> {
    fn service(
        &self,
        service: Spanned<ServiceFields>,
        unique: &mut Unique,
        faults: &mut Faults,
    ) -> Option<BlockSettings> {
        let (place, fields) = (service.referenced, service.value);
        let before = faults.count();
        let at = |field: &str| format!("{}.{field}", self.at);
        let name = fields.name.value.clone();
        faults.check(fields.name.referenced, &at("name"), names::check_block(&name));
        once(&mut unique.names, name.clone(), fields.name.referenced, &at("name"), faults);
        let environment = EnvironmentName::parse(&fields.environment.value);
        let environment = faults.check(fields.environment.referenced, &at("environment"), environment);
        let (id_place, id) = match &fields.id {
            Some(id) => (id.referenced, id.value.clone()),
            None => (fields.name.referenced, format!("{}/{name}", self.host)),
        };
        let parsed_id = faults.check(id_place, &at("id"), InstanceId::parse(&id));
        once(&mut unique.ids, (fields.environment.value.clone(), id.clone()), id_place, &at("id"), faults);
        let labels = self.labels_of(&fields);
        let namespaces = self.namespaces(&fields.namespaces, &labels, faults);
        let quiescence = self.quiescence(fields.quiescence.as_ref(), faults);
        let folder = fields.folder.and_then(|folder| {
            let place = folder.referenced;
            let folder = absolute(folder, &at("folder"), faults)?;
            once(&mut unique.folders, folder.clone(), place, &at("folder"), faults);
            unique.places.push(self.written(at("folder"), folder.clone(), place, true));
            Some(folder)
        });
        if fields.files.is_empty() && fields.exec.is_none() && fields.serve.is_none() {
            faults.add(place, &self.at, "needs `files`, `exec` or `serve`: it has nothing to do");
        }
        let serve = fields.serve.as_ref().and_then(|serve| self.serve(serve, unique, faults));
        let mut files = Vec::new();
        for (number, file) in fields.files.into_iter().enumerate() {
            let (at, place) = (format!("{}.files[{number}]", self.at), file.value.path.referenced);
            let path =
                folder.as_ref().map_or(file.value.path.value.clone(), |folder| folder.join(&file.value.path.value));
            once(&mut unique.paths, path.clone(), place, &format!("{at}.path"), faults);
            unique.places.push(self.written(format!("{at}.path"), path, place, false));
            files.extend(files::check(file, &at, folder.as_deref(), self.home, faults));
        }
        if let Some(reload) = fields.reload.as_ref().filter(|reload| reload.value.needs_exec())
            && fields.exec.is_none()
        {
            faults.add(reload.referenced, &at("reload"), "needs `exec`, whose process it is for; or name a `pid_file`");
        }
        let (reload, exec) = (fields.reload.map(|reload| reload.value), fields.exec.map(|exec| exec.value));
        let splay = fields.splay.unwrap_or_else(|| default_splay(reload.as_ref(), exec.as_ref()));
        if faults.count() > before {
            return None;
        }
        Some(BlockSettings {
            service: name.clone(),
            name,
            id: parsed_id?,
            environment: environment?,
            namespaces,
            labels,
            address: fields.address,
            version: fields.version,
            folder,
            files,
            check: fields.check,
            reload,
            probe: fields.probe,
            quiescence,
            splay,
            exec,
            serve,
        })
    }

    fn serve(&self, serve: &Spanned<ServeFields>, unique: &mut Unique, faults: &mut Faults) -> Option<LocalSettings> {
        if let Some(socket) = &serve.value.socket {
            let field = format!("{}.serve.socket", self.at);
            once(&mut unique.paths, socket.value.clone(), socket.referenced, &field, faults);
        }
        if let Some(port) = &serve.value.port {
            once(&mut unique.ports, port.value, port.referenced, &format!("{}.serve.port", self.at), faults);
        }
        serve::check(serve, &self.at, faults)
    }

    fn written(&self, field: String, path: PathBuf, place: Location, whole: bool) -> Written {
        Written { service: self.number, field, path, place, whole }
    }

    /// The labels of the agent, the block over them, and what is always there.
    fn labels_of(&self, fields: &ServiceFields) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            ("host".to_owned(), self.host.to_owned()),
            ("service".to_owned(), fields.name.value.clone()),
        ]);
        for (label, value) in self.labels.iter().chain(&fields.labels) {
            labels.insert(label.clone(), value.value.clone());
        }
        labels
    }

    fn namespaces(
        &self,
        written: &Spanned<Vec<Spanned<String>>>,
        labels: &BTreeMap<String, String>,
        faults: &mut Faults,
    ) -> Vec<NamespaceName> {
        let field = format!("{}.namespaces", self.at);
        if written.value.is_empty() || written.value.len() > NAMESPACES_MAX {
            faults.add(written.referenced, &field, format!("needs 1 to {NAMESPACES_MAX} names"));
        }
        let mut seen = BTreeMap::new();
        let mut namespaces = Vec::new();
        for (number, pattern) in written.value.iter().enumerate() {
            let field = format!("{field}[{number}]");
            if let Some(name) = faults.check(pattern.referenced, &field, names::fill(&pattern.value, labels)) {
                once(&mut seen, name.clone(), pattern.referenced, &field, faults);
                namespaces.push(name);
            }
        }
        namespaces
    }

    fn quiescence(&self, fields: Option<&Spanned<QuiescenceFields>>, faults: &mut Faults) -> Quiescence {
        let Some(Spanned { value, referenced, .. }) = fields else { return QUIESCENCE };
        let min = value.min.unwrap_or(QUIESCENCE.min);
        let max = value.max.unwrap_or_else(|| QUIESCENCE.max.max(min));
        if min > max {
            faults.add(*referenced, &format!("{}.quiescence", self.at), "`min` must not be longer than `max`");
        }
        Quiescence { min, max }
    }
}

/// Reloads happen at once; restarts are spread, since the service is away for a moment.
fn default_splay(reload: Option<&ReloadSettings>, exec: Option<&ExecSettings>) -> Duration {
    let restarts = match (reload, exec) {
        (Some(reload), _) => reload.is_restart(),
        (None, Some(exec)) => exec.on_change == OnChange::Restart,
        (None, None) => false,
    };
    if restarts { RESTART_SPLAY } else { Duration::ZERO }
}
