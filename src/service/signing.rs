//! Keys that sign short-lived tokens: made at first need, rotated by overlap, sealed by the master key.
//!
//! A key reaches every node before it signs, and verifies until the last token that it signed is over.

use std::time::Duration as StdDuration;

use ed25519_dalek::SigningKey as PrivateKey;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::domain::access::{Access, SigningKey};
use crate::domain::audit::{Event, Who};
use crate::service::jwt::{LEEWAY, LIFE};
use crate::service::keyring::KeyError;
use crate::service::{Service, ServiceError};
use crate::store::{Op, Step};

/// How long a key signs before the next one takes over.
const ROTATION: Duration = Duration::days(30);
/// How long a new key waits until it signs: by then every node that can reach the database has it.
const HEAD_START: Duration = Duration::seconds(5);
/// How often is looked whether a key is due.
const PERIOD: StdDuration = StdDuration::from_mins(5);

/// What a signing key is sealed for.
#[must_use]
pub fn label(kid: &str) -> String {
    format!("signing key {kid}")
}

/// The key that signs now: the newest that has begun. Before one has, by a clock that is behind, the first that will.
fn current(access: &Access, now: OffsetDateTime) -> Option<&SigningKey> {
    let usable = || access.signing_keys().iter().filter(|key| key.verifies_until.is_none_or(|end| end > now));
    let begun = usable().filter(|key| key.signs_from <= now).max_by_key(|key| key.signs_from);
    begun.or_else(|| usable().min_by_key(|key| key.signs_from))
}

/// The newest key, which has no end yet.
fn newest(access: &Access) -> Option<&SigningKey> {
    access.signing_keys().iter().filter(|key| key.verifies_until.is_none()).max_by_key(|key| key.signs_from)
}

impl Service {
    /// The key that signs now, with its seed. The first one is made here.
    pub(super) async fn signing_key(&self) -> Result<(String, Zeroizing<[u8; 32]>), ServiceError> {
        let found = current(&self.state()?.access, self.ambient.now()).cloned();
        let key = match found {
            Some(key) => key,
            None => self.make_first_key().await?,
        };
        let opened = self.keyring.open_bytes(&label(&key.id), &key.sealed)?;
        let seed = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| KeyError::Damaged(label(&key.id)))?;
        Ok((key.id, Zeroizing::new(seed)))
    }

    async fn make_first_key(&self) -> Result<SigningKey, ServiceError> {
        self.change_access(&Who::system(), |access| {
            let now = self.ambient.now();
            if let Some(key) = current(access, now) {
                return Ok((Vec::new(), key.clone()));
            }
            let key = self.new_signing_key(now)?;
            Ok((vec![creation(&key)], key))
        })
        .await
    }

    /// Lets a new key take over in a few seconds. While one is about to, that is the new one.
    pub async fn rotate_signing_key(&self, who: &Who) -> Result<SigningKey, ServiceError> {
        self.rotate_unless(who, |key, now| key.signs_from > now).await
    }

    /// Seals with the current master key what another one sealed. Says how many.
    pub(super) async fn reseal_signing_keys(&self, who: &Who) -> Result<u64, ServiceError> {
        self.change_access(who, |access| {
            let mut steps = Vec::new();
            for key in access.signing_keys() {
                if let Some(sealed) = self.keyring.reseal_bytes(&label(&key.id), &key.sealed)? {
                    let key = SigningKey { sealed: sealed.into(), ..key.clone() };
                    let event = Event::new("wrap_signing_key", format!("key:{}", key.id));
                    steps.push(Step { event, op: columns(&key) });
                }
            }
            let count = steps.len() as u64;
            Ok((steps, count))
        })
        .await
    }

    /// Makes a new key, unless the newest one satisfies `stays`.
    async fn rotate_unless(
        &self,
        who: &Who,
        stays: fn(&SigningKey, OffsetDateTime) -> bool,
    ) -> Result<SigningKey, ServiceError> {
        self.change_access(who, |access| {
            let now = self.ambient.now();
            let Some(old) = newest(access) else {
                let key = self.new_signing_key(now)?;
                return Ok((vec![creation(&key)], key));
            };
            if stays(old, now) {
                return Ok((Vec::new(), old.clone()));
            }
            let key = self.new_signing_key(now + HEAD_START)?;
            // Its last token is signed when the new key takes over, by a clock that may be behind.
            let until = key.signs_from + Duration::seconds(LIFE + 2 * LEEWAY);
            let old = SigningKey { verifies_until: Some(until), ..old.clone() };
            let event = Event::new("retire_signing_key", format!("key:{}", old.id))
                .after(json!({"verifies_until": until.unix_timestamp()}));
            Ok((vec![creation(&key), Step { event, op: columns(&old) }], key))
        })
        .await
    }

    fn new_signing_key(&self, signs_from: OffsetDateTime) -> Result<SigningKey, ServiceError> {
        let seed = Zeroizing::new(self.ambient.secret());
        let id = self.ambient.id().simple().to_string();
        let sealed = self.keyring.seal_bytes(&label(&id), &*seed)?;
        let public_key = PrivateKey::from_bytes(&seed).verifying_key().to_bytes();
        Ok(SigningKey { id, public_key, sealed: sealed.into(), signs_from, verifies_until: None })
    }

    /// Replaces a key that has signed for a month, and forgets those whose tokens are over, until stopped. A failure waits
    /// for the next turn.
    pub async fn keep_signing_keys(&self, stop: CancellationToken) {
        let mut turns = tokio::time::interval(PERIOD);
        loop {
            tokio::select! {
                _ = turns.tick() => {}
                () = stop.cancelled() => return,
            }
            if self.view.health().down_since.is_some() {
                continue;
            }
            if let Err(error) = self.tend_signing_keys().await {
                tracing::warn!(%error, "signing keys could not be looked after");
            }
        }
    }

    async fn tend_signing_keys(&self) -> Result<(), ServiceError> {
        let (access, now) = (self.state()?.access.clone(), self.ambient.now());
        let fresh: fn(&SigningKey, OffsetDateTime) -> bool = |key, now| key.signs_from > now - ROTATION;
        if self.keyring.has_master() && newest(&access).is_some_and(|key| !fresh(key, now)) {
            self.rotate_unless(&Who::system(), fresh).await?;
        }
        let is_over = |key: &&SigningKey| key.verifies_until.is_some_and(|end| end < now);
        if !access.signing_keys().iter().any(|key| is_over(&key)) {
            return Ok(());
        }
        self.change_access(&Who::system(), |access| {
            let over = access.signing_keys().iter().filter(is_over).map(|key| Step {
                event: Event::new("delete_signing_key", format!("key:{}", key.id)),
                op: Op::DeleteSigningKey { id: key.id.clone() },
            });
            Ok((over.collect(), ()))
        })
        .await
    }
}

fn creation(key: &SigningKey) -> Step {
    let after = json!({"public_key": hex::encode(key.public_key), "signs_from": key.signs_from.unix_timestamp()});
    Step { event: Event::new("create_signing_key", format!("key:{}", key.id)).after(after), op: columns(key) }
}

fn columns(key: &SigningKey) -> Op {
    Op::PutSigningKey {
        id: key.id.clone(),
        public_key: hex::encode(key.public_key),
        sealed: hex::encode(&key.sealed),
        signs_from: key.signs_from,
        verifies_until: key.verifies_until,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::domain::access::Parts;

    const NOW: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);

    fn key(id: &str, signs_from: OffsetDateTime, verifies_until: Option<OffsetDateTime>) -> SigningKey {
        SigningKey { id: id.to_owned(), public_key: [0; 32], sealed: [].into(), signs_from, verifies_until }
    }

    fn access(keys: Vec<SigningKey>) -> Access {
        Access::new(Parts { signing_keys: keys, ..Parts::default() })
    }

    #[test]
    fn a_new_key_signs_when_its_time_has_come_and_the_old_one_until_then() {
        let soon = NOW + Duration::seconds(5);
        let both = access(vec![
            key("old", NOW - Duration::days(30), Some(soon + Duration::minutes(11))),
            key("new", soon, None),
        ]);
        assert_eq!(current(&both, NOW).unwrap().id, "old");
        assert_eq!(current(&both, soon).unwrap().id, "new");
        assert_eq!(newest(&both).unwrap().id, "new");
    }

    #[test]
    fn a_key_that_is_over_never_signs_and_one_that_is_early_signs_when_there_is_no_other() {
        let over = access(vec![key("over", NOW - Duration::days(40), Some(NOW))]);
        assert!(current(&over, NOW).is_none());
        let early = access(vec![key("early", NOW + Duration::seconds(2), None)]);
        assert_eq!(current(&early, NOW).unwrap().id, "early");
        assert!(current(&access(Vec::new()), NOW).is_none());
    }
}
