//! What becomes of the contents of a publish: which marks they get, what their markers stand for, and their seals.

use std::sync::Arc;

use bytes::Bytes;

use crate::domain::access::{Action, Caller, Target};
use crate::domain::changes::{Seal, Version};
use crate::domain::contents::{Content, ContentHash};
use crate::domain::formats::{self, Format, SyntaxError, Warning};
use crate::domain::names::Address;
use crate::domain::refusals;
use crate::domain::secrets::masking::{self, Original};
use crate::domain::secrets::{Marks, RequestedMarks};
use crate::domain::state::{Entry, State};
use crate::service::keyring::Keyring;
use crate::service::secrets::{Opened, mask};
use crate::service::{Field, ServiceError};

/// The marks that a content gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) struct Marking {
    pub(in crate::service) marks: Arc<Marks>,
    /// Whether the caller chose them.
    pub(in crate::service) chosen: bool,
    /// Whether the entry never had any.
    pub(in crate::service) first: bool,
}

/// Which marks a change means. Without a word about them those that are there stay.
pub(in crate::service) fn resolve_marks(
    state: &State,
    caller: &Caller,
    (address, format): (&Address, Format),
    requested: Option<&RequestedMarks>,
    field: &str,
) -> Result<Option<Marking>, ServiceError> {
    let hidden = state.must_hide(address);
    let stays =
        |name: &str, problem: String| ServiceError::SealedStays(vec![Field::new(format!("{field}{name}"), problem)]);
    let invalid = |problem: String| ServiceError::Invalid(vec![Field::new(format!("{field}secret_paths"), problem)]);
    let (marks, chosen) = match (requested, &hidden) {
        (None | Some(RequestedMarks::Secret(false)), None) => return Ok(None),
        (None, Some(hidden)) => (Arc::clone(hidden), false),
        (Some(RequestedMarks::Secret(false)), Some(hidden)) => {
            let problem = format!("must not be false: {address} was marked ({hidden}), and stays sealed");
            return Err(stays("secret", problem));
        }
        (Some(RequestedMarks::Secret(true)), _) => (Arc::new(Marks::Whole), true),
        (Some(RequestedMarks::Paths(paths)), _) => {
            let marks = Marks::paths(paths.iter().cloned()).map_err(|error| invalid(error.to_string()))?;
            (Arc::new(marks), true)
        }
    };
    marks.fit(format).map_err(|error| invalid(format!("of {address}: {error}")))?;
    if hidden.as_ref().is_some_and(|hidden| !marks.cover(hidden)) {
        let Address { environment, namespace, key } = address;
        if state.find_namespace(environment, namespace).is_some_and(|found| found.attributes.marks(key)) {
            return Err(stays("secret_paths", format!("must be absent: the namespace marks {key} as a whole")));
        }
        // Whoever may see what is hidden may also say that it is hidden no more.
        refusals::require(&state.access, caller.holder(), Action::Reveal, Target::Entry(environment, namespace, key))?;
    }
    Ok(Some(Marking { marks, chosen, first: state.find_marks(address).is_none() }))
}

/// Seals contents, at one state.
pub(in crate::service) struct Sealer<'a> {
    pub(in crate::service) keyring: &'a Keyring,
    pub(in crate::service) state: &'a State,
    /// Judge only: keys that are missing are not made.
    pub(in crate::service) dry_run: bool,
}

/// A content that was checked.
pub(in crate::service) struct Checked {
    pub(in crate::service) version: Version,
    pub(in crate::service) warnings: Vec<Warning>,
    /// Whether markers kept values of the entry as it is now, so that it must still be so.
    pub(in crate::service) kept: bool,
}

impl Sealer<'_> {
    /// Checks the content of a change, puts values in the places of its markers, and seals it if it is marked.
    pub(in crate::service) fn check(
        &self,
        address: &Address,
        format: Format,
        bytes: &Bytes,
        marking: Option<&Marking>,
        field: &str,
    ) -> Result<Checked, ServiceError> {
        let current = self.state.find_entry(address).filter(|entry| entry.version.is_sealed());
        let Some(marking) = marking else {
            if let Some(line) = masking::find_marker(bytes) {
                return Err(invalid_marker(address, field, line, "the marker keeps no value: the entry is not sealed"));
            }
            let warnings = check_syntax(address, format, bytes, field, false)?;
            let version = Version::open(format, Content::new(bytes.clone()));
            return Ok(Checked { version, warnings, kept: false });
        };
        let restored = match masking::find_marker(bytes) {
            Some(line) => Some(self.restore(address, format, bytes, (field, line), current)?),
            None => None,
        };
        let plaintext = restored.as_deref().unwrap_or(bytes);
        let mut warnings = check_syntax(address, format, plaintext, field, true)?;
        let original = Original { format, marks: &marking.marks, content: plaintext };
        warnings.extend(original.missing().into_iter().map(|path| Warning {
            code: "nothing_secret".to_owned(),
            line: 1,
            column: 1,
            message: format!("there is nothing at {path}, which is marked as secret"),
        }));
        let content = self.seal(address, plaintext, current)?;
        let seal = Some(Seal { marks: Arc::clone(&marking.marks) });
        Ok(Checked { version: Version { format, content, seal }, warnings, kept: restored.is_some() })
    }

    fn restore(
        &self,
        address: &Address,
        format: Format,
        bytes: &Bytes,
        (field, line): (&str, u32),
        current: Option<&Entry>,
    ) -> Result<Vec<u8>, ServiceError> {
        let nothing = || invalid_marker(address, field, line, "the marker keeps no value: the entry has none now");
        let version = &current.ok_or_else(nothing)?.version;
        let opened = mask(self.keyring, self.state, address, version)?.ok_or_else(nothing)?;
        let Opened { marks, plaintext, masked } = opened;
        let original = Original { format: version.format, marks: &marks, content: &plaintext };
        let restored = original.restore(&masked, format, bytes);
        // Of an edited text that does not parse, that is to be told first.
        if restored.is_err() {
            check_syntax(address, format, bytes, field, true)?;
        }
        let restored = restored.map_err(|error| invalid_marker(address, field, error.line, &error.problem))?;
        restored.ok_or_else(nothing)
    }

    /// Seals bytes; those that the entry has already, stay as they are.
    fn seal(&self, address: &Address, plaintext: &[u8], current: Option<&Entry>) -> Result<Content, ServiceError> {
        let missing = !self.keyring.missing_keys(&address.environment, &address.namespace).is_empty();
        if self.dry_run && missing {
            self.keyring.master_id()?;
            // Judged and thrown away; it must equal nothing that is there.
            return Ok(Content::stored(ContentHash([0; 32]), Bytes::copy_from_slice(plaintext)));
        }
        let hash = self.keyring.hash(address, plaintext)?;
        if let Some(entry) = current.filter(|entry| entry.version.content.hash() == hash) {
            return Ok(entry.version.content.clone());
        }
        Ok(self.keyring.seal(address, plaintext)?)
    }

    /// Seals a version that was not.
    pub(in crate::service) fn seal_version(
        &self,
        address: &Address,
        version: &Version,
        marks: &Arc<Marks>,
    ) -> Result<Version, ServiceError> {
        if version.is_sealed() || version.content.is_redacted() {
            return Ok(version.hiding(marks));
        }
        let content = self.seal(address, version.content.bytes(), None)?;
        Ok(Version { content, seal: Some(Seal { marks: Arc::clone(marks) }), format: version.format })
    }
}

fn invalid_marker(address: &Address, field: &str, line: u32, problem: &str) -> ServiceError {
    let problem = format!("{address}: {problem}");
    ServiceError::InvalidMarker(vec![Field { name: field.to_owned(), problem, place: Some((line, 1)) }])
}

/// What a secret content is not told with: its own words.
fn check_syntax(
    address: &Address,
    format: Format,
    bytes: &[u8],
    field: &str,
    secret: bool,
) -> Result<Vec<Warning>, ServiceError> {
    let refuse = |SyntaxError { line, column, message }| {
        let told = if secret { String::new() } else { format!(": {message}") };
        let problem = format!("{address}: not valid {format}{told}");
        ServiceError::InvalidContent(vec![Field { name: field.to_owned(), problem, place: Some((line, column)) }])
    };
    let mut warnings = formats::check(format, bytes).map_err(refuse)?;
    if secret {
        for warning in &mut warnings {
            warning.message = warning.code.replace('_', " ");
        }
    }
    Ok(warnings)
}
