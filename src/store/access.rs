//! Everybody's rights: read as one snapshot, changed in one statement that moves the access number.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::access::{
    Access, Action, Allowance, Grant, IdentityProvider, IssuerKeys, IssuerRule, Membership, Parts, Place, Role,
    SigningKey, Subject, Token, TokenKind, TrustedIssuer, User, UserKind,
};
use crate::domain::audit::{Event, Who};
use crate::domain::contents::ContentHash;
use crate::domain::names::{GroupName, UserName};
use crate::domain::revisions::Revision;
use crate::store::{Conn, StoreError, data_keys};

/// One step of a change of access, with what the audit says of it.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// For the audit.
    pub event: Event,
    /// What it does.
    #[serde(flatten)]
    pub op: Op,
}

/// What a step does. The fields are columns.
#[derive(Clone, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is a branch of change_access_step, its fields are columns")]
pub enum Op {
    CreateUser {
        id: Uuid,
        name: UserName,
        kind: UserKind,
        password_hash: Option<String>,
        one_time: bool,
        provider: Option<String>,
        subject: Option<String>,
    },
    SetPassword {
        user_id: Uuid,
        password_hash: String,
        one_time: bool,
        /// The one session that goes on.
        keep: Option<Uuid>,
    },
    SetDisabled {
        user_id: Uuid,
        disabled: bool,
    },
    AddMember {
        group_name: GroupName,
        user_id: Uuid,
        source: String,
    },
    RemoveMember {
        group_name: GroupName,
        user_id: Uuid,
        source: String,
    },
    Grant(GrantColumns),
    RevokeGrant {
        id: Uuid,
    },
    CreateToken(TokenColumns),
    ExpireToken {
        id: Uuid,
        #[serde(with = "time::serde::rfc3339")]
        expires_at: OffsetDateTime,
    },
    RevokeToken {
        id: Uuid,
    },
    PutSigningKey {
        id: String,
        public_key: String,
        sealed: String,
        #[serde(with = "time::serde::rfc3339")]
        signs_from: OffsetDateTime,
        #[serde(with = "time::serde::rfc3339::option")]
        verifies_until: Option<OffsetDateTime>,
    },
    DeleteSigningKey {
        id: String,
    },
    PutProvider {
        name: String,
        issuer: String,
        client_id: String,
        sealed_secret: Option<String>,
        scopes: Vec<String>,
        name_claim: String,
        groups_claim: Option<String>,
        groups: BTreeMap<String, GroupName>,
    },
    DeleteProvider {
        name: String,
    },
    PutIssuer {
        name: String,
        issuer: String,
        audience: String,
        keys: Option<Value>,
        keys_url: Option<String>,
        rules: Vec<IssuerRule>,
    },
    DeleteIssuer {
        name: String,
    },
    Note {},
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Some have hashes and sealed keys.
        f.write_str("Op")
    }
}

/// A grant as columns.
#[derive(Debug, Clone, Serialize)]
pub struct GrantColumns {
    id: Uuid,
    user_id: Option<Uuid>,
    group_name: Option<GroupName>,
    token_id: Option<Uuid>,
    role: Option<Role>,
    actions: Option<Vec<Action>>,
    environment: String,
    namespace: String,
    key_prefix: String,
}

impl From<&Grant> for GrantColumns {
    fn from(grant: &Grant) -> Self {
        let (user_id, group_name, token_id) = match &grant.subject {
            Subject::User(id) => (Some(*id), None, None),
            Subject::Group(name) => (None, Some(name.clone()), None),
            Subject::Token(id) => (None, None, Some(*id)),
        };
        let (role, actions) = match &grant.allowance {
            Allowance::Role(role) => (Some(*role), None),
            Allowance::Actions(actions) => (None, Some(actions.clone())),
        };
        let (environment, namespace) = (grant.place.environment.to_string(), grant.place.namespace.to_string());
        let key_prefix = grant.place.key_prefix.clone();
        Self { id: grant.id, user_id, group_name, token_id, role, actions, environment, namespace, key_prefix }
    }
}

/// A token as columns.
#[derive(Debug, Clone, Serialize)]
pub struct TokenColumns {
    id: Uuid,
    user_id: Uuid,
    name: String,
    kind: &'static str,
    hash: String,
    scoped: bool,
    address: Option<String>,
    agent: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

impl From<&Token> for TokenColumns {
    fn from(token: &Token) -> Self {
        Self {
            id: token.id,
            user_id: token.user,
            name: token.name.clone(),
            kind: token.kind.as_str(),
            hash: hex::encode(token.hash.0),
            scoped: token.scoped,
            address: token.address.clone(),
            agent: token.agent.clone(),
            expires_at: token.expires_at,
        }
    }
}

/// What became of a change of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessOutcome {
    /// It is durable, under this access number.
    Changed(u64),
    /// Others changed access since the number it was judged at; nothing was written.
    Moved,
    /// The database holds another history; nothing was written.
    Foreign,
}

/// Changes access, if its number is still the one that the change was judged at; none does not compare.
pub async fn change_access(
    conn: &mut Conn,
    judged_at: Option<u64>,
    who: &Who,
    steps: &[Step],
) -> Result<AccessOutcome, StoreError> {
    let row = sqlx::query!(
        r#"SELECT outcome AS "outcome!", number FROM change_access($1, $2, $3)"#,
        judged_at.map(u64::cast_signed),
        Json(who) as _,
        Json(steps) as _
    )
    .fetch_one(conn)
    .await?;
    Ok(match (row.outcome.as_str(), row.number) {
        ("changed", Some(number)) => AccessOutcome::Changed(number.cast_unsigned()),
        ("moved", _) => AccessOutcome::Moved,
        _ => AccessOutcome::Foreign,
    })
}

/// Reads everybody's rights in one snapshot.
pub async fn load_access(conn: &mut Conn) -> Result<Access, StoreError> {
    use sqlx::Connection as _;
    let mut tx = conn.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let head = sqlx::query!("SELECT access, store_id FROM head").fetch_one(&mut *tx).await?;
    let parts = Parts {
        number: head.access.cast_unsigned(),
        store: head.store_id,
        users: load_users(&mut tx).await?,
        members: load_members(&mut tx).await?,
        tokens: load_tokens(&mut tx).await?,
        grants: load_grants(&mut tx).await?,
        signing_keys: load_signing_keys(&mut tx).await?,
        providers: load_providers(&mut tx).await?,
        issuers: load_issuers(&mut tx).await?,
        data_keys: data_keys::load(&mut tx).await?,
    };
    tx.rollback().await?;
    Ok(Access::new(parts))
}

fn corrupt(table: &'static str, id: impl std::fmt::Display, what: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(table, format!("{id}: {what}"))
}

async fn load_users(conn: &mut Conn) -> Result<Vec<User>, StoreError> {
    let rows = sqlx::query!("SELECT id, name, kind, disabled, provider, subject, granted_at, created_at FROM users");
    let users = rows.fetch_all(conn).await?.into_iter().map(|row| {
        Ok(User {
            id: row.id,
            name: UserName::parse(&row.name).map_err(|error| corrupt("users", row.id, error))?,
            kind: if row.kind == UserKind::Service.as_str() { UserKind::Service } else { UserKind::Person },
            disabled: row.disabled,
            vouched: row.provider.zip(row.subject),
            granted_at: Revision(row.granted_at.cast_unsigned()),
            created_at: row.created_at,
        })
    });
    users.collect()
}

async fn load_members(conn: &mut Conn) -> Result<Vec<Membership>, StoreError> {
    let rows = sqlx::query!("SELECT group_name, user_id, source FROM group_members").fetch_all(conn).await?;
    let members = rows.into_iter().map(|row| {
        let group = GroupName::parse(&row.group_name).map_err(|error| corrupt("group_members", row.user_id, error))?;
        Ok(Membership { group, user: row.user_id, source: row.source })
    });
    members.collect()
}

async fn load_tokens(conn: &mut Conn) -> Result<Vec<Token>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, user_id, name, kind, hash, scoped, created_at, expires_at, last_used_at, address, agent FROM tokens"
    );
    let tokens = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let hash = row.hash.try_into().map_err(|_| corrupt("tokens", row.id, "a hash of another length"))?;
        Ok(Token {
            id: row.id,
            user: row.user_id,
            name: row.name,
            kind: if row.kind == TokenKind::Session.as_str() { TokenKind::Session } else { TokenKind::Api },
            hash: ContentHash(hash),
            scoped: row.scoped,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            address: row.address,
            agent: row.agent,
        })
    });
    tokens.collect()
}

async fn load_grants(conn: &mut Conn) -> Result<Vec<Grant>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, user_id, group_name, token_id, role, actions, environment, namespace, key_prefix FROM grants"
    );
    let grants = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let corrupt = |what: &str| corrupt("grants", row.id, what);
        let subject = match (row.user_id, row.group_name, row.token_id) {
            (Some(user), None, None) => Subject::User(user),
            (None, Some(group), None) => {
                Subject::Group(GroupName::parse(&group).map_err(|error| corrupt(&error.to_string()))?)
            }
            (None, None, Some(token)) => Subject::Token(token),
            _ => return Err(corrupt("not one subject")),
        };
        let allowance = match (row.role, row.actions) {
            (Some(role), None) => Allowance::Role(Role::find(&role).ok_or_else(|| corrupt("unknown role"))?),
            (None, Some(actions)) => {
                let actions = actions.iter().map(|name| Action::find(name).ok_or_else(|| corrupt("unknown action")));
                Allowance::Actions(actions.collect::<Result<_, _>>()?)
            }
            _ => return Err(corrupt("not one allowance")),
        };
        let place = Place::parse(&row.environment, &row.namespace, &row.key_prefix);
        let place = place.map_err(|error| corrupt(&error.to_string()))?;
        Ok(Grant { id: row.id, subject, allowance, place })
    });
    grants.collect()
}

async fn load_signing_keys(conn: &mut Conn) -> Result<Vec<SigningKey>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, public_key, sealed, signs_from, verifies_until FROM signing_keys ORDER BY signs_from, id"
    );
    let keys = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let public_key = row.public_key.try_into();
        Ok(SigningKey {
            public_key: public_key.map_err(|_| corrupt("signing_keys", &row.id, "a key of another length"))?,
            id: row.id,
            sealed: row.sealed.into(),
            signs_from: row.signs_from,
            verifies_until: row.verifies_until,
        })
    });
    keys.collect()
}

async fn load_providers(conn: &mut Conn) -> Result<Vec<IdentityProvider>, StoreError> {
    let rows = sqlx::query!(
        "SELECT name, issuer, client_id, sealed_secret, scopes, name_claim, groups_claim, groups
         FROM identity_providers ORDER BY name"
    );
    let providers = rows.fetch_all(conn).await?.into_iter().map(|row| {
        Ok(IdentityProvider {
            groups: serde_json::from_value(row.groups).map_err(|e| corrupt("identity_providers", &row.name, e))?,
            name: row.name,
            issuer: row.issuer,
            client_id: row.client_id,
            sealed_secret: row.sealed_secret.map(Arc::from),
            scopes: row.scopes,
            name_claim: row.name_claim,
            groups_claim: row.groups_claim,
        })
    });
    providers.collect()
}

async fn load_issuers(conn: &mut Conn) -> Result<Vec<TrustedIssuer>, StoreError> {
    let rows = sqlx::query!("SELECT name, issuer, audience, keys, keys_url, rules FROM trusted_issuers ORDER BY name");
    let issuers = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let corrupt = |what: String| corrupt("trusted_issuers", &row.name, what);
        let keys = match (row.keys, row.keys_url) {
            (Some(set), None) => IssuerKeys::Set(set),
            (None, Some(url)) => IssuerKeys::Url(url),
            _ => return Err(corrupt("not one source of keys".to_owned())),
        };
        let rules = serde_json::from_value(row.rules).map_err(|error| corrupt(error.to_string()))?;
        Ok(TrustedIssuer { issuer: row.issuer, audience: row.audience, keys, rules, name: row.name.clone() })
    });
    issuers.collect()
}
