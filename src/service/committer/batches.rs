//! Batches: what the judgement said of the waiting change sets, as a statement and as the revisions they become. Pure.

use crate::domain::changes::{Item, Origin, Record, RecordHead};
use crate::domain::commit::commit;
use crate::domain::limits::Limits;
use crate::domain::refusals::Refused;
use crate::domain::revisions::Cursor;
use crate::domain::state::State;
use crate::service::committer::Submission;
use crate::store::{Batch, BatchSet};

/// What the judgement said of each waiting change set, in order.
pub(super) type Verdicts = Vec<Result<Vec<Item>, Refused>>;

/// Judges change sets one after the other, each at the state that its predecessors lead to.
pub(super) fn judge(state: &State, waiting: &[Submission], limits: &Limits) -> Verdicts {
    let mut state = state.clone();
    waiting
        .iter()
        .map(|waiting| {
            let accepted = commit(&state, &waiting.change_set, limits)?;
            state = accepted.next;
            Ok(accepted.items)
        })
        .collect()
}

/// The accepted ones as one statement.
pub(super) fn batch<'a>(state: &State, waiting: &'a [Submission], verdicts: &'a Verdicts) -> Batch<'a> {
    let accepted =
        waiting.iter().zip(verdicts).filter_map(|(waiting, verdict)| Some((waiting, verdict.as_ref().ok()?)));
    let sets = accepted
        .map(|(waiting, items)| {
            let set = &waiting.change_set;
            BatchSet {
                id: set.id,
                actor: &set.caller.user.name,
                token: set.caller.credential.token,
                address: set.caller.peer.address,
                message: &set.message,
                kind: set.intent.kind(),
                request_id: &set.request_id,
                origin: Origin::of(set),
                items,
                idempotency: waiting
                    .idempotency
                    .as_ref()
                    .map(|once| (set.caller.user.id.to_string(), once.key.as_str(), once.body)),
                draft: waiting.draft.map(|reviewed| (reviewed.id, reviewed.hash)),
            }
        })
        .collect();
    let items = verdicts.iter().flatten().flatten();
    let unmarked = items.filter_map(|item| match item {
        Item::Entry { address, version: Some(version), .. } if version.is_sealed() => {
            state.find_marks(address).is_none().then_some(address)
        }
        Item::Entry { .. } | Item::Namespace { .. } | Item::Environment { .. } => None,
    });
    Batch { at: state.cursor(), access: state.access.number, unmarked: unmarked.collect(), sets }
}

/// The accepted ones as the revisions that they became.
pub(super) fn records(
    at: Cursor,
    time: time::OffsetDateTime,
    waiting: &[Submission],
    verdicts: &Verdicts,
) -> Vec<Record> {
    let mut revision = at.revision;
    let mut records = Vec::new();
    for (waiting, verdict) in waiting.iter().zip(verdicts) {
        let Ok(items) = verdict else { continue };
        if items.is_empty() {
            continue;
        }
        revision = revision.next();
        let set = &waiting.change_set;
        let head = RecordHead {
            revision,
            epoch: at.epoch,
            id: set.id,
            at: time,
            actor: set.caller.user.name.clone(),
            message: set.message.clone(),
            request_id: set.request_id.clone(),
            kind: set.intent.kind(),
            origin: Origin::of(set),
        };
        records.push(Record { head, items: items.clone() });
    }
    records
}
