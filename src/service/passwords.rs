//! Passwords: argon2id off the async threads, and only so many at once.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::service::ServiceError;
use crate::service::turns::Turns;

/// Hashes at once: each takes 19 MiB and one core.
const AT_ONCE: usize = 2;
/// Logins that may wait for their turn.
const QUEUE: usize = 32;
/// When to come back where they wait already.
const LATER: Duration = Duration::from_secs(2);

/// Of a random password that nobody knows: names that are not there are compared with it, so that they take as long as others.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$gyI/usFaYWgS8j3aHV4yNQ$4ztYivDtW6Xsdy8/1YpAEgvDkShQ5zSFmeDQw0klM84";

/// Hashes and verifies passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Turns,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Turns::new(AT_ONCE, QUEUE, LATER) }
    }
}

impl Passwords {
    /// Hashes a password into PHC format.
    pub async fn hash(&self, password: String) -> Result<String, ServiceError> {
        self.turns.run(move || hash_now(&password)).await?
    }

    /// Whether a password belongs to a hash; without one, takes as long and says no.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, ServiceError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let matches = self
            .turns
            .run(move || {
                let hash = PasswordHash::new(&hash).map_err(|error| ServiceError::Internal(error.to_string()))?;
                Ok::<_, ServiceError>(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await??;
        Ok(known && matches)
    }
}

/// OWASP's parameters: 19 MiB, two passes, one lane.
fn hash_now(password: &str) -> Result<String, ServiceError> {
    let failed = |error: String| ServiceError::Internal(format!("argon2: {error}"));
    let params = Params::new(19_456, 2, 1, None).map_err(|error| failed(error.to_string()))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.as_bytes()).map_err(|error| failed(error.to_string()))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery".to_owned()).await.unwrap();
        for hash in [&*hash, NOBODY] {
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        }
        assert!(passwords.verify("correct horse battery".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong".to_owned(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse battery".to_owned(), None).await.unwrap());
    }
}
