//! What the environment of this process says about places. Read once, by the composition root.

use std::ffi::OsString;
use std::path::PathBuf;

use nix::unistd::{User, geteuid};

/// The environment variables that matter here. Empty and relative values of folders count as absent, as the XDG
/// base directory specification demands.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `PATH`: where programs are looked for first.
    pub path: Option<OsString>,
    /// `PG_CONFIG`: a `pg_config` whose folder of programs is asked for.
    pub pg_config: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub xdg_data_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub xdg_runtime_dir: Option<PathBuf>,
}

impl Environment {
    /// Reads the variables through `lookup`, which is `std::env::var_os` outside of tests.
    pub fn read(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let folder = |name| lookup(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            path: lookup("PATH"),
            pg_config: folder("PG_CONFIG"),
            home: folder("HOME"),
            xdg_data_home: folder("XDG_DATA_HOME"),
            xdg_runtime_dir: folder("XDG_RUNTIME_DIR"),
        }
    }
}

/// Where `pintle dev` keeps its data unless told otherwise: `/var/lib/pintle` for root, whose home the server's
/// unprivileged user cannot enter; otherwise `pintle` in the user's data folder.
#[must_use]
pub fn default_data_dir(environment: &Environment) -> PathBuf {
    default_data_dir_of(environment, geteuid().is_root())
}

fn default_data_dir_of(environment: &Environment, is_root: bool) -> PathBuf {
    if is_root {
        return PathBuf::from("/var/lib/pintle");
    }
    if let Some(data_home) = &environment.xdg_data_home {
        return data_home.join("pintle");
    }
    let home = environment.home.clone();
    let home = home.or_else(|| User::from_uid(geteuid()).ok().flatten().map(|user| user.dir));
    home.unwrap_or_else(|| PathBuf::from("/")).join(".local/share/pintle")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn root_keeps_its_data_outside_its_home() {
        let environment = environment(&[("HOME", "/root"), ("XDG_DATA_HOME", "/root/data")]);
        assert_eq!(default_data_dir_of(&environment, true), PathBuf::from("/var/lib/pintle"));
    }

    #[test]
    fn a_user_keeps_data_in_the_data_home_and_else_under_the_home() {
        let both = environment(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data/ada")]);
        assert_eq!(default_data_dir_of(&both, false), PathBuf::from("/data/ada/pintle"));
        let home = environment(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "")]);
        assert_eq!(default_data_dir_of(&home, false), PathBuf::from("/home/ada/.local/share/pintle"));
    }

    #[test]
    fn a_relative_folder_counts_as_absent() {
        assert_eq!(environment(&[("XDG_RUNTIME_DIR", "run")]).xdg_runtime_dir, None);
    }
}
