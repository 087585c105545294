//! How a block's check, reload and probe are written in `agent.yaml`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::{Deserialize, Deserializer, de};

use crate::agent::actions::durations;

/// A command of the operator: a text for `/bin/sh -c`, or a list of a program and its arguments, run as it is.
///
/// `{stage}` in it stands for the folder in which the files of the change are staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// For the shell.
    Shell(String),
    /// A program, looked up in `PATH`, and its arguments.
    Program(String, Vec<String>),
}

impl<'de> Deserialize<'de> for CommandLine {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(CommandVisitor)
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(text) => out.write_str(text),
            Self::Program(program, arguments) => {
                out.write_str(program)?;
                arguments.iter().try_for_each(|argument| write!(out, " {argument}"))
            }
        }
    }
}

struct CommandVisitor;

impl<'de> de::Visitor<'de> for CommandVisitor {
    type Value = CommandLine;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a command: a text for the shell, or a list of a program and its arguments")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<CommandLine, E> {
        if text.trim().is_empty() {
            return Err(E::custom("a command must not be empty"));
        }
        Ok(CommandLine::Shell(text.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<CommandLine, A::Error> {
        let program = list.next_element::<String>()?.filter(|program| !program.trim().is_empty());
        let program = program.ok_or_else(|| de::Error::custom("a command must not be empty"))?;
        let mut arguments = Vec::new();
        while let Some(argument) = list.next_element()? {
            arguments.push(argument);
        }
        Ok(CommandLine::Program(program, arguments))
    }
}

/// Everything a block says about its service, besides a supervised process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionSettings {
    /// What must accept the files; none: anything goes.
    pub check: Option<CheckSettings>,
    /// How the service takes them; none: it notices by itself.
    pub reload: Option<ReloadSettings>,
    /// What shows that it is well; none: it is not asked.
    pub probe: Option<ProbeSettings>,
}

/// What must accept the staged files before they replace anything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSettings {
    /// Ends with 0 when the files are good.
    pub command: CommandLine,
    /// How long it may take; then its process group is killed.
    #[serde(default = "half_a_minute", deserialize_with = "durations::deserialize")]
    pub timeout: Duration,
}

/// How the service takes new files. Exactly one of the ways.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ReloadFields")]
pub enum ReloadSettings {
    /// A signal to the process that a file names, or to the supervised one.
    Signal {
        /// Which.
        signal: Signal,
        /// Holds the number of the process; none: the supervised process.
        pid_file: Option<PathBuf>,
    },
    /// A command, ending with 0 when the service has taken the files.
    Command {
        /// What to run.
        command: CommandLine,
        /// How long it may take; then its process group is killed.
        timeout: Duration,
    },
    /// An HTTP call.
    Http(HttpReload),
    /// A restart of the supervised process.
    Restart,
}

impl ReloadSettings {
    /// Whether it speaks to the process that the agent supervises, so that the block needs an `exec`.
    #[must_use]
    pub fn needs_exec(&self) -> bool {
        match self {
            Self::Signal { pid_file, .. } => pid_file.is_none(),
            Self::Restart => true,
            Self::Command { .. } | Self::Http(_) => false,
        }
    }

    /// Whether the service is away for a moment, so that many instances had better not do it at once.
    #[must_use]
    pub fn is_restart(&self) -> bool {
        match self {
            Self::Restart => true,
            Self::Signal { .. } | Self::Command { .. } | Self::Http(_) => false,
        }
    }
}

/// A call that makes the service read its files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpReload {
    /// The method.
    #[serde(default = "post", deserialize_with = "method")]
    pub method: reqwest::Method,
    /// Where.
    #[serde(deserialize_with = "url")]
    pub url: reqwest::Url,
    /// Sent with it.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The statuses that mean it worked.
    #[serde(default)]
    pub expect: Statuses,
    /// How long it may take.
    #[serde(default = "half_a_minute", deserialize_with = "durations::deserialize")]
    pub timeout: Duration,
}

/// What shows that the service is well.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ProbeFields")]
pub struct ProbeSettings {
    /// The question.
    pub probe: Probe,
    /// How long one answer may take.
    pub timeout: Duration,
    /// The pause between two questions while it is not well.
    pub interval: Duration,
    /// How long it may take after a reload to become well.
    pub within: Duration,
    /// How long it must then stay well to count: an old process may go on answering for a moment.
    pub steady: Duration,
}

/// One way to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// `GET`: well when the status is one of those expected.
    Http {
        /// Where.
        url: reqwest::Url,
        /// The statuses that mean well.
        expect: Statuses,
    },
    /// Well when a connection opens to `host:port`.
    Tcp(String),
    /// Well when the command ends with 0.
    Command(CommandLine),
}

/// HTTP statuses: `200`, `2xx`, or several with commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses(Vec<std::ops::RangeInclusive<u16>>);

impl Statuses {
    /// Whether a status is one of them.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl Default for Statuses {
    fn default() -> Self {
        Self(vec![200..=299])
    }
}

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = |word: &str| match word.trim().strip_suffix("xx") {
            Some(class) => class.parse::<u16>().ok().filter(|class| (1..=5).contains(class)).map(|class| {
                let first = class * 100;
                first..=first + 99
            }),
            None => {
                word.trim().parse().ok().filter(|status| (100..=599).contains(status)).map(|status| status..=status)
            }
        };
        let all: Option<Vec<_>> = text.split(',').map(one).collect();
        all.map(Self).ok_or_else(|| format!("`{text}` is no HTTP status: write 200, 2xx, or several with commas"))
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(|range| match (range.start(), range.end()) {
            (first, last) if first == last => first.to_string(),
            (first, _) => format!("{}xx", first / 100),
        });
        out.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

/// Reads a signal by its name, with or without `SIG`.
///
/// # Errors
/// When there is no such signal.
pub fn signal_named(name: &str) -> Result<Signal, String> {
    let upper = name.to_ascii_uppercase();
    let full = if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") };
    full.parse().map_err(|_| format!("`{name}` is no signal: write its name, as HUP"))
}

/// For `#[serde(deserialize_with)]`.
///
/// # Errors
/// When there is no such signal.
pub fn signal<'de, D: Deserializer<'de>>(input: D) -> Result<Signal, D::Error> {
    signal_named(&String::deserialize(input)?).map_err(de::Error::custom)
}

fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

fn post() -> reqwest::Method {
    reqwest::Method::POST
}

fn method<'de, D: Deserializer<'de>>(input: D) -> Result<reqwest::Method, D::Error> {
    let text = String::deserialize(input)?;
    text.to_ascii_uppercase().parse().map_err(|_| de::Error::custom(format!("`{text}` is no HTTP method")))
}

fn url<'de, D: Deserializer<'de>>(input: D) -> Result<reqwest::Url, D::Error> {
    let text = String::deserialize(input)?;
    let url: reqwest::Url =
        text.parse().map_err(|error| de::Error::custom(format!("`{text}` is no address: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(de::Error::custom(format!("`{other}` is neither http nor https"))),
    }
}

fn optional_signal<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Signal>, D::Error> {
    signal(input).map(Some)
}

/// The fields of all ways to reload, before it is known which one is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReloadFields {
    #[serde(default, deserialize_with = "optional_signal")]
    signal: Option<Signal>,
    pid_file: Option<PathBuf>,
    command: Option<CommandLine>,
    #[serde(default, deserialize_with = "durations::optional")]
    timeout: Option<Duration>,
    http: Option<HttpReload>,
    #[serde(default)]
    restart: bool,
}

impl TryFrom<ReloadFields> for ReloadSettings {
    type Error = String;

    fn try_from(fields: ReloadFields) -> Result<Self, String> {
        let ReloadFields { signal, pid_file, command, timeout, http, restart } = fields;
        if pid_file.is_some() && signal.is_none() {
            return Err("reload: pid_file goes with signal only".to_owned());
        }
        if pid_file.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err("reload: pid_file must be an absolute path".to_owned());
        }
        if timeout.is_some() && command.is_none() {
            return Err("reload: timeout goes with command only; an http call has its own".to_owned());
        }
        match (signal, command, http, restart) {
            (Some(signal), None, None, false) => Ok(Self::Signal { signal, pid_file }),
            (None, Some(command), None, false) => {
                Ok(Self::Command { command, timeout: timeout.unwrap_or_else(half_a_minute) })
            }
            (None, None, Some(http), false) => Ok(Self::Http(http)),
            (None, None, None, true) => Ok(Self::Restart),
            _ => Err("reload: write exactly one of signal, command, http and restart: true".to_owned()),
        }
    }
}

/// The fields of all probes, before it is known which one is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProbeFields {
    http: Option<HttpProbe>,
    tcp: Option<String>,
    command: Option<CommandLine>,
    #[serde(default, deserialize_with = "durations::optional")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "durations::optional")]
    interval: Option<Duration>,
    #[serde(default, rename = "for", deserialize_with = "durations::optional")]
    within: Option<Duration>,
    #[serde(default, deserialize_with = "durations::optional")]
    steady: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpProbe {
    #[serde(deserialize_with = "url")]
    url: reqwest::Url,
    #[serde(default)]
    expect: Statuses,
}

impl TryFrom<ProbeFields> for ProbeSettings {
    type Error = String;

    fn try_from(fields: ProbeFields) -> Result<Self, String> {
        let ProbeFields { http, tcp, command, timeout, interval, within, steady } = fields;
        let probe = match (http, tcp, command) {
            (Some(HttpProbe { url, expect }), None, None) => Probe::Http { url, expect },
            (None, Some(address), None) => {
                let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
                port.ok_or_else(|| format!("probe: tcp needs host:port, not `{address}`"))?;
                Probe::Tcp(address)
            }
            (None, None, Some(command)) => Probe::Command(command),
            _ => return Err("probe: write exactly one of http, tcp and command".to_owned()),
        };
        let interval = interval.unwrap_or(Duration::from_millis(500));
        if interval.is_zero() {
            return Err("probe: interval must be longer than 0".to_owned());
        }
        Ok(Self {
            probe,
            timeout: timeout.unwrap_or(Duration::from_secs(2)),
            interval,
            within: within.unwrap_or(Duration::from_secs(10)),
            steady: steady.unwrap_or(Duration::from_secs(1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reload(text: &str) -> Result<ReloadSettings, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    fn probe(text: &str) -> Result<ProbeSettings, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_is_a_text_or_a_list() {
        let check: CheckSettings = serde_saphyr::from_str("command: nginx -t\ntimeout: 10s\n").unwrap();
        assert_eq!(check.command, CommandLine::Shell("nginx -t".to_owned()));
        assert_eq!(check.timeout, Duration::from_secs(10));
        let check: CheckSettings = serde_saphyr::from_str("command: [nginx, -t]\n").unwrap();
        assert_eq!(check.command, CommandLine::Program("nginx".to_owned(), vec!["-t".to_owned()]));
        assert_eq!(check.timeout, Duration::from_secs(30));
        for bad in ["command: ''", "command: []", "command: [' ']", "command: {a: b}", "command: x\nshell: y"] {
            assert!(serde_saphyr::from_str::<CheckSettings>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reload_goes_exactly_one_way() {
        let pid_file = Some(PathBuf::from("/run/nginx.pid"));
        let signalled = reload("signal: HUP\npid_file: /run/nginx.pid\n").unwrap();
        assert_eq!(signalled, ReloadSettings::Signal { signal: Signal::SIGHUP, pid_file });
        assert!(!signalled.needs_exec());
        assert!(reload("signal: SIGUSR2").unwrap().needs_exec());
        assert_eq!(reload("restart: true"), Ok(ReloadSettings::Restart));
        let Ok(ReloadSettings::Http(call)) = reload("http: {url: 'http://localhost:8080/refresh'}") else {
            panic!("an http call")
        };
        assert_eq!((call.method, call.expect), (reqwest::Method::POST, Statuses::default()));
        for bad in [
            "{}",
            "signal: HUP\nrestart: true",
            "pid_file: /run/nginx.pid",
            "signal: HUP\npid_file: nginx.pid",
            "signal: HUPP",
            "signal: HUP\ntimeout: 1s",
            "command: x\ntimeout: 1",
            "http: {url: 'ftp://localhost/'}",
            "http: {url: 'http://localhost/', expect: 2x}",
            "signals: HUP",
        ] {
            assert!(reload(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_probe_asks_exactly_one_way() {
        let tcp = probe("tcp: 127.0.0.1:80\nfor: 5s\ninterval: 100ms\n").unwrap();
        assert_eq!((tcp.probe, tcp.within), (Probe::Tcp("127.0.0.1:80".to_owned()), Duration::from_secs(5)));
        let http = probe("http: {url: 'http://localhost/', expect: '2xx, 304'}").unwrap();
        let Probe::Http { expect, .. } = http.probe else { panic!("an http probe") };
        assert!(expect.contains(299) && expect.contains(304) && !expect.contains(300));
        assert!(probe("http: {url: 'http://localhost/', expect: 204}").is_ok());
        for bad in ["{}", "tcp: localhost", "tcp: a:1\ncommand: x", "command: x\ninterval: 0s", "tcp: a:1\nfore: 1s"] {
            assert!(probe(bad).is_err(), "{bad}");
        }
    }
}
