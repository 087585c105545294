//! Writers of `dev`: each publishes change sets over both namespaces, one after the other, and keeps what it asked for and what
//! it was told.

use std::collections::BTreeMap;
use std::time::Duration;

use pintle::api::entries::WriteView;
use pintle::domain::contents::ContentHash;
use pintle::domain::revisions::{Cursor, Epoch, Revision};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::harm::{Pace, Until};
use super::http::Caller;
use super::seen::{Edits, Outcome, Published};
use super::{BOUND, Dice, Tested, eventually, tell};

/// What everybody writes and watches.
pub(crate) const NAMESPACES: [&str; 2] = ["app", "other"];
/// Who watches what.
pub(crate) const SIGHTS: [&[&str]; 3] = [&["app"], &["other"], &["app", "other"]];
/// How many entries each namespace begins with.
pub(crate) const KEYS: u64 = 12;

/// A change set on its way.
struct Draft {
    marker: String,
    changes: Vec<Value>,
    edits: Edits,
    condition: Option<(String, u64)>,
}

impl Draft {
    fn new(marker: &str) -> Self {
        Self { marker: marker.to_owned(), changes: Vec::new(), edits: Edits::new(), condition: None }
    }

    fn put(&mut self, namespace: &str, key: &str) {
        let content = &self.marker;
        let change = json!({"env": "dev", "namespace": namespace, "key": key, "op": "put", "format": "text", "content": content});
        self.changes.push(change);
        self.edits.insert(format!("{namespace}/{key}"), Some(ContentHash::of(content.as_bytes()).to_string()));
    }

    fn delete(&mut self, namespace: &str, key: &str) {
        self.changes.push(json!({"env": "dev", "namespace": namespace, "key": key, "op": "delete"}));
        self.edits.insert(format!("{namespace}/{key}"), None);
    }

    /// Demands that what the last change is about was last changed by a revision.
    fn demand(&mut self, place: String, revision: u64) {
        if let Some(change) = self.changes.last_mut().and_then(Value::as_object_mut) {
            change.insert("if_revision".to_owned(), revision.into());
            self.condition = Some((place, revision));
        }
    }

    /// Sends it to one node after the other until one says what became of it.
    async fn publish(self, nodes: &[Caller], dice: &mut Dice) -> Tested<Published> {
        let invoked = Instant::now();
        let body = serde_json::to_vec(&json!({"message": self.marker, "changes": self.changes}))?;
        let outcome = eventually(&self.marker, BOUND, async || {
            let at = usize::try_from(dice.below(nodes.len() as u64))?;
            let node = nodes.get(at).ok_or("no node")?;
            let answer = node.call(Method::POST, "/api/v1/publish", Some(&self.marker), Some(body.clone())).await?;
            match (answer.status.as_u16(), answer.code().as_str()) {
                (200, _) => {
                    let view = answer.json::<WriteView>()?;
                    Ok(Some(Outcome::Acked(Cursor { epoch: Epoch(view.epoch), revision: Revision(view.revision) })))
                }
                (409, "conflict") if self.condition.is_some() => Ok(Some(Outcome::Refused)),
                (503, _) => Err(answer.text().into()),
                (status, _) => {
                    tell(&format!("{}: {status} {}", self.marker, answer.text()));
                    Ok(Some(Outcome::Odd(status)))
                }
            }
        });
        let outcome = outcome.await.unwrap_or(Outcome::Unknown);
        let Self { marker, edits, condition, .. } = self;
        Ok(Published { marker, edits, condition, invoked, answered: Instant::now(), outcome })
    }
}

/// Publishes the entries that are always there, which all agents keep as files.
pub(crate) async fn begin(nodes: &[Caller]) -> Tested<Published> {
    let mut draft = Draft::new("begin");
    for namespace in NAMESPACES {
        for key in 0..KEYS {
            draft.put(namespace, &format!("k{key}"));
        }
    }
    let one = nodes.first().ok_or("no node")?;
    one.put_json("/api/v1/environments/dev/namespaces/other", json!({})).await?.expect(200)?;
    let begun = draft.publish(std::slice::from_ref(one), &mut Dice::new(0)).await?;
    let Outcome::Acked(at) = begun.outcome else { return Err(format!("{begun:?}").into()) };
    for node in nodes {
        eventually("the node has all", BOUND, async || {
            Ok((node.ready().await?.revision >= at.revision.0).then_some(()))
        })
        .await?;
    }
    Ok(begun)
}

/// Publishes the last change set, of both namespaces, and gives its revision.
pub(crate) async fn end(nodes: &[Caller], dice: &mut Dice) -> Tested<(u64, Published)> {
    let mut draft = Draft::new("end");
    for namespace in NAMESPACES {
        draft.put(namespace, "k0");
    }
    let ended = draft.publish(nodes, dice).await?;
    match ended.outcome {
        Outcome::Acked(at) => Ok((at.revision.0, ended)),
        Outcome::Refused | Outcome::Unknown | Outcome::Odd(_) => Err(format!("{ended:?}").into()),
    }
}

/// Publishes change sets over both namespaces, one after the other, each until it is told what became of it.
pub(crate) async fn write(
    nodes: &[Caller],
    number: u64,
    mut dice: Dice,
    pace: Pace,
    mut until: Until,
) -> Tested<Vec<Published>> {
    let (mut published, mut known) = (Vec::new(), BTreeMap::<String, u64>::new());
    let (own, mut there) = (format!("own{number}"), false);
    while until.pause(pace.draw(&mut dice)).await {
        let mut draft = Draft::new(&format!("w{number}-{}", published.len()));
        if dice.below(4) == 0 {
            draft.put("other", &own);
            draft.put("app", &own);
        } else if there {
            draft.delete("app", &own);
        } else {
            draft.put("app", &own);
        }
        // Of some revisions a watcher of one namespace sees nothing.
        for namespace in NAMESPACES {
            if dice.below(3) > 0 {
                let key = format!("k{}", dice.below(KEYS));
                draft.put(namespace, &key);
                let place = format!("{namespace}/{key}");
                if let Some(revision) = known.get(&place).filter(|_| draft.condition.is_none() && dice.below(4) == 0) {
                    draft.demand(place, *revision);
                }
            }
        }
        let done = draft.publish(nodes, &mut dice).await?;
        if let Outcome::Acked(at) = done.outcome {
            there = done.edits.get(&format!("app/{own}")).is_some_and(Option::is_some);
            known.extend(done.edits.keys().map(|place| (place.clone(), at.revision.0)));
        }
        let lost_track = matches!(done.outcome, Outcome::Unknown | Outcome::Odd(_));
        published.push(done);
        if lost_track {
            // Whether its own entry is there is not known any more.
            return Ok(published);
        }
    }
    Ok(published)
}

/// The revisions of publishes that were all acknowledged, or refused as they demanded too much.
pub(crate) fn acked(published: &[Published]) -> Tested<Vec<u64>> {
    let mut acked = Vec::new();
    for one in published {
        match one.outcome {
            Outcome::Acked(at) => acked.push(at.revision.0),
            Outcome::Refused => {}
            Outcome::Unknown | Outcome::Odd(_) => return Err(format!("not settled within {BOUND:?}: {one:?}").into()),
        }
    }
    Ok(acked)
}

/// The longest time until a client is back: one of the library waits up to 30 s, one that heard nothing 45 s.
pub(crate) const BACK: Duration = Duration::from_secs(90);
