//! Exchanging a credential for a short-lived token, which every node checks from memory: one's own token, or that of an
//! issuer who is trusted. Nothing is written, so it works while the database is away.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::domain::access::{Access, Caller, Credential, IssuerKeys, Peer, TrustedIssuer, User, UserKind};
use crate::domain::audit::{Denial, Event, Who};
use crate::domain::names::UserName;
use crate::service::jwt::{self, ForeignToken, Issued, KeySet, OwnClaims, Rejected, Vouched};
use crate::service::{Service, ServiceError};

/// How much of a foreign subject the audit tells.
const SUBJECT_CHARS: usize = 200;

/// What a trusted issuer's token was exchanged for.
struct Vouching {
    issued: Issued,
    user: UserName,
    issuer: String,
    /// Who it is there.
    subject: String,
}

impl Service {
    /// Who shows a short-lived token of ours. Works from memory.
    pub(super) fn authenticate_issued(&self, text: &str, peer: Peer) -> Result<Caller, ServiceError> {
        let state = self.state()?;
        let now = self.ambient.now();
        let claims = jwt::verify(text, &state.access, now).map_err(|rejected| {
            tracing::debug!(%rejected, "a short-lived token was refused");
            ServiceError::Unauthenticated
        })?;
        let caller = caller(&state.access, claims, peer).ok_or(ServiceError::Unauthenticated)?;
        if !self.is_live(&state.access, &caller) {
            return Err(ServiceError::Unauthenticated);
        }
        if let Some(token) = caller.credential.token {
            self.sessions.note_use(token, now);
        }
        Ok(caller)
    }

    /// A short-lived token for the owner of a session or an API token.
    pub async fn exchange(&self, caller: &Caller) -> Result<Issued, ServiceError> {
        let shown = &caller.credential;
        let Some(token) = shown.token.filter(|_| shown.expires_at.is_none()) else {
            return Err(ServiceError::NeedsFullToken);
        };
        let until = self.state()?.access.find_token(token).and_then(|token| token.expires_at);
        self.issue(&caller.user, &Vouched::ByToken(token), until).await
    }

    /// A short-lived token for a service that a trusted issuer vouches for. The audit is told, whatever comes of it.
    pub async fn exchange_foreign(&self, text: &str, peer: &Peer) -> Result<Issued, ServiceError> {
        let exchanged = self.exchange_for_service(text).await;
        let who = |actor: &str| Who {
            actor: actor.to_owned(),
            token: None,
            address: peer.address,
            request_id: Arc::clone(&peer.request_id),
        };
        match &exchanged {
            Ok(Vouching { user, issuer, subject, .. }) => {
                let event = Event::new("exchange_token", format!("issuer:{issuer}")).after(json!({"subject": subject}));
                self.audit.note(&who(user.as_str()), event);
            }
            Err(ServiceError::NoService(name)) => {
                let name = name.to_string();
                self.audit.deny(who("anonymous"), &Denial::LogIn { name, reason: "no_service" });
            }
            Err(ServiceError::TokenRefused(_)) => {
                self.audit.deny(who("anonymous"), &Denial::Unauthenticated { shown: "foreign_token", token: None });
            }
            Err(_) => {}
        }
        exchanged.map(|vouching| vouching.issued)
    }

    async fn exchange_for_service(&self, text: &str) -> Result<Vouching, ServiceError> {
        let unknown = || refused("is not of a trusted issuer");
        let told =
            |rejected: Rejected| if rejected.is_after_signature() { refused(&rejected.to_string()) } else { unknown() };
        let token = ForeignToken::parse(text).map_err(|_| unknown())?;
        let access = self.state()?.access.clone();
        let claimed = token.claimed_issuer().map_err(|_| unknown())?;
        let issuer = access.issuers().iter().find(|issuer| issuer.issuer == claimed).ok_or_else(unknown)?;
        let keys = self.keys_of(issuer, &token).await?;
        let (claims, end) = token.verify(issuer, &keys, self.ambient.now()).map_err(told)?;
        let named = issuer.find_user(&claims).ok_or_else(|| refused("fits no rule of its issuer"))?;
        let name = named.map_err(|problem| refused(&format!("fits a rule whose user cannot be named: {problem}")))?;
        // Rights of this moment: the keys may have taken a while to fetch.
        let access = self.state()?.access.clone();
        let user = access.find_user_by_name(&name).filter(|user| user.kind == UserKind::Service && !user.disabled);
        let user = user.ok_or_else(|| ServiceError::NoService(name))?;
        let issued = self.issue(user, &Vouched::ByIssuer(issuer.name.clone()), Some(end)).await?;
        let subject =
            claims.get("sub").and_then(Value::as_str).unwrap_or_default().chars().take(SUBJECT_CHARS).collect();
        Ok(Vouching { issued, user: user.name.clone(), issuer: issuer.name.clone(), subject })
    }

    /// The keys of an issuer, fetched when they may have changed.
    async fn keys_of(&self, issuer: &TrustedIssuer, token: &ForeignToken<'_>) -> Result<Arc<KeySet>, ServiceError> {
        match &issuer.keys {
            IssuerKeys::Set(set) => {
                let keys = KeySet::parse(set).map_err(|error| ServiceError::Internal(error.to_string()))?;
                Ok(Arc::new(keys))
            }
            IssuerKeys::Url(url) => {
                let has_it = |keys: &KeySet| token.is_key_in(keys).unwrap_or(true);
                self.issuer_keys.get(url, has_it).await.map_err(|error| {
                    tracing::warn!(issuer = issuer.name, %error, "the keys of a trusted issuer cannot be fetched");
                    ServiceError::IssuerUnreachable(issuer.name.clone())
                })
            }
        }
    }

    async fn issue(
        &self,
        user: &User,
        vouched: &Vouched,
        until: Option<OffsetDateTime>,
    ) -> Result<Issued, ServiceError> {
        let (kid, seed) = self.signing_key().await?;
        let store = self.state()?.access.store;
        let issued = jwt::issue(store, (&kid, &seed), self.ambient.id(), (user.id, vouched), self.ambient.now(), until);
        issued.ok_or(ServiceError::Unauthenticated)
    }
}

fn refused(problem: &str) -> ServiceError {
    ServiceError::TokenRefused(format!("the token {problem}"))
}

/// Who a token stands for; none when its user is not the one of what vouches for it.
fn caller(access: &Access, claims: OwnClaims, peer: Peer) -> Option<Caller> {
    let OwnClaims { user, vouched, expires_at } = claims;
    let (token, issuer) = match vouched {
        Vouched::ByToken(token) => (Some(access.find_token(token).filter(|token| token.user == user)?.id), None),
        Vouched::ByIssuer(name) => (None, Some(name.into())),
    };
    let credential = Credential { token, issuer, expires_at: Some(expires_at) };
    Some(Caller { user: access.find_user(user)?.clone(), credential, peer })
}
