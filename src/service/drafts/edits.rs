//! Opening, editing and deleting drafts.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::domain::access::{Caller, Target};
use crate::domain::audit::{Event, Who};
use crate::domain::contents::ContentHash;
use crate::domain::drafts::{self, Draft, DraftChange};
use crate::domain::limits::Limits;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::refusals::Refused;
use crate::domain::revisions::Revision;
use crate::service::drafts::contents::{Contents, Incoming, marks_of};
use crate::service::drafts::{INLINE, SeenDraft};
use crate::service::environments::check_text;
use crate::service::keyring::OVERHEAD;
use crate::service::permit::{self, Permit};
use crate::service::publish::{RequestedChange, present_or_guessed};
use crate::service::{Field, Service, ServiceError};
use crate::store::{self, DraftEdit, EditOutcome, OpenOutcome};

/// Drafts that one user may have.
const DRAFTS_MAX: u16 = 200;

/// A draft that is to be opened.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// The environment of its changes.
    pub environment: EnvironmentName,
    /// Its home.
    pub namespace: NamespaceName,
    /// For people; without one there is one draft for each user and namespace.
    pub title: String,
    /// Whether others may see it.
    pub shared: bool,
    /// What it begins with; each with the revision that was edited.
    pub changes: Vec<RequestedChange>,
}

/// What is to become of a draft.
#[derive(Debug, Clone, Default)]
pub struct EditRequest {
    /// The new title.
    pub title: Option<String>,
    /// Whether others may see it.
    pub shared: Option<bool>,
    /// Changes that are new, or come in the place of others.
    pub put: Vec<RequestedChange>,
    /// Changes that go.
    pub drop: Vec<(NamespaceName, EntryKey)>,
}

impl Service {
    /// Checks that a caller may open a draft: the right to something of its home, and to all that it changes.
    pub fn may_open_draft(&self, caller: &Caller, new: &NewDraft) -> Result<Permit<permit::Draft>, ServiceError> {
        let home = Target::AnyIn(&new.environment, &new.namespace);
        let permit = permit::require(&self.state()?.access, caller, home)?;
        new.changes.iter().try_for_each(|change| self.may_draft_entry(caller, &change.address))?;
        Ok(permit)
    }

    /// Opens a draft. Says whether it is new: without a title, the one that is there already is given, as it is.
    pub async fn open_draft(
        &self,
        permit: &Permit<permit::Draft>,
        new: NewDraft,
    ) -> Result<(SeenDraft, bool), ServiceError> {
        let (caller, NewDraft { environment, namespace, title, shared, changes }) = (permit.caller(), new);
        if self.view.state().find_namespace(&environment, &namespace).is_none() {
            return Err(ServiceError::NotFound(format!("{environment}/{namespace}")));
        }
        check_text("title", &title)?;
        check_sizes(&self.limits, "changes", &changes, &[])?;
        self.require_up()?;
        let (id, now) = (self.ambient.id(), self.ambient.now());
        let mut draft = Draft {
            id,
            environment,
            namespace,
            title,
            owner: caller.user.id,
            shared,
            hash: ContentHash([0; 32]),
            created_at: now,
            updated_at: now,
            changes: Vec::new(),
        };
        let put = self.prepare_changes(caller, &draft, changes).await?;
        draft.changes = drafts::edited(&[], put, &[]);
        draft.hash = drafts::hash(&draft.environment, &draft.changes);
        let mut session = self.store.acquire().await?;
        let opened = store::open_draft(&mut session, &draft, DRAFTS_MAX.into()).await;
        drop(session);
        match opened.map_err(ServiceError::of_write)? {
            OpenOutcome::Created(id) => {
                self.audit.note(&Who::of(caller), event("create_draft", &draft));
                Ok((self.find_draft(caller, id).await?, true))
            }
            OpenOutcome::Existing(id) => Ok((self.find_draft(caller, id).await?, false)),
            OpenOutcome::Full => Err(ServiceError::Refused(Refused::OverLimit {
                limit: "drafts",
                target: caller.user.name.to_string(),
                allowed: DRAFTS_MAX.into(),
                wanted: u64::from(DRAFTS_MAX) + 1,
            })),
        }
    }

    /// Edits a draft that the caller has seen with this hash.
    pub async fn edit_draft(
        &self,
        seen: SeenDraft,
        hash: ContentHash,
        edit: EditRequest,
    ) -> Result<SeenDraft, ServiceError> {
        let (owned, SeenDraft { draft, caller }) = (seen.is_owned(), seen);
        let EditRequest { title, shared, put, drop: dropped } = edit;
        put.iter().try_for_each(|change| self.may_draft_entry(&caller, &change.address))?;
        for (namespace, key) in &dropped {
            let (environment, namespace, key) = (draft.environment.clone(), namespace.clone(), key.clone());
            let address = Address { environment, namespace, key };
            // Who lost the right to an entry may still take back that it was to be changed.
            if !owned {
                self.may_draft_entry(&caller, &address)?;
            }
            if let Some(at) = put.iter().position(|change| change.address == address) {
                let problem = format!("{address} is also dropped");
                return Err(ServiceError::Invalid(vec![Field::new(format!("put[{at}]"), problem)]));
            }
        }
        if shared.is_some_and(|shared| shared != draft.shared) && !owned {
            return Err(ServiceError::Invalid(vec![Field::new("shared", "is for the owner of the draft to say")]));
        }
        check_text("title", title.as_deref().unwrap_or_default())?;
        if draft.hash != hash {
            return Err(ServiceError::DraftMoved);
        }
        let rest = drafts::edited(&draft.changes, [], &dropped);
        check_sizes(&self.limits, "put", &put, &rest)?;
        let put = self.prepare_changes(&caller, &draft, put).await?;
        let put: Vec<DraftChange> = put.into_iter().filter(|change| !is_there(&draft, change)).collect();
        let new_hash = drafts::hash(&draft.environment, &drafts::edited(&draft.changes, put.iter().cloned(), &dropped));
        let edit = DraftEdit { title, shared, put, drop: dropped };
        if edit.title.is_some() || edit.shared.is_some() || !edit.put.is_empty() || new_hash != hash {
            let mut session = self.store.acquire().await?;
            let edited = store::edit_draft(&mut session, (draft.id, hash), &edit, new_hash).await;
            match edited.map_err(ServiceError::of_write)? {
                EditOutcome::Edited => {}
                EditOutcome::Moved => return Err(ServiceError::DraftMoved),
                EditOutcome::Taken => {
                    let what = format!("a draft of {}/{} without a title", draft.environment, draft.namespace);
                    return Err(ServiceError::AlreadyExists(what));
                }
            }
        }
        self.find_draft(&caller, draft.id).await
    }

    /// Deletes a draft, with a hash only as the caller has seen it.
    pub async fn delete_draft(&self, seen: SeenDraft, hash: Option<ContentHash>) -> Result<(), ServiceError> {
        let SeenDraft { draft, caller } = seen;
        let mut session = self.store.acquire().await?;
        let deleted = store::delete_draft(&mut session, draft.id, hash).await;
        if deleted.map_err(ServiceError::of_write)? {
            self.audit.note(&Who::of(&caller), event("delete_draft", &draft));
            return Ok(());
        }
        match hash {
            Some(_) => Err(ServiceError::DraftMoved),
            None => Err(ServiceError::NotFound(format!("draft {}", draft.id))),
        }
    }

    /// Contents as they are to be stored: sealed where they are secret.
    async fn prepare_changes(
        &self,
        caller: &Caller,
        draft: &Draft,
        put: Vec<RequestedChange>,
    ) -> Result<Vec<DraftChange>, ServiceError> {
        let state = self.view.state();
        let mut places = BTreeSet::new();
        for change in &put {
            let Address { environment, namespace, key } = &change.address;
            if let Some(marks) = &change.marks {
                let field = change.content_field.strip_suffix("content").unwrap_or_default();
                let bad = |error: crate::domain::secrets::BadMarks| {
                    ServiceError::Invalid(vec![Field::new(format!("{field}secret_paths"), error.to_string())])
                };
                marks.marks().map_err(bad)?;
            }
            let before = draft.find(namespace, key).and_then(|change| change.put.as_ref()?.marks.as_ref());
            if change.put.is_some() && marks_of(&state, &change.address, change.marks.as_ref().or(before)).is_some() {
                places.insert((environment.clone(), namespace.clone()));
            }
        }
        if !places.is_empty() {
            self.ensure_keys(caller, &places).await?;
        }
        let bytes: usize = put.iter().filter_map(|change| change.put.as_ref()).map(|(_, bytes)| bytes.len()).sum();
        let (keyring, draft) = (Arc::clone(&self.keyring), draft.clone());
        let prepare = move || {
            let contents = Contents { keyring: &keyring, state: &state, draft: draft.id };
            put.into_iter().map(|change| prepared(&contents, &draft, change)).collect()
        };
        if bytes > INLINE {
            let done = tokio::task::spawn_blocking(prepare).await;
            return done.map_err(|error| ServiceError::Internal(error.to_string()))?;
        }
        prepare()
    }
}

fn prepared(contents: &Contents<'_>, draft: &Draft, change: RequestedChange) -> Result<DraftChange, ServiceError> {
    let RequestedChange { address, put, marks, if_revision, .. } = change;
    let if_revision = if_revision.unwrap_or(Revision::ZERO);
    let old = draft.find(&address.namespace, &address.key).and_then(|change| change.put.as_ref());
    let put = match put {
        Some((format, bytes)) => {
            let format = format.unwrap_or_else(|| present_or_guessed(contents.state, &address, &bytes));
            let incoming = Incoming { address: &address, format, marks, if_revision, bytes: &bytes };
            Some(contents.prepare(incoming, old)?)
        }
        None => None,
    };
    Ok(DraftChange { namespace: address.namespace, key: address.key, put, if_revision })
}

/// Whether a draft has this change already. Sealed bytes differ each time.
fn is_there(draft: &Draft, change: &DraftChange) -> bool {
    let Some(old) = draft.find(&change.namespace, &change.key) else { return false };
    let same = match (&old.put, &change.put) {
        (Some(old), Some(new)) => {
            (old.format, &old.marks, old.hash, old.sealed) == (new.format, &new.marks, new.hash, new.sealed)
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    same && old.if_revision == change.if_revision
}

/// A draft may have as much as a change set that is sent at once.
fn check_sizes(
    limits: &Limits,
    field: &str,
    put: &[RequestedChange],
    rest: &[DraftChange],
) -> Result<(), ServiceError> {
    let mut seen = HashSet::new();
    let (mut fields, mut total) = (Vec::new(), 0);
    for (at, change) in put.iter().enumerate() {
        if !seen.insert((&change.address.namespace, &change.address.key)) {
            let problem = format!("{} is changed twice", change.address);
            return Err(ServiceError::Invalid(vec![Field::new(format!("{field}[{at}]"), problem)]));
        }
        let (size, limit) = (change.put.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64), limits.entry_bytes);
        total += size;
        if size > limit {
            let problem =
                format!("{} must have at most {limit} bytes (max_entry_bytes), this has {size}", change.address);
            fields.push(Field::new(change.content_field.clone(), problem));
        }
    }
    let rest: Vec<_> = rest.iter().filter(|change| !seen.contains(&(&change.namespace, &change.key))).collect();
    let (limit, this) = (limits.change_set_entries, seen.len() + rest.len());
    if this > limit {
        let problem = format!("a draft must have at most {limit} changes (max_change_set_entries), this has {this}");
        fields.push(Field::new(field, problem));
    }
    total += rest.iter().filter_map(|change| change.put.as_ref()).map(stored_size).sum::<u64>();
    let limit = limits.change_set_bytes;
    if total > limit {
        let problem = format!(
            "contents of a draft must have at most {limit} bytes together (max_change_set_bytes), these have {total}"
        );
        fields.push(Field::new(field, problem));
    }
    if fields.is_empty() { Ok(()) } else { Err(ServiceError::TooLarge(fields)) }
}

fn stored_size(content: &drafts::DraftContent) -> u64 {
    let beside = if content.sealed { OVERHEAD + size_of::<u64>() as u64 } else { 0 };
    (content.body.len() as u64).saturating_sub(beside)
}

fn event(action: &'static str, draft: &Draft) -> Event {
    Event::new(action, format!("draft:{}", draft.id)).within(&draft.environment, &draft.namespace)
}
