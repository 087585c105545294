//! The files of a block, checked.

use std::path::{Component, Path, PathBuf};

use serde_saphyr::{Location, Spanned};

use super::checks::Faults;
use super::fields::{FileFields, Undefined};
use super::{FileSettings, FileSource, accounts};
use crate::agent::templates::Template;
use crate::domain::names::EntryKey;

/// The permission bits of a file that says nothing.
const MODE: u32 = 0o644;
/// The bits that a file keeps which holds something of a sealed entry, unless its settings say otherwise.
const SECRET: u32 = 0o600;

/// Checks a file; none when a fault was told. `at` is its field, `folder` that of the block, `home` that of `agent.yaml`.
pub(super) fn check(
    file: Spanned<FileFields>,
    at: &str,
    folder: Option<&Path>,
    home: &Path,
    faults: &mut Faults,
) -> Option<FileSettings> {
    let place = file.referenced;
    let fields = file.value;
    let before = faults.count();
    let path = path(&fields.path, at, folder, faults);
    let mode = fields.mode.as_ref().map_or(Some(MODE), |text| mode(text, 0o7777, &format!("{at}.mode"), faults));
    let secret_mode = match &fields.secret_mode {
        Some(text) => self::mode(text, 0o7777, &format!("{at}.secret_mode"), faults),
        None => mode.map(|mode| mode & SECRET),
    };
    if let Some(owner) = &fields.owner {
        faults.check(owner.referenced, &format!("{at}.owner"), accounts::user(&owner.value));
    }
    if let Some(group) = &fields.group {
        faults.check(group.referenced, &format!("{at}.group"), accounts::group(&group.value));
    }
    let source = source(&fields, place, at, home, faults);
    if faults.count() > before {
        return None;
    }
    Some(FileSettings {
        path,
        source: source?,
        mode: mode?,
        secret_mode: secret_mode?,
        owner: fields.owner.map(|owner| owner.value),
        group: fields.group.map(|group| group.value),
        allow_empty: fields.allow_empty,
    })
}

fn path(written: &Spanned<PathBuf>, at: &str, folder: Option<&Path>, faults: &mut Faults) -> PathBuf {
    let path = written.value.clone();
    let field = format!("{at}.path");
    let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::RootDir));
    if !plain || path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        faults.add(
            written.referenced,
            &field,
            format!("must name a file, without `.` and `..`, not `{}`", path.display()),
        );
    } else if folder.is_some() && path.is_absolute() {
        faults.add(written.referenced, &field, "must be relative to the `folder` of the service");
    } else if folder.is_none() && path.is_relative() {
        faults.add(
            written.referenced,
            &field,
            "must be absolute, or the service needs a `folder` that it is relative to",
        );
    }
    path
}

/// Permission bits, at most these.
pub(super) fn mode(text: &Spanned<String>, most: u32, field: &str, faults: &mut Faults) -> Option<u32> {
    let mode = u32::from_str_radix(&text.value, 8).ok().filter(|mode| *mode <= most && text.value.len() >= 3);
    if mode.is_none() {
        let message =
            format!("must be 3 or 4 octal digits in quotes, at most \"{most:04o}\", as \"0644\", not `{}`", text.value);
        faults.add(text.referenced, field, message);
    }
    mode
}

fn source(fields: &FileFields, place: Location, at: &str, home: &Path, faults: &mut Faults) -> Option<FileSource> {
    let strict = fields.undefined != Some(Undefined::Allow);
    match (&fields.key, &fields.template, &fields.template_text) {
        (Some(key), None, None) => {
            if fields.undefined.is_some() {
                faults.add(place, &format!("{at}.undefined"), "goes with a template only");
            }
            let parsed = EntryKey::parse(&key.value);
            let key = faults.check(key.referenced, &format!("{at}.key"), parsed)?;
            let (merge, on_missing) = (fields.merge.unwrap_or_default(), fields.on_missing.unwrap_or_default());
            Some(FileSource::Entry { key, merge, on_missing })
        }
        (None, Some(file), None) => {
            refuse_entry_fields(fields, place, at, faults);
            let path = home.join(&file.value);
            let field = format!("{at}.template");
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()));
            let text = faults.check(file.referenced, &field, text)?;
            let template = Template::compile(&path.display().to_string(), &text, strict);
            faults.check(file.referenced, &field, template).map(FileSource::Template)
        }
        (None, None, Some(text)) => {
            refuse_entry_fields(fields, place, at, faults);
            let template = Template::compile(&fields.path.value.display().to_string(), &text.value, strict);
            faults.check(text.referenced, &format!("{at}.template_text"), template).map(FileSource::Template)
        }
        (None, None, None) | (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (None, Some(_), Some(_)) => {
            faults.add(place, at, "needs exactly one of `key`, `template` and `template_text`");
            None
        }
    }
}

fn refuse_entry_fields(fields: &FileFields, place: Location, at: &str, faults: &mut Faults) {
    if fields.merge.is_some() {
        faults.add(place, &format!("{at}.merge"), "goes with `key` only");
    }
    if fields.on_missing.is_some() {
        faults.add(place, &format!("{at}.on_missing"), "goes with `key` only: a template keeps its last rendering");
    }
}
