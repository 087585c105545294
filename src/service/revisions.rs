//! History: which revisions, and what each changed, as far as the caller may see.

use std::collections::HashMap;

use crate::domain::access::{Access, Action, Caller, Target};
use crate::domain::changes::{Item, Record, RecordHead, Version};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::{Pin, Revision};
use crate::service::{Service, ServiceError};
use crate::store::{self, Part, Session, StoreError};

pub use crate::store::{HistoryFilter, ListedChange};

/// Pages that a history call reads before it answers with fewer than asked, when most is hidden from the caller.
const PAGES: usize = 10;

/// A page of the history.
#[derive(Debug)]
pub struct HistoryPage {
    /// Newest first, with the changes the caller may see.
    pub revisions: Vec<(RecordHead, Vec<ListedChange>)>,
    /// Where the next page starts.
    pub next: Option<Revision>,
    /// How many instances run each of them now, if that was asked for.
    pub running: Option<HashMap<Revision, u64>>,
}

/// One revision.
#[derive(Debug)]
pub struct RevisionDetail {
    /// The pin that keeps it readable.
    pub pin: Option<Pin>,
    /// What it changed, as far as the caller may see it.
    pub changes: RevisionChanges,
}

/// What a revision changed.
#[derive(Debug)]
pub enum RevisionChanges {
    /// With contents.
    Whole {
        /// The revision.
        record: Record,
        /// For each change, the entry's version before it and after it; of what is sealed, with masked text.
        compared: Vec<(Option<Version>, Option<Version>)>,
    },
    /// The contents were trimmed.
    Compacted(RecordHead, Vec<ListedChange>),
}

impl Service {
    /// Lists revisions that touched something the caller may read. For those of one namespace it can say how many instances
    /// run each of them now.
    pub async fn list_revisions(
        &self,
        caller: &Caller,
        filter: HistoryFilter,
        limit: usize,
        with_running: bool,
    ) -> Result<HistoryPage, ServiceError> {
        let place = filter.environment.clone().zip(filter.namespace.clone()).filter(|_| with_running);
        let key = filter.key.clone();
        let page = self.list_page(caller, filter, limit).await?;
        let Some((environment, namespace)) = place else { return Ok(page) };
        let mut session = self.store.acquire().await?;
        let place = (&environment, &namespace);
        let running = self.count_running(caller, &mut session, place, key.as_ref()).await?;
        Ok(HistoryPage { running: Some(running), ..page })
    }

    async fn list_page(
        &self,
        caller: &Caller,
        mut filter: HistoryFilter,
        limit: usize,
    ) -> Result<HistoryPage, ServiceError> {
        let access = self.state()?.access.clone();
        let mut session = self.store.acquire().await?;
        let mut revisions = Vec::new();
        let want = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        for _ in 0..PAGES {
            let page = store::history(&mut session, &filter, want).await?;
            let last = page.last().map(|(head, _)| head.revision);
            let full = page.len() > limit;
            for (head, changes) in page {
                let seen: Vec<_> = changes.into_iter().filter(|change| sees_change(&access, caller, change)).collect();
                if !seen.is_empty() {
                    revisions.push((head, seen));
                }
            }
            filter.before = last;
            if !full || revisions.len() > limit {
                let more = full || revisions.len() > limit;
                revisions.truncate(limit);
                let next = more.then(|| revisions.last().map(|(head, _)| head.revision)).flatten();
                return Ok(HistoryPage { revisions, next, running: None });
            }
        }
        revisions.truncate(limit);
        Ok(HistoryPage { revisions, next: filter.before, running: None })
    }

    /// One revision with its changes, and what was there before each.
    pub async fn get_revision(&self, caller: &Caller, revision: Revision) -> Result<RevisionDetail, ServiceError> {
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let pin = store::find_pin(&mut session, revision).await?;
        let trimmed = state.bounds.floor > Revision::ZERO && revision <= state.bounds.floor;
        let found = if trimmed { None } else { Some(whole(&mut session, &state.access, caller, revision).await) };
        let changes = match found {
            // Of the first revision that can be read, it is gone what was there before. Or the view is a moment behind.
            None | Some(Err(StoreError::Trimmed(_))) => {
                compacted(&mut session, &state.access, caller, revision).await?
            }
            Some(found) => found?,
        };
        let Some(changes) = changes else {
            let target = format!("revision {revision}");
            // Asked for in both cases, which take the same time by that.
            let exists = store::find_head(&mut session, revision).await?.is_some();
            let hidden = ServiceError::Hidden { action: Action::Inspect, target: target.clone() };
            return Err(if exists { hidden } else { ServiceError::NotFound(target) });
        };
        let changes = match changes {
            RevisionChanges::Whole { record, compared } => {
                let masked = record.items.iter().zip(compared).map(|(item, (before, after))| match item {
                    Item::Entry { address, .. } => {
                        Ok((self.mask_side(address, before)?, self.mask_side(address, after)?))
                    }
                    Item::Namespace { .. } | Item::Environment { .. } => Ok((None, None)),
                });
                let compared = masked.collect::<Result<_, ServiceError>>()?;
                RevisionChanges::Whole { record, compared }
            }
            other @ RevisionChanges::Compacted(..) => other,
        };
        Ok(RevisionDetail { pin, changes })
    }

    fn mask_side(&self, address: &Address, side: Option<Version>) -> Result<Option<Version>, ServiceError> {
        side.map(|version| self.masked_version(address, &version)).transpose()
    }
}

async fn whole(
    session: &mut Session,
    access: &Access,
    caller: &Caller,
    revision: Revision,
) -> Result<Option<RevisionChanges>, StoreError> {
    let Some(mut record) = store::find_record(session, revision).await? else { return Ok(None) };
    record.items.retain(|item| sees_item(access, caller, item));
    if record.items.is_empty() {
        return Ok(None);
    }
    let mut compared = Vec::with_capacity(record.items.len());
    for item in &record.items {
        let version = match item {
            Item::Entry { address, previous, .. } if *previous > Revision::ZERO => {
                let keys = [address.key.as_str().to_owned()];
                let then = store::load(session, *previous, Part::of(address, &keys)).await?;
                then.find_entry(address).map(|entry| entry.version.clone())
            }
            Item::Entry { .. } | Item::Namespace { .. } | Item::Environment { .. } => None,
        };
        let after = match item {
            Item::Entry { version, .. } => version.clone(),
            Item::Namespace { .. } | Item::Environment { .. } => None,
        };
        compared.push((version, after));
    }
    Ok(Some(RevisionChanges::Whole { record, compared }))
}

async fn compacted(
    session: &mut Session,
    access: &Access,
    caller: &Caller,
    revision: Revision,
) -> Result<Option<RevisionChanges>, StoreError> {
    let filter = HistoryFilter { before: Some(revision.next()), ..HistoryFilter::default() };
    let newest = store::history(session, &filter, 1).await?.pop();
    let Some((head, mut changes)) = newest.filter(|(head, _)| head.revision == revision) else { return Ok(None) };
    changes.retain(|change| sees_change(access, caller, change));
    Ok((!changes.is_empty()).then_some(RevisionChanges::Compacted(head, changes)))
}

fn sees_change(access: &Access, caller: &Caller, change: &ListedChange) -> bool {
    sees(access, caller, &change.environment, change.namespace.as_ref(), change.key.as_ref())
}

pub(super) fn sees_item(access: &Access, caller: &Caller, item: &Item) -> bool {
    match item {
        Item::Entry { address: Address { environment, namespace, key }, .. } => {
            sees(access, caller, environment, Some(namespace), Some(key))
        }
        Item::Namespace { environment, namespace, .. } => sees(access, caller, environment, Some(namespace), None),
        Item::Environment { environment, .. } => sees(access, caller, environment, None, None),
    }
}

fn sees(
    access: &Access,
    caller: &Caller,
    environment: &EnvironmentName,
    namespace: Option<&NamespaceName>,
    key: Option<&EntryKey>,
) -> bool {
    let target = match (namespace, key) {
        (Some(namespace), Some(key)) => Target::Entry(environment, namespace, key),
        (Some(namespace), None) => Target::AnyIn(environment, namespace),
        (None, _) => Target::AnyOf(environment),
    };
    access.allows(caller.holder(), Action::Inspect, target)
}
