//! Logins at `OpenID` providers: authorization code with PKCE.
//!
//! What is under way is kept by the browser, in a cookie that only this store can read: nothing is held here for people who never
//! come back.

mod fetch;
mod people;
mod protocol;
mod providers;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use crate::domain::access::{IdentityProvider, Peer, User};
use crate::service::accounts::NewToken;
use crate::service::logins::{Opening, who};
use crate::service::tokens::TokenText;
use crate::service::{Field, Service, ServiceError};

pub use protocol::{Discovered, Providers};
pub use providers::ProviderChange;

/// How long a person may take at the provider.
pub const UNDER_WAY: Duration = Duration::minutes(10);
/// What the transaction is sealed for.
const LABEL: &str = "oidc transaction";
/// Bytes of a path to go on to.
const NEXT: usize = 1500;

/// A login that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What the browser keeps meanwhile.
    pub transaction: String,
}

/// What the provider sent with the browser.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Returned {
    /// To be exchanged for tokens.
    pub code: Option<String>,
    /// Names the transaction.
    pub state: Option<String>,
    /// The issuer, after RFC 9207.
    pub iss: Option<String>,
    /// What went wrong there.
    pub error: Option<String>,
}

/// A login that is over.
#[derive(Debug)]
pub struct Finished {
    /// Who it is.
    pub user: User,
    /// The session.
    pub new: NewToken,
    /// A path of this server to go on to.
    pub next: String,
}

/// What is kept while a person is at the provider.
#[derive(Serialize, Deserialize)]
struct Transaction {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    redirect: String,
    next: String,
    /// The session that the browser had.
    previous: Option<Uuid>,
    /// Seconds since 1970.
    until: i64,
}

impl Service {
    /// Begins a login at a provider that will send the browser back to `redirect`.
    pub async fn begin_oidc(
        &self,
        provider: &str,
        next: Option<&str>,
        redirect: String,
        previous: Option<Uuid>,
    ) -> Result<Begun, ServiceError> {
        let provider = self.find_provider(provider)?;
        let secret = || URL_SAFE_NO_PAD.encode(self.ambient.secret());
        let transaction = Transaction {
            provider: provider.name.clone(),
            state: secret(),
            nonce: secret(),
            verifier: secret(),
            redirect,
            next: local_path(next.unwrap_or("/")).to_owned(),
            previous,
            until: (self.ambient.now() + UNDER_WAY).unix_timestamp(),
        };
        let text = serde_json::to_vec(&transaction).map_err(|error| ServiceError::Internal(error.to_string()))?;
        let sealed = URL_SAFE_NO_PAD.encode(self.keyring.seal_bytes(LABEL, &text)?);
        let discovered = self.providers.discover(&provider, self.ambient.now()).await?;
        let url = discovered.authorize(&provider, &transaction)?;
        Ok(Begun { url, transaction: sealed })
    }

    /// Finishes a login with what the provider sent, and what the browser kept.
    pub async fn finish_oidc(
        &self,
        provider: &str,
        returned: Returned,
        kept: Option<&str>,
        agent: Option<String>,
        peer: &Peer,
    ) -> Result<Finished, ServiceError> {
        let finished = self.finish_at(provider, returned, kept, agent, peer).await;
        if matches!(finished, Err(ServiceError::LoginRefused(_))) {
            self.note_failed_login(None, peer, "provider");
        }
        finished
    }

    async fn finish_at(
        &self,
        provider: &str,
        returned: Returned,
        kept: Option<&str>,
        agent: Option<String>,
        peer: &Peer,
    ) -> Result<Finished, ServiceError> {
        let provider = self.find_provider(provider)?;
        let transaction = self.open_transaction(&provider, kept, &returned)?;
        if returned.iss.as_ref().is_some_and(|issuer| *issuer != provider.issuer) {
            return Err(refused("the answer comes from another issuer"));
        }
        let code = match (returned.error, returned.code) {
            (None, Some(code)) => code,
            (error, _) => {
                tracing::info!(provider = provider.name, error, "a provider refused a login");
                return Err(refused("the provider did not let you log in"));
            }
        };
        let secret = self.open_secret(&provider)?;
        let now = self.ambient.now();
        let claims = self.providers.claims(&provider, secret, code, &transaction, now).await?;
        let access = self.state()?.access.clone();
        let id = self.ambient.id();
        let person = people::Person::find(&access, &provider, &claims, id).inspect_err(
            |error| tracing::info!(provider = provider.name, %error, "a login at a provider was refused"),
        )?;
        let who = who(&person.name, peer);
        // Made, and put into groups, in one statement; the session follows, under whatever these gave.
        self.change_access(&who, |access| {
            let steps = people::Person::find(access, &provider, &claims, id)?.steps(access, &provider);
            Ok((steps, ()))
        })
        .await?;
        let opening = Opening { console: true, agent, previous: transaction.previous };
        let (user, new) = self.open_session((person.id, &person.name), &opening, peer, Vec::new()).await?;
        Ok(Finished { user, new, next: transaction.next })
    }

    fn open_transaction(
        &self,
        provider: &IdentityProvider,
        kept: Option<&str>,
        returned: &Returned,
    ) -> Result<Transaction, ServiceError> {
        use subtle::ConstantTimeEq as _;
        let unknown = || refused("this login was not begun in this browser, or is over; begin again");
        let sealed = kept.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or_else(unknown)?;
        let text = self.keyring.open_bytes(LABEL, &sealed).map_err(|_| unknown())?;
        let transaction: Transaction = serde_json::from_slice(&text).map_err(|_| unknown())?;
        let state = returned.state.as_deref().unwrap_or_default();
        let same = bool::from(transaction.state.as_bytes().ct_eq(state.as_bytes()));
        if !same || transaction.provider != provider.name {
            return Err(unknown());
        }
        if transaction.until <= self.ambient.now().unix_timestamp() {
            return Err(refused("the login took too long; begin again"));
        }
        Ok(transaction)
    }

    fn find_provider(&self, name: &str) -> Result<IdentityProvider, ServiceError> {
        let state = self.state()?;
        let found = state.access.providers().iter().find(|provider| provider.name == name);
        found.cloned().ok_or_else(|| ServiceError::NotFound("identity provider".to_owned()))
    }

    /// The session of a browser that this is the text of, if it is one.
    #[must_use]
    pub fn find_console(&self, text: &str) -> Option<Uuid> {
        let shown = TokenText::parse(text)?;
        let state = self.view.state();
        let token = state.access.find_token(shown.id())?;
        (token.is_console() && shown.belongs_to(token)).then_some(token.id)
    }
}

/// A login that is refused, with a reason that the person may see.
fn refused(reason: &str) -> ServiceError {
    ServiceError::LoginRefused(reason.to_owned())
}

fn invalid(field: &str, problem: impl Into<String>) -> ServiceError {
    ServiceError::Invalid(vec![Field::new(field, problem)])
}

/// The path itself, when it is one of this server, else the root.
fn local_path(text: &str) -> &str {
    let plain = text.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    let local = text.starts_with('/') && !text.starts_with("//");
    if plain && local && text.len() <= NEXT { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_server_is_gone_on_to() {
        for good in ["/", "/cli?challenge=x&port=1", "/a/b#c"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "a",
            "/a b",
            "/a\n",
            "/\t/evil.example",
            "/ä",
            &format!("/{}", "a".repeat(NEXT)),
        ] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
    }
}
