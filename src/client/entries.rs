//! Entries and publishes.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};

use crate::api::PAGE_MAX;
use crate::api::entries::{EntryList, EntryView, PublishBody, WriteView};
use crate::client::transport::Call;
use crate::client::{At, Client, ClientError};
use crate::domain::formats::Format;
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::domain::revisions::Cursor;

/// Which entries of a namespace, and how much of them.
#[derive(Debug, Clone, Default)]
pub struct EntriesQuery {
    /// Only keys that start with it.
    pub prefix: Option<String>,
    /// As it stood then; the present when absent.
    pub at: Option<At>,
    /// With the contents.
    pub content: bool,
    /// Most entries on a page.
    pub limit: Option<u32>,
    /// What the page before said in `next`.
    pub cursor: Option<String>,
}

/// All entries of a namespace, as they stood at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// By key.
    pub entries: Vec<EntryView>,
    /// The head of the store when the first page was read, when the server told it.
    pub head: Option<Cursor>,
}

/// What must be true for a write of one entry to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// The entry's last change is this revision.
    Revision(u64),
    /// There is no such entry.
    Absent,
}

impl Precondition {
    fn header(self) -> Result<(HeaderName, HeaderValue), ClientError> {
        match self {
            Self::Revision(revision) => HeaderValue::from_str(&format!("\"{revision}\""))
                .map(|value| (IF_MATCH, value))
                .map_err(|error| ClientError::Setup(error.to_string())),
            Self::Absent => Ok((IF_NONE_MATCH, HeaderValue::from_static("*"))),
        }
    }
}

/// How one entry is written.
#[derive(Debug, Clone, Default)]
pub struct PutEntry {
    /// The format; else the present one, else by the extension.
    pub format: Option<Format>,
    /// What must be true.
    pub precondition: Option<Precondition>,
    /// Write over a protected entry without a precondition.
    pub force: bool,
    /// Why, for the history. One line.
    pub message: Option<String>,
}

impl PutEntry {
    fn apply(&self, call: Call) -> Result<Call, ClientError> {
        let call = call
            .query("format", self.format.map(Format::as_str))
            .query("force", self.force.then_some(true))
            .message(self.message.as_deref())?;
        let Some(precondition) = self.precondition else {
            return Ok(call);
        };
        let (name, value) = precondition.header()?;
        Ok(call.header(name, value))
    }
}

fn entries_path<'a>(environment: &'a EnvironmentName, namespace: &'a NamespaceName) -> [&'a str; 7] {
    ["api", "v1", "environments", environment.as_str(), "namespaces", namespace.as_str(), "entries"]
}

fn path(address: &Address) -> impl Iterator<Item = &str> {
    entries_path(&address.environment, &address.namespace).into_iter().chain(address.key.as_str().split('/'))
}

impl Client {
    /// One page of a namespace's entries.
    pub async fn list_entries(
        &self,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
        query: &EntriesQuery,
    ) -> Result<EntryList, ClientError> {
        self.fetch(self.entries_call(environment, namespace, query)).await
    }

    /// All pages of a namespace's entries, as they stood at one revision although the pages are read one after the other.
    ///
    /// `limit` is the size of a page, and the largest when absent; `cursor` is where to begin.
    pub async fn list_all_entries(
        &self,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
        query: &EntriesQuery,
    ) -> Result<Listing, ClientError> {
        let mut query = EntriesQuery { limit: query.limit.or(Some(PAGE_MAX)), ..query.clone() };
        let mut listing = Listing { entries: Vec::new(), head: None };
        loop {
            let answer = self.send(self.entries_call(environment, namespace, &query)).await?;
            let page: EntryList = answer.json()?;
            listing.head = listing.head.or(answer.head);
            // The later pages are read as of the first, so that what is published meanwhile is seen whole or not at all.
            query.at = query.at.or(listing.head.map(|head| At::Revision(head.revision.0)));
            query.cursor = page.next;
            listing.entries.extend(page.entries);
            if query.cursor.is_none() {
                return Ok(listing);
            }
        }
    }

    fn entries_call(&self, environment: &EnvironmentName, namespace: &NamespaceName, query: &EntriesQuery) -> Call {
        self.read(entries_path(environment, namespace))
            .query("prefix", query.prefix.as_ref().filter(|prefix| !prefix.is_empty()))
            .query("at", query.at)
            .query("content", Some(query.content))
            .query("limit", query.limit)
            .query("cursor", query.cursor.as_ref())
    }

    /// One entry with its content.
    pub async fn get_entry(&self, address: &Address, at: Option<At>) -> Result<EntryView, ClientError> {
        self.fetch(self.read(path(address)).query("at", at)).await
    }

    /// The bytes of one entry, as they were written.
    pub async fn get_content(&self, address: &Address, at: Option<At>) -> Result<Bytes, ClientError> {
        let call = self.read(path(address)).query("raw", Some(true)).query("at", at);
        Ok(self.send(call).await?.body)
    }

    /// Creates or replaces one entry.
    pub async fn put_entry(&self, address: &Address, content: Bytes, how: &PutEntry) -> Result<WriteView, ClientError> {
        self.fetch(how.apply(self.write(Method::PUT, path(address)))?.bytes(content)).await
    }

    /// Deletes one entry; the format is not used.
    pub async fn delete_entry(&self, address: &Address, how: &PutEntry) -> Result<WriteView, ClientError> {
        self.fetch(how.apply(self.write(Method::DELETE, path(address)))?).await
    }

    /// Publishes a change set: all of it or nothing.
    pub async fn publish(&self, body: &PublishBody) -> Result<WriteView, ClientError> {
        self.fetch(self.write(Method::POST, ["api", "v1", "publish"]).json(body)?).await
    }
}
