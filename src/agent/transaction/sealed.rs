//! State files that show when they were changed: a line with the SHA-256 of the rest, then the rest as JSON.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::agent::transaction::files::{self, FileError};

/// The bytes of a value with their checksum.
pub(super) fn encode(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, FileError> {
    let json = serde_json::to_vec(value).map_err(|error| damaged(path, &error.to_string()))?;
    let mut bytes = format!("{}\n", hex::encode(Sha256::digest(&json))).into_bytes();
    bytes.extend(json);
    Ok(bytes)
}

/// Writes a value by one rename; durable when it returns.
pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    files::replace(path, &encode(path, value)?)
}

/// Reads a value, if the file is there.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::io("read", path)(error)),
    };
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged(path, "it has no checksum"))?;
    let (sum, json) = bytes.split_at(end);
    let json = json.get(1..).unwrap_or_default();
    if sum != hex::encode(Sha256::digest(json)).as_bytes() {
        return Err(damaged(path, "its checksum does not fit"));
    }
    serde_json::from_slice(json).map(Some).map_err(|error| damaged(path, &error.to_string()))
}

fn damaged(path: &Path, problem: &str) -> FileError {
    FileError::Damaged { path: path.to_owned(), problem: problem.to_owned() }
}
