//! Codes by which a person who is logged in at a browser logs in a program: handed over once, good for a minute, and only for the
//! program that asked, which alone knows what the challenge was made of.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

use crate::domain::access::{Caller, Peer, User};
use crate::service::accounts::NewToken;
use crate::service::logins::Opening;
use crate::service::{Field, Service, ServiceError};
use crate::store::{self, LoginCode};

/// How long a code is good.
const GOOD: Duration = Duration::minutes(1);
/// Characters of a SHA-256 in base64url, and bytes of what we make.
const CHALLENGE: usize = 43;
/// Characters of what a challenge is made of, after RFC 7636.
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

impl Service {
    /// Makes a code for a program of the caller, who must have called from a browser.
    pub async fn make_login_code(
        &self,
        caller: &Caller,
        challenge: &str,
    ) -> Result<(String, OffsetDateTime), ServiceError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if challenge.len() != CHALLENGE || !challenge.chars().all(plain) {
            let problem = format!("must be a SHA-256 in base64url, which has {CHALLENGE} characters");
            return Err(ServiceError::Invalid(vec![Field::new("challenge", problem)]));
        }
        let state = self.state()?;
        let token = caller.credential.token.and_then(|id| state.access.find_token(id));
        if !token.is_some_and(crate::domain::access::Token::is_console) {
            return Err(ServiceError::LoginRefused(
                "only somebody who is logged in at a browser may do this".to_owned(),
            ));
        }
        let text = URL_SAFE_NO_PAD.encode(self.ambient.secret());
        let now = self.ambient.now();
        let code = LoginCode {
            hash: Sha256::digest(&text).into(),
            user: caller.user.id,
            challenge: challenge.to_owned(),
            expires_at: now + GOOD,
        };
        let mut session = self.store.acquire().await?;
        store::put_login_code(&mut session, &code, now).await.map_err(ServiceError::of_write)?;
        Ok((text, code.expires_at))
    }

    /// Logs a program in with a code. Whether or not it is good, it is good no more.
    pub async fn log_in_with_code(
        &self,
        code: &str,
        verifier: &str,
        opening: &Opening,
        peer: &Peer,
    ) -> Result<(User, NewToken), ServiceError> {
        use subtle::ConstantTimeEq as _;
        let refused = || ServiceError::LoginRefused("the code is not good, or no more; begin again".to_owned());
        let mut session = self.store.acquire().await?;
        let taken = store::take_login_code(&mut session, Sha256::digest(code.trim()).into()).await;
        drop(session);
        let found = taken.map_err(ServiceError::of_write)?.ok_or_else(refused)?;
        let made = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let same = bool::from(made.as_bytes().ct_eq(found.challenge.as_bytes()));
        let state = self.state()?;
        let user = state.access.find_user(found.user).filter(|user| !user.disabled);
        match user {
            Some(user) if same && VERIFIER.contains(&verifier.len()) && found.expires_at > self.ambient.now() => {
                self.open_session((user.id, &user.name), opening, peer, Vec::new()).await
            }
            user => {
                self.note_failed_login(user.map(|user| &user.name), peer, "code");
                Err(refused())
            }
        }
    }
}
