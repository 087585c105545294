//! Reading entries, now and then.

use crate::domain::access::{Action, Caller, Target};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::state::Entry;
use crate::service::permit::{self, Permit, Read};
use crate::service::{At, Service, ServiceError};
use crate::store::Part;

/// Content bytes after which a page ends early.
const PAGE_BYTES: u64 = 8 * 1024 * 1024;

/// A page of entries.
#[derive(Debug)]
pub struct EntryPage {
    /// By key.
    pub entries: Vec<(EntryKey, Entry)>,
    /// The key after which the next page starts.
    pub next: Option<EntryKey>,
    /// The last revision that touched the list.
    pub touched: Revision,
}

/// Which entries of a namespace.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Only keys that start with it.
    pub prefix: String,
    /// Only keys after it.
    pub after: Option<EntryKey>,
    /// At most this many.
    pub limit: usize,
    /// As of a moment.
    pub at: Option<At>,
}

impl Service {
    /// Checks that a caller may read an entry.
    pub fn may_read(&self, caller: &Caller, address: &Address) -> Result<Permit<Read>, ServiceError> {
        let Address { environment, namespace, key } = address;
        permit::require(&self.state()?.access, caller, Target::Entry(environment, namespace, key))
    }

    /// Checks that a caller may read something of a namespace.
    pub fn may_list(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
    ) -> Result<Permit<Read>, ServiceError> {
        permit::require(&self.state()?.access, caller, Target::AnyIn(environment, namespace))
    }

    /// One entry: from memory, or from the history when it was another one at the moment that is given.
    pub async fn get_entry(
        &self,
        _permit: &Permit<Read>,
        address: &Address,
        at: Option<At>,
    ) -> Result<Entry, ServiceError> {
        if let Some(At::Revision(at)) = at {
            let state = self.state()?;
            let unchanged = state.find_entry(address).filter(|entry| entry.stamp.revision <= at && at <= state.head);
            if let Some(entry) = unchanged {
                return Ok(entry.clone());
            }
        }
        let keys = [address.key.as_str().to_owned()];
        let state = self.state_at(at.map(|at| (at, "at")), Part::of(address, &keys)).await?;
        state.find_entry(address).cloned().ok_or_else(|| ServiceError::NotFound(address.to_string()))
    }

    /// The entries of a namespace that the holder may read.
    pub async fn list_entries(
        &self,
        permit: &Permit<Read>,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
        filter: &EntryFilter,
    ) -> Result<EntryPage, ServiceError> {
        let access = self.state()?.access.clone();
        let holder = permit.caller().holder();
        let wanted = |key: &EntryKey| {
            key.starts_with(&filter.prefix)
                && filter.after.as_ref().is_none_or(|after| key > after)
                && access.allows(holder, Action::Read, Target::Entry(environment, namespace, key))
        };
        let part = Part { environment: Some(environment), namespace: Some(namespace), ..Part::default() };
        let state = self.state_at(filter.at.map(|at| (at, "at")), part).await?;
        let found = state
            .find_namespace(environment, namespace)
            .ok_or_else(|| ServiceError::NotFound(format!("{environment}/{namespace}")))?;
        let all = state.entries(environment, namespace).filter(|(key, _)| wanted(key));
        let page = all.take(filter.limit + 1).map(|(key, entry)| (key.clone(), entry.clone()));
        let (mut entries, touched): (Vec<_>, _) = (page.collect(), found.touched());
        let mut bytes = 0;
        let fitting = entries.iter().take_while(|(_, entry)| {
            let fits = bytes == 0 || bytes + entry.version.content.size() <= PAGE_BYTES;
            bytes += entry.version.content.size();
            fits
        });
        let kept = fitting.take(filter.limit).count();
        let more = entries.len() > kept;
        entries.truncate(kept);
        let next = more.then(|| entries.last().map(|(key, _)| key.clone())).flatten();
        Ok(EntryPage { entries, next, touched })
    }
}
