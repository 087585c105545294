//! Logins with a name and a password.

use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::domain::access::{CONSOLE, Peer, TokenKind, User};
use crate::domain::audit::{Event, Who};
use crate::domain::names::UserName;
use crate::domain::passwords::PASSWORD_CHARS;
use crate::service::accounts::NewToken;
use crate::service::attempts::{Attempt, network};
use crate::service::sessions::end_step;
use crate::service::tokens::TokenText;
use crate::service::users::check_password;
use crate::service::{Field, Service, ServiceError};
use crate::store::{self, AccountRow, Op, Step};

/// How long a network counts as one where somebody logged in before.
const PLACE: Duration = Duration::days(30);
/// Characters of a program's name that are kept.
const AGENT: usize = 200;

/// A login as it was asked for.
pub struct Login {
    /// The name as it was typed.
    pub name: String,
    /// The password.
    pub password: String,
    /// The password to set.
    pub new_password: Option<String>,
    /// What it opens.
    pub opening: Opening,
}

/// How a session is opened.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// Whether a browser will keep it in a cookie.
    pub console: bool,
    /// The program, as it calls itself.
    pub agent: Option<String>,
    /// The text of the session that the browser had before, which ends.
    pub previous: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("opening", &self.opening).finish_non_exhaustive()
    }
}

impl Service {
    /// Logs a person in. After a one-time password a new one must come with it.
    ///
    /// Whatever is wrong is told alike and after the same work: the name, the password, that the account is disabled, or that it
    /// has no password.
    pub async fn log_in(&self, login: Login, peer: &Peer) -> Result<(User, NewToken), ServiceError> {
        let Login { name, password, new_password, opening } = login;
        if let Some(new) = &new_password {
            check_password("new_password", new, &name)?;
            if *new == password {
                return Err(ServiceError::Invalid(vec![Field::new("new_password", "must be another one")]));
            }
        }
        let now = self.ambient.now();
        let (account, known) = self.find_account(&name, peer, now).await?;
        let attempt = Attempt::new(&name, peer.address, known);
        self.sessions.attempts.begin(&attempt, now).map_err(too_soon)?;
        let hash = account.as_ref().filter(|account| !account.disabled).and_then(|a| a.password_hash.clone());
        let right = self.verify(password, hash).await.inspect_err(|_| self.sessions.attempts.withdraw(&attempt))?;
        let account = match account {
            Some(account) if right => account,
            account => {
                self.note_failed_login(account.as_ref().map(|account| &account.name), peer);
                return Err(ServiceError::WrongPassword);
            }
        };
        self.sessions.attempts.succeeded(&attempt);
        if let Some(new) = new_password {
            let hash = self.passwords.hash(new).await?;
            self.set_password(&who(&account.name, peer), account.id, &account.name, hash, false).await?;
        } else if account.one_time {
            return Err(ServiceError::PasswordChangeRequired);
        }
        let opened = self.open_session((account.id, &account.name), &opening, peer, Vec::new()).await?;
        self.keep_place(account.id, peer).await;
        Ok(opened)
    }

    /// The account of a name as it was typed, and whether it logged in from there before. An unknown one takes as long.
    async fn find_account(
        &self,
        name: &str,
        peer: &Peer,
        now: OffsetDateTime,
    ) -> Result<(Option<AccountRow>, bool), ServiceError> {
        let parsed = UserName::parse(name);
        // A name that cannot be is looked up as another one, and the result thrown away.
        let asked = parsed.clone().or_else(|_| UserName::parse("nobody"));
        let asked = asked.map_err(|error| ServiceError::Internal(error.to_string()))?;
        let mut session = self.store.acquire().await?;
        let account = store::find_account(&mut session, &asked).await?.filter(|_| parsed.is_ok());
        let id = account.as_ref().map_or(Uuid::nil(), |account| account.id);
        let known = store::knows_place(&mut session, id, &network(peer.address), now - PLACE).await?;
        Ok((account, known))
    }

    /// Whether a password belongs to a hash; one that is too long is compared as well, in part, and never does.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, ServiceError> {
        let too_long = password.len() > 4 * PASSWORD_CHARS.end();
        let password = if too_long { String::new() } else { password };
        Ok(self.passwords.verify(password, hash).await? && !too_long)
    }

    /// Opens a session, together with whatever else the login changes, and ends the one that the browser had before.
    pub(super) async fn open_session(
        &self,
        (user, name): (Uuid, &UserName),
        opening: &Opening,
        peer: &Peer,
        mut steps: Vec<Step>,
    ) -> Result<(User, NewToken), ServiceError> {
        let expires_at = self.ambient.now() + self.sessions.limits.longest;
        let called = if opening.console { CONSOLE } else { "login" };
        let mut new = self.new_token(user, called, TokenKind::Session, expires_at);
        new.token.address = peer.address.map(|address| address.to_canonical().to_string());
        new.token.agent = opening.agent.as_deref().map(plain).filter(|agent| !agent.is_empty());
        let after = json!({"name": called, "address": new.token.address, "agent": new.token.agent,
                           "expires_at": expires_at.unix_timestamp()});
        let event = Event::new("log_in", format!("user:{name}")).after(after);
        steps.push(Step { event, op: Op::CreateToken((&new.token).into()) });
        let previous = opening.previous.as_deref().and_then(TokenText::parse);
        self.change_access(&who(name, peer), |access| {
            let mut steps = steps.clone();
            let ended = previous.as_ref().and_then(|text| {
                let token =
                    access.find_token(text.id()).filter(|token| text.belongs_to(token) && token.is_console())?;
                Some(end_step(access.find_user(token.user)?, token))
            });
            steps.extend(ended);
            Ok((steps, ()))
        })
        .await?;
        self.sessions.note_use(new.token.id, self.ambient.now());
        let state = self.state()?;
        let user = state.access.find_user(user).ok_or(ServiceError::Unauthenticated)?;
        Ok((user.clone(), new))
    }

    /// Keeps from where somebody logged in. Without it the next login from there may have to wait, no more.
    pub(super) async fn keep_place(&self, user: Uuid, peer: &Peer) {
        let now = self.ambient.now();
        if let Ok(mut session) = self.store.acquire().await {
            let kept = store::keep_place(&mut session, user, &network(peer.address), (now, now - PLACE)).await;
            if let Err(error) = kept {
                tracing::warn!(%error, "the place of a login was not kept");
            }
        }
    }

    /// Says that a login failed. The name is told only of an account that exists: what was typed may be a password.
    #[expect(clippy::unused_self, reason = "it writes to what the service holds")]
    pub(super) fn note_failed_login(&self, account: Option<&UserName>, peer: &Peer) {
        let (account, address) = (account.map_or("unknown", UserName::as_str), peer.address);
        tracing::info!(account, ?address, "a login failed");
    }
}

/// Somebody who is about to be logged in.
pub(super) fn who(name: &UserName, peer: &Peer) -> Who {
    Who { actor: name.to_string(), token: None, address: peer.address, request_id: peer.request_id.clone() }
}

pub(super) fn too_soon(wait: Duration) -> ServiceError {
    // Whole seconds, and never too few.
    let seconds = wait.whole_seconds() + i64::from(wait.subsec_nanoseconds() > 0);
    ServiceError::TooManyRequests(std::time::Duration::from_secs(seconds.max(1).unsigned_abs()))
}

/// What a program calls itself, without what would not show.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(AGENT).collect::<String>().trim().to_owned()
}
