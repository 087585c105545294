//! Secrets: how contents get sealed, what people see of them, and who gets the plaintext.

mod history;
mod redaction;
mod rotation;
mod sealing;

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::domain::access::{Action, Caller, DataKeyPurpose, Target};
use crate::domain::audit::{Event, Who};
use crate::domain::changes::Version;
use crate::domain::contents::Content;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::refusals;
use crate::domain::revisions::Revision;
use crate::domain::secrets::Marks;
use crate::domain::secrets::masking::{Masked, Original};
use crate::domain::state::State;
use crate::service::keyring::{KeyError, Keyring};
use crate::service::{Service, ServiceError};
use crate::store;

pub use redaction::Redacted;
pub use rotation::{KeyInUse, Resealer, Rotation};
pub(super) use sealing::{Checked, Marking, Sealer, resolve_marks};

/// Tries to seal what must be sealed at a head that moves.
pub(super) const TRIES: u32 = 3;

/// What a sealed version is, for people.
#[derive(Debug)]
pub struct Shown {
    /// What is hidden: what its marks say, and whatever was marked since.
    pub marks: Marks,
    /// The text with markers.
    pub text: String,
}

/// A sealed version, opened to be masked.
pub(super) struct Opened {
    pub(super) marks: Marks,
    pub(super) plaintext: Zeroizing<Vec<u8>>,
    pub(super) masked: Masked,
}

/// The masked text of a sealed version: what its marks hide, and whatever was marked since.
pub(super) fn mask(
    keyring: &Keyring,
    state: &State,
    address: &Address,
    version: &Version,
) -> Result<Option<Opened>, KeyError> {
    let Some(seal) = &version.seal else { return Ok(None) };
    let marks = match state.find_marks(address) {
        Some(since) => seal.marks.with(since),
        None => (*seal.marks).clone(),
    };
    let plaintext = keyring.open(address, &version.content)?;
    let tag = |path: &str, value: &[u8]| keyring.tag(address, path, value).unwrap_or_default();
    let masked = Original { format: version.format, marks: &marks, content: &plaintext }.mask(&tag);
    Ok(Some(Opened { marks, plaintext, masked }))
}

impl Service {
    /// What people see of a version; none when it is not sealed.
    pub fn show_masked(&self, address: &Address, version: &Version) -> Result<Option<Shown>, ServiceError> {
        if version.content.is_redacted() {
            return Ok(None);
        }
        let shown = mask(&self.keyring, &self.view.state(), address, version)?;
        Ok(shown.map(|Opened { marks, masked, .. }| Shown { marks, text: masked.text }))
    }

    /// The version with masked text for its content, for comparing; the same one when it is not sealed.
    pub fn masked_version(&self, address: &Address, version: &Version) -> Result<Version, ServiceError> {
        Ok(match self.show_masked(address, version)? {
            Some(shown) => {
                let content = Content::stored(version.content.hash(), shown.text.into());
                Version { content, ..version.clone() }
            }
            None => version.clone(),
        })
    }

    /// Gives out the plaintext of a version. The one way to it: the right is checked, and the audit knows, before.
    pub async fn reveal(
        &self,
        caller: &Caller,
        address: &Address,
        version: &Version,
        revision: Revision,
    ) -> Result<Version, ServiceError> {
        if version.content.is_redacted() {
            return Err(ServiceError::Redacted(format!("{address} at revision {revision}")));
        }
        if !version.is_sealed() {
            return Ok(version.clone());
        }
        self.may_reveal(caller, address)?;
        let plaintext = self.keyring.open(address, &version.content)?;
        let place = (&address.environment, &address.namespace);
        self.audit_reveal(caller, place, Some(&address.key), Some(revision)).await?;
        let content = Content::stored(version.content.hash(), bytes::Bytes::copy_from_slice(&plaintext));
        Ok(Version { content, ..version.clone() })
    }

    /// Checks that a caller may see what is sealed in an entry.
    pub fn may_reveal(&self, caller: &Caller, address: &Address) -> Result<(), ServiceError> {
        let Address { environment, namespace, key } = address;
        let target = Target::Entry(environment, namespace, key);
        let state = self.state()?;
        for action in [Action::Read, Action::Reveal] {
            refusals::require(&state.access, caller.holder(), action, target)?;
        }
        Ok(())
    }

    /// Notes that plaintext is given out, before it is: of a version of an entry, or, without a key, over a stream.
    pub async fn audit_reveal(
        &self,
        caller: &Caller,
        place: (&EnvironmentName, &NamespaceName),
        key: Option<&EntryKey>,
        revision: Option<Revision>,
    ) -> Result<(), ServiceError> {
        if let Some(since) = self.view.health().down_since {
            return Err(ServiceError::Unavailable(format!("the database does not answer since {since}")));
        }
        self.audit.record(&Who::of(caller), revealed(place, key, revision)).await
    }

    /// Notes that a stream gave out the plaintext of a change. That the stream was open was noted before.
    pub fn note_reveal(&self, caller: &Caller, address: &Address, revision: Revision) {
        let place = (&address.environment, &address.namespace);
        self.audit.note(&Who::of(caller), revealed(place, Some(&address.key), Some(revision)));
    }

    /// Makes the data keys without which contents of these namespaces cannot be sealed.
    pub(super) async fn ensure_keys(
        &self,
        caller: &Caller,
        places: &BTreeSet<(EnvironmentName, NamespaceName)>,
    ) -> Result<(), ServiceError> {
        self.keyring.master_id()?;
        for place in places {
            for purpose in self.keyring.missing_keys(&place.0, &place.1) {
                let place = (purpose == DataKeyPurpose::Seal).then(|| place.clone());
                let key = self.keyring.make_data_key(purpose, place)?;
                let mut session = self.store.acquire().await?;
                // Whether this one or that of another node: afterwards there is one.
                let added = store::add_data_key(&mut session, &Who::of(caller), &key, None).await;
                added.map_err(ServiceError::of_write)?;
                drop(session);
                self.pump.refresh().await?;
            }
        }
        Ok(())
    }
}

/// What the audit says of a reveal.
fn revealed(
    (environment, namespace): (&EnvironmentName, &NamespaceName),
    key: Option<&EntryKey>,
    revision: Option<Revision>,
) -> Event {
    let (action, target) = match key {
        Some(key) => ("reveal", format!("{environment}/{namespace}/{key}")),
        None => ("reveal_stream", format!("{environment}/{namespace}")),
    };
    let event = Event {
        environment: Some(environment.clone()),
        namespace: Some(namespace.clone()),
        ..Event::new(action, target)
    };
    match revision {
        Some(revision) => event.after(serde_json::json!({"revision": revision.0})),
        None => event,
    }
}
