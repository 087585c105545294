//! What the audit says: who did what to which target, in rows that are chained by their hashes.

mod anchors;
mod chain;
mod check;
mod denials;

use core::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::access::{Caller, Peer};
use crate::domain::names::{EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;

pub use anchors::Anchor;
pub use chain::{Chain, Link, Row, STORE_CHAIN};
pub use check::{Broken, ChainRow, Cut, Said, StoredRow, Walk};
pub use denials::{Denial, Denials};

/// Who did something, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Who {
    /// The name of the user, or `system`.
    pub actor: String,
    /// The token it showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Uuid>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The request that brought it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub request_id: Arc<str>,
    /// Whether it showed a short-lived token, which changes nobody's access.
    #[serde(skip)]
    pub short_lived: bool,
}

impl Who {
    /// A caller.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self {
            actor: caller.user.name.to_string(),
            token: caller.credential.token,
            address: caller.peer.address,
            request_id: Arc::clone(&caller.peer.request_id),
            short_lived: caller.credential.expires_at.is_some(),
        }
    }

    /// Somebody who is not known.
    #[must_use]
    pub fn anonymous(peer: &Peer) -> Self {
        let (address, request_id) = (peer.address, Arc::clone(&peer.request_id));
        Self { actor: "anonymous".to_owned(), token: None, address, request_id, short_lived: false }
    }

    /// The node itself, or somebody at its machine.
    #[must_use]
    pub fn system() -> Self {
        let (token, address) = (None, None);
        Self { actor: "system".to_owned(), token, address, request_id: Arc::default(), short_lived: false }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// `create_user`, `publish`, `denied`: the verb.
    pub action: &'static str,
    /// On what: `user:vera`, `dev/orders/app.yaml`.
    pub target: String,
    /// The environment it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The namespace it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
    /// The revision it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// How often it happened, when one row stands for several times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What it was; never anything secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl Event {
    /// An action on a target, and nothing else.
    #[must_use]
    pub fn new(action: &'static str, target: impl Into<String>) -> Self {
        Self {
            action,
            target: target.into(),
            environment: None,
            namespace: None,
            revision: None,
            count: None,
            before: None,
            after: None,
        }
    }

    /// The same, as something of a namespace: those who audit it see the row.
    #[must_use]
    pub fn within(self, environment: &EnvironmentName, namespace: &NamespaceName) -> Self {
        Self { environment: Some(environment.clone()), namespace: Some(namespace.clone()), ..self }
    }

    /// The same, about a revision.
    #[must_use]
    pub fn at(self, revision: Revision) -> Self {
        Self { revision: Some(revision), ..self }
    }

    /// The same, with what the target was before.
    #[must_use]
    pub fn before(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    /// The same, with what the target is now.
    #[must_use]
    pub fn after(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }
}
