//! Keys of trusted issuers that are fetched: bounded in time and size, kept while the issuer is away, and never fetched from
//! where only this machine's own metadata lives.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::time::Instant;

use crate::service::jwt::{BadKeys, KeySet};
use crate::service::outward::{self, Unread, Unsafe};

/// How long a fetch may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How large a set may be.
const BYTES_MAX: usize = 256 * 1024;
/// The shortest time between two tries, whatever the tokens say.
const AGAIN: Duration = Duration::from_mins(1);
/// After which time keys are asked for anew, so that a withdrawn one goes.
const FRESH: Duration = Duration::from_mins(15);
/// Most addresses whose keys are kept. Only an admin adds addresses.
const KEPT: usize = 1_000;

/// Why keys could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is no address of a key set.
    #[error("{0}")]
    Address(&'static str),
    /// The address may not be asked.
    #[error(transparent)]
    Unsafe(#[from] Unsafe),
    /// It did not answer as it should.
    #[error("{0}")]
    Failed(String),
    /// It answered with something else.
    #[error("the answer {0}")]
    Keys(#[from] BadKeys),
    /// It was tried a moment ago.
    #[error("it could not be reached a moment ago, and is asked again after {} s", AGAIN.as_secs())]
    Waiting,
}

/// Checks the address of a key set: HTTPS, or HTTP on this machine; nothing link-local.
pub fn check_address(text: &str) -> Result<Url, FetchError> {
    let url = Url::parse(text).map_err(|_| FetchError::Address("must be a URL"))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(FetchError::Address("must have neither a user nor a fragment"));
    }
    outward::check(&url)?;
    Ok(url)
}

#[derive(Debug, Default)]
struct Kept {
    keys: Option<Arc<KeySet>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

impl Kept {
    /// Whether to fetch now.
    fn is_due(&self, has_it: impl Fn(&KeySet) -> bool, now: Instant) -> bool {
        let wanted = self.keys.as_ref().is_none_or(|keys| !has_it(keys))
            || self.fetched.is_none_or(|fetched| now - fetched > FRESH);
        wanted && self.tried.is_none_or(|tried| now - tried >= AGAIN)
    }
}

/// The keys of all issuers that are fetched.
#[derive(Debug, Default)]
pub struct IssuerKeyCache {
    kept: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Kept>>>>,
}

impl IssuerKeyCache {
    /// The keys at an address: those that are kept, or fresh ones when these lack what is looked for or are old. A fetch that
    /// fails leaves the kept ones.
    pub async fn get(&self, address: &str, has_it: impl Fn(&KeySet) -> bool) -> Result<Arc<KeySet>, FetchError> {
        // One fetch at a time for an address; who comes meanwhile waits, and finds it done.
        let slot = self.slot(address);
        let mut kept = slot.lock().await;
        if !kept.is_due(has_it, Instant::now()) {
            return kept.keys.clone().ok_or(FetchError::Waiting);
        }
        kept.tried = Some(Instant::now());
        match fetch(address).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                kept.fetched = Some(Instant::now());
                kept.keys = Some(Arc::clone(&keys));
                Ok(keys)
            }
            Err(error) => match &kept.keys {
                Some(keys) => {
                    tracing::warn!(address, %error, "the keys of a trusted issuer stay as they are");
                    Ok(Arc::clone(keys))
                }
                None => Err(error),
            },
        }
    }

    fn slot(&self, address: &str) -> Arc<tokio::sync::Mutex<Kept>> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT && !all.contains_key(address) {
            all.clear();
        }
        Arc::clone(all.entry(address.to_owned()).or_default())
    }
}

async fn fetch(address: &str) -> Result<KeySet, FetchError> {
    let url = check_address(address)?;
    let failed = |error: reqwest::Error| FetchError::Failed(error.without_url().to_string());
    // A proxy would go where nobody has looked.
    let client = outward::client(&url, TIMEOUT, TIMEOUT).no_proxy().build().map_err(failed)?;
    let response = client.get(url).send().await.map_err(failed)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Failed(format!("it answered {}", response.status())));
    }
    let body = outward::read(response, BYTES_MAX).await.map_err(|error| match error {
        Unread::Broken(error) => failed(error),
        Unread::TooLarge(_) => FetchError::Failed(error.to_string()),
    })?;
    let set = serde_json::from_slice(&body).map_err(|_| FetchError::Failed("it answered with no JSON".to_owned()))?;
    // A secret among them is its issuer's mistake; the key is then known to others, and no signature of it means anything.
    Ok(KeySet::parse(&set)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_fetched_over_https_or_from_this_machine() {
        for good in [
            "https://issuer.example.com/jwks.json",
            "https://10.0.0.1/keys",
            "http://127.0.0.1:8001/openid/v1/jwks",
            "http://localhost/keys",
            "http://[::1]:9/keys",
        ] {
            assert!(check_address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://issuer.example.com/jwks.json",
            "http://10.0.0.1/keys",
            "https://169.254.169.254/latest",
            "https://0xa9fea9fe/latest",
            "https://2852039166/latest",
            "https://[fe80::1]/keys",
            "https://[::ffff:169.254.169.254]/keys",
            "https://0.0.0.0/keys",
            "https://[::]/keys",
            "https://224.0.0.1/keys",
            "https://user@issuer.example.com/keys",
            "https://issuer.example.com/keys#top",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "ftp://localhost/keys",
            "issuer.example.com",
            "",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_key_is_asked_for_once_a_minute_and_old_keys_are_asked_for_anew() {
        let key =
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"});
        let keys = Arc::new(KeySet::parse(&json!({"keys": [key]})).unwrap());
        let now = Instant::now();
        assert!(Kept::default().is_due(|_| true, now), "nothing is there");
        let kept = Kept { keys: Some(keys), fetched: Some(now), tried: Some(now) };
        assert!(!kept.is_due(|_| true, now) && !kept.is_due(|_| false, now), "it was just tried");
        let later = now + AGAIN;
        assert!(!kept.is_due(|_| true, later) && kept.is_due(|_| false, later));
        assert!(kept.is_due(|_| true, now + FRESH + AGAIN));
    }
}
