//! Who is calling: logins, tokens, first admin.

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::access::{Caller, Peer, Token, TokenKind};
use crate::domain::audit::{Denial, Event, Who};
use crate::domain::names::UserName;
use crate::service::tokens::TokenText;
use crate::service::users::check_password;
use crate::service::{Service, ServiceError};
use crate::store::{self, AccessOutcome, Op, Step, Store};

/// A token with the text that is shown this once.
#[derive(Debug)]
pub struct NewToken {
    /// What is kept.
    pub token: Token,
    /// What its holder gets.
    pub text: TokenText,
}

impl Service {
    /// Who shows this token. Works from memory.
    pub fn authenticate(&self, text: &str, peer: Peer) -> Result<Caller, ServiceError> {
        if text.contains('.') {
            return self.authenticate_issued(text, peer);
        }
        self.authenticate_as(text, peer, |_| true)
    }

    /// Who shows this token in a cookie, where only the sessions of browsers count.
    pub fn authenticate_console(&self, text: &str, peer: Peer) -> Result<Caller, ServiceError> {
        self.authenticate_as(text, peer, Token::is_console)
    }

    fn authenticate_as(&self, text: &str, peer: Peer, fits: fn(&Token) -> bool) -> Result<Caller, ServiceError> {
        let shown = TokenText::parse(text).ok_or(ServiceError::Unauthenticated)?;
        let state = self.state()?;
        let token = state.access.find_token(shown.id()).ok_or(ServiceError::Unauthenticated)?;
        if !shown.belongs_to(token) || !fits(token) {
            return Err(ServiceError::Unauthenticated);
        }
        let user = state.access.find_user(token.user).ok_or(ServiceError::Unauthenticated)?;
        let caller = Caller::with_token(user.clone(), token.id, peer);
        if !self.is_live(&state.access, &caller) {
            return Err(ServiceError::Unauthenticated);
        }
        self.sessions.note_use(token.id, self.ambient.now());
        Ok(caller)
    }

    /// What a token that was refused is, for the audit: why it was, and which one it is when its secret was right.
    #[must_use]
    pub fn judge_refused(&self, text: &str) -> Denial {
        let state = self.view.state();
        let known = TokenText::parse(text).and_then(|shown| {
            let token = state.access.find_token(shown.id())?;
            shown.belongs_to(token).then_some(token)
        });
        let shown = match known {
            None => "unknown",
            Some(token) if state.access.find_user(token.user).is_none_or(|user| user.disabled) => "disabled",
            // Its time is over, or nobody used it for long.
            Some(_) => "expired",
        };
        Denial::Unauthenticated { shown, token: known.map(|token| token.id) }
    }

    /// Sets a password, which ends the user's sessions.
    pub(super) async fn set_password(
        &self,
        who: &Who,
        user_id: Uuid,
        name: &UserName,
        password_hash: String,
        one_time: bool,
    ) -> Result<(), ServiceError> {
        let step = password_step(user_id, name, password_hash, one_time, None);
        self.change_access(who, |_| Ok((vec![step.clone()], ()))).await
    }

    pub(super) fn new_token(&self, user: Uuid, name: &str, kind: TokenKind, expires_at: OffsetDateTime) -> NewToken {
        let text = TokenText::new(self.ambient.id(), self.ambient.secret());
        let token = Token {
            id: text.id(),
            user,
            name: name.to_owned(),
            kind,
            hash: text.hash(),
            scoped: false,
            created_at: self.ambient.now(),
            expires_at: Some(expires_at),
            last_used_at: None,
            address: None,
            agent: None,
        };
        NewToken { token, text }
    }
}

/// The step that ends a token.
pub(super) fn revoke_step(token: &Token) -> Step {
    let event = Event::new("revoke_token", format!("token:{}", token.id)).before(json!({"name": token.name}));
    Step { event, op: Op::RevokeToken { id: token.id } }
}

/// Makes the first admin of an empty store, with a preset password or a one-time one, which is returned.
pub async fn create_first_admin(
    store: &Store,
    ambient: &dyn crate::service::ambient::Ambient,
    passwords: &super::Passwords,
    preset: Option<String>,
) -> Result<Option<FirstAdmin>, ServiceError> {
    let mut session = store.acquire().await?;
    let name = UserName::parse("admin").map_err(|error| ServiceError::Internal(error.to_string()))?;
    if store::find_account(&mut session, &name).await?.is_some() {
        return Ok(None);
    }
    let one_time = preset.is_none();
    if let Some(preset) = &preset {
        check_password("PINTLE_ADMIN_PASSWORD", preset, name.as_str())?;
    }
    let password = preset.unwrap_or_else(|| one_time_password(ambient));
    let hash = passwords.hash(password.clone()).await?;
    let created = store::create_first_admin(&mut session, (ambient.id(), &name), &hash, one_time).await?;
    Ok(created.then_some(FirstAdmin { name, one_time_password: one_time.then_some(password) }))
}

/// The first admin, just made.
#[derive(Debug)]
pub struct FirstAdmin {
    /// The user.
    pub name: UserName,
    /// Set unless the password was preset.
    pub one_time_password: Option<String>,
}

/// Gives a user a new one-time password; recorded as done by the system.
pub async fn reset_password(
    store: &Store,
    ambient: &dyn crate::service::ambient::Ambient,
    passwords: &super::Passwords,
    name: &UserName,
) -> Result<String, ServiceError> {
    let mut session = store.acquire().await?;
    let account = store::find_account(&mut session, name).await?;
    let account = account.ok_or_else(|| ServiceError::NotFound(format!("user {name}")))?;
    let password = one_time_password(ambient);
    let hash = passwords.hash(password.clone()).await?;
    let step = password_step(account.id, &account.name, hash, true, None);
    match store::change_access(&mut session, None, &Who::system(), &[step]).await? {
        AccessOutcome::Changed(_) => Ok(password),
        AccessOutcome::Moved | AccessOutcome::Foreign => {
            Err(ServiceError::Unavailable("the database holds another history: start a node first".to_owned()))
        }
    }
}

/// Sets a password. Every session of the user ends, but the one to keep.
pub(super) fn password_step(
    user_id: Uuid,
    name: &UserName,
    password_hash: String,
    one_time: bool,
    keep: Option<Uuid>,
) -> Step {
    let action = if one_time { "reset_password" } else { "set_password" };
    let op = Op::SetPassword { user_id, password_hash, one_time, keep };
    Step { event: Event::new(action, format!("user:{name}")), op }
}

/// 120 random bits, in groups that people can read out.
pub(super) fn one_time_password(ambient: &dyn crate::service::ambient::Ambient) -> String {
    let hex = hex::encode(ambient.secret());
    let groups: Vec<String> =
        hex.as_bytes().chunks(5).take(6).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    groups.join("-")
}
