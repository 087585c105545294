//! Publishers that do not give up: each publish is sent again with its key until it is acknowledged or refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pintle::api::entries::{EntryView, WriteView};
use reqwest::Method;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::http::{Caller, put};
use super::{Dice, Failure, Tested, ensure};

/// The pace of sending again.
const AGAIN: Duration = Duration::from_millis(60);
/// The longest time until one publish is settled, faults included.
const SETTLED: Duration = Duration::from_mins(2);

/// A publish whose outcome is known.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// Its message, idempotency key and content.
    pub(crate) marker: String,
    pub(crate) key: String,
    pub(crate) if_revision: Option<u64>,
    /// What was acknowledged; none for a refusal.
    pub(crate) acked: Option<WriteView>,
    /// Whether an answer was lost or unknown before this one.
    pub(crate) doubted: bool,
}

/// What the publishers do.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// The nodes, all the same store.
    pub(crate) nodes: Vec<Caller>,
    pub(crate) publishers: u64,
    /// Of how many entries.
    pub(crate) keys: u64,
    /// Whether a read of the node that acknowledged must show it: not while the database fails over.
    pub(crate) checks_reads: bool,
    pub(crate) seed: u64,
    /// A word that makes the markers of this load its own.
    pub(crate) word: &'static str,
}

/// Publishers at work.
#[derive(Debug)]
pub(crate) struct Publishers {
    tasks: JoinSet<Tested>,
    stop: watch::Sender<bool>,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    settled: Mutex<Vec<Settled>>,
    /// The newest acknowledged revision of each key, for preconditions that may hold.
    heads: Mutex<HashMap<String, u64>>,
}

impl Publishers {
    pub(crate) fn start(load: &Load) -> Self {
        let (stop, seen) = (watch::Sender::new(false), Arc::new(Seen::default()));
        let mut tasks = JoinSet::new();
        for number in 0..load.publishers {
            let dice = Dice::new(load.seed.wrapping_add(number * 7919));
            let publisher = Publisher { load: load.clone(), number, dice, seen: Arc::clone(&seen) };
            tasks.spawn(publisher.work(stop.subscribe()));
        }
        Self { tasks, stop, seen }
    }

    /// How many are acknowledged so far. Fails when a publisher met what must not be.
    pub(crate) fn acked(&mut self) -> Tested<usize> {
        while let Some(ended) = self.tasks.try_join_next() {
            ended??;
        }
        let settled = self.seen.settled.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(settled.iter().filter(|settled| settled.acked.is_some()).count())
    }

    /// Lets each publisher settle what it is at, and gives everything.
    pub(crate) async fn finish(mut self) -> Tested<Vec<Settled>> {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(self.seen.settled.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

struct Publisher {
    load: Load,
    number: u64,
    dice: Dice,
    seen: Arc<Seen>,
}

impl Publisher {
    async fn work(mut self, stop: watch::Receiver<bool>) -> Tested {
        let mut count = 0_u64;
        while !*stop.borrow() {
            count += 1;
            let key = format!("k{}", self.dice.below(self.load.keys));
            let marker = format!("{}-{}-{count}", self.load.word, self.number);
            let if_revision = (self.dice.below(4) == 0).then(|| self.known(&key)).flatten();
            let (settled, node) = self.settle(key, marker, if_revision).await?;
            if let Some(acked) = &settled.acked {
                self.learn(&settled.key, acked.revision);
                if self.load.checks_reads && self.dice.below(8) == 0 {
                    self.check_read(&node, &settled.key, acked).await?;
                }
            }
            self.seen.settled.lock().unwrap_or_else(PoisonError::into_inner).push(settled);
        }
        Ok(())
    }

    fn known(&self, key: &str) -> Option<u64> {
        self.seen.heads.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    fn learn(&self, key: &str, revision: u64) {
        let mut heads = self.seen.heads.lock().unwrap_or_else(PoisonError::into_inner);
        let known = heads.entry(key.to_owned()).or_default();
        *known = revision.max(*known);
    }

    async fn settle(&mut self, key: String, marker: String, if_revision: Option<u64>) -> Tested<(Settled, Caller)> {
        let until = Instant::now() + SETTLED;
        let body = serde_json::to_vec(&put(&key, &marker, &marker, if_revision))?;
        let count = self.load.nodes.len() as u64;
        let mut at = self.dice.below(count);
        let mut doubted = false;
        loop {
            let node = usize::try_from(at).ok().and_then(|at| self.load.nodes.get(at)).ok_or("no node")?.clone();
            let answer = node.call(Method::POST, "/api/v1/publish", Some(&marker), Some(body.clone())).await;
            let why = match answer {
                Ok(answer) => match (answer.status.as_u16(), answer.code().as_str()) {
                    (200, _) => {
                        let acked = Some(answer.json::<WriteView>()?);
                        return Ok((Settled { marker, key, if_revision, acked, doubted }, node));
                    }
                    (409, "conflict") => {
                        return Ok((Settled { marker, key, if_revision, acked: None, doubted }, node));
                    }
                    (503, "unavailable" | "draining") => answer.text(),
                    (503, "outcome_unknown") => {
                        doubted = true;
                        answer.text()
                    }
                    _ => return Err(format!("{marker}: {} {}", answer.status, answer.text()).into()),
                },
                Err(error) => {
                    doubted = true;
                    error.to_string()
                }
            };
            ensure(Instant::now() < until, || format!("{marker} is not settled within {SETTLED:?}: {why}"))?;
            tokio::time::sleep(AGAIN).await;
            at = (at + 1) % count;
        }
    }

    /// A node that acknowledged shows it, or something newer; one that is down or starts shows nothing.
    async fn check_read(&self, node: &Caller, key: &str, acked: &WriteView) -> Tested {
        let Ok(answer) = node.get(&format!("/api/v1/environments/dev/namespaces/app/entries/{key}")).await else {
            return Ok(());
        };
        let entry: EntryView = answer.clone().expect(200)?.json()?;
        ensure(entry.revision >= acked.revision && answer.revision >= acked.revision, || {
            format!(
                "{key} was acknowledged at {}, and read at {} of {}",
                acked.revision, entry.revision, answer.revision
            )
        })
    }
}

/// Says a failure together with what else is known.
pub(crate) fn explain(error: &Failure, more: &str) -> Failure {
    format!("{error}\n{more}").into()
}
