//! Publishing: what needs only the content is done here, before the queue.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::domain::access::{Caller, Target};
use crate::domain::changes::{EntryChange, Intent, Seal, Version};
use crate::domain::contents::Content;
use crate::domain::formats::{Format, Warning};
use crate::domain::names::Address;
use crate::domain::refusals::{Conflict, Refused};
use crate::domain::revisions::Revision;
use crate::domain::secrets::masking;
use crate::domain::secrets::{Marks, RequestedMarks};
use crate::domain::state::State;
use crate::service::committer::Committed;
use crate::service::permit::{self, Permit, Publish};
use crate::service::secrets::{Checked, Marking, Sealer, TRIES, resolve_marks};
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
    /// What is secret in it, when that is said.
    pub marks: Option<RequestedMarks>,
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

/// A publish with its contents checked and sealed.
#[derive(Default)]
struct Prepared {
    changes: Vec<EntryChange>,
    warnings: Vec<(Address, Warning)>,
    /// Entries that get their first marks: their earlier versions are to be sealed before.
    first_marks: Vec<(Address, Arc<Marks>)>,
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
    pub fn may_publish(&self, caller: &Caller, request: &PublishRequest) -> Result<Permit<Publish>, ServiceError> {
        let state = self.state()?;
        let mut permit = None;
        for change in &request.changes {
            let Address { environment, namespace, key } = &change.address;
            permit = Some(permit::require(&state.access, caller, Target::Entry(environment, namespace, key))?);
        }
        permit.ok_or_else(|| ServiceError::Invalid(vec![Field::new("changes", "must have at least one change")]))
    }

    /// Publishes a change set. What is marked as secret is sealed on the way.
    pub async fn publish(
        &self,
        permit: &Permit<Publish>,
        request: PublishRequest,
        context: WriteContext,
    ) -> Result<Published, ServiceError> {
        self.check_sizes(&request)?;
        let (request, caller) = (Arc::new(request), permit.caller());
        let mut tries = 0;
        loop {
            tries += 1;
            let prepared = match self.prepare(caller, &request, context.dry_run).await {
                Ok(prepared) => prepared,
                Err(error) => {
                    let committed = self.unless_done(caller, &context, error).await?;
                    return Ok(Published { committed, warnings: Vec::new() });
                }
            };
            let Prepared { changes, warnings, first_marks } = prepared;
            let intent = Intent::Publish { changes, force: request.force };
            match self.write_sealed(caller, intent, &first_marks, &context).await {
                Err(error) if error.wants_sealing() && tries < TRIES => {}
                done => return Ok(Published { committed: done?, warnings }),
            }
        }
    }

    /// Checks every content, and seals those that are secret.
    async fn prepare(
        &self,
        caller: &Caller,
        request: &Arc<PublishRequest>,
        dry_run: bool,
    ) -> Result<Prepared, ServiceError> {
        let state = self.view.state();
        let mut plan = Vec::new();
        for change in &request.changes {
            plan.push(match &change.put {
                Some((format, bytes)) => {
                    let format = format.unwrap_or_else(|| present_or_guessed(&state, &change.address, bytes));
                    let at = (&change.address, format);
                    let field = change.content_field.strip_suffix("content").unwrap_or_default();
                    Some((format, resolve_marks(&state, caller, at, change.marks.as_ref(), field)?))
                }
                None => None,
            });
        }
        let sealed = request.changes.iter().zip(&plan).filter(|(_, plan)| matches!(plan, Some((_, Some(_)))));
        let places: BTreeSet<_> = sealed
            .map(|(RequestedChange { address, .. }, _)| (address.environment.clone(), address.namespace.clone()))
            .collect();
        if !places.is_empty() && !dry_run {
            self.ensure_keys(caller, &places).await?;
        }
        let bytes: usize = request.changes.iter().filter_map(|c| c.put.as_ref()).map(|(_, bytes)| bytes.len()).sum();
        let (request, keyring) = (Arc::clone(request), Arc::clone(&self.keyring));
        let check = move || check_changes(&request, &plan, &Sealer { keyring: &keyring, state: &state, dry_run });
        if bytes > INLINE_CHECK {
            let checked = tokio::task::spawn_blocking(check).await;
            return checked.map_err(|error| ServiceError::Internal(error.to_string()))?;
        }
        check()
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
pub(super) fn present_or_guessed(state: &State, address: &Address, bytes: &[u8]) -> Format {
    match state.find_entry(address) {
        Some(entry) => entry.version.format,
        None => Format::guess(address.key.as_str(), bytes),
    }
}

/// Checks every content, and reports all bad ones together.
fn check_changes(
    request: &PublishRequest,
    plan: &[Option<(Format, Option<Marking>)>],
    sealer: &Sealer<'_>,
) -> Result<Prepared, ServiceError> {
    let (mut prepared, mut fields) = (Prepared::default(), Vec::new());
    for (change, plan) in request.changes.iter().zip(plan) {
        let RequestedChange { address, put, if_revision, content_field, .. } = change;
        let mut change =
            EntryChange { address: address.clone(), version: None, if_revision: *if_revision, chosen_marks: false };
        if let (Some((_, bytes)), Some((format, marking))) = (put, plan) {
            refuse_stale_markers(sealer.state, &change, *format, bytes, marking.as_ref())?;
            match sealer.check(address, *format, bytes, marking.as_ref(), content_field) {
                Ok(Checked { version, warnings, kept }) => {
                    prepared.warnings.extend(warnings.into_iter().map(|warning| (address.clone(), warning)));
                    change.version = Some(version);
                    if kept && change.if_revision.is_none() {
                        change.if_revision = sealer.state.find_entry(address).map(|entry| entry.stamp.revision);
                    }
                }
                Err(ServiceError::InvalidContent(found)) => fields.extend(found),
                Err(error) => return Err(error),
            }
            if let Some(marking) = marking {
                change.chosen_marks = marking.chosen;
                if marking.first {
                    prepared.first_marks.push((address.clone(), Arc::clone(&marking.marks)));
                }
            }
        }
        prepared.changes.push(change);
    }
    if fields.is_empty() { Ok(prepared) } else { Err(ServiceError::InvalidContent(fields)) }
}

/// Markers of an entry that is another one by now: that is a conflict, and not a question of markers.
fn refuse_stale_markers(
    state: &State,
    change: &EntryChange,
    format: Format,
    bytes: &Bytes,
    marking: Option<&Marking>,
) -> Result<(), ServiceError> {
    let current = state.find_entry(&change.address);
    let revision = current.map_or(Revision::ZERO, |entry| entry.stamp.revision);
    let Some(expected) = change.if_revision.filter(|expected| *expected != revision) else { return Ok(()) };
    if masking::find_marker(bytes).is_none() {
        return Ok(());
    }
    let seal = marking.map(|marking| Seal { marks: Arc::clone(&marking.marks) });
    let yours = Some(Version { format, content: Content::new(bytes.clone()), seal });
    let conflict = Conflict { address: change.address.clone(), expected, theirs: current.cloned(), yours };
    Err(ServiceError::Refused(Refused::Conflicts(vec![conflict])))
}
