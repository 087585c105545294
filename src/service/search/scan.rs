//! Looking through a state, in the order of addresses.

use crate::domain::access::{Action, Holder};
use crate::domain::formats::Format;
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::domain::state::{Entry, State};
use crate::service::search::text::{InContent, Needle, Span};

/// Where to look inside of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// Only at keys.
    Keys,
    /// Only into contents.
    Contents,
    /// Both.
    All,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct SearchFilter {
    /// In these environments; in all when empty.
    pub environments: Vec<EnvironmentName>,
    /// In the namespaces of these names; in all when empty.
    pub namespaces: Vec<NamespaceName>,
    /// Where inside of entries.
    pub within: Within,
    /// Only after this address.
    pub after: Option<Address>,
    /// At most so many entries.
    pub limit: usize,
}

/// An entry that has the text.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// Its address.
    pub address: Address,
    /// The entry.
    pub entry: Entry,
    /// Where in its key, if there.
    pub key: Option<Vec<Span>>,
    /// Where in its content, if there.
    pub content: Option<InContent>,
}

/// What was found.
#[derive(Debug)]
pub struct SearchPage {
    /// By address.
    pub hits: Vec<SearchHit>,
    /// After which address the next page starts; none when everything was looked at.
    pub next: Option<Address>,
    /// Whether time ran out before the page was full.
    pub out_of_time: bool,
}

/// Looks through what somebody may read, until a page is full, everything was looked at, or it may not go on. At least one
/// entry is looked at, so that pages come to an end.
pub(super) fn scan(
    state: &State,
    holder: Holder,
    needle: &Needle,
    filter: &SearchFilter,
    mut may_go_on: impl FnMut() -> bool,
) -> SearchPage {
    let mut page = SearchPage { hits: Vec::new(), next: None, out_of_time: false };
    for (environment, namespace) in places(state, filter) {
        // What may not be read is passed by as if it were not there.
        let Some(scope) = state.access.key_scope(holder, Action::Read, environment, namespace) else { continue };
        let here = |after: &&Address| after.environment == *environment && after.namespace == *namespace;
        let after = filter.after.as_ref().filter(here).map(|after| &after.key);
        for (key, entry) in state.entries_after(environment, namespace, after).filter(|(key, _)| scope.covers(key)) {
            let address = Address { environment: environment.clone(), namespace: namespace.clone(), key: key.clone() };
            if let Some(hit) = look(&address, entry, needle, filter.within) {
                // One more than fits only says that there is more.
                if page.hits.len() == filter.limit {
                    page.next = page.hits.last().map(|hit| hit.address.clone());
                    return page;
                }
                page.hits.push(hit);
            }
            if !may_go_on() {
                page.out_of_time = page.hits.len() < filter.limit;
                page.next = Some(address);
                return page;
            }
        }
    }
    page
}

/// The namespaces to look through, in order.
fn places<'a>(
    state: &'a State,
    filter: &'a SearchFilter,
) -> impl Iterator<Item = (&'a EnvironmentName, &'a NamespaceName)> {
    let start = filter.after.as_ref().map(|after| (&after.environment, &after.namespace));
    state
        .environments()
        .map(|(name, _)| name)
        .filter(|name| filter.environments.is_empty() || filter.environments.contains(name))
        .filter(move |name| start.is_none_or(|(environment, _)| *name >= environment))
        .flat_map(|environment| state.namespaces(environment).map(move |(namespace, _)| (environment, namespace)))
        .filter(|(_, name)| filter.namespaces.is_empty() || filter.namespaces.contains(name))
        .filter(move |place| start.is_none_or(|start| *place >= start))
}

fn look(address: &Address, entry: &Entry, needle: &Needle, within: Within) -> Option<SearchHit> {
    let key = if within == Within::Contents { None } else { needle.in_key(address) };
    let version = &entry.version;
    let is_open = within != Within::Keys && !version.is_sealed() && version.format != Format::Binary;
    let content = if is_open { needle.in_content(version.content.bytes()) } else { None };
    if key.is_none() && content.is_none() {
        return None;
    }
    Some(SearchHit { address: address.clone(), entry: entry.clone(), key, content })
}
