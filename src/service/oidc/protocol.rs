//! What is said to a provider, and what of its answer is believed.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse as _, http,
};
use reqwest::Url;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::domain::access::IdentityProvider;
use crate::service::ServiceError;
use crate::service::oidc::fetch::fetch;
use crate::service::oidc::{Transaction, refused};
use crate::service::outward;

/// How long what a provider says of itself is believed.
const FRESH: Duration = Duration::minutes(10);
/// Earliest time to ask again for keys, when one is not known.
const AGAIN: Duration = Duration::seconds(10);

/// What verifies an identity token. No symmetric algorithm: one of these could be signed by whoever knows our secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 7] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a provider says of itself: its addresses and keys.
#[derive(Debug, Clone)]
pub struct Discovered {
    metadata: CoreProviderMetadata,
    at: OffsetDateTime,
}

/// What the providers say of themselves, remembered for a while.
#[derive(Debug, Default)]
pub struct Providers {
    /// By issuer. Held while one is asked, so that many logins at once ask once.
    known: Mutex<HashMap<String, Discovered>>,
}

/// Claims about a person that were verified.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claims {
    pub(super) subject: String,
    pub(super) all: Map<String, Value>,
}

/// Something is wrong at the provider; the log says what.
fn broken(provider: &IdentityProvider, what: &str, error: &dyn std::fmt::Display) -> ServiceError {
    ServiceError::ProviderFailed(format!("{}: {what}: {error}", provider.name))
}

impl Providers {
    /// Asks a provider for its addresses and keys, unless it was asked a short time ago.
    pub async fn discover(&self, provider: &IdentityProvider, now: OffsetDateTime) -> Result<Discovered, ServiceError> {
        self.discover_since(provider, now - FRESH, now).await
    }

    async fn discover_since(
        &self,
        provider: &IdentityProvider,
        since: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Discovered, ServiceError> {
        let mut known = self.known.lock().await;
        known.retain(|_, discovered| discovered.at > now - FRESH);
        if let Some(found) = known.get(&provider.issuer).filter(|discovered| discovered.at > since) {
            return Ok(found.clone());
        }
        let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(|error| broken(provider, "issuer", &error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &fetch).await;
        let metadata = metadata.map_err(|error| broken(provider, "discovery", &told(&error)))?;
        let discovered = Discovered { metadata, at: now };
        known.insert(provider.issuer.clone(), discovered.clone());
        Ok(discovered)
    }

    /// Exchanges a code for claims about a person, which are verified.
    pub(super) async fn claims(
        &self,
        provider: &IdentityProvider,
        secret: Option<String>,
        code: String,
        transaction: &Transaction,
        now: OffsetDateTime,
    ) -> Result<Claims, ServiceError> {
        let discovered = self.discover(provider, now).await?;
        let redirect = RedirectUrl::new(transaction.redirect.clone());
        let redirect = redirect.map_err(|error| ServiceError::Internal(error.to_string()))?;
        let secret = secret.map(ClientSecret::new);
        let client = ClientId::new(provider.client_id.clone());
        let client = CoreClient::from_provider_metadata(discovered.metadata.clone(), client, secret);
        let client = client.set_redirect_uri(redirect).set_auth_type(discovered.auth_type());
        let exchange = client.exchange_code(AuthorizationCode::new(code));
        let exchange = exchange.map_err(|error| broken(provider, "no address for tokens", &error))?;
        let verifier = PkceCodeVerifier::new(transaction.verifier.clone());
        let tokens = exchange.set_pkce_verifier(verifier).request_async(&fetch).await;
        let tokens = tokens.map_err(|error| {
            tracing::info!(provider = provider.name, error = %told(&error), "a provider gave no tokens");
            refused("the provider did not confirm the login; begin again")
        })?;
        let token = tokens.id_token().ok_or_else(|| broken(provider, "tokens", &"there is no identity token"))?;
        let mut verified = discovered.verify(provider, token, tokens.access_token(), &transaction.nonce);
        if matches!(&verified, Err(Unverified::Key(_))) {
            // The provider may have begun to use another key.
            let newer = self.discover_since(provider, now - AGAIN, now).await?;
            verified = newer.verify(provider, token, tokens.access_token(), &transaction.nonce);
        }
        let mut claims = verified.map_err(|unverified| {
            let (Unverified::Key(error) | Unverified::Claims(error)) = unverified;
            tracing::warn!(provider = provider.name, error, "an identity token was refused");
            refused("the provider's word could not be verified")
        })?;
        discovered.complete(provider, &mut claims, tokens.access_token()).await?;
        Ok(claims)
    }
}

/// Why a token is not believed.
enum Unverified {
    /// No known key signed it.
    Key(String),
    /// It is not what it must be.
    Claims(String),
}

impl From<ClaimsVerificationError> for Unverified {
    fn from(error: ClaimsVerificationError) -> Self {
        let text = told(&error);
        let unknown = ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey);
        if error == unknown { Self::Key(text) } else { Self::Claims(text) }
    }
}

impl Discovered {
    /// Where the browser goes to log in.
    pub(super) fn authorize(&self, provider: &IdentityProvider, to: &Transaction) -> Result<String, ServiceError> {
        let redirect = RedirectUrl::new(to.redirect.clone());
        let redirect = redirect.map_err(|error| ServiceError::Internal(error.to_string()))?;
        let client = ClientId::new(provider.client_id.clone());
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), client, None).set_redirect_uri(redirect);
        let (state, nonce) = (CsrfToken::new(to.state.clone()), Nonce::new(to.nonce.clone()));
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(to.verifier.clone()));
        let scopes = provider.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new);
        let request = client.authorize_url(flow, || state, || nonce).add_scopes(scopes).set_pkce_challenge(challenge);
        let (url, _, _) = request.url();
        outward::check(&url).map_err(|error| broken(provider, "address to log in at", &error))?;
        Ok(url.into())
    }

    fn auth_type(&self) -> AuthType {
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
        if takes(CoreClientAuthMethod::ClientSecretBasic) { AuthType::BasicAuth } else { AuthType::RequestBody }
    }

    /// Verifies a token: signature, issuer, audience, times, nonce, and that it came with this access token.
    fn verify(
        &self,
        provider: &IdentityProvider,
        token: &CoreIdToken,
        access: &AccessToken,
        nonce: &str,
    ) -> Result<Claims, Unverified> {
        let client = ClientId::new(provider.client_id.clone());
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), client, None);
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let claims = token.claims(&verifier, &Nonce::new(nonce.to_owned()))?;
        let bad = |error: &dyn std::fmt::Display| Unverified::Claims(error.to_string());
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|error| bad(&error))?;
            let key = token.signing_key(&verifier).map_err(|error| bad(&error))?;
            let found = AccessTokenHash::from_token(access, algorithm, key).map_err(|error| bad(&error))?;
            if found != *expected {
                return Err(bad(&"the access token is another one"));
            }
        }
        // The same bytes whose signature was just verified.
        let text = token.to_string();
        let payload = text.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let all = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
        let all = all.ok_or_else(|| bad(&"its claims are no object"))?;
        Ok(Claims { subject: claims.subject().to_string(), all })
    }

    /// Asks for claims that the token lacks, where the provider gives them on request.
    async fn complete(
        &self,
        provider: &IdentityProvider,
        claims: &mut Claims,
        access: &AccessToken,
    ) -> Result<(), ServiceError> {
        let mut wanted = std::iter::once(&provider.name_claim).chain(&provider.groups_claim);
        let (true, Some(endpoint)) =
            (wanted.any(|name| !claims.all.contains_key(name)), self.metadata.userinfo_endpoint())
        else {
            return Ok(());
        };
        let url: &Url = endpoint.url();
        let request = http::Request::builder().uri(url.as_str()).header("accept", "application/json");
        let request = request.header("authorization", format!("Bearer {}", access.secret())).body(Vec::new());
        let request = request.map_err(|error| broken(provider, "user info", &error))?;
        let answer = fetch(request).await.map_err(|error| broken(provider, "user info", &error))?;
        if answer.status() != http::StatusCode::OK {
            return Err(broken(provider, "user info", &answer.status()));
        }
        let more: Map<String, Value> =
            serde_json::from_slice(answer.body()).map_err(|error| broken(provider, "user info", &error))?;
        if more.get("sub").and_then(Value::as_str) != Some(claims.subject.as_str()) {
            return Err(broken(provider, "user info", &"it is about somebody else"));
        }
        for (name, value) in more {
            claims.all.entry(name).or_insert(value);
        }
        Ok(())
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
