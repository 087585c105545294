//! Whose word counts besides passwords and tokens: own signing keys, login providers, issuers of machines' tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::names::{EnvironmentName, GroupName, NamespaceName};

/// A key that signs short-lived tokens (Ed25519).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The `kid` of its tokens.
    pub id: String,
    /// Verifies.
    pub public_key: [u8; 32],
    /// Signs; sealed by the master key.
    pub sealed: Arc<[u8]>,
    /// From when on it signs, so that every node knows it before.
    pub signs_from: OffsetDateTime,
    /// Until when its tokens are taken; none while it is current.
    pub verifies_until: Option<OffsetDateTime>,
}

/// A provider of identities that people log in at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// What it is called here.
    pub name: String,
    /// Its issuer URL.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// Our secret there; sealed by the master key. None for a public client.
    pub sealed_secret: Option<Arc<[u8]>>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that becomes the user name.
    pub name_claim: String,
    /// The claim that lists groups.
    pub groups_claim: Option<String>,
    /// Values of that claim, each with the group it means here. Empty: values that are group names mean these.
    pub groups: BTreeMap<String, GroupName>,
}

/// An issuer whose tokens machines exchange for ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// What it is called here.
    pub name: String,
    /// The `iss` of its tokens, exactly.
    pub issuer: String,
    /// The `aud` they must have.
    pub audience: String,
    /// What verifies them.
    pub keys: IssuerKeys,
    /// The first that fits decides who it is.
    pub rules: Vec<IssuerRule>,
}

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerKeys {
    /// A JWK set.
    Set(serde_json::Value),
    /// The address of one.
    Url(String),
}

/// Which tokens of an issuer stand for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerRule {
    /// Claims that must match, by JSON Pointer or plain name; `*` stands for any characters.
    pub claims: BTreeMap<String, String>,
    /// The user it stands for; `{claim}` inserts a claim.
    pub user: String,
    /// Groups it is in besides those of the user.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub groups: Vec<GroupName>,
}

/// What a data key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataKeyPurpose {
    /// Hashes of sealed contents are keyed with it; one for the store.
    Hash,
    /// Contents of a namespace are sealed with it.
    Seal,
}

impl DataKeyPurpose {
    /// The purpose's name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Seal => "seal",
        }
    }
}

/// A key that the master key wraps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Named by what is sealed with it.
    pub id: Uuid,
    /// What it is for.
    pub purpose: DataKeyPurpose,
    /// The namespace whose contents it seals; of the key of hashes, none.
    pub place: Option<(EnvironmentName, NamespaceName)>,
    /// The key itself, sealed by the master key.
    pub wrapped: Arc<[u8]>,
    /// The id of the master key that wraps it.
    pub master: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When another one took its place; it still opens what it sealed.
    pub retired_at: Option<OffsetDateTime>,
}
