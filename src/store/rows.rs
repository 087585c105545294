//! Rows of the history, and how they become records again.

use std::str::FromStr as _;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::changes::{Audience, Item, Kind, Origin, RecordHead, Seal, Version};
use crate::domain::contents::{Content, ContentHash};
use crate::domain::formats::Format;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::{Epoch, Revision};
use crate::domain::secrets::Marks;
use crate::store::StoreError;

/// A row of `revisions`.
#[derive(Debug)]
pub(super) struct RevisionRow {
    pub(super) revision: i64,
    pub(super) epoch: i64,
    pub(super) id: Uuid,
    pub(super) at: OffsetDateTime,
    pub(super) actor: String,
    pub(super) message: String,
    pub(super) kind: String,
    pub(super) request_id: String,
    pub(super) origin: serde_json::Value,
}

impl RevisionRow {
    pub(super) fn into_head(self) -> Result<RecordHead, StoreError> {
        let corrupt = |what: String| StoreError::corrupt("revisions", format!("{}: {what}", self.revision));
        Ok(RecordHead {
            revision: Revision(self.revision.cast_unsigned()),
            epoch: Epoch(self.epoch.cast_unsigned()),
            id: self.id,
            at: self.at,
            actor: UserName::parse(&self.actor).map_err(|error| corrupt(error.to_string()))?,
            kind: Kind::find(&self.kind).ok_or_else(|| corrupt(format!("unknown kind {}", self.kind)))?,
            origin: Origin::deserialize(&self.origin).map_err(|error| corrupt(error.to_string()))?,
            message: self.message,
            request_id: self.request_id,
        })
    }
}

/// A row of `changes` with the content it names.
#[derive(Debug)]
pub(super) struct ChangeRow {
    pub(super) revision: i64,
    pub(super) item: String,
    pub(super) environment: String,
    pub(super) namespace: String,
    pub(super) key: String,
    pub(super) deleted: bool,
    pub(super) audience: String,
    pub(super) format: Option<String>,
    pub(super) hash: Option<Vec<u8>>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) redacted: bool,
    pub(super) attributes: Option<serde_json::Value>,
    pub(super) previous: i64,
}

impl ChangeRow {
    pub(super) fn revision(&self) -> Revision {
        Revision(self.revision.cast_unsigned())
    }

    pub(super) fn into_item(self) -> Result<Item, StoreError> {
        let previous = Revision(self.previous.cast_unsigned());
        let environment = EnvironmentName::parse(&self.environment)?;
        match self.item.as_str() {
            "entry" => Ok(Item::Entry {
                audience: self.audience()?,
                version: self.version()?,
                address: Address {
                    environment,
                    namespace: NamespaceName::parse(&self.namespace)?,
                    key: EntryKey::parse(&self.key)?,
                },
                previous,
            }),
            "namespace" => Ok(Item::Namespace {
                attributes: self.attributes()?,
                environment,
                namespace: NamespaceName::parse(&self.namespace)?,
                previous,
            }),
            "environment" => Ok(Item::Environment { attributes: self.attributes()?, environment, previous }),
            other => Err(self.corrupt(&format!("unknown item {other}"))),
        }
    }

    fn corrupt(&self, what: &str) -> StoreError {
        let Self { revision, environment, namespace, key, .. } = self;
        StoreError::corrupt("changes", format!("{revision} {environment}/{namespace}/{key}: {what}"))
    }

    fn audience(&self) -> Result<Audience, StoreError> {
        match self.audience.as_str() {
            "everyone" => Ok(Audience::Everyone),
            other => Err(self.corrupt(&format!("unknown audience {other}"))),
        }
    }

    fn version(&self) -> Result<Option<Version>, StoreError> {
        if self.deleted {
            return Ok(None);
        }
        let (Some(format), Some(hash)) = (&self.format, &self.hash) else {
            return Err(self.corrupt("a put without format or hash"));
        };
        let format = Format::from_str(format).map_err(|_| self.corrupt("unknown format"))?;
        let hash = <[u8; 32]>::try_from(hash.as_slice()).map_err(|_| self.corrupt("a hash of another length"))?;
        let hash = ContentHash(hash);
        let content = match &self.body {
            Some(body) => Content::stored(hash, Bytes::copy_from_slice(body)),
            None if self.redacted => Content::redacted(hash),
            None => {
                let Self { revision, environment, namespace, key, .. } = self;
                return Err(StoreError::Trimmed(format!("{environment}/{namespace}/{key} of revision {revision}")));
            }
        };
        let marks = self.attributes.as_ref().map(Marks::deserialize).transpose();
        let marks = marks.map_err(|error| self.corrupt(&error.to_string()))?;
        let seal = marks.map(|marks| Seal { marks: Arc::new(marks) });
        Ok(Some(Version { format, content, seal }))
    }

    fn attributes<T: serde::de::DeserializeOwned + Default>(&self) -> Result<Option<T>, StoreError> {
        match (&self.attributes, self.deleted) {
            (_, true) => Ok(None),
            (Some(value), false) => T::deserialize(value).map(Some).map_err(|error| self.corrupt(&error.to_string())),
            (None, false) => Err(self.corrupt("a put without attributes")),
        }
    }
}
