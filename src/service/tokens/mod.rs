//! API tokens: made, listed, rotated and revoked, each for its owner and within a scope.

mod text;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::domain::access::{
    Access, Action, Allowance, Caller, Grant, Place, Subject, Target, Token, TokenKind, User, UserKind,
};
use crate::domain::audit::{Event, Who};
use crate::domain::names::UserName;
use crate::domain::refusals::{self, Refused};
use crate::service::accounts::{NewToken, revoke_step};
use crate::service::{Field, Service, ServiceError};
use crate::store::{Op, Step};

pub use text::TokenText;

/// Lifetime of a token, in days, when its maker does not say.
const DAYS: u32 = 90;
/// The longest one.
const DAYS_MAX: u32 = 366;
/// Most items of a scope.
const SCOPE_MAX: usize = 50;
/// Most live API tokens of one user.
const LIVE_MAX: u64 = 200;
/// The longest time that a token goes on beside the one that replaces it.
const OVERLAP_MAX: Duration = Duration::days(7);

/// An API token that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct TokenRequest {
    /// What it is for.
    pub name: String,
    /// How many days it lives.
    pub days: Option<u32>,
    /// What it may at most; none for whatever its owner may.
    pub scope: Option<Vec<(Allowance, Place)>>,
    /// A service that owns it; none for the caller.
    pub user: Option<UserName>,
}

/// A token as its owner sees it.
#[derive(Debug, Clone)]
pub struct ListedToken {
    /// The token.
    pub token: Token,
    /// Its scope; none when it may whatever its owner may.
    pub scope: Option<Vec<Grant>>,
}

impl Service {
    fn listed(&self, access: &Access, token: &Token) -> ListedToken {
        let scope = token.scoped.then(|| access.grants_of(&Subject::Token(token.id)).to_vec());
        let last_used_at = self.sessions.last_use(token);
        ListedToken { token: Token { last_used_at, ..token.clone() }, scope }
    }

    /// Makes an API token for the caller, or for a service.
    pub async fn create_token(&self, caller: &Caller, request: TokenRequest) -> Result<NewToken, ServiceError> {
        check(&request)?;
        let TokenRequest { name, days, scope, user } = request;
        let now = self.ambient.now();
        let lifetime = Duration::days(i64::from(days.unwrap_or(DAYS)));
        let text = TokenText::new(self.ambient.id(), self.ambient.secret());
        let subject = Subject::Token(text.id());
        let grant = |(allowance, place)| Grant { id: self.ambient.id(), subject: subject.clone(), allowance, place };
        let scope: Option<Vec<Grant>> = scope.map(|items| items.into_iter().map(grant).collect());
        let token = self
            .change_access(&Who::of(caller), |access| {
                require_full(access, caller)?;
                let owner = match &user {
                    Some(name) if *name != caller.user.name => find_service(access, caller, name)?,
                    _ => access.find_user(caller.user.id).ok_or(ServiceError::Unauthenticated)?,
                };
                refuse_foreign_secrets(access, caller, owner)?;
                let token = api_token(&text, owner.id, &name, scope.is_some(), now, Some(now + lifetime));
                Ok((creation(access, &token, owner, scope.as_deref().unwrap_or_default(), now, None)?, token))
            })
            .await?;
        Ok(NewToken { token, text })
    }

    /// The caller's live tokens, or those of a user for whoever operates the store, by name. A scoped token sees itself only.
    pub fn list_tokens(&self, caller: &Caller, of: Option<&UserName>) -> Result<Vec<ListedToken>, ServiceError> {
        let state = self.state()?;
        let access = &state.access;
        let owner = match of {
            Some(name) if *name != caller.user.name => {
                refusals::require(access, caller.holder(), Action::Administer, Target::Store)?;
                access.find_user_by_name(name).ok_or_else(|| ServiceError::NotFound(format!("user {name}")))?.id
            }
            _ => caller.user.id,
        };
        let now = self.ambient.now();
        let whole = of.is_some_and(|name| *name != caller.user.name) || access.is_full(caller);
        let shown = |token: &&Token| is_live(token, now) && (whole || caller.credential.token == Some(token.id));
        let mut tokens: Vec<_> =
            access.tokens_of(owner).filter(shown).map(|token| self.listed(access, token)).collect();
        tokens.sort_by(|a, b| (&a.token.name, a.token.id).cmp(&(&b.token.name, b.token.id)));
        Ok(tokens)
    }

    /// One live token, as lists show it.
    pub fn show_token(&self, token: &Token) -> Result<ListedToken, ServiceError> {
        Ok(self.listed(&self.state()?.access, token))
    }

    /// Makes a token of the same name, scope and lifetime, and ends the old one after the overlap.
    pub async fn rotate_token(&self, caller: &Caller, id: Uuid, overlap: Duration) -> Result<NewToken, ServiceError> {
        if overlap.is_negative() || overlap > OVERLAP_MAX {
            let problem = format!("must be from 0 to {}", OVERLAP_MAX.whole_seconds());
            return Err(ServiceError::Invalid(vec![Field::new("overlap_seconds", problem)]));
        }
        let now = self.ambient.now();
        let text = TokenText::new(self.ambient.id(), self.ambient.secret());
        let token = self
            .change_access(&Who::of(caller), |access| {
                let not_found = || ServiceError::NotFound(format!("token {id}"));
                let old = access.find_token(id).filter(|token| token.kind == TokenKind::Api && is_live(token, now));
                let old = old.filter(|token| may_see(access, caller, token)).ok_or_else(not_found)?;
                let owner = access.find_user(old.user).ok_or_else(not_found)?;
                let scope = access.grants_of(&Subject::Token(id));
                if owner.id == caller.user.id {
                    require_full_or_itself(access, caller, id)?;
                } else {
                    require_full(access, caller)?;
                    find_service(access, caller, &owner.name)?;
                    refuse_foreign_secrets(access, caller, owner)?;
                }
                let lifetime = old.expires_at.map(|end| end - old.created_at);
                let token =
                    api_token(&text, owner.id, &old.name, old.scoped, now, lifetime.map(|lifetime| now + lifetime));
                let copy =
                    |grant: &Grant| Grant { id: self.ambient.id(), subject: Subject::Token(token.id), ..grant.clone() };
                let scope: Vec<Grant> = scope.iter().map(copy).collect();
                let mut steps = creation(access, &token, owner, &scope, now, Some(id))?;
                let end = now + overlap;
                let event = Event::new("expire_token", format!("token:{id}"))
                    .after(json!({"name": old.name, "expires_at": end.unix_timestamp()}));
                steps.push(Step { event, op: Op::ExpireToken { id, expires_at: end } });
                Ok((steps, token))
            })
            .await?;
        Ok(NewToken { token, text })
    }

    /// Ends a token: the caller's own, or anybody's for whoever operates the store.
    pub async fn revoke_token(&self, caller: &Caller, token: Uuid) -> Result<(), ServiceError> {
        self.change_access(&Who::of(caller), |access| {
            let found = access.find_token(token).filter(|found| may_see(access, caller, found));
            let Some(found) = found else { return Err(ServiceError::NotFound(format!("token {token}"))) };
            require_full_or_itself(access, caller, token)?;
            Ok((vec![revoke_step(found)], ()))
        })
        .await
    }
}

/// Refuses credentials that make no other ones: scoped tokens, and short-lived ones.
pub(super) fn require_full(access: &Access, caller: &Caller) -> Result<(), ServiceError> {
    if access.is_full(caller) { Ok(()) } else { Err(ServiceError::NeedsFullToken) }
}

/// A token of any scope may end or replace itself, when it is shown itself.
fn require_full_or_itself(access: &Access, caller: &Caller, token: Uuid) -> Result<(), ServiceError> {
    let shown = &caller.credential;
    if shown.token == Some(token) && shown.expires_at.is_none() { Ok(()) } else { require_full(access, caller) }
}

fn may_see(access: &Access, caller: &Caller, token: &Token) -> bool {
    token.user == caller.user.id || access.allows(caller.holder(), Action::Administer, Target::Store)
}

fn is_live(token: &Token, now: OffsetDateTime) -> bool {
    token.expires_at.is_none_or(|end| end > now)
}

/// The service of a name, for whoever operates the store.
fn find_service<'a>(access: &'a Access, caller: &Caller, name: &UserName) -> Result<&'a User, ServiceError> {
    refusals::require(access, caller.holder(), Action::Administer, Target::Store)?;
    let user = access.find_user_by_name(name).ok_or_else(|| ServiceError::NotFound(format!("user {name}")))?;
    if user.kind != UserKind::Service {
        let problem = format!("must be a service; {name} is a person, who makes tokens itself");
        return Err(ServiceError::Invalid(vec![Field::new("user", problem)]));
    }
    Ok(user)
}

/// Nobody gets at secrets by making a token of somebody who does. A scope does not help: it may become wider later.
pub(super) fn refuse_foreign_secrets(access: &Access, caller: &Caller, owner: &User) -> Result<(), ServiceError> {
    if owner.id == caller.user.id {
        return Ok(());
    }
    refuse_secrets_of(access, caller, access.grants_held(owner.id))
}

/// Refuses who would come by grants that reveal what the caller may not see.
pub(super) fn refuse_secrets_of<'a>(
    access: &Access,
    caller: &Caller,
    mut grants: impl Iterator<Item = &'a Grant>,
) -> Result<(), ServiceError> {
    let hidden = |grant: &&Grant| {
        let target = Target::Place(&grant.place);
        grant.allowance.allows(Action::Reveal) && !access.allows(caller.holder(), Action::Reveal, target)
    };
    let Some(grant) = grants.find(hidden) else { return Ok(()) };
    Err(refusals::denied(access, Action::Reveal, Target::Place(&grant.place), true).into())
}

fn api_token(
    text: &TokenText,
    user: Uuid,
    name: &str,
    scoped: bool,
    now: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
) -> Token {
    Token {
        id: text.id(),
        user,
        name: name.to_owned(),
        kind: TokenKind::Api,
        hash: text.hash(),
        scoped,
        created_at: now,
        expires_at,
        last_used_at: None,
        address: None,
        agent: None,
    }
}

/// The steps that make a token with its scope.
fn creation(
    access: &Access,
    token: &Token,
    owner: &User,
    scope: &[Grant],
    now: OffsetDateTime,
    replaces: Option<Uuid>,
) -> Result<Vec<Step>, ServiceError> {
    let live = access.tokens_of(owner.id).filter(|token| token.kind == TokenKind::Api && is_live(token, now));
    let wanted = live.count() as u64 + 1;
    if wanted > LIVE_MAX {
        let target = format!("user {}", owner.name);
        return Err(Refused::OverLimit { limit: "tokens", target, allowed: LIVE_MAX, wanted }.into());
    }
    let target = format!("token:{}", token.id);
    let mut after = json!({"name": token.name, "user": owner.name.as_str(), "scoped": token.scoped});
    if let Some(about) = after.as_object_mut() {
        about.extend(token.expires_at.map(|end| ("expires_at".to_owned(), end.unix_timestamp().into())));
        about.extend(replaces.map(|old| ("replaces".to_owned(), old.to_string().into())));
    }
    let mut steps =
        vec![Step { event: Event::new("create_token", &*target).after(after), op: Op::CreateToken(token.into()) }];
    steps.extend(scope.iter().map(|grant| Step {
        event: Event::new("grant", &*target).after(grant_text(grant)),
        op: Op::Grant(grant.into()),
    }));
    Ok(steps)
}

fn grant_text(grant: &Grant) -> Value {
    let Place { environment, namespace, key_prefix } = &grant.place;
    json!({"allows": grant.allowance.to_string(), "environment": environment.to_string(),
           "namespace": namespace.to_string(), "key_prefix": key_prefix})
}

/// Checks what needs no rights.
fn check(request: &TokenRequest) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    if !(1..=DAYS_MAX).contains(&request.days.unwrap_or(DAYS)) {
        wrong.push(Field::new("expires_in_days", format!("must be from 1 to {DAYS_MAX}")));
    }
    let chars = request.name.chars().count();
    if !(1..=100).contains(&chars) || request.name.chars().any(char::is_control) {
        let problem = format!("must have 1 to 100 characters and no control characters, this has {chars}");
        wrong.push(Field::new("name", problem));
    }
    if let Some(scope) = &request.scope
        && !(1..=SCOPE_MAX).contains(&scope.len())
    {
        let problem = format!("must have 1 to {SCOPE_MAX} items, this has {}; leave it out for none", scope.len());
        wrong.push(Field::new("scope", problem));
    }
    if wrong.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(wrong)) }
}
