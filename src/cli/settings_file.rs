//! A settings file: TOML whose keys are the names of flags. Flags and variables win over it.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Command;

/// Makes the file's values the defaults of the subcommand that is called, when a file is named.
pub(super) fn apply(command: Command, arguments: &[OsString]) -> anyhow::Result<Command> {
    let Some(name) = arguments.get(1).and_then(|name| name.to_str()).filter(|name| matches!(*name, "dev" | "serve"))
    else {
        return Ok(command);
    };
    let Some(path) = path(arguments) else { return Ok(command) };
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let table: toml::Table = text.parse().with_context(|| format!("{} is not TOML", path.display()))?;
    let known = command.find_subcommand(name).map(flags).unwrap_or_default();
    let mut values = Vec::new();
    for (key, value) in table {
        let id = key.replace('-', "_");
        if !known.contains(&id) || id == "settings" {
            bail!("{}: unknown setting {key}; see pintle {name} --help", path.display());
        }
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                bail!("{}: {key} must be a string, a whole number or a boolean", path.display())
            }
        };
        values.push((id, value));
    }
    Ok(command.mut_subcommand(name, |mut subcommand| {
        for (id, value) in values {
            subcommand = subcommand.mut_arg(id, |argument| argument.default_value(value).required(false));
        }
        subcommand
    }))
}

fn flags(command: &Command) -> Vec<String> {
    command.get_arguments().map(|argument| argument.get_id().to_string()).collect()
}

fn path(arguments: &[OsString]) -> Option<PathBuf> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--settings" {
            return rest.next().map(PathBuf::from);
        }
        if let Some(path) = argument.to_str().and_then(|text| text.strip_prefix("--settings=")) {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os("PINTLE_SETTINGS").map(PathBuf::from)
}
