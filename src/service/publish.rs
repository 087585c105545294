//! Publishing: what needs only the content is done here, before the queue.

use std::collections::HashSet;

use bytes::Bytes;

use crate::domain::access::Target;
use crate::domain::changes::{EntryChange, Intent, Version};
use crate::domain::contents::Content;
use crate::domain::formats::{self, Format, Warning};
use crate::domain::names::Address;
use crate::domain::revisions::Revision;
use crate::domain::state::State;
use crate::service::committer::Committed;
use crate::service::permit::{self, Permit, Publish};
use crate::service::{Field, Service, ServiceError, WriteContext};

/// Content bytes above which the syntax check leaves the async threads.
const INLINE_CHECK: usize = 64 * 1024;

/// One change as it was asked for.
#[derive(Debug, Clone)]
pub struct RequestedChange {
    /// Which entry.
    pub address: Address,
    /// What to put, with the format if it was given; none deletes.
    pub put: Option<(Option<Format>, Bytes)>,
    /// The revision that was edited.
    pub if_revision: Option<Revision>,
    /// How the input names the content, such as `changes[2].content`.
    pub content_field: String,
}

/// A publish as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct PublishRequest {
    /// All of it or nothing.
    pub changes: Vec<RequestedChange>,
    /// Write over protected entries without a precondition.
    pub force: bool,
}

/// What a publish led to.
#[derive(Debug, Clone)]
pub struct Published {
    /// The revision and what changed.
    pub committed: Committed,
    /// Accepted, and probably not meant.
    pub warnings: Vec<(Address, Warning)>,
}

impl Service {
    /// Checks that a caller may publish to all of these entries.
    pub fn may_publish(
        &self,
        caller: &crate::domain::access::Caller,
        request: &PublishRequest,
    ) -> Result<Permit<Publish>, ServiceError> {
        let state = self.state()?;
        let mut permit = None;
        for change in &request.changes {
            let Address { environment, namespace, key } = &change.address;
            permit = Some(permit::require(&state.access, caller, Target::Entry(environment, namespace, key))?);
        }
        permit.ok_or_else(|| ServiceError::Invalid(vec![Field::new("changes", "must have at least one change")]))
    }

    /// Publishes a change set.
    pub async fn publish(
        &self,
        permit: &Permit<Publish>,
        request: PublishRequest,
        context: WriteContext,
    ) -> Result<Published, ServiceError> {
        self.check_sizes(&request)?;
        let state = self.view.state();
        let (mut changes, force) = (Vec::new(), request.force);
        let bytes: usize = request.changes.iter().filter_map(|c| c.put.as_ref()).map(|(_, bytes)| bytes.len()).sum();
        let mut puts = Vec::new();
        for change in request.changes {
            let version = change.put.map(|(format, bytes)| {
                let format = format.unwrap_or_else(|| present_or_guessed(&state, &change.address, &bytes));
                Version { format, content: Content::new(bytes) }
            });
            if let Some(version) = &version {
                puts.push((change.address.clone(), version.clone(), change.content_field));
            }
            changes.push(EntryChange { address: change.address, version, if_revision: change.if_revision });
        }
        let warnings = if bytes > INLINE_CHECK {
            tokio::task::spawn_blocking(move || check_contents(&puts))
                .await
                .map_err(|error| ServiceError::Internal(error.to_string()))?
        } else {
            check_contents(&puts)
        }?;
        let committed = self.write(permit.caller(), Intent::Publish { changes, force }, context).await?;
        Ok(Published { committed, warnings })
    }

    fn check_sizes(&self, request: &PublishRequest) -> Result<(), ServiceError> {
        let limits = &self.limits;
        let (mut fields, mut total, mut seen) = (Vec::new(), 0, HashSet::new());
        if request.changes.len() > limits.change_set_entries {
            let (limit, this) = (limits.change_set_entries, request.changes.len());
            let problem = format!("must have at most {limit} changes (max_change_set_entries), this has {this}");
            return Err(ServiceError::TooLarge(vec![Field::new("changes", problem)]));
        }
        for (index, change) in request.changes.iter().enumerate() {
            if !seen.insert(&change.address) {
                let problem = format!("{} is changed twice in one change set", change.address);
                return Err(ServiceError::Invalid(vec![Field::new(format!("changes[{index}]"), problem)]));
            }
            let size = change.put.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64);
            total += size;
            if size > limits.entry_bytes {
                let limit = limits.entry_bytes;
                let problem =
                    format!("{} must have at most {limit} bytes (max_entry_bytes), this has {size}", change.address);
                fields.push(Field::new(change.content_field.clone(), problem));
            }
        }
        if total > limits.change_set_bytes {
            let limit = limits.change_set_bytes;
            let problem =
                format!("contents must have at most {limit} bytes together (max_change_set_bytes), these have {total}");
            fields.push(Field::new("changes", problem));
        }
        if fields.is_empty() { Ok(()) } else { Err(ServiceError::TooLarge(fields)) }
    }
}

/// The entry's present format, else by extension, else text, or binary when it is not UTF-8.
fn present_or_guessed(state: &State, address: &Address, bytes: &[u8]) -> Format {
    match state.find_entry(address) {
        Some(entry) => entry.version.format,
        None => Format::guess(address.key.as_str(), bytes),
    }
}

/// Checks the syntax of every content, and reports all bad ones together.
fn check_contents(puts: &[(Address, Version, String)]) -> Result<Vec<(Address, Warning)>, ServiceError> {
    let (mut warnings, mut fields) = (Vec::new(), Vec::new());
    for (address, version, field) in puts {
        match formats::check(version.format, version.content.bytes()) {
            Ok(found) => warnings.extend(found.into_iter().map(|warning| (address.clone(), warning))),
            Err(error) => fields.push(Field {
                name: field.clone(),
                problem: format!("{address}: not valid {}: {}", version.format, error.message),
                place: Some((error.line, error.column)),
            }),
        }
    }
    if fields.is_empty() { Ok(warnings) } else { Err(ServiceError::InvalidContent(fields)) }
}
