//! A mirror on disk: one file that is whole and true, or refused.
//!
//! The first line is `pintle-mirror 1 ` and the SHA-256 of everything after it. The second is JSON: what is held, but for the
//! contents, which follow as they are, in the same order.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::client::watch::Subscription;
use crate::client::watch::events::Secrecy;
use crate::client::watch::mirror::{Held, Mirror};
use crate::domain::contents::ContentHash;
use crate::domain::formats::Format;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Cursor;

/// What the file begins with.
const NAME: &str = "pintle-mirror";
/// The version of its layout.
const VERSION: u32 = 1;
/// The longest first line: name, version and hash.
const LINE_BYTES: usize = 128;

/// Why a mirror could not be read or written. The file of a refused mirror stays as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The disk says no.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is not what was written: cut off, changed, or no mirror at all.
    #[error("{path} is damaged: {problem}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// Another release wrote it.
    #[error("{path} has the layout {found:?}, this release reads {VERSION}", path = path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// The version it names.
        found: String,
    },
    /// It mirrors something else, such as other namespaces.
    #[error("{path} is of {found}, not of {expected}", path = path.display())]
    OtherSubscription {
        /// The file.
        path: PathBuf,
        /// What it mirrors.
        found: Box<Subscription>,
        /// What it should mirror.
        expected: Box<Subscription>,
    },
}

#[derive(Serialize, Deserialize)]
struct Header {
    environment: EnvironmentName,
    namespaces: Vec<NamespaceName>,
    instance: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reveal: bool,
    cursor: Option<String>,
    entries: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    namespace: NamespaceName,
    key: EntryKey,
    format: Format,
    /// Of a sealed entry; the hash of any other is that of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<(Secrecy, String)>,
    bytes: usize,
    revision: u64,
    actor: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl Mirror {
    /// Writes it, readable by the owner alone, in place of what the file has. A crash leaves the old file or the new one.
    ///
    /// # Errors
    /// [`MirrorError::Io`]; the old file is still there then.
    pub fn save(&self, path: &Path) -> Result<(), MirrorError> {
        let failed = |error| MirrorError::Io { path: path.to_owned(), error };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let temporary = path.with_file_name(name);
        let written = self.write(&temporary).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&temporary);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        written.and_then(|()| File::open(folder)?.sync_all()).map_err(failed)
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        // What a process left that was killed.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let header = serde_json::to_string(&self.header())? + "\n";
        let mut hash = Sha256::new_with_prefix(&header);
        for held in self.entries.values() {
            hash.update(&held.bytes);
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut file = BufWriter::new(file);
        writeln!(file, "{NAME} {VERSION} {}", hex::encode(hash.finalize()))?;
        file.write_all(header.as_bytes())?;
        for held in self.entries.values() {
            file.write_all(&held.bytes)?;
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }

    /// Reads the mirror of a subscription; none when there is no file.
    ///
    /// # Errors
    /// [`MirrorError`]; nothing of a file that is not whole, or of something else, is used.
    pub fn load(path: &Path, subscription: &Subscription) -> Result<Option<Self>, MirrorError> {
        let mut bytes = Vec::new();
        match File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(MirrorError::Io { path: path.to_owned(), error }),
        }
        let mirror = Self::read(path, &bytes.into())?;
        if !mirror.subscription.is_same(subscription) {
            let (found, expected) = (Box::new(mirror.subscription), Box::new(subscription.clone()));
            return Err(MirrorError::OtherSubscription { path: path.to_owned(), found, expected });
        }
        Ok(Some(Self { subscription: subscription.clone(), ..mirror }))
    }

    fn read(path: &Path, bytes: &Bytes) -> Result<Self, MirrorError> {
        let damaged = |problem: &str| MirrorError::Damaged { path: path.to_owned(), problem: problem.to_owned() };
        if bytes.is_empty() {
            return Err(damaged("it is empty"));
        }
        let (first, rest) =
            line(bytes).filter(|(line, _)| line.len() <= LINE_BYTES).ok_or_else(|| damaged("it has no first line"))?;
        let words = first.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(' ')?.split_once(' '));
        let (version, hash) = words.ok_or_else(|| damaged("it does not begin like a mirror"))?;
        if version != VERSION.to_string() {
            return Err(MirrorError::OtherVersion { path: path.to_owned(), found: version.to_owned() });
        }
        let actual = ContentHash::of(&rest).to_string();
        if actual != hash {
            return Err(damaged(&format!("its SHA-256 is {actual}, it says {hash}")));
        }
        // What follows is as it was written, so only another program can have made it wrong.
        let (header, contents) = line(&rest).ok_or_else(|| damaged("it has no second line"))?;
        let header: Header = serde_json::from_str(header).map_err(|error| damaged(&error.to_string()))?;
        header.mirror(contents).ok_or_else(|| damaged("its parts do not fit"))
    }

    fn header(&self) -> Header {
        let line = |((namespace, key), held): (&(NamespaceName, EntryKey), &Held)| Line {
            namespace: namespace.clone(),
            key: key.clone(),
            format: held.format,
            sealed: held.secrecy.is_sealed().then(|| (held.secrecy, held.hash.to_string())),
            bytes: held.bytes.len(),
            revision: held.revision,
            actor: held.actor.clone(),
            at: held.at,
        };
        Header {
            environment: self.subscription.environment.clone(),
            namespaces: self.subscription.namespaces.clone(),
            instance: self.subscription.instance.clone(),
            reveal: self.subscription.reveal,
            cursor: self.cursor.map(|cursor| cursor.to_string()),
            entries: self.entries.iter().map(line).collect(),
        }
    }
}

impl Header {
    fn mirror(self, mut contents: Bytes) -> Option<Mirror> {
        let Self { environment, namespaces, instance, reveal, cursor, entries } = self;
        let cursor = match cursor {
            Some(text) => Some(text.parse::<Cursor>().ok()?),
            None => None,
        };
        let mut mirror = Mirror::new(Subscription { environment, namespaces, instance, reveal });
        mirror.cursor = cursor;
        for Line { namespace, key, format, sealed, bytes, revision, actor, at } in entries {
            if bytes > contents.len() {
                return None;
            }
            let bytes = contents.split_to(bytes);
            let (secrecy, hash) = match sealed {
                Some((secrecy, text)) => {
                    let mut hash = [0; 32];
                    hex::decode_to_slice(text, &mut hash).ok()?;
                    (secrecy, ContentHash(hash))
                }
                None => (Secrecy::Open, ContentHash::of(&bytes)),
            };
            let held = Held { format, hash, bytes, secrecy, revision, actor, at };
            mirror.entries.insert((namespace, key), held);
        }
        contents.is_empty().then_some(mirror)
    }
}

/// The first line, without its end, and what follows.
fn line(bytes: &Bytes) -> Option<(&str, Bytes)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
    Some((text, bytes.slice(end + 1..)))
}
