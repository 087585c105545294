//! Sessions: when they end, which are open, and ending them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::access::{Access, Action, Caller, Target, Token, TokenKind, User};
use crate::domain::audit::{Event, Who};
use crate::domain::names::UserName;
use crate::service::accounts::revoke_step;
use crate::service::attempts::Attempts;
use crate::service::permit::{self, Administer};
use crate::service::{Field, Service, ServiceError};
use crate::store::{self, Op, Step, Store, StoreError};

/// How often nodes tell each other, through the database, which tokens were used.
const PERIOD: std::time::Duration = std::time::Duration::from_secs(30);

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// A browser's session that nobody uses for so long ends.
    pub idle: Duration,
    /// Every session ends after so long.
    pub longest: Duration,
}

/// What a node remembers of sessions and logins.
#[derive(Debug)]
pub struct Sessions {
    /// How long they last.
    pub limits: SessionLimits,
    /// Failed logins.
    pub attempts: Attempts,
    uses: Mutex<Uses>,
}

#[derive(Debug, Default)]
struct Uses {
    /// When each token was last used, here or, as far as it was heard, elsewhere.
    last: HashMap<Uuid, LastUse>,
    /// When this node last heard from the others; what happened since is not known.
    heard: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, Copy)]
struct LastUse {
    at: OffsetDateTime,
    /// Whether the database knows.
    kept: bool,
}

impl Sessions {
    /// Nothing was used yet.
    #[must_use]
    pub fn new(limits: SessionLimits) -> Self {
        Self { limits, attempts: Attempts::default(), uses: Mutex::default() }
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a token is used.
    pub fn note_use(&self, token: Uuid, now: OffsetDateTime) {
        let mut uses = self.uses();
        let entry = uses.last.entry(token).or_insert(LastUse { at: now, kept: false });
        if now > entry.at {
            *entry = LastUse { at: now, kept: false };
        }
    }

    /// When a token was last used, as far as this node knows.
    #[must_use]
    pub fn last_use(&self, token: &Token) -> Option<OffsetDateTime> {
        self.uses().last.get(&token.id).map(|last| last.at).max(token.last_used_at)
    }

    /// Whether a session ended because nobody used it. Judged as of the last time that this node heard from the others, less the
    /// time that they may take to tell: a session in use elsewhere never ends here, and none ends while the database is away.
    #[must_use]
    pub fn is_idle(&self, token: &Token) -> bool {
        if !token.is_console() {
            return false;
        }
        let last = self.last_use(token).unwrap_or(token.created_at).max(token.created_at);
        self.uses().heard.is_some_and(|heard| last + self.limits.idle + PERIOD <= heard)
    }

    /// Tells the database what was used here, and hears what was used elsewhere.
    pub async fn exchange(&self, store: &Store, access: &Access, now: OffsetDateTime) -> Result<(), StoreError> {
        let fresh: Vec<(Uuid, OffsetDateTime)> = {
            let mut uses = self.uses();
            uses.last.retain(|id, _| access.find_token(*id).is_some());
            uses.last.iter().filter(|(_, last)| !last.kept).map(|(id, last)| (*id, last.at)).collect()
        };
        let mut session = store.acquire().await?;
        let written = if fresh.is_empty() { Vec::new() } else { store::note_uses(&mut session, &fresh).await? };
        let everywhere = store::list_uses(&mut session).await?;
        drop(session);
        let mut uses = self.uses();
        for (id, at) in fresh.iter().filter(|(id, _)| written.contains(id)) {
            if let Some(last) = uses.last.get_mut(id).filter(|last| last.at == *at) {
                last.kept = true;
            }
        }
        for (id, at) in everywhere {
            let last = uses.last.entry(id).or_insert(LastUse { at, kept: true });
            if at > last.at {
                *last = LastUse { at, kept: true };
            }
        }
        uses.heard = Some(now);
        Ok(())
    }
}

/// A session, for whoever may list it.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// What is kept of it.
    pub token: Token,
    /// When it was last used.
    pub last_used_at: Option<OffsetDateTime>,
    /// Whether the caller called with it.
    pub current: bool,
}

impl Service {
    /// Exchanges uses with the other nodes until stopped, and once more then. A failure waits for the next turn.
    pub async fn keep_exchanging_uses(&self, stop: CancellationToken) {
        let mut turns = interval(PERIOD);
        loop {
            let stopped = stop.run_until_cancelled(turns.tick()).await.is_none();
            let _ = self.exchange_uses().await;
            if stopped {
                return;
            }
        }
    }

    /// Tells the other nodes which tokens were used here, and hears what they say.
    pub async fn exchange_uses(&self) -> Result<(), ServiceError> {
        let state = self.view.state();
        Ok(self.sessions.exchange(&self.store, &state.access, self.ambient.now()).await?)
    }

    /// Whether what a caller showed still stands for it, and its session was used of late.
    #[must_use]
    pub fn is_live(&self, access: &Access, caller: &Caller) -> bool {
        let idle = |id| access.find_token(id).is_some_and(|token| self.sessions.is_idle(token));
        access.is_live(caller, self.ambient.now()) && !caller.credential.token.is_some_and(idle)
    }

    /// The open sessions of the caller, or of another user for those who operate the store; the newest first.
    pub fn list_sessions(&self, caller: &Caller, of: Option<&UserName>) -> Result<Vec<OpenSession>, ServiceError> {
        let state = self.state()?;
        let user = whose(&state.access, caller, of)?;
        let now = self.ambient.now();
        let open = |token: &&Token| {
            let ahead = token.expires_at.is_none_or(|end| end > now);
            token.kind == TokenKind::Session && ahead && !self.sessions.is_idle(token)
        };
        let listed = |token: &Token| OpenSession {
            token: token.clone(),
            last_used_at: self.sessions.last_use(token),
            current: caller.credential.token == Some(token.id),
        };
        let mut sessions: Vec<_> = state.access.tokens_of(user.id).filter(open).map(listed).collect();
        sessions.sort_by_key(|session| (std::cmp::Reverse(session.token.created_at), session.token.id));
        Ok(sessions)
    }

    /// Ends the session, or the token, that a caller calls with.
    pub async fn log_out(&self, caller: &Caller) -> Result<(), ServiceError> {
        let shown = &caller.credential;
        // A short-lived token ends by itself, and does not end what it was made from.
        let id = shown.token.filter(|_| shown.expires_at.is_none()).ok_or(ServiceError::NeedsFullToken)?;
        self.change_access(&Who::of(caller), |access| {
            let found = access.find_token(id).ok_or(ServiceError::Unauthenticated)?;
            let step = match found.kind {
                TokenKind::Session => end_step(&caller.user, found),
                TokenKind::Api => revoke_step(found),
            };
            Ok((vec![step], ()))
        })
        .await
    }

    /// Ends one session: of the caller, or anybody's for those who operate the store.
    pub async fn end_session(&self, caller: &Caller, id: Uuid) -> Result<(), ServiceError> {
        self.change_access(&Who::of(caller), |access| {
            let unknown = || ServiceError::NotFound(format!("session {id}"));
            whose(access, caller, None)?;
            let found = access.find_token(id).filter(|token| token.kind == TokenKind::Session).ok_or_else(unknown)?;
            if found.user != caller.user.id {
                let hidden = |_| ServiceError::Hidden { action: Action::Administer, target: format!("session {id}") };
                permit::require::<Administer>(access, caller, Target::Store).map_err(hidden)?;
            }
            let user = access.find_user(found.user).ok_or_else(unknown)?;
            Ok((vec![end_step(user, found)], ()))
        })
        .await
    }

    /// Ends all sessions of the caller but the one it calls with; or all of another user, for those who operate the store.
    pub async fn end_sessions(&self, caller: &Caller, of: Option<&UserName>) -> Result<(), ServiceError> {
        self.change_access(&Who::of(caller), |access| {
            let user = whose(access, caller, of)?;
            let others = access.tokens_of(user.id).filter(|token| token.kind == TokenKind::Session);
            let others = others.filter(|token| caller.credential.token != Some(token.id));
            Ok((others.map(|token| end_step(user, token)).collect(), ()))
        })
        .await
    }
}

/// The user whose sessions are meant. A scope says nothing of sessions, so a scoped token has nothing to do with them.
fn whose<'a>(access: &'a Access, caller: &Caller, of: Option<&UserName>) -> Result<&'a User, ServiceError> {
    let own = access.find_user(caller.user.id).ok_or(ServiceError::Unauthenticated)?;
    let other = of.filter(|name| **name != own.name);
    if other.is_some() || access.scope_of(caller.holder()).is_some() || caller.credential.token.is_none() {
        permit::require::<Administer>(access, caller, Target::Store)?;
    }
    match other {
        None => Ok(own),
        Some(name) => access
            .find_user_by_name(name)
            .ok_or_else(|| ServiceError::Invalid(vec![Field::new("user", format!("there is no user {name}"))])),
    }
}

/// The step that ends a session.
pub(super) fn end_step(user: &User, token: &Token) -> Step {
    let before = json!({"name": token.name, "address": token.address, "agent": token.agent});
    let event = Event::new("end_session", format!("user:{}", user.name)).before(before);
    Step { event, op: Op::RevokeToken { id: token.id } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::CONSOLE;
    use crate::domain::contents::ContentHash;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

    fn token(name: &str) -> Token {
        Token {
            id: Uuid::from_u128(1),
            user: Uuid::from_u128(2),
            name: name.to_owned(),
            kind: TokenKind::Session,
            hash: ContentHash([0; 32]),
            scoped: false,
            created_at: NOON,
            expires_at: None,
            last_used_at: None,
            address: None,
            agent: None,
        }
    }

    fn sessions(heard: Duration) -> Sessions {
        let this = Sessions::new(SessionLimits { idle: Duration::minutes(30), longest: Duration::hours(8) });
        this.uses().heard = Some(NOON + heard);
        this
    }

    #[test]
    fn a_session_of_a_browser_ends_when_nobody_used_it_for_the_limit() {
        let after = |heard| sessions(heard).is_idle(&token(CONSOLE));
        assert!(!after(Duration::minutes(30)));
        assert!(after(Duration::minutes(31)));
        assert!(!sessions(Duration::hours(7)).is_idle(&token("login")), "a login of a program stays");
    }

    #[test]
    fn a_use_here_or_elsewhere_keeps_a_session() {
        let here = sessions(Duration::hours(1));
        here.note_use(token(CONSOLE).id, NOON + Duration::minutes(45));
        assert!(!here.is_idle(&token(CONSOLE)));
        let elsewhere = Token { last_used_at: Some(NOON + Duration::minutes(45)), ..token(CONSOLE) };
        assert!(!sessions(Duration::hours(1)).is_idle(&elsewhere));
        assert!(sessions(Duration::minutes(76)).is_idle(&elsewhere));
    }

    #[test]
    fn while_nothing_is_heard_no_session_ends() {
        let this = Sessions::new(SessionLimits { idle: Duration::minutes(30), longest: Duration::hours(8) });
        assert!(!this.is_idle(&token(CONSOLE)));
        assert!(!sessions(Duration::minutes(10)).is_idle(&token(CONSOLE)));
    }

    #[test]
    fn an_older_use_does_not_replace_a_newer_one() {
        let this = sessions(Duration::ZERO);
        this.note_use(token(CONSOLE).id, NOON + Duration::minutes(2));
        this.note_use(token(CONSOLE).id, NOON + Duration::minutes(1));
        assert_eq!(this.last_use(&token(CONSOLE)), Some(NOON + Duration::minutes(2)));
    }
}
