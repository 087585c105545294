//! PostgreSQL's client programs, which load a dump.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::process::Command;

use super::Environment;
use super::binaries::{configured, shelved};

/// A dump, by what loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// SQL, for `psql`.
    Plain,
    /// Custom, directory or tar, for `pg_restore`.
    Archive,
}

/// Why a dump was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The dump cannot be read.
    #[error("cannot read {}: {cause}", dump.display())]
    Unreadable {
        /// The dump.
        dump: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The program is nowhere.
    #[error(
        "{program} is not on this machine: install PostgreSQL's client programs, with `apt-get install postgresql-client` \
         on Debian and Ubuntu, or name their folder with --postgres-bin"
    )]
    NoProgram {
        /// What was looked for.
        program: &'static str,
    },
    /// The program could not be started.
    #[error("cannot run {}: {cause}", program.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The program failed, and said why.
    #[error("{} failed ({status}); the database is as it was before", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
}

/// Loads a dump into an empty database, all of it or nothing. What the program complains of goes to standard error.
///
/// `database` is a URL without its password, which `password` gives, so that no other user of the machine sees it.
pub async fn load_dump(
    dump: &Path,
    database: &str,
    password: Option<&str>,
    binaries: Option<&Path>,
    environment: &Environment,
) -> Result<(), LoadError> {
    let unreadable = |cause| LoadError::Unreadable { dump: dump.to_owned(), cause };
    let (name, arguments): (_, &[&str]) = match kind(dump).map_err(unreadable)? {
        Kind::Plain => ("psql", &["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--file"]),
        Kind::Archive => ("pg_restore", &["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]),
    };
    let program = find(name, binaries, environment).ok_or(LoadError::NoProgram { program: name })?;
    let mut command = Command::new(&program);
    command.args(arguments).arg(dump).arg("--dbname").arg(database);
    command.env("PGTARGETSESSIONATTRS", "read-write").stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    match command.status().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(LoadError::Failed { program, status }),
        Err(cause) => Err(LoadError::NotStarted { program, cause }),
    }
}

/// An archive begins with `PGDMP`, or is a folder or tar file whose first file is the table of contents.
fn kind(dump: &Path) -> io::Result<Kind> {
    use std::io::Read as _;
    if dump.is_dir() {
        return Ok(Kind::Archive);
    }
    let mut start = Vec::new();
    std::fs::File::open(dump)?.take(8).read_to_end(&mut start)?;
    let archive = start.starts_with(b"PGDMP") || start.starts_with(b"toc.dat\0");
    Ok(if archive { Kind::Archive } else { Kind::Plain })
}

/// The program in the folder named; else on `PATH`; else of the newest version on the machine.
fn find(program: &str, binaries: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    if let Some(folder) = binaries {
        return Some(folder.join(program)).filter(|path| path.is_file());
    }
    let on_path: Vec<PathBuf> = environment.path.iter().flat_map(std::env::split_paths).collect();
    let mut others = [shelved(), configured(environment, &on_path)].concat();
    others.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    on_path.into_iter().chain(others).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The version that a folder such as `/usr/lib/postgresql/16/bin` is named after.
fn version(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let digits = name.unwrap_or_default();
    digits.trim_start_matches(|character: char| !character.is_ascii_digit()).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_told_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let is = |bytes: &[u8]| {
            let dump = folder.path().join("dump");
            std::fs::write(&dump, bytes).unwrap();
            kind(&dump).unwrap()
        };
        assert_eq!(is(b"PGDMP\x01\x0f\0more"), Kind::Archive);
        assert_eq!(is(b"toc.dat\0\0\0"), Kind::Archive);
        assert_eq!(is(b"--\n-- PostgreSQL database dump"), Kind::Plain);
        assert_eq!(is(b""), Kind::Plain);
        assert_eq!(kind(folder.path()).unwrap(), Kind::Archive);
        assert!(kind(&folder.path().join("none")).is_err());
    }

    #[test]
    fn the_newest_version_is_first() {
        let mut folders =
            ["/usr/lib/postgresql/9/bin", "/usr/pgsql-16/bin", "/usr/lib/postgresql/14/bin"].map(Path::new);
        folders.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
        assert_eq!(folders.map(version), [16, 14, 9]);
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let dump = folder.path().join("dump");
        std::fs::write(&dump, "SELECT 1;").unwrap();
        let error = load_dump(&dump, "postgres://x", None, Some(folder.path()), &Environment::default()).await;
        assert!(error.unwrap_err().to_string().starts_with("psql is not on this machine"));
    }
}
