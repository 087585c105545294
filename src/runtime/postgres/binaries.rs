//! Finding Postgres's server programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::StartError;
use super::user::ServerUser;
use super::{Environment, OLDEST_MAJOR, Options};

/// Folders with one folder of programs per version, as `parent`, `prefix of the version's folder`, `its programs`.
const SHELVES: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/local", "pgsql", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
];

/// One installed Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    folder: PathBuf,
    major: u32,
    /// As the program says it: `15.18`.
    pub(super) version: String,
}

impl Installation {
    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// Asks the programs of a folder for their version, as the user who would run them.
    fn ask(folder: &Path, user: &ServerUser) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let answer = user.command(&folder.join("postgres")).into_std().arg("--version").output().ok()?;
        let answer = String::from_utf8(answer.stdout).ok()?;
        let (major, version) = parse_version(&answer)?;
        Some(Self { folder: folder.to_owned(), major, version: version.to_owned() })
    }
}

/// Reads `postgres (Postgres) 15.18 (Debian …)` and `… 18beta1` as the major version and the version.
fn parse_version(answer: &str) -> Option<(u32, &str)> {
    let version = answer.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
    let digits = version.find(|character: char| !character.is_ascii_digit()).unwrap_or(version.len());
    Some((version.get(..digits)?.parse().ok()?, version))
}

/// The programs to use: those of the folder named in the options; else the first on `PATH`, else of the newest
/// version. With `major`, the version of a cluster that exists, only programs of that version count.
pub(super) fn find(options: &Options, user: &ServerUser, major: Option<u32>) -> Result<Installation, StartError> {
    let found = if let Some(folder) = &options.binaries {
        let named = Installation::ask(folder, user);
        vec![named.ok_or_else(|| StartError::NotPrograms { folder: folder.clone(), user: user.name().to_owned() })?]
    } else {
        installed(&options.environment, user)
    };
    choose(&found, major, &options.data_dir)
}

fn choose(found: &[Installation], major: Option<u32>, data_dir: &Path) -> Result<Installation, StartError> {
    if found.is_empty() {
        return Err(StartError::NoPrograms);
    }
    let versions = || found.iter().map(|one| one.version.as_str()).collect::<Vec<_>>().join(", ");
    let fits = |one: &&Installation| one.major >= OLDEST_MAJOR && major.is_none_or(|major| one.major == major);
    if let Some(fitting) = found.iter().find(fits) {
        return Ok(fitting.clone());
    }
    Err(match major {
        Some(made_by) => StartError::OtherMajor { folder: data_dir.to_owned(), made_by, installed: versions() },
        None => StartError::TooOld { found: versions() },
    })
}

/// Every installed Postgres: those on `PATH` in its order, then the others, the newest first.
fn installed(environment: &Environment, user: &ServerUser) -> Vec<Installation> {
    let on_path = environment.path.iter().flat_map(std::env::split_paths);
    let on_path: Vec<PathBuf> = on_path.filter(|folder| folder.is_absolute()).collect();
    let mut found: Vec<Installation> = Vec::new();
    let mut add = |folders: &[PathBuf], newest_first: bool| {
        let mut more: Vec<Installation> = folders.iter().filter_map(|folder| Installation::ask(folder, user)).collect();
        if newest_first {
            more.sort_by_key(|one| std::cmp::Reverse(one.major));
        }
        for one in more {
            // The same program under another name, such as a link in /usr/local/bin.
            let real = one.postgres().canonicalize().ok();
            if !found.iter().any(|known| known.postgres().canonicalize().ok() == real) {
                found.push(one);
            }
        }
    };
    add(&on_path, false);
    let others = [shelved(), configured(environment, &on_path)].concat();
    add(&others, true);
    found
}

/// The folders of programs that `pg_config` names: the one of `PG_CONFIG`, else each on `PATH`.
pub(super) fn configured(environment: &Environment, on_path: &[PathBuf]) -> Vec<PathBuf> {
    let programs: Vec<PathBuf> = match &environment.pg_config {
        Some(named) => vec![named.clone()],
        None => on_path.iter().map(|folder| folder.join("pg_config")).filter(|program| program.is_file()).collect(),
    };
    let ask = |program: PathBuf| {
        let answer = Command::new(program).arg("--bindir").output().ok()?;
        Some(PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim_end()))
    };
    programs.into_iter().filter_map(ask).filter(|folder| folder.is_absolute()).collect()
}

/// The folders of programs in the places of packages.
pub(super) fn shelved() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (parent, prefix, programs) in SHELVES {
        let Ok(shelf) = std::fs::read_dir(parent) else { continue };
        let versions = shelf.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        folders.extend(versions.map(|entry| entry.path().join(programs)));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation(major: u32) -> Installation {
        Installation { folder: PathBuf::from(format!("/pg/{major}")), major, version: format!("{major}.1") }
    }

    fn chosen(majors: &[u32], major: Option<u32>) -> Result<u32, String> {
        let found: Vec<Installation> = majors.iter().copied().map(installation).collect();
        choose(&found, major, Path::new("/data")).map(|one| one.major).map_err(|error| error.to_string())
    }

    #[test]
    fn versions_of_releases_and_betas_are_understood() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some((15, "15.18")));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some((18, "18beta1")));
        assert_eq!(parse_version("postgres (PostgreSQL) 9.6.24\n"), Some((9, "9.6.24")));
        assert_eq!(parse_version("sh: not found"), None);
    }

    #[test]
    fn a_new_cluster_takes_the_first_that_is_new_enough() {
        assert_eq!(chosen(&[13, 16, 18], None), Ok(16));
    }

    #[test]
    fn an_existing_cluster_takes_its_own_version() {
        assert_eq!(chosen(&[18, 16, 14], Some(14)), Ok(14));
    }

    #[test]
    fn versions_that_do_not_fit_are_named() {
        let says = |refused: Result<u32, String>, part: &str| refused.is_err_and(|error| error.contains(part));
        assert!(says(chosen(&[12, 13], None), "only PostgreSQL 12.1, 13.1 is on this machine"));
        assert!(says(chosen(&[16], Some(14)), "made by PostgreSQL 14, and installed is 16.1"));
        assert!(says(chosen(&[], None), "apt-get install postgresql"));
    }
}
