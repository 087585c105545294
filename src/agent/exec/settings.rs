//! How the supervised process is written in `agent.yaml`.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde::{Deserialize, Deserializer, de};

use crate::agent::actions::durations;
use crate::agent::actions::settings::{CommandLine, signal, signal_named};
use crate::agent::exec::names;

/// The process that the agent starts and keeps running.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecSettings {
    /// What to run.
    pub command: CommandLine,
    /// Variables, each from one value of an entry. They win over `env_from`. Any but the agent's own `PINTLE_*`.
    #[serde(default, deserialize_with = "variables")]
    pub env: BTreeMap<String, ValueRef>,
    /// Keys of entries of format `env`; all their variables are set, those of a later key over an earlier one. What decides about
    /// the code that runs, as `PATH`, is refused: see [`names`].
    #[serde(default)]
    pub env_from: Vec<String>,
    /// What happens to it when its variables change, or its files when the block has no `reload`.
    #[serde(default)]
    pub on_change: OnChange,
    /// What happens when it ends by itself.
    #[serde(default)]
    pub on_exit: OnExit,
    /// The signal that asks it to end.
    #[serde(default = "term", deserialize_with = "signal")]
    pub stop_signal: Signal,
    /// How long it may take to end; then its process group is killed.
    #[serde(default = "ten_seconds", deserialize_with = "durations::deserialize")]
    pub stop_timeout: Duration,
    /// The pause before the first restart after a crash; it doubles with each further one.
    #[serde(default = "one_second", deserialize_with = "durations::deserialize")]
    pub backoff: Duration,
    /// The longest pause, and how long it must run to count as well again.
    #[serde(default = "one_minute", deserialize_with = "durations::deserialize")]
    pub backoff_max: Duration,
}

/// What a change does to the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnChange {
    /// It is stopped and started with the new variables.
    #[default]
    Restart,
    /// It gets a signal; new variables reach it at its next start.
    Signal(Signal),
    /// Nothing; new variables reach it at its next start.
    None,
}

impl FromStr for OnChange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["restart"] => Ok(Self::Restart),
            ["none"] => Ok(Self::None),
            ["signal", name] => signal_named(name).map(Self::Signal),
            _ => Err(format!("`{text}` is none of restart, signal NAME and none")),
        }
    }
}

impl<'de> Deserialize<'de> for OnChange {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

/// What the agent does when the process ends by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnExit {
    /// It is started again, after a pause.
    #[default]
    Restart,
    /// The agent ends with its exit code.
    Exit,
}

/// One value of an entry: `key#/pointer`, or `namespace/key#/pointer`; without `#` the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRef {
    /// The entry, as written before the `#`.
    pub entry: String,
    /// A JSON Pointer, empty for the whole content.
    pub pointer: String,
}

impl FromStr for ValueRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (entry, pointer) = text.split_once('#').unwrap_or((text, ""));
        if entry.is_empty() {
            return Err(format!("`{text}` names no entry: write namespace/key#/pointer"));
        }
        if !(pointer.is_empty() || pointer.starts_with('/')) {
            return Err(format!("`#{pointer}` is no JSON Pointer: it begins with a slash"));
        }
        Ok(Self { entry: entry.to_owned(), pointer: pointer.to_owned() })
    }
}

impl<'de> Deserialize<'de> for ValueRef {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

fn variables<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<String, ValueRef>, D::Error> {
    let variables = BTreeMap::deserialize(input)?;
    variables.keys().try_for_each(|name: &String| names::check_of_owner(name).map_err(de::Error::custom))?;
    Ok(variables)
}

fn term() -> Signal {
    Signal::SIGTERM
}

fn one_second() -> Duration {
    Duration::from_secs(1)
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

fn one_minute() -> Duration {
    Duration::from_mins(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(text: &str) -> Result<ExecSettings, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_is_enough() {
        let plain = exec("command: [node, server.js]").unwrap();
        assert_eq!((plain.on_change, plain.on_exit), (OnChange::Restart, OnExit::Restart));
        assert_eq!((plain.stop_signal, plain.stop_timeout), (Signal::SIGTERM, Duration::from_secs(10)));
    }

    #[test]
    fn variables_name_values_of_entries() {
        let text =
            "command: x\nenv: {PORT: 'orders/app.yaml#/server/port'}\nenv_from: [app.env]\non_change: signal HUP\n";
        let exec = exec(text).unwrap();
        assert_eq!(exec.env["PORT"], ValueRef { entry: "orders/app.yaml".into(), pointer: "/server/port".into() });
        assert_eq!(exec.on_change, OnChange::Signal(Signal::SIGHUP));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "{}",
            "command: x\non_change: reload",
            "command: x\non_change: signal",
            "command: x\nenv: {A: '#/b'}",
            "command: x\nenv: {A: 'k#b'}",
            "command: x\nenv: {PINTLE_TOKEN: k}",
            "command: x\nenv: {'A=B': k}",
            "command: x\non_exit: stop",
            "command: x\nstop_signal: TURM",
            "command: x\nrestart: true",
        ] {
            assert!(exec(bad).is_err(), "{bad}");
        }
    }
}
