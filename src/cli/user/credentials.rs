//! Logins kept between commands: a file that only its owner can read.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cli::user::exit::Stop;
use crate::client::Server;

/// The name of the file in the configuration directory.
const FILE: &str = "credentials.json";

/// A login on one server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) token: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) expires_at: OffsetDateTime,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// All logins, by server, and the server of the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credentials {
    /// The server that commands without `--server` speak to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, Login>,
}

impl Credentials {
    /// The login on a server.
    pub(super) fn login(&self, server: &Server) -> Option<&Login> {
        self.servers.get(&server.to_string())
    }

    /// Keeps a login, and makes its server the current one.
    pub(super) fn keep(&mut self, server: &Server, login: Login) {
        self.current = Some(server.to_string());
        self.servers.insert(server.to_string(), login);
    }

    /// Forgets the login on a server, which stays the current one.
    pub(super) fn forget(&mut self, server: &Server) -> Option<Login> {
        self.servers.remove(&server.to_string())
    }
}

/// Where credentials are kept.
#[derive(Debug, Clone)]
pub(super) struct Store {
    directory: PathBuf,
}

impl Store {
    /// A store in a configuration directory, which need not exist yet.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// Reads the credentials; none are kept where there is no file. `warn` hears of a file that others could read, which is
    /// closed to them at once.
    pub(super) fn load(&self, warn: impl Fn(&str)) -> Result<Credentials> {
        let path = self.path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credentials::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mode = file.metadata()?.permissions().mode() & 0o777;
        if mode & 0o022 != 0 {
            // Whoever wrote it may have sent the next command to a server of his own.
            return Err(Stop::failed(format!(
                "others can write {} (mode {mode:03o}), so what it says cannot be believed: look at it, then remove it or \
                 run chmod 600 on it",
                path.display()
            ))
            .into());
        }
        if mode & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))
                .with_context(|| format!("others can read {} and its mode cannot be changed", path.display()))?;
            warn(&format!(
                "others could read {} (mode {mode:03o}); its mode is 600 now, and if they may have, log out and in again",
                path.display()
            ));
        }
        let text = io::read_to_string(file).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; remove it and log in again", path.display()))
    }

    /// Replaces the credentials as a whole; a crash leaves the old ones.
    pub(super) fn save(&self, credentials: &Credentials) -> Result<()> {
        let path = self.path();
        self.replace(credentials, &path).with_context(|| format!("cannot write {}", path.display()))
    }

    fn replace(&self, credentials: &Credentials, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        let temporary = self.directory.join(format!(".{FILE}.{}", std::process::id()));
        let text = serde_json::to_string_pretty(credentials)? + "\n";
        let written = write_private(&temporary, text.as_bytes()).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

/// Writes a file that only its owner may read, from its first byte on.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a process of the same number left when it was killed.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use time::macros::datetime;

    fn login() -> Login {
        Login { user: "ann".to_owned(), token: "secret".to_owned(), expires_at: datetime!(2026-01-31 12:00 UTC) }
    }

    fn server(text: &str) -> Server {
        Server::parse(text).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn logins_are_kept_by_server_and_the_last_one_is_current() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().join("pintle"));
        let quiet = |text: &str| panic!("{text}");
        assert_eq!(store.load(quiet).unwrap(), Credentials::default());

        let mut credentials = Credentials::default();
        credentials.keep(&server("http://127.0.0.1:1"), login());
        credentials.keep(&server("https://pintle.example.com"), login());
        store.save(&credentials).unwrap();
        let mut read = store.load(quiet).unwrap();
        assert_eq!(read, credentials);
        assert_eq!(read.current.as_deref(), Some("https://pintle.example.com"));
        assert_eq!(read.login(&server("https://PINTLE.example.com/")), Some(&login()));

        assert!(read.forget(&server("http://127.0.0.1:1")).is_some());
        store.save(&read).unwrap();
        assert_eq!(store.load(quiet).unwrap().login(&server("http://127.0.0.1:1")), None);
    }

    #[test]
    fn only_the_owner_can_read_file_and_directory() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().join("a/pintle"));
        store.save(&Credentials::default()).unwrap();
        assert_eq!(mode(&store.path()), 0o600);
        assert_eq!(mode(&store.directory), 0o700);
    }

    #[test]
    fn a_file_that_others_can_read_is_closed_and_told_of() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_owned());
        store.save(&Credentials::default()).unwrap();
        fs::set_permissions(store.path(), fs::Permissions::from_mode(0o644)).unwrap();
        let heard = RefCell::new(String::new());
        store.load(|text| heard.borrow_mut().push_str(text)).unwrap();
        assert!(heard.borrow().contains("mode 644"), "{}", heard.borrow());
        assert_eq!(mode(&store.path()), 0o600);
    }

    #[test]
    fn a_file_that_others_can_write_is_not_believed() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_owned());
        store.save(&Credentials::default()).unwrap();
        fs::set_permissions(store.path(), fs::Permissions::from_mode(0o660)).unwrap();
        let error = store.load(|text| panic!("{text}")).unwrap_err().to_string();
        assert!(error.contains("mode 660") && error.contains("credentials.json"), "{error}");
    }

    #[test]
    fn a_damaged_file_is_named_and_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_owned());
        fs::write(store.path(), "{").unwrap();
        fs::set_permissions(store.path(), fs::Permissions::from_mode(0o600)).unwrap();
        let error = store.load(|_| ()).unwrap_err().to_string();
        assert!(error.contains("credentials.json"), "{error}");
    }

    #[test]
    fn a_login_does_not_print_its_token() {
        assert!(!format!("{:?}", login()).contains("secret"));
    }
}
