//! Redaction: the bytes of one version go for ever, its hash and its place in the history stay.

use crate::domain::access::{Action, Caller, Target};
use crate::domain::audit::Who;
use crate::domain::contents::ContentHash;
use crate::domain::names::Address;
use crate::domain::revisions::Revision;
use crate::service::permit::{self, Manage, Permit};
use crate::service::{Field, Service, ServiceError, load};
use crate::store::{self, Part, RedactOutcome, Redaction};

/// Entries that a refusal names.
const NAMED: usize = 20;

/// A version that was redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The revision that brought it.
    pub revision: Revision,
    /// What it stays known by.
    pub hash: ContentHash,
}

impl Service {
    /// Checks that a caller may redact versions of an entry.
    pub fn may_redact(&self, caller: &Caller, address: &Address) -> Result<Permit<Manage>, ServiceError> {
        let Address { environment, namespace, key } = address;
        permit::require(&self.state()?.access, caller, Target::Entry(environment, namespace, key))
    }

    /// Removes the bytes of the version that an entry had right after a revision. Other entries with the same bytes are the
    /// same content: they go with it only if that is said, and if the caller may redact them, too.
    pub async fn redact(
        &self,
        permit: &Permit<Manage>,
        address: &Address,
        at: Revision,
        reason: &str,
        everywhere: bool,
    ) -> Result<Redacted, ServiceError> {
        let (limit, this) = (self.limits.message_bytes, reason.len());
        if reason.trim().is_empty() || this > limit || reason.contains('\0') {
            let problem = format!("must have 1 to {limit} bytes and no NUL, this has {this}");
            return Err(ServiceError::Invalid(vec![Field::new("reason", problem)]));
        }
        self.pump.refresh().await?;
        let state = self.view.state();
        if at > state.head {
            let problem = format!("revision {at} does not exist yet, the head is {}", state.head);
            return Err(ServiceError::Invalid(vec![Field::new("revision", problem)]));
        }
        let mut session = self.store.acquire().await?;
        let keys = [address.key.as_str().to_owned()];
        let then = load(&mut session, at, Part::of(address, &keys)).await?;
        let entry = then.find_entry(address);
        let entry = entry.ok_or_else(|| ServiceError::NotFound(format!("{address} at revision {at}")))?;
        let (revision, hash) = (entry.stamp.revision, entry.version.content.hash());
        if everywhere {
            for other in store::find_sharing(&mut session, hash).await? {
                self.may_redact(permit.caller(), &other)?;
            }
        }
        let redaction =
            Redaction { address: address.clone(), revision, hash: hash.to_string(), reason: reason.to_owned() };
        let outcome = store::redact(&mut session, &Who::of(permit.caller()), &redaction, everywhere).await;
        match outcome.map_err(ServiceError::of_write)? {
            RedactOutcome::Redacted => {}
            RedactOutcome::Current => {
                let problem =
                    format!("{address} or an entry with the same bytes is this now: publish another content first");
                return Err(ServiceError::Invalid(vec![Field::new("revision", problem)]));
            }
            RedactOutcome::Shared => {
                let sharing = store::find_sharing(&mut session, hash).await?;
                return Err(self.shared(permit.caller(), address, &sharing));
            }
            RedactOutcome::Foreign => return Err(ServiceError::Unavailable("another history begins".to_owned())),
        }
        drop(session);
        self.pump.refresh().await?;
        Ok(Redacted { revision, hash })
    }

    /// Says which other entries have the same bytes, as far as the caller may know.
    fn shared(&self, caller: &Caller, address: &Address, sharing: &[Address]) -> ServiceError {
        let state = self.view.state();
        let sees = |other: &&Address| {
            let Address { environment, namespace, key } = other;
            *other != address
                && state.access.allows(caller.holder(), Action::Read, Target::Entry(environment, namespace, key))
        };
        let named: Vec<String> = sharing.iter().filter(sees).take(NAMED).map(ToString::to_string).collect();
        let named = if named.is_empty() { "entries that you may not see".to_owned() } else { named.join(", ") };
        let problem = format!("must be true: the same bytes are, or were, also in {named}");
        ServiceError::Invalid(vec![Field::new("everywhere", problem)])
    }
}
