//! Publishing a draft: exactly what was reviewed, or nothing.

use uuid::Uuid;

use crate::domain::access::Caller;
use crate::domain::changes::{Seal, Version};
use crate::domain::contents::{Content, ContentHash};
use crate::domain::drafts::{self, Draft};
use crate::domain::refusals::{Conflict, Refused};
use crate::domain::revisions::Revision;
use crate::domain::state::State;
use crate::service::committer::Reviewed;
use crate::service::drafts::SeenDraft;
use crate::service::drafts::contents::{Contents, marks_of};
use crate::service::publish::{PublishRequest, Published, RequestedChange};
use crate::service::{Field, Service, ServiceError, WriteContext};

/// A review that is to be published.
#[derive(Debug, Clone, Copy)]
pub struct DraftPublish {
    /// The head that it was made at.
    pub base: Revision,
    /// The hash of the draft that was seen.
    pub hash: ContentHash,
    /// Said by the caller, and shown in the history.
    pub force: bool,
}

impl Service {
    /// Publishes a draft as it was reviewed, after which it is gone. That nobody edits it meanwhile is judged again by the
    /// statement that commits.
    pub async fn publish_draft(
        &self,
        caller: &Caller,
        id: Uuid,
        review: DraftPublish,
        context: WriteContext,
    ) -> Result<Published, ServiceError> {
        match self.reviewed(caller, id, review).await {
            Ok(request) => {
                let permit = self.may_publish(caller, &request)?;
                let draft = Some(Reviewed { id, hash: review.hash });
                self.publish(&permit, request, WriteContext { draft, ..context }).await
            }
            // The first call with the same key may be the reason.
            Err(error) => {
                let committed = self.unless_done(caller, &context, error).await?;
                Ok(Published { committed, warnings: Vec::new() })
            }
        }
    }

    /// What was reviewed, as a change set.
    async fn reviewed(&self, caller: &Caller, id: Uuid, review: DraftPublish) -> Result<PublishRequest, ServiceError> {
        let SeenDraft { draft, .. } = self.find_draft(caller, id).await?;
        if draft.hash != review.hash {
            return Err(ServiceError::DraftMoved);
        }
        if drafts::hash(&draft.environment, &draft.changes) != draft.hash {
            return Err(ServiceError::Internal(format!("draft {id} is not what its hash says")));
        }
        if review.base > self.view.state().head {
            self.pump.refresh().await?;
        }
        let state = self.view.state();
        if review.base > state.head {
            let problem = format!("revision {} does not exist yet, the head is {}", review.base, state.head);
            return Err(ServiceError::Invalid(vec![Field::new("base", problem)]));
        }
        let contents = Contents { keyring: &self.keyring, state: &state, draft: id };
        let mut changes = Vec::with_capacity(draft.changes.len());
        for (at, change) in draft.changes.iter().enumerate() {
            let address = change.address(&draft.environment);
            let (put, marks) = match &change.put {
                Some(put) => (Some((Some(put.format), contents.plaintext(&address, put)?)), put.marks.clone()),
                None => (None, None),
            };
            let (if_revision, content_field) = (Some(change.if_revision), format!("changes[{at}].content"));
            changes.push(RequestedChange { address, put, marks, if_revision, content_field });
        }
        let request = PublishRequest { changes, force: review.force };
        self.may_publish(caller, &request)?;
        // A change that was made from a later revision than the review is another one than was reviewed.
        let later = draft.changes.iter().filter(|change| change.if_revision > review.base);
        if later.count() > 0 {
            return Err(ServiceError::Refused(Refused::Conflicts(conflicts(&state, &draft, &request, review.base))));
        }
        Ok(request)
    }
}

/// The entries that changed after the review, with both texts.
fn conflicts(state: &State, draft: &Draft, request: &PublishRequest, base: Revision) -> Vec<Conflict> {
    let both = draft.changes.iter().zip(&request.changes);
    let later = both.filter(|(change, _)| change.if_revision > base);
    let conflict = |(_, requested): (_, &RequestedChange)| {
        let RequestedChange { address, put, marks, .. } = requested;
        let yours = put.as_ref().map(|(format, bytes)| {
            let seal = marks_of(state, address, marks.as_ref()).map(|marks| Seal { marks: marks.into() });
            Version {
                format: format.unwrap_or(crate::domain::formats::Format::Text),
                content: Content::new(bytes.clone()),
                seal,
            }
        });
        Conflict { address: address.clone(), expected: base, theirs: state.find_entry(address).cloned(), yours }
    };
    later.map(conflict).collect()
}
