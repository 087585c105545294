//! Where master keys come from: a file, the environment, or a command; read once, at the start.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use crate::runtime::settings::KeySettings;
use crate::service::keyring::{BadMasterKey, MasterKey};

/// The environment variable that holds the master key itself.
pub const VARIABLE: &str = "PINTLE_MASTER_KEY";

/// How long the command may take.
const COMMAND: Duration = Duration::from_secs(10);
/// More than any way of writing a key takes.
const LONGEST: u64 = 4096;

/// Why there is no master key although one was asked for. Never quotes what was read.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Nobody knows which one is meant.
    #[error("the master key is given twice, by {0} and by {1}: keep one")]
    Twice(&'static str, &'static str),
    /// The file cannot be read.
    #[error("cannot read the master key from {path}: {cause}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Nothing could be sealed.
    #[error("--old-master-key-file is set, and there is no current master key")]
    OldOnly,
    /// The command did not give one.
    #[error("--master-key-command failed: {0}")]
    Command(String),
    /// It is not a master key.
    #[error("the master key of {0}: {1}")]
    Bad(String, BadMasterKey),
}

/// Reads the current master key and those from before it, in that order. None when none is set.
pub async fn load(settings: &KeySettings, variable: Option<OsString>) -> Result<Vec<MasterKey>, MasterKeyError> {
    let variable = variable.filter(|value| !value.is_empty());
    let given = [
        ("--master-key-file", settings.master_key_file.is_some()),
        (VARIABLE, variable.is_some()),
        ("--master-key-command", settings.master_key_command.is_some()),
    ];
    let mut given = given.into_iter().filter_map(|(name, is)| is.then_some(name));
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        return Err(MasterKeyError::Twice(first, second));
    }
    let mut keys = Vec::new();
    if let Some(path) = &settings.master_key_file {
        keys.push(from_file(path)?);
    }
    if let Some(value) = variable {
        let text = Zeroizing::new(value.into_string().unwrap_or_default());
        keys.push(parse(VARIABLE.to_owned(), &text)?);
    }
    if let Some(command) = &settings.master_key_command {
        keys.push(from_command(command).await?);
    }
    if keys.is_empty() && !settings.old_master_key_file.is_empty() {
        return Err(MasterKeyError::OldOnly);
    }
    for path in &settings.old_master_key_file {
        keys.push(from_file(path)?);
    }
    Ok(keys)
}

fn parse(source: String, text: &str) -> Result<MasterKey, MasterKeyError> {
    MasterKey::parse(text).map_err(|error| MasterKeyError::Bad(source, error))
}

fn from_file(path: &Path) -> Result<MasterKey, MasterKeyError> {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    let failed = |cause| MasterKeyError::File { path: path.to_owned(), cause };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o004 != 0 {
        tracing::warn!(path = %path.display(), "everybody on this machine can read the master key: chmod 600");
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    parse(path.display().to_string(), &text)
}

async fn from_command(command: &str) -> Result<MasterKey, MasterKeyError> {
    let failed = |error: std::io::Error| MasterKeyError::Command(error.to_string());
    let mut child = tokio::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let text = tokio::time::timeout(COMMAND, async {
        let mut text = Zeroizing::new(String::new());
        if let Some(out) = child.stdout.take() {
            out.take(LONGEST).read_to_string(&mut text).await?;
        }
        Ok((text, child.wait().await?))
    });
    let (text, status) = match text.await {
        Ok(done) => done.map_err(failed)?,
        Err(_) => return Err(MasterKeyError::Command(format!("it took longer than {} s", COMMAND.as_secs()))),
    };
    if !status.success() {
        return Err(MasterKeyError::Command(status.to_string()));
    }
    parse("--master-key-command".to_owned(), &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "5e1f0b9a3c7d24868b1c0ffee2d4a69780b3c5d7e9f1a2c4d6e8f0a1b3c5d7e9";
    const OLD: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9fedcba98765432100123456789abcdef";

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn ids(keys: &[MasterKey]) -> Vec<&str> {
        keys.iter().map(MasterKey::id).collect()
    }

    #[tokio::test]
    async fn a_key_comes_from_a_file_a_variable_or_a_command() {
        let (current, old) = (file(&format!("{KEY}\n")), file(OLD));
        let wanted = MasterKey::parse(KEY).unwrap();
        let from_file = KeySettings { master_key_file: Some(current.path().to_owned()), ..KeySettings::default() };
        assert_eq!(ids(&load(&from_file, None).await.unwrap()), [wanted.id()]);
        assert_eq!(ids(&load(&KeySettings::default(), Some(KEY.into())).await.unwrap()), [wanted.id()]);
        let command = Some(format!("printf %s {KEY}"));
        let from_command = KeySettings {
            master_key_command: command,
            old_master_key_file: vec![old.path().to_owned()],
            ..KeySettings::default()
        };
        let old = MasterKey::parse(OLD).unwrap();
        assert_eq!(ids(&load(&from_command, None).await.unwrap()), [wanted.id(), old.id()]);
        assert!(load(&KeySettings::default(), None).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_key_that_is_missing_doubtful_or_bad_is_told_and_not_quoted() {
        let bad = "hunter2hunter2";
        let bad_file = file(bad);
        let settings = |path: &Path| KeySettings { master_key_file: Some(path.to_owned()), ..KeySettings::default() };
        let command = |text: &str| KeySettings { master_key_command: Some(text.to_owned()), ..KeySettings::default() };
        for (settings, variable, expected) in [
            (settings(bad_file.path()), None, "32 bytes"),
            (settings(Path::new("/nowhere/key")), None, "cannot read the master key from /nowhere/key"),
            (settings(bad_file.path()), Some(KEY), "given twice, by --master-key-file and by PINTLE_MASTER_KEY"),
            (KeySettings::default(), Some(bad), "the master key of PINTLE_MASTER_KEY"),
            (command("exit 3"), None, "exit status: 3"),
            (command("true"), None, "this has 0"),
        ] {
            let error = load(&settings, variable.map(OsString::from)).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
