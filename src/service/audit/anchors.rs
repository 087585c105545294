//! Anchoring: the end of each chain, signed with a key that is not in the database, goes to the log and to a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::domain::audit::{Anchor, Link, STORE_CHAIN};
use crate::service::ambient::Ambient;
use crate::service::audit::ChainEnd;
use crate::service::keyring::{KeyError, Keyring};
use crate::store::{self, Store};
use crate::view::View;

/// What the signing key is derived for.
const PURPOSE: &str = "audit anchors";
/// Longest time for reading the end of the chain of the store.
const STATEMENT: Duration = Duration::from_secs(5);

/// The keys that anchors may be signed with: of the current master key, and of older ones.
#[must_use]
pub fn verifying_keys(keyring: &Keyring) -> Vec<VerifyingKey> {
    keyring.derive_each(PURPOSE).iter().map(|key| SigningKey::from_bytes(key).verifying_key()).collect()
}

/// Whether an anchor was signed with a key.
pub(super) fn is_signed(anchor: &Anchor, key: &VerifyingKey) -> bool {
    let signature = hex::decode(&anchor.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
    let signs = |signature| key.verify_strict(anchor.signed_text().as_bytes(), &signature).is_ok();
    anchor.key == name_of(key) && signature.is_some_and(signs)
}

fn name_of(key: &VerifyingKey) -> String {
    hex::encode(key.as_bytes()).chars().take(16).collect()
}

/// The task that anchors.
#[derive(Debug)]
pub struct Anchorer {
    key: SigningKey,
    /// Where anchors are appended.
    file: Option<PathBuf>,
    period: Duration,
    store: Store,
    view: Arc<View>,
    ambient: Arc<dyn Ambient>,
    /// The end of the chain of this node.
    own: watch::Receiver<ChainEnd>,
    /// What was anchored last: the chain of the store, and that of this node.
    last: [ChainEnd; 2],
}

impl Anchorer {
    /// An anchorer with the key of the master key, which there must be.
    pub fn new(
        keyring: &Keyring,
        (file, period): (Option<PathBuf>, Duration),
        (store, view): (Store, Arc<View>),
        ambient: Arc<dyn Ambient>,
        own: watch::Receiver<ChainEnd>,
    ) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(&*keyring.derive(PURPOSE)?);
        Ok(Self { key, file, period, store, view, ambient, own, last: [None, None] })
    }

    /// Anchors until the last row of the node is written, and that one as well.
    pub async fn run(mut self) {
        let mut turns = tokio::time::interval(self.period);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let ended = tokio::select! {
                _ = turns.tick() => false,
                ended = async { while self.own.changed().await.is_ok() {} } => { let () = ended; true },
            };
            self.anchor().await;
            if ended {
                return;
            }
        }
    }

    /// Anchors what moved since the last time.
    async fn anchor(&mut self) {
        let own = self.own.borrow().clone();
        let ends = [self.store_end().await, own];
        let mut lines = String::new();
        for (end, last) in ends.into_iter().zip(&mut self.last) {
            if end.is_none() || end == *last {
                continue;
            }
            if let Some((chain, link)) = &end
                && let Ok(line) = serde_json::to_string(&sign(&self.key, &*self.ambient, chain, *link))
            {
                tracing::info!(target: "audit_anchor", anchor = line);
                lines.push_str(&line);
                lines.push('\n');
            }
            *last = end;
        }
        if let Some(file) = self.file.as_ref().filter(|_| !lines.is_empty())
            && let Err(error) = append(file, &lines).await
        {
            tracing::error!(%error, file = %file.display(), "anchors of the audit cannot be written");
        }
    }

    async fn store_end(&self) -> ChainEnd {
        if self.view.health().down_since.is_some() {
            return None;
        }
        let read = async {
            let mut session = self.store.acquire().await?;
            store::find_chain_end(&mut session, STORE_CHAIN).await
        };
        // The next turn does it, when the database is away.
        let end = tokio::time::timeout(STATEMENT, read).await.ok()?.ok()??;
        Some((STORE_CHAIN.into(), end))
    }
}

fn sign(key: &SigningKey, ambient: &dyn Ambient, chain: &str, end: Link) -> Anchor {
    let mut anchor = Anchor {
        chain: chain.to_owned(),
        seq: end.seq,
        hash: end.hash.to_string(),
        at: ambient.now(),
        key: name_of(&key.verifying_key()),
        signature: String::new(),
    };
    anchor.signature = hex::encode(key.sign(anchor.signed_text().as_bytes()).to_bytes());
    anchor
}

/// Appends lines in one write, so that several nodes may share a file.
async fn append(file: &PathBuf, lines: &str) -> std::io::Result<()> {
    let mut open = tokio::fs::OpenOptions::new();
    let mut file = open.create(true).append(true).mode(0o600).open(file).await?;
    file.write_all(lines.as_bytes()).await?;
    file.flush().await?;
    file.sync_data().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contents::ContentHash;

    #[derive(Debug)]
    struct Still;

    impl Ambient for Still {
        fn now(&self) -> time::OffsetDateTime {
            time::OffsetDateTime::UNIX_EPOCH
        }

        fn secret(&self) -> [u8; 32] {
            [1; 32]
        }
    }

    #[test]
    fn an_anchor_is_good_only_as_it_was_signed_and_with_its_key() {
        let keys = [SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32])];
        let end = Link { seq: 9, hash: ContentHash([3; 32]) };
        let anchor = sign(&keys[0], &Still, "store", end);
        let read = Anchor::find(&serde_json::to_string(&anchor).unwrap()).unwrap();
        assert!(is_signed(&read, &keys[0].verifying_key()));
        assert!(!is_signed(&read, &keys[1].verifying_key()));
        for changed in [
            Anchor { seq: 8, ..read.clone() },
            Anchor { chain: "node.1".to_owned(), ..read.clone() },
            Anchor { hash: "00".to_owned(), ..read.clone() },
            Anchor { at: read.at + time::Duration::SECOND, ..read.clone() },
            Anchor { signature: "zz".to_owned(), ..read.clone() },
        ] {
            assert!(!is_signed(&changed, &keys[0].verifying_key()), "{changed:?}");
        }
    }
}
