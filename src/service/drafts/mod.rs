//! Drafts: change sets that people edit before they publish them. They are in the database only.

mod contents;
mod edits;
mod publish;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::access::{Access, Action, Caller, Target};
use crate::domain::drafts::{Draft, DraftChange};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::refusals;
use crate::domain::revisions::Revision;
use crate::domain::state::{Entry, State};
use crate::service::drafts::contents::{Contents, marks_of};
use crate::service::keyring::Keyring;
use crate::service::{Service, ServiceError, load};
use crate::store::{self, Part, Session};

pub use edits::{EditRequest, NewDraft};
pub use publish::DraftPublish;

pub(super) use contents::seal_open;

pub use crate::store::DraftFilter;

/// How often the store is asked for one page: of what it gives, the caller may not see all.
const PAGES: usize = 10;
/// Bytes of contents above which showing them leaves the async threads.
const INLINE: usize = 64 * 1024;

/// A draft that a caller may see: the proof that this was checked.
#[derive(Debug, Clone)]
pub struct SeenDraft {
    draft: Draft,
    caller: Caller,
}

impl SeenDraft {
    /// The environment of its changes.
    #[must_use]
    pub fn environment(&self) -> &EnvironmentName {
        &self.draft.environment
    }

    fn is_owned(&self) -> bool {
        self.draft.owner == self.caller.user.id
    }
}

/// One change of a draft, for people.
#[derive(Debug)]
pub struct ShownChange {
    /// The change, without its bytes.
    pub change: DraftChange,
    /// Whether something of it is secret.
    pub sealed: bool,
    /// What people see of the content; none in a list, or when it deletes.
    pub content: Option<Bytes>,
    /// Whether the entry is another one by now.
    pub moved: bool,
    /// Moved: the entry that was edited.
    pub base: Option<Entry>,
    /// Moved: the entry that is there now.
    pub theirs: Option<Entry>,
}

/// A draft, for people.
#[derive(Debug)]
pub struct ShownDraft {
    /// The draft, without its changes.
    pub draft: Draft,
    /// The name of its owner.
    pub owner: String,
    /// The revision at which it was judged what moved.
    pub head: Revision,
    /// By namespace and key.
    pub changes: Vec<ShownChange>,
    /// How many changes its owner made where it has no right any more.
    pub withheld: u64,
}

/// A page of drafts.
#[derive(Debug)]
pub struct DraftPage {
    /// Newest first.
    pub drafts: Vec<ShownDraft>,
    /// After which one the next page begins.
    pub next: Option<(OffsetDateTime, Uuid)>,
}

fn may(access: &Access, caller: &Caller, target: Target<'_>) -> bool {
    access.allows(caller.holder(), Action::Draft, target)
}

fn may_touch(access: &Access, caller: &Caller, draft: &Draft, change: &DraftChange) -> bool {
    may(access, caller, Target::Entry(&draft.environment, &change.namespace, &change.key))
}

/// Whether a caller may see a draft: its owner while it has a right to something of it, others when it is shared and they
/// have the right to all of it.
fn sees(access: &Access, caller: &Caller, draft: &Draft) -> bool {
    let home = may(access, caller, Target::AnyIn(&draft.environment, &draft.namespace));
    let mut touches = draft.changes.iter().map(|change| may_touch(access, caller, draft, change));
    if draft.owner == caller.user.id {
        home || touches.any(|may| may)
    } else {
        draft.shared && home && touches.all(|may| may)
    }
}

impl Service {
    /// A draft that the caller may see.
    pub async fn find_draft(&self, caller: &Caller, id: Uuid) -> Result<SeenDraft, ServiceError> {
        self.require_up()?;
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let found = store::find_draft(&mut session, id).await?;
        let draft = found.ok_or_else(|| ServiceError::NotFound(format!("draft {id}")))?;
        if !sees(&state.access, caller, &draft) {
            return Err(ServiceError::Hidden { action: Action::Draft, target: format!("draft {id}") });
        }
        Ok(SeenDraft { draft, caller: caller.clone() })
    }

    /// A draft with what people see of its contents, and what moved.
    pub async fn show_draft(&self, seen: SeenDraft) -> Result<ShownDraft, ServiceError> {
        let SeenDraft { draft, caller } = seen;
        let state = self.state()?;
        let keyring = Arc::clone(&self.keyring);
        let bytes: usize = draft.changes.iter().filter_map(|c| c.put.as_ref()).map(|put| put.body.len()).sum();
        let show = {
            let (state, caller) = (Arc::clone(&state), caller.clone());
            move || shown(&state, &caller, draft, Some(&keyring))
        };
        let mut shown = if bytes > INLINE {
            let done = tokio::task::spawn_blocking(show).await;
            done.map_err(|error| ServiceError::Internal(error.to_string()))??
        } else {
            show()?
        };
        self.add_sides(&state, &caller, &mut shown).await?;
        Ok(shown)
    }

    /// The drafts that a caller may see, without contents.
    pub async fn list_drafts(
        &self,
        caller: &Caller,
        mut filter: DraftFilter,
        limit: usize,
    ) -> Result<DraftPage, ServiceError> {
        self.require_up()?;
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let want = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let mut drafts: Vec<ShownDraft> = Vec::new();
        for _ in 0..PAGES {
            let page = store::list_drafts(&mut session, caller.user.id, &filter, want).await?;
            let full = page.len() > limit;
            filter.after = page.last().map(|draft| (draft.created_at, draft.id));
            for draft in page.into_iter().filter(|draft| sees(&state.access, caller, draft)) {
                drafts.push(shown(&state, caller, draft, None)?);
            }
            if drafts.len() > limit {
                drafts.truncate(limit);
                let next = drafts.last().map(|last| (last.draft.created_at, last.draft.id));
                return Ok(DraftPage { drafts, next });
            }
            if !full {
                return Ok(DraftPage { drafts, next: None });
            }
        }
        Ok(DraftPage { drafts, next: filter.after })
    }

    /// The entries that were edited and those that are there now, where they are not the same.
    async fn add_sides(&self, state: &State, caller: &Caller, shown: &mut ShownDraft) -> Result<(), ServiceError> {
        let environment = &shown.draft.environment;
        let mut missing = BTreeMap::<(NamespaceName, Revision), Vec<usize>>::new();
        for (at, ShownChange { change, moved, theirs, .. }) in shown.changes.iter_mut().enumerate() {
            let address = change.address(environment);
            let target = Target::Entry(&address.environment, &address.namespace, &address.key);
            if !*moved || !state.access.allows(caller.holder(), Action::Read, target) {
                continue;
            }
            *theirs = state.find_entry(&address).cloned();
            if change.if_revision > Revision::ZERO && change.if_revision <= state.head {
                missing.entry((change.namespace.clone(), change.if_revision)).or_default().push(at);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let mut session = self.store.acquire().await?;
        for ((namespace, revision), places) in missing {
            let edited = places.iter().filter_map(|at| shown.changes.get(*at)).map(|shown| shown.change.key.clone());
            let mut bases = bases(&mut session, (environment, &namespace), revision, edited.collect()).await?;
            for at in places {
                if let Some(shown) = shown.changes.get_mut(at) {
                    shown.base = bases.remove(&shown.change.key);
                }
            }
        }
        Ok(())
    }

    /// Drafts are nowhere but in the database: without it they can be neither read nor written.
    fn require_up(&self) -> Result<(), ServiceError> {
        match self.view.health().down_since {
            Some(since) => Err(ServiceError::Unavailable(format!("the database does not answer since {since}"))),
            None => Ok(()),
        }
    }

    /// Checks that a caller may edit drafts of an entry.
    fn may_draft_entry(&self, caller: &Caller, address: &Address) -> Result<(), ServiceError> {
        let Address { environment, namespace, key } = address;
        let target = Target::Entry(environment, namespace, key);
        Ok(refusals::require(&self.state()?.access, caller.holder(), Action::Draft, target)?)
    }
}

/// Entries of a namespace that a revision brought, as far as they can be read still.
async fn bases(
    session: &mut Session,
    (environment, namespace): (&EnvironmentName, &NamespaceName),
    revision: Revision,
    keys: Vec<EntryKey>,
) -> Result<BTreeMap<EntryKey, Entry>, ServiceError> {
    let names: Vec<String> = keys.iter().map(|key| key.as_str().to_owned()).collect();
    let (environment_only, namespace_only) = (Some(environment), Some(namespace));
    let part = Part { environment: environment_only, namespace: namespace_only, keys: Some(&names), bare: false };
    let then = match load(session, revision, part).await {
        Err(ServiceError::Compacted { .. }) => return Ok(BTreeMap::new()),
        then => then?,
    };
    let found = keys.into_iter().filter_map(|key| {
        let address = Address { environment: environment.clone(), namespace: namespace.clone(), key };
        let entry = then.find_entry(&address).filter(|entry| entry.stamp.revision == revision).cloned()?;
        Some((address.key, entry))
    });
    Ok(found.collect())
}

/// What a caller sees of a draft; with the keyring, of its contents, too.
fn shown(
    state: &State,
    caller: &Caller,
    mut draft: Draft,
    keyring: Option<&Keyring>,
) -> Result<ShownDraft, ServiceError> {
    let all = std::mem::take(&mut draft.changes);
    let (count, mut changes) = (all.len(), Vec::new());
    for mut change in all.into_iter().filter(|change| may_touch(&state.access, caller, &draft, change)) {
        let address = change.address(&draft.environment);
        let marks = change.put.as_ref().and_then(|put| marks_of(state, &address, put.marks.as_ref()));
        let content = match (&change.put, keyring) {
            (Some(put), Some(keyring)) => {
                Some(Contents { keyring, state, draft: draft.id }.show(&address, put, marks.as_ref())?)
            }
            _ => None,
        };
        let moved = change.is_moved(&draft.environment, state);
        if let Some(put) = &mut change.put {
            put.body = Bytes::new();
        }
        changes.push(ShownChange { change, sealed: marks.is_some(), content, moved, base: None, theirs: None });
    }
    let owner =
        state.access.find_user(draft.owner).map_or_else(|| draft.owner.to_string(), |user| user.name.to_string());
    let withheld = (count - changes.len()) as u64;
    Ok(ShownDraft { draft, owner, head: state.head, changes, withheld })
}
