//! The server's log: two files of bounded size.
//!
//! The server writes to the file itself, not through a pipe of ours, as it may outlive us.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::StartError;

/// The size at which the log is put aside, in bytes.
const LIMIT: u64 = 16 * 1024 * 1024;

/// How much of the end an error shows.
const TAIL_BYTES: u64 = 4096;
const TAIL_LINES: usize = 15;

/// `postgresql.log` and, for what came before, `postgresql.log.1`.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    before: PathBuf,
}

impl Log {
    pub(super) fn open_in(folder: &Path) -> Result<Self, StartError> {
        let log = Self { path: folder.join("postgresql.log"), before: folder.join("postgresql.log.1") };
        log.append()?;
        Ok(log)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file to write to. Every write goes to its end, also after [`trim`](Self::trim) has emptied it.
    pub(super) fn append(&self) -> Result<File, StartError> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path);
        file.map_err(|source| StartError::io("open", &self.path, source))
    }

    /// Puts aside what is there; for when no server writes.
    pub(super) fn rotate(&self) -> Result<(), StartError> {
        std::fs::rename(&self.path, &self.before).map_err(|source| StartError::io("rename", &self.path, source))
    }

    /// Puts aside what is there once it is too long, while the server goes on writing to the same file. What it writes
    /// between the copying and the emptying is lost; nobody depends on it.
    pub(super) fn trim(&self) {
        let too_long = self.path.metadata().is_ok_and(|file| file.len() > LIMIT);
        if !too_long {
            return;
        }
        let trimmed = std::fs::copy(&self.path, &self.before).and_then(|_| self.empty());
        if let Err(error) = trimmed {
            tracing::warn!(path = %self.path.display(), %error, "PostgreSQL's log cannot be shortened");
        }
    }

    fn empty(&self) -> std::io::Result<()> {
        OpenOptions::new().write(true).open(&self.path)?.set_len(0)
    }

    /// The last lines, for an error.
    pub(super) fn tail(&self) -> String {
        let text = self.end().unwrap_or_else(|error| error.to_string());
        let lines: Vec<&str> = text.lines().collect();
        let skip = lines.len().saturating_sub(TAIL_LINES);
        lines.into_iter().skip(skip).collect::<Vec<_>>().join("\n")
    }

    fn end(&self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(String::from_utf8_lossy(&end).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_log_that_has_grown_too_long_is_put_aside_under_the_writer() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let log = Log::open_in(folder.path())?;
        let mut writer = log.append()?;
        writer.set_len(LIMIT)?;
        writer.write_all(b"before\n")?;
        log.trim();
        writer.write_all(b"after\n")?;
        assert_eq!(log.tail(), "after");
        assert_eq!(log.before.metadata()?.len(), LIMIT + 7);
        Ok(())
    }

    #[test]
    fn the_tail_is_the_last_lines() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let log = Log::open_in(folder.path())?;
        for line in 0..40 {
            writeln!(log.append()?, "line {line}")?;
        }
        assert_eq!(log.tail().lines().count(), TAIL_LINES);
        assert!(log.tail().ends_with("line 38\nline 39"));
        Ok(())
    }
}
